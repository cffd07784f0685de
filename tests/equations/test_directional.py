"""Derivatives along a direction, jets and given derivatives held against closed forms and each other."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation.equations.derivatives import (
    check_derivatives,
    difference,
    extended_jacobian,
    taylor_slope,
    wrong_entries,
)
from continuation.equations.directional import derivative_along
from continuation.equations.equations import Equations
from continuation.equations.functions import fingerprint
from continuation.expressions import from_expressions

ORDERS = pytest.mark.parametrize("order", [1, 2, 3, 4, 5])


@ORDERS
def test_polynomials_are_exact_to_rounding(order, rng):
    coefficients = rng.standard_normal(8)

    def g(t):
        return np.array([np.polynomial.polynomial.polyval(t, coefficients)])

    wanted = math.factorial(order) * coefficients[order]
    assert derivative_along(g, 1.0, order)[0] == pytest.approx(wanted, rel=1e-9, abs=1e-9)


@ORDERS
@pytest.mark.parametrize("scale", [1.0, 0.1, 10.0])
def test_functions_of_any_scale_find_their_range(order, scale):
    """The exponential's derivatives are powers of its rate; the range given is too long for the fast one."""
    got = derivative_along(lambda t: np.array([np.exp(t / scale)]), 1.0, order)[0] * scale**order
    assert got == pytest.approx(1.0, rel=1e-4)


def test_each_component_has_a_range_of_its_own():
    fast, slow = 30.0, 1.0
    got = derivative_along(lambda t: np.array([np.sin(fast * t), np.sin(slow * t)]), 1.0, 1)
    assert_allclose(got, [fast, slow], rtol=1e-9)


def test_components_without_values_are_nan_and_harm_no_others():
    got = derivative_along(lambda t: np.array([np.nan, 3 * t]), 1.0, 1)
    assert np.isnan(got[0])
    assert got[1] == pytest.approx(3.0, rel=1e-12)


def test_a_domain_that_ends_nearby_is_kept_to():
    with np.errstate(all="ignore"):
        got = derivative_along(lambda t: np.array([np.log(0.01 + t)]), 1.0, 2)
    assert got[0] == pytest.approx(-1e4, rel=1e-7)


def test_zero_is_zero_in_every_order():
    for order in (1, 2, 3):
        assert derivative_along(lambda t: np.zeros(2), 1.0, order).tolist() == [0.0, 0.0]


# Differences


def field(u, p, out):
    out[0] = np.exp(u[0]) * p[0] + u[1] ** 3
    out[1] = np.sin(p[1] * u[0]) - u[1]


def field_jacobian(u, p, out):
    out[0, 0], out[0, 1] = np.exp(u[0]) * p[0], 3 * u[1] ** 2
    out[1, 0], out[1, 1] = p[1] * np.cos(p[1] * u[0]), -1.0


def field_derivative(u, p, k, out):
    out[:] = [np.exp(u[0]), 0.0] if k == 0 else [0.0, u[0] * np.cos(p[1] * u[0])]


def made(**options):
    return Equations(field, ("x", "y"), {"a": 2.0, "b": 1.5}, compiled=False, **options)


@pytest.mark.parametrize(("fourth_order", "tolerance"), [(False, 3e-10), (True, 3e-12)])
def test_differences_leave_their_variables_as_they_were(fourth_order, tolerance, rng):
    u, p, exact = rng.standard_normal(2), np.array([2.0, 1.5]), np.empty((2, 2))
    field_jacobian(u, p, exact)
    before = u.tobytes(), p.tobytes()
    for k in range(2):
        assert_allclose(difference(made(), u, p, u, k, fourth_order=fourth_order), exact[:, k], atol=10 * tolerance)
    assert (u.tobytes(), p.tobytes()) == before


def test_differences_far_from_the_origin_find_small_scales():
    """At x = 1e6 a step that grows with x would miss a function that turns on the scale of 1."""

    def wave(u, p, out):
        out[0] = np.sin(u[0])

    equations = Equations(wave, ("x",), {"p": 0.0}, compiled=False)
    u = np.array([1e6])
    got = difference(equations, u, np.zeros(1), u, 0, fourth_order=True)
    assert got[0] == pytest.approx(np.cos(1e6), abs=1e-6)


def test_the_extended_jacobian_is_both_derivatives(rng):
    x, p = rng.standard_normal(3), np.array([2.0, 1.5])
    given = extended_jacobian(made(jacobian=field_jacobian, parameter_derivative=field_derivative), x, p, 1)
    assert_allclose(given, extended_jacobian(made(), x, p, 1), atol=1e-8)
    assert_allclose(given, extended_jacobian(made(), x, p, 1, independent=True), atol=1e-10)
    assert p.tolist() == [2.0, 1.5]


def test_right_derivatives_pass_and_wrong_ones_are_named():
    options = {"jacobian": field_jacobian, "parameter_derivative": field_derivative}
    report = check_derivatives(made(**options))
    assert report
    assert set(report.slopes) == {"x", "y", "a", "b"}
    assert report.slopes["x"] == pytest.approx(2, abs=0.05)
    assert report.slopes["a"] == np.inf  # F is linear in a

    def doubled(u, p, out):
        field_jacobian(u, p, out)
        out[1, 0] *= 2.0

    report = check_derivatives(made(**{**options, "jacobian": doubled}))
    assert not report
    (line,) = report.wrong
    assert line.startswith("dF[y]/dx: given ")
    assert report.slopes["x"] == pytest.approx(1, abs=0.1)
    assert "1 wrong derivative(s)" in str(report)

    def nan(u, p, k, out):
        out[:] = np.nan

    assert len(check_derivatives(made(jacobian=field_jacobian, parameter_derivative=nan)).wrong) == 4


def test_a_symmetry_that_was_declared_is_checked():
    report = check_derivatives(made(jacobian=field_jacobian, symmetric=True))
    assert report.wrong[-1].startswith("symmetric=True, but dF[")


def test_the_taylor_slope_of_a_right_column_is_two_and_of_a_wrong_one_one():
    u, p, exact = np.array([0.3, 0.4]), np.array([2.0, 1.5]), np.empty((2, 2))
    field_jacobian(u, p, exact)
    assert taylor_slope(made(), u, p, u, 0, exact[:, 0]) == pytest.approx(2, abs=0.05)
    assert taylor_slope(made(), u, p, u, 0, 1.01 * exact[:, 0]) == pytest.approx(1, abs=0.3)
    assert wrong_entries(made(), "x", exact[:, 0], exact[:, 0], 0.0) == []
    assert len(wrong_entries(made(), "x", np.full(2, np.nan), exact[:, 0], 0.0)) == 2


# Expressions: exact derivatives of any order


@ORDERS
def test_jets_and_differences_agree(order, rng):
    """Two ways that share nothing: a nilpotent algebra on the text's graph, and interpolation along the direction."""
    text = {"x": "exp(x*y)*p - atan(y)/(2 + x**2)", "y": "sin(x + p*y)*sqrt(3 + x) + tanh(y)**3"}
    e = from_expressions(text, ["p"])
    at, d = np.array([0.3, -0.4, 0.7]), rng.standard_normal(3)

    def along(t):
        out = np.empty(2)
        moved = at + t * d
        e.residual(moved[:2], moved[2:], out)
        return out

    exact = e.derivative(at[:2], at[2:], [d] * order)
    assert_allclose(derivative_along(along, 0.5, order), exact, rtol=10.0 ** (order - 11), atol=10.0 ** (order - 11))


def test_forms_are_symmetric_and_linear_in_each_direction(rng):
    e = from_expressions({"x": "x**2*p + cos(x*p)"}, ["p"])
    u, p, (a, b, c) = [0.7], [1.3], rng.standard_normal((3, 2))
    form = e.derivative(u, p, [a, b, c])
    assert_allclose(e.derivative(u, p, [c, a, b]), form, rtol=1e-13)
    assert_allclose(e.derivative(u, p, [2 * a - c, b, c]), 2 * form - e.derivative(u, p, [c, b, c]), rtol=1e-12)
    complex_form = e.derivative(u, p, [a + 1j * b, c])
    assert_allclose(complex_form, e.derivative(u, p, [a, c]) + 1j * e.derivative(u, p, [b, c]), rtol=1e-13)


# Fingerprints of functions that are compiled


def closure(value):
    def f(u, p, out):
        out[0] = u[0] * value

    return f


def test_functions_are_told_apart_by_what_compilation_would_freeze():
    one = fingerprint(closure(2.0))
    assert one == fingerprint(closure(2.0))
    assert one != fingerprint(closure(3.0))
    assert one != fingerprint(closure(2))  # another type is other machine code
    assert fingerprint(closure(np.arange(3.0))) == fingerprint(closure(np.arange(3.0)))
    assert fingerprint(closure(np.arange(3.0))) != fingerprint(closure(np.arange(3)))
    assert fingerprint(closure((1, 2.0))) != fingerprint(closure((1.0, 2)))
    assert fingerprint(closure(object())) is None  # nothing tells what it is
    assert fingerprint(closure([1.0])) is None
    assert fingerprint(closure(math.sin)) == fingerprint(closure(math.sin)) != fingerprint(closure(math.cos))
    assert fingerprint(closure(closure(1.0))) != fingerprint(closure(closure(2.0)))  # what it calls counts


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("rate", [30.0, 1e3, 1e4, 1.234e5, 1e6])
def test_what_oscillates_between_the_points_is_not_taken_for_slow(rate, order):
    for phase in np.linspace(0.1, 3.0, 12):
        got = derivative_along(lambda t, phase=phase: np.array([np.sin(rate * t + phase)]), 1.0, order)[0]
        assert got / rate**order == pytest.approx(np.sin(phase + order * np.pi / 2), rel=1e-4, abs=1e-4)
