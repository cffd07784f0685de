"""Multilinear forms against derivatives of sympy: exact from expressions, by differences with the stated accuracy."""

import functools
import itertools
import math

import numpy as np
import pytest
import sympy
from numpy.testing import assert_allclose, assert_array_equal

from continuation import Problem
from continuation.equations.directional import derivative_along
from continuation.equations.multilinear import Multilinear, polarise
from continuation.expressions import from_expressions
from continuation.expressions.calculus import FUNCTIONS
from continuation.expressions.jets import TAYLOR

EQUATIONS = {"x": "sin(a*x*y) + b*x**2/(2 + y)", "y": "exp(x - y) + a*b*y**3 + tanh(x)*atan(y)"}
U, P = np.array([0.7, -0.4]), np.array([1.3, 0.6])
INSIDE = {"acosh": (1.7, 40.0), "log": (0.3, 1e3), "sqrt": (0.02, 7.0), "abs": (-2.0, 3.0), "sign": (-2.0, 3.0)}
INSIDE |= {"floor": (-1.5, 2.3), "log10": (0.3, 40.0), "log2": (0.3, 40.0), "cbrt": (0.4, 7.0), "gamma": (0.6, 3.4)}
AROUND = (-0.6, 0.0, 0.9)


def _f(u, p, out):
    (x, y), (a, b) = u, p
    out[0] = math.sin(a * x * y) + b * x**2 / (2 + y)
    out[1] = math.exp(x - y) + a * b * y**3 + math.tanh(x) * math.atan(y)


@functools.cache
def problem(kind):
    text = Problem.from_expressions(EQUATIONS, {"a": 1.0, "b": 1.0}, compiled=False)
    if kind == "text":
        return text
    given = {"jacobian": text.expressions.jacobian} if kind != "residual" else {}
    if kind == "both":
        given["parameter_derivative"] = text.expressions.parameter_derivative
    return Problem(_f, ("x", "y"), {"a": 1.0, "b": 1.0}, compiled=False, **given)


@functools.cache
def tensor(order):
    """Derivatives of EQUATIONS by (x, y, b) at (U, P), by sympy: (2, 3, ..., 3)."""
    x, y, a, b = symbols = sympy.symbols("x y a b")
    at = dict(zip(symbols, map(sympy.Float, (*U, *P))))
    out = np.zeros((2,) + (3,) * order)
    for i, text in enumerate(EQUATIONS.values()):
        f = sympy.sympify(text, locals={"x": x, "y": y, "a": a, "b": b})
        for places in itertools.combinations_with_replacement(range(3), order):
            value = float(sympy.diff(f, *[(x, y, b)[k] for k in places]).subs(at))
            for index in itertools.permutations(places):
                out[(i, *index)] = value
    return out


def contracted(values, directions):
    for direction in reversed(directions):
        values = values @ direction
    return values


def only(text, u, *directions, **parameters):
    """Form of a single equation in x with parameters."""
    p = Problem.from_expressions({"x": text}, parameters, compiled=False)
    return Multilinear(p, [u], list(parameters.values()), range(len(parameters))).form(*directions)[0]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_has_its_taylor_coefficients(name):
    t = sympy.Symbol("t", real=True)
    f = {"abs": sympy.Abs, "sign": sympy.sign}.get(name) or getattr(sympy, name, None)
    f = f or {"log10": lambda t: sympy.log(t, 10), "log2": lambda t: sympy.log(t, 2)}[name]
    for x in INSIDE.get(name, AROUND):
        smooth = 6 if name not in ("abs", "sign", "floor") else 2 if name == "abs" else 1
        expected = [float(sympy.diff(f(t), t, j).subs(t, sympy.Float(x, 40)).evalf(30)) for j in range(smooth)]
        expected += [0.0] * (6 - smooth)  # where it is not at its corner
        found = [c * math.factorial(j) for j, c in enumerate(TAYLOR[name](x, 5))]
        assert_allclose(found, expected, rtol=1e-13, atol=1e-13 * np.max(np.abs(expected)))


@pytest.mark.parametrize(
    ("text", "x"),
    [("x**3", 0.0), ("x**3", -2.0), ("x**2.5", 1.7), ("2**x", 0.4), ("x**x", 1.3), ("1/x", -0.7), ("x**-2", 0.6)],
)
def test_powers(text, x):
    t = sympy.Symbol("t")
    f = sympy.sympify(text, locals={"x": t})
    for order in range(1, 6):
        expected = float(sympy.diff(f, t, order).subs(t, sympy.Float(x, 30)))
        assert_allclose(only(text, x, *[[1.0]] * order), expected, rtol=1e-13, atol=1e-14)


def test_a_negative_base_needs_no_logarithm_where_the_exponent_is_held():
    assert only("x**k", -3.0, [1.0], [1.0], k=3.0) == -18.0
    assert np.isnan(only("x**k", -3.0, [0.0, 1.0], k=3.0))


@pytest.mark.parametrize(("a", "b"), [(1.0, 0.5), (1.0, -0.5), (-1.0, -0.5), (-0.3, 2.0), (2.0, 0.0), (0.0, -1.5)])
def test_angle_in_every_quadrant(a, b):
    """The angle is harmonic: it is the imaginary part of the logarithm of b + ia."""
    s = 1 / complex(b, a)
    assert_allclose(only("atan2(x, c)", a, [0, 1], [0, 1], [0, 1], c=b), (2 * s**3).imag, rtol=1e-13, atol=1e-14)
    assert_allclose(only("atan2(x, c)", a, [1, 0], [1, 0], c=b), s.imag * s.real * 2, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("order", range(1, 6))
@pytest.mark.parametrize(
    ("kind", "accuracy"),
    [
        ("text", [1e-14] * 5),
        ("both", [1e-14, 1e-12, 1e-11, 1e-9, 1e-7]),
        ("jacobian", [1e-12, 1e-10, 1e-9, 1e-7, 1e-6]),
        ("residual", [1e-12, 1e-10, 1e-9, 1e-7, 1e-6]),
    ],
)
def test_forms_agree_with_the_tensors(kind, accuracy, order, rng):
    forms, exact = Multilinear(problem(kind), U, P, [1]), tensor(order)
    assert forms.exact is (kind == "text")
    size = np.sqrt(np.sum(exact**2))
    q = rng.standard_normal(3) + 1j * rng.standard_normal(3)
    for directions in (
        rng.standard_normal((order, 3)),
        rng.standard_normal((order, 3)) + 1j * rng.standard_normal((order, 3)),
        [q if k % 2 == 0 else q.conj() for k in range(order)],
    ):
        found = forms.form(*directions)
        scale = size * np.prod([np.linalg.norm(d) for d in directions])
        assert np.iscomplexobj(found) is np.iscomplexobj(directions[0])
        assert_allclose(found, contracted(exact, list(directions)), rtol=0, atol=accuracy[order - 1] * scale)


def test_directions_without_parameter_parts_leave_the_parameters_alone(rng):
    v, w = rng.standard_normal((2, 2))
    for kind in ("text", "residual"):
        forms = Multilinear(problem(kind), U, P, [1])
        assert_array_equal(forms.form(v, w), forms.form(np.append(v, 0.0), np.append(w, 0.0)))
        assert_array_equal(forms.form(v, w), Multilinear(problem(kind), U, P).form(v, w))


@pytest.mark.parametrize("kind", ["text", "both", "residual"])
def test_forms_are_symmetric_and_vanish_on_zero(kind, rng):
    forms, d = Multilinear(problem(kind), U, P, [1, 0]), rng.standard_normal((3, 4))
    first = forms.form(*d)
    for order in itertools.permutations(range(3)):
        assert_allclose(forms.form(*d[list(order)]), first, rtol=1e-8)
    assert_array_equal(forms.form(d[0], np.zeros(4), d[1]), np.zeros(2))


@pytest.mark.parametrize("row", [1e-9, 1.0, 1e9])
@pytest.mark.parametrize(("place", "width"), [(0.0, 1.0), (1e3, 1.0), (1e3, 1e3), (0.0, 1e-3), (1e-9, 1e-9)])
def test_differences_find_the_scale_of_each_equation(place, width, row):
    """exp((x - place)/width) beside a quadratic, one of them scaled: derivatives 1 and 2 in units of the widths."""

    def f(u, p, out):
        t = (u[0] - place) / width
        out[0], out[1] = row * math.exp(t) if t < 700 else math.inf, t**2 + u[1]

    made = Problem(f, ("x", "y"), {"p": 0.0}, compiled=False)
    forms, v = Multilinear(made, [place, 0.0], [0.0]), [width, 0.0]
    assert_allclose(forms.form(v, v), [row, 2.0], rtol=1e-8)
    assert_allclose(forms.form(v, v, v), [row, 0.0], rtol=1e-7, atol=1e-7)
    assert_allclose(forms.form(v, v, v, v, v)[0], row, rtol=1e-5)


def test_points_beyond_the_domain_only_narrow_the_range():
    def loud(u, p, out):
        out[0] = math.log(u[0])  # raises where it is not defined

    made = Problem(lambda u, p, out: np.log(u, out=out), ("x",), {"p": 0.0}, compiled=False)
    for given in (made, Problem(loud, ("x",), {"p": 0.0}, compiled=False)):
        assert_allclose(Multilinear(given, [0.01], [0.0]).form([0.01], [0.01], [0.01]), [2.0], rtol=1e-9)
    assert np.isnan(Multilinear(made, [-1.0], [0.0]).form([1.0], [1.0])[0])


def test_work_of_a_form_does_not_grow_with_the_number_of_states():
    calls = []

    def f(u, p, out):
        calls.append(1)
        out[:] = u**2 * np.roll(u, 1) + p[0]

    n = 200
    made = Problem(f, [f"x{k}" for k in range(n)], {"p": 0.0}, compiled=False)
    forms, q = Multilinear(made, np.ones(n), [0.0]), np.exp(1j * np.arange(n))
    calls.clear()
    found = forms.form(q, q, q.conj())
    exact = 2 * (2 * np.abs(q) ** 2 * np.roll(q, 1) + q**2 * np.roll(q.conj(), 1))
    assert_allclose(found, exact, rtol=1e-9, atol=1e-9)
    assert len(calls) <= 6 * 3 * 18


def test_powers_of_sums_make_any_symmetric_form(rng):
    for k in range(1, 6):
        raw = rng.standard_normal((3,) * k)
        symmetric = sum(np.transpose(raw, order) for order in itertools.permutations(range(k)))
        real = rng.standard_normal((k, 3))
        q = rng.standard_normal(3) + 1j * rng.standard_normal(3)
        for directions in (real, real + 1j, np.array([q, q.conj(), q, q, q.conj()][:k]), np.tile(real[0], (k, 1))):
            found = sum(w * contracted(symmetric, [np.array(c)] * k) for c, w in polarise(directions))
            assert_allclose(found, contracted(symmetric, list(directions)), rtol=1e-10)
    assert len(polarise(np.array([q, q, q.conj()]))) == 6
    assert len(polarise(np.array([q.real, -2 * q.real]))) == 1


def test_derivative_along_takes_for_each_component_its_own_range():
    found = derivative_along(lambda t: np.array([math.sin(50 * t), t**3, math.atan(t)]), 1.0, 3)
    assert_allclose(found, [-(50**3), 6, -2], rtol=1e-8)


def test_bad_directions_are_refused():
    forms = Multilinear(problem("residual"), U, P, [1])
    with pytest.raises(ValueError, match=r"direction 1: wanted shape \(3,\) or \(2,\), got \(4,\)"):
        forms.form(np.ones(3), np.ones(4))
    with pytest.raises(ValueError, match="at least one"):
        forms.form()
    with pytest.raises(ValueError, match="up to 5"):
        forms.form(*np.ones((6, 3)))
    assert np.all(np.isfinite(Multilinear(problem("text"), U, P).form(*np.ones((6, 2)))))


def test_components_that_cancel_on_small_ranges():
    """Rows that settle late send all of them to ranges so small that others cancel to exact zeros."""
    q = np.linalg.qr(np.random.default_rng(7).standard_normal((6, 6)))[0]
    rates = np.array([1, 1 / 2, 1 / 2, 1 / 3, 1 / 3, 1 / 3])

    def f(u, p, out):
        out[:] = q.T @ ((p[0] * rates - 1) * (q @ u) - (q @ u) ** 3)

    def jacobian(u, p, out):
        out[:] = q.T @ ((p[0] * rates - 1 - 3 * (q @ u) ** 2)[:, None] * q)

    problem = Problem(f, [f"x{i}" for i in range(6)], {"lam": 3.0}, jacobian=jacobian, compiled=False)
    rng = np.random.default_rng(0)
    for value, kernel in ((3.0, slice(3, 6)), (2.0, slice(1, 3))):
        forms = Multilinear(problem, np.zeros(6), [value])
        for _ in range(40):
            y = np.zeros((3, 6))
            y[:, kernel] = rng.standard_normal((3, kernel.stop - kernel.start))
            assert_allclose(forms.form(*(y @ q)), q.T @ (-6 * np.prod(y, axis=0)), atol=1e-9)
            assert_allclose(forms.form(*(y[[0, 0, 1]] @ q)), q.T @ (-6 * y[0] ** 2 * y[1]), atol=1e-9)


# Many points side by side


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_of_many_points_are_those_of_each(name):
    x = np.array(INSIDE.get(name, AROUND))
    assert_allclose(TAYLOR[name](x, 4), np.array([TAYLOR[name](one, 4) for one in x]).T, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("kind", ["text", "residual", "jacobian", "both"])
def test_forms_of_many_points_are_those_of_each(kind, rng):
    points = U + 0.2 * rng.standard_normal((5, 2))
    directions = rng.standard_normal((3, 5, 3)) + 1j * rng.standard_normal((3, 5, 3))
    directions[:, 2] = 0.0
    several = Multilinear(problem(kind), points, P, active=[1])
    for count in (1, 2, 3):
        chosen = directions[:count]
        pairs = zip(points, np.swapaxes(chosen, 0, 1))
        each = [Multilinear(problem(kind), u, P, active=[1]).form(*d) for u, d in pairs]
        close = 1e-13 if kind == "text" else 1e-7
        assert_allclose(several.form(*chosen), each, rtol=close, atol=close)
    with pytest.raises(ValueError, match=r"direction 1: wanted shape \(5, 3\) or \(5, 2\), got \(3,\)"):
        several.form(directions[0], directions[0, 0])


def test_choices_are_made_at_each_point():
    text = "max(x, p)**2 + min(x, 2)*x + abs(x) + x**p + atan2(x, p) + hypot(x, p)"
    one = Problem.from_expressions({"x": text}, {"p": 1.0}, compiled=False)
    points, ones = np.array([[0.4], [1.7], [3.1]]), np.ones((3, 2))
    several = Multilinear(one, points, [1.0], [0]).form(ones, ones)
    each = [Multilinear(one, u, [1.0], [0]).form([1.0, 1.0], [1.0, 1.0]) for u in points]
    assert_allclose(several, each, rtol=1e-13)


@pytest.mark.parametrize("text", ["sqrt(x) + x**1.5", "y/x + y/(3*z)", "x**y", "(x - 2)**z", "log(x)*y", "hypot(x, y)"])
def test_what_stands_still_at_one_point_only_is_as_if_it_were_alone(text):
    expressions = from_expressions({"x": text, "y": "x", "z": "x"}, ["p"])
    points = np.array([[0.0, 2.0, 1.5], [1.0, 0.5, 2.0], [3.0, 0.7, 1.3], [2.5, 0.7, 2.0]])
    directions = np.ones((2, 4, 4))
    directions[:, 0, 0] = directions[:, 1, 1:3] = directions[:, 2, 1] = 0.0
    several = expressions.derivative(points, [1.0], directions)
    alone = [expressions.derivative(u, [1.0], directions[:, k]) for k, u in enumerate(points)]
    assert_array_equal(several, alone)


@pytest.mark.parametrize("text", ["asin(x/9) + atan(x) + erf(x)*gamma(y)", "log(x)**y + abs(x)", "x*y + 3"])
def test_the_derivative_of_order_zero_is_the_value(text):
    expressions = from_expressions({"x": text, "y": "x"}, ["p"])
    points, value = np.array([[2.0, 1.5], [3.0, 0.5]]), np.empty(2)
    several = expressions.derivative(points, [1.0], np.empty((0, 2, 3)))
    for u, found in zip(points, several):
        expressions.residual(u, np.array([1.0]), value)
        assert_allclose(found, value, rtol=1e-15)
        assert_array_equal(expressions.derivative(u, [1.0], np.empty((0, 3))), found)
