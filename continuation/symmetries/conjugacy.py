"""What a finite symmetry says about branches: which elements fix them, which break, which starts are conjugate."""

from typing import NamedTuple

import numpy as np

from continuation.ground.arguments import check_instance, check_problem, check_sequence
from continuation.ground.points import Start
from continuation.ground.status import Kind
from continuation.symmetries.groups import Elements
from continuation.symmetries.symmetry import TOLERANCE

ROUNDING = 1e-10  # error of accepted points, relative to 1 + |x|: a state that is fixed moves no further
CRITICAL = 1e-6  # error of states and null vectors at located points, relative (1e-9 at regular ones)
OUTWARD = 1e-3  # of tangents of starts: some are extrapolated from points on small spheres


class Representative(NamedTuple):
    """One start for each class of conjugate ones.

    Attributes
    ----------
    start : Start
        The first of its class in the list given.
    members : tuple of int
        Places of the class in that list.
    elements : Elements
        Takes `start` to each member; the identity first.
    """

    start: object
    members: tuple
    elements: Elements

    @property
    def multiplicity(self) -> int:
        """Number of starts of the class."""
        return len(self.members)


def distinct_starts(problem, starts) -> list:
    """Group starts by conjugacy under the finite symmetry of a problem, so that each branch is followed once.

    Parameters
    ----------
    problem : Problem
        Its ``symmetry`` acts on the states; parameters must agree.
    starts : sequence of Start
        Of `switch`, say.  An element must take both state and tangent to those of the other start.

    Returns
    -------
    list of Representative
        In the order of the first member of each class.  With the trivial symmetry only equal starts are one.

    Notes
    -----
    Conjugate branches are images of each other, row by row: ``g u(s)``.  Elements of a continuous group are not tried;
    see `Symmetry.slice` for those.  Cost: the order of the group for each pair of starts.

    Examples
    --------
    Both halves of a pitchfork are one branch and its mirror image:

    >>> from continuation import Problem, switch, trace
    >>> problem = Problem.from_expressions({"x": "mu*x - x**3"}, {"mu": -1.0}, symmetries=[("-x",)])
    >>> starts = switch(problem, trace(problem, [0.0], "mu", (-1, 1))["BP1"])
    >>> [(one.members, str(one.elements)) for one in distinct_starts(problem, starts)]
    [((0,), 'identity'), ((1, 2), 'identity; x -> -x')]
    """
    classes = []
    for place, start in enumerate(check_sequence("starts", starts, "a sequence of Start")):
        check_problem(problem)
        check_instance(f"starts[{place}]", start, Start)
        for found in classes:
            g = conjugation(problem, found[0][1], start)
            if g is not None:
                found.append((place, start, g))
                break
        else:
            classes.append([(place, start, 0)])
    group = problem.symmetry.elements
    return [
        Representative(found[0][1], tuple(place for place, _, _ in found), group[[g for _, _, g in found]])
        for found in classes
    ]


def conjugation(problem, first, second):
    """Index of an element that takes one start to the other, state and tangent; None if there is none."""
    if first.vary != second.vary or len(first.x) != len(second.x):
        return None
    pair = first, second
    (u, du, p, dp), (v, dv, q, dq) = (
        shown_start(problem, start, *at) for start, at in zip(pair, places_to_compare(*pair))
    )
    scale = max(np.max(np.abs(du)), np.max(np.abs(dp)))
    if np.max(np.abs(dp - dq)) > OUTWARD * scale or not np.allclose(p, q, rtol=1e-9, atol=1e-9):
        return None
    elements, size = problem.symmetry.elements, CRITICAL * (1 + np.max(np.abs(u)))
    same = np.max(np.abs(elements.act(u) - v), axis=1) <= size
    same &= np.max(np.abs(elements.act(du) - dv), axis=1) <= OUTWARD * scale
    return int(np.argmax(same)) if np.any(same) else None


def places_to_compare(first, second):
    """Where two starts are compared, point and tangent of each: ahead, at one distance, where both have such points.

    There the points are solutions to the last digits; tangents at a degenerate branch point are extrapolated.
    """
    if first.ahead is not None and second.ahead is not None:
        far, other = (np.linalg.norm(start.ahead[:, 0] - start.x, axis=1) for start in (first, second))
        pairs = np.argwhere(np.abs(far[:, None] - other) <= CRITICAL * far[:, None])
        if len(pairs):
            return first.ahead[pairs[0][0]], second.ahead[pairs[0][1]]
    return (first.x, first.tangent), (second.x, second.tangent)


def shown_start(problem, start, x, tangent):
    """State, its direction, all parameters, the direction of the varied ones, at a point of a start."""
    states, varied = problem.columns(np.array([x, x + tangent]))
    p = start.p.copy()
    for name, value in zip(problem.varied_names(start.vary), varied[0]):
        p[problem.index_of(name)] = value
    return states[0], states[1] - states[0], p, varied[1] - varied[0]


def branch_isotropy(branch) -> Elements | None:
    """Elements that fix every row of a branch; None without its problem or without a declared finite symmetry."""
    symmetry = getattr(branch.problem, "symmetry", None)
    if symmetry is None or symmetry.order == 1:
        return None
    size = np.max(np.abs(branch.states)) + ROUNDING / TOLERANCE * (1 + np.max(np.abs(branch.unknowns)))
    return symmetry.isotropy(branch.states, scale=size)


def kernel_isotropy(problem, point):
    """Elements fixing the state of a special point, and those of them that fix its null vectors one by one.

    Returns
    -------
    (Elements, Elements) or None
        None without null vectors or symmetry.
    """
    symmetry = getattr(problem, "symmetry", None)
    if symmetry is None or symmetry.order == 1 or point.null_vectors is None:
        return None
    size = np.max(np.abs(point.state)) + 1e-2 * (1 + max(map(abs, point.parameters.values()), default=0.0))
    fixing = symmetry.isotropy(point.state, CRITICAL, size)
    vectors = shown_directions(problem, point.null_vectors)
    gaps = np.abs(fixing.act(vectors) - vectors[:, None])
    return fixing, fixing[np.all(gaps <= CRITICAL * max(np.max(np.abs(vectors)), 1e-300), axis=(0, 2))]


def shown_directions(problem, vectors) -> np.ndarray:
    """(k, n) directions of the states shown for directions (k, N - 1) of the unknowns."""
    padded = np.column_stack([vectors, np.zeros(len(vectors))])
    return problem.columns(np.vstack([padded, 0 * padded[:1]]))[0][:-1] - problem.columns(0 * padded[:1])[0]


def breaking(problem, point):
    """Whether the critical directions of a special point break its symmetry: True, False, or None where unknown.

    A branch point whose null vectors all lie in the fixed space of the elements that fix the point is "symmetric": the
    other branches have the same symmetry.  Else it is "symmetry-breaking".
    """
    if point.kind not in (Kind.FOLD, Kind.BRANCH_POINT, Kind.HOPF):
        return None
    found = kernel_isotropy(problem, point)
    if found is None or len(found[0]) == 1:
        return None
    return len(found[1]) < len(found[0])
