"""From branch points to the branches that cross there, against closed forms."""

import functools
import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation import Kind, Problem, Settings, Status, switch, trace
from systems import textbook

make = functools.cache(lambda name, *arguments: getattr(textbook, name)(*arguments))


def outward(problem, starts, vary, span):
    return [trace(problem, start, vary, span, settings=Settings(max_points=300)) for start in starts]


def test_transcritical():
    problem = make("transcritical")
    trunk = trace(problem, [0.0], "p", (-1, 1))
    starts = switch(problem, trunk["BP1"])
    assert [start.known for start in starts] == [True, False, False]
    known, *others = outward(problem, starts, "p", (-1, 1))
    assert_allclose(known["x"], 0.0, atol=1e-12)
    assert np.sign(known.parameter[-1] - trunk["BP1"]["p"]) == np.sign(trunk.tangents[0, -1])
    for branch in others:
        assert_allclose(branch["x"], branch.parameter, atol=1e-12)
        assert [p.label for p in branch.special] == ["BP1", "EP1", "EP2"] or len(branch.branch_points) == 1
    assert sorted(branch.parameter[-1] for branch in others) == [-1.0, 1.0]


@pytest.mark.parametrize("supercritical", [True, False])
def test_pitchfork(supercritical):
    problem, side = make("pitchfork", supercritical), 1 if supercritical else -1
    trunk = trace(problem, [0.0], "p", (-1, 1))
    starts = switch(problem, trunk["BP1"])
    for start in starts[1:]:
        assert abs(start.tangent[-1]) < 1e-9
        assert start.tangent @ (problem.inner_weights() * start.tangent) == pytest.approx(1.0)
    _, *others = outward(problem, starts, "p", (-1, 1))
    for branch in others:
        assert branch.parameter[-1] == side
        assert_allclose(branch.parameter, side * branch["x"] ** 2, atol=1e-12)
        assert np.all(branch.unstable[1:] == (0 if supercritical else 1))
    assert sorted(branch["x"][-1] for branch in others) == pytest.approx([-1, 1])


def test_from_the_side_branch_back_to_the_trunk():
    problem = make("pitchfork")
    side = trace(problem, [1.0], "p", (-1, 1.5), parameters={"p": 1.0})
    known, *others = outward(problem, switch(problem, side["BP1"]), "p", (-1, 1.5))
    assert_allclose(known.parameter, known["x"] ** 2, atol=1e-12)
    assert known["x"][-1] * side["x"][-1] > 0
    for branch in others:
        assert_allclose(branch["x"], 0.0, atol=1e-9)
    assert sorted(branch.parameter[-1] for branch in others) == [-1.0, 1.5]


def test_the_first_row_is_the_branch_point_and_the_branch_goes_outward_only():
    problem = make("pitchfork")
    point = trace(problem, [0.0], "p", (-1, 1))["BP1"]
    branch = trace(problem, switch(problem, point)[1], "p", (-1, 1))
    assert_allclose(branch.unknowns[0], [point["x"], point["p"]], atol=0)
    assert (branch.special[0].index, branch["BP1"].index, branch.start) == (0, 0, 0)
    assert branch.ends == (Status.STOPPED, Status.LIMIT)
    assert branch.nullity[0] == 1
    assert np.all(np.diff(np.abs(branch["x"])) > 0)
    assert branch.check()


@pytest.mark.parametrize("n", [2, 8])
def test_the_asymmetric_branch_of_bratu(n):
    problem = make("bratu", n)
    branch = trace(problem, np.zeros(n), "lam", (0, 4), direction=1, stop=Kind.BRANCH_POINT)
    starts = switch(problem, branch["BP1"])
    assert len(starts) == 3
    known, one, two = outward(problem, starts, "lam", (0, 4))
    assert_allclose(known.states, known.states[:, ::-1], rtol=0, atol=1e-7)
    assert_allclose(one.states[5], two.states[5][::-1], rtol=1e-6)  # mirror images
    for side in (one, two):
        assert np.all(np.abs(side.states - side.states[:, ::-1])[1:].max(axis=1) > 1e-4)
        residuals = [np.abs(problem.residual(u, {"lam": lam})).max() for u, lam in zip(side.states, side.parameter)]
        assert max(residuals) < 1e-8 * (n + 1) ** 2
    if n == 2:  # u1 - u2 = d: lam from the difference of the equations, on a closed curve of d
        u1, u2 = one.states[10:].T
        assert_allclose(one.parameter[10:], 27 * (u1 - u2) / (np.exp(u1) - np.exp(u2)), rtol=1e-9)


def _no_fold_crossing(u, p, out):
    out[0] = (u[0] - p[0]) * (u[0] - 2 * p[0]) * (1 + u[0])


@pytest.mark.parametrize("slope", [1.0, 2.0])
def test_directions_without_given_derivatives(slope):
    problem = Problem(_no_fold_crossing, ("u",), {"p": -0.3})
    trunk = trace(problem, [-0.3 * slope], "p", (-0.4, 0.5))
    starts = switch(problem, trunk["BP1"])
    slopes = [start.tangent[0] / start.tangent[1] for start in starts]
    assert slopes == pytest.approx([slope, 3 - slope, 3 - slope], rel=1e-4)
    assert_allclose(starts[1].tangent, -starts[2].tangent)


def test_errors():
    problem = make("cusp")
    branch = trace(problem, [1.0], "mu", (-2, 2))
    with pytest.raises(ValueError, match=r"point: wanted a branch point \(BP\), got LP1, a FOLD"):
        switch(problem, branch["LP1"])
    with pytest.raises(ValueError, match="point: wanted a SpecialPoint of a branch, got Point"):
        switch(problem, branch.point(0))
    trunk = trace(make("pitchfork"), [0.0], "p", (-1, 1))
    point = trunk["BP1"]
    with pytest.raises(ValueError, match="BP1 was not located; trace again with smaller steps"):
        switch(make("pitchfork"), replace(point, located=False))
    with pytest.raises(ValueError, match="BP1 has no tangent"):
        switch(make("pitchfork"), replace(point, tangent=None))
    with pytest.raises(ValueError, match="varies 'p'; this problem has mu, nu"):
        switch(problem, point)
    with pytest.raises(ValueError, match="full rank at this point"):
        switch(make("fold"), replace(point, state=np.array([1.0])))
    with pytest.raises(ValueError, match=r"settings: wanted Settings\(...\), got int"):
        switch(make("pitchfork"), point, 3)
    start = switch(make("pitchfork"), point)[1]
    with pytest.raises(ValueError, match=r"span: \(1, 2\) leaves out the start"):
        trace(make("pitchfork"), start, "p", (1, 2))


def test_hopf_points_are_sent_to_their_orbits():
    point = trace(make("hopf"), [0.0, 0.0], "mu", (-1, 1))["HB1"]
    with pytest.raises(ValueError, match=r"got HB1, a HOPF: .* see emanating_orbit"):
        switch(make("hopf"), point)


def test_an_isolated_point_has_no_branches():
    """``x**2 + p**2 = 0`` holds at one point only: a point found elsewhere, given to this problem."""
    isolated = Problem.from_expressions({"x": "x**2 + p**2"}, {"p": -1.0})
    point = trace(make("pitchfork"), [0.0], "p", (-1, 1))["BP1"]
    with pytest.raises(ValueError, match="no half-branch leaves BP1"):
        switch(isolated, point)


def test_work_at_a_simple_point():
    """The third derivatives and the check of every half-branch cost some hundred residuals, not thousands."""
    calls = []

    def counted(u, p, out):
        calls.append(1)
        out[0] = p[0] * u[0] - u[0] ** 3

    problem = Problem(counted, ("x",), {"p": -1.0}, compiled=False)
    point = trace(problem, [0.0], "p", (-1, 1))["BP1"]
    calls.clear()
    assert len(switch(problem, point)) == 3
    assert len(calls) < 2500


def test_a_scaled_parameter_keeps_the_directions():
    scale = 1e4
    problem = Problem.from_expressions({"x": f"q*x/{scale} - x**2"}, {"q": -scale}, weights=[1.0, 1 / scale**2])
    point = trace(problem, [0.0], "q", (-scale, scale))["BP1"]
    _, one, _ = switch(problem, point)
    assert abs(one.tangent[1] / one.tangent[0]) == pytest.approx(scale, rel=1e-8)
    assert math.isclose(point["q"], 0.0, abs_tol=1e-8 * scale)


def test_a_branch_left_at_the_point_leads_back_to_the_others():
    """Switched at its first row, a side branch was reached from ahead: its opposite goes straight on."""
    problem = make("pitchfork")
    trunk = trace(problem, [0.0], "p", (-1, 1))
    side = trace(problem, switch(problem, trunk["BP1"])[1], "p", (-1, 1))
    known, *others = outward(problem, switch(problem, side["BP1"]), "p", (-1, 1))
    assert known["x"][-1] == pytest.approx(-side["x"][-1])
    assert sorted(branch.parameter[-1] for branch in others) == [-1.0, 1.0]


def test_one_point_is_enough_where_one_is_asked_for():
    problem = Problem.from_expressions({"x": "mu*x - x**3", "y": "mu*y - y**3"}, {"mu": -1.0})
    start = switch(problem, trace(problem, [0, 0], "mu", (-1, 1))["BP1"])[1]
    assert len(trace(problem, start, "mu", (-1, 1), settings=Settings(max_points=1))) == 1
    assert len(trace(problem, start, "mu", (-1, 1), settings=Settings(max_points=2))) == 2


def test_a_closed_branch_that_began_at_a_branch_point_ends_there():
    """Two parabolas joined by a loop: it comes back to the point it left, where Newton has no hold."""
    equations = {"x": "x*(mu - x**2 - 2*y**2)", "y": "y*(2*mu - 0.3 - y**2 - 1.5*x**2)"}
    problem = Problem.from_expressions(equations, {"mu": -1.0})
    trunk = trace(problem, [0.0, 0.0], "mu", (-1, 2))
    parabola = trace(problem, switch(problem, trunk["BP1"])[1], "mu", (-1, 2))
    starts = switch(problem, parabola["BP2"])[1:]
    assert len(starts) == 2
    for start in starts:
        loop = trace(problem, start, "mu", (-1, 2))
        assert loop.ends == (Status.CLOSED, Status.CLOSED)
        assert_allclose(loop.unknowns[-1], loop.unknowns[0], rtol=0, atol=0)
        assert [p.index for p in loop.branch_points][::4] == [0, len(loop) - 1]
