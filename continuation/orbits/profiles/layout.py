"""What rows of a branch of periodic orbits hold, and where: profiles, meshes, multipliers; lengths on moving meshes."""

from typing import NamedTuple

import numpy as np

from continuation.orbits.profiles.basis import basis
from continuation.orbits.profiles.profile import pieces

PERIOD, AMPLITUDE = "period", "amplitude"  # columns of every branch of periodic orbits
AT_ONCE = 1 << 22  # floats of the profiles that are carried over together: some 100 MB with all that it takes


class ProfileLayout(NamedTuple):
    """How the unknowns and the context of a row make an orbit: (L m n values at nodes, T, ..., p), (mesh, multipliers).

    Attributes
    ----------
    names : tuple of str
        The n states of the vector field.
    intervals, degree : int
        L and m.
    more : int
        Unknowns between the period and the parameter, of curves in two parameters.
    """

    names: tuple
    intervals: int
    degree: int
    more: int = 0

    @property
    def size(self) -> int:
        """Number N of unknowns of a row, period and parameter among them."""
        return self.period_at + 2 + self.more

    @property
    def period_at(self) -> int:
        """Place of the period among the unknowns, behind the values at the nodes."""
        return len(self.names) * self.intervals * self.degree

    @property
    def context(self) -> int:
        """Number of floats that go with a row: the mesh, logarithms and angles of the multipliers."""
        return self.intervals + 2 * len(self.names)

    def profiles(self, unknowns) -> np.ndarray:
        """(rows, L m, n) values at the nodes; also of tangents."""
        return unknowns[:, : self.period_at].reshape(len(unknowns), self.intervals * self.degree, len(self.names))

    def meshes(self, context) -> np.ndarray:
        """(rows, L) lengths of the intervals."""
        return context[:, : self.intervals]

    def phases(self, context) -> np.ndarray:
        """(rows, L m) times of the nodes in units of the period."""
        return node_times(self.meshes(context), self.degree)

    def exponents(self, context) -> np.ndarray:
        """(rows, n) logarithms of Floquet multipliers, ``log |mu| + i angle``, the trivial one last."""
        n = len(self.names)
        return context[:, -2 * n : -n] + 1j * context[:, -n:]

    def multipliers(self, context) -> np.ndarray:
        """(rows, n) Floquet multipliers; real ones are exactly real."""
        return multipliers_of(self.exponents(context))

    def weights(self, context, metric, rest) -> np.ndarray:
        """(rows, N) of the inner product, on each row's mesh: `metric` (n,) of states, `rest` of T and what follows."""
        nodes = node_weights(self.meshes(context), self.degree)
        states = (nodes[:, :, None] * metric).reshape(len(nodes), -1)
        return np.hstack([states, np.tile(rest, (len(nodes), 1))])

    def norms(self, outputs, metric) -> np.ndarray:
        """(rows,) root mean squares over a period, in the metric (n,) of the states, from the columns of a branch."""
        mean = np.column_stack([outputs[name] for name in self.mean_names])
        return np.sqrt(np.sum(metric * mean**2, axis=1) + outputs[AMPLITUDE] ** 2)

    @property
    def mean_names(self) -> tuple:
        """Columns of the states' means."""
        return tuple(f"{name}_mean" for name in self.names)

    @property
    def extreme_names(self) -> tuple:
        """Pairs of columns (n, 2): of each state's largest and least values."""
        return tuple((f"{name}_max", f"{name}_min") for name in self.names)

    def carried(self, vectors, old, new) -> np.ndarray:
        """(rows, N) unknowns or tangents from one mesh (rows, L) to another: their polynomials at the new nodes."""
        moved = vectors.copy()
        changed = np.flatnonzero(np.any(old != new, axis=1))
        portion = max(1, AT_ONCE // vectors.shape[1])
        for begin in range(0, len(changed), portion):
            rows = changed[begin : begin + portion]
            values = interpolated(self.profiles(vectors[rows]), old[rows], new[rows], self.degree)
            moved[rows, : self.period_at] = values.reshape(len(rows), -1)
        return moved

    def steps(self, unknowns, tangents, context, metric, rest) -> np.ndarray:
        """(rows - 1,) lengths from each row to the next, on the mesh of the first of the two.

        Chords, corrected for the angle between the tangents at their ends (fourth order in the step).
        """
        here, there = self.meshes(context)[:-1], self.meshes(context)[1:]
        weights = self.weights(context[:-1], metric, rest)
        chord = self.carried(unknowns[1:], there, here) - unknowns[:-1]
        turn = self.carried(tangents[1:], there, here) - tangents[:-1]
        length = np.sqrt(np.sum(weights * chord**2, axis=1))
        return length * (1 + np.sum(weights * turn**2, axis=1) / 24)


def describe_layout(layout) -> str:
    """Words for a layout, or for its absence."""
    if layout is None:
        return "a problem whose rows are no orbits"
    what = "special points on a curve of periodic orbits" if layout.more else "periodic orbits"
    return f"{what} of {layout.intervals} intervals of degree {layout.degree}"


def multipliers_of(exponents) -> np.ndarray:
    """Multipliers of their logarithms; real ones are exactly real, those beyond 1e308 infinite."""
    angles = exponents.imag
    with np.errstate(over="ignore", invalid="ignore"):
        moduli = np.exp(exponents.real)
        real = (angles == 0.0) | (np.abs(angles) == np.pi)
        return np.where(real, moduli * np.where(angles == 0.0, 1.0, -1.0), moduli * np.exp(1j * angles))


def ends_of(mesh) -> np.ndarray:
    """(L + 1,) ends of intervals of these lengths, from exactly 0 to exactly 1."""
    return np.concatenate([[0.0], np.cumsum(mesh)[:-1], [1.0]])


def node_times(meshes, degree) -> np.ndarray:
    """(rows, L m) times of the nodes of meshes (rows, L) of a period 1."""
    begin = np.cumsum(meshes, axis=1) - meshes
    return (begin[:, :, None] + meshes[:, :, None] * basis(degree).nodes[:-1]).reshape(len(meshes), -1)


def times_of(mesh, degree) -> np.ndarray:
    """(L m,) times of the nodes of one mesh (L,) of a period 1."""
    return node_times(mesh[None], degree)[0]


def node_weights(meshes, degree) -> np.ndarray:
    """(rows, L m) weights of the nodes in a mean over the period."""
    nodes = meshes[:, :, None] * basis(degree).weights
    nodes[:, :, 0] += np.roll(nodes[:, :, -1], 1, axis=1)
    return nodes[:, :, :-1].reshape(len(meshes), -1)


def interpolated(profiles, old, new, degree) -> np.ndarray:
    """(rows, L m, n) profiles on meshes `old` (rows, L) at the nodes of the meshes `new`.

    Examples
    --------
    >>> profile = np.arange(4.0).reshape(1, 4, 1)
    >>> interpolated(profile, np.full((1, 2), 0.5), np.array([[0.25, 0.75]]), 2).ravel().round(12).tolist()
    [0.0, 0.5, 1.0, 3.0]
    """
    rows = np.arange(len(old))[:, None]
    times, begin = node_times(new, degree), np.cumsum(old, axis=1) - old
    # Rows beside each other on one line: row k from k to k + 1; ends are off by rounding, there the polynomials agree.
    found = np.searchsorted((begin + rows).ravel(), (times + rows).ravel(), side="right").reshape(times.shape)
    at = np.clip(found - 1 - rows * old.shape[1], 0, old.shape[1] - 1)
    local = np.clip((times - np.take_along_axis(begin, at, 1)) / np.take_along_axis(old, at, 1), 0.0, 1.0)
    lagrange = local[..., None] ** np.arange(degree + 1) @ basis(degree).powers
    return np.einsum("rkq,rkqn->rkn", lagrange, pieces(profiles, degree)[rows, at])
