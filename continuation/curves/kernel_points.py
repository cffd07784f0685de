"""Points of a curve where several eigenvalues of F_u vanish at once, without Jordan chains.

Along a curve the kernel is simple, and the curve's equations are singular where it is not.  The point itself is regular
for F = 0 together with all entries of ``W' F_u V``, the block of F_u between its k smallest singular vectors: more
equations than unknowns, which hold together where a symmetry or an invariant subspace brings such points about.  So the
Gauss-Newton method is quadratic there (Govaerts, *Numerical Methods for Bifurcations of Dynamical Equilibria*, SIAM
2000, chapter 3; P. Deuflhard, *Newton Methods for Nonlinear Problems*, Springer 2004, section 4.3).
"""

import numpy as np

from continuation.equations.derivatives import evaluate, state_jacobian
from continuation.equations.measures.measure import measure_of
from continuation.kinds.normal_forms.linear_part import Local

# Singular values of F_u, rows scaled, that may vanish at a point near (along directions of the kernel a point of the
# curve is known to the root of rounding only), and that do at the point itself.  Ten times smaller counts too few at
# points found by differences; ten times larger tries some kernels in vain, or takes slow modes for zero.
DOUBTFUL, VANISHED = 1e-4, 1e-8
FARTHEST = 1e-4  # relative to 1 + |x|: a point that has moved farther is another one
ITERATIONS = 6  # a quadratic iteration from a point known to 1e-6 takes two or three
STEP = 6e-6  # of central differences of F_u, relative to 1 + |x|: the cube root of the rounding unit
# Singular values of the linear system, relative to the largest, that are rounding of these differences (1e-10): ten
# times either way hardly matters.
RANK = 1e-8


def at_kernel(curve, x, p):
    """The point near x where most singular values of F_u vanish at once: (x, last correction, their number).

    None where less than two do.
    """
    for k in range(kernel_size(curve, x, p, DOUBTFUL), 1, -1):
        y, length = polished(curve, x, p, k)
        units = measure_of(curve).units
        near = np.linalg.norm((y - x) / units) <= FARTHEST * (1 + np.linalg.norm(x / units))
        if near and kernel_size(curve, y, p, VANISHED) >= k:
            return y, length, k
    return None


def kernel_size(curve, x, p, small) -> int:
    """Number of singular values of F_u below a limit, in units and its rows scaled as for normal forms."""
    return int(np.sum(local_at(curve, x, p).singular_values() <= small))


def polished(curve, x, p, k):
    """The point near x with a k-dimensional kernel, and the last correction relative to 1 + |x|; x itself without."""
    best, least, units = x, np.inf, measure_of(curve).units
    for _ in range(ITERATIONS):
        step = correction(curve, x, p, k)
        length = np.linalg.norm(step / units) / (1 + np.linalg.norm(x / units))
        if not length < least:
            break
        x = x + step
        best, least = x, length
    return best, least


def correction(curve, x, p, k) -> np.ndarray:
    """Gauss-Newton correction of the states and both parameters; auxiliary unknowns stay as they are.

    Unknowns are in the curve's units, the equations and F_u as in `Local`.
    """
    n, units, local = curve.size, measure_of(curve).units, local_at(curve, x, p)
    h = STEP * (1 + np.linalg.norm(x / units))
    moving = [*range(n), len(x) - 2, len(x) - 1]
    left, _, right = np.linalg.svd(local.jacobian * local.units / local.rows[:, None])
    w, v = left[:, n - k :], right[n - k :].T

    def values(y):
        q = curve.parameters_at(y, p)
        jacobian = state_jacobian(curve.base, y[:n], q) * local.units / local.rows[:, None]
        return np.append(evaluate(curve.base, y[:n], q) / local.rows, (w.T @ jacobian @ v).ravel())

    columns = []
    for j in moving:
        ahead, behind = x.copy(), x.copy()
        ahead[j], behind[j] = x[j] + h * units[j], x[j] - h * units[j]
        columns.append((values(ahead) - values(behind)) / ((ahead[j] - behind[j]) / units[j]))
    step = np.zeros(len(x))
    step[moving] = units[moving] * np.linalg.lstsq(np.column_stack(columns), -values(x), rcond=RANK)[0]
    return step


def local_at(curve, x, p) -> Local:
    """The base problem around the curve's unknowns, with both parameters varied."""
    places = [curve.index_of(name) for name in curve.vary]
    return Local(curve.base, x[: curve.size], curve.parameters_at(x, p), places)
