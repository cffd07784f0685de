"""A branch as data: columns by name, arclength and sizes in closed form, a column more, what is asked of a trace."""

from dataclasses import fields, replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation import trace
from continuation.ground.settings import Settings
from continuation.ground.status import Kind
from continuation.results.interpolation import interpolate_cubic
from continuation.results.joining import cut_branch, reverse_branch
from continuation.results.request import TRACED_KINDS, USUAL_KINDS, Request, check_span, kinds_of, signs_of, stop_of
from continuation.results.rows import OWN_COLUMNS, ROW_ARRAYS, Rows, along_rows
from continuation.results.segments import Segment, segments
from systems import textbook
from tests import handmade


def test_columns_are_read_by_name():
    branch = handmade.brusselator()
    assert np.array_equal(branch["x"], np.ones(41))
    assert np.array_equal(branch["b"], branch.parameter)
    assert np.array_equal(branch["a"], np.ones(41))  # a parameter that stays
    assert np.array_equal(branch["unstable"], branch.unstable)
    assert np.array_equal(branch["residual"], branch.residuals)
    assert branch["HB1"] is branch.hopfs[0]
    assert_allclose(branch["norm"], np.sqrt((1 + branch.parameter**2) / 2))
    with pytest.raises(KeyError, match="no column or special point named 'c'; this branch has x, y, a, b, norm"):
        branch["c"]


def test_a_state_with_the_name_of_an_own_column_is_the_state():
    branch = handmade.assemble("odd", ("unstable", "LP1"), [[1.0, 2.0], [3.0, 4.0]], [[0.0], [1.0]], [0, 0])
    assert branch["unstable"].tolist() == [1.0, 3.0]
    assert branch["LP1"].tolist() == [2.0, 4.0]


def test_the_arclength_is_of_fourth_order():
    """Of the circle, 2 pi; chords alone would be of second order."""

    def error(rows):
        angle = np.linspace(0, 2 * np.pi, rows)
        branch = handmade.assemble("c", ("x",), np.cos(angle)[:, None], np.sin(angle)[:, None], np.full(rows, -1))
        branch = replace(branch, tangents=np.column_stack([-np.sin(angle), np.cos(angle)]))
        return abs(branch.arclength[-1] - 2 * np.pi)

    assert np.log2(error(41) / error(81)) == pytest.approx(4, abs=0.1)
    assert not handmade.circle().arclength.flags.writeable


def test_sizes_are_the_largest_values_but_at_least_their_units():
    branch = handmade.brusselator()
    assert branch.sizes == {"x": 1.0, "y": 5.0, "b": 5.0}
    small = handmade.assemble("small", ("x", "y"), [[0.0, 0.1], [0.2, 0.0]], [[0.0], [0.01]], [0, 0])
    assert small.sizes == {"x": 1.0, "y": 1.0, "p": 1.0}  # weights 1/n and 1 have units of 1


def test_points_carry_all_that_a_row_knows():
    branch = handmade.cusp()
    point = branch.point(3)
    assert point["u"] == branch.states[3, 0]
    assert point["p"] == branch.varied[3, 0]
    assert point["energy"] == branch["energy"][3]
    assert (point.unstable, point.nullity) == (branch.unstable[3], branch.nullity[3])
    assert point.unknowns.tolist() == branch.unknowns[3].tolist()
    point.state[0] = 7.0  # a copy
    assert branch.states[3, 0] != 7.0


def test_located_points_are_sorted_by_kind_and_those_not_located_left_out():
    assert [len(handmade.cusp(located=located).folds) for located in (True, False)] == [2, 1]
    assert [p.label for p in handmade.snake().branch_points][:2] == ["BP1", "BP2"]
    assert handmade.circle().hopfs == ()


def test_along_treats_every_array_the_same():
    branch = handmade.cusp()
    every = branch.along(lambda array: array[::2].copy(), start=1)
    assert {len(getattr(every, name)) for name in ROW_ARRAYS} == {(len(branch) + 1) // 2}
    assert len(every["energy"]) == len(every)
    assert not every.unknowns.flags.writeable
    assert every.start == 1


def test_every_column_along_the_rows_is_declared_once():
    """What joins, cuts, turns and stores goes by these two lists, which the fields make."""
    declared = {f.name for f in fields(Rows) if f.metadata.get("along_rows")}
    assert set(ROW_ARRAYS) == declared
    assert {"unknowns", "states", "varied", "tangents", "unstable", "nullity", "residuals"} <= declared
    assert {"unstable": "unstable", "nullity": "nullity", "residual": "residuals"}.items() <= OWN_COLUMNS.items()
    assert set(OWN_COLUMNS.values()) <= declared
    assert along_rows("angle").metadata == {"along_rows": True, "column": "angle"}


def test_segments_are_runs_of_one_count():
    assert segments(handmade.brusselator()) == [Segment(0, 17, 0), Segment(16, 41, 2)]
    one, two, three = segments(handmade.cusp())
    assert (one.stable, two.stable, three.stable) == (True, False, True)
    assert one.stop - 1 == two.start
    assert segments(handmade.single()) == [Segment(0, 1, 0)]
    assert segments(handmade.circle())[0].stable is None


@pytest.mark.parametrize("make", [handmade.cusp, handmade.brusselator, handmade.snake])
def test_segments_do_not_depend_on_the_direction(make):
    branch = make()
    last = len(branch) - 1
    turned = [Segment(last - s.stop + 1, last - s.start + 1, s.unstable) for s in segments(reverse_branch(branch))]
    assert sorted(turned) == segments(branch)


def test_segments_of_a_part_are_parts_of_the_segments():
    branch = handmade.brusselator()
    part = cut_branch(branch, 20, branch.ends[1])
    assert segments(part) == [Segment(0, 17, 0), Segment(16, 20, 2)]


def test_the_cubic_of_a_step_is_exact_for_cubics(rng):
    """Values and slopes of u**3 - 2 u at the ends of [a, b] give it in between, to rounding."""
    a, b = -0.7, 1.3
    ends, slopes = [u**3 - 2 * u for u in (a, b)], [(3 * u**2 - 2) * (b - a) for u in (a, b)]
    for s in rng.uniform(size=5):
        u = a + s * (b - a)
        value, slope = interpolate_cubic(*ends, *slopes, s)
        assert value == pytest.approx(u**3 - 2 * u, rel=1e-13, abs=1e-14)
        assert slope == pytest.approx((3 * u**2 - 2) * (b - a), rel=1e-13, abs=1e-14)
    assert interpolate_cubic(*ends, *slopes, 0.0)[0] == ends[0]
    assert interpolate_cubic(*ends, *slopes, 1.0) == (ends[1], slopes[1])


# What a trace is asked for


def test_steps_are_fractions_of_a_finite_span_or_as_set():
    assert Request("p", (0.0, 10.0), Settings()).steps() == (0.1, 5e-10, 0.5)
    assert Request("p", (-np.inf, 10.0), Settings()).steps() == (0.01, 5e-10, 0.5)
    assert Request("p", (0.0, 1.0), Settings(step=0.3)).steps() == (0.3, 3e-10, 0.3)  # never below the first step
    assert Request("p", (0.0, 1.0), Settings(max_step=1e-3)).steps() == pytest.approx((1e-3, 1e-12, 1e-3))
    assert Request("p", (0.0, 1.0), Settings(step=0.1, min_step=0.1, max_step=0.1)).steps() == (0.1, 0.1, 0.1)


@pytest.mark.parametrize("span", [(1.0, 0.0), (0.0, 0.0), (0.0, np.nan), (0.0,), 3, "ab", (0, 1, 2), None])
def test_spans_that_are_none(span):
    with pytest.raises(ValueError, match=r"^span: wanted "):
        check_span(span)
    assert check_span((-np.inf, np.int64(3))) == (-np.inf, 3.0)


def test_kinds_directions_and_stops():
    assert kinds_of("all") == frozenset(USUAL_KINDS) < frozenset(TRACED_KINDS)
    assert kinds_of(Kind.FOLD) == {Kind.FOLD} == kinds_of([Kind.FOLD, Kind.FOLD])
    assert kinds_of(()) == frozenset()
    assert (signs_of("both"), signs_of(1), signs_of(-1)) == ((1, -1), (1,), (-1,))
    where = abs
    assert stop_of(None) == {}
    assert stop_of(Kind.HOPF) == {"stop_kind": Kind.HOPF}
    assert stop_of(3) == {"stop_count": 3}
    assert stop_of(where) == {"stop_at": where}


@pytest.mark.parametrize(
    ("check", "value", "words"),
    [
        (kinds_of, "folds", "detect: wanted"),
        (kinds_of, 3, 'detect: wanted "all" or a set of Kind'),
        (kinds_of, [Kind.END], "detect: wanted Kinds of"),
        (signs_of, 2, 'direction: wanted "both"'),
        (signs_of, True, 'direction: wanted "both"'),
        (signs_of, "up", 'direction: wanted "both"'),
        (stop_of, 0, "stop: wanted a Kind"),
        (stop_of, True, "stop: wanted a Kind"),
        (stop_of, Kind.END, "stop: wanted a Kind"),
        (stop_of, "LP", "stop: wanted a Kind"),
    ],
)
def test_requests_that_mean_nothing_are_refused(check, value, words):
    with pytest.raises(ValueError, match=words):
        check(value)


def test_the_determinant_is_a_column():
    """Of mu = x**2 the unit tangent is (1, 2x) / sqrt(1 + 4 x**2), so det [-2x 1; t] = -sqrt(1 + 4 x**2)."""
    branch = trace(textbook.fold(), [1.0], "p", (-1, 4))
    ordinary = [row for row in range(len(branch)) if row != branch["LP1"].index]
    expected = 0.5 * np.log(1 + 4 * branch["x"] ** 2)
    assert_allclose(branch["log_determinant"][ordinary], expected[ordinary], atol=1e-12)
    for table in (branch.to_dataframe(), branch.to_xarray()):
        assert_allclose(table["log_determinant"][ordinary], expected[ordinary], atol=1e-12)
