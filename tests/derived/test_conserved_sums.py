"""Which sums of states are conserved: found from values of F alone, written as chemists write them."""

from fractions import Fraction

import numpy as np
import pytest

from continuation import Problem, StartError, deflated_branches, diagram, find_solutions, trace
from continuation.derived.conserved.conserved_sums import conserved_sums, is_conserved, sum_text
from continuation.derived.conserved.rational_basis import rank_of, rational_basis

RATES = {"h1": 0.02, "h_1": 1, "k2": 0.01, "h3": 0.032, "h_3": 1, "k4": 15, "g1": 0.045, "g_1": 1, "q2": 0.092}
RATES |= {"g3": 0.01, "g_3": 1, "q4": 0.5}


def mass_action(species, reactions):
    """Equations of reactions ``(rate, what goes in, what comes out)``."""
    equations = dict.fromkeys(species, "0")
    for rate, before, after in reactions:
        for name in before.split():
            equations[name] += f" - {rate}"
        for name in after.split():
            equations[name] += f" + {rate}"
    return equations


def two_step_phosphorylation():
    """A protein M that is phosphorylated twice by K and dephosphorylated by P (Markevich, Hoek, Kholodenko 2004)."""
    reactions = [
        ("h1*M*K", "M K", "MK"), ("h_1*MK", "MK", "M K"), ("k2*MK", "MK", "Mp K"), ("h3*Mp*K", "Mp K", "MpK"),
        ("h_3*MpK", "MpK", "Mp K"), ("k4*MpK", "MpK", "Mpp K"), ("g1*Mpp*P", "Mpp P", "MppP"),
        ("g_1*MppP", "MppP", "Mpp P"), ("q2*MppP", "MppP", "Mp P"), ("g3*Mp*P", "Mp P", "MpP"),
        ("g_3*MpP", "MpP", "Mp P"), ("q4*MpP", "MpP", "M P"),
    ]  # fmt: skip
    species = ["M", "MK", "Mp", "MpK", "Mpp", "MppP", "MpP", "K", "P"]
    return Problem.from_expressions(mass_action(species, reactions), RATES)


def sirs(rates=(2.5, 1.0, 0.1)):
    equations = {"S": "-beta*S*I + xi*R", "I": "beta*S*I - gamma*I", "R": "gamma*I - xi*R"}
    return Problem.from_expressions(equations, dict(zip(("beta", "gamma", "xi"), rates)))


def charges(u, p, out):
    """Three capacitors that nonlinear resistors join: charge is conserved."""
    first = (u[0] - u[1]) ** 3 - p[1] * (u[0] - u[1])
    second = 2.0 * (u[1] - u[2])
    out[0] = (p[0] - first) / 0.47
    out[1] = (first - second) / 2.2
    out[2] = second - p[0]


def texts(problem):
    found = conserved_sums(problem, problem.parameter_values())
    return None if found is None else [one.text for one in found.sums]


def test_networks_give_the_sums_that_chemists_write():
    assert texts(sirs()) == ["S + I + R"]
    wanted = ["M + MK + Mp + MpK + Mpp + MppP + MpP", "MK + MpK + K", "MppP + MpP + P"]
    assert texts(two_step_phosphorylation()) == wanted
    dimers = mass_action("ABCD", [("k*A*B", "A A B", "C"), ("r*C", "C", "A A B"), ("q*D", "D", "B")])
    assert texts(Problem.from_expressions(dimers, {"k": 1, "r": 2, "q": 3})) == ["A + 2*C", "B + C + D"]


@pytest.mark.parametrize("options", [{"compiled": False}, {"compiled": True}])
def test_plain_and_compiled_functions_without_derivatives(options):
    problem = Problem(charges, ("v1", "v2", "v3"), {"i": 0.1, "a": 1.0}, **options)
    assert texts(problem) == ["47*v1 + 220*v2 + 100*v3"]


def test_nothing_is_found_where_nothing_is_conserved():
    regular = Problem.from_expressions({"x": "mu*x - x**3 + y", "y": "x - y"}, {"mu": 1})
    leaking = sirs()
    leaking = Problem.from_expressions(
        {"S": "-beta*S*I + xi*R - 1e-7*S", "I": "beta*S*I - gamma*I", "R": "gamma*I - xi*R"}, leaking.parameters
    )
    singular = Problem.from_expressions({"x": "mu*(x + y)", "y": "(x + y)**2"}, {"mu": 1})  # F_u singular, c varies
    assert [texts(problem) for problem in (regular, leaking, singular)] == [None, None, None]


def test_units_and_speeds_do_not_matter():
    rng = np.random.default_rng(3)
    for _ in range(20):
        assert texts(sirs(10.0 ** rng.uniform(-9, 9, 3))) == ["S + I + R"]
    slow = Problem.from_expressions(  # one process a trillion times slower than the others
        {"S": "-beta*S*I", "I": "beta*S*I - 1e7*I + 1e7*R", "R": "1e7*I - 1e7*R"}, {"beta": 1e-5}
    )
    assert texts(slow) == ["S + I + R"]
    units = Problem.from_expressions({"a": "k*(1e-6*b - 1e3*a)", "b": "1e9*k*(1e3*a - 1e-6*b)"}, {"k": 1.0})
    assert is_conserved(units, np.array([1e9, 1.0]), units.parameter_values())
    assert not is_conserved(units, np.array([1e9, 1.001]), units.parameter_values())


def test_sums_that_need_the_values_of_parameters_are_said_to():
    problem = Problem.from_expressions({"u": "-(u - v)**3/C1", "v": "(u - v)**3/C2"}, {"C1": 1.0, "C2": 3.0})
    found = conserved_sums(problem, problem.parameter_values())
    assert (found.words, found.always) == ("u + 3*v is conserved at these parameters", False)
    birth = Problem.from_expressions({"x": "y - x + mu", "y": "x - y"}, {"mu": 0.0})
    assert conserved_sums(birth, birth.parameter_values()).words == "x + y is conserved at these parameters"
    assert birth.conserved_sums({"mu": 0.1}) == ()


def test_a_basis_in_small_whole_numbers():
    rng = np.random.default_rng(1)
    rows = np.array([[1, 1, 0, 2, 0, 0], [0, 1, 1, 0, 3, 0], [0, 0, 0, 1, 1, 1]], float)
    for _ in range(10):
        basis = rational_basis(np.linalg.qr((rng.normal(size=(3, 3)) @ rows).T)[0].T)
        assert [[int(c) for c in row] for row in basis] == rows.astype(int).tolist()
    (signed,) = rational_basis(np.array([[0.0, -2.0, 1.0]]))  # no sum without a minus sign
    assert signed == (0, 2, -1)
    (real,) = rational_basis(np.array([[np.sqrt(2.0), 1.0]]))
    assert float(real[1]) == pytest.approx(np.sqrt(0.5), rel=1e-15)
    assert rank_of([[Fraction(1), Fraction(2)], [Fraction(2), Fraction(4)]]) == 1
    assert sum_text(np.array([-1.0, 0.5, 0.0]), ("x", "y", "z")) == "-x + 0.5*y"


CALLS = {
    "trace": lambda problem, u: trace(problem, u, "beta", (0, 4)),
    "trace, no solution": lambda problem, u: trace(problem, [0.3, 0.3, 0.3], "beta", (0, 4)),
    "diagram": lambda problem, u: diagram(problem, u, "beta", (0, 4)),
    "solve": lambda problem, u: problem.solve(u),
    "find_solutions": lambda problem, u: find_solutions(problem),
    "deflated_branches": lambda problem, u: deflated_branches(problem, [], "beta", (0, 4)),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("start", [[1.0, 0.0, 0.0], [0.4, 0.6 / 11, 6 / 11]], ids=["absent", "present"])
def test_whatever_meets_a_conserved_sum_names_it_and_what_to_do(call, start):
    with pytest.raises(StartError, match=r"^S \+ I \+ R is conserved, .*use problem\.reduced\(totals=\{\"T1\": "):
        call(sirs(), start)


def test_singular_solutions_of_other_problems_are_still_given():
    fold = Problem.from_expressions({"x": "mu - x**2"}, {"mu": 0})
    assert fold.solve([0.0])["x"] == 0.0
    circle = Problem.from_expressions({"x": "x - (x**2 + y**2)*x", "y": "y - (x**2 + y**2)*y"}, {"mu": 0})
    assert np.hypot(*circle.solve([0.6, 0.9]).state) == pytest.approx(1.0)
