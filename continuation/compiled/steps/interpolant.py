"""Cubic Hermite interpolants: the curve between two records, from their points and unit tangents.

With arclength h between them the curve leaves its interpolant by ``O(h**4)`` (de Boor, *A Practical Guide to Splines*,
chapter IV); the tangents are derivatives by arclength, which the distance of the points stands for.
"""

from continuation.compiled.calls.arrays import part
from continuation.compiled.calls.kernel import internal


@internal
def interpolate(a, b, size, length, sigma, x, direction):
    """Write the point at `sigma` in [0, 1] between records a and b into `x`, its derivative into `direction`."""
    r = sigma * sigma * (3.0 - 2.0 * sigma)
    ta = sigma * (1.0 - sigma) * (1.0 - sigma) * length
    tb = -sigma * sigma * (1.0 - sigma) * length
    dr = 6.0 * sigma * (1.0 - sigma)
    da = (1.0 - sigma) * (1.0 - 3.0 * sigma) * length
    db = sigma * (3.0 * sigma - 2.0) * length
    from_a, from_b = part(a, size, size), part(b, size, size)
    for j in range(size):
        rise = b[j] - a[j]
        x[j] = a[j] + r * rise + ta * from_a[j] + tb * from_b[j]
        direction[j] = dr * rise + da * from_a[j] + db * from_b[j]
