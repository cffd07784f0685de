"""Orbits as data: sampling against closed forms, what is refused."""

import builtins
from dataclasses import replace

import numpy as np
import pytest

from continuation import Problem
from continuation.ground.arguments import UnknownName
from continuation.orbits.profiles.basis import lobatto_nodes
from continuation.orbits.profiles.orbit import Orbit
from continuation.orbits.profiles.piecewise import Piecewise, interpolation_matrix, node_phases

PERIOD = 3.0


def wave(t):
    """Two states of period 3, not symmetric."""
    s = 2 * np.pi * np.asarray(t) / PERIOD
    return np.column_stack([np.exp(np.sin(s)), 5.0 + np.cos(s) + 0.3 * np.sin(2 * s + 1)])


def evenly(count, **fields):
    t = PERIOD * np.arange(count) / count
    return Orbit(t, wave(t), PERIOD, {"mu": 2.0}, state_names=("x", "y"), **fields)


def on_mesh(count, degree, rng):
    mesh = np.append(np.cumsum(rng.uniform(0.5, 1.5, count)) / 1e3, 1.0)
    mesh = np.concatenate([[0.0], mesh[:-1] / mesh[-2] * (1 - 0.5 / count), [1.0]])
    return Orbit.from_mesh(mesh, wave(PERIOD * node_phases(mesh, degree)), PERIOD, {}, degree)


@pytest.mark.parametrize("closed", [False, True])
def test_a_spline_converges_with_order_six(closed):
    errors, t = [], np.linspace(-4.0, 8.0, 1001)
    for count in (40, 80):
        times = np.linspace(0, PERIOD, count + 1)[: None if closed else -1]
        errors.append(np.max(np.abs(Orbit(times, wave(times), PERIOD, {})(t) - wave(t))))
    assert errors[1] < 1e-7
    assert np.log2(errors[0] / errors[1]) > 5.5


def test_uneven_points_do_not_swing():
    t = np.unique(np.concatenate([np.linspace(0, 1, 30, endpoint=False), 0.5 + np.linspace(-0.01, 0.01, 30)]))
    states = np.tanh((t - 0.5) / 0.002) * np.cos(np.pi * (t - 0.5))
    orbit = Orbit(t, states[:, None], 1.0, {})
    assert np.max(np.abs(orbit(np.linspace(0, 1, 5000)))) < 1.02


def test_samples_are_met_whatever_the_first_time():
    t = 7.0 + PERIOD * np.sort(np.random.default_rng(3).uniform(0, 1, 50))
    orbit = Orbit(t, wave(t), PERIOD, {})
    np.testing.assert_allclose(orbit(t - 5 * PERIOD), wave(t), atol=1e-12)
    assert orbit(7.2).shape == (2,)
    assert orbit([7.2]).shape == (1, 2)


@pytest.mark.parametrize("degree", [1, 2, 4, 7])
def test_an_orbit_on_a_mesh_is_its_polynomials(degree, rng):
    mesh = np.array([0.0, 0.1, 0.4, 1.0])
    coefficients = rng.standard_normal((3, degree + 1))
    ends = rng.standard_normal(3)

    def pieces(phase):
        k = np.clip(np.searchsorted(mesh, phase, side="right") - 1, 0, 2)
        s = (phase - mesh[k]) / (mesh[k + 1] - mesh[k])
        inner = s * (1 - s) * np.array([np.polyval(c, v) for c, v in zip(coefficients[k, : degree - 1], s)])
        return ends[k] * (1 - s) + ends[(k + 1) % 3] * s + inner * (degree > 1)

    phases = node_phases(mesh, degree)
    orbit = Orbit.from_mesh(mesh, pieces(phases)[:, None], 1e-9, {}, degree)
    at = rng.uniform(0, 1, 200)
    np.testing.assert_allclose(orbit(1e-9 * at)[:, 0], pieces(at), atol=1e-12)
    np.testing.assert_allclose(orbit.mesh, mesh, atol=1e-14)
    fine = pieces(np.linspace(0, 1, 20_001))
    assert orbit.maximum[0] == pytest.approx(fine.max(), abs=1e-6)
    assert orbit.minimum[0] == pytest.approx(fine.min(), abs=1e-6)
    assert orbit.mean[0] == pytest.approx(np.mean(fine[:-1]), abs=1e-6)


def test_extrema_lie_between_the_points():
    orbit = evenly(12)
    assert orbit.states[:, 0].max() == pytest.approx(np.e, abs=1e-12)  # a point is there
    shifted = Orbit(orbit.times, wave(orbit.times + 0.1), PERIOD, {})
    assert shifted.states[:, 0].max() < np.e - 0.01
    assert shifted.maximum[0] == pytest.approx(np.e, abs=3e-3)
    assert evenly(200).maximum[0] == pytest.approx(np.e, abs=1e-9)
    assert evenly(200).minimum[0] == pytest.approx(1 / np.e, abs=1e-9)


def test_mean_and_amplitude_have_closed_forms():
    t = PERIOD * np.arange(60) / 60
    s = 2 * np.pi * t / PERIOD
    orbit = Orbit(t, np.column_stack([4 + 3 * np.cos(s), np.sin(2 * s)]), PERIOD, {})
    np.testing.assert_allclose(orbit.mean, [4.0, 0.0], atol=1e-9)
    assert orbit.amplitude == pytest.approx(np.sqrt(4.5 + 0.5), rel=1e-6)


@pytest.mark.parametrize("by", [0.0, 0.7, -1.0, 2.99999, PERIOD, 40.0])
def test_shifted_moves_the_time(by, rng):
    t = np.linspace(-5, 5, 97)
    for orbit in (evenly(60), on_mesh(20, 4, rng)):
        np.testing.assert_allclose(orbit.shifted(by)(t), orbit(t + by), atol=2e-5)
    orbit = on_mesh(20, 4, rng)
    np.testing.assert_allclose(orbit.shifted(by)(t), orbit(t + by), atol=1e-9)
    assert orbit.shifted(by).degree == 4


def test_mappings_and_arrays_are_the_same():
    t = PERIOD * np.arange(30) / 30
    x, y = wave(t).T
    one = Orbit(t, {"x": x, "y": y}, PERIOD, {"mu": 2})
    two = Orbit(t, {"y": y, "x": x}, PERIOD, {"mu": 2}, state_names=("x", "y"))
    assert one.state_names == two.state_names == ("x", "y")
    np.testing.assert_array_equal(one.states, two.states)
    np.testing.assert_array_equal(one["y"], y)
    assert one["mu"] == 2.0
    with pytest.raises(UnknownName, match="no value named 'mo'; this orbit has x, y, mu"):
        one["mo"]
    with pytest.raises(ValueError, match="read-only"):
        one.states[0] = 1.0
    assert repr(one) == "<Orbit of x, y: period 3, parameters {'mu': 2.0}, spline>"
    mesh = np.linspace(0, 1, 4)
    two = Orbit.from_mesh(mesh, wave(PERIOD * node_phases(mesh, 4)), PERIOD, {}, 4)
    assert repr(two) == "<Orbit of 2 states: period 3, parameters {}, 3 intervals of degree 4>"


T = PERIOD * np.arange(20) / 20
GOOD = {"times": T, "states": wave(T), "period": PERIOD, "parameters": {}}
BAD = {
    "nan": ({"states": np.where(np.arange(40).reshape(20, 2) == 7, np.nan, wave(T))}, r"states: .*finite.* \[3, 1\]"),
    "infinite time": ({"times": np.where(T == 0, -np.inf, T)}, "times: wanted finite"),
    "unordered": ({"times": T[::-1]}, "times: wanted rising times, got 2.85, 2.7 at index 0"),
    "twice": ({"times": np.repeat(T[::2], 2)}, "times: wanted rising times"),
    "transposed": ({"states": wave(T).T}, "states: wanted one row for each of 20 times.*transposed"),
    "one state flat": ({"states": wave(T)[:, 0]}, "states: wanted an array of 2"),
    "rows missing": ({"states": wave(T)[:-1]}, "states: wanted one row for each of 20 times"),
    "period exceeded": ({"period": 1.0}, "times: wanted at most one period, 1, got times over 2.85"),
    "no period": ({"period": 0.0}, "period: wanted a positive number"),
    "period text": ({"period": "3"}, "period: wanted a number"),
    "constant": ({"states": np.ones((20, 2))}, "this is an equilibrium"),
    "nearly constant": ({"states": 1e3 + 1e-12 * wave(T)}, "this is an equilibrium"),
    "open": ({"times": np.linspace(0, 3, 20), "states": np.linspace(0, 1, 20)[:, None]}, "a closed orbit, got u1"),
    "few": ({"times": T[:3], "states": wave(T[:3])}, "times: wanted at least 5 points, got 3"),
    "parameters": ({"parameters": [1.0]}, "parameters: wanted a mapping"),
    "parameter": ({"parameters": {"mu": np.nan}}, r"parameters\['mu'\]: wanted finite"),
    "names": ({"state_names": ("x",)}, "states: wanted 1 columns, got 2"),
    "same names": ({"state_names": ("x", "x")}, "state_names: wanted different names"),
    "text for names": ({"state_names": "xy"}, "state_names: wanted a sequence"),
    "other names": ({"states": {"x": T, "z": T}, "state_names": ("x", "y")}, "states: wanted values of"),
    "lengths": ({"states": {"x": T, "z": T[1:]}}, "states: wanted arrays of one length"),
    "degree": ({"degree": 0}, "degree: wanted a whole number of at least 1"),
    "no nodes": ({"degree": 4}, "times: wanted the Chebyshev-Lobatto points"),
    "rest of an interval": ({"degree": 3}, "times: wanted 3 points an interval"),
    "multipliers": ({"multipliers": [1.0, 2.0, 3.0, 4.0]}, "multipliers: wanted 2 complex numbers"),
    "exponents": ({"exponents": "abc"}, "exponents: wanted 2 complex numbers"),
    "closing": ({"closing": "a"}, "closing: wanted a number"),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_refused_in_one_line(what):
    Orbit(**GOOD)
    change, words = BAD[what]
    with pytest.raises(ValueError, match=words) as caught:
        Orbit(**GOOD | change)
    assert "\n" not in str(caught.value)


def test_a_mesh_that_is_none_is_refused():
    for mesh in ([0.0, 0.5, 0.5, 1.0], [0.1, 1.0], [0.0, 2.0], [0.0]):
        with pytest.raises(ValueError, match="mesh: wanted rising numbers from 0 to 1"):
            Orbit.from_mesh(mesh, wave(T), PERIOD, {}, 4)


def test_an_orbit_knows_whether_it_is_a_problems():
    problem = Problem.from_expressions({"x": "mu*x - y", "y": "x"}, {"mu": 1.0, "nu": 3.0})
    np.testing.assert_array_equal(evenly(20).checked_for(problem), [2.0, 3.0])
    other = Problem.from_expressions({"x": "mu*x - z", "z": "x"}, {"mu": 1.0})
    with pytest.raises(ValueError, match="orbit: wanted the states"):
        evenly(20).checked_for(other)
    with pytest.raises(ValueError, match="no parameter named 'mu'"):
        evenly(20).checked_for(Problem.from_expressions({"x": "x - y", "y": "x"}, {}))


def test_pictures_have_labelled_axes():
    orbit = evenly(40)
    against_time = orbit.plot()
    assert (against_time.get_xlabel(), against_time.get_ylabel(), len(against_time.lines)) == ("time", "states", 2)
    plane = orbit.plot("x", "y")
    assert (plane.get_xlabel(), plane.get_ylabel()) == ("x", "y")
    x, y = plane.lines[0].get_data()
    assert x[0] == x[-1]
    assert y[0] == y[-1]
    assert orbit.plot(y="y", ax=plane, color="red") is plane
    assert plane.lines[1].get_color() == "red"
    with pytest.raises(ValueError, match="x: wanted one of time, x, y"):
        orbit.plot("z")
    with pytest.raises(ValueError, match="ax: wanted Axes"):
        orbit.plot(ax=3)


def test_tables_hold_what_the_orbit_does():
    orbit = evenly(20, multipliers=[1.0, 0.5j])
    table = orbit.to_pandas()
    assert list(table.columns) == ["time", "x", "y"]
    np.testing.assert_array_equal(table["y"], orbit["y"])
    data = orbit.to_xarray()
    np.testing.assert_array_equal(data["states"].sel(state="x"), orbit["x"])
    assert data.attrs["parameter mu"] == 2.0
    np.testing.assert_array_equal(data["multipliers"].sel(part="imag"), [0.0, 0.5])


def test_a_missing_package_is_named(monkeypatch):
    real = builtins.__import__

    def refuse(name, *arguments, **options):
        if name.startswith(("pandas", "xarray")):
            raise ImportError(name)
        return real(name, *arguments, **options)

    monkeypatch.setattr("continuation.orbits.profiles.orbit.import_module", refuse)
    for method in ("to_pandas", "to_xarray"):
        with pytest.raises(ImportError, match=f"Orbit.{method} needs .*pip install"):
            getattr(evenly(20), method)()


def test_quadrature_and_interpolation_are_exact_for_polynomials():
    s = np.linspace(0, 1, 37)
    for degree in (1, 3, 8, 20):
        np.testing.assert_allclose(
            interpolation_matrix(s, degree) @ lobatto_nodes(degree) ** degree, s**degree, atol=1e-13
        )
        shape = Piecewise(np.array([0.0, 1.0]), lobatto_nodes(degree)[None, :, None] ** degree)
        assert shape.integral()[0] == pytest.approx(1 / (degree + 1), rel=1e-12)
        assert shape.integral(lambda v: v**2)[0] == pytest.approx(1 / (2 * degree + 1), rel=1e-12)


def test_any_nan_says_that_the_closing_is_not_known():
    orbit = evenly(20)
    assert np.isnan(replace(orbit, closing=float("nan")).closing)  # another object than numpy's, as in copies
    assert np.isnan(replace(orbit, closing=np.float64("nan")).closing)
    with pytest.raises(ValueError, match="closing: wanted a number"):
        replace(orbit, closing="small")
