"""Sizes, callbacks and arrays of one dense problem while it is traced.

Compiled code gets the address ``w`` of an int64 table (`DenseTable` makes it) and asks the functions here for
views: one word to pass, and nothing is copied or counted.
"""

import numpy as np

from continuation.compiled.calls.arrays import doubles, fixed, int32s, integers
from continuation.compiled.calls.interface import address_of
from continuation.compiled.calls.kernel import internal
from continuation.compiled.matrices import linalg

N_STATES, N_PARAMETERS, ACTIVE, STABILITY, N_ZEROS, DECLARED_SYMMETRIC = range(6)
RESIDUAL, JACOBIAN, DERIVATIVE, COUNTER = 6, 8, 10, 12  # callbacks: address, data
LINEARISE, REAL_SOLVER, COMPLEX_SOLVER = 14, 15, 16  # addresses of callbacks in dense.py
FIRST_ARRAY, ARRAYS = 17, 11
NO_FLOW, FLOW, COUNTED = range(3)  # values of STABILITY
JACOBIANS, FACTORISATIONS, SPECTRA = range(3)  # entries of `effort`
# Rows of `vectors`: two for differences, two for eigenvalues, eight for their computation, then
SPECTRUM_WORK, COLUMNS, SCALING, UNSCALING, MEMORY, VECTORS = 4, 12, 13, 14, 15, 16
# Entries of MEMORY: the largest scale of F_u so far, then what spectrum.py knows from the last spectrum.
LARGEST, RADIUS, MOVED, COUNT, NEAREST, WAITING, DELAY = range(7)


class DenseTable:
    """Own the table and the arrays whose addresses it holds; `callbacks` and addresses `own` by their index."""

    def __init__(self, sizes, callbacks, own, zeros):
        n = sizes[N_STATES]
        pairs = [number for zero in zeros for number in (zero.address, zero.data)]
        arrays = (
            np.zeros((n, n)),
            np.zeros(n),
            np.zeros((n + 1, n + 1)),
            np.zeros((n, n)),
            np.zeros((VECTORS, n + 8)),
            np.zeros(n + 1, np.int32),
            np.zeros(8, np.int32),
            np.array([*pairs, 0], np.int64),
            linalg.lapack_table(),
            np.zeros(3, np.int64),
            np.zeros((n, n)),
        )
        self.table = np.zeros(FIRST_ARRAY + ARRAYS, np.int64)
        self.table[: len(sizes)] = sizes
        for index, function in callbacks.items():
            self.table[index : index + 2] = function.address, function.data
        for index, address in own.items():
            self.table[index] = address
        self.table[FIRST_ARRAY:] = [address_of(array) for array in arrays]
        self.effort = arrays[9]
        self.address = address_of(self.table)
        self.jacobian, self.derivative, self.callbacks = arrays[0], arrays[1], callbacks
        self._keep = (arrays, zeros)


@internal
def jacobian(w):
    """View of F_u (n, n)."""
    n = fixed(w, N_STATES)
    return doubles(fixed(w, FIRST_ARRAY + 0), (n, n))


@internal
def derivative(w):
    """View of F_p (n,)."""
    n = fixed(w, N_STATES)
    return doubles(fixed(w, FIRST_ARRAY + 1), n)


@internal
def bordered(w):
    """View of the bordered matrix, then its factors (n + 1, n + 1)."""
    n = fixed(w, N_STATES)
    return doubles(fixed(w, FIRST_ARRAY + 2), (n + 1, n + 1))


@internal
def copied(w):
    """View of the copy of F_u that a spectrum destroys (n, n)."""
    n = fixed(w, N_STATES)
    return doubles(fixed(w, FIRST_ARRAY + 3), (n, n))


@internal
def vectors(w):
    """View of scratch vectors (VECTORS, n + 8)."""
    n = fixed(w, N_STATES)
    return doubles(fixed(w, FIRST_ARRAY + 4), (VECTORS, n + 8))


@internal
def spectrum_work(w):
    """View of the rows of `vectors` that a spectrum works in (8 n + 64,)."""
    columns = fixed(w, N_STATES) + 8
    return doubles(fixed(w, FIRST_ARRAY + 4) + 8 * SPECTRUM_WORK * columns, 8 * columns)


@internal
def pivots(w):
    """View of pivots (n + 1,)."""
    n = fixed(w, N_STATES)
    return int32s(fixed(w, FIRST_ARRAY + 5), n + 1)


@internal
def ints(w):
    """View of eight integers to talk to LAPACK."""
    return int32s(fixed(w, FIRST_ARRAY + 6), 8)


@internal
def zeros(w):
    """View of the user's test functions as (address, data)."""
    return integers(fixed(w, FIRST_ARRAY + 7), 2 * fixed(w, N_ZEROS) + 1)


@internal
def lapack(w):
    """View of addresses of LAPACK's routines."""
    return integers(fixed(w, FIRST_ARRAY + 8), len(linalg.LAPACK))


@internal
def effort(w):
    """View of counts of Jacobians, factorisations and spectra."""
    return integers(fixed(w, FIRST_ARRAY + 9), 3)


@internal
def known(w):
    """View of the F_u whose spectrum was computed last (n, n)."""
    n = fixed(w, N_STATES)
    return doubles(fixed(w, FIRST_ARRAY + 10), (n, n))
