"""Normal forms with one imaginary pair: Hopf and Bautin points."""

import numpy as np

from continuation.kinds.normal_forms.centre_manifold import Critical, Reduction
from continuation.kinds.normal_forms.linear_part import VANISHES, Local, bordered_solution, sign_of

NO_PAIR = {"degenerate": "F_u has too few complex pairs"}
VERDICTS = {-1: "supercritical", 0: "degenerate", 1: "subcritical"}


def hopf(local: Local) -> dict:
    """Hopf point: ``r' = r (speed mu + omega l1 r**2)``.

    Returns
    -------
    dict
        ``omega``; ``l1``, the first Lyapunov coefficient; for the first varied parameter ``speed = d Re(lambda)/dp``
        and ``turn = d Im(lambda)/dp`` along the branch; ``criticality``: ``"supercritical"`` (l1 < 0: the cycle is
        stable on the centre manifold), ``"subcritical"`` or ``"degenerate"`` (l1 vanishes against its terms), or
        ``"unresolved"`` without third derivatives or where F_u is singular.

    Notes
    -----
    Kuznetsov, book, eq. 5.62: ``l1 = Re[<p, C(q, q, q*)> - 2 <p, B(q, A^-1 B(q, q*))> + <p, B(q*, (2 i omega -
    A)^-1 B(q, q))>] / (2 omega)`` with ``<q, q> = <p, q> = 1``.  It does not change when time is scaled.
    """
    pairs = local.pairs(1)
    if not pairs:
        return dict(NO_PAIR)
    (pair,) = pairs
    if local.nullity():
        return {"omega": pair.omega, "criticality": "unresolved", "degenerate": "F_u is singular: a zero-Hopf point"}
    found = {"omega": pair.omega} | crossing(local, pair)
    if not local.smooth:
        return found | {"criticality": "unresolved"}
    reduction = Reduction(local, conjugates([pair]))
    l1 = float(reduction.coefficient(0, 0, 0, 1).real / (2 * pair.omega))
    if not np.isfinite(l1):
        return found | {"criticality": "unresolved"}
    sizes = [VANISHES * cubic_size(reduction) / pair.omega, local.noise(pair.adjoint, 3) / pair.omega]
    return found | {"l1": l1, "criticality": VERDICTS[sign_of(l1, *sizes)]}


def bautin(local: Local) -> dict:
    """Bautin point (generalised Hopf): ``r' = r omega (l1 r**2 + l2 r**4)`` where l1 vanishes.

    Returns
    -------
    dict
        ``omega``, ``l1`` as for `hopf` (the remainder of the location) and ``l2 = Re(c2)/omega`` with ``12 c2`` the
        coefficient of ``w**3 conj(w)**2`` times its factorials (Kuznetsov 1999; book, section 8.3), scaled by
        ``<q, q> = <p, q> = 1``.
    """
    pairs = local.pairs(1)
    if not pairs:
        return dict(NO_PAIR)
    if not local.smooth:
        return {"omega": pairs[0].omega, "degenerate": "F has no third derivatives"}
    reduction, omega = Reduction(local, conjugates(pairs)), pairs[0].omega
    l1 = reduction.coefficient(0, 0, 0, 1).real / (2 * omega)
    l2 = reduction.coefficient(0, 0, 0, 0, 1, 1).real / (12 * omega)
    return {"omega": omega, "l1": float(l1), "l2": float(l2)}


def first_lyapunov(problem, u, p, omega) -> float:
    """First Lyapunov coefficient, as for `hopf`, of the pair of F_u nearest ``i omega``."""
    local = Local(problem, u, p, ())
    pair = min(local.pairs(len(u)), key=lambda pair: abs(pair.value - 1j * omega))
    return Reduction(local, conjugates([pair])).coefficient(0, 0, 0, 1).real / (2 * pair.omega)


def conjugates(pairs, first=0) -> list:
    """Critical directions of imaginary pairs, each followed by its conjugate, from place `first` on."""
    out = []
    for pair in pairs:
        place = first + len(out)
        out.append(Critical(1j * pair.omega, pair.vector, pair.adjoint, place + 1))
        out.append(Critical(-1j * pair.omega, pair.vector.conj(), pair.adjoint.conj(), place))
    return out


def crossing(local, pair) -> dict:
    """Speed of the eigenvalue along the branch: ``<p, D2F[(u', 1), (q, 0)]>`` with ``A u' = -F_p``."""
    along = local.parameter()
    along[: len(local.u)] = bordered_solution(local.jacobian, [], [], -local.forms.form(local.parameter()))
    if not np.all(np.isfinite(along)):
        return {}
    value = np.conj(pair.adjoint) @ local.forms.form(along, pair.vector)
    return {"speed": float(value.real), "turn": float(value.imag)}


def cubic_size(reduction) -> float:
    """Size of the terms of the cubic coefficient of a pair before they cancel."""
    q, p = reduction.variables[0].vector, reduction.variables[0].adjoint
    form, h = reduction.forms.form, reduction.manifold
    terms = form(q, q, q.conj()), 2 * form(q, h(0, 1)), form(q.conj(), h(0, 0))
    return float(np.sum(np.abs(p) @ np.abs(np.transpose(terms))))
