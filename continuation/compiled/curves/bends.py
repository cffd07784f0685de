"""First and second derivatives of F_u along a direction, by differences: what coefficients of third order take."""

from continuation.compiled.calls.arrays import fixed, new_doubles
from continuation.compiled.calls.interface import OK
from continuation.compiled.calls.kernel import internal
from continuation.compiled.curves import augmented as C
from continuation.compiled.dense import workspace as D
from continuation.compiled.dense.extended import norm

# Step of second differences of a Jacobian, relative to 1 + |u|: the fourth root of the rounding unit, of a differenced
# Jacobian's error.  Ten times less and the sign of the Lyapunov coefficient is rounding, ten times more it is that of
# a coefficient some way off.
THIRD, DIFFERENCED = 1e-4, 2e-3


@internal
def jacobian_at(c, y, p, direction, h, out):
    """F_u of the base problem at ``y + h direction`` into `out`; False where it can't be had."""
    n, shifted = C.states(c), y.copy()
    for i in range(n):
        shifted[i] += h * direction[i]
    if C.base_derivatives(c, shifted, p) != OK:
        return False
    a = D.jacobian(fixed(c, C.BASE))
    for i in range(n):
        for j in range(n):
            out[i, j] = a[i, j]
    return True


@internal
def bend(c, y, p, direction, first, second):
    """First and second derivative of F_u along a unit `direction`; False where they can't be had."""
    n, base = C.states(c), fixed(c, C.BASE)
    middle, below = new_doubles((n, n)), new_doubles((n, n))
    h = (THIRD if fixed(base, D.JACOBIAN) != 0 else DIFFERENCED) * (1.0 + norm(y[:n]))
    done = jacobian_at(c, y, p, direction, 0.0, middle) and jacobian_at(c, y, p, direction, -h, below)
    if not (done and jacobian_at(c, y, p, direction, h, first)):
        return False
    for i in range(n):
        for j in range(n):
            above = first[i, j]
            first[i, j] = (above - below[i, j]) / (2.0 * h)
            second[i, j] = (above - 2.0 * middle[i, j] + below[i, j]) / (h * h)
    return True
