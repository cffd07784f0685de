"""Nothing found depends on the units of a model's states, parameters and equations."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from continuation import Branch, Kind, Problem, Settings, Status, diagram, switch, trace
from continuation.equations.measures.magnitudes import magnitudes_at
from continuation.equations.measures.measure import units_of
from continuation.equations.solved import is_solution

UNITS = pytest.mark.parametrize(("s", "k"), [(1e-8, 1e5), (1e7, 1e-6), (1e-9, 1e-9), (1e9, 1e9), (1.0, 1e7)])
FOLD = 2 / np.sqrt(27)


def cusp(s, k, **options):
    """``x' = mu + nu x - x**3`` for x in units of s, mu and nu in units of k: folds at ``mu = +-0.3849 nu**1.5``."""
    equations = {"x": "s*(mu/k + (nu/k)*(x/s) - (x/s)**3)"}
    return Problem.from_expressions(equations, {"mu": -k, "nu": k, "s": s, "k": k}, **options)


def cusp_branch(s, k, **options):
    """The whole curve between mu = -k and k."""
    return trace(cusp(s, k, **options), [-1.324717957244746 * s], "mu", (-k, k))


def brusselator(s, t, k, **options):
    """Brusselator for states in units of s and t, b in units of k: a Hopf point at b = 2 k."""
    equations = {"x": "s*(1 - (b/k + 1)*x/s + (x/s)**2*y/t)", "y": "t*(b/k*x/s - (x/s)**2*y/t)"}
    return Problem.from_expressions(equations, {"b": k, "s": s, "t": t, "k": k}, **options)


@UNITS
def test_folds_of_states_and_parameters_in_any_units(s, k):
    usual, branch = cusp_branch(1.0, 1.0), cusp_branch(s, k)
    assert [point.kind for point in branch.special] == [point.kind for point in usual.special]
    assert_allclose([point["mu"] / k for point in branch.folds], [FOLD, -FOLD], rtol=1e-9)
    for name in ("steps", "spectra"):
        assert abs(branch.effort[name] / usual.effort[name] - 1) <= 0.2
    x, mu = branch["x"] / s, branch["mu"] / k
    assert_allclose(mu + x - x**3, 0.0, atol=1e-9)
    assert_array_equal(np.abs(x) < 1 / np.sqrt(3) - 1e-9, branch.unstable == 1)
    assert_allclose(np.sum(branch.weights * branch.tangents**2, axis=1), 1.0, rtol=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_hopf_points_in_random_units(seed):
    s, t, k = 10.0 ** np.random.default_rng(seed).uniform(-8, 8, 3)
    usual = trace(brusselator(1.0, 1.0, 1.0), [1.0, 1.0], "b", (0, 4))
    branch = trace(brusselator(s, t, k), [s, t], "b", (0, 4 * k))
    assert [(point.kind, point.located) for point in branch.special] == [(p.kind, p.located) for p in usual.special]
    hopf = branch.hopfs[0]
    assert hopf["b"] / k == pytest.approx(2.0, rel=1e-9)
    assert_allclose(sorted(hopf.eigenvalues.imag), [-1.0, 1.0], rtol=1e-8)
    assert hopf.normal_form["criticality"] == usual.hopfs[0].normal_form["criticality"]
    assert abs(branch.effort["steps"] / usual.effort["steps"] - 1) <= 0.2
    assert_array_equal(branch.unstable, np.where(branch["b"] > 2 * k * (1 + 1e-9), 2, 0))
    assert not branch.nullity.any()


@pytest.mark.parametrize(("s", "t"), [(1, 1e8), (1, 1e9), (1e9, 1e-9), (1e-8, 1), (1e8, 1)])
def test_states_with_true_weights_lose_nothing(s, t):
    problem = brusselator(s, t, 1.0, weights=[0.5 / s**2, 0.5 / t**2, 1.0])
    branch = trace(problem, [s, t], "b", (0, 4), settings=Settings(max_step=0.05, step=0.01))
    assert_array_equal(branch.weights, problem.weights)
    assert [point["b"] for point in branch.hopfs] == [pytest.approx(2.0, rel=1e-9)]
    assert sorted(set(branch.unstable.tolist())) == [0, 2]
    assert not branch.nullity.any()


@UNITS
def test_derivatives_by_differences_in_any_units(s, k):
    def f(u, p, out):
        out[0] = s * (p[0] / k + u[0] / s - (u[0] / s) ** 3)

    branch = trace(Problem(f, ["x"], {"mu": -k}, compiled=False), [-1.324717957244746 * s], "mu", (-k, k))
    assert_allclose([point["mu"] / k for point in branch.folds], [FOLD, -FOLD], rtol=1e-7)


@UNITS
def test_branches_through_a_branch_point_and_a_diagram_in_any_units(s, k):
    problem = Problem.from_expressions({"x": "s*((mu/k)*(x/s) - (x/s)**3)"}, {"mu": -k, "s": s, "k": k})
    trunk = trace(problem, [0.0], "mu", (-k, k))
    point = trunk.branch_points[0]
    assert abs(point["mu"]) < 1e-9 * k
    assert point.normal_form["criticality"] == "supercritical"
    sides = [trace(problem, start, "mu", (-k, k)) for start in switch(problem, point) if not start.known]
    assert_allclose([side["x"][-1] / s for side in sides], [1.0, -1.0], rtol=1e-9)
    for side in sides:
        assert_array_equal(side.weights, trunk.weights)
    found = diagram(problem, [0.0], "mu", (-k, k))
    assert [p.kind for p in found.special] == [Kind.BRANCH_POINT]
    assert len(found.branches) == 2
    assert not found.failures


@UNITS
def test_a_curve_of_folds_in_any_units(s, k):
    branch = cusp_branch(s, k)
    limits = {"mu": (-2 * k, 2 * k), "nu": (-2 * k, 2 * k)}
    curve = trace(branch.problem, branch["LP1"], ("mu", "nu"), limits)
    (point,) = (point for point in curve.special if point.kind is Kind.CUSP)
    assert_allclose([point["mu"] / k, point["nu"] / k], 0.0, atol=1e-9)
    assert_allclose(np.abs(curve["mu"] / k), FOLD * np.maximum(curve["nu"] / k, 0.0) ** 1.5, atol=1e-9)


@UNITS
def test_what_a_branch_is_asked_later_is_told_in_its_own_units(s, k, tmp_path):
    whole = cusp_branch(s, k)
    assert_allclose([point["x"] / s for point in whole.at(mu=0.0)], [-1.0, 0.0, 1.0], atol=1e-12)
    assert whole.check()
    half = trace(cusp(s, k), [-1.324717957244746 * s], "mu", (-k, 0.2 * k))
    half.save(tmp_path / "half.nc")
    loaded = Branch.load(tmp_path / "half.nc")
    longer, again = (branch.extend(span=(-k, k)) for branch in (half, loaded))
    assert_array_equal(longer.weights, half.weights)
    assert_array_equal(longer.unknowns, again.unknowns)
    assert_allclose([point["mu"] / k for point in longer.folds], [FOLD, -FOLD], rtol=1e-9)
    assert_array_equal(loaded["LP1"].weights if loaded.folds else loaded.weights, half.weights)


def test_ordinary_problems_keep_the_usual_inner_product():
    for start, span in (([1.0, 1.0], (0, 4)), ([0.02, 1.0], (0, 100))):
        problem = Problem.from_expressions({"x": "b - x", "y": "x - y"}, {"b": start[0]})
        assert_array_equal(trace(problem, start, "b", span).weights, [0.5, 0.5, 1.0])


def test_scales_are_taken_as_they_are_given():
    problem = cusp(1e-8, 1.0, scales={"x": 2e-8})
    branch = trace(problem, [-1.324717957244746e-8], "mu", (-1, 1))
    assert branch.weights[0] == pytest.approx(1 / 4e-16)
    assert len(branch.folds) == 2
    both = cusp(1e-8, 1.0, scales=[1e-8, 0.5, 1.0, 1.0, 1.0])
    assert_allclose(trace(both, [-1.324717957244746e-8], "mu", (-1, 1)).weights, [1e16, 4.0])


@pytest.mark.parametrize(
    ("scales", "words"),
    [
        ({"q": 1.0}, "nothing named 'q'"),
        ({"x": -1.0}, r"scales\['x'\]: wanted a positive number"),
        ([1.0, 2.0], "scales: wanted 1 magnitudes"),
        ({"x": np.nan}, r"scales\['x'\]"),
    ],
)
def test_scales_that_are_none_are_refused(scales, words):
    with pytest.raises(ValueError, match=words):
        cusp(1.0, 1.0, scales=scales)


def test_weights_and_scales_exclude_each_other():
    with pytest.raises(ValueError, match="either"):
        cusp(1.0, 1.0, scales={"x": 1.0}, weights=[1.0, 1.0])


def test_scales_are_kept_in_a_file(tmp_path):
    branch = trace(cusp(1e-8, 1.0, scales={"x": 2e-8}), [-1.324717957244746e-8], "mu", (-1, 1))
    branch.save(tmp_path / "branch.nc")
    assert Branch.load(tmp_path / "branch.nc").problem.scales == {"x": 2e-8}


def oregonator():
    """Field and Noyes' Oregonator; at equilibrium ``q x**2 + (q + f - 1) x = f + 1`` and x = z grow from 2 to 1e5."""
    equations = {"x": "s*(y - x*y + x - q*x**2)", "y": "(f*z - y - x*y)/s", "z": "w*(x - z)"}
    return Problem.from_expressions(equations, {"s": 77.27, "q": 8.375e-6, "w": 0.161, "f": 3.0})


@pytest.mark.parametrize(("start", "f"), [([2.0, 2.0, 2.0], 3.0), ([488.68, 0.998, 488.68], 1.0)])
def test_a_branch_whose_states_grow_a_hundred_thousandfold(start, f):
    branch = trace(oregonator(), start, "f", (0, 3), parameters={"f": f})
    assert [status.name for status in branch.ends] == ["LIMIT", "LIMIT"]
    assert branch.effort["steps"] < 1000
    x, q = branch["x"], 8.375e-6
    assert_allclose(q * x**2 + (q + branch["f"] - 1) * x, branch["f"] + 1, rtol=1e-9)
    assert x.max() / x.min() > 5e4
    assert_allclose([point["f"] for point in branch.hopfs], [0.50106952, 1.52672726], rtol=1e-7)
    assert_allclose(np.sum(branch.weights * branch.tangents**2, axis=1), 1.0, rtol=1e-9)
    report = branch.check()
    regular = np.ones(len(branch), bool)
    regular[[point.index for point in branch.special]] = False
    assert np.max(report.tangent_errors[regular]) < 1e-5


def test_growth_does_not_depend_on_where_the_run_is_resumed():
    whole = trace(oregonator(), [2.0, 2.0, 2.0], "f", (0, 3))
    short = trace(oregonator(), [2.0, 2.0, 2.0], "f", (1.02, 3))
    longer = short.extend(span=(0, 3))
    assert_allclose([p["f"] for p in longer.hopfs], [p["f"] for p in whole.hopfs], rtol=1e-9)
    assert_allclose(longer["x"][0], whole["x"][0], rtol=1e-9)
    assert longer.effort["steps"] < 2000


def test_no_units_grow_where_the_largest_step_is_set():
    line = Problem.from_expressions({"x": "p - x"}, {"p": 1.0})
    branch = trace(line, [1.0], "p", (1, 1e3), settings=Settings(max_step=5.0), parameters={"p": 1.0})
    steps = np.sqrt(np.sum(branch.weights * np.diff(branch.unknowns, axis=0) ** 2, axis=1)) / np.sqrt(
        branch.weights[-1]
    )
    assert np.max(steps) <= 5.0 * (1 + 1e-6)


def test_a_small_equation_is_no_small_residual():
    for unit in (1e-16, 1e-20, 1e16):
        problem = Problem.from_expressions({"x": "x**2 - 2", "y": f"{unit!r}*(y - x - 1)"}, {"a": 0.0})
        p = problem.parameter_values()
        assert is_solution(problem, np.array([np.sqrt(2), np.sqrt(2) + 1]), p)
        assert not is_solution(problem, np.array([np.sqrt(2), 0.3]), p)
        assert_allclose(problem.solve([1.0, 0.0]).state, [np.sqrt(2), np.sqrt(2) + 1], rtol=1e-14)


@pytest.mark.parametrize("rate", [1e-14, 1e14])
def test_a_start_with_equations_in_other_units_is_no_branch_point(rate):
    problem = Problem.from_expressions({"x": f"{rate!r}*(mu - x)", "y": "x - y**3"}, {"mu": 1.0}, stability=None)
    branch = trace(problem, [1.0, 1.0], "mu", (0.5, 2))
    assert_allclose(branch["y"] ** 3, branch["mu"], rtol=1e-9)


@pytest.mark.parametrize("start", 10.0 ** np.arange(-8, -2))
def test_starts_next_to_a_fold(start):
    fold = Problem.from_expressions({"x": "p - x**2"}, {"p": start**2})
    branch = trace(fold, [start], "p", (-1, 1))
    assert [point.label for point in branch.special] == ["EP1", "LP1", "EP2"]
    assert abs(branch.folds[0]["p"]) <= 1e-12
    assert_array_equal(branch.ends, [Status.LIMIT, Status.LIMIT])
    assert_array_equal(branch.weights, [1.0, 1.0])


def test_functions_of_plain_python_may_have_no_value_beside_the_branch():
    def f(u, p, out):
        out[0] = u[0] - p[0]
        out[1] = u[0] - math.sqrt(u[1])

    branch = trace(Problem(f, ("x", "y"), {"p": 0.05}, compiled=False), [0.05, 0.0025], "p", (0.01, 1))
    assert_array_equal(branch.ends, [Status.LIMIT, Status.LIMIT])
    assert_allclose(branch["y"], branch["p"] ** 2, rtol=1e-8)


def test_magnitudes_follow_the_units_of_the_model():
    fs, k = 10.0 ** np.array([-7.3, 5.1]), 1e6
    usual, other = brusselator(1.0, 1.0, 1.0), brusselator(*fs, k)
    one = magnitudes_at(usual, np.ones(2), usual.parameter_values(), 0, (0, 4))
    two = magnitudes_at(other, fs, other.parameter_values(), 0, (0, 4 * k))
    assert_allclose(two / [*fs, k], one, rtol=1e-6)
    assert_array_equal(np.frexp(units_of(np.array([1e-14, 1e9, 1.0])))[0], 0.5)


def test_what_newton_leaves_of_zero_tells_no_magnitude():
    """From x = 1 Newton's method comes to x = 1e-43, which is zero: nothing is measured in such units."""
    problem = Problem.from_expressions({"x": "y", "y": "z", "z": "x**2 - a*z - 2*y - 3.7*x"}, {"a": 1.0})
    start = problem.solve([1.0, 0.0, 0.0])
    assert 0.0 < np.max(np.abs(start.state)) < 1e-20
    branch = trace(problem, start, "a", (0.5, 2.5))
    assert branch.ends == (Status.LIMIT, Status.LIMIT)
    assert branch.remarks == ()
    (hopf,) = branch.hopfs
    assert hopf["a"] == pytest.approx(1.85)
    small = Problem.from_expressions({"x": "m - x", "y": "x*y - y**2*1e-20"}, {"m": 1e-20})
    assert magnitudes_at(small, np.array([1e-20, 1.0]), small.parameter_values(), 0, (-np.inf, np.inf))[0] < 1e-19


def test_what_an_exponential_left_of_a_coupling_tells_no_magnitude():
    """At the start w acts on v by 1e-34, and 1e34 is no size of w: sinh is far from linear there."""
    equations = {"v": "mu - v + 1/(1 + exp(-26*w))", "w": "sinh(40*(v - w))"}
    problem = Problem.from_expressions(equations, {"mu": 3.0})
    branch = trace(problem, [4.0, 4.0], "mu", (-3, 3))
    assert_array_equal(branch.weights, [0.5, 0.5, 1.0])
    assert [point.kind for point in branch.special] == [Kind.END, Kind.FOLD, Kind.FOLD, Kind.END]


@pytest.mark.parametrize(("s", "t"), [(1.0, 1.0), (1e-6, 1e6), (1e8, 1e-8)])
@pytest.mark.parametrize("third", [False, True])
def test_the_index_of_a_gradient_system_does_not_hang_on_its_units(s, t, third):
    equations = {"x": "(p*(x/s) - (x/s)**3 + c*(y/t))/s", "y": "(c*(x/s) - y/t)/t"}
    if third:
        equations |= {"z": "-z"}
    n = len(equations)
    weights = [1 / (n * s**2), 1 / (n * t**2), *[1 / n] * (n - 2), 1.0]
    problem = Problem.from_expressions(
        equations, {"p": -1.0, "c": 0.5, "s": s, "t": t}, symmetric=True, weights=weights
    )
    branch = trace(problem, np.zeros(n), "p", (-1, 1))
    (point,) = branch.branch_points
    assert point["p"] == pytest.approx(-0.25, rel=1e-9)
    assert_array_equal(branch.unstable, (branch["p"] > -0.25 + 1e-9).astype(int))
    assert not branch.hopfs


@pytest.mark.parametrize(
    ("s", "k", "j", "given"), [(1e-8, 1e5, 1e-6, True), (1e6, 1e-7, 1e7, True), (1e6, 1e-7, 1e7, False)]
)
def test_a_curve_whose_two_parameters_are_in_different_units(s, k, j, given):
    if given:
        equations = {"x": "s*(mu/k + (nu/j)*(x/s) - (x/s)**3)"}
        problem = Problem.from_expressions(equations, {"mu": -k, "nu": j, "s": s, "k": k, "j": j})
    else:

        def f(u, p, out):
            out[0] = s * (p[0] / k + (p[1] / j) * (u[0] / s) - (u[0] / s) ** 3)

        problem = Problem(f, ["x"], {"mu": -k, "nu": j}, compiled=False)
    branch = trace(problem, [-1.324717957244746 * s], "mu", (-k, k))
    limits = {"mu": (-2 * k, 2 * k), "nu": (-2 * j, 2 * j)}
    curve = trace(problem, branch["LP1"], ("mu", "nu"), limits)
    (point,) = (point for point in curve.special if point.kind is Kind.CUSP)
    assert_allclose([point["mu"] / k, point["nu"] / j], 0.0, atol=1e-6)
    assert_allclose(np.abs(curve["mu"] / k), FOLD * np.maximum(curve["nu"] / j, 0.0) ** 1.5, atol=1e-6)


@pytest.mark.parametrize("s", [1e-6, 1e8])
@pytest.mark.parametrize("third", [False, True])
def test_a_gradient_system_in_any_units_needs_few_spectra(s, third):
    """The bound on what the spectrum can have done since the last one holds for D F_u D as it does for F_u."""
    spectra = []
    for unit in (1.0, s):
        equations = {"x": "(p*(x/s) - (x/s)**3 + c*(y/t))/s", "y": "(c*(x/s) - y/t)/t"} | ({"z": "-z"} if third else {})
        n = len(equations)
        weights = [1 / (n * unit**2), unit**2 / n, *[1 / n] * (n - 2), 1.0]
        parameters = {"p": -1.0, "c": 0.5, "s": unit, "t": 1 / unit}
        problem = Problem.from_expressions(equations, parameters, symmetric=True, weights=weights)
        branch = trace(problem, np.zeros(n), "p", (-1, 1), settings=Settings(max_step=0.05))
        spectra.append(branch.effort["spectra"])
        assert_array_equal(branch.unstable, (branch["p"] > -0.25 + 1e-9).astype(int))
    assert spectra[1] <= 1.5 * spectra[0] + 1  # 22 beside 15 at most
    assert spectra[0] < 0.5 * branch.effort["steps"]  # 16 of 41


@pytest.mark.parametrize("k", [1e-17, 1e-9, 1e9])
def test_a_small_parameter_does_change(k):
    problem = Problem.from_expressions({"x": "mu/k - x", "y": "x - y"}, {"mu": 0.0, "k": k})
    assert trace(problem, [0.0, 0.0], "mu", (-k, k)).remarks == ()


def test_a_limit_of_an_output_of_large_states_is_left_inward_only():
    """Steps along a unit tangent are as long as the inner product says, not as the states' own numbers do."""
    s = 1e7
    problem = Problem.from_expressions({"x": "s*(mu - (x/s)**2)"}, {"mu": 1.0, "s": s}, outputs={"w": "(x/s)**2"})
    branch = trace(problem, [s], "mu", {"w": (None, 1.0), "mu": (0.5, 2.0)})
    assert branch.start == len(branch) - 1
    assert branch["mu"][[0, -1]] == pytest.approx([0.5, 1.0])
    short = trace(problem, [0.9 * s], "mu", {"w": (None, 0.9), "mu": (0.5, 2.0)}, parameters={"mu": 0.81})
    assert short["w"][-1] == pytest.approx(0.9)
    with pytest.raises(ValueError, match="no end can go on"):
        short.extend()
    assert short.extend(span={"w": (None, 1.5)})["w"][-1] == pytest.approx(1.5)


@pytest.mark.parametrize("k", [2.0**-30, 2.0**30])
def test_folds_cost_the_same_in_any_unit_of_the_parameter(k):
    """Units that are powers of two round nothing: the same steps, corrections and looks."""
    efforts = []
    for unit in (1.0, k):
        equations, parameters = {"x": "mu/k + x - x**3"}, {"mu": -unit, "k": unit}
        problem = Problem.from_expressions(equations, parameters, scales={"x": 1.0, "mu": unit})
        efforts.append(trace(problem, [-1.324717957244746], "mu", (-unit, unit)).effort)
    assert efforts[0] == efforts[1]


def test_derivatives_that_rounding_left_of_zero_set_no_units():
    """cos(-1.5 pi) is 2e-16: the first state seemed to act on the second from 1e16 on, and rows were no solutions."""
    problem = Problem.from_expressions(
        {"a": "lam*a - exp(a)*sin(w) + exp(2*a)", "w": "lam*w - exp(a)*cos(w)"}, {"lam": 0.0}
    )
    branch = trace(problem, [0.0, -1.5 * np.pi], "lam", (-1, 1))
    assert np.all(branch.weights <= 1.0)
    assert np.all(branch.weights >= 0.1)
    assert np.max(branch["residual"]) < 1e-12
    assert {point.kind for point in branch.special} <= {Kind.END, Kind.FOLD}
