"""Branches of periodic orbits: their starts, special points and ends, against closed forms and integrated orbits."""

import json
import pathlib

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from continuation import Kind, Orbit, Problem, Settings, StartError, Status, periodic_orbits, trace

REFERENCE = json.loads((pathlib.Path(__file__).parent / "reference.json").read_text("utf-8"))


def equations(system):
    """Equations of a system of the reference file, as text."""
    return next(entry["equations"] for entry in REFERENCE if entry["system"] == system)


@pytest.fixture(scope="module")
def brusselator():
    problem = Problem.from_expressions(equations("Brusselator"), {"b": 1.0, "a": 1.0})
    return problem, trace(problem, [1, 1], "b", (0.5, 5))


def test_a_branch_from_a_hopf_point(brusselator):
    problem, equilibria = brusselator
    branch = trace(periodic_orbits(problem), equilibria["HB1"], "b", (0, 3))
    assert [point.label for point in branch.special] == ["EP1", "HB1", "EP2"]
    assert_allclose([branch["amplitude"][0], branch["b"][0]], [0, 2], atol=1e-12)
    assert_allclose(branch["period"][0], 2 * np.pi, rtol=1e-12)
    assert_allclose(branch["period"][-1], 7.156919921179874, rtol=1e-10)
    assert not branch.unstable.any()
    assert branch.ends[1] is Status.LIMIT
    assert np.all(np.diff(branch["amplitude"]) > 0)
    assert_array_equal(np.sort([branch["x_min"], branch["x_mean"], branch["x_max"]], axis=0)[1], branch["x_mean"])


def test_a_fold_of_cycles():
    problem = Problem.from_expressions(equations("Bautin"), {"mu": -0.5})
    equilibria = trace(problem, [0, 0], "mu", (-0.5, 0.5))
    branch = trace(periodic_orbits(problem), equilibria["HB1"], "mu", (-2, 2))
    fold = branch["LP1"]
    assert_allclose([fold["mu"], fold.error], [-1, 0], atol=1e-10)
    assert_allclose(branch["period"][fold.index], np.pi, rtol=1e-10)
    assert_array_equal(branch.unstable[1:], np.arange(1, len(branch)) < fold.index)
    radius = branch["x_max"]
    assert_allclose(branch["mu"] + 2 * radius**2 - radius**4, 0.0, atol=1e-7)


def test_neimark_sacker_points_and_no_neutral_saddles():
    parameters = {"a": 0.6, "b": 1.5, "d": 3.5, "e": 0.25, "f": 0.0}
    problem = Problem.from_expressions(equations("Langford"), parameters)
    equilibria = trace(problem, [0, 0, 1.5], "b", (0.1, 2.5))
    branch = trace(periodic_orbits(problem), equilibria["HB1"], "b", (0.1, 2.5))
    point = branch["NS1"]
    assert abs(point["b"] - 0.862097985892684) < 1e-10
    assert_allclose(np.abs(np.angle(branch.multipliers[point.index, 0])), 2.836777313581866, rtol=1e-8)
    assert_array_equal(branch.unstable, np.where(branch["b"] < point["b"], 2, 0))


def test_a_period_doubling():
    problem = Problem.from_expressions(equations("Rossler"), {"c": 2.0, "a": 0.2, "b": 0.2})
    orbit = Orbit.from_simulation(problem, [1, 1, 1], parameters={"c": 2.5})
    branch = trace(periodic_orbits(problem), orbit, "c", (2.3, 3.2))
    assert_allclose(branch["PD1"]["c"], 2.832445027862508, rtol=1e-10)
    assert_allclose(branch["period"][branch["PD1"].index], 5.769820016506566, rtol=1e-10)
    assert_array_equal(branch.unstable, np.where(branch["c"] > branch["PD1"]["c"] + 1e-9, 1, 0))


def test_a_branch_that_ends_in_another_hopf_point():
    problem = Problem.from_expressions(equations("FitzHugh-Nagumo"), {"I": 0.0, "e": 0.08})
    equilibria = trace(problem, [-1.2, -0.62], "I", (0, 2))
    branch = trace(periodic_orbits(problem), equilibria["HB1"], "I", (0, 2))
    assert [point.kind for point in branch.special] == [
        Kind.END,
        Kind.HOPF,
        Kind.FOLD,
        Kind.FOLD,
        Kind.HOPF,
        Kind.END,
    ]
    assert branch.ends[1] is Status.HOPF
    assert_allclose(branch["HB2"]["I"], equilibria["HB2"]["I"], rtol=1e-12)
    assert_allclose(branch["LP1"]["I"] + branch["LP2"]["I"], 2 * 0.875, rtol=1e-9)  # v, w, I -> -v, 1.75 - w, 1.75 - I


def test_the_way_to_a_homoclinic_orbit():
    problem = Problem.from_expressions(equations("Lorenz"), {"r": 20.0, "s": 10.0, "b": 8 / 3})
    equilibria = trace(problem, [7.118, 7.118, 19.0], "r", (2, 40))
    branch = trace(periodic_orbits(problem), equilibria["HB1"], "r", (10, 40))
    assert branch.ends[1] is Status.LONG_PERIOD
    (remark,) = [r.text for r in branch.remarks if "towards a homoclinic" in r.text]
    found = float(remark.partition(" at r = ")[2].partition(",")[0])
    assert abs(found - 13.9265574075201) < 1e-8
    assert [point.label for point in branch.special] == ["EP1", "HB1", "EP2"]
    assert_array_equal(branch.unstable[1:], 1)


def test_limits_of_columns(brusselator):
    problem, equilibria = brusselator
    for name, limit in (("period", 6.5), ("x_max", 2.0)):
        branch = trace(periodic_orbits(problem), equilibria["HB1"], "b", {"b": (0, 5), name: (None, limit)})
        assert_allclose(branch[name][-1], limit, rtol=1e-8)
        assert branch.ends[1] is Status.LIMIT


def test_plain_python_and_compiled_fields_give_the_same():
    def field(u, p, out):
        out[0] = p[1] - (p[0] + 1) * u[0] + u[0] ** 2 * u[1]
        out[1] = p[0] * u[0] - u[0] ** 2 * u[1]

    ends = []
    for compiled in (True, False):
        problem = Problem(field, ("x", "y"), {"b": 1.0, "a": 1.0}, compiled=compiled)
        equilibria = trace(problem, [1, 1], "b", (0.5, 2.5))
        ends.append(trace(periodic_orbits(problem, 20), equilibria["HB1"], "b", (0, 2.1))["period"][-1])
    assert_allclose(ends[0], ends[1], rtol=1e-9)


def test_the_mesh_changes_nothing_but_the_error(brusselator):
    problem, equilibria = brusselator
    ends = [
        trace(periodic_orbits(problem, 60), equilibria["HB1"], "b", (0, 3), settings=Settings(adapt=adapt))["period"][
            -1
        ]
        for adapt in (0, 1, 3)
    ]
    assert_allclose(ends, ends[0], rtol=1e-8)


@pytest.mark.parametrize(
    ("start", "words"),
    [
        ([1.0, 1.0], "wanted a Hopf point of a branch of equilibria or an Orbit"),
        ("EP1", "wanted a Hopf point of a branch of equilibria or an Orbit, got EP1"),
    ],
)
def test_starts_that_are_none(brusselator, start, words):
    problem, equilibria = brusselator
    with pytest.raises(StartError, match=words):
        trace(periodic_orbits(problem), equilibria[start] if isinstance(start, str) else start, "b")


def test_problems_that_are_no_flow():
    problem = Problem.from_expressions({"x": "mu - x**2"}, {"mu": 1.0}, stability=None)
    with pytest.raises(ValueError, match="problem: wanted one that is a flow"):
        periodic_orbits(problem)
    with pytest.raises(ValueError, match="degree: wanted 2 to 8, got 9"):
        periodic_orbits(Problem.from_expressions({"x": "mu - x**2"}, {"mu": 1.0}), degree=9)


def test_an_orbit_on_the_edge_of_the_span_is_a_start(brusselator):
    problem, equilibria = brusselator
    branch = trace(periodic_orbits(problem), equilibria["HB1"], "b", (0, 3.2))
    (orbit,) = branch.at(b=3.0)
    again = trace(periodic_orbits(problem, 30), orbit, "b", (3, 3.1))
    assert again["b"][0] == pytest.approx(3.0, abs=1e-12)


@pytest.mark.parametrize("intervals", [50, 60])
def test_a_hopf_end_that_a_step_all_but_hits(intervals):
    text = {name: right.replace("54.387", "54.401") for name, right in equations("Hodgkin-Huxley").items()}
    problem = Problem.from_expressions(text, {"I": 0.0})
    equilibria = trace(problem, [-65, 0.05, 0.6, 0.3], "I", (0, 200))
    branch = trace(periodic_orbits(problem, intervals), equilibria["HB1"], "I", (0, 200))
    assert branch.ends[1] is Status.HOPF
    assert_allclose(branch["HB2"]["I"], equilibria["HB2"]["I"], rtol=1e-9)
    assert len(branch.folds) == 3


# The demo `tor` of AUTO-07p; from 200 intervals of degree 5.
SNAKE_FOLDS = [-0.584334772, -0.832514145, -0.787590311, -0.799899174, -0.796909055, -0.797673138]
SNAKE_BRANCH_POINTS = [-0.587028973, -0.832437931, -0.787592846, -0.799899143, -0.796909056, -0.797673138]


@pytest.mark.parametrize("max_step", [None, 0.25, 5.0])
def test_a_snake_of_folds_beside_branch_points(max_step):
    """Fold and branch point come nearer turn by turn: the fourth are 3e-8 apart, the others within rounding."""
    parameters = next(entry["parameters"] for entry in REFERENCE if entry["system"] == "tor")
    problem = Problem.from_expressions(equations("tor"), parameters)
    equilibria = trace(problem, [0, 0, 0], "rn", (-0.9, -0.4))
    branch = trace(periodic_orbits(problem), equilibria["HB1"], "rn", (-1, 0), settings=Settings(max_step=max_step))
    for kind, expected in ((Kind.FOLD, SNAKE_FOLDS), (Kind.BRANCH_POINT, SNAKE_BRANCH_POINTS)):
        found = [point for point in branch.special if point.kind is kind][:6]  # beyond, 50 intervals are too few
        assert all(point.located for point in found)
        assert_allclose([point["rn"] for point in found], expected, atol=1e-8)


def test_a_canard_has_no_doublings_and_its_doubtful_points_are_named():
    """In the plane multipliers are positive; along the canard the maps expand by e**30, where folds are the mesh's."""
    problem = Problem.from_expressions(equations("FitzHugh-Nagumo"), {"I": 0.0, "e": 0.01})
    equilibria = trace(problem, problem.solve([-1.2, -0.6]), "I", (0, 0.5))
    settings = Settings(max_points=300)
    branch = trace(
        periodic_orbits(problem), equilibria["HB1"], "I", {"I": (0, 1), "v_max": (-2, 0.5)}, settings=settings
    )
    assert np.max(np.abs(branch.exponents[:, -1])) > 10
    assert np.all(branch.multipliers[:, 0] > 0)
    assert not [point for point in branch.special if point.kind is Kind.PERIOD_DOUBLING]
    folds = [point.label for point in branch.special if point.kind is Kind.FOLD]
    words = next(str(remark) for remark in branch.remarks if "trivial multiplier" in str(remark))
    assert folds
    assert all(label in words for label in folds[:3])
    assert "may be the mesh's" in words


def test_folds_whose_own_multipliers_part_are_not_doubted():
    parameters = next(entry["parameters"] for entry in REFERENCE if entry["system"] == "tor")
    problem = Problem.from_expressions(equations("tor"), parameters)
    equilibria = trace(problem, [0, 0, 0], "rn", (-0.9, -0.4))
    branch = trace(periodic_orbits(problem), equilibria["HB1"], "rn", {"rn": (-1, 0), "period": (0, 52)})
    assert abs(branch.exponents[branch["LP5"].index, -1]) > 0.1
    assert not [remark for remark in branch.remarks if "may be the mesh's" in str(remark)]
