"""The cubic between two points with their derivatives (Hermite), in numpy; the engine has its own, compiled one."""


def hermite(a, b, da, db, s):
    """Return the value at s in [0, 1] of the cubic from `a` to `b` whose derivatives at the ends are `da` and `db`.

    >>> hermite(0.0, 1.0, 0.0, 0.0, 0.5), hermite(0.0, 1.0, 1.0, 1.0, 0.25)
    (0.5, 0.25)
    """
    return a + s * s * (3 - 2 * s) * (b - a) + s * (1 - s) * ((1 - s) * da - s * db)


def hermite_slope(a, b, da, db, s):
    """Return the derivative by s of `hermite`.

    >>> hermite_slope(0.0, 1.0, 0.0, 0.0, 0.5), hermite_slope(0.0, 1.0, 1.0, 1.0, 0.25)
    (1.5, 1.0)
    """
    return 6 * s * (1 - s) * (b - a) + (1 - s) * (1 - 3 * s) * da - s * (2 - 3 * s) * db
