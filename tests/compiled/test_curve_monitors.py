"""What curves of special points say where a test function is no number: the point is refused, and nothing is kept."""

import numpy as np
import pytest

from continuation import Kind, Problem
from continuation.compiled.calls.interface import NONFINITE, OK, call_callback
from continuation.compiled.curves import augmented, hopf_curve
from continuation.compiled.state.messages import SOLVED
from continuation.compiled.state.trace_state import COUNTS
from continuation.curves.curve_operations import CurveTable
from continuation.curves.special_curve import SpecialCurve


def monitored(table, unknowns, p, tests):
    """Status and test functions of a point of a curve."""
    point, out = np.zeros(2 * len(unknowns) + SOLVED), np.zeros(2 * tests + COUNTS)
    point[: len(unknowns)] = unknowns
    return call_callback(table.monitor, point, p, out), out[:tests]


def test_a_curvature_that_is_no_number_has_no_sign():
    """Folds of ``mu + nu x - x**3``, whose Jacobian has no value beyond x = 0.5, where all differences reach."""

    def f(u, p, out):
        out[0] = p[0] + p[1] * u[0] - u[0] ** 3

    def jacobian(u, p, out):
        out[0, 0] = p[1] - 3 * u[0] ** 2 if u[0] < 0.5 else np.nan

    problem = Problem(f, ["x"], {"mu": 0.0, "nu": 0.0}, jacobian=jacobian, compiled=False)
    for x, wanted in ((0.3, OK), (0.499, OK), (0.5 - 1e-8, NONFINITE)):
        unknowns, p = np.array([x, 3 * x**2, -2 * x**3]), np.array([-2 * x**3, 3 * x**2])
        table = CurveTable(SpecialCurve(problem, Kind.FOLD, ("mu", "nu"), unknowns, p), 2, 0)
        status, phi = monitored(table, unknowns, p, augmented.KERNEL_TESTS)
        assert status == wanted
        assert np.all(np.isfinite(phi)) == (wanted == OK)


@pytest.mark.parametrize("fails", [False, True])
def test_a_lyapunov_coefficient_that_is_no_number_is_not_remembered(fails):
    """``z' = (mu + i) z - nu z |z|**2``: where differences of the Jacobian fail, what was known before stays."""
    broken = [False]

    def f(u, p, out):
        x, y = u
        r = x * x + y * y
        out[:] = p[0] * x - y - p[1] * x * r, x + p[0] * y - p[1] * y * r

    def jacobian(u, p, out):
        x, y = u
        r = x * x + y * y
        out[0] = p[0] - p[1] * (r + 2 * x * x), -1 - 2 * p[1] * x * y
        out[1] = 1 - 2 * p[1] * x * y, p[0] - p[1] * (r + 2 * y * y)
        if broken[0] and r > 0:
            out[:] = np.nan

    problem = Problem(f, ["x", "y"], {"mu": 0.0, "nu": 1.0}, jacobian=jacobian, compiled=False)
    unknowns, p = np.array([0.0, 0.0, 1.0, 1.0, 0.0]), np.array([0.0, 1.0])
    table = CurveTable(SpecialCurve(problem, Kind.HOPF, ("mu", "nu"), unknowns, p), 2, 0)
    status, phi = monitored(table, unknowns, p, hopf_curve.TESTS)
    known = table.remembered[0]
    assert status == OK
    assert phi[hopf_curve.BAUTIN_TEST] == known < 0.0
    broken[0] = fails
    status, _ = monitored(table, unknowns, p, hopf_curve.TESTS)
    assert status == (NONFINITE if fails else OK)
    assert table.remembered[0] == pytest.approx(known)
