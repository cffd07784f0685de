"""Periodic orbits near Hopf points: closed forms, the order of what the expansion leaves, an integrator."""

import functools
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp

from continuation import EmanatingOrbit, Kind, Problem, Settings, emanating_orbit, trace
from systems import textbook

FRAME = np.array([[1.0, 0.4, -0.3], [0.2, 0.8, 0.5], [-0.1, 0.3, 1.2]])


@functools.cache
def twisted():
    """A supercritical Hopf point with quadratic terms, a stable direction coupled to it and a moving equilibrium."""
    z = ["x - mu", "y", "w"]
    v = [" + ".join(f"({c!r})*({name})" for c, name in zip(row, z)) for row in np.linalg.inv(FRAME).tolist()]
    a, b, c = (f"({text})" for text in v)
    g = [
        f"mu*{a} - 2*{b} + 0.3*{a}**2 - 0.5*{a}*{b} + 0.7*{b}*{c} - {a}**3",
        f"2*{a} + mu*{b} + 0.4*{b}**2 + 0.2*{a}*{c} - {b}*{a}**2",
        f"-{c} + 0.6*{a}**2 + 0.5*{a}*{b} + 0.3*mu*{a}",
    ]
    equations = {
        name: " + ".join(f"({k!r})*({text})" for k, text in zip(row, g)) for name, row in zip("xyw", FRAME.tolist())
    }
    return Problem.from_expressions(equations, {"mu": -0.5})


def hopf_point(problem, start, vary, span):
    return trace(problem, start, vary, span, stop=Kind.HOPF)["HB1"]


@functools.cache
def twisted_orbit():
    return emanating_orbit(twisted(), hopf_point(twisted(), [-0.5, 0, 0], "mu", (-0.5, 0.5)))


@pytest.mark.parametrize("l1", [-1.0, -2.5, 0.5])
def test_normal_form(l1):
    """Circles with ``r**2 = -mu / l1``; with a unit vector q the radius is ``sqrt(2) eps``."""
    problem = textbook.hopf(omega=3.0, l1=l1)
    orbit = emanating_orbit(problem, hopf_point(problem, [0, 0], "mu", (-1, 1)))
    assert isinstance(orbit, EmanatingOrbit)
    assert orbit.parameter2 == pytest.approx(-2 * l1, rel=1e-7)
    assert (orbit.omega, orbit.omega2, orbit.growth) == pytest.approx((3.0, 0.0, 1.0), abs=1e-7)
    assert orbit.stable is (l1 < 0)
    mu = -0.3 * np.sign(l1)
    times, states = orbit.sample(parameter=mu, points=16)
    assert_allclose(np.hypot(*states.T), np.sqrt(-mu / l1), rtol=1e-7)
    assert_allclose(times, np.arange(16) * 2 * np.pi / 3 / 16, rtol=1e-7)
    turn = np.diff(np.unwrap(np.arctan2(*states.T[::-1])))
    assert_allclose(turn, 2 * np.pi / 16, rtol=1e-6)


def test_brusselator():
    """With a = 1 the point is b = 2, omega = 1; Re c1 < 0 (Nicolis & Prigogine): stable orbits above it."""
    problem = textbook.brusselator(1.0, 1.0)
    orbit = emanating_orbit(problem, hopf_point(problem, [1.0, 1.0], "b", (1, 3)))
    assert (orbit.parameter, orbit.omega) == pytest.approx((2.0, 1.0), abs=1e-8)
    assert orbit.growth == pytest.approx(0.5, rel=1e-6)  # trace b - 2, halved
    assert orbit.stable
    assert orbit.parameter2 > 0


def test_lorenz_is_subcritical():
    problem = textbook.lorenz()
    rho = 470 / 19  # sigma (sigma + beta + 3) / (sigma - beta - 1)
    x = np.sqrt(8 / 3 * 13)
    start = problem.solve([x, x, 13.0], {"rho": 14.0}).state
    branch = trace(problem, start, "rho", (14, 30), parameters={"rho": 14.0}, stop=Kind.HOPF)
    orbit = emanating_orbit(problem, branch["HB1"])
    assert orbit.parameter == pytest.approx(rho, rel=1e-9)
    assert not orbit.stable
    assert orbit.parameter2 < 0
    assert orbit.lyapunov > 0


def test_the_normal_form_of_the_point_agrees():
    orbit, form = twisted_orbit(), hopf_point(twisted(), [-0.5, 0, 0], "mu", (-0.5, 0.5)).normal_form
    assert (orbit.lyapunov, orbit.growth) == pytest.approx((form["l1"], form["speed"]), rel=1e-9)


def defect(problem, orbit, eps, points=64):
    """``x' - F(x)`` along the expansion, (points, n)."""
    times, states = orbit.sample(eps, points=points)
    spectrum = np.fft.fft(states, axis=0)
    rate = 2j * np.pi / orbit.period_at(eps) * np.fft.fftfreq(points, 1 / points)[:, None]
    slope = np.fft.ifft(rate * spectrum, axis=0).real
    value = {orbit.vary: orbit.parameter_at(eps)}
    return slope - np.array([problem.residual(u, value) for u in states])


def test_the_expansion_leaves_third_order():
    problem, orbit = twisted(), twisted_orbit()
    sizes = [np.max(np.abs(defect(problem, orbit, eps))) for eps in (0.04, 0.02, 0.01)]
    assert np.log2(sizes[0] / sizes[1]) == pytest.approx(3, abs=0.15)
    assert np.log2(sizes[1] / sizes[2]) == pytest.approx(3, abs=0.1)


def test_parameter_and_frequency_leave_nothing_resonant():
    """What is left at third order has no part along the critical mode: that fixes parameter2 and omega2."""
    problem, orbit = twisted(), twisted_orbit()
    a = problem.jacobian(orbit.state, {"mu": orbit.parameter})
    values, vectors = np.linalg.eig(a.T)
    left = vectors[:, np.argmin(np.abs(values - 1j * orbit.omega))]
    left = left / (left @ orbit.q)

    def resonant(given, eps):
        first = np.fft.fft(defect(problem, given, eps), axis=0)[1] / 64
        return abs(left @ first) / eps**3

    assert resonant(orbit, 0.01) < 2e-2 * resonant(replace(orbit, omega2=orbit.omega2 + 1), 0.01)
    assert resonant(orbit, 0.01) < 2e-2 * resonant(replace(orbit, parameter2=orbit.parameter2 + 1), 0.01)
    assert resonant(orbit, 0.005) < 0.5 * resonant(orbit, 0.01)


def test_the_integrated_orbit_is_the_same():
    """Integrated for long from the expansion, a stable orbit is reached: its period and extent agree to eps**2."""
    problem, orbit = twisted(), twisted_orbit()
    assert orbit.stable
    assert orbit.parameter2 > 0
    eps = 0.05
    mu = orbit.parameter_at(eps)
    flow = functools.partial(lambda p, t, u: problem.residual(u, p), {"mu": mu})
    settled = solve_ivp(flow, (0, 600), orbit.sample(eps)[1][0], rtol=1e-8, atol=1e-11).y[:, -1]
    crossing = lambda t, u: u[1] - orbit.state[1]  # noqa: E731
    crossing.direction = 1
    run = solve_ivp(flow, (0, 30), settled, rtol=1e-9, atol=1e-12, events=crossing, dense_output=True)
    turns = run.t_events[0]
    period = (turns[-1] - turns[0]) / (len(turns) - 1)
    assert abs(period / orbit.period_at(eps) - 1) < 0.2 * abs(orbit.omega2) * eps**2 / orbit.omega
    extent = np.ptp(run.sol(np.linspace(turns[0], turns[1], 400)), axis=1)
    assert_allclose(extent, np.ptp(orbit.sample(eps, points=400)[1], axis=0), rtol=0.02)


def test_amplitudes_and_parameters_belong_together():
    orbit = twisted_orbit()
    assert orbit.amplitude_at(orbit.parameter_at(0.07)) == pytest.approx(0.07)
    assert orbit.amplitude_at(orbit.parameter) == 0.0
    one, other = orbit.sample(0.05), orbit.sample(parameter=orbit.parameter_at(0.05))
    assert_allclose(one[1], other[1], rtol=1e-9)
    assert_allclose(orbit.sample(0.0)[1], np.tile(orbit.state, (64, 1)))


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_time_and_parameter_in_other_units(scale):
    reference = twisted_orbit()
    text = twisted().source["equations"]
    equations = {name: f"{scale!r}*({f.replace('mu', f'(m*{scale!r})')})" for name, f in text.items()}
    problem = Problem.from_expressions(equations, {"m": -0.5 / scale}, weights=[1 / 3] * 3 + [scale**2])
    settings = Settings(step=0.01, max_step=0.05)
    span = (-0.5 / scale, 0.5 / scale)
    point = trace(problem, [-0.5, 0, 0], "m", span, settings=settings, stop=Kind.HOPF)["HB1"]
    orbit = emanating_orbit(problem, point)
    assert orbit.omega == pytest.approx(scale * reference.omega, rel=1e-8)
    assert orbit.omega2 == pytest.approx(scale * reference.omega2, rel=1e-6)
    assert orbit.parameter2 * scale == pytest.approx(reference.parameter2, rel=1e-6)
    assert_allclose(np.abs(orbit.second), np.abs(reference.second), rtol=1e-6)


def test_errors():
    problem = textbook.hopf()
    point = hopf_point(problem, [0, 0], "mu", (-1, 1))
    with pytest.raises(ValueError, match="wanted a SpecialPoint of a branch, got list"):
        emanating_orbit(problem, [0, 0])
    fold = trace(textbook.fold(), [1.0], "p", (-1, 2))["LP1"]
    with pytest.raises(ValueError, match="wanted a located Hopf point .* got LP1, a FOLD"):
        emanating_orbit(textbook.fold(), fold)
    with pytest.raises(ValueError, match="got HB1, not located"):
        emanating_orbit(problem, replace(point, located=False))
    with pytest.raises(ValueError, match="varies 'mu'; this problem has a, b"):
        emanating_orbit(textbook.brusselator(), point)
    with pytest.raises(ValueError, match="no pair of imaginary eigenvalues there"):
        emanating_orbit(problem, replace(point, parameters={**point.parameters, "mu": 0.5}, unknowns=None))
    flat = Problem.from_expressions({"x": "mu**2*x - y - x**3", "y": "x + mu**2*y"}, {"mu": -1.0})
    with pytest.raises(ValueError, match="does not cross the imaginary axis with 'mu'"):
        emanating_orbit(flat, replace(point, parameters={"mu": 0.0}, unknowns=np.zeros(3)))
    zero = Problem.from_expressions({"x": "mu*x - y", "y": "x + mu*y", "z": "mu*z"}, {"mu": -1.0})
    there = {"state": np.zeros(3), "state_names": ("x", "y", "z"), "unknowns": np.zeros(4)}
    with pytest.raises(ValueError, match="eigenvalue 0 as well"):
        emanating_orbit(zero, replace(point, parameters={"mu": 0.0}, **there))
    rough = Problem.from_expressions({"x": "mu*x - y - x*abs(x)", "y": "x + mu*y"}, {"mu": -1.0}, smoothness=2)
    rough_point = hopf_point(rough, [0, 0], "mu", (-1, 1))
    with pytest.raises(ValueError, match="smoothness=2"):
        emanating_orbit(rough, rough_point)
    orbit = emanating_orbit(problem, point)
    with pytest.raises(ValueError, match="the orbits have mu above 0, got -1"):
        orbit.amplitude_at(-1)
    with pytest.raises(ValueError, match="wanted eps or parameter"):
        orbit.sample()
    with pytest.raises(ValueError, match="points: wanted a whole number"):
        orbit.sample(0.1, points=0)
    with pytest.raises(ValueError, match="too large for the expansion"):
        replace(orbit, omega2=-10.0).period_at(1.0)
