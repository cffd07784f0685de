"""Normal forms of branch points: the equation reduced to the kernel of F_u."""

import numpy as np

from continuation.ground.branch_crossings import NEITHER, PITCHFORK, TRANSCRITICAL
from continuation.kinds.normal_forms.centre_manifold import Critical, Reduction
from continuation.kinds.normal_forms.fold_forms import DOUBLE
from continuation.kinds.normal_forms.linear_part import VANISHES, Kernel, Local, bordered_solution, sign_of

CUBIC_UP_TO = 3  # dimensions of the kernel: k**4 coefficients, each some forms of third order
# <w, F_p> above this of |w| |F_p|: the point is a fold.  What an inexact location leaves of it is smaller; ten times
# smaller comes near that for points known by a bracket of 1e-6, ten times larger takes folds beside a branch for them.
TOUCHES = 1e-4


def branch_point(local: Local) -> dict:
    """Branch point: the reduced equation, and for a simple one how the branches cross.

    Returns
    -------
    dict
        With ``dimension``, that of the kernel of F_u.  Dimension 1, see `simple`.  More, see `multiple`.
    """
    k = max(1, local.nullity())
    return simple(local, local.kernel()) if k == 1 else multiple(local, local.kernel(k))


def simple(local: Local, kernel: Kernel) -> dict:
    """Simple branch point: ``x' = a mu**2 + b mu x + c x**2 + d x**3``, mu the change of the varied parameter.

    Returns
    -------
    dict
        ``a, b, c, d`` with ``|v| = 1``, ``<w, v> = 1``; ``slopes``, the slopes dx/dmu of the two branches (roots
        of ``a + b s + c s**2``, infinite for a vertical tangent), and ``kind``:

        - ``"transcritical"``: both branches exist on both sides; ``exchange``, the speed d(lambda)/dmu of the
          critical eigenvalue on the branch of the second slope, minus it on that of the first;
        - ``"pitchfork"``: c vanishes, so one tangent is vertical; ``criticality``: ``"supercritical"`` for d < 0
          (the side branch lies where the other one is unstable in the critical direction), ``"subcritical"`` for
          d > 0, not told for equations that are no flow; ``opens``, 1 or -1: the side along the parameter on
          which it lies;
        - ``"isolated"``: no branch crosses, ``"degenerate"``: tangent branches or none of a, b, c, d decides;
        - ``"V-shaped or unresolved"``: c vanishes and F has no third derivatives.

    Notes
    -----
    ``a = <w, D2F[t, t]>/2``, ``b = <w, D2F[t, v]>`` along ``t = (u', 1)``, ``A u' = -F_p``, ``<w, u'> = 0``;
    ``c = <w, B(v, v)>/2``; ``d = <w, C(v, v, v) + 3 B(v, h)>/6`` with h as for `cusp` (Kuznetsov, book, section 7.4;
    Keller 1987, section 5.20).
    """
    if not kernel.semisimple:
        return {"dimension": 1, "kind": "degenerate", "degenerate": DOUBLE}
    v, w = kernel.right[0], kernel.left[0]
    slope, form = local.forms.form(local.parameter()), local.forms.form
    if sign_of(w @ slope, TOUCHES * (np.abs(w) @ np.abs(slope)), local.noise(w, 1)):
        return {"dimension": 1, "kind": "degenerate", "degenerate": "<w, F_p> is not 0: a fold, no branch point"}
    t = along_parameter(local, kernel)
    a, b, c = 0.5 * w @ form(t, t), w @ form(t, v), 0.5 * w @ form(v, v)
    found = {"dimension": 1, "a": float(a), "b": float(b), "c": float(c)}
    d, least_c, least_d = cubic(local, kernel)
    if local.smooth:
        found["d"] = d
    return found | crossing(found, float(least_c), float(least_d), local)


def cubic(local, kernel):
    """Coefficient d, and the sizes below which c and d vanish."""
    v, w = kernel.right[0], kernel.left[0]
    square = local.forms.form(v, v)
    quadratic = max(VANISHES * 0.5 * (np.abs(w) @ np.abs(square)), local.noise(w, 2))
    if not local.smooth:
        return 0.0, quadratic, np.inf
    reduction = Reduction(local, [Critical(0.0, v, w, 0)])
    d = float(reduction.coefficient(0, 0, 0, 0) / 6)
    terms = local.forms.form(v, v, v) / 6, local.forms.form(v, reduction.manifold(0, 0)) / 2
    size = max(VANISHES * (np.abs(w) @ np.sum(np.abs(terms), axis=0)), local.noise(w, 3))
    return d, max(quadratic, VANISHES * abs(d) * local.reach), size


def crossing_kind(local, kernel) -> int:
    """Which coefficient shapes the crossing at a simple branch point: one of `branch_crossings`."""
    if not kernel.semisimple:
        return NEITHER
    v, w = kernel.right[0], kernel.left[0]
    _, least, _ = cubic(local, kernel)
    if sign_of(0.5 * w @ local.forms.form(v, v), float(least)):
        return TRANSCRITICAL
    return PITCHFORK if local.smooth else NEITHER


def degenerate(local: Local) -> dict:
    """Degenerate branch point: ``x' = b mu x + c x**2 + d x**3 + e x**5`` where c (d) vanishes.

    Returns
    -------
    dict
        ``b`` and ``c, d`` (the vanishing one is what the location leaves of it) as for `simple`, for a pitchfork also
        ``e``; ``kind``: ``"transcritical, quadratic coefficient zero"`` or ``"pitchfork, cubic coefficient zero"``.

    Notes
    -----
    ``120 e`` is the coefficient of ``x**5`` times its factorials of the equation on the centre manifold.  Golubitsky &
    Schaeffer 1985, chapters IV and VI.
    """
    kernel = local.kernel()
    if not kernel.semisimple:
        return {"degenerate": DOUBLE}
    v, w = kernel.right[0], kernel.left[0]
    t, square = along_parameter(local, kernel), local.forms.form(v, v)
    found = {"b": float(w @ local.forms.form(t, v)), "c": float(0.5 * w @ square)}
    if not local.smooth:
        return found | {"degenerate": "F has no third derivatives"}
    reduction = Reduction(local, [Critical(0.0, v, w, 0)])
    found |= {"d": float(reduction.coefficient(0, 0, 0, 0) / 6)}
    terms = local.forms.form(v, v, v) / 6, local.forms.form(v, reduction.manifold(0, 0)) / 2
    if sign_of(found["d"], VANISHES * (np.abs(w) @ np.sum(np.abs(terms), axis=0)), local.noise(w, 3)):
        return found | {"kind": "transcritical, quadratic coefficient zero"}
    e = float(reduction.coefficient(0, 0, 0, 0, 0, 0) / 120)
    return found | {"e": e, "kind": "pitchfork, cubic coefficient zero"}


def crossing(found, least_c, least_d, local) -> dict:
    """How two branches cross, from the coefficients; below `least_c` and `least_d` c and d vanish."""
    a, b, c, d = (found.get(name, np.nan) for name in "abcd")
    if sign_of(c, least_c):
        inside = b * b - 4 * a * c
        if not sign_of(inside, VANISHES * max(b * b, abs(4 * a * c))):
            return {"kind": "degenerate"}
        if inside < 0:
            return {"kind": "isolated"}
        root = float(np.sqrt(inside))
        slopes = tuple((-b + sign * root) / (2 * c) + 0.0 for sign in (-1, 1))
        return {"kind": "transcritical", "slopes": slopes, "exchange": root}
    if not local.smooth:
        return {"kind": "V-shaped or unresolved"}
    if not sign_of(d, least_d) or not sign_of(b, VANISHES * np.sqrt(abs(a * d)) * local.reach):
        return {"kind": "degenerate"}
    verdict = {"criticality": "supercritical" if d < 0 else "subcritical"} if local.flow else {}
    return {"kind": "pitchfork", **verdict, "slopes": (-a / b, np.inf), "opens": -sign_of(d) * sign_of(b)}


def along_parameter(local, kernel) -> np.ndarray:
    """Direction (u', 1): the part of F_p that F_u reaches is balanced."""
    t = local.parameter()
    slope = local.forms.form(t)
    reached = slope - kernel.right.T @ (kernel.left @ slope)
    t[: len(local.u)] = bordered_solution(local.jacobian, list(kernel.right), list(kernel.left), -reached)
    return t


def multiple(local: Local, kernel: Kernel) -> dict:
    """Branch point with a kernel of k > 1 dimensions: the derivatives of the reduced equation.

    Returns
    -------
    dict
        ``dimension``; ``basis`` (k, n), orthonormal; ``parameter`` (k,), ``<w_i, F_p>``; ``linear`` (k, k),
        ``<w_i, D2F[t, v_j]>``; ``quadratic`` (k, k, k), ``<w_i, B(v_j, v_l)>``; for k up to 3 ``cubic``
        (k, k, k, k), ``<w_i, C(v_j, v_l, v_m) + B(v_j, h_lm) + B(v_l, h_jm) + B(v_m, h_jl)>``: the reduced map is
        ``parameter mu + linear mu x + quadratic x x / 2 + cubic x x x / 6`` with u = x @ basis to first order,
        ``<w_i, v_j>`` the unit matrix.  Where zero is not semisimple w is any orthonormal basis and ``degenerate``
        says so.
    """
    k, (v, w, _) = len(kernel.right), kernel
    found = {"dimension": k, "basis": v.copy()}
    if not kernel.semisimple:
        quadratic = [[w @ local.forms.form(x, y) for y in v] for x in v]
        return found | {"quadratic": np.moveaxis(np.array(quadratic), -1, 0), "degenerate": DOUBLE}
    t = along_parameter(local, kernel)
    found["parameter"] = w @ local.forms.form(local.parameter())
    found["linear"] = np.transpose([w @ local.forms.form(t, x) for x in v])
    reduction = Reduction(local, [Critical(0.0, v[i], w[i], i) for i in range(k)])
    found["quadratic"] = tensor(reduction, 2)
    if k <= CUBIC_UP_TO and local.smooth:
        found["cubic"] = tensor(reduction, 3)
    return found


def tensor(reduction, order) -> np.ndarray:
    """Derivatives of an order of the reduced equation, (k,) * (order + 1)."""
    k = len(reduction.variables)
    out = np.empty((k,) * (order + 1))
    for index in np.ndindex(out.shape):
        out[index] = reduction.coefficient(*index)
    return out
