"""Whether branches meet where ``[F_u F_p]`` loses rank, or pass each other: what is left of F there, against rounding.

At such a point with one left null vector u and the null vectors c_j the branches are ``l + z' Q z / 2 = 0`` up to third
order, with ``l = u' F`` and ``Q_jk = u' F''(c_j, c_k)`` (Golubitsky and Schaeffer, *Singularities and Groups in
Bifurcation Theory* I, Springer 1985, chapter II): two lines that cross where l = 0, else a hyperbola whose halves come
as near as ``2 sqrt(2 |l| / |q|)``, q the eigenvalue of Q of the other sign than l.
"""

import math

from continuation.compiled.calls.arrays import fixed, new_doubles
from continuation.compiled.calls.interface import OK, call
from continuation.compiled.calls.kernel import internal
from continuation.compiled.dense import workspace as D
from continuation.compiled.dense.extended import contract, differentiate_along, in_own_units
from continuation.compiled.matrices.extremes import euclidean_norm

# What F may leave, in roundings of its terms: ten times less and rounding refuses branch points, ten times more and
# branches a few 1e-7 apart are said to cross.
ROUNDINGS = 64.0 * 2.2e-16
# What F may leave, of the noise that it shows: a sample of five values is below the noise of others by such a factor.
NOISY = 10.0
SAMPLED = 1e-9  # relative to 1 + |x_j|: steps of the sample, over which F is a parabola; any small value does
UNEVEN = 1e-12  # eigenvalues of Q below this, relative to the largest, are zero


@internal
def project_residual(w, x, p, f, left):
    """``left' F`` at x; NaN where it fails."""
    n, total, own, rows = fixed(w, D.N_STATES), 0.0, in_own_units(w, x), D.rows(w)
    p[fixed(w, D.ACTIVE)] = own[n]
    if call(fixed(w, D.RESIDUAL), fixed(w, D.RESIDUAL + 1), own, p, f) != OK:
        return math.nan
    for i in range(n):
        total += left[i] * f[i] / rows[i]
    return total


@internal
def measure_noise(w, x, p, left):
    """Rounding of ``left' F`` near x, as third differences show it."""
    n = fixed(w, D.N_STATES)
    y, f, samples = new_doubles(n + 1), new_doubles(n), new_doubles(5)
    for k in range(5):
        for j in range(n + 1):
            y[j] = x[j] + (k - 2.0) * SAMPLED * (1.0 + abs(x[j])) * math.cos(1.0 + 3.0 * j)
        samples[k] = project_residual(w, y, p, f, left)
    one = abs(samples[3] - 3.0 * samples[2] + 3.0 * samples[1] - samples[0])
    other = abs(samples[4] - 3.0 * samples[3] + 3.0 * samples[2] - samples[1])
    noise = max(one, other)
    return noise if noise < math.inf else 0.0


@internal
def size_of_terms(w, x, left):
    """Size of the terms of ``left' F`` at x, by its derivatives there; those must be at hand."""
    n, a, b, total = fixed(w, D.N_STATES), D.jacobian(w), D.derivative(w), 0.0
    for i in range(n):
        terms = abs(b[i]) * (1.0 + abs(x[n]))
        for j in range(n):
            terms += abs(a[i, j]) * (1.0 + abs(x[j]))
        total += abs(left[i]) * terms
    return total


@internal
def largest_rounding(w, x, p, left, error, scale):
    """Largest ``left' F`` that rounding, or the error of x relative to 1 + |x|, may leave where branches meet."""
    terms, distance = size_of_terms(w, x, left), error * (1.0 + euclidean_norm(x))
    return max(ROUNDINGS * max(terms, scale), NOISY * measure_noise(w, x, p, left)) + scale * distance * distance


@internal
def bend_across(w, x, p, left, kernel):
    """``Q`` for the rows of `kernel` (2, n + 1), in the unknowns themselves."""
    n, q = fixed(w, D.N_STATES), new_doubles((2, 2))
    for i in range(2):
        row = new_doubles(n + 1)
        contract(left, differentiate_along(w, x, p, kernel[i].copy(), 1.0), row)
        for k in range(2):
            for j in range(n + 1):
                q[i, k] += row[j] * kernel[k, j]
    return q


@internal
def make_orthonormal(kernel):
    """Make two independent rows orthonormal."""
    for i in range(2):
        along, square = 0.0, 0.0
        for j in range(kernel.shape[1]):
            along += kernel[0, j] * kernel[1, j]
        for j in range(kernel.shape[1]):
            if i == 1:
                kernel[1, j] -= along * kernel[0, j]
            square += kernel[i, j] * kernel[i, j]
        for j in range(kernel.shape[1]):
            kernel[i, j] /= math.sqrt(square)


@internal
def find_gap(left_over, q, kernel, out):
    """Write the shortest way from one branch to the other into `out`; False where nothing passes."""
    mean, half, off = 0.5 * (q[0, 0] + q[1, 1]), 0.5 * (q[0, 0] - q[1, 1]), 0.5 * (q[0, 1] + q[1, 0])
    spread = math.hypot(half, off)
    value = mean - spread if left_over > 0.0 else mean + spread
    if not (value * left_over < 0.0 and abs(value) > UNEVEN * (abs(mean) + spread)):
        return False
    angle = 0.5 * math.atan2(off, half) + (0.5 * math.pi if left_over > 0.0 else 0.0)
    gap = 2.0 * math.sqrt(2.0 * abs(left_over / value))
    for j in range(out.shape[0]):
        out[j] = gap * (math.cos(angle) * kernel[0, j] + math.sin(angle) * kernel[1, j])
    return True
