"""Exact equations: constants as they are written, enclosures that hold what they should, kinks refused."""

import math
from fractions import Fraction

import numpy as np
import pytest

pytest.importorskip("flint")

import flint

from continuation.proofs.arithmetic import (
    NotProven,
    ProofError,
    around,
    ball,
    decimal,
    lies_within,
    precision,
    radius,
    sign,
)
from continuation.proofs.exact import ExactEquations


def equations(text, vary="p", zero=(), **parameters):
    parameters = {"p": "0.5", **parameters}
    texts = text if isinstance(text, dict) else {"x": text}
    return ExactEquations({"equations": texts, "definitions": {}, "parameters": parameters}, vary, zero)


def test_balls_are_rounded_outwards():
    with precision():
        tenth = ball(Fraction(1, 10))
        assert tenth.rad() > 0  # 0.1 is no binary fraction
        assert (10 * tenth - 1).contains(0)
        assert not (tenth - ball(Fraction(1, 10) + Fraction(1, 10**30))).contains(0)
        side = around(flint.arb(0.75))
        assert side.contains(0.75)
        assert side.contains(-0.75)
        assert lies_within(around(flint.arb(0.5)), flint.arb(0.75))
        assert [sign(value) for value in (side, flint.arb(0), flint.arb(1e-30), flint.arb(-1e-30))] == [0, 0, 1, -1]
        for value in (side, side - 0.5, side + 0.5, flint.arb(0.75), flint.arb(-0.75)):
            assert not lies_within(value, flint.arb(0.75))


@pytest.mark.parametrize("text", ["1/3", "1e999", "nan", "inf", "", "0x1p3", "1" * 500, "1e401", None, "1 2", "１"])
def test_what_is_no_decimal_is_refused(text):
    with pytest.raises(ProofError, match="wanted a decimal number"):
        decimal(text)


@pytest.mark.parametrize("text", ["-0x1p3", "nan", "inf", "", "x", "0x" + "1" * 500, None, "0x1p99999999"])
def test_what_is_no_radius_is_refused(text):
    with pytest.raises(ProofError, match="hexadecimal float"):
        radius(text)


def test_constants_are_those_of_the_text():
    with precision():
        found = equations("0.1*x**3 + 1/3 - x*(0.1 + 0.2) - p")
        x = [ball(Fraction(1, 7)), ball(Fraction(2, 9))]
        value, slope = found.residual(x)[0], found.jacobian(x, [0], [0])[0, 0]
        exact = Fraction(1, 3430) + Fraction(1, 3) - Fraction(3, 70) - Fraction(2, 9)
        assert (value - ball(exact)).contains(0)
        assert (slope - ball(Fraction(3, 490) - Fraction(3, 10))).contains(0)  # floats say 0.1*3 and 0.1 + 0.2
        assert value.rad() < 1e-35


FORMULAS = {
    "sin(x)*exp(-p*x)": lambda x, p: math.sin(x) * math.exp(-p * x),
    "log10(x) + log2(p) + log(x)": lambda x, p: math.log10(x) + math.log2(p) + math.log(x),
    "2**x + x**p + x**-2 + x**0.5": lambda x, p: 2**x + x**p + x**-2 + x**0.5,
    "atan2(x, -p) + hypot(x, p) + cbrt(x - 3)": lambda x, p: math.atan2(x, -p) + math.hypot(x, p) + np.cbrt(x - 3),
    "tanh(x) + asinh(x)*atan(p) - acosh(x + 1)": lambda x, p: (
        math.tanh(x) + math.asinh(x) * math.atan(p) - math.acosh(x + 1)
    ),
    "pi*x/(p + x) + sqrt(x) + cos(x)**3": lambda x, p: math.pi * x / (p + x) + math.sqrt(x) + math.cos(x) ** 3,
}


@pytest.mark.parametrize("text", FORMULAS)
def test_enclosures_hold_values_and_differences(text):
    """At random points of random boxes; a difference of two points lies in the slope times the way (mean value)."""
    rng = np.random.default_rng(len(text))
    function = FORMULAS[text]
    with precision():
        found = equations(text)
        for width in (1e-3, 1e-2, 0.1):
            middle = rng.uniform(0.5, 1.5, 2)
            box = [flint.arb(m) + around(flint.arb(width)) for m in middle]
            value, slope = found.residual(box)[0], found.jacobian(box, [0], [0, 1])
            ends = middle + rng.uniform(-width, width, (2, 2))
            first, last = (flint.arb(function(*end), 1e-12) for end in ends)
            assert value.overlaps(first)
            assert value.overlaps(last)
            way = sum((slope[0, k] * flint.arb(float(ends[1, k] - ends[0, k])) for k in range(2)), flint.arb(0, 1e-15))
            assert way.overlaps(last - first)
            assert value.rad() < 40 * width


def test_second_derivatives_are_bilinear_forms():
    with precision():
        found = equations({"x": "x**2*y*p", "y": "sin(x) + y**3"})
        x, v, w = ([flint.arb(k) for k in row] for row in ([2, 3, 5], [1, 2, 3], [4, 5, 6]))
        first, second = found.second(x, v, w)
        # F_xx = 2yp, F_xy = 2xp, F_xp = 2xy, F_yp = x**2
        exact = 30 * 4 + 20 * (1 * 5 + 2 * 4) + 12 * (1 * 6 + 3 * 4) + 4 * (2 * 6 + 3 * 5)
        assert float(first) == exact
        assert math.isclose(float(second), -math.sin(2) * 4 + 18 * 10)


@pytest.mark.parametrize("text", ["1/x", "log(x)", "sqrt(x)", "atan2(p, x)", "x**0.5", "x**x", "cbrt(x)"])
def test_what_is_not_defined_on_all_of_a_box_is_no_enclosure(text):
    with precision():
        found = equations(text)
        box = [around(flint.arb(0.5)), around(flint.arb(0.5))]
        with pytest.raises(NotProven):
            found.jacobian(box, [0], [0])


def test_the_cut_of_an_angle_is_no_part_of_an_enclosure():
    with precision():
        found = equations("atan2(p, x)")
        assert found.residual([flint.arb(1), around(flint.arb(0.5))])[0].contains(0)
        with pytest.raises(NotProven):
            found.residual([flint.arb(-1), around(flint.arb(0.5))])


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("p - abs(x)", "abs has a kink"),
        ("max(x, p)", "maximum has a kink"),
        ("floor(x)", "floor jumps"),
        ("x*(x > p)", "a comparison jumps"),
        ("if(x > p)then(x)else(p)", "jumps|kink"),
        ("gamma(x) - p", "gamma has no exact derivatives"),
        ("erf(x)", "erf has no"),
        ("mod(x, 2)", "floor jumps"),
    ],
)
def test_kinks_are_refused_by_name(text, word):
    with precision(), pytest.raises(ProofError, match=f"equation 'x': .*{word}|equation 'x': ({word})"):
        equations(text)


def test_unknown_functions_are_refused_by_name():
    with precision(), pytest.raises(ValueError, match="unknown function 'bessel'"):
        equations("bessel(x)")


@pytest.mark.parametrize("text", ["p*x - x**3", "sin(x)*p", "x/(1 + p)", "x*exp(y) - y*tan(x)"])
def test_states_that_stay_zero_are_recognised(text):
    with precision():
        assert equations({"x": text, "y": "p - y"}, zero=("x",)).zero == (0,)


@pytest.mark.parametrize("text", ["p*x - x**3 + 1e-30", "cos(x)*p", "y*p + x", "x**0"])
def test_states_that_leave_zero_are_not(text):
    with precision(), pytest.raises(ProofError, match="equation 'x' is not 0 wherever x are"):
        equations({"x": text, "y": "p - y"}, zero=("x",))
