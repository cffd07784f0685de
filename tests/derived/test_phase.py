"""Circles and tori of solutions as isolated points: closed forms, relative equilibria, the pitchfork of revolution."""

import cmath
import logging
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.linalg import expm

from continuation import Branch, Kind, Problem, Settings, trace
from continuation.ground.points import Start
from continuation.symmetries.symmetry import Symmetry
from systems.characteristic import characteristic_equation, normal_logarithm

QUARTER = np.array([[0.0, -1.0], [1.0, 0.0]])
PLANE = {"x": "({0})*x - w*y", "y": "({0})*y + w*x"}


def turn(u):
    """Rotation of the first two states."""
    return np.concatenate([QUARTER @ u[:2], np.zeros(len(u) - 2)])


def circle(rate="mu - (x**2 + y**2)", more=None, **options):
    equations = {name: text.format(rate) for name, text in PLANE.items()} | (more or {})
    return Problem.from_expressions(equations, {"mu": 1.0, "w": 0.0}, symmetries=[turn], **options)


def conjugation(u):
    """``[J, C]`` for a matrix C (2, 2), row by row."""
    c = u.reshape(2, 2)
    return (QUARTER @ c - c @ QUARTER).ravel()


def left(u, p):
    """``J - F^{-1} J F`` of the characteristic equation, row by row; T = p[1]."""
    t = p[1]
    c, s = math.cos(t * (u[2] - u[1])), math.sin(t * (u[2] - u[1]))
    half = 0.5 * t * (u[0] - u[3])
    root, grow = cmath.sqrt(complex(half * half + t * t * u[1] * u[2], 0.0)), math.exp(0.5 * t * (u[0] + u[3]))
    even = grow * cmath.cosh(root).real
    odd = grow * (cmath.sinh(root) / root).real if abs(root) > 1e-8 else grow
    a, b, d, e = even + odd * half, odd * t * u[2], odd * t * u[1], even - odd * half
    f, g, h, k = c * a - s * d, c * b - s * e, s * a + c * d, s * b + c * e
    out, det = np.empty(4), f * k - g * h
    out[0], out[1] = (k * h + g * f) / det, -1.0 + (k * k + g * g) / det
    out[2], out[3] = 1.0 - (h * h + f * f) / det, -(h * k + f * g) / det
    return out


def first_side_start(problem, point, direction):
    """A start along a direction of the states from a branch point, the parameter stationary."""
    x, weights = point.unknowns.copy(), problem.inner_weights()
    tangent = np.zeros(len(x))
    tangent[: len(direction)] = direction
    tangent /= np.sqrt(np.sum(weights * tangent**2))
    p = problem.parameter_values(point.parameters)
    return Start(x, tangent, p, point.vary[0], outward=True, problem=problem, origin=point)


@pytest.mark.parametrize("reference", [[1.0, 0.0], [0.6, 0.8], {"x": 0.0, "y": -2.0}])
def test_radius_of_the_circle(reference):
    problem = circle().isolated(reference)
    assert problem.compiled
    assert problem.check(parameters={"w": 0.3})
    start = np.array(list(reference.values()) if isinstance(reference, dict) else reference)
    branch = trace(problem, start / np.linalg.norm(start), "mu", (0.01, 4.0))
    assert_allclose(np.hypot(branch["x"], branch["y"]), np.sqrt(branch["mu"]), atol=1e-12)
    assert np.max(np.abs(branch["tau"])) < 1e-14
    assert np.all(branch.unstable == 0)
    assert np.all(branch.nullity == 0)
    assert branch.check()
    assert branch.state_names == ("x", "y")
    assert branch.unknowns.shape[1] == 4
    assert not branch.branch_points
    assert not branch.folds


def test_without_a_phase_condition_the_circle_can_not_be_traced():
    problem = circle()
    assert abs(np.linalg.det(problem.jacobian([1.0, 0.0]))) < 1e-14
    assert abs(np.linalg.det(problem.isolated([1.0, 0.0]).jacobian([1.0, 0.0, 0.0]))) > 0.1


def test_fold_of_circles():
    """``r' = (mu + r**2 - r**4) r``: circles with r**2 = 1/2 -+ sqrt(1/4 + mu), the small ones unstable."""
    problem = circle("mu + (x**2 + y**2) - (x**2 + y**2)**2").isolated([0.0, 1.0])
    branch = trace(problem, [0.0, math.sqrt(0.5 + math.sqrt(0.25 - 0.1))], "mu", (-1.0, -0.01), parameters={"mu": -0.1})
    (fold,) = branch.folds
    assert fold["mu"] == pytest.approx(-0.25, abs=1e-12)
    assert fold["y"] ** 2 == pytest.approx(0.5, abs=1e-9)
    large = np.hypot(branch["x"], branch["y"]) ** 2 > 0.5 + 1e-6
    small = np.hypot(branch["x"], branch["y"]) ** 2 < 0.5 - 1e-6
    assert np.all(branch.unstable[large] == 0)
    assert np.all(branch.unstable[small] == 1)
    assert large.any()
    assert small.any()


def test_stability_agrees_with_the_full_spectrum_less_the_neutral_eigenvalue():
    """Ginzburg-Landau with a mean field: r**2 = mu + c, c = r**2/2 and a third state with its own rate."""
    base = circle("mu - (x**2 + y**2) + c", more={"c": "(x**2 + y**2)/2 - c + c**3/20"})
    problem = base.isolated([1.0, 0.0, 0.0])
    branch = trace(problem, [1.4, 0.0, 1.0], "mu", (0.1, 3.0), settings=Settings(max_points=60))
    assert branch.check()
    assert np.max(np.abs(branch["tau"])) < 1e-12
    assert_allclose(branch["x"] ** 2, branch["mu"] + branch["c"], atol=1e-10)
    for row in range(0, len(branch), 5):
        values = np.linalg.eigvals(base.jacobian(branch.states[row], {"mu": branch.parameter[row]}))
        neutral = np.argmin(np.abs(values))
        assert abs(values[neutral]) < 1e-8
        assert branch.unstable[row] == np.sum(np.delete(values, neutral).real > 0)
    assert set(branch.unstable) == {0, 1}  # the mean field folds back


@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_scaled_equations(scale):
    problem = circle(f"{scale}*(mu - (x**2 + y**2))").isolated([1.0, 1.0])
    branch = trace(problem, [0.7, 0.7], "mu", (0.01, 4.0))
    assert_allclose(np.hypot(branch["x"], branch["y"]), np.sqrt(branch["mu"]), atol=1e-10)


def test_a_rotating_wave_is_traced_and_said_to_drift(caplog):
    problem = circle().isolated([0.6, 0.8])
    with caplog.at_level(logging.WARNING, "continuation"):
        branch = trace(problem, [0.6, 0.8], "w", (-1.0, 2.0))
    assert_allclose(branch["tau"], -branch["w"], atol=1e-12)
    assert_allclose(np.hypot(branch["x"], branch["y"]), 1.0, atol=1e-12)
    assert np.all(branch.unstable == 0)
    assert "the auxiliary unknown does not vanish: |tau| up to 2" in caplog.text


def test_phase_oscillators_drift_at_their_mean_frequency():
    """Kuramoto's model: the group shifts all phases, ``K(u) = (1, 1, 1)``."""
    equations = {
        f"t{i}": f"w{i} + s*(" + " + ".join(f"sin(t{j} - t{i})" for j in range(3) if j != i) + ")" for i in range(3)
    }
    frequencies = {"w0": 0.3, "w1": 0.1, "w2": -0.1}
    base = Problem.from_expressions(equations, {"s": 1.0, **frequencies}, symmetries=[np.ones_like])
    branch = trace(base.isolated([0.0, 0.0, 0.0]), [0.1, 0.0, -0.1], "s", (0.3, 2.0))
    assert_allclose(branch["tau"], -0.1, atol=1e-13)
    assert_allclose(branch.states.sum(axis=1), 0.0, atol=1e-13)  # the phase condition
    assert branch.check()
    assert np.all(branch.unstable == 0)


def test_a_torus_needs_two_phase_conditions():
    equations = {name + i: f"(mu*{i} - (x{i}**2 + y{i}**2))*{name}{i}" for i in "12" for name in "xy"}
    both = [
        lambda u: np.array([-u[1], u[0], 0.0, 0.0]),
        lambda u: np.array([0.0, 0.0, -u[3], u[2]]),
    ]
    names = ["x1", "y1", "x2", "y2"]
    base = Problem.from_expressions({name: equations[name] for name in names}, {"mu": 1.0}, symmetries=both)
    problem = base.isolated([1.0, 0.0, 1.0, 1.0])
    branch = trace(problem, [1.0, 0.0, 1.0, 1.0], "mu", (0.1, 3.0))
    assert_allclose(np.hypot(branch["x1"], branch["y1"]), np.sqrt(branch["mu"]), atol=1e-11)
    assert_allclose(np.hypot(branch["x2"], branch["y2"]), np.sqrt(2 * branch["mu"]), atol=1e-11)
    assert np.max(np.abs([branch["tau[0]"], branch["tau[1]"]])) < 1e-13
    assert np.all(branch.unstable == 0)
    one = base.isolated([0.0, 0.0, 1.0, 0.0], generators=[1])  # the first oscillator rests
    resting = trace(one, [0.0, 0.0, 1.4, 0.0], "mu", (0.1, 3.0))
    assert np.all(resting.unstable == 2)


def test_downstream_of_an_isolated_branch(tmp_path):
    base = circle(outputs={"r2": "x**2 + y**2"}, zeros={"level": "x**2 + y**2 - 2"}, weights=[0.5, 0.5, 1.0])
    problem = base.isolated([1.0, 0.0])
    branch = trace(problem, [1.0, 0.0], "mu", (0.5, 3.0))
    assert_allclose(branch["r2"], branch["mu"], atol=1e-12)
    (level,) = [point for point in branch.special if point.kind is Kind.USER]
    assert level["mu"] == pytest.approx(2.0, abs=1e-9)
    (at,) = branch.at(x=1.5)
    assert at["mu"] == pytest.approx(2.25, abs=1e-13)
    assert at["tau"] == pytest.approx(0.0, abs=1e-14)
    branch.save(tmp_path / "b.nc")
    back = Branch.load(tmp_path / "b.nc")
    assert_allclose(back["tau"], branch["tau"], rtol=0)
    longer = back.extend(problem, span=(0.5, 4.0))
    assert longer.parameter.max() == 4.0
    assert longer.check()
    assert_allclose(branch["norm"], np.sqrt(branch["mu"] / 2), atol=1e-12)


# The pitchfork of revolution


def test_circles_leave_the_origin_in_one_direction_modulo_the_group():
    base = circle()
    trunk = trace(base, [0.0, 0.0], "mu", (-1.0, 1.0))
    (point,) = trunk.branch_points
    assert point.nullity == 2
    assert abs(point["mu"]) < 1e-12
    (direction,) = base.symmetry.slice(point, point.null_vectors)
    problem = base.isolated(point, direction=direction)
    trunk = trace(problem, [0.0, 0.0], "mu", (-1.0, 1.0))
    (point,) = trunk.branch_points
    assert point.nullity == 1
    assert abs(point["mu"]) < 1e-12
    assert trunk.unstable[0] == 0
    assert trunk.unstable[-1] == 2
    side = trace(problem, first_side_start(problem, point, direction), "mu", (-1.0, 1.0))
    assert side.parameter[-1] == 1.0
    assert_allclose(np.hypot(side["x"], side["y"]) ** 2, side["mu"], atol=1e-11)
    assert np.all(side.unstable[1:] == 0)
    assert np.max(np.abs(side["tau"])) < 1e-12


def test_slices():
    names = ("x", "y", "z")
    generators = [lambda u, a=a: np.cross(np.eye(3)[a], u) for a in range(3)]
    sphere = Symmetry(names, generators)
    assert sphere.slice(np.zeros(3), np.eye(3)).shape == (1, 3)
    assert sphere.fixing(np.zeros(3)).shape == (3, 3)
    around = sphere.fixing([0.0, 0.0, 2.0])
    assert_allclose(np.abs(around), [[0.0, 0.0, 1.0]], atol=1e-12)
    assert_allclose(sphere.slice([0.0, 0.0, 2.0], np.eye(3)), [[0, 0, 1]], atol=1e-12)  # the orbit is the sphere
    one = Symmetry(names, generators[2:])
    assert_allclose(one.slice([0.0, 0.0, 1.0], [[3.0, 4.0, 0.0], [4.0, -3.0, 0.0]]) @ [0, 0, 1.0], 0.0, atol=1e-12)
    assert_allclose(one.slice([1.0, 0.0, 0.0], np.eye(3)), [[1, 0, 0], [0, 0, 1]], atol=1e-12)  # not along the orbit
    assert one.slice([0.0, 0.0, 1.0], [[0.0, 0.0, 1.0]]).shape == (1, 3)
    with pytest.raises(ValueError, match="does not map these directions to themselves"):
        one.slice([0.0, 0.0, 1.0], [[1.0, 0.0, 0.0]])
    with pytest.raises(ValueError, match="basis: wanted"):
        one.slice([0.0, 0.0, 1.0], [[1.0, 0.0]])


def test_a_lost_phase_is_said(caplog):
    problem = circle().isolated([1.0, 0.0])
    with caplog.at_level(logging.WARNING, "continuation"):
        trace(problem, [1.0, 0.0], "mu", (-1.0, 2.0))
    assert "the phase condition is lost near row" in caplog.text


# The characteristic equation


def test_left_vector_of_the_characteristic_equation(rng):
    problem = characteristic_equation(QUARTER)
    for _ in range(5):
        c, values = rng.normal(size=(2, 2)), {"lam": 0.2, "T": 1.3}
        f = expm(1.3 * (c - c.T)) @ expm(1.3 * c.T)
        row = left(c.ravel(), problem.parameter_values(values))
        assert_allclose(row.reshape(2, 2), QUARTER - np.linalg.solve(f, QUARTER @ f), atol=1e-12)
        assert abs(row @ problem.residual(c.ravel(), values)) < 1e-12 * np.linalg.norm(row) * (
            1 + np.linalg.norm(f) ** 2
        )


def characteristic_circles():
    """Normal branch n = -1 for a quarter turn, its pitchfork of revolution, and the circles that leave it."""
    base = characteristic_equation(QUARTER).with_symmetries([conjugation])
    settings = Settings(max_step=0.05, max_points=120)
    trunk = trace(base, normal_logarithm(QUARTER, -1).ravel(), "lam", (0.0, 0.2), direction=1, settings=settings)
    (point,) = trunk.branch_points
    (direction,) = base.symmetry.slice(point, point.null_vectors)
    problem = base.isolated(point, left=[left], direction=direction)
    near = {"lam": point["lam"] + 0.005}
    (inner,) = trace(
        problem, base.solve(point, near), "lam", (0.01, 0.04), settings=Settings(max_step=0.05)
    ).branch_points
    side = trace(problem, first_side_start(problem, inner, direction), "lam", (0.0, 0.3), settings=settings)
    return base, trunk, point, problem, side


def test_circles_of_the_characteristic_equation(caplog):
    base, trunk, point, problem, side = characteristic_circles()
    assert trunk.folds[0]["lam"] == pytest.approx(0.1453871092987150, abs=1e-12)
    assert point.nullity == 2
    assert point.null_vectors.shape == (2, 4)
    a, w, lam = point["C[0,0]"], point["C[1,0]"], point["lam"]
    assert w / math.tan(w) == pytest.approx(a - math.exp(2 * a) / lam, abs=1e-9)
    assert problem.compiled
    assert side.check()
    assert np.max(np.abs(side["tau"])) < 1e-12
    costs = sorted(found["J"] for found in side.at(lam=0.1))
    assert costs[0] == pytest.approx(1.892605979581985, abs=1e-13)
    circle_point = min(side.at(lam=0.1), key=lambda found: found["J"])
    rotated = expm(0.7 * QUARTER) @ circle_point.state.reshape(2, 2) @ expm(-0.7 * QUARTER)
    assert np.max(np.abs(base.residual(rotated.ravel(), {"lam": 0.1}))) < 1e-13
    values = np.linalg.svd(base.jacobian(circle_point, {"lam": 0.1}), compute_uv=False)
    assert values[-1] < 1e-12 * values[0] < values[-2]
    follow = base.isolated(circle_point, left=[left])  # the reference is now a point on the circles
    again = trace(follow, circle_point, "lam", (0.05, 0.3))
    assert again.check()
    assert np.max(np.abs(again["tau"])) < 1e-12
    assert again.folds[0]["lam"] == pytest.approx(side.folds[0]["lam"], abs=1e-10)
    assert min(found["J"] for found in again.at(lam=0.1)) == pytest.approx(costs[0], abs=1e-13)
    assert again.folds[0]["lam"] > trunk.folds[0]["lam"]  # the circles live on past the fold of the normal branch


def test_artefacts_of_the_phase_condition_are_named(caplog):
    base, trunk, point, problem, _ = characteristic_circles()
    start = base.solve(point, {"lam": point["lam"] + 0.005})
    with caplog.at_level(logging.WARNING, "continuation"):
        branch = trace(problem, start, "lam", (0.01, 0.3), settings=Settings(max_step=0.05))
    true = [found for found in branch.branch_points if abs(found["lam"] - point["lam"]) < 1e-9]
    false = [found.label for found in branch.branch_points if found not in true]
    assert len(true) == 1
    assert false
    assert f"{', '.join(false)}: artefacts of the phase condition" in caplog.text
    for label in false:  # the base has no two-dimensional kernel there
        values = np.linalg.svd(base.jacobian(branch[label], branch[label].parameters), compute_uv=False)
        assert values[-1] > 1e-3 * values[0]


def test_states_that_a_continuous_group_fixes_make_a_problem_of_their_own():
    base = circle("mu - (x**2 + y**2) + c", more={"c": "mu - c + (x**2 + y**2)"})
    small = base.restricted([turn])
    assert small.unknown_names == ("c",)
    branch = trace(small, [0.0, 0.0, 1.0], "mu", (0.0, 2.0))
    assert_allclose(branch["c"], branch["mu"], atol=1e-12)
    assert_allclose(branch.states[:, :2], 0.0, atol=0)


# Bad input


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"reference": [0.0, 0.0]}, r"reference: symmetries\[0\] \(turn\) fixes this state"),
        ({"reference": [1.0]}, "wanted 2 values"),
        ({"left": []}, "left: wanted one entry for each of 1 generators, got 0"),
        ({"left": [[1.0, 2.0, 3.0]]}, r"left\[0\]: wanted 2 values"),
        ({"left": [lambda u, p: u[:1]]}, r"left\[0\]: wanted left\(u, p\) -> 2 finite values"),
        ({"left": [lambda u, p: np.array([1.0, 0.5])]}, r"left\[0\]: wanted a vector orthogonal to the residual"),
        ({"direction": [1.0, 0.0, 0.0], "reference": [0.0, 0.0]}, "direction: wanted 2 values"),
        ({"generators": [1]}, "generators: wanted numbers below 1"),
        ({"generators": []}, "generators: wanted at least one"),
    ],
)
def test_bad_input(options, words):
    options = {"reference": [1.0, 0.0], **options}
    with pytest.raises(ValueError, match=words):
        circle().isolated(options.pop("reference"), **options)


def test_problems_without_the_group_are_refused():
    with pytest.raises(ValueError, match="no continuous symmetry"):
        Problem.from_expressions({"x": "mu - x"}, {"mu": 1.0}).isolated([1.0])
    with pytest.raises(ValueError, match=r"does not respect the generator symmetries\[0\] \(turn\)"):
        circle("mu - x**2 - 2*y**2")
    imperfect = circle("mu - (x**2 + y**2) + w*x")  # broken where w is not 0
    with pytest.raises(ValueError, match="does not respect the generator"):
        trace(imperfect.isolated([1.0, 0.0]), [1.0, 0.0], "w", (0.0, 1.0))


def test_dependent_generators_are_refused():
    base = Problem.from_expressions(
        {"x": "mu*x - (x**2 + y**2)*x", "y": "mu*y - (x**2 + y**2)*y"}, {"mu": 1.0}, symmetries=[turn, turn]
    )
    with pytest.raises(ValueError, match="dependent"):
        base.isolated([1.0, 0.0])
    assert base.isolated([1.0, 0.0], generators=[0]).check()


@pytest.mark.parametrize("compiled", [None, False])
def test_the_check_of_generators_copes_with_fast_functions_without_a_jacobian(compiled):
    def f(u, p, out):
        r = np.sin(40 * (u[0] ** 2 + u[1] ** 2))
        out[0], out[1] = p[0] * u[0] - r * u[0] - p[1] * u[1] ** 3, p[0] * u[1] - r * u[1]

    base = Problem(f, ("x", "y"), {"mu": 1.0, "w": 0.0}, symmetries=[turn], compiled=compiled)
    assert base.isolated([1.0, 0.0]).compiled == base.compiled
    with pytest.raises(ValueError, match="does not respect the generator"):
        Problem(f, ("x", "y"), {"mu": 1.0, "w": 1e-3}, symmetries=[turn], compiled=compiled)


def test_generators_of_different_scales():
    small = Symmetry(("x", "y", "z"), [turn, lambda u: 1e-9 * np.array([0.0, -u[2], u[1]])])
    assert small.fixing([1.0, 1.0, 1.0]).shape == (0, 2)
    assert small.fixing([1.0, 0.0, 0.0]).shape == (1, 2)
    assert_allclose(np.abs(small.fixing([1.0, 0.0, 0.0])), [[0.0, 1.0]], atol=1e-12)
