"""Sizes and arrays of a curve of special points of periodic orbits.

Its table begins with that of the orbits themselves (`continuation.orbits.kernels.table`), with the curve's own numbers
of unknowns and callbacks, so that what moves meshes and locates zeros there serves here as well.  The unknowns are y =
(u, T, kappa on a curve of Neimark-Sacker points, q, p).
"""

import numpy as np

from continuation.compiled.calls.arrays import doubles, fixed, integers
from continuation.compiled.calls.interface import address_of
from continuation.compiled.calls.kernel import inlined
from continuation.compiled.curves import augmented as C
from continuation.orbits.kernels import table as T

(
    ORBITS,  # address of the orbits' own table, p varied
    RIGHT,  # addresses of tables that share all of it but what belongs to the bordered monodromy problem
    ADJOINT,  # ... and to its adjoint
    SECOND,  # address of the vector field's table with q varied
    LOCAL,  # address of the table of `continuation.compiled.curves.augmented` by which derivatives are differenced
    OTHER,  # index of q in p
    CRITICAL,  # which multiplier the curve follows
    TESTS,  # test functions
    KINDS,  # int64 (TESTS,): their kinds' numbers
    PLACE_OF,  # int64 (L,): the place, 8 g + lane, of each interval
    COLUMNS,  # lanes (2, G, nm): h T F_p and h T F_q at the Gauss points
    PAIR,  # (4,): (p, q) of the direction of parameters that the orbits' system has for a column, then of another
    NEXT_PAIR,  # what PAIR is from the next linearisation on
    ROW,  # (N0,): the functional that borders the orbits' system, N0 = L n m + 2
    NEXT_ROW,
    ALONG,  # (N0,): what NEXT_ROW is the functional of
    LEFT_BORDERS,  # (L, n)
    RIGHT_BORDERS,
    GRADIENTS,  # (2, N): derivatives of the curve's own equations
    RESPONSES,  # (2, N0): what the orbits' system makes of the other direction of parameters, and its null vector
    RIGHT_AT,  # lanes (4, G, nm): right vectors at the Gauss points, see `cycle_scalars`
    LEFT_AT,  # lanes (4, G, nm): left vectors there
    RIGHT_PERIOD,  # (4,): their part in T
    LEFT_NODES,  # (L, n): the first ones at the nodes between the intervals, real parts
    RIGHT_NODES,
    COEFFICIENT,  # address of what gives a normal form's coefficient at a point, 0: nothing
    COEFFICIENT_DATA,
    ADAPT,  # address of the orbits' own `adapt`
    FOUND,  # (FOUND_ENTRIES,): what else is known of the point, see `cycle_scalars` and `curve_watching`
    END,
) = range(T.TABLE, T.TABLE + 30)
FOLD, DOUBLING, TORUS = range(3)  # values of CRITICAL
# Entries of FOUND; behind LAST_FOLD and LAST_FLIP are exponents.
BEND, DOUBLE, REMEMBERED, LAST_FOLD, LAST_FOLD_EXPONENT, LAST_FLIP, LAST_FLIP_EXPONENT, FOUND_ENTRIES = range(8)
# Of an orbit's table, what the bordered monodromy problem and its adjoint have of their own.
OWN = (
    *(T.MAPS, T.BORDERS, T.KEPT, T.MERGING, T.SEGMENT, T.JOINTS, T.JOINING),
    *(T.WHOLE, T.CLOSING, T.SIDES, T.GROWTH, T.NODES),
)


class CurveTable:
    """Own the table of one trace along a curve and the arrays whose addresses it holds.

    Parameters
    ----------
    orbits : OrbitTable
        Of the orbits, with p varied.
    second : DenseTable
        Of the vector field, with q varied.
    other : int
        Index of q in p.
    critical : int
    kinds : sequence of int
        The engine's numbers of the test functions' kinds.
    product : (N,) array
        The inner product's weights.
    callbacks : mapping
        Index in the table -> address.
    """

    def __init__(self, orbits, second, other, critical, kinds, product, callbacks):
        n, m, intervals, groups = orbits.table[: T.GROUPS + 1]
        nm, size, unknowns = n * m, n * m * intervals + 2, len(product)
        self.orbits, self.second, self.base = orbits, second, orbits.base
        self.local = np.zeros(C.TABLE, np.int64)
        self.local[[C.BASE, C.SECOND, C.OTHER]] = orbits.base.address, second.address, other
        self.right, self.adjoint = own_table(orbits), own_table(orbits)
        places = orbits.arrays[T.PLACES].ravel()
        own = {
            KINDS: np.array(kinds, np.int64),
            PLACE_OF: np.argsort(np.where(places < 0, len(places), places), kind="stable")[:intervals].astype(np.int64),
            COLUMNS: np.zeros((2, groups, nm, 8)),
            PAIR: np.array([1.0, 0.0, 0.0, 1.0]),
            NEXT_PAIR: np.array([1.0, 0.0, 0.0, 1.0]),
            ROW: np.zeros(size),
            NEXT_ROW: np.zeros(size),
            ALONG: np.zeros(size),
            LEFT_BORDERS: np.zeros((intervals, n)),
            RIGHT_BORDERS: np.zeros((intervals, n)),
            GRADIENTS: np.zeros((2, unknowns)),
            RESPONSES: np.zeros((2, size)),
            RIGHT_AT: np.zeros((4, groups, nm, 8)),
            LEFT_AT: np.zeros((4, groups, nm, 8)),
            RIGHT_PERIOD: np.zeros(4),
            LEFT_NODES: np.zeros((intervals, n)),
            RIGHT_NODES: np.zeros((intervals, n)),
            FOUND: np.zeros(FOUND_ENTRIES),
            T.PRODUCT: np.array(product, float),
            T.FIRST: np.zeros(2 * unknowns + intervals),
        }
        self.table = np.zeros(END, np.int64)
        self.table[: T.TABLE] = orbits.table
        self.table[T.UNKNOWNS] = unknowns
        self.table[[ORBITS, RIGHT, ADJOINT]] = orbits.address, address_of(self.right[0]), address_of(self.adjoint[0])
        self.table[[SECOND, LOCAL, OTHER]] = second.address, address_of(self.local), other
        self.table[[CRITICAL, TESTS]] = critical, len(kinds)
        for index, array in own.items():
            self.table[index] = address_of(array)
        for index, address in callbacks.items():
            self.table[index] = address
        self.arrays, self.address = {**orbits.arrays, **own}, address_of(self.table)


def own_table(orbits) -> tuple:
    """A table that shares all but OWN with that of the orbits, and its arrays."""
    arrays = {index: np.zeros_like(orbits.arrays[index]) for index in OWN}
    table = orbits.table.copy()
    for index, array in arrays.items():
        table[index] = address_of(array)
    return table, arrays


@inlined
def count_orbit(c):
    """L n m."""
    return fixed(c, T.INTERVALS) * fixed(c, T.STATES) * fixed(c, T.DEGREE)


@inlined
def size_of_scalars(c):
    """How many equations the curve has beside those of the orbits."""
    return fixed(c, T.UNKNOWNS) - count_orbit(c) - 2


@inlined
def place_of(c):
    """(L,) the place, 8 g + lane, of each interval."""
    return integers(fixed(c, PLACE_OF), fixed(c, T.INTERVALS))


@inlined
def nodes_of(w):
    """(2, G + 1, n, 8) solutions at the nodes between the intervals."""
    return doubles(fixed(w, T.NODES), (2, fixed(w, T.GROUPS) + 1, fixed(w, T.STATES), 8))


@inlined
def gradients(c):
    """(2, N) derivatives of the curve's own equations."""
    return doubles(fixed(c, GRADIENTS), (2, fixed(c, T.UNKNOWNS)))
