"""Branch points with kernels of any dimension: every half-branch, counted by hand, traced along its closed form."""

import functools
import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation import Branch, Problem, Settings, Status, switch, trace
from continuation.branching import homotopy

RATES = np.array([1, 1 / 2, 1 / 2, 1 / 3, 1 / 3, 1 / 3])


@functools.cache
def cubes(seed=None):
    """Componentwise ``y' = (lam L - 1) y - y**3`` in coordinates ``y = Q x``; Q random where there is a seed."""
    n = len(RATES)
    q = np.eye(n) if seed is None else np.linalg.qr(np.random.default_rng(seed).standard_normal((n, n)))[0]

    def f(u, p, out):
        y = q @ u
        out[:] = q.T @ ((p[0] * RATES - 1) * y - y**3)

    def jacobian(u, p, out):
        y = q @ u
        out[:] = q.T @ ((p[0] * RATES - 1 - 3 * y**2)[:, None] * q)

    def parameter_derivative(u, p, k, out):
        out[:] = q.T @ (RATES * (q @ u))

    names = [f"x{i}" for i in range(n)]
    given = {"jacobian": jacobian, "parameter_derivative": parameter_derivative}
    return Problem(f, names, {"lam": 0.0}, symmetric=True, compiled=False, **given), q


def problem_of(equations, parameter="mu", **options):
    return Problem.from_expressions(equations, {parameter: -1.0}, **options)


def switched(problem, start, span=(-1, 1), vary="mu"):
    trunk = trace(problem, start, vary, span)
    return trunk, switch(problem, trunk["BP1"])


def ends(problem, starts, span=(-1, 1), vary="mu"):
    """Last rows (state, parameter) of the branches outward, all of them at a limit."""
    branches = [trace(problem, start, vary, span) for start in starts]
    assert {branch.ends[1] for branch in branches} == {Status.LIMIT}
    return np.array([branch.unknowns[-1] for branch in branches])


def rows(array):
    """Rows as a set, rounded."""
    return {tuple(float(v) + 0.0 for v in row) for row in np.round(array, 5)}


@pytest.mark.parametrize("seed", [None, 7])
@pytest.mark.parametrize(("label", "k"), [("BP1", 1), ("BP2", 2), ("BP3", 3)])
def test_kernels_of_dimension_one_to_three(seed, label, k):
    problem, q = cubes(seed)
    point = trace(problem, np.zeros(6), "lam", (0, 3.5), stop=k)[label]
    starts = switch(problem, point)
    assert len(starts) == 1 + 3**k - 1
    assert [start.known for start in starts] == [True] + [False] * (3**k - 1)
    assert starts.complete
    assert starts.notes == ()
    signs = set()
    for start in starts[1:]:
        branch = trace(problem, start, "lam", (0, 4))
        assert branch.ends[1] is Status.LIMIT
        y = branch.states @ q.T
        pattern = np.round(y[-1] / np.sqrt(np.maximum(4 * RATES - 1, 0)))
        amplitude = np.sqrt(np.maximum(branch.parameter[:, None] * RATES - 1, 0))
        assert_allclose(y[1:], (pattern * amplitude)[1:], atol=1e-9)
        signs.add(tuple(pattern[1 / k == RATES].astype(int)))
        assert not np.any(pattern[1 / k != RATES])
        assert_allclose(start.tangent[-1], 0.0, atol=1e-7)
        assert_allclose(q @ start.tangent[:-1], pattern * np.sqrt(6 / np.sum(pattern**2)), atol=1e-6)
    assert signs == set(itertools.product((-1, 0, 1), repeat=k)) - {(0,) * k}


@pytest.mark.parametrize("start", [(1.0, 1.0), (1.0, 0.0)])
def test_a_side_branch_that_leads_to_the_point(start):
    """Traced down a side branch: its opposite goes straight on, the trunk's halves are two of the others."""
    problem = problem_of({"x": "mu*x - x**3", "y": "mu*y - y**3"})
    side = trace(problem, start, "mu", (-1, 1.5), parameters={"mu": 1.0}, direction=-1, stop=1)
    starts = switch(problem, side["BP1"])
    assert len(starts) == 9
    last = ends(problem, starts, (-1, 1))
    assert starts[0].known
    assert_allclose(last[0], [-start[0], -start[1], 1], atol=1e-8)
    every = {(x, y, 1) for x in (-1, 0, 1) for y in (-1, 0, 1)} | {(0, 0, -1)}
    assert rows(last) == every - {(*start, 1)}


def test_three_axes_of_a_triangle():
    """``z' = mu z + a conj(z)**2`` with a of any phase: lines z = -mu / |a| times the three cube roots."""
    a, b = 0.6, 0.8
    equations = {
        "x": f"mu*x + {a}*(x**2 - y**2) + {b}*2*x*y",
        "y": f"mu*y + {b}*(x**2 - y**2) - {a}*2*x*y",
    }
    problem = problem_of(equations)
    _, starts = switched(problem, [0, 0])
    assert len(starts) == 7
    last = ends(problem, starts[1:])
    z = last[:, 0] + 1j * last[:, 1]
    assert_allclose(last[:, 2] * z + (a + 1j * b) * z.conj() ** 2, 0, atol=1e-9)
    assert_allclose(np.abs(z), 1.0, rtol=1e-9)
    assert len(rows(last)) == 6
    assert sorted(last[:, 2]) == pytest.approx([-1] * 3 + [1] * 3)
    for one, other in (starts[1:3], starts[3:5], starts[5:7]):
        assert_allclose(one.tangent, -other.tangent, atol=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_generic_quadratic_equations_in_two_dimensions(seed):
    """The half-branches are as many as the real roots of one cubic in the ratio of the states (twice)."""
    a, b = np.random.default_rng(seed).uniform(-1, 1, (2, 3))
    forms = [f"({c[0]!r})*x**2 + ({c[1]!r})*x*y + ({c[2]!r})*y**2" for c in (a.tolist(), b.tolist())]
    problem = problem_of({"x": f"mu*x + {forms[0]}", "y": f"mu*y + {forms[1]}"})
    _, starts = switched(problem, [0, 0])
    # With y = m x both equations say mu = -x g(m): f2(m) - m f1(m) = 0, f(m) = c0 + c1 m + c2 m**2.
    slopes = np.roots([-a[2], b[2] - a[1], b[1] - a[0], b[0]])
    real = np.sort(slopes[np.abs(slopes.imag) < 1e-12].real)
    assert len(starts) == 1 + 2 * len(real)
    found = [start.tangent[1] / start.tangent[0] for start in starts[1:]]
    assert_allclose(np.sort(found), np.repeat(real, 2), rtol=1e-7)
    for start in starts[1:]:
        x, y, mu = start.tangent
        assert mu * x == pytest.approx(-(a @ [x * x, x * y, y * y]), abs=1e-7)


def test_transcritical_and_pitchfork_like_branches_at_one_point():
    """``x = 0`` or ``x = mu``, times ``y = 0`` or ``y = +-sqrt(mu)``: two pairs share their tangents."""
    problem = problem_of({"x": "mu*x - x**2", "y": "mu*y - y**3"})
    _, starts = switched(problem, [0, 0])
    assert len(starts) == 7
    last = ends(problem, starts)
    assert rows(last) == {(0, 0, 1), (1, 0, 1), (-1, 0, -1), (0, 1, 1), (0, -1, 1), (1, 1, 1), (1, -1, 1)}


def test_the_cubic_term_that_the_other_equations_bring():
    """``x**2 + 2 y**2`` comes through z alone: third-order terms of the reduced equations without any in F."""
    problem = problem_of({"x": "mu*x - x*z", "y": "mu*y - 2*y*z", "z": "x**2 + y**2 - z"})
    _, starts = switched(problem, [0, 0, 0])
    half = np.sqrt(0.5)
    expected = np.array([(0, 0, 0, 1), (1, 0, 1, 1), (-1, 0, 1, 1), (0, half, 0.5, 1), (0, -half, 0.5, 1)])
    assert len(starts) == 5
    assert rows(ends(problem, starts)) == rows(expected)


def test_derivatives_by_differences_do_as_well():
    def f(u, p, out):
        out[0] = p[0] * u[0] - u[0] ** 3 - 0.5 * u[0] * u[1] ** 2
        out[1] = p[0] * u[1] - u[1] ** 3 - 0.5 * u[1] * u[0] ** 2

    problem = Problem(f, ("x", "y"), {"mu": -1.0}, compiled=False)
    _, starts = switched(problem, [0, 0])
    last = ends(problem, starts)
    diagonal = np.sqrt(1 / 1.5)
    axes = [(0, 0, 1), (1, 0, 1), (-1, 0, 1), (0, 1, 1), (0, -1, 1)]
    corners = [(sx * diagonal, sy * diagonal, 1) for sx in (1, -1) for sy in (1, -1)]
    assert len(starts) == 9
    assert rows(last) == rows(np.array(axes + corners))


# Continua


def test_a_circle_of_branches_has_one_representative():
    problem = problem_of({"x": "mu*x - x*(x**2 + y**2)", "y": "mu*y - y*(x**2 + y**2)"})
    _, starts = switched(problem, [0, 0])
    assert [(start.known, start.continuum) for start in starts] == [(True, 0), (False, 1)]
    branch = trace(problem, starts[1], "mu", (-1, 1))
    assert branch.ends[1] is Status.LIMIT
    assert_allclose(np.hypot(branch["x"], branch["y"])[1:], np.sqrt(branch.parameter[1:]), rtol=1e-8)
    angle = np.arctan2(branch["y"], branch["x"])[1:]
    assert_allclose(angle, angle[0], atol=1e-8)  # it does not drift along the continuum


def test_a_sphere_of_branches_is_two_dimensional():
    square = "(x**2 + y**2 + z**2)"
    problem = problem_of({name: f"mu*{name} - {name}*{square}" for name in "xyz"})
    _, starts = switched(problem, [0, 0, 0])
    assert [(start.known, start.continuum) for start in starts] == [(True, 0), (False, 2)]
    (last,) = ends(problem, starts[1:])
    assert np.linalg.norm(last[:3]) == pytest.approx(1.0)


def test_circles_and_single_branches_at_one_point():
    """A circle and a pitchfork: the circle alone, the pitchfork's halves, and a circle above each of them."""
    square = "(x**2 + y**2)"
    problem = problem_of({"x": f"mu*x - x*{square}", "y": f"mu*y - y*{square}", "z": "mu*z - z**3"})
    _, starts = switched(problem, [0, 0, 0])
    assert starts[0].known
    last = ends(problem, starts[1:])
    found = [(start.continuum, *row) for start, row in zip(starts[1:], last)]
    kinds = sorted((d, round(float(np.hypot(x, y)), 6), round(float(z), 6)) for d, x, y, z, _ in found)
    assert kinds == [(0, 0, -1), (0, 0, 1), (1, 1, -1), (1, 1, 0), (1, 1, 1)]


THREE_CELLS = {f"x{i}": f"mu*x{i} - x{i}**3 + 0.1*(x{(i + 1) % 3} + x{(i + 2) % 3} - 2*x{i})" for i in range(3)}


def test_a_circle_of_the_reduced_equations_that_fifth_order_terms_break_up():
    """On sums of zero ``x**4 + y**4 + z**4`` is a function of the radius, but (1, 0, -1) and (1, 1, -2) alone stay."""
    problem = Problem.from_expressions(THREE_CELLS, {"mu": -1.0})
    starts = switch(problem, trace(problem, [0, 0, 0], "mu", (-1, 1))["BP2"])
    assert not starts.complete
    assert any("beyond the third order" in note for note in starts.notes)
    assert all(start.continuum == 0 for start in starts)
    found = np.array([start.tangent[:3] / np.linalg.norm(start.tangent[:3]) for start in starts[1:]])
    places = [(0, 1, 2), (1, 2, 0), (2, 0, 1)]
    axes = [sign * np.array(v)[list(p)] for v in ((1, -1, 0), (1, 1, -2)) for sign in (1, -1) for p in places]
    axes = np.array([v / np.linalg.norm(v) for v in axes])
    gaps = np.linalg.norm(found[:, None] - axes, axis=2)
    assert found.shape == axes.shape
    assert sorted(np.argmin(gaps, axis=1)) == list(range(12))
    assert np.max(np.min(gaps, axis=1)) < 1e-3


# Degenerate points


def test_branches_that_touch():
    """``u = 0`` and ``u = mu**2`` share their tangent: nobody can tell which one led here, so all four come."""
    problem = Problem.from_expressions({"u": "u*(u - mu**2)"}, {"mu": -1.0})
    _, starts = switched(problem, [0.0])
    assert not any(start.known for start in starts)
    assert any("share the tangent" in note for note in starts.notes)
    assert rows(ends(problem, starts)) == {(0, 1), (0, -1), (1, 1), (1, -1)}


def test_a_pitchfork_without_a_cubic_term_in_one_direction():
    """``u**5``: of order four against ``v**2``; the reduced equations of third order do not tell u = 0 from it."""
    problem = problem_of({"u": "mu*u - u**5", "v": "mu*v - v**3"})
    _, starts = switched(problem, [0, 0])
    assert not starts.complete
    assert any("degenerate" in note for note in starts.notes)
    expected = {(u, v, 1) for u in (-1, 0, 1) for v in (-1, 0, 1)}
    assert len(starts) == 9
    assert rows(ends(problem, starts)) == expected


def test_four_lines_of_a_quartic():
    problem = Problem.from_expressions({"x": "mu", "y": "(x**2 - y**2)*(x**2 - 4*y**2)"}, {"mu": 0.0})
    trunk = trace(problem, [0.3, 0.3], "mu", settings=Settings(max_points=50))
    starts = switch(problem, trunk["BP1"])
    slopes = sorted(round(float(start.tangent[1] / start.tangent[0]), 5) for start in starts)
    assert slopes == [-1, -1, -0.5, -0.5, 0.5, 0.5, 1]


# Equations that are C1 and piecewise C2


def test_a_v_shaped_pitchfork():
    problem = problem_of({"x": "mu*x - abs(x)*x"}, smoothness=2)
    _, starts = switched(problem, [0.0])
    assert [start.known for start in starts] == [True, False, False]
    tangents = np.array([start.tangent for start in starts[1:]])
    assert_allclose(tangents, np.array([[1, 1], [-1, 1]]) / np.sqrt(2), atol=1e-8)
    for start in starts[1:]:
        branch = trace(problem, start, "mu", (-1, 1))
        assert branch.ends[1] is Status.LIMIT
        assert_allclose(np.abs(branch["x"]), branch.parameter, atol=1e-9)


def test_a_v_shaped_pitchfork_with_a_smooth_direction():
    """``y = x**2`` and ``mu = |x| - x**2`` along the side branches."""
    problem = problem_of({"x": "mu*x - abs(x)*x + x*y", "y": "x**2 - y"}, smoothness=2)
    _, starts = switched(problem, [0.0, 0.0])
    slopes = [start.tangent / start.tangent[-1] for start in starts[1:]]
    assert_allclose(slopes, [[1, 0, 1], [-1, 0, 1]], atol=1e-6)
    for start in starts[1:]:
        branch = trace(problem, start, "mu", (-1, 1))
        assert_allclose(branch.parameter[1:], (np.abs(branch["x"]) - branch["x"] ** 2)[1:], atol=1e-9)


def test_two_v_shaped_pitchforks_at_one_point_without_derivatives():
    """Found by differences that smear the corner: the point is inexact by 6e-6, the directions are not."""

    def f(u, p, out):
        out[0] = p[0] * u[0] - u[0] * abs(u[0])
        out[1] = p[0] * u[1] - u[1] * abs(u[1])

    problem = Problem(f, ("x", "y"), {"mu": -1.0}, smoothness=2, compiled=False)
    _, starts = switched(problem, [0, 0])
    assert len(starts) == 9
    slopes = np.array([start.tangent[:2] / start.tangent[2] for start in starts])
    assert_allclose(slopes, np.round(slopes), atol=1e-5)
    assert rows(slopes) == {(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1)}


def test_smoothness_is_checked_and_kept_in_files(tmp_path):
    for wrong in (0, -1, 2.5, "3", True, None):
        with pytest.raises(ValueError, match="smoothness: wanted a whole number of at least 1"):
            problem_of({"x": "mu - x"}, smoothness=wrong)
    assert problem_of({"x": "mu - x"}).smoothness == 3
    problem = problem_of({"x": "mu*x - abs(x)*x"}, smoothness=2)
    assert Problem.from_source(problem.source).smoothness == 2
    old = {key: value for key, value in problem.source.items() if key != "smoothness"}
    assert Problem.from_source(old).smoothness == 3
    trace(problem, [0.0], "mu", (-1, 1)).save(tmp_path / "v.nc")
    loaded = Branch.load(tmp_path / "v.nc")
    assert loaded.problem.smoothness == 2
    assert len(switch(loaded.problem, loaded["BP1"])) == 3


# Scales


@pytest.mark.parametrize("scale", [1e-9, 1e-6, 1e6, 1e9])
def test_scaled_equations_have_the_same_branches(scale):
    problem = problem_of({"x": f"{scale!r}*(mu*x - x**2)", "y": f"{scale!r}*(mu*y - y**3)"})
    _, starts = switched(problem, [0, 0])
    reference = switched(problem_of({"x": "mu*x - x**2", "y": "mu*y - y**3"}), [0, 0])[1]
    assert len(starts) == 7
    assert rows([s.tangent for s in starts]) == rows([s.tangent for s in reference])


@pytest.mark.parametrize("unit", [1e-4, 1e4])
def test_a_parameter_in_other_units(unit):
    problem = Problem.from_expressions(
        {"x": f"{unit!r}*q*x - x**2", "y": f"{unit!r}*q*y - y**3"}, {"q": -1 / unit}, weights=[0.5, 0.5, unit**2]
    )
    span, settings = (-1 / unit, 1 / unit), Settings(step=0.02, max_step=0.1)
    starts = switch(problem, trace(problem, [0, 0], "q", span, settings=settings)["BP1"])
    last = np.array([trace(problem, start, "q", span, settings=settings).unknowns[-1] for start in starts])
    expected = {(0, 0, 1), (1, 0, 1), (-1, 0, -1), (0, 1, 1), (0, -1, 1), (1, 1, 1), (1, -1, 1)}
    assert rows(last * [1, 1, unit]) == expected


def test_states_of_size_a_thousand():
    problem = problem_of({"x": "mu*(x - 1000) - (x - 1000)**2", "y": "mu*y - y**3"})
    problem.weights = np.array([0.5, 0.5, 1.0])  # in units of 1000 branches with slope 1 share the trunk's tangent
    _, starts = switched(problem, [1000, 0])
    last = ends(problem, starts) - [1000, 0, 0]
    assert rows(last) == {(0, 0, 1), (1, 0, 1), (-1, 0, -1), (0, 1, 1), (0, -1, 1), (1, 1, 1), (1, -1, 1)}


def test_units_of_the_state_far_below_one():
    problem = problem_of({"x": "mu*x - 1e6*x**2", "y": "mu*y - 1e12*y**3"})
    _, starts = switched(problem, [0, 0])
    assert len(starts) == 7


# Refused


def test_a_kernel_that_is_too_large_is_refused():
    names = [f"x{i}" for i in range(9)]
    problem = problem_of({name: f"mu*{name} - {name}**3" for name in names})
    point = trace(problem, np.zeros(9), "mu", (-1, 1))["BP1"]
    with pytest.raises(ValueError, match=r"has dimension 10 here; switch handles up to 9"):
        switch(problem, point)


def test_dependent_equations_are_named():
    good = problem_of({"x": "mu*x - x**3", "y": "-y"})
    point = trace(good, [0, 0], "mu", (-1, 1))["BP1"]
    with pytest.raises(ValueError, match="an equation is missing, repeated or does not depend"):
        switch(problem_of({"x": "mu*x - x**3", "y": "2*(mu*x - x**3)"}), point)


def test_points_of_other_problems_are_refused():
    point = trace(problem_of({"x": "mu*x - x**3"}), [0], "mu", (-1, 1))["BP1"]
    with pytest.raises(ValueError, match="is no solution of this problem"):
        switch(problem_of({"x": "1 + mu*x - x**3 + mu**2"}), point)
    with pytest.raises(ValueError, match=r"has the states \['x'\]; this problem has \['z'\]"):
        switch(problem_of({"z": "mu*z - z**3"}), point)


def test_what_time_is_too_short_for_is_told(monkeypatch):
    """The first block of paths is followed in any case, and the way it came is among what is found."""
    monkeypatch.setattr(homotopy, "BLOCK", 81)
    problem = problem_of({name: f"mu*{name} - {name}**3" for name in "vwxyz"})
    point = trace(problem, np.zeros(5), "mu", (-1, 1))["BP1"]
    starts = switch(problem, point, seconds=0)
    assert not starts.complete
    assert any("of 486 paths to solutions" in note and "some may be missing" in note for note in starts.notes)
    assert 10 <= len(starts) < 243
    found = np.array([start.tangent[:5] for start in starts if not start.known])
    assert_allclose(found, np.sign(np.round(found, 5)) * np.max(np.abs(found), axis=1)[:, None], atol=1e-6)
    assert len(rows(found)) == len(found)


def test_rows_of_a_switched_branch():
    problem = problem_of({"x": "mu*x - x**2", "y": "mu*y - y**3"})
    trunk, starts = switched(problem, [0, 0])
    branch = trace(problem, starts[3], "mu", (-1, 1))
    assert_allclose(branch.unknowns[0], [*trunk["BP1"].state, trunk["BP1"]["mu"]], atol=0)
    assert branch["BP1"].index == 0
    assert branch.start == 0
    assert np.all(np.diff(branch.arclength) > 0)
    assert branch.check()
    narrow = trace(problem, starts[3], "mu", (-1e-7, 1e-7), settings=Settings(step=1e-5, max_step=1e-4))
    assert abs(narrow.parameter[-1]) <= 1e-7
    assert narrow.ends[1] is Status.LIMIT
