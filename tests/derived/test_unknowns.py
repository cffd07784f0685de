"""Problems whose unknowns are not the states shown: what branches, points, files and queries make of them."""

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation import Branch, Problem, trace
from continuation.symmetries.conjugacy import shown_directions


class FoldsOfTheCusp(Problem):
    """Folds of ``a + b*x - x**3``: unknowns (x, b), varied a, and a, b shown: ``b = 3 x**2, a = -2 x**3``."""

    def __init__(self):
        def residual(v, p, out):
            out[0] = p[0] + v[1] * v[0] - v[0] ** 3
            out[1] = v[1] - 3 * v[0] ** 2

        super().__init__(
            residual,
            ("x",),
            {"a": 0.0, "b": 0.0},
            outputs={"cubic": lambda v, p: p[1] - 3 * v[0] ** 2},  # of the unknowns and all parameters
            stability=None,
        )

    @property
    def unknown_names(self):
        return ("x", "b")

    def unknown_values(self, state):
        values = np.asarray(getattr(state, "state", state), float)
        return values if len(values) == 2 else np.append(values, 3 * values[0] ** 2)

    def columns(self, unknowns):
        return unknowns[:, :1], unknowns[:, [2, 1]]

    def varied_names(self, vary):
        return (vary, "b")


@pytest.fixture(scope="module")
def branch():
    return trace(FoldsOfTheCusp(), [1.0], "a", (-4.0, 4.0), parameters={"a": -2.0})


def test_two_varied_parameters_are_shown(branch):
    assert branch.vary == ("a", "b")
    assert branch.state_names == ("x",)
    assert_allclose(branch["b"], 3 * branch["x"] ** 2, atol=1e-10)
    assert_allclose(branch["a"], -2 * branch["x"] ** 3, atol=1e-10)
    assert_allclose(branch["cubic"], 0.0, atol=1e-10)
    assert branch.unknowns.shape[1] == 3
    assert branch.states.shape[1] == 1
    assert branch.check()
    assert branch["norm"][0] == pytest.approx(abs(branch["x"][0]) / math.sqrt(2))


def test_points_keep_their_unknowns(branch):
    for point in (*branch.special, branch.point(3)):
        assert_allclose(point.unknowns, [point["x"], point["b"], point["a"]], rtol=0)
        assert_allclose(FoldsOfTheCusp().point_unknowns(point, "a"), point.unknowns, rtol=0)
    solved = FoldsOfTheCusp().solve([0.9, 2.0], {"a": -2.0})
    assert solved.state.shape == (1,)
    assert solved["x"] == pytest.approx(1.0)
    assert_allclose(FoldsOfTheCusp().point_unknowns(solved, "a"), [1.0, 3.0, -2.0], atol=1e-9)


def test_solutions_at_a_value_and_longer_branches(branch, tmp_path):
    (point,) = branch.at(a=0.25)
    assert point["x"] == pytest.approx(-0.5, abs=1e-13)
    assert point["b"] == pytest.approx(0.75, abs=1e-13)
    (point,) = branch.at(x=0.5)
    assert (point["x"], point["a"]) == (0.5, pytest.approx(-0.25, abs=1e-13))
    branch.save(tmp_path / "b.nc")
    back = Branch.load(tmp_path / "b.nc")
    assert back.vary == ("a", "b")
    longer = back.extend(FoldsOfTheCusp(), span=(-8.0, 8.0))
    assert longer.check()
    assert longer["b"].max() == pytest.approx(3 * 4 ** (2 / 3), rel=1e-12)
    one = Problem.from_expressions({"x": "a + b*x - x**3"}, {"a": 0.0, "b": 0.0})
    with pytest.raises(ValueError, match="wanted 2 unknowns beside the varied parameter, got"):
        back.extend(one, span=(-8.0, 8.0))


def test_directions_of_the_unknowns_as_directions_of_the_states():
    small = Problem.from_expressions({"x": "mu - x + y - x**3", "y": "mu - y + x - y**3"}, {"mu": 0.0}).restricted(
        [("y", "x")]
    )
    assert_allclose(shown_directions(small, np.array([[math.sqrt(2)]])), [[1.0, 1.0]])


def test_watched_functions_and_stops_see_the_shown_point():
    seen = []
    trace(FoldsOfTheCusp(), [1.0], "a", (-4.0, 4.0), parameters={"a": -2.0}, stop=lambda point: seen.append(point))
    assert all(point["b"] == pytest.approx(3 * point["x"] ** 2, abs=1e-9) for point in seen)
    assert {point.state.shape for point in seen} == {(1,)}
