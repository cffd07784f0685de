"""Conjecture 1 on a grid: the sign of L_12 inside and outside the cone of two students."""

import math
from decimal import localcontext
from typing import NamedTuple

import numpy as np

from continuation.compiled.calls.kernel import kernel
from systems.relu.argument_checks import check_angles, check_whole
from systems.relu.directions.digits import pi, sine_cosine

DOUBT = 64.0 * 2.0**-52  # times 1 / det(M_r / pi): values of L below are not trusted
LISTED = 200_000  # doubtful cells kept at most


class Report(NamedTuple):
    """What was seen on the grid.

    Attributes
    ----------
    points : int
        Grid points judged; those on a student's own direction, where L = 0, are left out.
    doubtful : int
        Points where double precision could not tell the sign, decided with `digits` digits.
    counterexamples : (m, 2) array
        ``(theta, phi)`` of points where the sign is not the conjectured one.
    false_alarms : int
        Doubtful points whose sign in double precision was wrong.
    smallest_inside, smallest_outside : float
        Least ``|L_12| / theta^3`` inside the cone, least ``|L_12|`` outside, over the points that were not doubtful.
    """

    points: int
    doubtful: int
    counterexamples: np.ndarray
    false_alarms: int
    smallest_inside: float
    smallest_outside: float


def check_conjecture(rows=10_000, columns=10_000, *, second=False, digits=60) -> Report:
    """Check that L_12 > 0 for teachers inside the cone of the students and < 0 outside, on a grid of directions.

    Parameters
    ----------
    rows, columns : int
        Angles between the students, ``pi i / rows`` for ``0 < i < rows``; the teacher's, ``2 pi k / columns``.
    second : bool
        L_21 in place of L_12.
    digits : int
        Of the arithmetic that decides doubtful points.

    Returns
    -------
    Report

    Raises
    ------
    ValueError
        Fewer than 2 rows or columns.

    Notes
    -----
    A row at a time; memory grows with the columns only.  One core: about 20 ns a point.  Near theta = 0
    ``det M_r ~ pi^2 theta^2`` and inside the cone ``L_12`` is of the order of theta^3, so that double precision decides
    nothing in the first rows.

    References
    ----------
    Y. Tian, ICML 2017, arXiv:1703.00560, Conjecture 1, section 7.2 and Fig. 10.

    Examples
    --------
    >>> report = check_conjecture(50, 80)
    >>> len(report.counterexamples), report.points
    (0, 3862)
    """
    rows = check_whole("check_conjecture", "rows", rows, 2)
    columns = check_whole("check_conjecture", "columns", columns, 2)
    digits = check_whole("check_conjecture", "digits", digits, 20)
    cells, count, judged, least = _scan(rows, columns, second)
    if count == LISTED:
        raise ValueError(f"check_conjecture: more than {LISTED} doubtful points, a grid finer than double precision")
    wrong, alarms = [], 0
    for i, k in cells[:count]:
        exact = _exact(int(i), rows, int(k), columns, second, digits)
        inside = 0 < 2 * int(k) * rows < int(i) * columns  # between the students, in whole numbers
        alarms += (_value(math.pi * i / rows, 2 * math.pi * k / columns, second) > 0) != (exact > 0)
        if (exact > 0) != inside:
            wrong.append((math.pi * i / rows, 2 * math.pi * k / columns))
    return Report(judged, int(count), np.array(wrong).reshape(-1, 2), int(alarms), *least)


def separating_values(theta, phi, *, second=False) -> np.ndarray:
    """Return L_12 (or L_21) for students at an angle theta and a teacher at the angle phi from the first, arrays alike.

    Examples
    --------
    A teacher in the direction of a student, between both, and outside:

    >>> np.sign(separating_values(np.pi / 2, [np.pi / 2, np.pi / 4, np.pi]).round(12))
    array([ 0.,  1., -1.])
    """
    theta = check_angles("separating_values", "theta", theta, math.pi, "angles in [0, pi]")
    phi = check_angles("separating_values", "phi", phi, 2 * math.pi, "angles in [0, 2 pi]")
    theta, phi = np.broadcast_arrays(theta, phi)
    values = [_value(t, f, second) for t, f in zip(theta.ravel(), phi.ravel())]
    return np.array(values).reshape(theta.shape)


class Side(NamedTuple):
    """The teacher seen from one student: pi minus the angle to it, the angle's sine and cosine."""

    gap: float
    sine: float
    cosine: float


@kernel
def _gaps(theta, phi):
    """``pi`` minus the angles from the teacher to both students, phi in [0, 2 pi], theta in (0, pi)."""
    return abs(math.pi - phi), abs(math.pi - abs(phi - theta))


@kernel
def _combine(theta, sine, cosine, own, other):
    """L and the determinant, seen from the student of the row and from the other one."""
    h = sine + (math.pi - theta) * cosine
    first, second = own.sine + own.gap * own.cosine, other.sine + other.gap * other.cosine
    det = (math.pi - h) * (math.pi + h)
    x, y = (math.pi * first - h * second) / det, (math.pi * second - h * first) / det
    target = own.gap * other.cosine + own.sine * cosine
    return target - x * math.pi * cosine - y * (math.pi - theta + sine * cosine), det


@kernel
def _value(theta, phi, second):
    """L_12, or L_21."""
    gap, other_gap = _gaps(theta, phi)
    near = Side(gap, math.sin(gap), -math.cos(gap))
    far = Side(other_gap, math.sin(other_gap), -math.cos(other_gap))
    own, other = (far, near) if second else (near, far)
    return _combine(theta, math.sin(theta), math.cos(theta), own, other)[0]


@kernel
def _scan(rows, columns, second):
    """Judge the grid; return doubtful cells, their number, the number judged, and the least values of `Report`."""
    cells, count, judged = np.empty((LISTED, 2), np.int64), 0, 0
    inside_least, outside_least = math.inf, math.inf
    sines, cosines = np.empty(columns), np.empty(columns)
    for k in range(columns):
        sines[k], cosines[k] = math.sin(2 * math.pi * k / columns), math.cos(2 * math.pi * k / columns)
    for i in range(1, rows):
        theta = math.pi * i / rows
        sine, cosine = math.sin(theta), math.cos(theta)
        for k in range(columns):
            place = 2 * k * rows - i * columns  # (phi - theta) rows columns / pi
            if k == 0 or place == 0:
                continue
            judged += 1
            inside = k > 0 and place < 0
            gap, other_gap = _gaps(theta, 2 * math.pi * k / columns)
            near = Side(gap, abs(sines[k]), cosines[k])
            far = Side(other_gap, abs(sines[k] * cosine - cosines[k] * sine), cosines[k] * cosine + sines[k] * sine)
            own, other = (far, near) if second else (near, far)
            value, det = _combine(theta, sine, cosine, own, other)
            doubtful = not abs(value) > DOUBT * math.pi**2 / det
            if (doubtful or (value > 0.0) != inside) and count < LISTED:
                cells[count, 0], cells[count, 1] = i, k
                count += 1
            elif inside:
                inside_least = min(inside_least, value / theta**3)
            else:
                outside_least = min(outside_least, -value)
    return cells, count, judged, (inside_least, outside_least)


def _exact(i, rows, k, columns, second, digits):
    """L with many digits at the angles ``pi i / rows`` and ``2 pi k / columns``."""
    with localcontext() as context:
        context.prec = digits
        turn = pi(digits)
        theta, phi = turn * i / rows, 2 * turn * k / columns
        gap, other_gap = abs(turn - phi), abs(turn - abs(phi - theta))
        if second:
            gap, other_gap = other_gap, gap
        sine, cosine = sine_cosine(theta, digits)
        (own_sine, own), (other_sine, other) = sine_cosine(gap, digits), sine_cosine(other_gap, digits)
        between = sine + (turn - theta) * cosine
        first, last = own_sine - gap * own, other_sine - other_gap * other  # cosines of pi minus the angles
        det = (turn - between) * (turn + between)
        shares = (turn * first - between * last) / det, (turn * last - between * first) / det
        target = own_sine * cosine - gap * other
        return target - shares[0] * turn * cosine - shares[1] * (turn - theta + sine * cosine)
