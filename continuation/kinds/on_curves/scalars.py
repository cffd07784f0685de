"""What scalars that vanish at special points of curves are made of: null vectors, the eigenvalue that crosses.

`curve` is a `continuation.curves.special_curve.SpecialCurve`; what a scalar follows is chosen at its unknowns x.
Bordered null vectors: Govaerts, *Numerical Methods for Bifurcations of Dynamical Equilibria*, SIAM 2000, chapter 3.
"""

import numpy as np

from continuation.equations.derivatives import state_jacobian

# Imaginary part, relative to the largest eigenvalue, below which one is real.  Rounding of LAPACK's eigenvalues is
# 1e-15; ten times larger or smaller changes nothing but for pairs that are about to meet on the real axis.
IMAGINARY = 1e-12


def jacobian_on(curve, p):
    """Make the function of the unknowns that gives F_u of the base problem."""

    def jacobian(y):
        return state_jacobian(curve.base, y[: curve.size], curve.parameters_at(y, p))

    return jacobian


def null_pairs(curve, x, p):
    """Make the function of the unknowns that gives unit right and left null vectors (v, w) of the bordered F_u."""
    n, jacobian = curve.size, jacobian_on(curve, p)
    u, _, vt = np.linalg.svd(jacobian(x))
    left, right = u[:, -1], vt[-1]

    def vectors(y):
        bordered = np.block([[jacobian(y), left[:, None]], [right[None], np.zeros((1, 1))]])
        v, w = (np.linalg.solve(m, np.eye(n + 1)[n])[:n] for m in (bordered, bordered.T))
        return v / np.linalg.norm(v), w / np.linalg.norm(w)

    return vectors


def kernel_part(curve, x, p):
    """Make the scalar: the eigenvalue nearest zero but for the critical one, which is zero all along the curve.

    Where it vanishes too the kernel of F_u has more dimensions, or zero a Jordan chain.  Off the curve by a difference
    of 1e-6 the critical one is 1e-12: where both are as small the scalar is zero to rounding of its slope.
    """
    if curve.shape.follows_pair:
        raise ValueError("no simple kernel along this curve")
    jacobian = jacobian_on(curve, p)

    def scalar(y):
        values = np.linalg.eigvals(jacobian(y))
        order = np.argsort(np.abs(values), kind="stable")
        return float(values[order[1]].real) if len(values) > 1 else np.nan

    return scalar


def turning_part(curve, x, p):
    """Make the scalar: the first parameter's part of the unit tangent of the curve."""
    table = curve.near(x, p).functions["residual"].table
    along = np.linalg.svd(table.derivative_at(x, p))[2][-1]

    def scalar(y):
        tangent = np.linalg.svd(table.derivative_at(y, p))[2][-1]
        return float(tangent[-1] * np.sign(tangent @ along))

    return scalar


def crossing_part(curve, x, p, is_real):
    """Make the scalar: the real part of the eigenvalue that crosses, a real one or one of a pair.

    At x it is the one nearest the imaginary axis that is not critical all along the curve.
    """
    jacobian = jacobian_on(curve, p)
    critical = 1j * np.sqrt(max(x[curve.size], 0.0)) if curve.shape.follows_pair else 0.0
    values = np.linalg.eigvals(jacobian(x))
    values = values[np.argsort(np.abs(values - critical))[1:]]
    keep = np.abs(values.imag) <= IMAGINARY * np.max(np.abs(values)) if is_real else values.imag > 0
    wanted = values[keep]
    if not len(wanted):
        raise ValueError("no eigenvalue of the kind that crosses")
    mark = wanted[np.argmin(np.abs(wanted.real))]

    def scalar(y):
        values = np.linalg.eigvals(jacobian(y))
        return float(values[np.argmin(np.abs(values - mark))].real)

    return scalar
