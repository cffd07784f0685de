"""Normal equations, plain, polar and in families: derivatives, symmetries, branches through zero length."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation import Kind, Status, trace
from systems.relu import even_teachers, normal_equations, polar_equations, two_teachers
from systems.relu.equations.cartesian import student_permutations, teacher_rotations
from systems.relu.equations.polar import polar_state
from systems.relu.population_loss.population import gradient, hessian, loss, network

BUILDERS = {"plain": normal_equations, "polar": polar_equations}


def data(rng, size=3, count=2, d=3):
    return {
        "teachers": rng.standard_normal((count, d)),
        "students": size,
        "a": rng.standard_normal(size),
        "b": rng.standard_normal(count),
        "lam": 0.1,
        "alpha": 0.3,
    }


@pytest.mark.parametrize("form", BUILDERS)
@pytest.mark.parametrize("shape", [(1, 1, 2), (3, 2, 3), (2, 3, 2)])
def test_derivatives(form, shape, rng):
    assert BUILDERS[form](**data(rng, *shape)).check().ok


@pytest.mark.parametrize(
    "problem", [two_teachers(3, b2=0.7, lam=0.1, alpha=0.2), even_teachers(3, 2, cosine=0.2, amplitude=0.7)]
)
def test_derivatives_of_families(problem):
    assert problem.check().ok


def test_residual_jacobian_and_names(rng):
    given = data(rng)
    problem, W = normal_equations(**given), rng.standard_normal((3, 3))
    net = network(given["teachers"], 3, given["a"], given["b"], lam=0.1, alpha=0.3)
    assert problem.compiled
    assert problem.symmetric
    assert_allclose(problem.residual(W.ravel()), -gradient(W, net).ravel(), rtol=0, atol=1e-15)
    assert_allclose(problem.jacobian(W.ravel()), -hessian(W, net), rtol=0, atol=1e-15)
    assert problem.states[:4] == ("w[0,0]", "w[0,1]", "w[0,2]", "w[1,0]")
    assert list(problem.parameters) == [
        "lam",
        "alpha",
        "b[0]",
        "b[1]",
        *(f"v[{k},{i}]" for k in (0, 1) for i in (0, 1, 2)),
    ]
    moved = given["teachers"].copy()
    moved[1, 2] = 5.0
    expected = -gradient(W, network(moved, 3, given["a"], given["b"], lam=0.1, alpha=0.3)).ravel()
    assert_allclose(problem.residual(W.ravel(), {"v[1,2]": 5.0}), expected, rtol=0, atol=1e-14)


def test_families_are_the_plain_equations(rng):
    u = rng.standard_normal(6)
    t = 1.1
    V = [[math.cos(t / 2), math.sin(t / 2), 0], [math.cos(t / 2), -math.sin(t / 2), 0]]
    plain = normal_equations(V, 2, b=[1, 0.6], lam=0.2, alpha=0.1)
    assert_allclose(two_teachers(3, angle=t, b2=0.6, lam=0.2, alpha=0.1).residual(u), plain.residual(u), atol=1e-15)
    gram = np.full((3, 3), 0.3) + 0.7 * np.eye(3)
    values, vectors = np.linalg.eigh(gram)
    root = (vectors * np.sqrt(values)) @ vectors.T
    plain = normal_equations(root, 2, b=[1, 1, 0.6], lam=0.2, alpha=0.1)
    even = even_teachers(3, 2, cosine=0.3, amplitude=0.6, lam=0.2, alpha=0.1)
    assert_allclose(even.residual(u), plain.residual(u), rtol=0, atol=1e-14)


def test_permutations_and_rotations_are_declared():
    assert normal_equations(np.eye(4), 4).symmetry.order == 24
    assert normal_equations(np.eye(2), 3, a=[1, 2, 1]).symmetry.order == 2
    assert normal_equations(np.eye(2), 7).symmetry.order == 1  # 5040 are too many to list
    assert len(normal_equations(np.eye(5)[:2], 2, rotations=True).symmetry.continuous) == 3  # so(3)
    assert student_permutations([1.0, 2.0], 3) == []
    with pytest.raises(ValueError, match="the 2 teachers leave 1 of 3 dimensions"):
        teacher_rotations(np.eye(3)[:2], 2)


def test_branch_in_a_teacher_entry_follows_the_global_minimum():
    problem = normal_equations(np.eye(2), 2)
    branch = trace(problem, [1, 0, 0, 1], "v[1,0]", (-0.5, 3.0))
    assert branch.ends == (Status.LIMIT, Status.LIMIT)
    assert_allclose(branch["w[1,0]"], branch.parameter, rtol=0, atol=1e-9)
    assert np.abs(branch["L"]).max() < 1e-12
    assert not branch.unstable.any()


def test_weight_decay_of_one_student_in_closed_form():
    branch = trace(normal_equations([[2.0, 0.0]], 1), [2.0, 0.0], "lam", (0, 5))
    assert_allclose(branch["w[0,0]"], 2 / (1 + 2 * branch["lam"]), rtol=1e-9)


def test_plain_branch_ends_at_zero_length_polar_passes():
    # teachers mirrored about an axis, a third one along it: rho = (2 h(t) + pi b2) / pi passes through zero
    t = 1.0
    V = np.array([[math.cos(t), math.sin(t)], [math.cos(t), -math.sin(t)], [1.0, 0.0]])
    overlap = math.sin(t) + (math.pi - t) * math.cos(t)
    crossing = -2 * overlap / math.pi
    start = [2 * overlap / math.pi + 1, 0.0]
    stopped = trace(normal_equations(V, 1), start, "b[2]", (-2, 1), direction=-1)
    passed = trace(polar_equations(V, 1), polar_state([start]), "b[2]", (-2, 1), direction=-1)
    assert Status.LIMIT not in stopped.ends[:1]
    assert abs(stopped.parameter.min() - crossing) < 1e-3
    assert passed.ends[0] is Status.LIMIT
    assert_allclose(passed["rho[0]"], passed.parameter - crossing, rtol=0, atol=1e-12)
    assert passed["rho[0]"].min() < -0.3
    for row in (0, len(passed) - 1):  # negative length: the network with output weight -1
        rho, b2 = passed["rho[0]"][row], passed.parameter[row]
        net = network(V, 1, a=[math.copysign(1, rho)], b=[1, 1, b2])
        W = [[abs(rho), 0.0]]
        assert np.abs(gradient(W, net)).max() < 1e-12
        assert abs(loss(W, net) - passed["L"][row]) < 1e-12
        assert passed.unstable[row] == np.sum(np.linalg.eigvalsh(hessian(W, net)) < -1e-9)


def test_polar_residual_is_the_gradient_in_polar_coordinates(rng):
    given = data(rng)
    W = rng.standard_normal((3, 3))
    G = gradient(W, network(given["teachers"], 3, given["a"], given["b"], lam=0.1, alpha=0.3))
    problem, u = polar_equations(**given), polar_state(W)
    e, radial = u[3:].reshape(3, 3), np.sum(G * u[3:].reshape(3, 3), axis=1)
    F = problem.residual(u)
    assert_allclose(F[:3], -radial, rtol=0, atol=1e-14)
    assert_allclose(F[3:].reshape(3, 3), radial[:, None] * e - G, rtol=0, atol=1e-14)


@pytest.mark.parametrize("form", BUILDERS)
def test_degenerate_input(form):
    with pytest.raises(ValueError, match="teachers: wanted finite entries"):
        BUILDERS[form]([[math.nan, 0.0]], 1)
    with pytest.raises(ValueError, match="b: wanted 1 finite numbers"):
        BUILDERS[form]([[1.0, 0.0]], 1, b=[1.0, 2.0])
    with pytest.raises(ValueError, match="students"):
        BUILDERS[form]([[1.0, 0.0]], 1.5)


def test_bad_input():
    for problem in (normal_equations(np.eye(2), 2), two_teachers(), even_teachers(2)):
        for use in (problem.residual, problem.jacobian, problem.solve, lambda u, p=problem: trace(p, u, "lam")):
            with pytest.raises(ValueError, match="student 0 is zero, where the gradient is discontinuous; polar_equat"):
                use([0, 0, 1, 0])
    with pytest.raises(ValueError, match="student 1 is zero and has no direction"):
        polar_state([[1.0, 0.0], [0.0, 0.0]])
    with pytest.raises(ValueError, match=r"angle in \[0, pi\], got 3.5"):
        two_teachers(angle=3.5)
    with pytest.raises(ValueError, match="d=...*at least 2"):
        two_teachers(1)
    with pytest.raises(ValueError, match=r"wanted one in \(-0.5, 1\), got -0.6"):
        even_teachers(3, cosine=-0.6)
    with pytest.raises(ValueError, match="count=..."):
        even_teachers(1)


def test_cosine_branch_of_the_global_minimum():
    branch = trace(even_teachers(3), np.eye(3).ravel(), "cosine", (-0.45, 0.95))
    assert branch.ends == (Status.LIMIT, Status.LIMIT)
    assert np.abs(branch["L"]).max() < 1e-12
    assert [p.kind for p in branch.special] == [Kind.END, Kind.END]


BY_NAME = [
    (
        normal_equations(np.eye(2), 2),
        (1, 0, 0, 1),
        {"lam": 0.3, "alpha": 0.4, "b[1]": 1.4, "v[0,1]": 0.3, "v[1,1]": 1.5},
    ),
    (normal_equations(np.eye(3)[:2], 3, lam=0.1), None, {"lam": 0.2, "alpha": 0.2, "b[0]": 1.2, "v[1,2]": 0.2}),
    (two_teachers(), (math.sqrt(0.5),) * 3 + (-math.sqrt(0.5),), {"angle": 1.8, "b2": 0.7, "lam": 0.1, "alpha": 0.3}),
    (even_teachers(3), np.eye(3).ravel(), {"cosine": 0.3, "amplitude": 0.7, "lam": 0.1, "alpha": 0.2}),
    (polar_equations(np.eye(2), 2), (1, 1, 1, 0, 0, 1), {"lam": 0.3, "alpha": 0.4, "b[1]": 1.4, "v[0,1]": 0.3}),
]


@pytest.mark.parametrize(
    ("problem", "start", "vary", "value"),
    [(problem, start, name, value) for problem, start, ends in BY_NAME for name, value in ends.items()],
    ids=[f"{problem.name}, {name}" for problem, _, ends in BY_NAME for name in ends],
)
def test_every_parameter_varies_by_name(problem, start, vary, value, rng):
    """A branch in each parameter; at its end another problem's loss is critical, by differences, and F_u symmetric."""
    if start is None:
        start = problem.solve([1.0, 0.1, 0.0, 0.0, 0.9, 0.1, 0.3, 0.3, -0.2]).state
    first = problem.parameters[vary]
    branch = trace(problem, start, vary, (min(first, value), max(first, value)))
    (point,) = branch.at(**{vary: value})
    assert problem.smoothness == 2
    assert problem.symmetry.order > 1
    p = problem.parameter_values(point.parameters)
    for u in (point.state, *(point.state + 0.3 * rng.standard_normal((2, point.state.size)))):
        J = problem.jacobian(u, point.parameters)
        if problem.symmetric:
            assert_allclose(J, J.T, rtol=0, atol=1e-15 * max(1.0, np.abs(J).max()))
    if problem.states[0].startswith("w"):
        step = 1e-6 * np.eye(point.state.size)
        slope = [problem.outputs["L"](point.state + s, p) - problem.outputs["L"](point.state - s, p) for s in step]
        assert np.abs(slope).max() / 2e-6 < 1e-8


def test_symmetries_are_declared_in_every_form():
    assert polar_equations(np.eye(2), 3, a=[1, 2, 1]).symmetry.order == 2
    assert even_teachers(4).symmetry.order == 24 * 6  # students, and all teachers but the last
    assert even_teachers(7).symmetry.order == 1
    assert two_teachers(4).symmetry.order == 8


def test_a_student_passes_through_zero_with_its_teacher():
    """The global minimum of two students as the second teacher's output weight changes sign: rho_2 = b_2."""
    branch = trace(polar_equations(np.eye(2), 2), polar_state(np.eye(2)), "b[1]", (-0.5, 1))
    assert branch.ends == (Status.LIMIT, Status.LIMIT)
    assert_allclose(branch["rho[1]"], branch["b[1]"], rtol=0, atol=1e-12)
    assert np.abs(branch["L"]).max() < 1e-14
    (point,) = branch.branch_points  # a student without length may point anywhere
    assert abs(point["b[1]"]) < 1e-12
    with pytest.raises(ValueError, match="student 1 is zero"):
        normal_equations(np.eye(2), 2).solve(point.state[2:] * np.repeat(np.maximum(point.state[:2].round(9), 0), 2))
