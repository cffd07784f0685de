"""Points as data: reading by name, normal forms computed when asked for, starts that know their state."""

import numpy as np
import pytest

from continuation.equations.equations import Equations
from continuation.ground.points import Point, SpecialPoint, Start
from continuation.ground.status import Kind, Status


def line():
    def residual(u, p, out):
        out[0] = u[0] - p[1]
        out[1] = u[1] - u[0]

    return Equations(residual, ("x", "y"), {"a": 2.0, "b": 0.5}, compiled=False)


def test_a_point_is_read_by_the_name_of_a_state_a_parameter_or_an_output():
    point = Point(np.array([1.0, 2.0]), {"p": 3.0}, ("x", "y"), {"J": 4.0})
    assert [point[name] for name in ("x", "y", "p", "J")] == [1.0, 2.0, 3.0, 4.0]
    assert type(point["x"]) is float
    with pytest.raises(KeyError, match="no value named 'z'; this point has: x, y, p, J"):
        point["z"]
    assert (point.unstable, point.nullity) == (-1, 0)  # of no flow until somebody counted


def test_a_normal_form_is_computed_once_and_only_when_asked_for():
    asked = []

    def form(point):
        asked.append(point.label)
        return {"a": 2.0}

    point = SpecialPoint(np.zeros(1), {}, label="LP1", normal_form=form)
    copy = point.moved(index=3, label="LP2")
    assert asked == []
    assert point.normal_form == {"a": 2.0}
    assert point.normal_form is point.normal_form
    assert asked == ["LP1"]
    assert copy.normal_form == {"a": 2.0}  # the copy asks for itself: with its own label
    assert asked == ["LP1", "LP2"]
    assert (copy.index, point.index) == (3, -1)


def test_without_a_normal_form_there_is_an_empty_one():
    point = SpecialPoint(np.zeros(1), {})
    assert point.normal_form == {}
    assert point.kind is Kind.END
    assert point.located
    assert SpecialPoint(np.zeros(1), {}, normal_form={"b": 1.0}).moved(kind=Kind.FOLD).normal_form == {"b": 1.0}


def test_a_start_knows_its_state_and_the_place_of_its_parameter():
    x = np.array([0.5, 0.25, 0.75])
    start = Start(x, np.eye(3)[2], np.array([2.0, 0.5]), "b", problem=line())
    assert start.active == 1
    assert start.state.tolist() == [0.5, 0.25]
    assert (start.outward, start.known, start.continuum) == (False, False, 0)


def test_every_way_to_end_gives_advice_and_failures_are_told_from_what_was_asked_for():
    assert all(status.advice == status.value and len(status.advice) > 20 for status in Status)
    failures = {status for status in Status if status.is_failure}
    names = ("LIMIT", "CLOSED", "MAX_POINTS", "STOPPED", "INTERRUPTED", "TIME_LIMIT", "UNRESOLVED", "INFINITY")
    names += ("HOPF", "LONG_PERIOD")
    asked_for = {Status[name] for name in names}
    assert failures | asked_for == set(Status)
    assert not failures & asked_for
    assert len({kind.label for kind in Kind}) == len(Kind)
    assert all(kind.label.isalnum() and kind.label == kind.label.upper() and 2 <= len(kind.label) <= 5 for kind in Kind)


def test_points_are_shown_in_a_line():
    point = Point(np.array([1.0, 2.5]), {"a": 3.0, "b": 4.0}, ("x", "y"), unstable=1)
    assert repr(point) == "<Point: x = 1, y = 2.5; a = 3, b = 4; 1 unstable>"
    assert repr(Point(np.zeros(1), {"a": 1.0})) == "<Point: u[0] = 0; a = 1>"
    fold = SpecialPoint(np.zeros(20), {"a": 1.0, "b": 2.0}, vary=("b",), kind=Kind.FOLD, label="LP1", located=False)
    assert repr(fold).startswith("<LP1, FOLD, not located: u[0] = 0, u[1] = 0,")
    assert repr(fold).endswith("u[6] = 0, ... (20); b = 2>")
    x = np.array([0.5, 0.25, 0.75])
    start = Start(x, np.eye(3)[2], np.array([2.0, 0.5]), "b", problem=line(), outward=True)
    assert repr(start) == "<Start, half-branch: x = 0.5, y = 0.25; b = 0.75>"
    assert repr(Start(x, x, x, "b", known=True)) == "<Start, known half-branch: b = 0.75>"
