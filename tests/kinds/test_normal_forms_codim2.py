"""Normal forms of codimension two: systems built to have known coefficients, behind changes of coordinates and time."""

import functools

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation import Kind, Problem
from continuation.kinds.normal_forms.coefficients import normal_form
from tests.hidden import Hidden
from tests.kinds.test_normal_forms import ALL_WAYS, coefficients, seeded, side

BOTH = ("mu", "nu")
PAIR = [0.5, -0.5j]  # q of w = y0 + i y1


def spiral(x, y, factor):
    """Real and imaginary part of factor * (x + iy), the factor as a pair."""
    return [factor[0] * x - factor[1] * y, factor[0] * y + factor[1] * x]


@functools.cache
def cusp_system():
    def field(y, mu):
        own = mu[0] + mu[1] * y[0] + (-0.9 - 0.3) * y[0] ** 3 + 0.6 * y[0] * y[1]
        return [own, -2 * y[1] + y[0] ** 2, -y[2] + y[0] * y[1]]

    return Hidden(3, field, seeded(10), mu=("mu", "nu"))


@ALL_WAYS
@pytest.mark.parametrize("scale", [1.0, 1e-6, 1e6])
def test_cusp(exact, accuracy, scale):
    """c is divided by the square of the length of v; the slaved y1 adds 0.3."""
    hidden = cusp_system()
    found = coefficients(hidden, Kind.CUSP, exact, BOTH, scale=scale)
    assert_allclose(found["c"], scale * -0.9 / hidden.length([1, 0, 0]) ** 2, rtol=accuracy)
    assert_allclose(found["a"], 0, atol=accuracy * scale)


@functools.cache
def double_zero_system(sheared):
    def field(y, mu):
        own = mu[0] + mu[1] * y[0] + 0.7 * y[0] ** 2 + mu[2] * y[0] * y[1] + y[2] * y[1]
        return [y[1], own, -2 * y[2] + y[0] ** 2 + 0.3 * y[1] * y[0]]

    using = tuple(k for k in range(3) if k not in sheared)
    return Hidden(3, field, seeded(11), mu=("mu", "nu", "b"), sheared=sheared, using=using)


@ALL_WAYS
@pytest.mark.parametrize("b", [-1.1, 0.6])
@pytest.mark.parametrize("sheared", [(1,), (0, 2)])
def test_bogdanov_takens(exact, accuracy, b, sheared):
    """Both coefficients are divided by the length of q0; near-identity changes leave them."""
    hidden = double_zero_system(sheared)
    found, length = coefficients(hidden, Kind.BOGDANOV_TAKENS, exact, BOTH, b=b), hidden.length([1, 0, 0])
    assert_allclose([found["a"], found["b"]], np.array([0.7, b]) / length * side(hidden), rtol=accuracy)
    assert found["s"] == np.sign(b)


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_bogdanov_takens_in_another_time(scale):
    """Time scaled: q1 is divided by the scale, p1 multiplied: a goes with its square, b with itself."""
    hidden = double_zero_system((1,))
    one, other = [coefficients(hidden, Kind.BOGDANOV_TAKENS, True, BOTH, b=0.6, scale=k) for k in (1.0, scale)]
    assert_allclose([other["a"], other["b"]], [one["a"] * scale**2, one["b"] * scale], rtol=1e-8)


@functools.cache
def bautin_system():
    """The slaved y2 = r/2 adds 0.2 to the cubic coefficient, which it cancels."""

    def field(y, mu):
        r = y[0] ** 2 + y[1] ** 2
        grow, turn = mu[0] + mu[1] * r - 0.2 * r + 0.4 * y[2] + mu[2] * r**2, 1.4 + 0.6 * r - 0.3 * r**2
        return [*spiral(y[0], y[1], (grow, turn)), -3 * y[2] + 1.5 * r, -y[3] + y[0] * y[2]]

    return Hidden(4, field, seeded(12), mu=("mu", "nu", "l2"))


@functools.cache
def straight_bautin_system():
    def field(y, mu):
        r = y[0] ** 2 + y[1] ** 2
        grow, turn = mu[0] + mu[1] * r - 0.2 * r + 0.4 * y[2] + mu[2] * r**2, 1.4 + 0.6 * r - 0.3 * r**2 + 0.8 * mu[0]
        return [*spiral(y[0], y[1], (grow, turn)), -3 * y[2] + 1.5 * r + grow * r, -y[3] + y[0] * y[2]]

    return Hidden(4, field, seeded(12), mu=("mu", "nu", "l2"), sheared=(3,), using=(0, 1))


@ALL_WAYS
@pytest.mark.parametrize("l2", [-0.7, 0.9])
@pytest.mark.parametrize("scale", [1.0, 1e-6, 1e6])
def test_bautin(exact, accuracy, l2, scale):
    hidden = bautin_system()
    found = coefficients(hidden, Kind.BAUTIN, exact, BOTH, l2=l2, scale=scale)
    length = hidden.length([*PAIR, 0, 0])
    assert_allclose(found["l2"], l2 / 1.4 / length**4, rtol=accuracy)
    assert_allclose([found["omega"], found["l1"]], [1.4 * scale, 0], rtol=accuracy, atol=1e-7)
    assert_allclose(found["l1_imag"], 0.6 / 1.4 / length**2, rtol=accuracy)
    assert_allclose(np.array(found["speeds"]) / scale, [1, 0], atol=accuracy)
    assert_allclose(np.array(found["turns"]) / scale, [0, 0], atol=accuracy)


@ALL_WAYS
def test_the_imaginary_part_of_fifth_order_at_a_bautin_point(exact, accuracy):
    """Nothing that changes the pair's own coordinates: l2_imag depends on how the amplitude is chosen."""
    hidden = straight_bautin_system()
    found, length = coefficients(hidden, Kind.BAUTIN, exact, BOTH, l2=0.9), hidden.length([*PAIR, 0, 0])
    assert_allclose(found["l2_imag"], -0.3 / 1.4 / length**4, rtol=10 * accuracy)
    assert_allclose(found["turns"], [0.8, 0], atol=accuracy)


@functools.cache
def zero_hopf_system(sheared):
    """Gavrilov's normal form, all of it multiplied by ``1 + 0.4 z`` (a change of time)."""

    def field(y, mu):
        z, r = y[0], y[1] ** 2 + y[2] ** 2
        own = mu[0] + mu[2] * z**2 + 0.6 * r + 0.5 * z * y[3]
        flow = [own, *spiral(y[1], y[2], (mu[1] - 0.5 * z + 0.9 * z**2, 1.9 + 0.7 * z)), -2 * y[3] + z * y[1]]
        return [(1 + 0.4 * z) * f for f in flow]

    using = tuple(k for k in range(4) if k not in sheared)
    return Hidden(4, field, seeded(13), mu=("mu", "nu", "b"), sheared=sheared, using=using)


@ALL_WAYS
@pytest.mark.parametrize("sheared", [(1, 3), (0, 3), (2,)])
@pytest.mark.parametrize("b", [0.8, -0.8])
def test_zero_hopf(exact, accuracy, sheared, b):
    """b and d go with 1/|q0|, e with its square, c with |q0|/|q|**2; s and theta are invariant."""
    hidden, c = zero_hopf_system(sheared), 0.6
    found = coefficients(hidden, Kind.ZERO_HOPF, exact, BOTH, b=b)
    q0, q1 = hidden.length([1, 0, 0, 0]) * side(hidden), hidden.length([0, *PAIR, 0])
    assert found["s"] == np.sign(b * c)
    given = [found["omega"], found["b"], found["c"], found["d"].real, found["e"], found["theta"]]
    assert_allclose(given, [1.9, b / q0, c * q0 / q1**2, -0.5 / q0, 0.9 / q0**2, -0.5 / b], rtol=accuracy)
    assert_allclose(found["turn_z"], (0.7 + 0.4 * 1.9) / q0, rtol=accuracy)
    assert_allclose([found["d"].imag, found["theta_imag"]], [0.7 / q0, 0.7 / b], rtol=10 * accuracy)


@functools.cache
def two_pairs_system(sheared):
    p, s = np.array([[-0.9, 0.7], [0.5, np.nan]]), np.array([0.8, -0.4])

    def field(y, mu):
        r1, r2 = y[0] ** 2 + y[1] ** 2, y[2] ** 2 + y[3] ** 2
        first = (mu[0] + p[0, 0] * r1 + p[0, 1] * r2 + s[0] * r2**2, 2.7 + 0.3 * r1 - 0.2 * r2)
        second = (mu[1] + p[1, 0] * r1 + mu[2] * r2 + s[1] * r1**2, 1.0 + 0.4 * r2)
        flow = [*spiral(y[0], y[1], first), *spiral(y[2], y[3], second)]
        return [(1 + 0.3 * r1 - 0.5 * r2) * f for f in flow]

    using = tuple(k for k in range(4) if k not in sheared)
    return Hidden(4, field, seeded(14), mu=("mu", "nu", "p22"), sheared=sheared, using=using), p, s


@ALL_WAYS
@pytest.mark.parametrize(("p22", "case"), [(-0.6, "simple"), (0.6, "difficult")])
@pytest.mark.parametrize("sheared", [(1, 3), (0, 2)])
def test_hopf_hopf(exact, accuracy, p22, case, sheared):
    """Squares of amplitudes go with the lengths of the q; of s1, s2 one combination is invariant (see `hopf_hopf`)."""
    hidden, p, s = two_pairs_system(sheared)
    p = np.where(np.isnan(p), p22, p)
    found = coefficients(hidden, Kind.HOPF_HOPF, exact, BOTH, p22=p22)
    squares = np.array([hidden.length([*PAIR, 0, 0]), hidden.length([0, 0, *PAIR])]) ** 2
    wanted = p / squares
    given = np.array([[found["p11"], found["p12"]], [found["p21"], found["p22"]]])
    assert_allclose(given, wanted, rtol=accuracy)
    turns = np.array([[0.3 + 0.3 * 2.7, -0.2 - 0.5 * 2.7], [0.3, 0.4 - 0.5]]) / squares
    assert_allclose([[found["t11"], found["t12"]], [found["t21"], found["t22"]]], turns, rtol=accuracy)
    assert_allclose([*found["speeds1"], *found["speeds2"]], [1, 0, 0, 1], atol=accuracy)
    assert_allclose([found["theta"], found["delta"]], [p[0, 1] / p[1, 1], p[1, 0] / p[0, 0]], rtol=accuracy)
    assert_allclose([found["omega1"], found["omega2"]], [2.7, 1.0], rtol=accuracy)
    assert found["case"] == case
    assert "resonance" not in found
    if case == "difficult":
        scaled = s / squares[::-1] ** 2
        both = [invariant(wanted, scaled), invariant(given, (found["s1"], found["s2"]))]
        assert_allclose(both[1], both[0], rtol=10 * accuracy)
        assert_allclose(found["Theta"], found["s1"] / found["p22"] ** 2)


def invariant(p, s):
    return s[0] / (p[0, 1] - p[1, 1]) + s[1] * p[0, 1] / ((p[1, 0] - p[0, 0]) * p[1, 0])


def test_resonant_frequencies_are_named():
    text = {"x": "-2*y", "y": "2*x - x**3", "z": "-w", "w": "z + w*x - z**3"}
    made = Problem.from_expressions(text, {"mu": 0.0}, compiled=False)
    assert normal_form(made, Kind.HOPF_HOPF, np.zeros(4), {}, "mu")["resonance"] == "1:2"


def test_too_few_critical_eigenvalues_are_said():
    made = Problem.from_expressions({"x": "mu - x**2", "y": "-y"}, {"mu": 0.0}, compiled=False)
    for kind in (Kind.ZERO_HOPF, Kind.HOPF_HOPF, Kind.BAUTIN):
        assert "pairs" in normal_form(made, kind, [0.0, 0.0], {}, "mu")["degenerate"]
    chain = Problem.from_expressions({"x": "y", "y": "z", "z": "mu + x**2"}, {"mu": 0.0}, compiled=False)
    assert "more than a double" in normal_form(chain, Kind.BOGDANOV_TAKENS, np.zeros(3), {}, "mu")["degenerate"]
    assert "multiple" in normal_form(chain, Kind.CUSP, np.zeros(3), {}, "mu")["degenerate"]


def test_a_zero_hopf_point_without_a_quadratic_term_is_said():
    text = {"z": "mu - z**3 + x**2 + y**2", "x": "-y + z*x", "y": "x + z*y"}
    made = Problem.from_expressions(text, {"mu": 0.0}, compiled=False)
    found = normal_form(made, Kind.ZERO_HOPF, np.zeros(3), {}, "mu")
    assert (found["s"], found["degenerate"]) == (0.0, "b or c vanishes")
    assert found["G011"] == pytest.approx(2.0)
