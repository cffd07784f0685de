"""``M u' = F(u)``: spectra against the pencil, the same flow where constraints are solved by hand, bad matrices."""

import math

import numpy as np
import pytest
import scipy.linalg
from numpy.testing import assert_allclose, assert_array_equal

from continuation import Branch, Kind, Problem, StartError, periodic_orbits, trace
from continuation.equations.derivatives import check_derivatives

# Colpitts' oscillator as a circuit's equations, rank 3 of 4.
MATRIX = np.array([[-2.0, 1, 0, 0], [1, -1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0]])
CIRCUIT = {
    "x1": "(x1 - 6)/0.25 + f(x1)/0.99 - f(x2)",
    "x2": "-f(x1) + f(x2)/0.5 + x3",
    "x3": "-x3 - x4",
    "x4": "x2 - mu",
}
DIODE = {"f(x)": "1e-16*(exp(40*x) - 1)"}
HOPF = 0.76504804436541  # where the pencil's pair crosses, by scipy's generalised eigenvalues along the equilibrium


def circuit(u, p, out):
    f, g = 1e-16 * (np.exp(40 * u[0]) - 1), 1e-16 * (np.exp(40 * u[1]) - 1)
    out[0] = (u[0] - 6) / 0.25 + f / 0.99 - g
    out[1] = -f + g / 0.5 + u[2]
    out[2] = -u[2] - u[3]
    out[3] = u[1] - p[0]


def jacobian(u, p, out):
    out[:] = 0.0
    f, g = 4e-15 * np.exp(40 * u[0]), 4e-15 * np.exp(40 * u[1])
    out[0, 0], out[0, 1] = 4 + f / 0.99, -g
    out[1, 0], out[1, 1], out[1, 2] = -f, g / 0.5, 1
    out[2, 2] = out[2, 3] = -1
    out[3, 1] = 1


def colpitts(way):
    if way == "text":
        return Problem.from_expressions(CIRCUIT, {"mu": 0.5}, definitions=DIODE, mass=MATRIX)
    given = {"jacobian": jacobian} if way == "derivatives" else {}
    states, parameters = ("x1", "x2", "x3", "x4"), {"mu": 0.5}
    return Problem(circuit, states, parameters, mass=MATRIX, compiled=way != "plain", **given)


def equilibria(problem, **options):
    return trace(problem, problem.solve([0.9957, 0.5, 19, -19]), "mu", (0.5, 0.9), **options)


@pytest.mark.parametrize("way", ["text", "derivatives", "differences", "plain"])
def test_a_hopf_point_of_the_pencil(way):
    branch = equilibria(colpitts(way))
    point = branch["HB1"]
    assert abs(point["mu"] - HOPF) < {"text": 1e-11, "derivatives": 1e-10}.get(way, 1e-9)  # differences of exp(40 x)
    assert_array_equal(branch.unstable, np.where(branch["mu"] < point["mu"] - 1e-12, 2, 0))
    assert [p.label for p in branch.special] == ["EP1", "HB1", "EP2"]


def test_spectra_are_those_of_the_pencil_and_what_stands_for_infinity():
    branch = equilibria(colpitts("text"))
    for row in range(0, len(branch), 40):
        a = np.empty((4, 4))
        jacobian(branch.states[row], None, a)
        values = scipy.linalg.eigvals(a, MATRIX)
        finite = values[np.abs(values) < 1e9]
        own = branch.eigenvalues[row]
        apart = np.min(np.abs(own[:, None] - finite[None, :]), axis=1)
        assert len(finite) == 3
        assert np.sum(apart < 1e-6 * np.abs(own)) == 3
        assert own[np.argmax(apart)] == pytest.approx(-1, abs=1e-9)  # the rate at which constraints are approached


SHAPES = {  # with a constraint w = x, and what is found along p
    "folds": ({"x": "p + w - x**3", "w": "w - x"}, [0.0, 0.0], ["LP1", "LP2"]),
    "fold": ({"x": "p - x**2", "w": "w - x"}, [1.0, 1.0], ["LP1"]),
    "pitchfork": ({"x": "p*x - w**3", "w": "w - x"}, [0.0, 0.0], ["BP1"]),
    "transcritical": ({"x": "p*w - x**2", "w": "w - x"}, [0.0, 0.0], ["BP1"]),
    "fold of the constraint's": ({"x": "p - w", "w": "w - x**2"}, [1.0, 1.0], ["LP1"]),
}


@pytest.mark.parametrize("unit", [1.0, 1e-6, 1e4])
@pytest.mark.parametrize("name", SHAPES)
def test_folds_and_branch_points_of_one_state_that_moves(name, unit):
    """As of the same equations with w put in, in any unit of both states."""
    texts, start, labels = SHAPES[name]
    scaled = {
        state: f"({unit!r})*({text})".replace("x", f"(x/{unit!r})").replace("w", f"(w/{unit!r})")
        for state, text in texts.items()
    }
    problem = Problem.from_expressions(
        scaled, {"p": 1.0 if name.startswith("fold") and start[0] else 0.5}, mass={"w": 0}
    )
    solved = Problem.from_expressions({"x": scaled["x"].replace("w", "x")}, dict(problem.parameters))
    if name == "fold of the constraint's":
        solved = Problem.from_expressions({"x": f"({unit!r})*(p - (x/{unit!r})**2)"}, dict(problem.parameters))
    guess = np.array(start) * unit
    if name == "folds":
        guess = np.array([1.19, 1.19]) * unit
    point = problem.solve(guess)
    branch = trace(problem, point, "p", (-2, 2))
    other = trace(solved, point.state[:1], "p", (-2, 2))
    assert [p.label for p in branch.special if p.kind is not Kind.END] == labels
    assert [p.label for p in other.special if p.kind is not Kind.END] == labels
    for label in labels:
        assert branch[label].located
        assert abs(branch[label]["p"] - other[label]["p"]) < 1e-9
    assert not branch.remarks


def test_solutions_are_those_of_all_equations():
    problem = Problem.from_expressions({"x": "a - x**2", "z": "z - x"}, {"a": 0.0}, mass={"z": 0})
    assert abs(problem.solve([0.1, 0.7])["z"]) < 1e-3  # a double zero: half the digits


def test_a_fold_curve_of_constrained_equations():
    problem = Problem.from_expressions({"x": "p + q*w - x**3", "w": "w - x"}, {"p": 0.0, "q": 1.0}, mass={"w": 0})
    branch = trace(problem, problem.solve([1.0, 1.0]), "p", (-2, 2))
    curve = trace(problem, branch["LP1"], ("p", "q"), {"p": (-1, 1), "q": (0.1, 2)})
    assert_allclose(curve["p"] ** 2, 4 * curve["q"] ** 3 / 27, atol=1e-9)


def test_the_flow_is_that_of_the_constraint_solved_by_hand():
    """Equations 1 and 2 add up to -x1', which equation 3 says too: x4 is a function of the others."""
    x4 = {"x4": "-x3 + (x1 - 6)/0.25 + f(x1)/0.99 - f(x2) - f(x1) + f(x2)/0.5 + x3"}
    equations = {"x1": CIRCUIT["x1"], "x2": CIRCUIT["x2"], "x3": "x2 - mu"}
    regular = np.array([[-2.0, 1, 0], [1, -1, 0], [0, 0, 1]])
    solved = Problem.from_expressions(equations, {"mu": 0.5}, definitions={**DIODE, **x4}, mass=regular)
    whole = colpitts("text")
    points = [equilibria(whole)["HB1"], trace(solved, solved.solve([0.9957, 0.5, 19]), "mu", (0.5, 0.9))["HB1"]]
    for ratio in ("l1_imag", "mu2"):  # what does not depend on how long the eigenvector is
        one, other = (point.normal_form[ratio] / point.normal_form["l1"] for point in points)
        assert_allclose(one, other, rtol=1e-6)
    orbits = [
        trace(periodic_orbits(problem, 30), point, "mu", {"mu": (0.5, 0.9), "period": (0, 0.82)})
        for problem, point in zip((whole, solved), points)
    ]
    for column in ("mu", "x1_max", "x3_min"):
        assert_allclose(orbits[0][column][-1], orbits[1][column][-1], rtol=1e-6)
    own, other = (orbit.multipliers[-1] for orbit in orbits)
    assert_allclose(own[np.argmax(-own.real)], other[np.argmax(-other.real)], rtol=1e-4)


def test_orbits_of_known_size_on_a_constraint():
    """r**2 = a, of period 2 pi, with the multiplier exp(-4 pi a)."""
    equations = {"x": "a*x - y - x*s", "y": "x + a*y - y*s", "s": "s - x**2 - y**2"}
    problem = Problem.from_expressions(equations, {"a": -0.5}, mass={"s": 0})
    branch = trace(problem, [0, 0, 0], "a", (-0.5, 0.5))
    assert abs(branch["HB1"]["a"]) < 1e-12
    orbits = trace(periodic_orbits(problem), branch["HB1"], "a", (-1, 0.4))
    assert_allclose(orbits["x_max"], np.sqrt(np.maximum(orbits["a"], 0)), atol=1e-7)
    assert_allclose(orbits["s_mean"], orbits["a"], atol=1e-7)
    assert_allclose(orbits["period"], 2 * np.pi, rtol=1e-8)
    moduli = np.abs(orbits.multipliers[-1])
    assert np.min(np.abs(np.log(moduli) + 4 * np.pi * 0.4)) < 1e-5
    assert np.all(orbits.unstable == 0)


REGULAR = np.array([[2.0, 1.0], [0.0, 4.0]])


def test_a_regular_matrix_is_divided_by():
    equations = {"x": "p*y - x**3", "y": "x - y*p**2"}
    plain, massed = (Problem.from_expressions(equations, {"p": 0.7}, **more) for more in ({}, {"mass": REGULAR}))
    u, inverse = np.array([0.3, -1.2]), np.linalg.inv(REGULAR)
    assert_allclose(massed.residual(u), inverse @ plain.residual(u), rtol=1e-14)
    assert_allclose(massed.jacobian(u), inverse @ plain.jacobian(u), rtol=1e-14)
    assert massed.check(u)
    p, own, other = massed.parameter_values(), np.empty(2), np.empty(2)
    plain.functions["parameter_derivative"](u, p, 0, own)
    massed.functions["parameter_derivative"](u, p, 0, other)
    assert_allclose(other, inverse @ own, rtol=1e-14)
    directions = np.array([[1.0, 2.0, 0.5], [0.3, -1.0, 1.0], [0.2, 0.1, -2.0]])
    exact = plain.expressions.derivative(u, p, directions)
    assert_allclose(massed.expressions.derivative(u, p, directions), inverse @ exact, rtol=1e-13)
    diagonal = Problem.from_expressions(equations, {"p": 0.7}, mass={"y": 4.0})
    assert_allclose(diagonal.residual(u), plain.residual(u) / [1, 4], rtol=1e-14)


@pytest.mark.parametrize("way", ["text", "derivatives", "differences", "plain"])
def test_the_jacobian_of_a_singular_matrix(way):
    """On the constraint and off it; compiled and in numpy."""
    problem, given = colpitts(way), way in ("text", "derivatives")
    assert problem.check([0.9, 0.3, 0.1, -0.2])  # of F
    for u in ([0.95, 0.6, 3.0, 2.0], problem.solve([0.9957, 0.5, 19, -19]).state):
        u, p = np.array(u), problem.parameter_values()
        if given:
            assert check_derivatives(problem, u)
        residual, matrix = np.empty(4), np.empty((4, 4))
        problem.functions["residual"].python(u, p, residual)
        problem.functions["jacobian"].python(u, p, matrix)
        assert_allclose(problem.residual(u), residual, rtol=1e-6, atol=1e-10)
        differenced = np.empty((4, 4))
        for j, step in enumerate(1e-5 * np.eye(4)):
            differenced[:, j] = (problem.residual(u + step) - problem.residual(u - step)) / 2e-5
        size = np.max(np.abs(differenced))
        for own in (matrix, problem.jacobian(u)):
            assert_allclose(own, differenced, atol=(1e-6 if given else 1e-4) * size)


def test_equations_that_are_constraints_as_they_stand_hold_to_rounding():
    """The rows of a matrix that are zero are not mixed with others."""
    problem = Problem.from_expressions({"x": "p - z", "z": "z - 1e6*x"}, {"p": 1.0}, mass={"z": 0.0})
    assert_array_equal(problem.mass.left, np.eye(2))
    point = problem.solve([0.0, 0.0])
    assert point["z"] == 1.0
    assert point.unstable == 0


def test_it_is_stored_and_read_from_model_files(tmp_path):
    branch = equilibria(colpitts("text"))
    branch.save(tmp_path / "b.nc")
    again = Branch.load(tmp_path / "b.nc").problem
    assert_array_equal(again.mass.matrix, MATRIX)
    model = '[equations]\nx = "p - z"\nz = "z - 2*x"\n[parameters]\np = 1\n[start]\nx = 0\nz = 0\n[mass]\nz = 0\n'
    (tmp_path / "m.toml").write_text(model, "utf-8")
    problem = Problem.from_file(tmp_path / "m.toml")
    assert_array_equal(problem.mass.matrix, np.diag([1.0, 0.0]))
    assert problem.solve([0, 0]).unstable == 0
    (tmp_path / "m.toml").write_text(
        (tmp_path / "m.toml").read_text("utf-8").replace("[mass]\nz", "[mass]\nw"), "utf-8"
    )
    with pytest.raises(ValueError, match=r"m\.toml.*no state named 'w'"):
        Problem.from_file(tmp_path / "m.toml")


@pytest.mark.parametrize(
    ("mass", "words"),
    [
        (np.eye(3), r"wanted a matrix \(2, 2\) or a mapping of states to numbers"),
        (5.0, r"wanted a matrix \(2, 2\)"),
        ("abc", r"wanted a matrix \(2, 2\)"),
        (np.zeros((2, 2)), "all of it is zero"),
        ([[1.0, np.nan], [0.0, 1.0]], "wanted finite numbers"),
        ({"q": 1.0}, "no state named 'q'; this problem has x, z"),
        ({"x": "a"}, r"mass\['x'\]: wanted a number, got 'a'"),
        ({"x": np.inf}, "wanted finite numbers"),
    ],
)
def test_matrices_that_are_none(mass, words):
    with pytest.raises(ValueError, match=words):
        Problem.from_expressions({"x": "p - x", "z": "x - z"}, {"p": 1.0}, mass=mass)


def test_problems_that_take_none():
    for options, words in (
        ({"symmetric": True}, "wanted symmetric=False"),
        ({"stability": None}, "how the states move"),
    ):
        with pytest.raises(ValueError, match=words):
            Problem.from_expressions({"x": "p - x", "z": "x - z"}, {"p": 1.0}, mass={"z": 0}, **options)


@pytest.mark.parametrize("angle", [0.0, 0.3])
def test_constraints_that_tell_too_little_are_named(angle):
    """x' = p - z, 0 = x - 1, with equations and states turned or not."""
    c, s = math.cos(angle), math.sin(angle)
    x, z = f"({c!r}*u + {s!r}*v)", f"(-{s!r}*u + {c!r}*v)"
    first, second = f"(p - {z})", f"({x} - 1)"
    texts = {"u": f"{c!r}*{first} - {s!r}*{second}", "v": f"{s!r}*{first} + {c!r}*{second}"}
    turn = np.array([[c, -s], [s, c]])
    problem = Problem.from_expressions(texts, {"p": 1.0}, mass=turn @ np.diag([1.0, 0.0]) @ turn.T)
    start = turn @ [1.0, 1.0]
    for asked in (lambda: problem.solve(start), lambda: trace(problem, start, "p", (0, 2))):
        with pytest.raises(StartError, match="do not determine as many states"):
            asked()


def test_what_is_wrong_in_the_text_is_told_first():
    problem = Problem.from_expressions({"x": "a - log(x)", "z": "z - x"}, {"a": 0.0}, mass={"z": 0})
    with pytest.raises(StartError, match=r"log\(x\) is log\(-1\)"):
        problem.solve([-1.0, -1.0])


@pytest.mark.parametrize("unit", [1.0, 1e-12, 1e12])
def test_the_rank_does_not_hang_on_units(unit):
    made = Problem.from_expressions({"x": "p - x", "y": "x - y"}, {"p": 1.0}, mass=[[1.0, unit], [1.0, 3 * unit]])
    assert made.mass.is_regular
    made = Problem.from_expressions({"x": "p - x", "y": "x - y"}, {"p": 1.0}, mass=[[1.0, unit], [2.0, 2 * unit]])
    assert made.mass.rank == 1
