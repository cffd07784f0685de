"""Differences: their order, their independence of what is given, and second derivatives against closed forms."""

import functools
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from continuation import Problem
from continuation.equations.derivatives import (
    check_derivatives,
    difference,
    evaluate,
    extended_jacobian,
    parameter_column,
    state_jacobian,
)
from continuation.equations.multilinear import Multilinear

EQUATIONS = {"x": "sin(a*x*y) + b*x**2", "y": "exp(x - y) + a*b*y**3"}
U, P = np.array([0.7, -0.4]), np.array([1.3, 0.6])


def _f(u, p, out):
    out[0] = math.sin(p[0] * u[0] * u[1]) + p[1] * u[0] ** 2
    out[1] = math.exp(u[0] - u[1]) + p[0] * p[1] * u[1] ** 3


def _f_u(u, p, out):
    c = math.cos(p[0] * u[0] * u[1])
    out[0, 0], out[0, 1] = p[0] * u[1] * c + 2 * p[1] * u[0], p[0] * u[0] * c
    e = math.exp(u[0] - u[1])
    out[1, 0], out[1, 1] = e, -e + 3 * p[0] * p[1] * u[1] ** 2


def _f_p(u, p, k, out):
    if k == 0:
        out[0], out[1] = u[0] * u[1] * math.cos(p[0] * u[0] * u[1]), p[1] * u[1] ** 3
    else:
        out[0], out[1] = u[0] ** 2, p[0] * u[1] ** 3


def _wrong(u, p, out):
    out[:, :] = 7.0


def jacobian():
    _f_u(U, P, out := np.empty((2, 2)))
    return out


def column(k):
    _f_p(U, P, k, out := np.empty(2))
    return out


@functools.cache
def problem(form):
    if form == "text":
        return Problem.from_expressions(EQUATIONS, {"a": 1.0, "b": 1.0})
    given = {"plain": {}, "given": {"jacobian": _f_u, "parameter_derivative": _f_p}, "wrong": {"jacobian": _wrong}}
    return Problem(_f, ("x", "y"), {"a": 1.0, "b": 1.0}, compiled=False, **given[form])


@pytest.mark.parametrize(("form", "accuracy"), [("text", 1e-14), ("given", 1e-15), ("plain", 1e-9)])
def test_first_derivatives(form, accuracy):
    assert_allclose(state_jacobian(problem(form), U, P), jacobian(), rtol=0, atol=accuracy)
    for k in range(2):
        assert_allclose(parameter_column(problem(form), U, P, k), column(k), rtol=0, atol=accuracy)
    x = np.append(U, P[1])
    both = extended_jacobian(problem(form), x, np.array([P[0], 99.0]), 1)
    assert_allclose(both, np.column_stack([jacobian(), column(1)]), rtol=0, atol=accuracy)


def test_independent_differences_do_not_look_at_what_is_given():
    assert_array_equal(state_jacobian(problem("wrong"), U, P), np.full((2, 2), 7.0))
    assert_allclose(state_jacobian(problem("wrong"), U, P, independent=True), jacobian(), rtol=0, atol=1e-11)
    assert_allclose(parameter_column(problem("given"), U, P, 1, independent=True), column(1), rtol=0, atol=1e-11)


@pytest.mark.parametrize(("fourth_order", "ratio"), [(False, 4), (True, 16)])
def test_differences_have_their_order(fourth_order, ratio):
    """On u -> exp(s u) the relative error is that of the step s h, so doubling s shows the order."""
    errors = []
    for s in (400.0, 800.0) if not fourth_order else (80.0, 160.0):
        scaled = Problem(lambda u, p, out: out.fill(math.exp(p[0] * u[0])), ("u",), {"s": s}, compiled=False)
        u, p = np.array([0.0]), np.array([s])
        errors.append(abs(difference(scaled, u, p, u, 0, fourth_order=fourth_order)[0] / s - 1))
        assert u[0] == 0.0
    assert errors[1] / errors[0] == pytest.approx(ratio, rel=0.05)


def test_arguments_are_left_as_they_were():
    u, p = U.copy(), P.copy()
    for k in range(2):
        difference(problem("plain"), u, p, u, k)
        difference(problem("plain"), u, p, p, k, fourth_order=True)
    extended_jacobian(problem("plain"), np.append(u, 3.0), p, 0)
    evaluate(problem("plain"), u, p)
    check_derivatives(problem("given"), u)
    assert_array_equal(u, U)
    assert_array_equal(p, P)


def second(v, w):
    """Second derivative along v and w in (x, y, b), written out."""
    (x, y), (a, b) = U, P
    s, c, e = math.sin(a * x * y), math.cos(a * x * y), math.exp(x - y)
    first = np.array([[-((a * y) ** 2) * s + 2 * b, a * c - a * a * x * y * s, 2 * x],
                      [a * c - a * a * x * y * s, -((a * x) ** 2) * s, 0], [2 * x, 0, 0]])  # fmt: skip
    other = np.array([[e, -e, 0], [-e, e + 6 * a * b * y, 3 * a * y * y], [0, 3 * a * y * y, 0]])
    return np.array([v @ first @ w, v @ other @ w])


@pytest.mark.parametrize(("form", "accuracy"), [("text", 1e-13), ("given", 1e-8), ("plain", 1e-4)])
def test_second_derivatives(form, accuracy, rng):
    forms = Multilinear(problem(form), U, P, (1,))
    for _ in range(5):
        v, w = rng.standard_normal((2, 3))
        exact = second(v, w)
        given = forms.form(v, w)
        assert_allclose(given, exact, rtol=0, atol=accuracy * np.linalg.norm(v) * np.linalg.norm(w))
    assert_array_equal(forms.form(np.zeros(3), w), np.zeros(2))


def test_evaluate_is_silent_and_shows_nan():
    loud = Problem(lambda u, p, out: np.log(u, out=out), ("u",), {"p": 0.0}, compiled=False)
    assert np.isnan(evaluate(loud, np.array([-1.0]), np.array([0.0]))[0])
    untouched = Problem(lambda u, p, out: None, ("u",), {"p": 0.0}, compiled=False)
    assert np.isnan(evaluate(untouched, np.array([1.0]), np.array([0.0]))[0])
