"""Whether a periodic orbit lies on a traced branch of them, wherever its phase 0 is and on whatever mesh.

A row is compared by numbers that know neither: parameter, period, means of the states and of their products.  Where
these lie near a step of the branch, the orbit that its rows interpolate is turned into phase, laid on the mesh of the
orbit asked for and corrected in the hyperplane across its branch: the same orbit comes back, or another.
"""

import weakref
from typing import NamedTuple

import numpy as np

from continuation.exploring.recognition.conjugate_branches import choose_generic_row
from continuation.exploring.recognition.overlaps import choose_rows
from continuation.ground.status import Kind
from continuation.orbits.orbit_operations import OrbitEquations
from continuation.orbits.profiles.basis import basis
from continuation.orbits.profiles.layout import times_of
from continuation.orbits.profiles.phases import SAME_SHAPE, is_same_shape, shape_of, shift_to, units_of_orbit
from continuation.orbits.profiles.piecewise import Piecewise
from continuation.orbits.profiles.profile import CONSTANT, allowance, pieces, units_of_states

# Relative to 1 + |x|: both were corrected on one mesh, to 1e-10 or so of which little is lost near folds; ten times
# larger and half-branches that begin at the same point are one for some rows more.
SAME = 1e-7
BULGE = (
    0.5  # of the chord of a step: means of products bend more than orbits do, and each step asked costs Newton's method
)
MESH = 1e-5  # relative, of means on two meshes: 50 intervals give 1e-7 where orbits are smooth
CANDIDATES = 4  # steps looked at closely for one orbit
REPEATED = 1e-6  # of each state's range: how far an orbit run through twice is from itself half a period later
COUNT = 10  # rows of a new branch that are compared with those known


class Measured(NamedTuple):
    """Periodic orbits with the inner product of a branch, its parameters (k,) and which of them is varied."""

    cycles: object
    p: np.ndarray
    active: int


class OrbitRows:
    """Fingerprints of the rows of a branch."""

    def __init__(self, branch):
        n = branch.states.shape[1]
        intervals = branch.context.shape[1] - 2 * n
        self.meshes = branch.context[:, :intervals]
        self.profiles = branch.unknowns[:, :-2].reshape(len(branch), -1, n)
        self.degree = self.profiles.shape[1] // intervals
        self.values = fingerprints(self.profiles, self.meshes, branch.unknowns[:, -2:], self.degree)

    def shape(self, row) -> Piecewise:
        """The orbit of a row as a function of the phase."""
        return shape_of(self.profiles[row], self.meshes[row], self.degree)


ROWS = weakref.WeakKeyDictionary()  # of branches, computed once


def orbit_rows(branch) -> OrbitRows:
    """The rows of a branch as orbits."""
    if branch not in ROWS:
        ROWS[branch] = OrbitRows(branch)
    return ROWS[branch]


def fingerprints(profiles, meshes, last, degree) -> np.ndarray:
    """(rows, k) period, parameter, means of states and of products of two; the latter as signed roots."""
    values, n = pieces(profiles, degree), profiles.shape[2]
    weights = basis(degree).weights
    mean = np.einsum("rl,q,rlqn->rn", meshes, weights, values, optimize=True)
    square = np.einsum("rl,q,rlqn,rlqk->rnk", meshes, weights, values, values, optimize=True)
    upper = np.triu_indices(n)
    square = square[:, upper[0], upper[1]]
    return np.column_stack([last, mean, np.sign(square) * np.sqrt(np.abs(square))])


def units_of_fingerprints(values, metric) -> np.ndarray:
    """(k,) units of fingerprints (rows, k): of means and products those of the states, their largest root mean square.

    Those of states that are zero but for rounding are their units in the metric (n,).
    """
    n, largest = len(metric), np.max(np.abs(values), axis=0)
    first, second = np.triu_indices(n)
    size = np.maximum(largest[2 + n :][first == second], CONSTANT / MESH * units_of_states(metric))
    last = np.where(largest[:2] > 0.0, largest[:2], 1.0)
    return np.concatenate([last, size, np.sqrt(size[first] * size[second])])


def find_orbit_on(equations, branch, x, tangent, context):
    """Row of the step of a branch on which an orbit lies, or None.

    Parameters
    ----------
    equations : Measured
    x, tangent : (N,) arrays
        The orbit and the direction of its own branch.
    context : (C,) array
        Its mesh, then its multipliers.
    """
    n, known = len(equations.cycles.base.states), orbit_rows(branch)
    mesh, profile = context[: len(context) - 2 * n], x[:-2].reshape(-1, n)
    own = fingerprints(profile[None], mesh[None], x[None, -2:], known.degree)[0]
    units = units_of_fingerprints(np.vstack([known.values, own]), branch.state_weights)
    a, b = known.values[:-1] / units, known.values[1:] / units
    step, gap = b - a, own / units - a
    squared = np.maximum(np.sum(step**2, axis=1), 1e-300)
    sigma = np.clip(np.sum(step * gap, axis=1) / squared, 0.0, 1.0)
    distance = np.sqrt(np.sum((gap - sigma[:, None] * step) ** 2, axis=1))
    near = np.flatnonzero(distance <= BULGE * np.sqrt(squared) + MESH)
    for row in near[np.argsort(distance[near], kind="stable")][:CANDIDATES]:
        if is_orbit_between(equations, known, int(row), sigma[row], x, tangent, mesh):
            return int(row)
    return None


def is_orbit_between(own, known, row, sigma, x, tangent, mesh) -> bool:
    """Whether the orbit that two rows interpolate leads to x by Newton's method."""
    profile = x[:-2].reshape(-1, known.profiles.shape[2])
    times = times_of(mesh, known.degree)
    target, units = shape_of(profile, mesh, known.degree), units_of_orbit(profile, own.cycles.metric)
    first, second = (in_phase(known.shape(k), target, units, times) for k in (row, row + 1))
    equations = OrbitEquations(own.cycles.at_orbit(mesh, profile, x[-2]), own.p, own.active)
    covector = equations.weights * tangent
    guess = np.append(((1 - sigma) * first + sigma * second).ravel(), x[-2:])
    ends = known.values[row : row + 2, :2]
    guess[-2:] = (1 - sigma) * ends[0] + sigma * ends[1]
    found, _ = equations.correct(guess + (covector @ (x - guess)) * tangent, covector)
    return found is not None and equations.length(found - x) <= SAME * equations.extent(x)


def in_phase(shape, target, units, times) -> np.ndarray:
    """(L m, n) an orbit at the times, turned to be nearest to another, each state in its unit (n,)."""
    return shape(times + shift_to(shape, target, units))


def is_repeated(branch, row, times=2) -> bool:
    """Whether the orbit on a row is one of a part of the period, run through several times."""
    known = orbit_rows(branch)
    shape, even = known.shape(row), (np.arange(100) + 0.5) / 100
    limit = allowance(known.profiles[row], branch.state_weights, REPEATED)
    return bool(np.all(np.abs(shape(even + 1 / times) - shape(even)) < limit))


def images_of_orbit(cycles, x) -> list:
    """The unknowns x (N,) and their images under the finite symmetries of the vector field, different ones only."""
    elements = getattr(getattr(cycles.base, "symmetry", None), "elements", None)
    if elements is None or len(elements) < 2:
        return [x]
    n = len(cycles.base.states)
    images = np.asarray(elements.act(x[:-2].reshape(-1, n)), float)
    return [x, *(np.append(images[:, k].ravel(), x[-2:]) for k in range(1, images.shape[1]))]


def count_orbit_images(cycles, branch) -> int:
    """Number of different branches that a branch stands for: its images under the symmetries, shifts of time aside."""
    row = choose_generic_row(branch)
    known, found = orbit_rows(branch), []
    for image in images_of_orbit(cycles, branch.unknowns[row]):
        one = shape_of(image[:-2].reshape(known.profiles[row].shape), known.meshes[row], known.degree)
        if not any(is_same_shape(one, other, branch.state_weights, SAME_SHAPE) for other in found):
            found.append(one)
    return len(found)


def find_known_orbits(cycles, branches, branch, rows=None):
    """(row, index): the first of some rows of a new branch that lies on a known one or an image of it; or None."""
    p = cycles.parameter_values(branch.parameters)
    equations = Measured(cycles, p, cycles.index_of(branch.vary[0]))

    def known_at(row):
        for image, direction in zip(
            images_of_orbit(cycles, branch.unknowns[row]), images_of_orbit(cycles, branch.tangents[row])
        ):
            for k, other in enumerate(branches):
                if find_orbit_on(equations, other, image, direction, branch.context[row]) is not None:
                    return k
        return None

    for row in [row for row in choose_rows(branch, COUNT) if row > 0] if rows is None else rows:
        if (k := known_at(row)) is not None:
            return row, k
    return None


def find_double_passage(branch):
    """First interior branch point at which the orbits are run through twice: beyond it the same ones come again."""
    for point in branch.special:
        inside = point.kind is Kind.BRANCH_POINT and 0 < point.index < len(branch) - 1
        if inside and is_repeated(branch, point.index):
            return point.index
    return None
