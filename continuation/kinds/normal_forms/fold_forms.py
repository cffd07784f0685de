"""Normal forms with one zero eigenvalue that is no branch point, and with two: fold, cusp, Bogdanov-Takens."""

import numpy as np

from continuation.kinds.normal_forms.centre_manifold import Critical, Reduction
from continuation.kinds.normal_forms.linear_part import MULTIPLE, VANISHES, Local, bordered_solution, sign_of

DOUBLE = "zero is a multiple eigenvalue (<w, v> = 0), as at a Bogdanov-Takens point"


def fold(local: Local) -> dict:
    """Fold: ``x' = b mu + a x**2``.

    Returns
    -------
    dict
        ``a = <w, B(v, v)>/2`` and, for the first varied parameter, ``b = <w, F_p>`` with ``|v| = 1`` (Euclidean),
        ``<w, v> = 1``, the largest component of v positive; the curve is ``mu = -(a/b) x**2``, and ``opens``, 1 or
        -1, the side along the parameter on which it lies.  Where a vanishes, or ``<w, v>``, so that there is no such
        w, ``degenerate`` says so.

    Notes
    -----
    Kuznetsov, *Elements of Applied Bifurcation Theory*, section 5.4.
    """
    kernel = local.kernel()
    if not kernel.semisimple:
        return {"degenerate": DOUBLE}
    v, w = kernel.right[0], kernel.left[0]
    square = local.forms.form(v, v)
    found = {"a": float(0.5 * w @ square), "b": float(w @ local.forms.form(local.parameter()))}
    bend = sign_of(found["a"], VANISHES * (np.abs(w) @ np.abs(square)), local.noise(w, 2))
    if not bend:
        return found | {"degenerate": "the quadratic coefficient vanishes, as at a cusp"}
    return found | {"opens": -bend * sign_of(found["b"])}


def cusp(local: Local) -> dict:
    """Cusp: ``x' = c x**3``; ``a``, the coefficient of x**2, vanishes at the cusp itself.

    Notes
    -----
    ``c = <w, C(v, v, v) + 3 B(v, h)>/6`` with ``A h = <w, B(v, v)> v - B(v, v)``, ``<w, h> = 0``, scaled as for
    `fold` (Kuznetsov 1999; book, section 8.2).
    """
    kernel = local.kernel()
    if not kernel.semisimple:
        return {"degenerate": DOUBLE}
    if not local.smooth:
        return {"degenerate": "F has no third derivatives"}
    reduction = Reduction(local, [Critical(0.0, kernel.right[0], kernel.left[0], 0)])
    a, c = reduction.coefficient(0, 0, 0) / 2, reduction.coefficient(0, 0, 0, 0) / 6
    return {"a": float(a), "c": float(c)}


def bogdanov_takens(local: Local) -> dict:
    """Bogdanov-Takens point: ``x' = y, y' = a x**2 + b x y``.

    Returns
    -------
    dict
        ``a = <p1, B(q0, q0)>/2``, ``b = <p0, B(q0, q0)> + <p1, B(q0, q1)>`` with ``A q0 = 0``, ``A q1 = q0``,
        ``A' p1 = 0``, ``A' p0 = p1``, ``|q0| = 1``, ``<q0, q1> = 0``, ``<p_i, q_j>`` the unit matrix, the largest
        component of q0 positive; ``s``, the sign of ab, which no scaling changes: the cycle is stable on the
        manifold for s = -1, unstable for s = 1.

    Notes
    -----
    Kuznetsov 1999; book, section 8.4.
    """
    kernel = local.kernel()
    q0, w, a_matrix = kernel.right[0], kernel.left[0], local.jacobian
    q1 = bordered_solution(a_matrix, [w], [q0], q0)
    if not abs(w @ q1) > MULTIPLE * np.linalg.norm(w) * np.linalg.norm(q1):
        return {"degenerate": "zero is more than a double eigenvalue"}
    p1 = w / (w @ q1)
    p0 = bordered_solution(a_matrix.T, [q0], [w], p1)
    p0 = p0 - (p0 @ q1) * p1
    p0 = p0 / (p0 @ q0)
    square = local.forms.form(q0, q0)
    a, b = 0.5 * p1 @ square, p0 @ square + p1 @ local.forms.form(q0, q1)
    return {"a": float(a), "b": float(b), "s": float(np.sign(a * b))}
