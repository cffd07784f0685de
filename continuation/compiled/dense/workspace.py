"""Sizes, callbacks and arrays of one dense problem while it is traced.

Compiled code gets the address ``w`` of an int64 table (`DenseTable` makes it) and asks the functions here for
views: one word to pass, and nothing is copied or counted.
"""

import numpy as np

from continuation.compiled.calls.arrays import doubles, fixed, int32s, integers
from continuation.compiled.calls.interface import address_of
from continuation.compiled.calls.kernel import internal
from continuation.compiled.matrices import linalg

# The table: sizes; callbacks of the problem, an address and its data each; addresses of callbacks in dense.py, which
# are given the table itself; addresses of arrays.
N_STATES, N_PARAMETERS, ACTIVE, STABILITY, N_ZEROS, DECLARED_SYMMETRIC, SIZES = range(7)
RESIDUAL, JACOBIAN, DERIVATIVE, COUNTER, CALLBACKS = range(SIZES, SIZES + 9, 2)
LINEARISE, REAL_SOLVER, COMPLEX_SOLVER, SOLVERS = range(CALLBACKS, CALLBACKS + 4)
(
    _F_U,
    _F_P,
    _BORDERED,
    _COPIED,
    _VECTORS,
    _PIVOTS,
    _INTS,
    _ZEROS,
    _LAPACK,
    _EFFORT,
    _KNOWN,
    _UNITS,
    _EQUATIONS,
    _ROWS,
    SCALED,  # whether equations are scaled before they are solved
    SHIFT,  # power of two by which that divides their determinant
    TABLE,
) = range(SOLVERS, SOLVERS + 17)
NO_FLOW, FLOW, COUNTED = range(3)  # values of STABILITY
JACOBIANS, FACTORISATIONS, SPECTRA, EFFORTS = range(4)  # entries of `effort`
# Rows of `vectors`: two for differences, two for eigenvalues, WORK_ROWS for their computation, then what spectrum.py
# knows.  LAPACK wants 4 n floats, and more of them make it faster.
BELOW, COLUMN, REAL, IMAGINARY, SPECTRUM_WORK = range(5)
WORK_ROWS = 8
COLUMNS, SCALING, UNSCALING, MEMORY, VECTORS = range(SPECTRUM_WORK + WORK_ROWS, SPECTRUM_WORK + WORK_ROWS + 5)
MARGIN = 8  # floats in a row of `vectors` beyond n: MEMORY must fit where n is 1
ORDER, INTS = range(7, 9)  # of `ints`: the order of what a solver is given, behind what is said to LAPACK
# Entries of MEMORY: the largest scale of F_u so far, then what spectrum.py knows from the last spectrum.
LARGEST, RADIUS, MOVED, COUNT, NEAREST, WAITING, DELAY, REMEMBERED = range(8)
if REMEMBERED > MARGIN + 1:
    raise ValueError("a row of vectors has no room for what is remembered of the last spectrum")


class DenseTable:
    """Own the table and the arrays whose addresses it holds; `callbacks` and addresses `own` by their index.

    units : (n + 1,) powers of two, typical sizes of the states and the varied parameter; default: ones.
    equations : (n,) those of the equations.
    """

    def __init__(self, sizes, callbacks, own, zeros, units=None, equations=None):
        n = sizes[N_STATES]
        pairs = [number for zero in zeros for number in (zero.address, zero.data)]
        arrays = {
            _F_U: np.zeros((n, n)),
            _F_P: np.zeros(n),
            _BORDERED: np.zeros((n + 1, n + 1)),
            _COPIED: np.zeros((n, n)),
            _VECTORS: np.zeros((VECTORS, n + MARGIN)),
            _PIVOTS: np.zeros(n + 1, np.int32),
            _INTS: np.zeros(INTS, np.int32),
            _ZEROS: np.array([*pairs, 0], np.int64),
            _LAPACK: linalg.lapack_table(),
            _EFFORT: np.zeros(EFFORTS, np.int64),
            _KNOWN: np.zeros((n, n)),
            _UNITS: np.ones(n + 1) if units is None else np.array(units, float),
            _EQUATIONS: np.ones(n) if equations is None else np.array(equations, float),
            _ROWS: np.ones(n),
        }
        self.table = np.zeros(TABLE, np.int64)
        self.table[: len(sizes)] = sizes
        for index, function in callbacks.items():
            self.table[index : index + 2] = function.address, function.data
        for index, address in own.items():
            self.table[index] = address
        for index, array in arrays.items():
            self.table[index] = address_of(array)
        self.table[SCALED] = np.any(arrays[_EQUATIONS] != 1.0)
        self.table[SHIFT] = np.sum(np.log2(arrays[_EQUATIONS]))
        self.effort, self.units = arrays[_EFFORT], arrays[_UNITS]
        self.address = address_of(self.table)
        self.jacobian, self.derivative, self.callbacks = arrays[_F_U], arrays[_F_P], callbacks
        self._keep = (arrays, zeros)


@internal
def jacobian(w):
    """View of F_u (n, n)."""
    n = fixed(w, N_STATES)
    return doubles(fixed(w, _F_U), (n, n))


@internal
def derivative(w):
    """View of F_p (n,)."""
    n = fixed(w, N_STATES)
    return doubles(fixed(w, _F_P), n)


@internal
def bordered(w):
    """View of the bordered matrix, then its factors (n + 1, n + 1)."""
    n = fixed(w, N_STATES)
    return doubles(fixed(w, _BORDERED), (n + 1, n + 1))


@internal
def copied(w):
    """View of the copy of F_u that a spectrum destroys (n, n)."""
    n = fixed(w, N_STATES)
    return doubles(fixed(w, _COPIED), (n, n))


@internal
def vectors(w):
    """View of scratch vectors (VECTORS, n + MARGIN)."""
    n = fixed(w, N_STATES)
    return doubles(fixed(w, _VECTORS), (VECTORS, n + MARGIN))


@internal
def spectrum_work(w):
    """View of the rows of `vectors` that a spectrum works in (WORK_ROWS (n + MARGIN),)."""
    columns = fixed(w, N_STATES) + MARGIN
    return doubles(fixed(w, _VECTORS) + 8 * SPECTRUM_WORK * columns, WORK_ROWS * columns)


@internal
def pivots(w):
    """View of pivots (n + 1,)."""
    n = fixed(w, N_STATES)
    return int32s(fixed(w, _PIVOTS), n + 1)


@internal
def ints(w):
    """View of INTS integers to talk to LAPACK."""
    return int32s(fixed(w, _INTS), INTS)


@internal
def zeros(w):
    """View of the user's test functions as (address, data)."""
    return integers(fixed(w, _ZEROS), 2 * fixed(w, N_ZEROS) + 1)


@internal
def lapack(w):
    """View of addresses of LAPACK's routines."""
    return integers(fixed(w, _LAPACK), len(linalg.LAPACK))


@internal
def effort(w):
    """View of counts of Jacobians, factorisations and spectra."""
    return integers(fixed(w, _EFFORT), EFFORTS)


@internal
def known(w):
    """View of the F_u whose spectrum was computed last (n, n)."""
    n = fixed(w, N_STATES)
    return doubles(fixed(w, _KNOWN), (n, n))


@internal
def units(w):
    """View of the typical sizes of the states and the varied parameter (n + 1,)."""
    n = fixed(w, N_STATES)
    return doubles(fixed(w, _UNITS), n + 1)


@internal
def equations(w):
    """View of the typical sizes of the equations (n,)."""
    n = fixed(w, N_STATES)
    return doubles(fixed(w, _EQUATIONS), n)


@internal
def rows(w):
    """View of the sizes that equations are measured in where a special point is located (n,), see `refine`."""
    n = fixed(w, N_STATES)
    return doubles(fixed(w, _ROWS), n)
