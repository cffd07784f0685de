"""Remarks stay with the rows they are about, and are shown and saved."""

from dataclasses import replace

import pytest

from continuation import Branch, Problem, trace
from continuation.results.joining import cut_branch, join_branches, reverse_branch
from continuation.results.remarks import Remark


@pytest.fixture
def branch():
    """A line with a remark on its last row and one on the whole."""
    problem = Problem.from_expressions({"x": "x - mu"}, {"mu": 0})
    rows = trace(problem, [0.0], "mu", (0, 1), direction=1)
    return replace(rows, remarks=(Remark("about all of it"), Remark("about the last row", len(rows) - 1)))


def test_a_reversed_branch_has_its_remarks_on_the_same_points(branch):
    back = reverse_branch(branch)
    assert {remark.row for remark in back.remarks} == {None, 0}
    assert reverse_branch(back).remarks == branch.remarks


def test_joined_branches_say_each_remark_once_and_move_the_rows(branch):
    whole = join_branches(reverse_branch(branch), branch, len(branch) - 1)
    assert [remark.row for remark in whole.remarks if remark.row is not None] == [0, len(whole) - 1]
    assert [str(remark) for remark in whole.remarks].count("about all of it") == 1


def test_what_is_cut_off_takes_its_remarks_along(branch):
    assert cut_branch(branch, len(branch) - 1, branch.ends[1]).remarks == (Remark("about all of it"),)


def test_remarks_stand_in_the_table_and_in_the_file(branch, tmp_path):
    assert "remark: about all of it" in str(branch)
    assert f"remark, row {len(branch) - 1}: about the last row" in str(branch)
    branch.save(tmp_path / "line.nc")
    assert Branch.load(tmp_path / "line.nc").remarks == branch.remarks
