"""Orbits where several equal pairs cross: closed forms of the normal forms on rings and arrays, and an integrator."""

import functools

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp

from continuation import Branch, Kind, Problem, emanating_orbit, emanating_orbits, trace


def moves(n, *permutations):
    """Entries of `symmetries` for permutations of cells with the states x, y each."""
    return [[f"{c}{p[i]}" for i in range(n) for c in "xy"] for p in permutations]


def rotate(n):
    return [(i + 1) % n for i in range(n)]


def reflect(n):
    return [-i % n for i in range(n)]


@functools.cache
def landau_ring(n, re=-1.0, im=0.7, couple=-0.3, symmetric=True):
    """``z' = (mu + i) z + (re + i im) |z|**2 z + couple (1 + i) (z_left + z_right - 2 z)`` in n cells."""
    texts = {}
    for i in range(n):
        x, y, r = f"x{i}", f"y{i}", f"(x{i}**2 + y{i}**2)"
        dx, dy = (f"({c}{(i - 1) % n} + {c}{(i + 1) % n} - 2*{c}{i})" for c in "xy")
        texts[x] = f"mu*{x} - {y} + ({re}*{x} - {im}*{y})*{r} + {couple}*({dx} - {dy})"
        texts[y] = f"mu*{y} + {x} + ({re}*{y} + {im}*{x})*{r} + {couple}*({dx} + {dy})"
    options = {"symmetries": moves(n, rotate(n), reflect(n))} if symmetric else {}
    return Problem.from_expressions(texts, {"mu": -0.5}, **options)


@functools.cache
def two_pairs(n, symmetric=True, **values):
    """A ring of repelling oscillators and its first point with two equal pairs."""
    problem = landau_ring(n, symmetric=symmetric, **values)
    branch = trace(problem, [0.0] * (2 * n), "mu", (-1.3, 0.2), parameters={"mu": -1.3})
    return problem, next(point for point in branch.hopfs if point.normal_form["multiplicity"] == 2)


@pytest.mark.parametrize("n", [5, 7])
@pytest.mark.parametrize(("re", "stable"), [(-1.0, True), (1.0, False)])
def test_waves_on_a_ring_of_landau_oscillators(n, re, stable):
    """Repelling cells: waves of number k = (n - 1)/2 come first.  With q of length 1 and the pattern a_j of its cells,
    c1 = (re + i im) 2 sum |a|**4: 1/n for the rotating wave, 3/(2 n) for the standing ones.  So that one is stable.
    """
    problem, point = two_pairs(n, re=re)
    turn = 2 * (1 - np.cos(np.pi * (n - 1) / n))
    assert_allclose(point["mu"], -0.3 * turn, rtol=1e-10)
    assert point.normal_form["multiplicity"] == 2
    orbits = point.normal_form["orbits"]
    omega = 1 + 0.3 * turn
    wanted = {"rotating wave": (2 * re / n / omega, stable), "standing wave": (3 * re / n / omega, False)}
    assert sorted(one["name"] for one in orbits) == ["rotating wave", "standing wave", "standing wave"]
    for one in orbits:
        assert one["l1"] == pytest.approx(wanted[one["name"]][0], rel=1e-8)
        assert one["criticality"] == ("supercritical" if re < 0 else "subcritical")
        assert one["stable"] is wanted[one["name"]][1]
    assert any(f"x(t + T/{n})" in one["symmetry"] for one in orbits)
    families = emanating_orbits(problem, point)
    assert len(families) == 3
    assert [(o.name, o.symmetry, o.stable) for o in families] == [
        (o["name"], o["symmetry"], o["stable"]) for o in orbits
    ]
    for orbit in families:
        assert orbit.parameter2 == pytest.approx(-orbit.lyapunov * omega, rel=1e-8)  # the pair moves as mu does
        assert orbit.omega2 == pytest.approx(0.7 * abs(orbit.lyapunov) * omega, rel=1e-8)


@pytest.mark.parametrize("n", [5, 6])
def test_expanded_orbits_have_their_symmetry_and_solve_the_equations(n):
    problem, point = two_pairs(n)
    orbits = emanating_orbits(problem, point)
    assert len(orbits) == 3
    assert [len(orbit.spatial) > 1 for orbit in orbits].count(True) >= 1
    for orbit in orbits:
        eps = 0.02
        times, states = orbit.sample(eps, points=120)
        values = {"mu": orbit.parameter_at(eps)}
        slopes = np.gradient(np.vstack([states[-3:], states, states[:3]]), times[1], axis=0, edge_order=2)[3:-3]
        flow = np.array([problem.residual(u, values) for u in states])
        assert np.max(np.abs(flow - slopes)) < 5e-3 * np.max(np.abs(flow))
        for g in orbit.spatial:
            assert_allclose(g(states), states, atol=1e-12)


def test_the_stable_wave_is_what_a_simulation_settles_on():
    """Brusselators on a ring that repel each other: a rotating wave, of the amplitude and shift that were told."""
    n = 5
    texts = {}
    for i in range(n):
        left, right = (i - 1) % n, (i + 1) % n
        texts[f"x{i}"] = f"1 - (B + 1)*x{i} + x{i}**2*y{i} - (x{left} + x{right} - 2*x{i})/100"
        texts[f"y{i}"] = f"B*x{i} - x{i}**2*y{i} - (y{left} + y{right} - 2*y{i})/10"
    problem = Problem.from_expressions(texts, {"B": 1.0}, symmetries=moves(n, rotate(n), reflect(n)))
    point = trace(problem, [1.0] * 10, "B", (0.5, 4), stop=Kind.HOPF)["HB1"]
    (orbit,) = [one for one in emanating_orbits(problem, point) if one.stable]
    assert orbit.name == "rotating wave"
    value = point["B"] + 0.02
    times, states = orbit.sample(parameter=value)
    period = orbit.period_at(orbit.amplitude_at(value))

    def flow(t, u):
        return problem.residual(u, {"B": value})

    nudged = states[0] + 0.02 * np.sin(np.arange(10))
    end = solve_ivp(flow, (0, 60 * period), nudged, rtol=1e-8, atol=1e-10, method="LSODA").y[:, -1]
    run = solve_ivp(flow, (0, period), end, rtol=1e-9, atol=1e-11, dense_output=True)
    size = np.ptp(states[:, 0])
    assert np.ptp(run.y[0]) == pytest.approx(size, rel=0.02)
    assert np.max(np.abs(run.y[:, -1] - end)) < 0.02 * size
    shifted = problem.symmetry.elements.act(end) - run.sol(period / n)
    turns = [g.order for g, gap in zip(problem.symmetry.elements, shifted) if np.max(np.abs(gap)) < 0.03 * size]
    assert turns == [n]


def test_all_to_all_arrays_list_the_waves_of_the_symmetric_group():
    n, texts = 4, {}
    for i in range(n):
        mean = [" + ".join(f"{c}{j}" for j in range(n)) for c in "xy"]
        texts[f"x{i}"] = f"mu*x{i} - y{i} - x{i}*(x{i}**2 + y{i}**2) - ({mean[0]})/4"
        texts[f"y{i}"] = f"mu*y{i} + x{i} - y{i}*(x{i}**2 + y{i}**2) - ({mean[1]})/4"
    problem = Problem.from_expressions(texts, {"mu": -0.5}, symmetries=moves(n, rotate(n), [1, 0, 2, 3]))
    point = trace(problem, [0.0] * 8, "mu", (-0.5, 0.5), stop=Kind.HOPF)["HB1"]
    assert_allclose(point["mu"], 0.0, atol=1e-12)
    assert point.normal_form["multiplicity"] == 3
    found = sorted((one["name"], round(-one["l1"], 9)) for one in point.normal_form["orbits"])
    # 2 sum |a|**4 / (sum |a|**2)**2 of these patterns of sum zero; what leaves their space has no part in c1
    patterns = [np.exp(2j * np.pi * np.arange(4) / 4), [*np.exp(2j * np.pi * np.arange(3) / 3), 0]]
    patterns += [[1, 1, -1, -1], [1, -1, 0, 0], [3, -1, -1, -1]]
    sizes = [2 * np.sum(np.abs(a) ** 4) / np.sum(np.abs(a) ** 2) ** 2 for a in map(np.array, patterns)]
    words = ["rotating wave"] * 2 + ["standing wave"] * 3
    assert found == sorted(zip(words, np.round(sizes, 9)))


def test_curves_lead_through_one_pair_only_and_say_where_there_is_one():
    """On the ring B = 2 - 11 d kappa, kappa = 2 cos(4 pi/5) - 2: a straight line in (B, d)."""
    n, kappa = 5, 2 * np.cos(4 * np.pi / 5) - 2
    texts = {}
    for i in range(n):
        left, right = (i - 1) % n, (i + 1) % n
        texts[f"x{i}"] = f"1 - (B + 1)*x{i} + x{i}**2*y{i} + d*(x{left} + x{right} - 2*x{i})"
        texts[f"y{i}"] = f"B*x{i} - x{i}**2*y{i} + 10*d*(y{left} + y{right} - 2*y{i})"
    bare = Problem.from_expressions(texts, {"B": 1.0, "d": -0.01})
    problem = bare.with_symmetries(moves(n, rotate(n), reflect(n)))
    point = trace(problem, [1.0] * 10, "B", (0.5, 4), stop=Kind.HOPF)["HB1"]
    limits = {"B": (0.5, 4), "d": (-0.05, 0.05)}
    with pytest.raises(ValueError, match="2 equal pairs cross at HB1.*declare it"):
        trace(bare, point, ("B", "d"), limits)
    with pytest.raises(ValueError, match=r"2 equal pairs cross at HB1.*restricted.*\(x1 x4\)"):
        trace(problem, point, ("B", "d"), limits)
    spatial = next(o.spatial for o in emanating_orbits(problem, point) if len(o.spatial) > 1)
    curve = trace(problem.restricted(spatial), point, ("B", "d"), limits)
    assert len(curve) > 10
    assert_allclose(curve["B"], 2 - 11 * curve["d"] * kappa, rtol=1e-12)


def test_several_pairs_have_no_single_orbit(tmp_path):
    bare, point = two_pairs(5, symmetric=False)
    for expand in (emanating_orbit, emanating_orbits):
        with pytest.raises(ValueError, match="2 equal pairs cross at HB"):
            expand(bare, point)
    assert "declare `symmetries`" in point.normal_form["degenerate"]
    problem, point = two_pairs(5)
    with pytest.raises(ValueError, match="emanating_orbits"):
        emanating_orbit(problem, point)
    branch = trace(problem, [0.0] * 10, "mu", (-1.3, -0.9), parameters={"mu": -1.3})
    assert "2 equal pairs" in str(branch)
    branch.save(tmp_path / "ring.nc")
    assert Branch.load(tmp_path / "ring.nc")["HB1"].normal_form["orbits"] == branch["HB1"].normal_form["orbits"]


def test_a_simple_pair_has_the_symmetry_of_its_wave():
    """A ring coupled one way only: its pairs are simple, and each oscillation travels."""
    n, texts = 3, {}
    for i in range(n):
        x, y, k = f"x{i}", f"y{i}", (i - 1) % n
        texts[x] = f"mu*{x} - {y} - {x}*({x}**2 + {y}**2) + (x{k} - {x})/5"
        texts[y] = f"mu*{y} + {x} - {y}*({x}**2 + {y}**2) + (y{k} - {y})/5"
    problem = Problem.from_expressions(texts, {"mu": -0.2}, symmetries=moves(n, rotate(n)))
    branch = trace(problem, [0.0] * 6, "mu", (-0.2, 0.5))
    told = [
        [(orbit.name, len(orbit.spatial), orbit.stable) for orbit in emanating_orbits(problem, point)]
        for point in branch.hopfs
    ]
    assert told == [[("symmetric oscillation", 3, True)], [("rotating wave", 1, False)]]
    assert_allclose([point["mu"] for point in branch.hopfs], [0.0, 0.3], atol=1e-12)
    assert (
        len(branch["HB2"].normal_form["others"]) == 1
    )  # waves that travel the one way and the other, of two frequencies
