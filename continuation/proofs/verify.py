"""The proof itself: from a `Statement`, wherever it came from, to a `Theorem`."""

import math
import time
from typing import NamedTuple

from continuation.proofs.arithmetic import NotProven, ProofError, ball, decimal, precision, radius
from continuation.proofs.events_along import crossings_along, folds_along, pairs_along
from continuation.proofs.exact import ExactEquations
from continuation.proofs.proven_points import CROSSING, FOLD, HOPF, Found, prove_point
from continuation.proofs.tubes import Segment, go_on, holds, may_hold, point_at, prove_tube


class ProvenCurve(NamedTuple):
    """A curve: enclosures of its ends (N balls each), rows, segments, largest radius, events (kind, label or "").

    `off`: how far at most it passes by the points it was made from.  `undecided` counts segments on which nothing is
    said of Hopf points.
    """

    first: list
    last: list
    rows: tuple
    segments: int
    width: float
    off: float
    events: list
    undecided: int


class Theorem(NamedTuple):
    """What is proven: curves, special points (`Found`), and what a statement claims without being right."""

    names: tuple
    curves: list
    points: list
    failures: list
    seconds: float


def verify(statement) -> Theorem:
    """Prove what a statement says, from nothing but its text and numbers.

    Returns
    -------
    Theorem
        Its `failures` name what could not be proven; a theorem without them is all that the statement says.

    Raises
    ------
    ProofError
        The problem is none that can be proven, or a number is none.

    Notes
    -----
    Cost: for each segment about six evaluations of F and F' in balls and n**3 operations, 1 ms for two equations.
    """
    begin = time.perf_counter()
    with precision():
        equations = ExactEquations(statement.source, statement.vary, statement.zero)
        curves, points, failures = [], [], []
        for candidate in statement.points:
            try:
                points.append(_point(equations, candidate))
            except NotProven as error:
                failures.append(f"{candidate.label}: {error}")
        for curve in statement.curves:
            try:
                curves.append(prove_curve(equations, curve, points))
            except NotProven as error:
                failures.append(f"rows {curve.rows[0]} to {curve.rows[1]}: {error}")
    return Theorem(equations.names, curves, points, failures, time.perf_counter() - begin)


def _point(equations, candidate) -> Found:
    """Prove one special point."""
    if candidate.pivot not in equations.states:
        raise ProofError(f"{candidate.label}: no state is named {candidate.pivot!r}")
    middle = [ball(decimal(text)) for text, _ in candidate.box]
    radii = [radius(text) for _, text in candidate.box]
    pivot = equations.states.index(candidate.pivot)
    return prove_point(equations, candidate.label, candidate.kind, pivot, middle, radii)


def read_segment(equations, start, end, step) -> Segment:
    """The segment between two points given as text."""
    if step.along not in equations.names or step.along in equations.zero_names:
        raise ProofError(f"no unknown that varies is named {step.along!r}")
    a, b = ([ball(decimal(text)) for text in point] for point in (start, end))
    radii = [radius(text) for text in step.radii]
    if not all(a[i] == 0 and b[i] == 0 and radii[i] == 0 for i in equations.zero):
        raise ProofError(f"{', '.join(equations.zero_names)}: wanted 0 at all points of a curve")
    along = equations.names.index(step.along)
    if radii[along] != 0:
        raise ProofError(f"{step.along}: wanted no radius of the coordinate that measures a segment")
    return Segment(a, [q - p for p, q in zip(a, b)], along, radii)


def prove_curve(equations, curve, points) -> ProvenCurve:
    """Prove tube by tube that there is exactly one curve, that neighbours share a solution, and what lies on it."""
    _check_shape(equations, curve)
    segments = [
        read_segment(equations, start, end, step)
        for start, end, step in zip(curve.points, curve.points[1:], curve.steps)
    ]
    tubes = [prove_tube(equations, segment) for segment in segments]
    nodes = [segments[0].a, *([p + q for p, q in zip(s.a, s.c)] for s in segments)]
    slices = [segments[0].k, *(segment.k for segment in segments)]
    boxes = [point_at(equations, node, k) for node, k in zip(nodes, slices)]
    for number, tube in enumerate(tubes):
        if not (holds(tube, boxes[number]) and holds(tube, boxes[number + 1])):
            raise NotProven(f"the tubes {number} and {number + 1} are not known to hold the same curve")
    _check_onward(equations, tubes, boxes)
    events = []
    for tube, first, last, step in zip(tubes, boxes, boxes[1:], curve.steps):
        events += events_along(equations, tube, (first, last), points, step.hopf)
    width = max(float(r) for segment in segments for r in segment.radii)
    off = max(_bound(x - p) for box, node in zip(boxes, nodes) for x, p in zip(box, node))
    undecided = sum(not step.hopf for step in curve.steps)
    return ProvenCurve(boxes[0], boxes[-1], curve.rows, len(segments), width, off, events, undecided)


def _bound(value) -> float:
    """A float that no number of a ball exceeds in modulus."""
    largest = float(abs(value).upper())
    return math.nextafter(largest, math.inf) if largest else 0.0


def _check_onward(equations, tubes, boxes):
    """Neighbouring segments go along their curve in the same direction, and none passes where it began again.

    So nothing on it is counted twice.
    """
    for number, tube in enumerate(tubes[1:], 1):
        back = number == len(tubes) - 1 and all(x.overlaps(y) for x, y in zip(boxes[0], boxes[-1]))
        if not back and may_hold(tube, boxes[0]):
            raise NotProven(f"the curve may pass its beginning again on segment {number}")
    for number, (before, after) in enumerate(zip(tubes, tubes[1:])):
        if not go_on(equations, before.segment, after.segment, boxes[number + 1]):
            raise NotProven(f"the segments {number} and {number + 1} go back and forth")


def events_along(equations, tube, ends, points, hopf) -> list:
    """What lies between the solutions in two boxes: (kind, label of the point that it is or "").

    A kind of point is counted by a condition that has one solution at most in the tube: what satisfies it is the one.
    """
    found = []
    for kind, count in ((FOLD, folds_along), (CROSSING, crossings_along), *([(HOPF, pairs_along)] if hopf else [])):
        if count(equations, tube, *ends):
            labels = [point.label for point in points if point.kind == kind and holds(tube, point.box)]
            found.append((kind, labels[0] if labels else ""))
    return found


def _check_shape(equations, curve):
    """As many steps as pairs of points, as many numbers as unknowns."""
    size = equations.n + 1
    if len(curve.points) < 2 or len(curve.steps) != len(curve.points) - 1:
        raise ProofError("a curve wants two points or more and a step between each two")
    if any(len(point) != size for point in curve.points) or any(len(step.radii) != size for step in curve.steps):
        raise ProofError(f"points and radii want {size} numbers each")
