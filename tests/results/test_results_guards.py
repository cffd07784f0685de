"""Asking a branch for more points, and the stability of the steps between its special points."""

import numpy as np
import pytest

from continuation import Kind, Problem, Settings, trace
from continuation.results.counts import _multiplicity as multiplicity
from continuation.results.counts import step_counts
from tests import handmade


@pytest.mark.parametrize("more", [1, 2, 5])
def test_extend_adds_as_many_points_as_asked_for_at_each_end(more):
    line = Problem.from_expressions({"x": "x - p"}, {"p": 0.0})
    short = trace(line, [0.0], "p", (-1.0, 1.0), settings=Settings(step=0.01, max_step=0.01, max_points=4))
    assert len(short) == 7
    longer = short.extend(max_points=more)
    assert len(longer) == 7 + 2 * more
    assert np.all(np.diff(longer.parameter) > 0)
    one_way = trace(
        line,
        [-1.0],
        "p",
        (-1.0, 1.0),
        parameters={"p": -1.0},
        settings=Settings(step=0.01, max_step=0.01, max_points=4),
    )
    assert len(one_way.extend(max_points=more)) == 4 + more  # the other end lies on its limit


@pytest.mark.parametrize(
    ("rows", "steps"),
    [
        ([1, 1, 2, 3], [1, 2, 3]),  # one eigenvalue grows positive at each fold
        ([3, 2, 1, 1], [3, 2, 1]),
        ([2, 1, 1, 2], [2, 1, 2]),  # lost at the first, regained at the second
        ([1, 1, 1, 1], [1, 2, 1]),
        ([4, 4, 5, 6], [4, 5, 6]),
    ],
)
def test_stability_between_two_folds_in_neighbouring_rows(rows, steps):
    """A special point's own count leaves out the eigenvalue that vanishes there."""
    p = np.array([0.0, 1.0, 0.9, 2.0])
    folds = [(1, Kind.FOLD, {"nullity": 1}), (2, Kind.FOLD, {"nullity": 1})]
    branch = handmade.assemble("made", ("x",), np.arange(4.0)[:, None], p[:, None], rows, folds)
    assert step_counts(branch).tolist() == steps


def test_pairs_that_cross_a_little_later_are_not_counted_beside_a_stiff_mode():
    """What is on the axis is told by the pair's own frequency: a mode of rate 1e6 makes no pair critical."""
    texts = {"x": "mu*x - y", "y": "x + mu*y", "z": "(mu - 0.01)*z - w", "w": "z + (mu - 0.01)*w", "v": "-1e6*v"}
    branch = trace(Problem.from_expressions(texts, {"mu": -1.0}), [0.0] * 5, "mu", (-1, 1))
    assert [multiplicity(point) for point in branch.hopfs] == [2, 2]
