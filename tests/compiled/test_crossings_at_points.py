"""What a located point is said to change: only what is known, whatever the units of the equations."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation import Kind, Problem
from continuation.compiled.calls.interface import FAILED, OK, call_callback
from continuation.compiled.calls.kernel import kernel
from continuation.compiled.dense import crossing
from continuation.compiled.state import messages as M
from continuation.engine.run import KIND_CODES


@kernel
def nearest_tangent(t, q, out):
    """The zero of a quadratic form that is clearly nearest to t."""
    return crossing.tangent_among_two(t, q, out)


def direction(angle):
    """Unit vector."""
    return np.array([math.cos(angle), math.sin(angle)])


@pytest.mark.parametrize(
    ("angle", "at", "found"),
    [
        (math.pi / 2, 0.1, 0.0),
        (math.pi / 2, 1.5, math.pi / 2),
        (math.pi / 2, math.pi / 4, None),
        (0.2, 0.02, 0.0),
        (0.2, 0.18, 0.2),
        (0.2, 0.1 - 1e-9, None),  # half-way between both: the last digits would choose
        (0.2, 0.09, None),
        (1e-3, 2e-3, None),
    ],
)
def test_the_tangent_of_one_of_two_branches_is_clearly_the_nearest(angle, at, found):
    """Branches with tangents at the angles 0 and `angle`; the form is (n1 . c) (n2 . c), symmetrised."""
    one, other = direction(math.pi / 2), direction(angle + math.pi / 2)
    form, out = 0.5 * (np.outer(one, other) + np.outer(other, one)), np.zeros(2)
    known = nearest_tangent(direction(at), form, out)
    assert known == (found is not None)
    if known:
        assert_allclose(out, direction(found), atol=1e-12)


def located(problem, kind, x, t, change=0):
    """What `refine` finds near x in the direction t: (status, error, expected change of the count)."""
    operations = problem.operations(problem.parameter_values({}), 0)
    size = len(x)
    request, out = np.zeros(2 * size + M.ASKED), np.zeros(2 * size + M.FOUND)
    request[:size], request[size : 2 * size] = x, t
    request[2 * size + M.ASKED_KIND], request[2 * size + M.ASKED_CHANGE] = KIND_CODES[kind], change
    status = call_callback(operations.refine, request, operations.p, out)
    return status, out[2 * size + M.FOUND_ERROR], out[2 * size + M.FOUND_EXPECTED]


@pytest.mark.parametrize("fast", [1.0, 1e12, 1e-12])
def test_the_crossing_at_a_branch_point_is_known_whatever_the_size_of_its_equation(fast):
    problem = Problem.from_expressions({"x": f"{fast!r}*(mu*x - x**2)", "y": "x**2 - y"}, {"mu": 0.0})
    status, error, change = located(problem, Kind.BRANCH_POINT, [1e-4, 0.0, 1e-4], [0.0, 0.0, 1.0])
    assert (status, change) == (OK, 1.0)
    assert error < 1e-15  # 3e-27: Newton's method squares it, and the quadratic equations leave no remainder


def test_a_pair_in_a_jordan_chain_is_no_simple_one():
    """Left and right null vectors are orthogonal, to the last bit: nothing is divided by their product."""
    chain = {"x": "mu*x - y + z", "y": "x + mu*y + w", "z": "mu*z - w", "w": "z + mu*w"}
    problem = Problem.from_expressions(chain, {"mu": 0.0})
    t = [0.0, 0.0, 0.0, 0.0, 1.0]
    status, error, change = located(problem, Kind.HOPF, [0.0, 0.0, 0.0, 0.0, 0.0], t)
    assert (status, change) == (OK, 4.0)  # a double pair
    assert error < 1e-12  # 8e-15
    assert located(problem, Kind.HOPF, [0.0, 0.0, 0.0, 0.0, 1e-3], t) == (FAILED, 0.0, 0.0)


def test_few_numbers_of_equal_pairs_are_tried():
    """Eight pairs one after the other: not all numbers from eight down to two are tried for their place."""
    calls = [0]

    def f(u, p, out):
        for k in range(8):
            a, b = u[2 * k], u[2 * k + 1]
            out[2 * k], out[2 * k + 1] = (p[0] - 0.1 * k) * a - b, a + (p[0] - 0.1 * k) * b

    def jacobian(u, p, out):
        calls[0] += 1
        out[:] = 0.0
        for k in range(8):
            out[2 * k, 2 * k] = out[2 * k + 1, 2 * k + 1] = p[0] - 0.1 * k
            out[2 * k, 2 * k + 1], out[2 * k + 1, 2 * k] = -1.0, 1.0

    problem = Problem(f, [f"u{k}" for k in range(16)], {"mu": 0.0}, jacobian=jacobian, compiled=False)
    x, t = np.zeros(17), np.eye(17)[16]
    x[16] = 0.01
    status, error, change = located(problem, Kind.HOPF, x, t, change=16)
    assert (status, change) == (OK, 2.0)
    assert error <= 1e-8
    assert calls[0] < 80
