"""Bookkeeping of a diagram: what counts as traced, as come back, and what cutting and turning a branch keeps."""

import functools

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation import Kind, Problem, Settings, Status, switch, trace
from continuation.exploring.recognition.half_branches import list_exits
from continuation.exploring.recognition.on_curve import CurveEquations
from continuation.exploring.recognition.overlaps import find_return
from continuation.results.joining import cut_branch, reverse_branch


@functools.cache
def problem(text):
    return Problem.from_expressions({"x": text}, {"p": -1.0})


def test_the_way_on_from_a_branch_that_ends_at_its_branch_point_is_not_traced_yet():
    """Only the half-branch that led there is; a trunk that goes on has both."""
    pitchfork = problem("p*x - x**3")
    stopped = trace(pitchfork, [0.0], "p", (-1.0, 1.0), stop=Kind.BRANCH_POINT)
    last = len(stopped) - 1
    assert stopped["BP1"].index == last
    assert list(list_exits(stopped)) == [(last, -1)]
    through = trace(pitchfork, [0.0], "p", (-1.0, 1.0))
    row = through["BP1"].index
    assert sorted(list_exits(through)) == [(row, -1), (row, 1)]
    behind = trace(pitchfork, switch(pitchfork, through["BP1"])[1], "p", (-1.0, 1.0))
    assert list(list_exits(behind)) == [(0, 1)]


def test_a_curve_that_runs_back_along_itself_has_not_closed():
    """A line followed by itself backwards passes its beginning the other way; a circle and a bit more has closed."""
    line = trace(problem("x - p"), [-1.0], "p", (-1.0, 1.0), settings=Settings(step=0.05, max_step=0.05))
    there, along = line.unknowns, line.tangents
    unknowns, tangents = np.vstack([there, there[-2::-1]]), np.vstack([along, -along[-2::-1]])
    assert find_return(CurveEquations.of(problem("x - p"), line), unknowns, tangents) is None
    circle = problem("x**2 + p**2 - 1")
    ring = trace(circle, [0.0], "p", parameters={"p": 1.0}, settings=Settings(step=0.1, max_step=0.1))
    assert ring.ends == (Status.CLOSED, Status.CLOSED)
    unknowns = np.vstack([ring.unknowns, ring.unknowns[1:6]])
    tangents = np.vstack([ring.tangents, ring.tangents[1:6]])
    row = find_return(CurveEquations.of(circle, ring), unknowns, tangents)
    assert row in (len(ring) - 1, len(ring))  # the second row again is the start of one step, the end of another


def test_special_points_of_a_turned_branch_point_the_way_its_rows_do():
    fold = trace(problem("p + x**2 - 1"), [1.0], "p", (-1.0, 2.0), parameters={"p": 0.0})
    for branch in (fold, reverse_branch(fold)):
        assert branch.folds
        for point in branch.special:
            assert_allclose(point.tangent, branch.tangents[point.index], rtol=0, atol=0)
            assert_allclose(point.unknowns, branch.unknowns[point.index], rtol=0, atol=0)
    assert_allclose(reverse_branch(fold)["LP1"].tangent, -fold["LP1"].tangent, rtol=0, atol=0)


@pytest.mark.parametrize("way", [1, -1])
def test_the_way_on_at_a_branch_point_turns_with_the_branch(way):
    """Along x = 0 of the transcritical towards larger p, then the same rows towards smaller p."""
    transcritical = problem("p*x - x**2")
    trunk = trace(transcritical, [0.0], "p", (-1.0, 1.0))
    trunk = trunk if way == 1 else reverse_branch(trunk)
    known, *others = switch(transcritical, trunk["BP1"])
    assert known.known
    assert_allclose(known.tangent, [0.0, way], atol=1e-9)
    assert sorted(np.round(start.tangent @ [1, 1], 6) for start in others) == pytest.approx([-(2**0.5), 2**0.5])


@pytest.mark.parametrize("rows", [3, 16, 17, 30])
def test_a_cut_branch_began_at_one_of_its_rows(rows):
    whole = trace(problem("x - p"), [0.0], "p", (-1.0, 1.0), parameters={"p": 0.0})
    assert 16 <= whole.start < 30
    part = cut_branch(whole, rows, Status.CLOSED)
    assert len(part) == rows
    assert part.start == (whole.start if whole.start < rows else rows - 1)
    assert_allclose(part.unknowns, whole.unknowns[:rows], rtol=0, atol=0)
    assert [point.index for point in part.special if point.kind is Kind.END] == [0, rows - 1]
