"""Problems without their conserved sums: exact on closed forms, one with others at single points and in the engine."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import root

from continuation import Branch, Kind, Problem, Settings, deflated_branches, find_solutions, switch, trace
from continuation.compiled.calls.interface import OK, call_callback
from continuation.equations.derivatives import evaluate, parameter_column, state_jacobian
from continuation.equations.multilinear import Multilinear
from tests.derived.test_conserved_sums import charges, sirs, two_step_phosphorylation

POPULATION = {"S": 40.0, "I": 5.0, "R": 55.0}


def sirs_of_population(**more):
    """SIRS whose contacts are shares of the population N, a total and a parameter of the equations."""
    equations = {"S": "-beta*S*I/N + xi*R", "I": "beta*S*I/N - gamma*I", "R": "gamma*I - xi*R"}
    parameters = {"beta": 2.5, "gamma": 1.0, "xi": 0.1, "N": 100.0}
    options = {"conserve": {"N": "S + I + R"}, "outputs": {"share": "S/N"}, "name": "sirs"} | more
    return Problem.from_expressions(equations, parameters, **options)


def endemic(beta, n, gamma=1.0, xi=0.1):
    """I, R, S of the second solution branch: ``S = gamma N / beta`` and ``gamma I = xi R``."""
    s = gamma * n / beta
    return (n - s) * xi / (xi + gamma), (n - s) * gamma / (xi + gamma), s


def test_the_endemic_branch_is_exact_and_eliminated_states_are_columns():
    problem = sirs_of_population()
    branch = trace(problem, POPULATION, "beta", (0.5, 4.0))
    i, r, s = endemic(branch["beta"], 100.0)
    for name, wanted in (("I", i), ("R", r), ("S", s), ("share", s / 100.0)):
        assert_allclose(branch[name], wanted, atol=1e-9)
    (point,) = branch.branch_points
    assert point["beta"] == pytest.approx(1.0, abs=1e-12)
    assert point.normal_form["kind"] == "transcritical"
    assert list(branch["unstable"][[0, -1]]) == [1, 0]
    (free,) = [trace(problem, start, "beta", (0.5, 4.0)) for start in switch(problem, point)[1:2]]
    assert_allclose(free["S"], 100.0, atol=1e-9)
    assert branch.check()
    assert str(branch).splitlines()[4].split()[3:6] == ["I", "R", "S"]
    assert "S" in branch.to_dataframe()
    assert branch.plot("beta", "S") is not None


def test_starts_set_the_totals():
    problem = sirs().reduced(totals={"N": 1.0})
    assert (problem.states, dict(problem.parameters)["N"]) == (("I", "R"), 1.0)
    small = [0.2, 0.3]
    assert_allclose(problem.whole(small), [0.5, 0.2, 0.3])
    for start in ({"S": 2.0, "I": 0.1, "R": 0.4}, np.array([2.0, 0.1, 0.4]), [2.0, 0.1, 0.4]):
        assert problem.implied_parameters(start) == {"N": 2.5}
        assert_allclose(problem.state_values(start), [0.1, 0.4])
        assert trace(problem, start, "beta", (1.0, 4.0), parameters={"beta": 2.0}).parameters["N"] == 2.5
        assert problem.solve(start, {"N": 3.0}).parameters["N"] == 3.0
    assert problem.implied_parameters({"I": 0.1, "R": 0.2}) == {}
    with pytest.raises(ValueError, match=r"start: wanted values of the states \['S', 'I', 'R'\].*missing"):
        trace(problem, {"S": 1.0, "I": 0.2}, "beta", (0, 4))
    point = problem.solve([0.4, 0.05, 0.55])
    assert point["S"] == pytest.approx(0.4)
    assert point["S"] + point["I"] + point["R"] == pytest.approx(1.0, abs=1e-15)
    again = trace(problem, point, "N", (0.0, 4.0))
    assert_allclose(again["S"] + again["I"] + again["R"], again["N"], atol=1e-12)
    made = sirs().reduced(start=[0.4, 0.05, 0.55])
    assert made.parameters["T1"] == pytest.approx(1.0, abs=1e-15)


def capacitors():
    return Problem(charges, ("v1", "v2", "v3"), {"i": 0.1, "a": 1.0}, constants=[7.0])


def test_a_circuit_given_as_a_function():
    problem = capacitors().reduced(totals={"Q": ("0.47*v1 + 2.2*v2 + v3", 3.0)})
    branch = trace(problem, [2.0, 0.8, 0.8], "i", (-2.0, 2.0))
    w = branch["v1"] - branch["v2"]
    assert_allclose(w**3 - w, branch["i"], atol=1e-7)
    assert_allclose(branch["v2"] - branch["v3"], branch["i"] / 2.0, atol=1e-7)
    assert_allclose(0.47 * branch["v1"] + 2.2 * branch["v2"] + branch["v3"], branch.parameters["Q"], atol=1e-12)
    assert_allclose(sorted(fold["i"] for fold in branch.folds), np.array([-2, 2]) / np.sqrt(27), atol=1e-9)
    charged = trace(problem, branch.point(0), "Q", (-5.0, 5.0))
    assert_allclose(np.ptp(charged["v1"] - charged["v2"]), 0.0, atol=1e-8)


def test_folds_of_a_signalling_network_against_all_equations_at_once():
    base = two_step_phosphorylation()
    network = base.reduced(totals={"Mt": 500.0, "Kt": 50.0, "Pt": 100.0})
    assert network.hidden_states == ("M", "K", "P")
    branch = trace(network, {**dict.fromkeys(base.states, 0.0), "M": 500.0, "K": 50.0, "P": 100.0}, "Kt", (5, 150))
    assert [point.kind for point in branch.special] == [Kind.END, Kind.FOLD, Kind.FOLD, Kind.END]
    for fold in branch.folds:
        state = np.array([fold[name] for name in base.states])
        assert full_fold(base, state, fold["Kt"]) == pytest.approx(fold["Kt"], rel=1e-10)
    folds = {point.index for point in branch.folds}  # where an eigenvalue is zero, on either side of it
    rows = set(np.linspace(0, len(branch) - 1, 9).astype(int)) - folds
    for row in rows:  # the spectrum is that of all states, without the three zeros
        u = np.array([branch[name][row] for name in base.states])
        values = np.linalg.eigvals(state_jacobian(base, u, base.parameter_values()))
        kept = values[np.argsort(np.abs(values))[3:]]
        assert branch["unstable"][row] == np.sum(kept.real > 0)
        assert_allclose(np.sort_complex(branch.eigenvalues[row]), np.sort_complex(kept), rtol=1e-6, atol=1e-8)
    assert len(network.solve(branch.point(5)).state) == 6
    found = find_solutions(network, {"Kt": 100.0}, [point.state for point in branch.at(Kt=100.0)])
    positive = [point for point in found if min(point[name] for name in base.states) > 0]
    assert sorted(point.unstable for point in positive) == [0, 0, 1]


def full_fold(base, state, total):
    """Kt of the fold next to a state, from nine states, three totals and a null vector at once."""
    c = np.zeros((3, 9))
    for row, names in zip(c, ("M MK Mp MpK Mpp MppP MpP", "MK MpK K", "MppP MpP P")):
        row[[base.states.index(name) for name in names.split()]] = 1.0
    own = [
        base.states.index(name) for name in ("MK", "Mp", "MpK", "Mpp", "MppP", "MpP")
    ]  # any six independent equations
    p = base.parameter_values()

    def equations(z):
        u, k, w = z[:9], z[9], z[10:]
        a = np.vstack([state_jacobian(base, u, p)[own], c])
        return np.concatenate([evaluate(base, u, p)[own], c @ u - [500.0, k, 100.0], a @ w, [w @ w - 1]])

    w = np.linalg.svd(np.vstack([state_jacobian(base, state, p)[own], c]))[2][-1]
    return root(equations, np.concatenate([1.01 * state, [total], w]), tol=1e-13).x[9]


def test_a_fold_curve_in_two_totals():
    network = two_step_phosphorylation().reduced(totals={"Mt": 500.0, "Kt": 50.0, "Pt": 100.0})
    start = {**dict.fromkeys(network.base.states, 0.0), "M": 500.0, "K": 50.0, "P": 100.0}
    branch = trace(network, start, "Kt", (5, 150))
    curve = trace(
        network, branch["LP1"], ("Kt", "Mt"), {"Kt": (50, 150), "Mt": (300, 700)}, settings=Settings(max_points=40)
    )
    row = len(curve) // 3
    point = curve.point(row)
    at = trace(network, point, "Kt", (50, 150), parameters={"Mt": point["Mt"]})
    assert min(abs(fold["Kt"] - point["Kt"]) for fold in at.folds) < 1e-6


VARIANTS = {
    "text": lambda: sirs_of_population(),
    "text, total apart": lambda: sirs().reduced(totals={"N": 1.0}),
    "plain function": lambda: capacitors().reduced(totals={"Q": 3.0}),
}


@pytest.mark.parametrize("make", VARIANTS.values(), ids=VARIANTS)
def test_kernels_agree_with_numpy_and_derivatives_with_differences(make):
    problem, rng = make(), np.random.default_rng(5)
    n = len(problem.states)
    v, p = rng.uniform(0.2, 2.0, n), problem.parameter_values()
    for active in range(len(problem.parameters)):
        for name, shape in (("residual", (n,)), ("jacobian", (n, n)), ("parameter_derivative", (n,))):
            if name not in problem.functions:
                continue
            function, by_kernel, by_numpy = problem.functions[name], np.full(shape, 9.0), np.full(shape, 8.0)
            made = function.callback(n, len(p), active)
            assert call_callback(made, v, p, by_kernel) == OK
            function(*((v, p, active) if name == "parameter_derivative" else (v, p)), by_numpy)
            assert_allclose(by_kernel, by_numpy, rtol=1e-14, atol=1e-14)
        column = parameter_column(problem, v, p, active)
        assert_allclose(column, parameter_column(problem, v, p, active, independent=True), rtol=1e-6, atol=1e-7)
    assert_allclose(
        state_jacobian(problem, v, p), state_jacobian(problem, v, p, independent=True), rtol=1e-6, atol=1e-7
    )
    assert problem.check()


def test_higher_derivatives_are_exact():
    problem = sirs_of_population()
    v, p, active = np.array([5.0, 55.0]), problem.parameter_values(), (0, 3)
    exact = Multilinear(problem, v, p, active)
    assert exact.exact
    numeric, rng = Multilinear(problem, v, p, active), np.random.default_rng(2)
    numeric.exact = False
    for order in (1, 2, 3):
        directions = rng.normal(size=(order, 4))
        assert_allclose(exact.form(*directions), numeric.form(*directions), rtol=1e-6, atol=1e-8)


def test_files_bring_the_reduced_problem_back(tmp_path):
    branch = trace(sirs_of_population(), POPULATION, "beta", (0.5, 3.0))
    branch.save(tmp_path / "branch.nc")
    back = Branch.load(tmp_path / "branch.nc")
    assert back.problem.states == ("I", "R")
    longer = back.extend(span=(0.5, 4.0))
    assert_allclose(longer["S"], 100.0 / longer["beta"], atol=1e-9)
    other = sirs_of_population().with_symmetries(())
    assert other.source is None


def test_symmetries_of_the_states_kept_stay_and_others_are_refused():
    equations = {"a": "x + y - 2*a", "x": "a - x + x*y*(y - x)", "y": "a - y + x*y*(x - y)"}
    base = Problem.from_expressions(equations, {"mu": 1.0}, symmetries=[("a", "y", "x")])
    problem = base.reduced(totals={"N": 3.0})
    assert (problem.states, problem.symmetry.order) == (("x", "y"), 2)
    base = Problem.from_expressions({"x": "y - x", "y": "x - y"}, {"mu": 1.0}, symmetries=[("y", "x")])
    with pytest.raises(ValueError, match=r"reduced: the problem's symmetry symmetries\[0\] moves states"):
        base.reduced(totals={"N": 1.0})
    assert base.with_symmetries(()).reduced(totals={"N": 1.0}).states == ("y",)


def test_a_count_of_the_users_own_sees_all_states():
    problem = Problem(
        capacitors().functions["residual"].python, ("v1", "v2", "v3"), {"i": 0.1, "a": 1.0},
        stability=lambda u, p: int(u[0] > 1.0), zeros={"even": lambda u, p: u[0] - u[1]},
    ).reduced(totals={"Q": 0.0})  # fmt: skip
    branch = trace(problem, [1.5, 0.5, 0.5], "i", (-2.0, 2.0))
    away = np.abs(branch["v1"] - 1.0) > 1e-6
    assert np.all(branch["unstable"][away] == (branch["v1"][away] > 1.0))
    (point,) = [p for p in branch.special if p.kind is Kind.USER]
    assert point["i"] == pytest.approx(0.0, abs=1e-9)


def unequal_capacitors():
    """Two capacitors behind one current: the charge ``C1*u + C2*v`` is conserved, whatever C1 and C2 are."""
    base = Problem.from_expressions(
        {"u": "(q - (u - v)**3)/C1", "v": "((u - v)**3 - q)/C2"}, {"C1": 1, "C2": 3, "q": 1}
    )
    return base.reduced(totals={"Q": 4.0})


def test_sums_that_hold_at_some_parameters_only_are_checked_again():
    problem = unequal_capacitors()
    branch = trace(problem, [0.6], "q", (0.5, 2.0))
    assert_allclose(branch["v"], (4 - np.cbrt(branch["q"])) / 4)
    with pytest.raises(
        ValueError, match=r"reduced: Q = u \+ 3\*v is not conserved at these parameters or when C1 varies"
    ):
        trace(problem, [0.6], "C1", (0.5, 2.0))


OTHER = {"C1": 2.0}
EVALUATED = {
    "trace": lambda problem: trace(problem, [0.6], "q", (0.5, 2.0), parameters=OTHER),
    "solve": lambda problem: problem.solve([0.6], OTHER),
    "settle": lambda problem: problem.settle([0.6], parameters=OTHER),
    "find_solutions": lambda problem: find_solutions(problem, OTHER),
    "residual": lambda problem: problem.residual([0.6], OTHER),
    "whole": lambda problem: problem.whole([0.6], OTHER),
}


@pytest.mark.parametrize("call", EVALUATED.values(), ids=EVALUATED)
def test_no_solutions_where_the_sum_is_not_conserved(call):
    with pytest.raises(ValueError, match=r"parameters: Q = u \+ 3\*v is not conserved at these values; make the"):
        call(unequal_capacitors())


def test_a_sum_that_ends_where_a_parameter_changes_its_sign():
    base = Problem.from_expressions({"x": "k*y - x + max(leak, 0)", "y": "x - k*y"}, {"k": 1.0, "leak": -1.0})
    problem = base.reduced(totals={"N": 2.0})
    assert_allclose(problem.solve([0.5], {"leak": -3.0, "k": 3.0}).state, 0.5)
    with pytest.raises(ValueError, match=r"parameters: N = x \+ y is not conserved at these values"):
        problem.solve([0.5], {"leak": 3.0})


def test_problems_made_from_reduced_ones_are_refused_too():
    star = Problem.from_expressions({"z": "C*(x + y - 2*z)", "x": "z - x", "y": "z - y"}, {"C": 1.0})
    half = star.reduced(totals={"N": 3.0}).restricted([("y", "x")])
    assert_allclose(half.solve([0.9, 0.9])["z"], 1.0)
    with pytest.raises(ValueError, match=r"parameters: N = z \+ x \+ y is not conserved at these values"):
        half.solve([0.9, 0.9], {"C": 2.0})
    with pytest.raises(ValueError, match=r"reduced: N = z \+ x \+ y is not conserved .* when C varies"):
        trace(half, [0.9, 0.9], "C", (0.5, 2.0))


def test_searches_and_curves_that_leave_the_sum_are_refused():
    words = r"reduced: Q = u \+ 3\*v is not conserved at these parameters or when"
    with pytest.raises(ValueError, match=f"{words} C1 varies"):
        deflated_branches(unequal_capacitors(), [], "C1", (0.5, 2.0), guesses=[[0.6]])
    mixed = Problem.from_expressions({"x": "C*(x**2 + mu) - z", "z": "z - x**2 - mu"}, {"C": 1, "mu": -1})
    problem = mixed.reduced(totals={"N": 1.0})
    (fold,) = trace(problem, {"z": 0.0}, "mu", (-2, 2)).folds
    assert fold["mu"] == pytest.approx(1.25)  # x**2 + mu = z = 1 - x
    with pytest.raises(ValueError, match=r"reduced: N = x \+ z is not conserved .* when mu and C varies"):
        trace(problem, fold, ("mu", "C"))


REFUSED = {
    "nothing conserved": (lambda: Problem.from_expressions({"x": "mu - x"}, {"mu": 1}).reduced(totals={}), "no sum"),
    "not conserved": (lambda: sirs().reduced(totals={"N": ("S + I", 1)}), r"S \+ I is not conserved; conserved: S"),
    "no sum": (lambda: sirs().reduced(totals={"N": ("S*I", 1)}), r"totals\['N'\]: wanted a sum of S, I, R"),
    "a constant in it": (lambda: sirs().reduced(totals={"N": ("S + I + R + 1", 1)}), "wanted a sum"),
    "unknown state": (lambda: sirs().reduced(totals={"N": ("S + I + Q", 1)}), "unknown name 'Q'"),
    "too many": (lambda: sirs().reduced(totals={"A": 1, "B": 2}), r"totals\['B'\]: there is no such conserved sum"),
    "too few": (lambda: two_step_phosphorylation().reduced(totals={"A": 1}), r"totals: wanted 3 of them, got \['A'\]"),
    "twice": (lambda: sirs().reduced(totals={"A": 1, "B": ("2*S + 2*I + 2*R", 1)}), "not independent"),
    "a taken name": (lambda: sirs().reduced(totals={"S": 1}), "taken by a state"),
    "no value": (lambda: sirs().reduced(totals={"N": "S + I + R"}), "wanted its value, or a `start=`"),
    "a value that is none": (lambda: sirs().reduced(totals={"N": np.nan}), r"totals\['N'\]: wanted finite"),
    "no mapping": (lambda: sirs().reduced(totals=1.0), "totals: wanted a mapping"),
    "no names": (lambda: sirs().reduced(totals={3: 1.0}), "names, got 3"),
    "a triple": (lambda: sirs().reduced(totals={"N": ("S", 1, 2)}), r"wanted a value, a sum or a pair"),
    "reduced already": (lambda: sirs().reduced(totals={"N": 1.0}).reduced(totals={"N": 1.0}), "conserve no sum"),
    "conserve, no parameter": (lambda: sirs_of_population(conserve={"M": "S + I"}), "'M' is no parameter"),
    "conserve, no mapping": (lambda: sirs_of_population(conserve="S + I + R"), "conserve: wanted a mapping"),
    "conserve, wrong sum": (lambda: sirs_of_population(conserve={"N": "S + R"}), r"conserve\['N'\]: S \+ R is not"),
}  # fmt: skip


@pytest.mark.parametrize(("call", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
