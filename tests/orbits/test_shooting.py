"""Orbits checked by shooting: multipliers in closed form and by others, errors put in on purpose."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from continuation import Problem
from continuation.orbits.integrating.discrete_qr import log_eigenvalues
from continuation.orbits.integrating.shooting import shoot
from continuation.orbits.profiles.orbit import Orbit

CIRCLE = {"x": "m*x - y - x*(x**2 + y**2)", "y": "x + m*y - y*(x**2 + y**2)"}


def flow(equations, **parameters):
    return Problem.from_expressions(equations, parameters)


def circle(radius=1.0, more=(), count=100, period=2 * np.pi, **parameters):
    t = period * np.arange(count) / count
    s = 2 * np.pi * t / period
    states = np.column_stack([radius * np.cos(s), radius * np.sin(s), *(np.full(count, value) for value in more)])
    return Orbit(t, states, period, parameters)


@pytest.mark.parametrize("pieces", [None, 1, 7])
def test_multipliers_in_closed_form(pieces):
    report = shoot(flow(CIRCLE, m=1.0), circle(m=1.0), pieces, periods=2)
    np.testing.assert_allclose(report.exponents, [0.0, -4 * np.pi], atol=1e-6)
    np.testing.assert_allclose(report.multipliers, np.exp([0.0, -4 * np.pi]), rtol=1e-6, atol=1e-9)
    assert report.closing < 1e-7
    assert abs(report.period_error) < 1e-8
    assert report.unstable == 0
    assert not report.leaves
    assert len(report.errors) == len(report.fractions) - 1 == (pieces or 8)


def test_a_spectrum_over_forty_powers_of_ten():
    k = np.log(10) * 20 / (2 * np.pi)
    # In the plane that turns half as fast as the circle directions grow as e**(k t) and e**(-k t): closed after 2 pi.
    wide = {"z": f"{k}*(x*z + y*w) - w/2", "w": f"{k}*(y*z - x*w) + z/2"}
    report = shoot(flow(CIRCLE | wide, m=1.0), circle(m=1.0, more=(0.0, 0.0)), pieces=40, periods=0)
    logs = np.array([20.0, 0.0, -4 * np.pi / np.log(10), -20.0])
    np.testing.assert_allclose(report.exponents.real / np.log(10), logs, atol=1e-7)
    np.testing.assert_allclose(np.abs(report.exponents.imag[[0, 3]]), np.pi, atol=1e-6)  # half a turn
    assert report.unstable == 1


def test_complex_multipliers():
    more = {"z": "-0.1*z - q*w", "w": "q*z - 0.1*w"}
    report = shoot(flow(CIRCLE | more, m=1.0, q=0.3), circle(m=1.0, q=0.3, more=(0.0, 0.0)))
    pair = np.exp(2 * np.pi * (-0.1 + 0.3j))
    near = np.min(np.abs(report.multipliers - pair)), np.min(np.abs(report.multipliers - pair.conj()))
    assert max(near) < 1e-9


def test_an_orbit_of_others():
    rossler = flow({"x": "-y - z", "y": "x + a*y", "z": "b + z*(x - c)"}, a=0.2, b=0.2, c=2.5)
    orbit = Orbit.from_simulation(rossler, [4.07, -2.89, 0.3])
    report = shoot(rossler, orbit, periods=3)
    others = np.delete(report.exponents, np.argmin(np.abs(report.exponents)))
    assert -np.exp(others[0].real) == pytest.approx(-0.7696936417339634, rel=1e-9)
    assert abs(others[0].imag) == pytest.approx(np.pi)
    assert others.real.sum() == pytest.approx(-12.433568368977298, rel=1e-9)  # integral of the divergence
    assert report.trivial == pytest.approx(1.0, abs=1e-8)
    assert report.method == "DOP853"
    assert "0 unstable, the flow stays on the orbit" in str(report)


def test_an_unstable_orbit_of_others():
    lorenz = flow({"x": "s*(y - x)", "y": "r*x - y - x*z", "z": "x*y - b*z"}, s=10.0, r=24.0, b=8 / 3)
    start, period = [9.107347894171934, 7.052282829251128, 26.940819341117198], 0.679336764198211
    t = period * np.arange(400) / 400
    path = solve_ivp(lambda _, u: lorenz.residual(u), (0.0, period), start, "DOP853", t_eval=t, rtol=1e-12, atol=1e-12)
    report = shoot(lorenz, Orbit(t, path.y.T, period, lorenz.parameters), periods=0)
    assert report.unstable == 1
    assert report.multipliers[0] == pytest.approx(1.0320882978305241, rel=1e-7)
    assert report.exponents.real.sum() == pytest.approx(-9.284269110709044, rel=1e-9)


def test_a_stiff_orbit_is_integrated_by_another_method():
    problem = flow({"x": "y", "y": "mu*(1 - x**2)*y - x"}, mu=50.0)
    orbit = Orbit.from_simulation(problem, [2.0, 0.0])
    report = shoot(problem, orbit, pieces=16, periods=1)
    assert report.method == "LSODA"
    assert report.closing < 1e-6
    divergence = 50 * orbit._shape.integral(lambda u: 1 - u[..., 0] ** 2) * orbit.period
    assert report.exponents[1] == pytest.approx(divergence, rel=1e-6)  # far below what a piece's map can show
    assert not report.leaves


def test_a_wrong_orbit_is_seen_where_it_is_wrong():
    problem, orbit = flow(CIRCLE, m=1.0), circle(m=1.0)
    states = orbit.states * (1 + 1e-3 * (np.arange(100) == 50))[:, None]
    report = shoot(problem, Orbit(orbit.times, states, orbit.period, {"m": 1.0}), pieces=10)
    assert 1e-4 < report.closing < 1e-2
    assert np.argmax(report.errors) in (4, 5)
    assert np.sum(report.errors > 1e-5) <= 2


def test_a_wrong_period_is_a_delay():
    report = shoot(flow(CIRCLE, m=1.0), circle(m=1.0, period=2 * np.pi * 1.001))
    assert report.closing < 1e-5
    assert report.period_error == pytest.approx(-0.001, rel=1e-2)


def test_an_unstable_orbit_is_left():
    inside = {"x": "-x*(1 - x**2 - y**2) - y", "y": "-y*(1 - x**2 - y**2) + x"}
    report = shoot(flow(inside), circle(), periods=10)
    assert report.unstable == 1
    assert report.leaves
    assert report.closing < 1e-5
    assert "1 unstable, the flow leaves the orbit" in str(report)


def test_work_is_bounded_and_the_rest_is_not_known():
    report = shoot(flow(CIRCLE, m=1.0), circle(m=1.0), evaluations=400)
    assert report.remark == "the 400 evaluations did not last"
    assert np.isnan(report.closing)
    assert report.unstable == -1
    assert not report.leaves
    assert "multipliers unknown" in str(report)


def test_bad_arguments_are_named():
    problem = flow(CIRCLE, m=1.0)
    for change, words in (
        ({"orbit": 3}, "orbit: wanted Orbit"),
        ({"orbit": circle(more=(1.0,))}, "orbit: wanted the states"),
        ({"pieces": 0}, "pieces: wanted a whole number"),
        ({"periods": -1}, "periods: wanted a whole number"),
        ({"problem": None}, "problem: wanted a Problem"),
        ({"problem": Problem.from_expressions(CIRCLE, {"m": 1.0}, stability=None)}, "wanted a flow"),
    ):
        with pytest.raises(ValueError, match=words):
            shoot(**{"problem": problem, "orbit": circle(m=1.0)} | change)


def test_products_of_many_matrices_keep_small_eigenvalues(rng):
    logs = np.array([120.0, 40.0, 2.0, -1.0, -90.0])
    bases = [np.linalg.qr(rng.standard_normal((5, 5)))[0] + 0.1 * rng.standard_normal((5, 5)) for _ in range(30)]
    shares = np.diag(np.exp(logs / 30))
    factors = [after @ shares @ np.linalg.inv(base) for base, after in zip(bases, bases[1:] + bases[:1])]
    np.testing.assert_allclose(log_eigenvalues(factors), logs, atol=1e-10)


def test_a_singular_factor_has_a_vanishing_multiplier():
    found = log_eigenvalues([np.diag([2.0, 0.0]), np.array([[0.0, 1.0], [1.0, 0.0]]), np.diag([3.0, 1.0])])
    assert np.all(np.isneginf(found.real))
    found = log_eigenvalues([np.diag([2.0, 0.0])])
    assert found[0].real == pytest.approx(np.log(2))
    assert np.isneginf(found[1].real)
