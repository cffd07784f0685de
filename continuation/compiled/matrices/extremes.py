"""Units, powers of two, in which numbers can be squared and multiplied without overflow or underflow.

Within the safe range the unit is 1 and nothing is rounded anew; beyond it the largest number becomes about 1, so that
what then underflows is nothing beside it (LAPACK's own drivers scale so, J. Demmel, *Applied Numerical Linear Algebra*,
SIAM 1997, section 2.6).
"""

import math

from continuation.compiled.calls.kernel import inlined, internal

# Numbers whose squares, and sums of some thousands of these, are normal: a tenth or tenfold exponent changes which
# matrices are scaled, not what comes out.
SAFE_LEAST, SAFE_MOST = 1e-100, 1e100
LARGEST_POWER = 900.0  # of two, by which exponents of determinants are compared: more would overflow
LARGEST_UNIT = 1020  # power of two that still is a number, as is its inverse


@inlined
def power_to_one(largest):
    """Power of two that brings the number `largest` into [1/2, 1), or near it; 1 where it is zero or not finite."""
    if not (0.0 < largest < math.inf):
        return 1.0
    return math.ldexp(1.0, min(-math.frexp(largest)[1], LARGEST_UNIT))


@inlined
def unit_of(largest):
    """`power_to_one`, but 1 where squares are safe."""
    return 1.0 if SAFE_LEAST < largest < SAFE_MOST else power_to_one(largest)


@inlined
def two_to(power):
    """2 to the difference of two exponents, as large or small as a float can bear."""
    return 1.0 if power == 0.0 else 2.0 ** max(min(power, LARGEST_POWER), -LARGEST_POWER)


@internal
def largest_entry(a):
    """Largest absolute value in the matrix `a`."""
    largest = 0.0
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            largest = max(largest, abs(a[i, j]))
    return largest


@inlined
def geometric_mean(a, b):
    """``sqrt(a b)`` of numbers of any size, none negative."""
    product = a * b
    if 1e-290 < product < math.inf:
        return math.sqrt(product)
    return math.sqrt(a) * math.sqrt(b)


@internal
def euclidean_norm(x):
    """Euclidean norm of a vector of any size; NaN or infinite where an entry is."""
    total = 0.0
    for j in range(x.shape[0]):
        total += x[j] * x[j]
    if 1e-200 < total < math.inf:
        return math.sqrt(total)
    largest = 0.0
    for j in range(x.shape[0]):
        largest = max(largest, abs(x[j]))
    unit, total = power_to_one(largest), 0.0
    for j in range(x.shape[0]):
        total += (unit * x[j]) * (unit * x[j])
    return math.sqrt(total) / unit
