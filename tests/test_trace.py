"""Whole branches against closed forms, and what holds at every point of any branch."""

import functools
import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from continuation import Kind, Problem, Settings, Status, trace
from systems import textbook
from tests import oracle

LIMITS = (Status.LIMIT, Status.LIMIT)
CURVES = {  # start, parameter, span, and the parameter as a function of the state
    "fold": ([1.0], "p", (-1.0, 4.0), oracle.fold_parameter),
    "cusp": ([1.0], "mu", (-2.0, 2.0), oracle.cusp_parameter),
    "pitchfork": ([1.0], "p", (-1.0, 4.0), oracle.fold_parameter),
    "snake": ([0.0], "p", (-3.0, 3.0), oracle.snake_parameter),
}
make = functools.cache(lambda name, *arguments: getattr(textbook, name)(*arguments))


def traced(name, **options):
    start, vary, span, _ = CURVES[name]
    options = {"span": span, "parameters": {"p": 1.0} if name == "pitchfork" else {}, **options}
    return trace(make(name), start, vary, **options)


def inner(branch, a, b):
    return np.sum(branch.weights * a * b, axis=-1)


# Three coupled snakes in rotated and scaled unknowns: p[1:10] is an orthogonal matrix Q, p[10:] the scales of u
# and p; F = Q' G(Q u / scale, p / scale) with G_i = p [i = 0] - sin(2 v_i) - v_i / 2 + v_(i+1) / 3.


def _coupled(u, p, out):
    v, g = np.zeros(3), np.zeros(3)
    for i in range(3):
        for j in range(3):
            v[i] += p[1 + 3 * i + j] * u[j] / p[10]
    for i in range(3):
        g[i] = (p[0] / p[11] if i == 0 else 0.0) - np.sin(2.0 * v[i]) - 0.5 * v[i] + v[(i + 1) % 3] / 3
    for i in range(3):
        out[i] = 0.0
        for j in range(3):
            out[i] += p[1 + 3 * j + i] * g[j]


def _coupled_u(u, p, out):
    for i in range(3):
        for j in range(3):
            out[i, j] = 0.0
    for m in range(3):
        v, k = 0.0, (m + 1) % 3
        for j in range(3):
            v += p[1 + 3 * m + j] * u[j] / p[10]
        for i in range(3):
            for j in range(3):
                row = (-2.0 * np.cos(2.0 * v) - 0.5) * p[1 + 3 * m + j] + p[1 + 3 * k + j] / 3
                out[i, j] += p[1 + 3 * m + i] * row / p[10]


def _coupled_p(u, p, k, out):
    for i in range(3):
        out[i] = p[1 + i] / p[11]


def coupled(rotation=None, u_scale=1.0, p_scale=1.0):
    """The coupled snakes, their inner product scaled with the unknowns."""
    rotation = np.eye(3) if rotation is None else rotation
    return Problem(
        _coupled,
        ("x", "y", "z"),
        {"q": 0.0},
        jacobian=_coupled_u,
        parameter_derivative=_coupled_p,
        constants=[*rotation.ravel(), u_scale, p_scale],
        weights=[1 / (3 * u_scale**2)] * 3 + [1 / p_scale**2],
    )


@pytest.mark.parametrize("name", CURVES)
def test_every_row_lies_on_the_closed_form(name):
    branch = traced(name)
    expected = [CURVES[name][3](x) for x in branch.states[:, 0]]
    assert_allclose(branch.parameter, expected, rtol=1e-12, atol=1e-12)
    assert branch.check()


@pytest.mark.parametrize("name", ["fold", "cusp", "snake"])
def test_both_ends_lie_exactly_on_the_limits(name):
    branch = traced(name)
    low, high = CURVES[name][2]
    assert {branch.parameter[0], branch.parameter[-1]} <= {low, high}
    assert branch.ends == LIMITS
    assert np.all((branch.parameter >= low) & (branch.parameter <= high))


def test_a_limit_is_met_where_a_step_would_pass_it():
    branch = traced("cusp", span=(-2.0, 1.23456789), settings=Settings(step=0.4, max_step=0.4, max_angle=1.5))
    assert branch.parameter[-1] == 1.23456789
    assert branch.states[-1, 0] ** 3 - branch.states[-1, 0] == pytest.approx(1.23456789, rel=1e-13)


def test_rows_run_from_the_backward_end_through_the_start_to_the_forward_end():
    both, ahead, back = (traced("cusp", direction=d) for d in ("both", 1, -1))
    assert_array_equal(both.unknowns[both.start], [1.0, 0.0])
    assert_array_equal(both.unknowns[both.start :], ahead.unknowns)
    assert_array_equal(both.unknowns[: both.start + 1], back.unknowns)
    assert_array_equal(both.tangents[: both.start + 1], back.tangents)
    assert both.tangents[both.start, -1] > 0
    assert both.ends == LIMITS
    assert (ahead.ends, back.ends) == ((Status.STOPPED, Status.LIMIT), (Status.LIMIT, Status.STOPPED))


@pytest.mark.parametrize("span", [(-math.inf, math.inf), (-2.0, 2.0), (-1.0, 1.0)])
@pytest.mark.parametrize("direction", ["both", 1, -1])
def test_a_closed_branch_is_traced_once(span, direction):
    branch = trace(make("circle"), [1.0], "p", span, direction=direction)
    assert branch.ends == (Status.CLOSED, Status.CLOSED)
    assert_array_equal(branch.unknowns[0], branch.unknowns[-1])
    assert_array_equal(branch.tangents[0], branch.tangents[-1])
    angle = np.unwrap(np.arctan2(branch.parameter, branch["x"]))
    assert np.all(np.diff(angle) * np.sign(angle[-1]) > 0)
    assert abs(angle[-1] - angle[0]) == pytest.approx(math.tau, rel=1e-14)
    assert_allclose(branch["x"] ** 2 + branch.parameter**2, 1.0, rtol=1e-12)
    assert sorted(point["p"] for point in branch.folds) == pytest.approx([-1.0, 1.0], abs=1e-14)


def test_a_closed_branch_is_traced_once_with_large_steps():
    branch = trace(make("circle"), [0.6], "p", settings=Settings(step=0.25, max_step=0.25), parameters={"p": 0.8})
    assert branch.ends == (Status.CLOSED, Status.CLOSED)
    assert len(branch) == pytest.approx(math.tau / 0.25, abs=4)


def test_forward_then_back_returns():
    settings = Settings(max_points=400)
    there = trace(make("snake"), [0.0], "p", direction=1, settings=settings)
    sign = -1 if there.tangents[-1, -1] > 0 else 1
    back = trace(make("snake"), there.point(-1), "p", direction=sign, settings=replace(settings, max_points=2000))
    home = back.at(u=0.0)
    assert len(home) == 1
    assert abs(home[0]["p"]) < 1e-13
    folds = {round(point["u"], 9) for point in back.folds}
    assert {round(point["u"], 9) for point in there.folds} <= folds


@pytest.mark.parametrize("name", [*CURVES, "coupled"])
def test_every_row_is_a_solution_with_a_unit_tangent_along_the_rows(name):
    branch = trace(coupled(), np.zeros(3), "q", (-3, 3)) if name == "coupled" else traced(name)
    problem = branch.problem
    signs = []
    for x, t in zip(branch.unknowns, branch.tangents):
        at = {branch.vary[0]: x[-1]}
        jacobian = np.column_stack([problem.jacobian(x[:-1], at), problem.parameter_derivative(x[:-1], *at, at)])
        scale = max(np.abs(jacobian).max(), 1e-3)  # at a branch point it vanishes
        assert np.abs(problem.residual(x[:-1], at)).max() <= 1e-12 * scale * (1 + np.abs(x).max())
        assert np.abs(jacobian @ t).max() <= 1e-7 * scale
        signs.append(np.sign(np.linalg.det(np.vstack([jacobian, branch.weights * t]))))
    assert_allclose(inner(branch, branch.tangents, branch.tangents), 1.0, rtol=1e-13)
    chords = np.diff(branch.unknowns, axis=0)
    assert np.all(inner(branch, branch.tangents[:-1], branch.tangents[1:]) > math.cos(0.31))
    assert np.all(inner(branch, chords, branch.tangents[:-1]) > 0)
    assert np.all(inner(branch, chords, branch.tangents[1:]) > 0)
    if not branch.branch_points:
        assert set(signs) in ({1.0}, {-1.0})


def test_rotating_the_state_changes_nothing(rng):
    rotation, _ = np.linalg.qr(rng.standard_normal((3, 3)))
    plain, turned = (trace(coupled(r), np.zeros(3), "q", (-2, 2)) for r in (None, rotation))
    compare(plain, turned, turned.states @ rotation.T, turned.parameter)


@pytest.mark.parametrize(("u_scale", "p_scale"), [(10.0, 1.0), (1.0, 1000.0), (0.01, 7.0)])
def test_scaling_unknowns_and_parameter_with_the_inner_product_changes_nothing(u_scale, p_scale):
    plain = trace(coupled(), np.zeros(3), "q", (-2, 2), settings=Settings(step=0.01, max_step=0.1))
    problem = coupled(u_scale=u_scale, p_scale=p_scale)
    span = (-2 * p_scale, 2 * p_scale)
    scaled = trace(problem, np.zeros(3), "q", span, settings=Settings(step=0.01, max_step=0.1))
    compare(plain, scaled, scaled.states / u_scale, scaled.parameter / p_scale)


def compare(plain, other, states, parameter):
    """Same rows, same special points, same work."""
    assert [p.label for p in plain.special] == [p.label for p in other.special]
    assert len([p for p in plain.special if p.kind is Kind.FOLD]) >= 2
    rows = [p.index for p in plain.special], [p.index for p in other.special]
    assert_allclose(states[rows[1]], plain.states[rows[0]], rtol=0, atol=1e-8)
    assert_allclose(parameter[rows[1]], plain.parameter[rows[0]], rtol=0, atol=1e-9)
    assert len(other) == pytest.approx(len(plain), abs=2)
    assert other.effort["newton_iterations"] == pytest.approx(plain.effort["newton_iterations"], rel=0.02)


@pytest.mark.parametrize("h", [0.2, 0.1, 0.05])
def test_a_prescribed_step_is_kept_and_the_predictor_has_order_two(h):
    branch = trace(make("circle"), [1.0], "p", settings=Settings(step=h, max_step=h), detect=set(), direction=1)
    chords, t = np.diff(branch.unknowns, axis=0)[:-1], branch.tangents[:-2]
    assert branch.effort["rejections"] == {}
    assert_allclose(inner(branch, chords, t), h, rtol=1e-12)
    sagitta = chords - h * t
    assert_allclose(np.sqrt(inner(branch, sagitta, sagitta)), 1 - math.sqrt(1 - h * h), rtol=1e-9)


def test_work_is_bounded():
    branch = trace(make("snake"), [0.0], "p", settings=Settings(max_points=4000), direction=1)
    effort = branch.effort
    assert effort["newton_iterations"] <= 3.1 * effort["steps"]
    assert effort["factorisations"] <= effort["newton_iterations"] + effort["steps"] // 20
    assert sum(effort["rejections"].values()) <= 0.05 * effort["steps"]
    assert effort["spectra"] <= effort["steps"] + len(branch.special) + 1


@pytest.mark.parametrize("limit", [1, 2, 17, 300])
def test_max_points_counts_each_direction_with_the_start(limit):
    branch = traced("snake", span=(-math.inf, math.inf), detect=set(), settings=Settings(max_points=limit))
    assert branch.ends == (Status.MAX_POINTS, Status.MAX_POINTS)
    assert (len(branch), branch.start) == (2 * limit - 1, limit - 1)


def test_stop_at_a_kind_or_after_a_count():
    branch = traced("snake", stop=Kind.FOLD)
    assert branch.ends == (Status.STOPPED, Status.STOPPED)
    assert [point.index for point in branch.folds] == [0, len(branch) - 1]
    assert traced("snake", stop=Kind.HOPF).ends == LIMITS
    count = traced("snake", stop=3, direction=1)
    assert ([p.index for p in count.folds][2:], count.ends[1]) == ([len(count) - 1], Status.STOPPED)


def test_stop_where_a_function_says_so():
    seen = []

    def far(point):
        seen.append((point["u"], point["p"], point.unstable))
        return point["u"] > 5

    branch = traced("snake", stop=far, direction=1)
    assert branch.ends[1] is Status.STOPPED
    assert branch["u"][-1] > 5
    assert np.all(branch["u"][:-1] <= 5)
    assert len(seen) <= len(branch)
    assert all(p == pytest.approx(oracle.snake_parameter(u), abs=1e-12) for u, p, _ in seen)


def test_only_the_kinds_asked_for_are_found():
    everything = traced("snake")
    assert {point.kind for point in everything.special} == {Kind.FOLD, Kind.END}
    for detect in (set(), {Kind.HOPF}, {Kind.BRANCH_POINT}):
        assert {point.kind for point in traced("snake", detect=detect).special} == {Kind.END}
    assert len(traced("snake", detect={Kind.FOLD}).folds) == len(everything.folds)
    trunk = trace(make("pitchfork"), [0.0], "p", (-1, 1), detect={Kind.FOLD})
    assert trunk.folds == ()


def test_a_start_on_a_limit():
    branch = trace(make("cusp"), [1.0], "mu", (0.0, 2.0))
    assert branch.start == 0
    assert branch.ends == LIMITS
    only = trace(make("cusp"), [1.0], "mu", (0.0, 2.0), direction=-1)
    assert (len(only), only.ends[0]) == (1, Status.LIMIT)


def test_a_start_on_a_fold():
    (mu, x), _ = oracle.cusp_folds()
    branch = trace(make("cusp"), [x], "mu", (-2, 2), parameters={"mu": mu})
    assert branch.ends == LIMITS
    assert sorted(point["mu"] for point in branch.folds) == pytest.approx([f[0] for f in oracle.cusp_folds()], rel=1e-9)
    assert_allclose(branch.parameter, [oracle.cusp_parameter(x) for x in branch["x"]], rtol=1e-12, atol=1e-12)


def test_a_start_at_which_the_branch_is_upright_and_does_not_turn():
    """``mu = x**3`` has no fold, wherever one begins."""
    problem = Problem.from_expressions({"x": "mu - x**3", "y": "x - y"}, {"mu": 0.0})
    branch = trace(problem, [0.0, 0.0], "mu", (-1, 1))
    assert [point.kind for point in branch.special] == [Kind.END, Kind.END]
    assert_allclose(branch["mu"], branch["x"] ** 3, atol=1e-12)


def test_every_kind_of_start_gives_the_same_curve():
    first = traced("cusp")
    row = 10
    starts = {
        "point": first.point(row),
        "dict": {"x": first.states[row, 0]},
        "list": list(first.states[row]),
        "fold": first["LP1"],
    }
    for name, start in starts.items():
        at = {} if name in ("point", "fold") else {"mu": first.parameter[row]}
        branch = trace(make("cusp"), start, "mu", (-2, 2), parameters=at)
        assert branch.ends == LIMITS, name
        folds = sorted(point["x"] for point in branch.folds)
        assert folds == pytest.approx(sorted(x for _, x in oracle.cusp_folds()), rel=1e-9), name
    assert branch.unknowns[branch.start] == pytest.approx([first["LP1"]["x"], first["LP1"]["mu"]], rel=1e-9)


@pytest.mark.parametrize("n", [2, 9, 200])
def test_the_default_settings_serve_small_and_large_systems(n):
    branch = trace(make("bratu", n), np.zeros(n), "lam", (0, 4), direction=1, stop=Kind.FOLD)
    fold, (lam, *u) = branch.folds[0], oracle.bratu_fold(n)
    assert fold["lam"] == pytest.approx(lam, rel=1e-12)
    assert_allclose(fold.state, u, rtol=1e-6)
    assert 15 <= branch.effort["steps"] <= 80
    assert sum(branch.effort["rejections"].values()) <= 1
