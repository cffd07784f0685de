"""Sizes, callbacks and arrays of one collocation problem while it is traced.

Compiled code gets the address ``w`` of an int64 table and asks for views, as for a dense problem (see
`continuation.compiled.dense.workspace`).  n states, degree m, L intervals; nm = n m.

Intervals are dealt with eight at a time.  Lane l holds a *chunk* of neighbouring intervals, in order, one in each of G
groups: so all lanes can go along their chunks side by side.  Where a chunk is shorter its last places hold intervals of
length zero, whose map is the identity.
"""

import numpy as np

from continuation.compiled.calls.arrays import doubles, fixed, integers
from continuation.compiled.calls.interface import address_of
from continuation.compiled.calls.kernel import inlined
from continuation.compiled.matrices import linalg
from continuation.orbits.kernels.frames import scratch_size
from continuation.orbits.kernels.lanes import LANES
from continuation.orbits.profiles.basis import basis

(
    STATES,  # n
    DEGREE,  # m
    INTERVALS,  # L
    GROUPS,  # G
    PARAMETERS,
    ACTIVE,
    BASE,  # address of the vector field's DenseTable
    WIDTH,  # floats in a record of the engine's
    SOLVE,  # addresses of callbacks of these tables, for each other
    LINEARISE,
    RESIDUAL,
    MONITOR,
    UNKNOWNS,  # N
    ZEROS,  # test functions of the user's, of the vector field
    SIZES,
) = range(15)
(
    PLACES,  # int64 (G, LANES): the interval in each place, -1 where there is none
    FLAGS,  # int64 (FLAGS,)
    MESH,  # (L,) lengths of the intervals, of a whole period 1
    PRODUCT,  # (L n m + 2,) the inner product's weights
    METRIC,  # (n,) weights of the states in the inner product, their sum over a period being the square of a length
    PHASE,  # (L m n,) the phase condition's coefficients
    REFERENCE,  # (L m n,) the orbit that these were made of
    VALUES,  # the matrices of `Basis`
    SLOPES,
    INNER,
    OUTER,
    QUADRATURE,
    WEIGHTS,
    TOP,
    POWERS,
    NODES_AT,
    JACOBIANS,  # lanes (G, nm, n): h T F_u at the Gauss points
    SLANTS,  # lanes (G, nm, 2): h F and h T F_p there
    STAGES,  # lanes (G, nm, nm + n + 4): the factored stage equations, then the stages for u, T, p and two sides
    MAPS,  # lanes (G, n, n + 4): what an interval makes of u, T, p and the sides
    BORDERS,  # lanes (G, 2, n + 4): the same for the phase condition and for the row
    KEPT,  # lanes (G, n, 3 n + 4): how the node between two intervals follows from its neighbours
    MERGING,  # lanes (2 n + 2, 3 n + 4)
    SEGMENT,  # lanes (n + 2, 2 n + 4): a chunk so far: its equations and borders in both ends, T, p, sides
    JOINTS,  # (LANES, n, 3 n + 4): as `kept`, for the chunks
    JOINING,  # (2 n + 2, 3 n + 4)
    WHOLE,  # (n + 2, 2 n + 4): as `segment`, for the whole orbit
    CLOSING,  # (n + 2, n + 2)
    SIDES,  # (2 (n + 2),)
    SQUARE,  # (n, n)
    GROWTH,  # (2,) mantissa and exponent of the determinant of all triangles
    ROWS,  # lanes (2, nm)
    POINT,  # (4, n): states and values of F
    SPARE,  # lanes (nm,)
    SINGLES,  # int64 (G,): whether the lanes of a group were eliminated one by one
    INSIDE,  # lanes (nm,)
    FIELD,  # (L m n,): F at the Gauss points
    STATES_AT,  # (L m n,): the states there
    FIELD_AT,  # (L m n + 1 + parameters,): the unknowns and parameters at which that is
    NODES,  # lanes (2, G + 1, n)
    MONODROMY,  # (L, n, n)
    FLOQUET,  # scratch of `floquet`
    PIVOTS,  # int32 (n + 2,)
    INTS,  # int32 (8,)
    LAPACK,
    OTHER,  # (L m n,): a profile that is carried over to another mesh
    FORMER,  # (L,) the mesh before it was moved last
    FIRST,  # (2 N + L,) the start as it was traced from, with its mesh
    EXTREME,  # (m + 1,) coefficients of a polynomial
    TABLE,
) = range(SIZES, SIZES + 50)
FACTORED, STARTED, RENEWED, N_FLAGS = range(4)  # entries of FLAGS


def chunks(intervals: int) -> np.ndarray:
    """(G, LANES) interval in each place, -1 in those that are left over.

    Examples
    --------
    >>> chunks(10).tolist()
    [[0, 2, 4, 5, 6, 7, 8, 9], [1, 3, -1, -1, -1, -1, -1, -1]]
    """
    each, more = divmod(intervals, LANES)
    lengths = [each + (lane < more) for lane in range(LANES)]
    out = np.full((max(lengths), LANES), -1)
    begin = 0
    for lane, length in enumerate(lengths):
        out[:length, lane] = begin + np.arange(length)
        begin += length
    return out


def given_arrays(mesh, metric, product, degree) -> dict:
    """What the kernels are told: the mesh, weights, and matrices of the polynomials."""
    b = basis(degree)
    return {
        PLACES: chunks(len(mesh)),
        MESH: np.array(mesh, float),
        FORMER: np.array(mesh, float),
        PRODUCT: np.array(product, float),
        METRIC: np.array(metric, float),
        VALUES: b.values,
        SLOPES: b.slopes,
        INNER: b.inner,
        OUTER: b.outer,
        QUADRATURE: b.quadrature,
        WEIGHTS: b.weights,
        TOP: b.top,
        POWERS: b.powers,
        NODES_AT: b.nodes,
        LAPACK: linalg.lapack_table(),
    }


def room_for(n, m, intervals, groups, parameters) -> dict:
    """What the kernels write and remember, by size."""
    nm, wide = n * m, 3 * n + 4

    def lanes(*shape):
        return np.zeros((*shape, LANES))

    return {
        FLAGS: np.zeros(N_FLAGS, np.int64),
        PHASE: np.zeros(intervals * nm),
        REFERENCE: np.zeros(intervals * nm),
        JACOBIANS: lanes(groups, nm, n),
        SLANTS: lanes(groups, nm, 2),
        STAGES: lanes(groups, nm, nm + n + 4),
        MAPS: lanes(groups, n, n + 4),
        BORDERS: lanes(groups, 2, n + 4),
        KEPT: lanes(groups, n, wide),
        MERGING: lanes(2 * n + 2, wide),
        SEGMENT: lanes(n + 2, 2 * n + 4),
        JOINTS: np.zeros((LANES, n, wide)),
        JOINING: np.zeros((2 * n + 2, wide)),
        WHOLE: np.zeros((n + 2, 2 * n + 4)),
        CLOSING: np.zeros((n + 2, n + 2)),
        SIDES: np.zeros(2 * (n + 2)),
        SQUARE: np.zeros((n, n)),
        GROWTH: np.ones(2),
        ROWS: lanes(2, nm),
        POINT: np.zeros((4, n)),
        SPARE: lanes(nm),
        SINGLES: np.zeros(groups, np.int64),
        INSIDE: lanes(nm),
        FIELD: np.zeros(intervals * nm),
        STATES_AT: np.zeros(intervals * nm),
        FIELD_AT: np.full(intervals * nm + 1 + parameters, np.nan),
        NODES: lanes(2, groups + 1, n),
        MONODROMY: np.zeros((intervals, n, n)),
        FLOQUET: np.zeros(scratch_size(n, intervals)),
        PIVOTS: np.zeros(n + 2, np.int32),
        INTS: np.zeros(8, np.int32),
        OTHER: np.zeros(intervals * nm),
        FIRST: np.zeros(2 * (intervals * nm + 2) + intervals),
        EXTREME: np.zeros(m + 1),
    }


class OrbitTable:
    """Own the table of one trace and the arrays whose addresses it holds.

    Parameters
    ----------
    base : DenseTable
        Of the vector field.
    mesh : (L,) array
    metric : (n,) array
    product : (L m n + 2,) array
    degree, parameters, active : int
        m, the number of parameters, and which of them is varied.
    """

    def __init__(self, base, mesh, metric, product, *, degree, parameters, active):
        n, intervals = len(metric), len(mesh)
        self.arrays = given_arrays(mesh, metric, product, degree)
        groups = len(self.arrays[PLACES])
        self.arrays |= room_for(n, degree, intervals, groups, parameters)
        self.table = np.zeros(TABLE, np.int64)
        self.table[:WIDTH] = n, degree, intervals, groups, parameters, active, base.address
        self.table[UNKNOWNS] = intervals * n * degree + 2
        for index, array in self.arrays.items():
            self.arrays[index] = np.ascontiguousarray(array)
            self.table[index] = address_of(self.arrays[index])
        self.base, self.address = base, address_of(self.table)


@inlined
def array(w, which, shape):
    """One of the arrays of doubles."""
    return doubles(fixed(w, which), shape)


@inlined
def sizes(w):
    """n, m, L, G."""
    return fixed(w, STATES), fixed(w, DEGREE), fixed(w, INTERVALS), fixed(w, GROUPS)


@inlined
def flags(w):
    """N_FLAGS integers."""
    return integers(fixed(w, FLAGS), N_FLAGS)


@inlined
def places(w):
    """(G, LANES) the interval in each place, -1 where there is none."""
    return integers(fixed(w, PLACES), (fixed(w, GROUPS), LANES))


@inlined
def singles(w):
    """(G,) whether the lanes of a group were eliminated one by one."""
    return integers(fixed(w, SINGLES), fixed(w, GROUPS))


@inlined
def lanes_of(w, which, g, entries):
    """Group g of a lane array with so many entries a group."""
    return doubles(fixed(w, which) + 64 * g * entries, 8 * entries)
