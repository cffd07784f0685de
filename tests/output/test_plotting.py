"""Pictures: where lines break, how they look, what is marked, that labels stay readable."""

import itertools
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from continuation.ground.status import Kind, Status
from continuation.kinds import registry
from continuation.output.plotting import LABELS, TROUBLE, picture, plot
from continuation.results.segments import Segment, segments
from tests import handmade


def axes():
    return Figure((7, 5)).subplots()


def drawn(branch, **options):
    return plot(branch, ax=axes(), **options)


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()] if ax.get_legend() else []


def bare(counts, special=()):
    """A straight branch with these unstable counts."""
    t = np.arange(float(len(counts)))
    return handmade.assemble("line", ("x",), t[:, None], t[:, None], counts, special)


@pytest.mark.parametrize("make", handmade.EVERY.values(), ids=handmade.EVERY)
def test_segments_cover_all_rows_and_share_their_end_rows(make):
    branch = make()
    parts = segments(branch)
    assert parts[0].start == 0
    assert parts[-1].stop == len(branch)
    for one, two in itertools.pairwise(parts):
        assert two.start == one.stop - 1
        assert two.unstable != one.unstable


@pytest.mark.parametrize("make", handmade.EVERY.values(), ids=handmade.EVERY)
def test_rows_inside_a_segment_have_its_count(make):
    branch = make()
    critical = {point.index for point in branch.special}
    parts = segments(branch)
    assert len(parts) >= 1
    for part in parts:
        inner = set(range(part.start + 1, part.stop - 1)) - critical
        assert all(branch.unstable[row] == part.unstable for row in inner)


def test_segments_meet_at_the_folds():
    branch = handmade.cusp()
    one, two = branch["LP1"].index, branch["LP2"].index
    assert segments(branch) == [(0, one + 1, 0), (one, two + 1, 1), (two, len(branch), 0)]


def test_segments_meet_at_the_hopf_point():
    one, two = segments(handmade.brusselator())
    assert (one.stop, two.start, one.stable, two.stable, two.unstable) == (17, 16, True, False, 2)


def test_a_branch_that_is_no_flow_is_one_segment():
    assert segments(handmade.circle()) == [Segment(0, 41, -1)]
    assert segments(handmade.circle())[0].stable is None


def test_user_points_and_touching_branch_points_do_not_cut():
    special = [(2, Kind.USER, {}), (4, Kind.BRANCH_POINT, {})]
    assert segments(bare([1, 1, 1, 1, 0, 1, 1], special)) == [Segment(0, 7, 1)]


@pytest.mark.parametrize(("counts", "edge"), [([0, 0, 1, 1], 1), ([1, 1, 0, 0], 2)])
def test_a_change_without_a_point_leaves_its_step_to_the_unstable_side(counts, edge):
    one, two = segments(bare(counts))
    assert (one.stop - 1, two.start) == (edge, edge)


def test_between_two_special_rows_the_critical_eigenvalues_of_the_first_have_crossed():
    special = [(2, Kind.FOLD, {"nullity": 1}), (3, Kind.FOLD, {"nullity": 1})]
    assert segments(bare([0, 0, 0, 0, 0], special)) == [(0, 3, 0), (2, 4, 1), (3, 5, 0)]
    hopf_then_fold = [(1, Kind.HOPF, {}), (2, Kind.FOLD, {"nullity": 1})]
    assert segments(bare([0, 0, 2, 3], hopf_then_fold)) == [(0, 2, 0), (1, 3, 2), (2, 4, 3)]


def test_between_two_hopf_hopf_points_in_neighbouring_rows_a_pair_is_unstable():
    twice = [(2, Kind.HOPF_HOPF, {}), (3, Kind.HOPF_HOPF, {})]
    assert segments(bare([0, 0, 0, 0, 0], twice)) == [(0, 3, 0), (2, 4, 2), (3, 5, 0)]


def test_points_at_which_no_eigenvalue_crosses_do_not_cut():
    special = [(2, Kind.CUSP, {"nullity": 1}), (3, Kind.BAUTIN, {}), (4, Kind.NEUTRAL_SADDLE, {})]
    assert segments(bare([1, 1, 1, 1, 1, 1], special)) == [Segment(0, 6, 1)]


def test_special_rows_at_the_very_start_decide_nothing():
    special = [(0, Kind.FOLD, {"nullity": 1})]
    assert segments(bare([0, 1, 1], special)) == [Segment(0, 3, 1)]


def test_lines_are_solid_where_stable_dashed_where_not_and_leave_no_gap():
    branch = handmade.cusp()
    lines = drawn(branch).lines
    assert [line.is_dashed() for line in lines] == [False, True, False]
    np.testing.assert_array_equal(
        np.concatenate([lines[0].get_xydata(), *(line.get_xydata()[1:] for line in lines[1:])]),
        np.column_stack([branch["p"], branch["u"]]),
    )
    for one, two in itertools.pairwise(lines):
        np.testing.assert_array_equal(one.get_xydata()[-1], two.get_xydata()[0])


def test_a_branch_that_is_no_flow_is_one_solid_line_not_called_stable():
    ax = drawn(handmade.circle())
    assert [line.is_dashed() for line in ax.lines] == [False]
    assert legend(ax) == ["fold"]


def test_unstable_pieces_of_different_counts_are_one_line():
    assert [line.is_dashed() for line in drawn(bare([0, 0, 1, 1, 2, 2])).lines] == [False, True]


def test_legend_tells_what_is_present_and_no_more():
    assert legend(drawn(handmade.cusp())) == ["stable", "unstable", "fold", "user point: u = 1"]
    assert legend(drawn(handmade.brusselator())) == ["stable", "unstable", "Hopf point"]


def test_several_branches_share_one_legend():
    ax = drawn(handmade.cusp())
    plot(handmade.brusselator(), ax=ax)
    assert legend(ax) == ["stable", "unstable", "fold", "user point: u = 1", "Hopf point"]


@pytest.mark.parametrize("make", handmade.EVERY.values(), ids=handmade.EVERY)
def test_legend_hides_no_point_and_no_label(make):
    branch = make()
    ax = drawn(branch)
    ax.figure.canvas.draw()
    if legend(ax):
        left, bottom, right, top = ax.get_legend().get_window_extent().extents
        spots = np.concatenate([ax.transData.transform(line.get_xydata()) for line in ax.lines])
        assert not ((spots > (left, bottom)) & (spots < (right, top))).all(axis=1).any()
        for text in ax.texts:
            box = text.get_window_extent().extents
            assert box[0] >= right or box[2] <= left or box[1] >= top or box[3] <= bottom


def test_a_title_keeps_its_place_above_the_axes():
    ax = axes()
    ax.set_title("ours")
    plot(handmade.snake(), ax=ax)
    assert ax.get_legend().get_window_extent().extents[3] <= ax.bbox.extents[3]


def test_options_reach_the_lines_and_a_label_names_the_branch():
    ax = drawn(handmade.cusp(), color="red", linewidth=3, label="cubic")
    assert {to_hex(line.get_color()) for line in ax.lines} == {"#ff0000"}
    assert {line.get_linewidth() for line in ax.lines} == {3}
    assert legend(ax)[:2] == ["cubic stable", "cubic unstable"]


def test_markers_lie_on_their_points_and_are_hollow_where_not_located():
    branch = handmade.cusp(located=False)
    filled, hollow, _ = drawn(branch).collections
    rows = [branch["LP1"].index, branch["LP2"].index]
    np.testing.assert_array_equal(filled.get_offsets()[0], [branch["p"][rows[0]], branch["u"][rows[0]]])
    np.testing.assert_array_equal(hollow.get_offsets()[0], [branch["p"][rows[1]], branch["u"][rows[1]]])
    color = registry.of(Kind.FOLD).marker.colour.lower()
    assert to_hex(filled.get_facecolor()[0]) == color
    assert (to_hex(hollow.get_facecolor()[0]), to_hex(hollow.get_edgecolor()[0])) == ("#ffffff", color)
    assert hollow.get_label() == "fold, not located"


@pytest.mark.parametrize("status", Status)
def test_an_end_is_marked_only_in_trouble(status):
    branch = replace(handmade.matrix(), ends=(Status.LIMIT, status))
    marks = drawn(branch).collections
    assert len(marks) == (status in TROUBLE)
    for mark in marks:
        np.testing.assert_array_equal(mark.get_offsets()[0], [branch["lam"][-1], branch["C[0,0]"][-1]])
        assert mark.get_label().startswith("end: ")


@pytest.mark.parametrize(
    ("make", "x", "y"),
    [
        (handmade.cusp, "p", "u"),
        (handmade.snake, "p", "norm"),
        (handmade.fold_curve, "p", "q"),
        (handmade.matrix, "lam", "C[0,0]"),
    ],
)
def test_usual_columns_are_named_on_the_axes(make, x, y):
    ax = drawn(make())
    assert (ax.get_xlabel(), ax.get_ylabel()) == (x, y)


def test_any_columns_can_be_drawn():
    branch = handmade.cusp()
    ax = plot(branch, "arclength", "energy", axes())
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), branch.arclength[: branch["LP1"].index + 1])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("arclength", "energy")


@pytest.mark.parametrize("value", [0.0, 1.0, -3e5])
def test_rounding_of_a_constant_is_not_blown_up(value):
    noise = np.random.default_rng(0).choice([-1, 0, 1], 50) * np.spacing(max(abs(value), 0.1))
    ax = drawn(handmade.assemble("flat", ("x",), (value + noise)[:, None], np.arange(50.0)[:, None], np.zeros(50)))
    assert np.ptp(ax.get_ylim()) > 0.05 * max(abs(value), 1.0)
    assert ax.get_ylim()[0] < value < ax.get_ylim()[1]
    plot(handmade.cusp(), ax=ax)
    assert ax.get_ylim()[1] >= 1.3


def test_small_outputs_fill_the_axes():
    branch = handmade.cusp()
    tiny = replace(branch, outputs={"energy": 1e-15 * branch.outputs["energy"]})
    assert np.ptp(plot(tiny, "p", "energy", axes()).get_ylim()) < 1e-14


def test_values_that_are_not_finite_are_left_out():
    branch = handmade.cusp()
    outputs = {"energy": np.where(np.arange(len(branch)) == branch["LP1"].index, np.nan, branch.outputs["energy"])}
    ax = plot(replace(branch, outputs=outputs), "p", "energy", axes())
    assert {text.get_text() for text in ax.texts} == {"LP2", "UZ1"}


def test_special_points_are_labelled_and_ends_are_not():
    assert {text.get_text() for text in drawn(handmade.cusp()).texts} == {"LP1", "LP2", "UZ1"}


@pytest.mark.parametrize("folds", [3, 30, 300])
def test_labels_stay_readable(folds):
    ax = drawn(handmade.snake(folds))
    boxes = [text.get_window_extent().extents for text in ax.texts]
    assert min(folds, 10) <= len(boxes) <= LABELS
    for one, two in itertools.combinations(boxes, 2):
        assert (one[2:] <= two[:2]).any() or (two[2:] <= one[:2]).any()
    frame = ax.bbox.extents
    assert all((box[:2] >= frame[:2]).all() and (box[2:] <= frame[2:]).all() for box in boxes)


def test_of_many_special_points_the_rarer_kinds_keep_their_labels():
    texts = {text.get_text() for text in drawn(handmade.snake()).texts}
    assert {f"BP{k}" for k in range(1, 13)} <= texts
    assert any(text.startswith("LP") for text in texts)


def test_labels_of_a_second_branch_avoid_those_of_the_first():
    ax = drawn(handmade.cusp())
    plot(handmade.cusp(), ax=ax)
    boxes = [text.get_window_extent().extents for text in ax.texts]
    assert len(boxes) == 6
    for one, two in itertools.combinations(boxes, 2):
        assert (one[2:] <= two[:2]).any() or (two[2:] <= one[:2]).any()


def test_given_axes_are_returned_and_pyplot_keeps_its_state():
    from matplotlib import pyplot

    ours = pyplot.figure()
    ax = axes()
    assert plot(handmade.cusp(), ax=ax) is ax
    assert pyplot.get_fignums() == [ours.number]
    assert not ours.axes


def test_new_axes_come_from_pyplot():
    from matplotlib import pyplot

    ax = plot(handmade.cusp())
    assert pyplot.gcf() is ax.figure


def test_names_are_no_mathematics():
    branch = replace(handmade.matrix(), vary=("$lam",), state_names=("$a", "b", "c", "d"))
    special = tuple(replace(s, parameters={"$lam": 0.0}, state_names=branch.state_names) for s in branch.special)
    ax = drawn(replace(branch, special=special))
    ax.figure.canvas.draw()
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("$lam", "$a")


@pytest.mark.parametrize("ending", ["png", "pdf", "svg"])
def test_picture_writes_a_file_without_pyplot(tmp_path, ending):
    file = tmp_path / f"branch.{ending}"
    picture(handmade.cusp(), file, "u", "p")
    assert file.read_bytes().startswith({"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}[ending])


def test_importing_the_module_leaves_matplotlib_alone():
    code = "import sys, continuation.output.plotting; print('matplotlib' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"
