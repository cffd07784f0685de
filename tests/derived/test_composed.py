"""Problems made from others at single points: restrictions, circles isolated, what respects a symmetry; no engine."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation.derived.equivariance import (
    breaking_parameters,
    check_respected,
    continuous_part,
    random_states,
    slope_along,
    worst_violation,
)
from continuation.derived.isolated import isolated
from continuation.derived.phase import check_left, check_vector, phase_rows, transversal
from continuation.derived.restricted import restricted
from continuation.equations.derivatives import evaluate, parameter_column, state_jacobian
from continuation.equations.equations import Equations
from continuation.symmetries.generators import affine_generator
from continuation.symmetries.symmetry import Symmetry

NAMES = ("x", "y", "z")
TURN = affine_generator("K", lambda u: np.array([-u[1], u[0], 0.0]), 3)


def made(f, symmetries=(), n=3, **options):
    names = NAMES[:n]
    return Equations(f, names, {"mu": 0.5, "q": 1.0}, compiled=False, symmetry=Symmetry(names, symmetries), **options)


def cells(u, p, out):
    """Three equal cells, each pulled towards the mean."""
    out[:] = p[0] * u - u**3 + p[1] * (np.sum(u) - 3 * u)


def cells_jacobian(u, p, out):
    out[:] = np.diag(p[0] - 3 * u**2 - 3 * p[1]) + p[1]


def normal_form(u, p, out):
    """``z' = (mu + i) z - |z|**2 z`` with a third variable that goes its own way."""
    square = u[0] ** 2 + u[1] ** 2
    out[0] = (p[0] - square) * u[0] - p[1] * u[1]
    out[1] = (p[0] - square) * u[1] + p[1] * u[0]
    out[2] = square - u[2]


SWAP, CYCLE = ("y", "x", "z"), ("y", "z", "x")


# Symmetries respected or not


def test_what_is_respected_passes_and_what_is_broken_is_named():
    check_respected(made(cells), Symmetry(NAMES, [SWAP, CYCLE]))

    def uneven(u, p, out):
        cells(u, p, out)
        out[1] += 0.1 * u[2]

    with pytest.raises(ValueError, match=r"does not respect symmetries\[0\], the element \(x y\).*equation of"):
        check_respected(made(uneven), Symmetry(NAMES, [SWAP]))
    with pytest.raises(ValueError, match="does not respect the generator"):
        check_respected(made(cells), Symmetry(NAMES, [lambda u: np.array([-u[1], u[0], 0.0])]))
    check_respected(made(normal_form), Symmetry(NAMES, [lambda u: np.array([-u[1], u[0], 0.0])]))


def test_the_violation_is_relative_to_the_residual():
    def nearly(u, p, out):
        cells(u, p, out)
        out[0] *= 1 + 1e-3
        out *= 1e-20

    worst = worst_violation(made(nearly), Symmetry(NAMES, [SWAP]), np.array([0.5, 1.0]))
    assert worst.size == pytest.approx(1e-3, rel=0.1)
    assert worst.state in ("x", "y")


def test_parameters_that_break_a_symmetry():
    def forced(u, p, out):
        out[:] = p[0] * u - u**3
        out[0] += p[1] - 1.0  # nothing at the default q = 1

    assert breaking_parameters(made(forced), Symmetry(NAMES, [SWAP])) == ("q",)
    assert breaking_parameters(made(cells), Symmetry(NAMES, [SWAP])) == ()


def test_slopes_along_a_direction_agree_with_the_jacobian(rng):
    u, direction, p = rng.standard_normal(3), rng.standard_normal(3), np.array([0.5, 1.0])
    exact = np.full((3, 3), np.nan)
    cells_jacobian(u, p, exact)
    by_differences, error = slope_along(made(cells), u, p, direction)
    assert_allclose(by_differences, exact @ direction, atol=1e-9)
    assert error < 1e-7
    given, error = slope_along(made(cells, jacobian=cells_jacobian), u, p, direction)
    assert_allclose(given, exact @ direction, rtol=1e-14)
    assert error == 0.0
    assert slope_along(made(cells), u, p, np.zeros(3))[0].tolist() == [0.0, 0.0, 0.0]


def test_states_to_try_are_the_same_every_time():
    one, two = random_states(4), random_states(4)
    assert all(np.array_equal(a, b) for a, b in zip(one, two))
    part = continuous_part(Symmetry(NAMES, [SWAP]), [TURN])
    assert (part.generators, part.continuous) == ((), (TURN,))


# Restricted to a fixed space


def test_a_restriction_is_the_problem_in_fewer_unknowns(rng):
    half = restricted(made(cells, jacobian=cells_jacobian), [SWAP])
    assert (half.states, len(half.unknown_names)) == (NAMES, 2)
    y = rng.standard_normal(2)
    u, p = half.basis @ y, half.parameter_values({"mu": 0.3})
    assert u[0] == u[1]
    f, a = np.empty(3), np.empty((3, 3))
    cells(u, p[:2], f)
    cells_jacobian(u, p[:2], a)
    assert_allclose(evaluate(half, y, p), half.basis.T @ f, rtol=1e-14)
    assert_allclose(state_jacobian(half, y, p), half.basis.T @ a @ half.basis, rtol=1e-13)
    states, varied = half.columns(np.append(y, 0.3)[None])
    assert_allclose(states[0], u)
    assert varied.tolist() == [[0.3]]
    assert_allclose(half.unknown_values(u), y)
    assert np.array_equal(half.unknown_values(y), y)
    assert half.symmetric is False


def test_weights_of_the_states_are_those_of_the_full_problem(rng):
    weights = np.array([1.0, 1.0, 4.0, 2.0])
    half = restricted(made(cells, weights=weights), [SWAP])
    y = rng.standard_normal(2)
    own, full = half.inner_weights(), weights[:3]
    assert np.sum(own[:2] * y**2) == pytest.approx(np.sum(full * (half.basis @ y) ** 2))
    assert own[2] == 2.0
    assert_allclose(half.back @ half.basis, np.eye(2), atol=1e-14)


@pytest.mark.parametrize(("stability", "count"), [("subspace", 1), ("full", 3), (lambda u, p: 7, 7)])
def test_what_is_counted_in_a_subspace(stability, count):
    """Three cells that do not see each other, all unstable at 0; one coordinate is left of them."""

    def apart(u, p, out):
        out[:] = p[0] * u

    third = restricted(made(apart), [SWAP, CYCLE], stability=stability)
    y, p = np.zeros(1), third.parameter_values()
    if stability == "subspace":
        assert third.stability == "flow"
        assert state_jacobian(third, y, p)[0, 0] == pytest.approx(0.5)
    else:
        assert int(third.functions["stability"](y, p)) == count


def test_nan_in_the_full_problem_is_not_counted_as_stable():
    def breaks(u, p, out):
        out[:] = np.nan if p[0] > 1 else p[0] * u

    full = restricted(made(breaks), [SWAP, CYCLE], stability="full")
    assert int(full.functions["stability"](np.ones(1), full.parameter_values())) == 3
    assert int(full.functions["stability"](np.ones(1), full.parameter_values({"mu": 2.0}))) == -1


@pytest.mark.parametrize(
    ("elements", "options", "words"),
    [
        ([("-x", "-y", "-z")], {}, "only the origin is fixed by"),
        ([SWAP], {"stability": "none"}, 'wanted "subspace", "full" or'),
        ([(0, 1)], {}, "wanted a matrix"),
    ],
)
def test_restrictions_that_are_none(elements, options, words):
    with pytest.raises(ValueError, match=words):
        restricted(made(cells), elements, **options)


def test_a_residual_that_leaves_the_fixed_space_is_refused():
    def leaves(u, p, out):
        out[:] = u
        out[0] += 1.0

    with pytest.raises(ValueError, match="leads out of the fixed space of .* in the equation of '[xy]'"):
        restricted(made(leaves), [SWAP])
    half = restricted(made(cells), [SWAP])
    with pytest.raises(ValueError, match="start: is not fixed by .*: '[xy]' is 0.5 off the fixed space"):
        half.unknown_values([1.0, 2.0, 3.0])


# Circles isolated


def circles(**options):
    return made(normal_form, [lambda u: np.array([-u[1], u[0], 0.0])], **options)


def test_an_isolated_circle_adds_a_phase_and_an_unknown(rng):
    """With q = 0 every point of the circle is an equilibrium; one of them fulfils the phase condition."""
    problem = isolated(circles(), [1.0, 0.0, 1.0])
    assert problem.unknown_names == ("x", "y", "z", "tau")
    v, p = rng.standard_normal(4), problem.parameter_values({"mu": 0.5, "q": 0.0})
    f = np.empty(3)
    normal_form(v[:3], p[:2], f)
    wanted = np.append(f + v[3] * np.array([-v[1], v[0], 0.0]), v[1])  # <K(reference), u - reference> = y
    assert_allclose(evaluate(problem, v, p), wanted, atol=1e-13)
    root = np.array([np.sqrt(0.5), 0.0, 0.5, 0.0])
    assert_allclose(evaluate(problem, root, p), 0.0, atol=1e-15)
    assert np.linalg.cond(state_jacobian(problem, root, p)) < 100
    assert_allclose(parameter_column(problem, root, p, 0), [root[0], 0, 0, 0], atol=1e-9)
    assert problem.unknown_values([1.0, 2.0, 3.0]).tolist() == [1.0, 2.0, 3.0, 0.0]
    assert problem.outputs["tau"](v, p) == v[3]
    assert_allclose(problem.inner_weights(), [1 / 3, 1 / 3, 1 / 3, 1 / 3, 1.0])


def test_rotating_waves_are_isolated_with_their_speed():
    """With q = 1 the circle turns: tau = -q stops it."""
    problem = isolated(circles(), [1.0, 0.0, 1.0])
    root = np.array([np.sqrt(0.5), 0.0, 0.5, -1.0])
    assert_allclose(evaluate(problem, root, problem.parameter_values()), 0.0, atol=1e-15)


def test_the_neutral_eigenvalue_is_left_out_of_the_count():
    problem = isolated(circles(), [1.0, 0.0, 1.0])
    root, p = np.array([np.sqrt(0.5), 0.0, 0.5, 0.0]), problem.parameter_values({"q": 0.0})
    assert int(problem.functions["stability"](root, p)) == 0
    inner = np.zeros(4)
    assert int(problem.functions["stability"](inner, p)) == 2  # at the centre nothing is neutral


def test_phases_need_a_state_that_moves_and_independent_generators():
    with pytest.raises(ValueError, match="fixes this state, so that no phase can be told"):
        isolated(circles(), [0.0, 0.0, 1.0])
    with pytest.raises(ValueError, match="this problem has no continuous symmetry"):
        isolated(made(cells), [1.0, 0.0, 0.0])
    with pytest.raises(ValueError, match="generators: wanted numbers below 1"):
        isolated(circles(), [1.0, 0.0, 0.0], generators=[3])
    with pytest.raises(ValueError, match="the generators are dependent there"):
        phase_rows([TURN, TURN], np.array([1.0, 0.0, 0.0]), None, [None, None], np.zeros(2))
    rows, left = phase_rows([TURN], np.zeros(3), np.array([1.0, 0.0, 0.0]), [None], np.zeros(2))
    assert rows.tolist() == [[0.0, 1.0, 0.0]]
    assert left[0].tolist() == [0.0, 1.0, 0.0]


def test_transversal_directions_leave_out_the_orbit():
    u = np.array([3.0, 4.0, 1.0])
    q = transversal([TURN], u)
    assert q.shape == (3, 2)
    assert_allclose(TURN(u) @ q, 0.0, atol=1e-14)
    assert_allclose(q.T @ q, np.eye(2), atol=1e-14)
    assert transversal([TURN], np.array([0.0, 0.0, 1.0])).shape == (3, 3)


def test_vectors_and_left_vectors_are_checked():
    assert check_vector("direction", [1, 0, 0], 3).tolist() == [1.0, 0.0, 0.0]
    for bad in ([0, 0, 0], [1, 0], [np.nan, 0, 0]):
        with pytest.raises(ValueError, match="direction: wanted"):
            check_vector("direction", bad, 3)
    assert check_left(None, 0, (np.zeros(3), np.zeros(2))) is None
    assert check_left([0, 1, 0], 0, (np.zeros(3), np.zeros(2))).tolist() == [0.0, 1.0, 0.0]
    with pytest.raises(ValueError, match=r"left\[1\]: wanted left\(u, p\) -> 3 finite values"):
        check_left(lambda u, p: u[:2], 1, (np.zeros(3), np.zeros(2)))
