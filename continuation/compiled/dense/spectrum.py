"""How many eigenvalues of F_u are unstable; a spectrum is computed only where a bound does not settle it.

With ``A`` the last F_u whose spectrum is known and E what it changed by since, no eigenvalue of ``A + E`` is on
the other side of the imaginary axis while ``|E| < r``: r is the distance of the spectrum to the axis, divided by
the condition of the eigenvectors (Bauer and Fike 1960; for symmetric matrices Weyl 1912, condition 1).  Matrices
that a diagonal scaling D makes symmetric count as such, with the norm of ``D^{-1} E D``; others are balanced by such
a scaling, so that what counts as zero and as small does not depend on the units of the states.
"""

import math

from continuation.compiled.calls.arrays import fixed
from continuation.compiled.calls.kernel import internal, summing
from continuation.compiled.dense import workspace as D
from continuation.compiled.matrices import eigen
from continuation.compiled.matrices.extremes import geometric_mean
from continuation.compiled.matrices.linalg import scale_of
from continuation.compiled.matrices.similarity import ALIKE, balance
from continuation.compiled.state.trace_state import NULLITY, UNSTABLE

# Eigenvalues below this, relative to the scale of the balanced F_u, are zero: ten times less and rounding of defective
# ones decides their side, ten times more hides crossings of slow modes.
ZERO_EIGENVALUE = 1e-9
SAFE = 0.99  # of the bound, against rounding
AHEAD = 2.0  # times the last move that must fit inside the bound too, or nothing is known of what lies between
WORTH = 4.0  # a spectrum this many moves from the axis deserves its eigenvectors
PATIENCE = 64  # most spectra without a new try after eigenvectors that were of no use


@internal
def measure_two(a, known, right, left):
    """`measure_change` for two states: `right` and `left` are the scalings of columns and of rows."""
    b, c, d, e = abs(a[0, 0]), abs(a[0, 1]), abs(a[1, 0]), abs(a[1, 1])
    p, q = abs(a[0, 0] - known[0, 0]) * (right[0] * left[0]), abs(a[0, 1] - known[0, 1]) * (right[1] * left[0])
    r, s = abs(a[1, 0] - known[1, 0]) * (right[0] * left[1]), abs(a[1, 1] - known[1, 1]) * (right[1] * left[1])
    return max(b + c, d + e), geometric_mean(max(p + q, r + s), max(p + r, q + s))


@summing
def measure_symmetric(a, known, scaling):
    """`measure_change` for a symmetric F_u: its columns are its rows; `scaling` is 1, before the first spectrum 0."""
    scale, rows = 0.0, 0.0
    for i in range(a.shape[0]):
        total, change = 0.0, 0.0
        for j in range(a.shape[0]):
            total += abs(a[i, j])
            change += abs(a[i, j] - known[i, j])
        scale, rows = max(scale, total), max(rows, change)
    return scale, scaling * rows


@summing
def measure_change(w):
    """Largest absolute row sum of F_u, and the norm of what it changed by since the last spectrum, scaled as that."""
    a, known, n = D.jacobian(w), D.known(w), fixed(w, D.N_STATES)
    columns, d, inverse = D.vectors(w)[D.COLUMNS], D.vectors(w)[D.SCALING], D.vectors(w)[D.UNSCALING]
    if n == 2:
        return measure_two(a, known, d, inverse)
    if fixed(w, D.DECLARED_SYMMETRIC) == 1 and not has_units(w):
        return measure_symmetric(a, known, d[0])
    scale, rows = 0.0, 0.0
    for i in range(n):
        total, change = 0.0, 0.0
        for j in range(n):
            gap = abs(a[i, j] - known[i, j])
            total += abs(a[i, j])
            change += gap * d[j]
            columns[j] = gap * inverse[i] + (columns[j] if i > 0 else 0.0)
        scale, rows = max(scale, total), max(rows, change * inverse[i])
    most = 0.0
    for j in range(n):
        most = max(most, columns[j] * d[j])
    return scale, geometric_mean(rows, most)


@internal
def count_unstable(w, counts, moved):
    """Fill `counts`; returns the Hopf test function, infinite where the bound alone tells its sign."""
    memory = D.vectors(w)[D.MEMORY]
    if moved + AHEAD * max(moved - memory[D.MOVED], 0.0) < memory[D.RADIUS]:
        memory[D.MOVED] = moved
        counts[UNSTABLE] = memory[D.COUNT]
        return math.copysign(math.inf, memory[D.NEAREST])
    nearest = count_spectrum(w, counts, abs(moved - memory[D.MOVED]))
    memory[D.MOVED], memory[D.COUNT], memory[D.NEAREST] = 0.0, counts[UNSTABLE], nearest
    return nearest


@internal
def count_spectrum(w, counts, moved):
    """Fill `counts` from the spectrum of F_u and set the bound; returns the Hopf test function, NaN on failure."""
    n, a, known, copy = fixed(w, D.N_STATES), D.jacobian(w), D.known(w), D.copied(w)
    D.effort(w)[D.SPECTRA] += 1
    for i in range(n):
        for j in range(n):
            known[i, j] = copy[i, j] = a[i, j]
    if not eigen.is_finite(a):
        D.vectors(w)[D.MEMORY][D.RADIUS] = 0.0
        return math.nan
    if symmetrise(w):
        return count_symmetric(w, counts)
    set_scaling(w, balance(copy, D.vectors(w)[D.SCALING][:n]))
    return count_general(w, counts, ZERO_EIGENVALUE * scale_of(copy), moved)


@internal
def set_scaling(w, scaled):
    """Write the inverse of the scaling, which is 1 unless the copy of F_u was `scaled`."""
    d, inverse = D.vectors(w)[D.SCALING], D.vectors(w)[D.UNSCALING]
    for i in range(fixed(w, D.N_STATES)):
        if not scaled:
            d[i] = 1.0
        inverse[i] = 1.0 / d[i]


@internal
def symmetrise(w):
    """Turn the copy of F_u into a symmetric matrix with its eigenvalues and keep the scaling, if there is one.

    Where F_u is symmetric itself and states have units D, into D F_u D: it has as many eigenvalues of each sign
    (Sylvester's law of inertia), and none is small for its units alone; the bound then is on ``D E D``.  Units that
    make the diagonal more uneven than it is (those of a state that acts on itself by its cube, say) are left out.
    """
    n, a, copy = fixed(w, D.N_STATES), D.jacobian(w), D.copied(w)
    measured = has_units(w)
    small = n <= 2 and not measured  # has closed forms, whatever its symmetry
    done = not small and (fixed(w, D.DECLARED_SYMMETRIC) == 1 or eigen.is_symmetric(a, eigen.SYMMETRIC_TO))
    scaled = not (small or done) and eigen.scaling_to_symmetric(a, D.vectors(w)[D.SCALING], D.pivots(w))
    if scaled:
        for i in range(n):
            for j in range(i):
                size = geometric_mean(abs(a[i, j]), abs(a[j, i]))
                copy[i, j] = copy[j, i] = math.copysign(size, a[i, j])
    set_scaling(w, scaled)
    if done and measured and spread_of_diagonal(w, True) < spread_of_diagonal(w, False):
        d, inverse = D.vectors(w)[D.SCALING], D.vectors(w)[D.UNSCALING]
        for i in range(n):
            d[i] = inverse[i] = D.units(w)[i]
            for j in range(n):
                copy[i, j] *= D.units(w)[i] * D.units(w)[j]
    return done or scaled


@internal
def spread_of_diagonal(w, measured):
    """Largest over least modulus on the diagonal of F_u, zeros left out; of D F_u D if it is to be `measured`."""
    a, units, least, most = D.jacobian(w), D.units(w), math.inf, 0.0
    for i in range(fixed(w, D.N_STATES)):
        value = abs(a[i, i]) * (units[i] * units[i] if measured else 1.0)
        most = max(most, value)
        least = min(least, value) if value > 0.0 else least
    return most / least if least < math.inf else 1.0


@internal
def has_units(w):
    """Whether the states have units of their own."""
    units, found = D.units(w), False
    for i in range(fixed(w, D.N_STATES)):
        found = found or units[i] != 1.0
    return found


@internal
def scale_of_symmetric(w):
    """Scale of the symmetric copy of F_u: that of F_u itself, unless its states are in very different units."""
    if has_units(w):
        return scale_of(D.copied(w))
    own, symmetric = scale_of(D.jacobian(w)), scale_of(D.copied(w))
    return own if own <= ALIKE * symmetric else symmetric


@internal
def count_symmetric(w, counts):
    """Count eigenvalues of the symmetric copy of F_u above zero and at it; returns 1, NaN where they can't be had."""
    n = fixed(w, D.N_STATES)
    rows, scale = D.vectors(w), scale_of_symmetric(w)
    zero = ZERO_EIGENVALUE * scale
    d, e, v = rows[D.REAL][:n], rows[D.IMAGINARY][:n], rows[D.SPECTRUM_WORK][:n]
    eigen.tridiagonalise(D.copied(w), d, e, v)
    above, below = eigen.count_above(d, e, zero), eigen.count_above(d, e, -zero)
    D.vectors(w)[D.MEMORY][D.RADIUS] = 0.0
    if not below >= above:
        return math.nan
    counts[UNSTABLE], counts[NULLITY] = above, below - above
    D.vectors(w)[D.MEMORY][D.RADIUS] = SAFE * eigen.gap_around_zero(d, e, zero, scale) - zero
    return 1.0


@internal
def count_general(w, counts, zero, moved):
    """Count eigenvalues of F_u right of the axis and at zero; returns the real part of the pair nearest the axis.

    The real part is 1 where no eigenvalue is complex; a failure is returned as NaN.
    """
    n = fixed(w, D.N_STATES)
    wr, wi = D.vectors(w)[D.REAL], D.vectors(w)[D.IMAGINARY]
    D.vectors(w)[D.MEMORY][D.RADIUS] = 0.0
    if not eigen.eigenvalues(D.lapack(w), D.copied(w), wr[:n], wi[:n], D.spectrum_work(w), D.ints(w)):
        return math.nan
    nearest, gap = math.inf, math.inf
    for i in range(n):
        if abs(wr[i]) <= zero and abs(wi[i]) <= zero:
            counts[NULLITY] += 1.0
        elif wr[i] > zero:
            counts[UNSTABLE] += 1.0
        if wi[i] > zero and abs(wr[i]) < abs(nearest):
            nearest = wr[i]
        gap = min(gap, abs(wr[i]))
    bound_general(w, gap - zero, zero, moved)
    if abs(nearest) <= zero:
        return 0.0  # on the axis to rounding: its sign would mean nothing
    return nearest if math.isfinite(nearest) else 1.0


@internal
def bound_general(w, gap, zero, moved):
    """Set the bound from the distance `gap` to the axis, where the eigenvectors promise to be worth their cost."""
    memory = D.vectors(w)[D.MEMORY]
    if memory[D.WAITING] > 0.0:
        memory[D.WAITING] -= 1.0
        return
    if not gap > WORTH * moved:
        return
    n, a, copy = fixed(w, D.N_STATES), D.jacobian(w), D.copied(w)
    wr, wi = D.vectors(w)[D.REAL], D.vectors(w)[D.IMAGINARY]
    d, inverse = D.vectors(w)[D.SCALING], D.vectors(w)[D.UNSCALING]
    for i in range(n):
        for j in range(n):
            copy[i, j] = a[i, j] * d[j] * inverse[i]
    radius = SAFE * gap / eigen.eigenvector_condition(D.lapack(w), copy, wr, wi) - zero
    memory[D.RADIUS] = max(radius, 0.0)
    useless = radius <= WORTH * moved
    memory[D.DELAY] = min(2.0 * memory[D.DELAY] + 1.0, PATIENCE) if useless else 0.0
    memory[D.WAITING] = memory[D.DELAY]
