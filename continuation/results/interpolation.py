"""The cubic between two rows of a branch that has their tangents (Hermite interpolation)."""


def interpolate_cubic(a, b, da, db, s):
    """Value and derivative at s in [0, 1] of the cubic from a to b whose derivatives there are da and db."""
    value = a + s * s * (3 - 2 * s) * (b - a) + s * (1 - s) * ((1 - s) * da - s * db)
    slope = 6 * s * (1 - s) * (b - a) + (1 - s) * (1 - 3 * s) * da - s * (2 - 3 * s) * db
    return value, slope
