"""One piece of a curve: existence and uniqueness in a tube around a segment.

The segment from x_a to x_b, its direction ``c = x_b - x_a`` and a coordinate k with ``c_k != 0`` give every point near
it the form ``x = x_a + s c + y`` with ``y_k = 0``.  The tube is ``|y_i| < r_i`` with s in
``S = [-1/65536, 1 + 1/65536]``.  In it the equations are ``g(s, y) = F(x_a + s c + y) = 0``, n of them for y at each s.

With any matrix A and Y the box of all y, if ``-A g(S, 0) + (I - A g_y(S, Y)) Y`` lies strictly inside Y, then for each
s there is exactly one solution y in Y, and every matrix in ``g_y(S, Y)`` is regular (Krawczyk 1969; Neumaier, Interval
Methods for Systems of Equations, 1990, theorem 5.1.8; uniformly in a parameter: van den Berg and Lessard, Rigorous
numerics in dynamics, Notices of the AMS 62, 2015).  By the theorem on implicit functions y(s) is as smooth as F.  As n
columns of F' are independent in the tube, F' has rank n: no branch point there.

A solution that is known to lie in two neighbouring tubes lies on the curve of both: the solutions in both are one
connected curve.
"""

from typing import NamedTuple

from continuation.proofs.arithmetic import NotProven, around, flint, lies_within, solve
from continuation.proofs.systems_of_points import column, identity, inverse

MARGIN = 2.0**-16  # of s beyond 0 and 1: neighbours overlap by far more than points are known to, 1e-15


class Segment(NamedTuple):
    """From `a` along `c` (N balls each), the number k of the coordinate that measures s, radii (N exact balls)."""

    a: list
    c: list
    k: int
    radii: list


class Tube(NamedTuple):
    """A segment whose tube holds exactly one curve: the box of its hull, and enclosures of x' along it."""

    segment: Segment
    box: list
    tangent: list


def across(equations, k) -> list:
    """Numbers of the coordinates that y has."""
    return [i for i in (*equations.within, equations.n) if i != k]


def image_of(equations, segment, s, start) -> tuple:
    """Krawczyk's image of the tube over the ball s, from the number `start` in which g is developed; at s = 0 for None.

    Returns
    -------
    image : list of balls
        Of y; the curve lies in it where it is inside the tube.
    matrix, rates : arb_mat, list of balls
        A g_y over the tube, and A F' c there.
    box : list of N balls
        The tube.
    """
    e, (a, c, k, radii) = equations, segment
    free = across(e, k)
    if s is None:
        middle = line = a
    else:
        middle, line = ([p + t * q for p, q in zip(a, c)] for t in (start, s))
    box = [p + around(r) for p, r in zip(line, radii)]
    wide = e.jacobian(box, e.within, free)
    inner = inverse(wide)
    along = [*e.within, e.n]
    direction = [c[i] for i in along]
    at_middle = e.residual(middle)
    value = [at_middle[i] for i in e.within]
    if s is not None:
        drift = column(e.jacobian(line, e.within, along), direction)
        value = [v + d * (s - start) for v, d in zip(value, drift)]
    matrix = inner * wide
    shift = column(inner, value)
    moved = column(identity(len(free)) - matrix, [around(radii[i]) for i in free])
    rates = column(inner, column(e.jacobian(box, e.within, along), direction))
    return [q - p for p, q in zip(shift, moved)], matrix, rates, box


def prove_tube(equations, segment) -> Tube:
    """Prove that a tube holds exactly one curve, from one end to the other; `NotProven` where it fails."""
    margin = flint.arb(MARGIN)
    s = (-margin).union(1 + margin)
    image, matrix, rates, box = image_of(equations, segment, s, flint.arb(0.5))
    free = across(equations, segment.k)
    if not all(lies_within(y, segment.radii[i]) for y, i in zip(image, free)):
        raise NotProven("no tube of these radii")
    return Tube(segment, box, _tangent(equations, segment.c, segment.k, matrix, rates))


def _tangent(equations, c, k, matrix, rates) -> list:
    """Enclose ``x' = c + y'`` (N)."""
    free = across(equations, k)
    slopes = solve(matrix, flint.arb_mat(len(free), 1, [-rate for rate in rates])).entries()
    tangent = list(c)
    for i, slope in zip(free, slopes):
        tangent[i] = c[i] + slope
    return tangent


def tangent_over(equations, box, c, k) -> list:
    """Enclose x' over a box around points of the curve, s measured along c."""
    e, free, along = equations, across(equations, k), [*equations.within, equations.n]
    wide = e.jacobian(box, e.within, free)
    inner = inverse(wide)
    rates = column(inner, column(e.jacobian(box, e.within, along), [c[i] for i in along]))
    return _tangent(e, c, k, inner * wide, rates)


def second_derivatives(equations, box, tangent, k) -> list:
    """Enclose x'' (N) over a box, tangent x' given; x is linear in s in the coordinate k."""
    e, free = equations, across(equations, k)
    wide = e.jacobian(box, e.within, free)
    inner = inverse(wide)
    bend = e.second(box, tangent, tangent)
    right = column(inner, [-bend[i] for i in e.within])
    found = solve(inner * wide, flint.arb_mat(len(free), 1, right)).entries()
    result = [flint.arb(0)] * (e.n + 1)
    for i, value in zip(free, found):
        result[i] = value
    return result


def point_at(equations, x, k) -> list:
    """Prove that near x, in the slice of its own coordinate k, there is a solution; returns its enclosure (N balls)."""
    segment = Segment(x, [flint.arb(0)] * (equations.n + 1), k, None)
    radii = inflated(equations, segment, None, None)
    image, *_ = image_of(equations, segment._replace(radii=radii), None, None)
    free = across(equations, k)
    if not all(lies_within(y, radii[i]) for y, i in zip(image, free)):
        raise NotProven("no solution is known near a point")
    box = list(x)
    for y, i in zip(image, free):
        box[i] = x[i] + y
    return box


GROWTH = 1.25  # of radii over the image that they are to hold: nearer to 1 takes more rounds, 2 needs shorter steps
MOST_GROWTH = 5  # of radii over the first image: beyond, Krawczyk's operator contracts by less than a fifth, if at all
ROUNDS = 8
LEAST = 2.0**-70  # radius relative to 1 + |x|, so that a row that is a solution to the last bit has one


def inflated(equations, segment, s, start) -> list:
    """Radii (N exact balls) that Krawczyk's image of the tube stays inside; `NotProven` where none are found."""
    free = across(equations, segment.k)
    radii, limits = [flint.arb(0)] * (equations.n + 1), None
    for i in free:
        radii[i] = flint.arb(LEAST * (1 + abs(float(segment.a[i].mid()))))
    for _ in range(ROUNDS):
        image, *_ = image_of(equations, segment._replace(radii=radii), s, start)
        if all(lies_within(y, radii[i]) for y, i in zip(image, free)):
            return radii
        sizes = [GROWTH * float(abs(y).upper()) for y in image]
        limits = limits or [MOST_GROWTH * max(size, float(radii[i])) for size, i in zip(sizes, free)]
        if any(size > limit for size, limit in zip(sizes, limits)):
            break
        for size, i in zip(sizes, free):
            radii[i] = flint.arb(max(float(radii[i]), size))
    raise NotProven("no radii are found")


def holds(tube, box) -> bool:
    """Whether a box lies inside a tube."""
    a, c, k, radii = tube.segment
    s = (box[k] - a[k]) / c[k]
    if not (s > -MARGIN and s < 1 + MARGIN):
        return False
    offsets = [x - p - s * q for x, p, q in zip(box, a, c)]
    return all(i == k or lies_within(y, r) or (r == 0 and y == 0) for i, (y, r) in enumerate(zip(offsets, radii)))


def may_hold(tube, box) -> bool:
    """Whether a box may have points in common with a tube."""
    a, c, k, radii = tube.segment
    s = (box[k] - a[k]) / c[k]
    if s < -MARGIN or s > 1 + MARGIN:
        return False
    offsets = [x - p - s * q for x, p, q in zip(box, a, c)]
    return all(i == k or y.overlaps(around(r)) for i, (y, r) in enumerate(zip(offsets, radii)))


def go_on(equations, before, after, box) -> bool:
    """Whether two segments go along the curve in the same direction where it is in a box that both share."""
    tangents = [tangent_over(equations, box, segment.c, segment.k) for segment in (before, after)]
    return bool(sum((p * q for p, q in zip(*tangents)), flint.arb(0)) > 0)
