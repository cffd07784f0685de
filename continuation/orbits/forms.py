"""Normal forms of special points on branches of periodic orbits: folds, period doublings, Neimark-Sacker points.

Near the orbit ``u = u0(tau) + xi v(tau) + ...`` with a phase tau and one amplitude xi, real or complex; the
coefficients of their equations follow from solvability of linear equations along u0, order by order (Iooss,
J. Differential Equations 76, 1988; Kuznetsov, Govaerts, Doedel and Dhooge, SIAM J. Numer. Anal. 43, 2005).  All are per
unit of time t, ``<a, b>`` is the Euclidean product, means are over the period, B and C are the second and third
derivatives of F, A is F_u; v has mean square 1, the adjoint null function w ``mean <w, v> = 1``.
"""

from functools import cached_property

import numpy as np

from continuation.equations.derivatives import evaluate_each, state_jacobian
from continuation.equations.multilinear import Multilinear
from continuation.orbits.profiles.basis import basis
from continuation.orbits.variational import Variational

# A coefficient below this of the terms it is the sum of is zero.  Orbits are known to 1e-8 or so, B and C by
# differences to 1e-8: ten times smaller takes their errors for a verdict, ten times larger calls weak nonlinearities
# degenerate.
VANISHES = 1e-6
# Singular values of a closing, relative to the largest, below which it has one more null vector.  Multipliers are known
# to 1e-9 or better: ten times smaller misses double ones on coarse meshes, ten times larger refuses points beside them.
RANK = 1e-7
# Distance in angle from 2 pi/k, k = 1 to 4, that is a strong resonance.  Beside 2 pi/3 the coefficient d grows like the
# inverse of the distance; angles are known to 1e-8: ten times smaller misses resonances on coarse meshes, ten times
# larger refuses points whose d still has four digits.
RESONANT = 1e-5
VERDICTS = {-1: "supercritical", 0: "degenerate", 1: "subcritical"}  # by the sign of c or Re d


class CriticalOrbit:
    """A periodic orbit at a special point: Gauss points, derivatives there, linear equations along it.

    Parameters
    ----------
    problem : Problem
        The vector field.
    p : (k,) array
        All parameters and constants.
    active : int
        Place of the varied one.
    mesh : (L,) array
        Lengths of the intervals, of a whole period 1.
    profile : (L m, n) array
        States at the nodes of `continuation.orbits.profiles.basis`.
    period : float

    Notes
    -----
    Its time begins on the interval where the orbit moves fastest, so that F is far from 0 there.
    """

    def __init__(self, problem, p, active, mesh, profile, period):
        count, n = len(mesh), profile.shape[1]
        m = len(profile) // count
        nodes = profile.reshape(count, m, n)
        nodes = np.concatenate([nodes, np.roll(nodes[:, :1], -1, axis=0)], axis=1)
        points = np.einsum("jq,iqa->ija", basis(m).values, nodes)
        slopes = np.einsum("jq,iqa->ija", basis(m).slopes, nodes) / (mesh[:, None, None] * period)
        turn = -int(np.argmax(np.sum(slopes[:, 0] ** 2, axis=1)))
        self.points, self.steps = np.roll(points, turn, axis=0), np.roll(np.asarray(mesh) * period, turn)
        self.problem, self.p, self.active, self.period = problem, np.array(p, float), active, float(period)
        self.forms = Multilinear(problem, self.points.reshape(-1, n), self.p, [active])
        self.smooth = getattr(problem, "smoothness", 3) >= 3

    @cached_property
    def equations(self) -> Variational:
        """The linear equations along the orbit."""
        shape, differenced = self.points.shape, "jacobian" not in self.problem.functions
        each = [state_jacobian(self.problem, u, self.p, independent=differenced) for u in self.forms.u]
        return Variational(self.steps, np.reshape(each, (*shape, shape[2])))

    @cached_property
    def field(self) -> np.ndarray:
        """(L, m, n) F along the orbit."""
        u = self.forms.u
        return evaluate_each(self.problem, u, np.tile(self.p, (len(u), 1))).reshape(self.points.shape)

    @cached_property
    def pushed(self) -> np.ndarray:
        """(L, m, n) F_p along the orbit."""
        return self.form(np.append(np.zeros(self.points.shape[2]), 1.0))

    def form(self, *directions) -> np.ndarray:
        """(L, m, n) derivative of F applied to functions (L, m, n) or (L, m, n + 1), or constants (n + 1,)."""
        shape = self.points.shape
        wide = [np.broadcast_to(d, (*shape[:2], np.shape(d)[-1])) for d in directions]
        return self.forms.form(*(d.reshape(shape[0] * shape[1], -1) for d in wide)).reshape(shape)

    def along(self, v) -> np.ndarray:
        """A v along the orbit."""
        return np.einsum("ijab,ijb->ija", self.equations.jacobians, v)

    @cached_property
    def moved(self) -> tuple:
        """How the orbit follows the parameter: its derivative (L, m, n + 1), and that of the frequency over itself."""
        derivative, share = self.periodic(self.pushed)
        return np.concatenate([derivative, np.ones((*derivative.shape[:2], 1))], axis=2), share

    def periodic(self, r) -> tuple:
        """Periodic g, orthogonal to F on the mean, and the number a of ``g' - A g + a F = r``."""
        equations, side, field = self.equations, self.equations.side(r), self._field_side
        closing, n = equations.closing(1.0), self.points.shape[2]
        matrix = np.zeros((n + 1, n + 1))
        matrix[:n, :n], matrix[:n, n], matrix[n, :n] = closing, field.total, np.linalg.svd(closing)[2][-1]
        found = np.linalg.solve(matrix, np.append(side.total, 0.0))
        whole = type(side)(
            side.stages - found[n] * field.stages,
            [a - found[n] * b for a, b in zip(side.firsts, field.firsts)],
            side.total - found[n] * field.total,
        )
        g = equations.function(found[:n], 1.0, whole)
        return g - self.field * (equations.mean(self.field, g) / equations.mean(self.field, self.field)), found[n]

    @cached_property
    def _field_side(self):
        return self.equations.side(self.field)


class Critical:
    """A simple multiplier kappa on the unit circle: its function v (L, m, n) of mean square 1, means with its adjoint.

    ``multiplicity`` counts the null vectors of the closing, and one more where a single one has no adjoint: then kappa
    is a multiple multiplier all the same, as at 1:2 resonances.
    """

    def __init__(self, orbit, kappa):
        self.orbit, self.kappa = orbit, kappa
        left, sizes, right = np.linalg.svd(orbit.equations.closing(kappa))
        self.multiplicity = max(int(np.sum(sizes <= RANK * sizes[0])), 1)
        v = orbit.equations.function(np.conj(right[-1]), kappa)
        self.v, self.left = v / orbit.equations.size(v), left[:, -1]
        terms = np.conj(self.left) * orbit.equations.side(self.v).total
        self.unit = np.sum(terms)
        if abs(self.unit) <= RANK * np.sum(np.abs(terms)):  # against its terms: these have the units of all states
            self.multiplicity = max(self.multiplicity, 2)

    def _raw(self, r):
        """Mean with an adjoint null function of any size."""
        return np.vdot(self.left, self.orbit.equations.side(r).total)

    def mean(self, r):
        """``mean <w, r>`` with ``mean <w, v> = 1``; NaN where there is no such w."""
        return self._raw(r) / self.unit if self.unit else np.nan

    def speed(self, rate) -> complex:
        """Derivative of the exponent by the parameter, ``v' = A v - rate v`` per unit of time."""
        derivative, share = self.orbit.moved
        direction = np.concatenate([self.v, np.zeros((*self.v.shape[:2], 1))], axis=2)
        return self.mean(self.orbit.form(derivative, direction) - share * (self.orbit.along(self.v) - rate * self.v))


def fold(orbit) -> dict:
    """Fold of periodic orbits: ``tau' = 1 - stretch xi + ..., xi' = drift mu + b xi**2``.

    Returns
    -------
    dict
        ``b``; ``drift``, for the varied parameter; ``stretch``: orbits of the branch have the period ``T (1 + stretch
        xi)`` at ``mu = -(b/drift) xi**2``, and a multiplier ``exp(2 b xi T)``; ``opens``, 1 or -1, the side along the
        parameter on which they lie.  With v of mean square 1 and ``mean <v, F> = 0``, xi growing with the amplitude
        (the mean square distance from the mean).  Where b vanishes, or two more multipliers are 1, ``degenerate`` says
        so.

    Notes
    -----
    ``v' - A v = stretch F``, ``b = mean <phi, B(v, v) + 2 stretch A v>/2``, ``drift = mean <phi, F_p>`` with the
    adjoint null function phi, ``mean <phi, F> = 0``, ``mean <phi, v> = 1``.  Kuznetsov et al. have stretch = 1, which
    leaves out folds where the period does not change; theirs is b/stretch.
    """
    v, stretch, left = turning_direction(orbit)
    if v is None:
        return {"degenerate": "more than two multipliers are 1"}

    def mean(r):
        return float(left @ orbit.equations.side(r).total)

    unit, size = mean(v), orbit.equations.size
    square, slope = orbit.form(v, v), 2 * stretch * orbit.along(v)
    if abs(unit) <= RANK * np.linalg.norm(left) * np.sum(orbit.steps):
        return {"stretch": stretch, "degenerate": "1 is more than a double multiplier"}
    b, drift = mean(square + slope) / (2 * unit), mean(orbit.pushed) / unit
    found = {"b": b, "drift": drift, "stretch": stretch}
    bend = sign_of(b, size(square) + size(slope))
    if not bend:
        return found | {"degenerate": "the quadratic coefficient vanishes, as at a cusp of cycles"}
    return found | {"opens": -bend * sign_of(drift, 0.0)}


def turning_direction(orbit) -> tuple:
    """The function v of a fold and its stretch, and the left null vector of phi; None where there are several."""
    equations, n = orbit.equations, orbit.points.shape[2]
    scale, field = orbit.equations.size(orbit.field), orbit.field
    whole = np.column_stack([equations.closing(1.0), orbit._field_side.total / scale])
    left, sizes, right = np.linalg.svd(whole)
    if n > 1 and sizes[-2] <= RANK * sizes[0]:
        return None, np.nan, None
    pair = []
    for vector in right[-2:]:
        rate = -vector[n] / scale
        side = equations.side(rate * field)
        pair.append((equations.function(vector[:n], 1.0, side), rate))
    parts = [equations.mean(field, g) for g, _ in pair]
    v = parts[1] * pair[0][0] - parts[0] * pair[1][0]
    stretch = parts[1] * pair[0][1] - parts[0] * pair[1][1]
    apart = orbit.points - np.einsum("ij,ija->a", equations.weights, orbit.points)
    growth = equations.mean(apart, v) / (equations.size(apart) * equations.size(v))
    turned = growth if abs(growth) > VANISHES else stretch  # where the amplitude is stationary too, the period grows
    unit = np.copysign(equations.size(v), turned)
    return v / unit, float(stretch / unit), left[:, -1]


def period_doubling(orbit) -> dict:
    """Period doubling: ``tau' = 1 + a xi**2, xi' = speed mu xi + c xi**3``.

    Returns
    -------
    dict
        ``c`` and ``criticality``, ``"supercritical"`` (c < 0: the orbits of twice the period are stable on the centre
        manifold), ``"subcritical"``, ``"degenerate"`` (c vanishes against its terms) or ``"unresolved"``; ``a``;
        ``speed``, the derivative of the critical exponent, ``log|multiplier|/T``, by the varied parameter, and ``mu2``:
        the doubled orbits are ``u0(tau) + xi v(tau) + ...`` at ``mu = mu2 xi**2``.  v is antiperiodic with mean square
        1.  Where more than one multiplier is -1 ``degenerate`` says so.

    Notes
    -----
    ``v' = A v``; ``h2' - A h2 + 2 a F = B(v, v)``; ``c = mean <w, C(v, v, v) + 3 B(v, h2) - 6 a A v>/6``.
    """
    critical = Critical(orbit, -1.0)
    if critical.multiplicity > 1:
        return {"criticality": "unresolved", "degenerate": f"{critical.multiplicity} multipliers are -1"}
    if not orbit.smooth:
        return {"criticality": "unresolved", "degenerate": "F has no third derivatives"}
    v = critical.v
    second, twice = orbit.periodic(orbit.form(v, v))
    terms = [orbit.form(v, v, v), 3 * orbit.form(v, second), -3 * twice * orbit.along(v)]
    c = float(critical.mean(sum(terms)) / 6)
    found = {"c": c, "a": float(twice / 2)} | verdict(orbit, c, [term / 6 for term in terms])
    speed = float(critical.speed(0.0))
    return found | {"speed": speed} | ({"mu2": -c / speed} if speed else {})


def neimark_sacker(orbit) -> dict:
    """Neimark-Sacker point: ``tau' = 1 + a |xi|**2, xi' = (i omega + sigma mu) xi + (d + i d_imag) xi |xi|**2``.

    Returns
    -------
    dict
        ``angle`` of the multiplier, in (0, pi), and ``omega = angle/T``; ``d`` and ``criticality``,
        ``"supercritical"`` (d < 0: the torus is stable on the centre manifold), ``"subcritical"``, ``"degenerate"`` (d
        vanishes against its terms) or ``"unresolved"``; ``d_imag, a``; ``speed`` and ``turn``, real and imaginary part
        of sigma, the derivative of the critical exponent by the varied parameter; ``mu2``: the tori are ``u0(tau) + 2
        Re(xi v(tau)) + ...`` with ``|xi| = r`` at ``mu = mu2 r**2``.  v has period T and mean square 1.  At strong
        resonances, angles of 2 pi/k with k = 1 to 4, d decides nothing: ``degenerate`` names them.

    Notes
    -----
    ``v' - A v + i omega v = 0``; ``h11' - A h11 + a F = B(v, v*)``; ``h20' - A h20 + 2 i omega h20 = B(v, v)``; ``d + i
    d_imag = mean <w, C(v, v, v*) + 2 B(v, h11) + B(v*, h20)>/2 - a mean <w, A v - i omega v>``.  Another omega, by a
    multiple of ``2 pi/T``, would add that of a to d_imag.  All is solved for ``v exp(i omega t)``, which turns by the
    multiplier each period, so that no complex elimination is needed.
    """
    values = orbit.equations.multipliers()
    upper = values[values.imag > 0]
    if not len(upper):
        return {"criticality": "unresolved", "degenerate": "no multipliers are a complex pair"}
    kappa = upper[np.argmin(np.abs(np.log(np.abs(upper))))]
    angle = float(np.angle(kappa))
    omega, kappa = angle / orbit.period, np.exp(1j * angle)
    found = {"omega": omega, "angle": angle}
    for k in range(1, 5):
        if abs(angle - 2 * np.pi / k) <= RESONANT or (k == 1 and angle <= RESONANT):
            return found | {"criticality": "unresolved", "degenerate": f"strong resonance 1:{k}"}
    critical = Critical(orbit, kappa)
    if critical.multiplicity > 1:
        return found | {"criticality": "unresolved", "degenerate": f"{critical.multiplicity} equal pairs"}
    if not orbit.smooth:
        return found | {"criticality": "unresolved", "degenerate": "F has no third derivatives"}
    v, equations = critical.v, orbit.equations
    mixed, a = orbit.periodic(orbit.form(v, np.conj(v)).real)
    side = equations.side(orbit.form(v, v))
    square = equations.function(np.linalg.solve(equations.closing(kappa**2), side.total), kappa**2, side)
    terms = [
        0.5 * orbit.form(v, v, np.conj(v)),
        orbit.form(v, mixed),
        0.5 * orbit.form(np.conj(v), square),
        -a * (orbit.along(v) - 1j * omega * v),
    ]
    d, sigma = complex(critical.mean(sum(terms))), complex(critical.speed(1j * omega))
    found |= {"d": d.real, "d_imag": d.imag, "a": float(a)} | verdict(orbit, d.real, terms)
    return found | {"speed": sigma.real, "turn": sigma.imag} | ({"mu2": -d.real / sigma.real} if sigma.real else {})


def verdict(orbit, value, terms) -> dict:
    """The criticality that a coefficient decides, made of these terms."""
    if not np.isfinite(value):
        return {"criticality": "unresolved"}
    return {"criticality": VERDICTS[sign_of(value, sum(orbit.equations.size(term) for term in terms))]}


def sign_of(value, size) -> int:
    """Sign of a coefficient; 0 where it vanishes against the size of its terms, or is no number."""
    if not np.isfinite(value) or abs(value) <= VANISHES * size:
        return 0
    return 1 if value > 0 else -1
