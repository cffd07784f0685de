"""What the loop asks of a dense equilibrium problem: `linearise`, `solve` and `monitor`.

``data`` is the address of an int64 table: sizes and switches, callbacks as (address, data) pairs, and the
addresses of the arrays in `Dense`.  `DenseTable` makes it; no one else looks into it.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import carray

from continuation.compiled import linalg
from continuation.compiled.interface import (
    NONFINITE,
    OK,
    SINGULAR,
    address_of,
    call,
    callback,
    complexes_at,
    data_address,
    doubles_at,
    int32s_at,
    integers_at,
)
from continuation.compiled.kernel import internal

N_STATES, N_PARAMETERS, ACTIVE, STABILITY, N_ZEROS, DECLARED_SYMMETRIC = range(6)
RESIDUAL, JACOBIAN, DERIVATIVE, COUNTER = 6, 8, 10, 12
LINEARISE, REAL_SOLVER, COMPLEX_SOLVER, ITSELF = 14, 15, 16, 17  # addresses of the callbacks below, of the table
FIRST_ARRAY = 18
NO_FLOW, FLOW, COUNTED = range(3)  # values of STABILITY
JACOBIANS, FACTORISATIONS, SPECTRA = range(3)  # entries of `effort`

FOLD_TEST, BRANCH_TEST, HOPF_TEST, FIRST_ZERO = range(4)  # test functions, in this order
UNSTABLE, NULLITY, VANISHED, COUNTS = range(4)  # counts of `monitor`, and how many
ZERO_EIGENVALUE = 1e-9  # relative to the scale of F_u
SYMMETRIC_TO = 1e-12
VANISHING = 1e-12  # F_u against the largest so far
CUBE_ROOT = 6.055454452393343e-06  # of the rounding unit: the relative step of central differences


class Dense(NamedTuple):
    """The table and views of the workspace of one trace."""

    table: np.ndarray
    a: np.ndarray  # F_u (n, n)
    b: np.ndarray  # F_p (n,)
    m: np.ndarray  # bordered matrix, then its factors (n + 1, n + 1)
    s: np.ndarray  # copy of F_u that a spectrum destroys (n, n)
    vectors: np.ndarray  # (13, n + 8): differences, spectrum and its work, the largest scale of F_u
    pivots: np.ndarray  # int32 (n + 1,)
    ints: np.ndarray  # int32 (8,), to talk to LAPACK
    zeros: np.ndarray  # callbacks of the user's test functions
    lapack: np.ndarray
    effort: np.ndarray


class DenseTable:
    """Own the table and the arrays whose addresses it holds; `callbacks` by their index above."""

    def __init__(self, sizes, callbacks, zeros):
        n = sizes[N_STATES]
        pairs = [number for zero in zeros for number in (zero.address, zero.data)]
        arrays = (
            np.zeros((n, n)),
            np.zeros(n),
            np.zeros((n + 1, n + 1)),
            np.zeros((n, n)),
            np.zeros((13, n + 8)),
            np.zeros(n + 1, np.int32),
            np.zeros(8, np.int32),
            np.array([*pairs, 0], np.int64),
            linalg.lapack_table(),
            np.zeros(3, np.int64),
        )
        self.table = np.zeros(FIRST_ARRAY + len(arrays), np.int64)
        self.table[: len(sizes)] = sizes
        for index, function in callbacks.items():
            self.table[index : index + 2] = function.address, function.data
        self.table[FIRST_ARRAY:] = [address_of(array) for array in arrays]
        own = (linearise.address, solve_square.address, solve_complex_square.address, address_of(self.table))
        self.table[LINEARISE : ITSELF + 1] = own
        self.effort = arrays[-1]
        self.address = address_of(self.table)
        self._keep = (arrays, callbacks, zeros)


@internal
def dense_at(data):
    """Views of everything behind the address of a table."""
    head = carray(integers_at(data), (FIRST_ARRAY,))
    n, zeros, lapack = head[N_STATES], 2 * head[N_ZEROS] + 1, len(linalg.LAPACK)
    t = carray(integers_at(data), (FIRST_ARRAY + 10,))
    return Dense(
        t,
        carray(doubles_at(t[FIRST_ARRAY]), (n, n)),
        carray(doubles_at(t[FIRST_ARRAY + 1]), (n,)),
        carray(doubles_at(t[FIRST_ARRAY + 2]), (n + 1, n + 1)),
        carray(doubles_at(t[FIRST_ARRAY + 3]), (n, n)),
        carray(doubles_at(t[FIRST_ARRAY + 4]), (13, n + 8)),
        carray(int32s_at(t[FIRST_ARRAY + 5]), (n + 1,)),
        carray(int32s_at(t[FIRST_ARRAY + 6]), (8,)),
        carray(integers_at(t[FIRST_ARRAY + 7]), (zeros,)),
        carray(integers_at(t[FIRST_ARRAY + 8]), (lapack,)),
        carray(integers_at(t[FIRST_ARRAY + 9]), (3,)),
    )


@internal
def residual_at(w, u, p, out):
    """F(u, p)."""
    return call(w.table[RESIDUAL], w.table[RESIDUAL + 1], u, p, out)


@internal
def central_difference(w, u, p, variables, k, out):
    """Difference the residual with respect to ``variables[k]`` (of `u` or `p`) into `out`."""
    value = variables[k]
    step = CUBE_ROOT * max(1.0, abs(value))
    above, below = value + step, value - step
    minus = w.vectors[0]
    variables[k] = below
    status = residual_at(w, u, p, minus)
    variables[k] = above
    if status == OK:
        status = residual_at(w, u, p, out)
    variables[k] = value
    for i in range(w.table[N_STATES]):
        out[i] = (out[i] - minus[i]) / (above - below)
    return status


@internal
def linearise_at(w, u, p):
    """Write F_u and F_p at (u, p) into ``w.a`` and ``w.b``."""
    t = w.table
    status = OK
    w.effort[JACOBIANS] += 1
    if t[JACOBIAN] != 0:
        status = call(t[JACOBIAN], t[JACOBIAN + 1], u, p, w.a)
    else:
        column = w.vectors[1]
        for j in range(t[N_STATES]):
            if status == OK:
                status = central_difference(w, u, p, u, j, column)
            for i in range(t[N_STATES]):
                w.a[i, j] = column[i]
    if status != OK:
        return status
    if t[DERIVATIVE] != 0:
        return call(t[DERIVATIVE], t[DERIVATIVE + 1], u, p, w.b)
    return central_difference(w, u, p, p, t[ACTIVE], w.b)


@callback
def linearise(data, u, p, out):
    """F_u and F_p at (u, p), into the workspace; `out` is not used."""
    w = dense_at(data)
    return linearise_at(w, carray(u, (w.table[N_STATES],)), carray(p, (w.table[N_PARAMETERS],)))


@callback
def solve_square(data, matrix, rhs, unused):
    """Solve a dense system of order ``ints[7]`` in place; for rare use, it allocates its pivots."""
    w = dense_at(data)
    order = w.ints[7]
    m, pivots = carray(matrix, (order, order)), np.empty(order, np.int32)
    if order >= linalg.LARGE:
        linalg.transpose(m)
    if not linalg.lu_factor(w.lapack, m, pivots, w.ints):
        return SINGULAR
    linalg.lu_solve(w.lapack, m, pivots, w.ints, carray(rhs, (order,)))
    return OK


@callback
def solve_complex_square(data, matrix, rhs, unused):
    """Solve a dense complex system of order ``ints[7]`` in place (real and imaginary parts side by side)."""
    w = dense_at(data)
    order = w.ints[7]
    m = carray(complexes_at(data_address(carray(matrix, (1,)))), (order, order))
    b = carray(complexes_at(data_address(carray(rhs, (1,)))), (order,))
    pivots = np.empty(order, np.int32)
    if not linalg.lu_small(m, pivots):
        return SINGULAR
    linalg.lu_small_solve(m, pivots, b)
    return OK


@internal
def border(w, row):
    """Write ``[F_u F_p; row]`` into ``w.m``, column by column where it is large."""
    n = w.table[N_STATES]
    if n + 1 >= linalg.LARGE:
        for j in range(n):
            for i in range(n):
                w.m[j, i] = w.a[i, j]
            w.m[j, n] = row[j]
            w.m[n, j] = w.b[j]
    else:
        for i in range(n):
            for j in range(n):
                w.m[i, j] = w.a[i, j]
            w.m[i, n] = w.b[i]
            w.m[n, i] = row[i]
    w.m[n, n] = row[n]


@callback
def solve(data, row, rhs, out):
    """Solve ``[F_u F_p; row] x = rhs`` for two right-hand sides, one after the other in `rhs`.

    out : the two solutions, then mantissa and exponent of the determinant.
    """
    w = dense_at(data)
    size = w.table[N_STATES] + 1
    border(w, carray(row, (size,)))
    w.effort[FACTORISATIONS] += 1
    if not linalg.lu_factor(w.lapack, w.m, w.pivots, w.ints):
        return SINGULAR
    given, x = carray(rhs, (2 * size,)), carray(out, (2 * size + 2,))
    for j in range(2 * size):
        x[j] = given[j]
    linalg.lu_solve(w.lapack, w.m, w.pivots, w.ints, x[:size])
    linalg.lu_solve(w.lapack, w.m, w.pivots, w.ints, x[size : 2 * size])
    x[2 * size], x[2 * size + 1] = linalg.determinant(w.m, w.pivots)
    return OK


@internal
def count_symmetric(w, counts, zero):
    """Count eigenvalues of the symmetric F_u above `zero` and within it."""
    d, e, v = w.vectors[2], w.vectors[3], w.vectors[4]
    n = w.table[N_STATES]
    linalg.tridiagonalise(w.s, d[:n], e[:n], v[:n])
    counts[UNSTABLE] = linalg.count_above(d[:n], e[:n], zero)
    counts[NULLITY] = linalg.count_above(d[:n], e[:n], -zero) - counts[UNSTABLE]


@internal
def count_general(w, counts, zero):
    """Count eigenvalues of F_u right of the axis and at zero; returns the real part of the pair nearest the axis.

    The real part is 1 where no eigenvalue is complex; NONFINITE is returned as NaN.
    """
    n = w.table[N_STATES]
    wr, wi = w.vectors[2], w.vectors[3]
    work = carray(doubles_at(w.table[FIRST_ARRAY + 4] + 8 * 4 * (n + 8)), (8 * (n + 8),))
    if not linalg.eigenvalues(w.lapack, w.s, wr[:n], wi[:n], work, w.ints):
        return math.nan
    nearest = math.inf
    for i in range(n):
        if math.hypot(wr[i], wi[i]) <= zero:
            counts[NULLITY] += 1.0
        elif wr[i] > zero:
            counts[UNSTABLE] += 1.0
        if wi[i] > zero and abs(wr[i]) < abs(nearest):
            nearest = wr[i]
    return nearest if math.isfinite(nearest) else 1.0


@internal
def count_spectrum(w, counts):
    """Fill `counts` from the spectrum of F_u; returns the Hopf test function."""
    n = w.table[N_STATES]
    for i in range(n):
        for j in range(n):
            w.s[i, j] = w.a[i, j]
    w.effort[SPECTRA] += 1
    zero = ZERO_EIGENVALUE * linalg.scale_of(w.a)
    if w.table[DECLARED_SYMMETRIC] == 1 or linalg.is_symmetric(w.a, SYMMETRIC_TO):
        count_symmetric(w, counts, zero)
        return 1.0
    return count_general(w, counts, zero)


@internal
def has_vanished(w):
    """Whether F_u is lost in rounding against the largest it was on this trace."""
    largest = w.vectors[12]
    scale = linalg.scale_of(w.a)
    largest[0] = max(largest[0], scale)
    return scale <= VANISHING * largest[0]


@callback
def monitor(data, point, p, out):
    """Test functions and counts of an accepted point, from the factorisation that accepted it.

    point : x (n + 1), unit tangent (n + 1), mantissa and exponent of the bordered determinant.
    out : test functions (mantissas), their exponents, then the counts.
    """
    w = dense_at(data)
    t = w.table
    n, tests = t[N_STATES], FIRST_ZERO + t[N_ZEROS]
    x, phi = carray(point, (2 * n + 4,)), carray(out, (2 * tests + COUNTS,))
    counts = phi[2 * tests :]
    for j in range(2 * tests + COUNTS):
        phi[j] = 0.0
    phi[FOLD_TEST] = x[2 * n + 1]
    phi[BRANCH_TEST], phi[tests + BRANCH_TEST] = x[2 * n + 2], x[2 * n + 3]
    phi[HOPF_TEST] = 1.0
    parameters, status = carray(p, (t[N_PARAMETERS],)), OK
    if t[STABILITY] == FLOW:
        phi[HOPF_TEST] = count_spectrum(w, counts)
    elif t[STABILITY] == COUNTED:
        status = call(t[COUNTER], t[COUNTER + 1], x, parameters, counts)
    else:
        counts[UNSTABLE] = -1.0
    counts[VANISHED] = 1.0 if has_vanished(w) else 0.0
    for k in range(t[N_ZEROS]):
        if status == OK:
            status = call(w.zeros[2 * k], w.zeros[2 * k + 1], x, parameters, phi[FIRST_ZERO + k :])
    if status == OK and math.isnan(phi[HOPF_TEST]):
        return NONFINITE
    return status
