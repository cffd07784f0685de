"""Branches put together, turned, cut and closed, on curves known in closed form; no engine."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation.ground.status import Kind, Status
from continuation.results.joining import (
    add_effort,
    close_branch,
    cut_branch,
    join_branches,
    join_ends,
    join_halves,
    repeat_first_row,
    reverse_branch,
)
from continuation.results.rows import ROW_ARRAYS
from tests import handmade

ARRAYS = [name for name in ROW_ARRAYS if name not in ("tangents", "connections")]  # these are of steps


def spiral(turns, rows, first=0.0, step=None):
    """Rows of the unit circle ``x**2 + p**2 = 1`` from an angle on, with exact tangents; open."""
    angle = first + (2 * np.pi * turns / (rows - 1) if step is None else step) * np.arange(rows)
    branch = handmade.assemble("arc", ("x",), np.cos(angle)[:, None], np.sin(angle)[:, None], np.full(rows, -1))
    return replace(branch, tangents=np.column_stack([-np.sin(angle), np.cos(angle)]))


@pytest.mark.parametrize("name", ["cusp", "brusselator", "circle", "snake", "fold_curve", "matrix", "single"])
def test_turned_twice_is_the_same(name):
    branch = handmade.EVERY[name]()
    back = reverse_branch(reverse_branch(branch))
    for array in ROW_ARRAYS:
        assert np.array_equal(getattr(back, array), getattr(branch, array)), array
    assert [(p.index, p.kind) for p in back.special] == [(p.index, p.kind) for p in branch.special]
    assert (back.ends, back.start) == (branch.ends, branch.start)
    assert list(back.outputs) == list(branch.outputs)


def test_a_turned_branch_runs_the_other_way():
    branch = replace(handmade.cusp(located=False), start=4)
    back, last = reverse_branch(branch), len(branch) - 1
    for name in ARRAYS:
        assert np.array_equal(getattr(back, name), getattr(branch, name)[::-1]), name
    assert np.array_equal(back.tangents, -branch.tangents[::-1])
    assert np.array_equal(back["energy"], branch["energy"][::-1])
    assert back.start == last - 4
    assert back.ends == branch.ends[::-1]
    assert [p.index for p in back.special] == [last - p.index for p in reversed(branch.special)]
    assert [p.label for p in back.special] == ["EP1", "UZ1", "LP1", "LP2", "EP2"]  # numbered along the rows
    unlocated = next(p for p in back.special if not p.located)
    before = next(p for p in branch.special if not p.located)
    assert np.array_equal(unlocated.bracket, before.bracket[::-1])
    assert np.array_equal(unlocated.tangent, -before.tangent)
    assert_allclose(back.arclength[-1], branch.arclength[-1], rtol=1e-14)
    assert not back.tangents.flags.writeable


@pytest.mark.parametrize("rows", [2, 7, 20])
def test_a_cut_branch_keeps_its_beginning(rows):
    branch = replace(handmade.cusp(), start=10)
    part = cut_branch(branch, rows, Status.STOPPED)
    assert len(part) == rows
    for name in ROW_ARRAYS:
        assert np.array_equal(getattr(part, name), getattr(branch, name)[:rows]), name
    assert part.ends == (branch.ends[0], Status.STOPPED)
    assert part.start == min(10, rows - 1)
    ends = [p for p in part.special if p.kind is Kind.END]
    assert [(p.index, p.label) for p in ends] == [(0, "EP1"), (rows - 1, "EP2")]
    assert ends[1].state.tolist() == branch.states[rows - 1].tolist()
    assert ends[1].outputs == {"energy": branch["energy"][rows - 1]}
    inner = [p.index for p in part.special if p.kind is not Kind.END]
    assert inner == [p.index for p in branch.special if p.kind is not Kind.END and p.index < rows]


@pytest.mark.parametrize("row", [1, 12, 20])
def test_halves_of_a_branch_make_it_again(row):
    branch = handmade.cusp()
    first = cut_branch(branch, row + 1, Status.STOPPED)
    second = reverse_branch(cut_branch(reverse_branch(branch), len(branch) - row, Status.STOPPED))
    whole = join_branches(first, second, 3)
    for name in ROW_ARRAYS:
        assert np.array_equal(getattr(whole, name), getattr(branch, name)), name
    assert [(p.index, p.label) for p in whole.special] == [(p.index, p.label) for p in branch.special]
    assert (whole.ends, whole.start) == (branch.ends, 3)
    assert whole.effort == {"steps": 2 * branch.effort["steps"], "rejections": {"newton": 2, "angle": 0}}


@pytest.mark.parametrize("end", [0, -1])
def test_a_half_branch_is_joined_where_the_other_began(end):
    """Two arcs leave the point (1, 0) in opposite directions."""
    up, down = spiral(0.2, 9), spiral(-0.2, 9)
    down = replace(down, tangents=-down.tangents)  # along its rows
    other = down if end == 0 else reverse_branch(down)
    whole = join_halves(up, other, end)
    assert len(whole) == 17
    steps = np.diff(whole.unknowns, axis=0)
    assert np.all(np.sum(steps[1:] * steps[:-1], axis=1) > 0)  # it never turns back
    assert np.all(np.sum(steps * whole.tangents[:-1], axis=1) > 0)
    assert whole.start == 8
    assert whole.unknowns[8].tolist() == [1.0, 0.0]


def test_a_curve_that_came_to_its_first_row_is_closed_there():
    long = spiral(1.2, 49)  # row 40 is the first again
    ring = close_branch(long, 41)
    assert len(ring) == 41
    assert ring.ends == (Status.CLOSED, Status.CLOSED)
    for name in ("unknowns", "states", "varied", "tangents", "residuals"):
        assert np.array_equal(getattr(ring, name)[0], getattr(ring, name)[-1]), name
    assert_allclose(ring.arclength[-1], 2 * np.pi, rtol=1e-5)  # weights 1 and 1: the length of the circle


def test_a_curve_that_stepped_over_its_first_row_is_closed_with_it():
    """Steps of 0.4 pass the angle 2 pi between the rows 15 and 16: the first row is put between them."""
    ring = close_branch(spiral(1, 20, step=0.4), 17)
    assert len(ring) == 17
    assert np.array_equal(ring.unknowns[-1], ring.unknowns[0])
    angle = np.unwrap(np.arctan2(ring.varied[:, 0], ring.states[:, 0]))
    assert np.all(np.diff(angle) > 0)
    assert angle[-1] == pytest.approx(2 * np.pi)
    assert_allclose(ring.arclength[-1], 2 * np.pi, rtol=2e-4)  # steps of 0.4: 0.4**4 / 180 at most


def test_a_branch_whose_ends_have_met_is_closed_by_its_first_row():
    arc = spiral(0.9, 37)
    ring = join_ends(arc)
    assert len(ring) == 38
    assert ring.ends == (Status.CLOSED, Status.CLOSED)
    assert np.array_equal(ring.unknowns[:-1], arc.unknowns)
    assert np.array_equal(ring.unknowns[-1], arc.unknowns[0])
    assert [p.index for p in ring.special if p.kind is Kind.END] == [0, 37]
    assert len(repeat_first_row(arc)) == 38


def test_work_is_added_by_name():
    one = {"steps": 3, "rejections": {"angle": 1}}
    two = {"steps": 4, "spectra": 2, "rejections": {"angle": 2, "newton": 5}}
    assert add_effort(one, two) == {"steps": 7, "spectra": 2, "rejections": {"angle": 3, "newton": 5}}
    assert add_effort({}, one) == one == add_effort(one, {})
    assert one == {"steps": 3, "rejections": {"angle": 1}}
