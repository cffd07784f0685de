"""Normal forms with one imaginary pair: Hopf and Bautin points."""

import numpy as np

from continuation.kinds.normal_forms.centre_manifold import Critical, Reduction
from continuation.kinds.normal_forms.equivariant_hopf import has_symmetry, orbits_of, speeds
from continuation.kinds.normal_forms.linear_part import EQUAL, VANISHES, VERDICTS, Local, bordered_solution, sign_of

NO_PAIR = {"degenerate": "F_u has too few complex pairs"}


def hopf(local: Local) -> dict:
    """Hopf point: ``r' = r (speed mu + omega l1 r**2)``, ``phase' = omega + turn mu + omega l1_imag r**2``.

    Returns
    -------
    dict
        ``omega``; ``multiplicity``, the number of pairs equal to this one, and where other pairs are on the axis
        too ``others``, a tuple of (omega, multiplicity).  For a simple pair ``l1``, the first Lyapunov coefficient;
        for the first varied parameter ``speed = d Re(lambda)/dp`` and ``turn = d Im(lambda)/dp`` along the branch;
        ``criticality``: ``"supercritical"`` (l1 < 0: the cycle is stable on the centre manifold), ``"subcritical"``
        or ``"degenerate"`` (l1 vanishes against its terms), or ``"unresolved"`` without third derivatives or where F_u
        is singular.  ``l1_imag`` is the imaginary part of the same coefficient; along the orbits ``mu = mu2 r**2`` and
        the frequency is ``omega + omega2 r**2``, for ``x = u0 + 2 Re(q r exp(i phase))`` with ``|q| = 1``, as for
        `EmanatingOrbit`; both are left out where the speed vanishes against its terms: the pair does not cross.

        Several equal pairs have no such coefficients.  Where a symmetry was declared ``orbits`` is a tuple of dicts,
        one for each family of periodic orbits that it brings about (`equivariant_hopf`): ``name`` (``"rotating wave"``,
        ``"standing wave"``, ``"symmetric oscillation"``), ``symmetry`` in words, its own ``l1`` and ``criticality``,
        and ``stable``, whether its small orbits are (None: terms of third order do not decide).

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
    found = {"omega": pair.omega} | multiplicities(local, pair)
    if found["multiplicity"] > 1:
        return found | several_pairs(local, pair)
    found |= crossing(local, pair)
    if not local.smooth:
        return found | {"criticality": "unresolved"}
    reduction = Reduction(local, conjugates([pair]))
    c1 = complex(reduction.coefficient(0, 0, 0, 1) / 2)
    l1 = c1.real / pair.omega
    if not (np.isfinite(c1) and np.isfinite(l1)):
        return found | {"criticality": "unresolved"}
    sizes = [VANISHES * cubic_size(reduction) / pair.omega, local.noise(pair.adjoint, 3) / pair.omega]
    found |= {"l1": l1, "criticality": VERDICTS[sign_of(l1, *sizes)], "l1_imag": c1.imag / pair.omega}
    if not sign_of(found.get("speed", 0.0), speed_noise(local, pair)):
        return found
    mu2 = 0.0 - c1.real / found["speed"]
    return found | {"mu2": mu2, "omega2": found["turn"] * mu2 + c1.imag}


def multiplicities(local, pair) -> dict:
    """How many pairs are equal to this one, and the others on the axis."""
    counts = local.critical_frequencies()
    own = [k for k, (omega, _) in enumerate(counts) if abs(omega - pair.omega) <= EQUAL * pair.omega]
    others = tuple(count for k, count in enumerate(counts) if k not in own)
    return {"multiplicity": max([counts[k][1] for k in own], default=1)} | ({"others": others} if others else {})


def several_pairs(local, pair) -> dict:
    """What is known of a Hopf point with several equal pairs: their speeds, and orbits where there is a symmetry."""
    pairs = local.equal_pairs(pair)
    if pairs is None:
        return {"degenerate": "the equal pairs are not semisimple"}
    moving = np.linalg.eigvals(speeds(local, pairs))
    found = {}
    if np.all(np.isfinite(moving)) and np.ptp(moving.real) + np.ptp(moving.imag) <= EQUAL * np.max(np.abs(moving)):
        found = {"speed": float(np.mean(moving.real)), "turn": float(np.mean(moving.imag))}
    if not (has_symmetry(local) and local.smooth):
        return found | {"degenerate": "several equal pairs: declare `symmetries` to know the orbits"}
    return found | orbits_of(local, pairs)


def bautin(local: Local) -> dict:
    """Bautin point (generalised Hopf): ``r' = r omega (l1 r**2 + l2 r**4)`` where l1 vanishes.

    In the same coordinates ``phase' = omega (1 + l1_imag r**2 + l2_imag r**4)``.

    Returns
    -------
    dict
        ``omega``, ``l1`` as for `hopf` (the remainder of the location) and ``l2 = Re(c2)/omega`` with ``12 c2`` the
        coefficient of ``w**3 conj(w)**2`` times its factorials (Kuznetsov 1999; book, section 8.3), scaled by
        ``<q, q> = <p, q> = 1``; ``l1_imag, l2_imag``, the imaginary parts of the same coefficients over omega;
        ``speeds, turns``, tuples: how real and imaginary part of the eigenvalue move with each varied parameter.

    Notes
    -----
    With ``<p, h> = 0`` throughout; other choices of the amplitude, ``w (1 + a |w|**2)``, move l2_imag by
    ``2 Re(a) l1_imag``, no other coefficient.
    """
    pairs = local.pairs(1)
    if not pairs:
        return dict(NO_PAIR)
    if not local.smooth:
        return {"omega": pairs[0].omega, "degenerate": "F has no third derivatives"}
    reduction, omega = Reduction(local, conjugates(pairs)), pairs[0].omega
    c1, c2 = reduction.coefficient(0, 0, 0, 1) / 2, reduction.coefficient(0, 0, 0, 0, 1, 1) / 12
    found = {"omega": omega, "l1": float(c1.real / omega), "l2": float(c2.real / omega)}
    return found | {"l1_imag": float(c1.imag / omega), "l2_imag": float(c2.imag / omega)} | movements(local, pairs[0])


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


def crossing(local, pair, k=0) -> dict:
    """Speed of the eigenvalue with parameter number k: ``<p, D2F[(u', 1), (q, 0)]>`` with ``A u' = -F_p``.

    Empty where it is no number.
    """
    along = along_equilibria(local, k)
    value = np.conj(pair.adjoint) @ local.forms.form(along, pair.vector) if np.all(np.isfinite(along)) else np.nan
    return {"speed": float(value.real), "turn": float(value.imag)} if np.isfinite(value) else {}


def along_equilibria(local, k=0) -> np.ndarray:
    """``(u', 1)``: how the equilibria move with parameter number k; NaN where F_u is singular."""
    along = local.parameter(k)
    along[: len(local.u)] = bordered_solution(local.jacobian, [], [], -local.forms.form(local.parameter(k)))
    return along


def speed_noise(local, pair) -> float:
    """Size below which the speed with the first parameter is none: against its terms, rounding, and location."""
    along, parameter = along_equilibria(local), local.parameter()
    states, n = along - parameter, len(local.u)
    terms = [np.abs(local.forms.form(part, pair.vector)) for part in (states, parameter)]
    length = np.linalg.norm(np.append(states[:n] / local.units, 1.0 / local.parameter_unit))
    noise = local.noise(pair.adjoint, 1) * length / local.reach
    return max(VANISHES * float(np.abs(pair.adjoint) @ np.sum(terms, axis=0)), noise)


def movements(local, pair, suffix="") -> dict:
    """Tuples ``speeds`` and ``turns`` of a pair, one entry for each varied parameter; nothing where F_u is singular."""
    each = [crossing(local, pair, k) for k in range(len(local.active))]
    if not all(each):
        return {}
    return {f"{name}s{suffix}": tuple(moved[name] for moved in each) for name in ("speed", "turn")}


def cubic_size(reduction) -> float:
    """Size of the terms of the cubic coefficient of a pair before they cancel."""
    q, p = reduction.variables[0].vector, reduction.variables[0].adjoint
    form, h = reduction.forms.form, reduction.manifold
    terms = form(q, q, q.conj()), 2 * form(q, h(0, 1)), form(q.conj(), h(0, 0))
    return float(np.sum(np.abs(p) @ np.abs(np.transpose(terms))))
