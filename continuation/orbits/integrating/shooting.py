"""An orbit checked by integration: does each piece lead to the next, what are its multipliers, does the flow stay."""

from dataclasses import dataclass, field

import numpy as np
from scipy.spatial import cKDTree

from continuation.ground.arguments import check_problem
from continuation.ground.names import check_whole
from continuation.orbits.integrating.discrete_qr import APART
from continuation.orbits.integrating.integration import Flow, Scaled, Spent, suitable_method
from continuation.orbits.integrating.newton_shooting import log_multipliers
from continuation.orbits.profiles.orbit import check_orbit

EVALUATIONS = 400_000  # of F and F_u in all
# Integral of |F_u| over one piece: its map then has a condition of e**8 or less, and 8 of 12 digits of the smallest of
# its singular values are left.
STEEP = 8.0
FEWEST, MOST = 8, 128  # pieces
PERIODS = 10  # that the flow is followed
LEFT = 1e-2  # distance from the orbit, relative to the range, that is another one
UNSTABLE = 1e-6  # excess over 1 of a modulus that is no error of the integration
NOISE = np.log(1e-8)  # contraction by one piece that its map still shows with three digits
LARGEST = np.log(np.finfo(float).max)
CURVE = 4000  # points of the orbit, at least, that distances are measured from: 1e-6 of the range with a smooth one


@dataclass(frozen=True, eq=False)
class ShootingReport:
    """What integration says of an orbit.

    Attributes
    ----------
    fractions : (k + 1,) array
        Ends of the pieces in units of the period, from 0 to 1.
    errors : (k,) array
        Of each piece: how far beside the start of the next the flow from its own start passes (across the flow), the
        largest component relative to the state's range; NaN where it was not integrated.
    delays : (k,) array
        Of each piece: how much later the flow passes there, in units of the period.
    exponents : (n,) complex array
        Logarithms of the multipliers by falling modulus, the trivial one among them; NaN where a piece is missing.
    trivial : float
        The trivial multiplier as integrated; its distance from 1 is an error of orbit and integration.
    drift : (periods,) array
        Largest distance from the orbit, relative to the range, in each period of one long integration from its first
        point; NaN after it has left or stopped.
    method : str
        Of `scipy.integrate`: DOP853, or LSODA where the orbit is stiff.
    remark : str
        What could not be done; mostly empty.
    """

    fractions: np.ndarray = field(repr=False)
    errors: np.ndarray = field(repr=False)
    delays: np.ndarray = field(repr=False)
    exponents: np.ndarray = field(repr=False)
    trivial: float
    drift: np.ndarray = field(repr=False)
    method: str
    remark: str = ""

    @property
    def closing(self) -> float:
        """Largest error of a piece; NaN where one is missing."""
        return float(np.max(self.errors))

    @property
    def period_error(self) -> float:
        """How much longer the period is by integration, relative; NaN where a piece is missing."""
        return float(np.sum(self.delays))

    @property
    def multipliers(self) -> np.ndarray:
        """Floquet multipliers (n,), complex, by falling modulus; those beyond 1e308 are cut there."""
        return np.exp(np.minimum(self.exponents.real, LARGEST)) * np.exp(1j * self.exponents.imag)

    @property
    def unstable(self) -> int:
        """Number of multipliers outside the unit circle, the trivial one left out; -1 where they are not known."""
        if np.any(np.isnan(self.exponents)):
            return -1
        others = np.delete(self.exponents.real, np.argmin(np.abs(self.exponents - np.log(complex(self.trivial)))))
        return int(np.sum(others > UNSTABLE))

    @property
    def leaves(self) -> bool:
        """Whether the long integration went to another orbit; what unstable orbits do."""
        return bool(np.any(self.drift > LEFT))

    def __str__(self):
        words = f"pieces close to {self.closing:.1e} of the range, the period to {abs(self.period_error):.1e}"
        stays = "leaves the orbit" if self.leaves else "stays on the orbit"
        count = "multipliers unknown" if self.unstable < 0 else f"{self.unstable} unstable"
        return f"{words}, {count}, the flow {stays} ({self.method})" + (f"; {self.remark}" if self.remark else "")


def shoot(problem, orbit, pieces=None, periods=PERIODS, evaluations=EVALUATIONS) -> ShootingReport:
    """Integrate the flow and its derivative along each piece of an orbit, and the flow alone for some periods.

    Parameters
    ----------
    problem : Problem
        A flow; the parameters are the orbit's.
    orbit : Orbit
    pieces : int, optional
        Default: as many as keep the condition of each piece's map below e**8, 8 to 128.  They are of equal steepness
        (integral of |F_u|), not of equal time.
    periods : int
        How long the flow is followed; 0: not at all.
    evaluations : int
        Of F and F_u in all; what is not reached is NaN.

    Returns
    -------
    ShootingReport

    Raises
    ------
    ValueError
        A problem that is no flow, an orbit of another one.

    Notes
    -----
    The multipliers are those of the product of the pieces' maps between planes across the flow, by QR round the cycle:
    accurate to about 1e-10 relative, however far apart, as long as no single piece contracts beyond 1e-10 (very stiff
    orbits: small moduli are then overestimated); the smallest, where it stands alone, comes from the integral of the
    divergence.  Independent of collocation in all but the points of the orbit.

    Examples
    --------
    Circles of x' = x (1 - r^2) - y, y' = y (1 - r^2) + x: the multiplier is exp(-4 pi).

    >>> from continuation import Problem
    >>> from continuation.orbits.profiles.orbit import Orbit
    >>> problem = Problem.from_expressions({"x": "x - y - x*(x**2 + y**2)", "y": "x + y - y*(x**2 + y**2)"}, {})
    >>> t = np.linspace(0, 2 * np.pi, 100, endpoint=False)
    >>> report = shoot(problem, Orbit(t, np.column_stack([np.cos(t), np.sin(t)]), 2 * np.pi, {}))
    >>> (report.exponents.real / np.pi).round(6).tolist(), report.leaves, report.closing < 1e-7
    ([0.0, -4.0], False, True)
    """
    check_problem(problem)
    if problem.stability is None:
        raise ValueError(f"{problem.name}: wanted a flow u' = F(u), got a problem with stability=None")
    p, n = check_orbit(orbit).checked_for(problem), len(problem.unknown_names)
    periods = check_whole("periods", periods, 0)
    flow = Flow(problem, p, check_whole("evaluations", evaluations, 1))
    scaled, phases, steep = _in_units(flow, orbit)
    if pieces is None:
        pieces = int(np.clip(np.ceil(steep[-1] / STEEP), FEWEST, MOST))
    fractions = np.interp(np.linspace(0.0, steep[-1], check_whole("pieces", pieces, 1) + 1), steep, phases)
    starts = scaled.inward(orbit(orbit.times[0] + fractions[:-1] * orbit.period))
    errors, delays, drift = np.full(pieces, np.nan), np.full(pieces, np.nan), np.full(periods, np.nan)
    exponents, trivial, remark = np.full(n, np.nan, complex), np.nan, ""
    try:
        maps, determinant = _along(scaled, fractions, starts, errors, delays)
        if len(maps) == pieces:
            trivial = _trivial(scaled, starts, maps)
            logs = _completed(log_multipliers(scaled, starts, maps), determinant, pieces)
            logs = np.append(logs, np.log(complex(trivial)))
            exponents = logs[np.argsort(-logs.real, kind="stable")]
            _follow(scaled, starts[0], _curve(scaled, orbit), drift)
        else:
            remark = f"the integration of piece {len(maps) + 1} of {pieces} failed"
    except Spent:
        remark = f"the {evaluations} evaluations did not last"
    return ShootingReport(fractions, errors, delays, exponents, trivial, drift, scaled.method, remark)


def _in_units(flow, orbit) -> tuple:
    """The flow in units of the orbit; phases (m,) and the integral of |F_u| up to each."""
    high, low = orbit.maximum, orbit.minimum
    scale = np.where(high > low, high - low, np.maximum(np.abs(high), np.max(high - low)))
    scaled = Scaled(flow, 0.5 * (high + low), scale, orbit.period)
    mesh = orbit.mesh
    phases = np.unique(np.concatenate([mesh, 0.5 * (mesh[:-1] + mesh[1:]), np.linspace(0.0, 1.0, 65)]))
    norms = scaled.steepness(scaled.inward(orbit(orbit.times[0] + phases * orbit.period)))
    norms = np.where(np.isfinite(norms), norms, 0.0) + 1e-3 * np.max(norms[np.isfinite(norms)], initial=1.0)
    steep = np.concatenate([[0.0], np.cumsum(0.5 * (norms[:-1] + norms[1:]) * np.diff(phases))])
    return scaled._replace(method=suitable_method(steep[-1])), phases, steep


def _along(scaled, fractions, starts, errors, delays) -> tuple:
    """Maps of the pieces, up to the first that fails, and the logarithm of the determinant of their product.

    Their errors and delays are written.
    """
    maps, determinant = [], 0.0
    for k, length in enumerate(np.diff(fractions)):
        found = scaled.follow_with_slope(starts[k], (0.0, length))
        if found is None or not np.all(np.isfinite(found[1])):
            break
        after = starts[(k + 1) % len(starts)]
        gap, rate = found[0] - after, scaled.rate(0.0, after)
        delays[k] = -(gap @ rate) / (rate @ rate)
        errors[k] = np.max(np.abs(gap + delays[k] * rate))
        maps.append(found[1])
        determinant += found[2]
    return maps, determinant


def _completed(logs, determinant, pieces) -> np.ndarray:
    """The logarithms, the smallest from the determinant where it is real and the others are above the noise."""
    others = logs[:-1]
    if len(logs) == 0 or (len(others) and others[-1].real - logs[-1].real < APART):
        return logs
    if len(others) and others[-1].real < NOISE * pieces:
        return logs
    angle = np.pi * (round(float(np.sum(others.imag)) / np.pi) % 2)  # the determinant of a flow is positive
    return np.append(others, complex(determinant - np.sum(others.real), angle))


def _trivial(scaled, starts, maps) -> float:
    """Growth of the flow's own direction, piece by piece."""
    rates, product = [scaled.rate(0.0, w) for w in starts], 1.0
    for one, rate, after in zip(maps, rates, rates[1:] + rates[:1]):
        product *= (after @ one @ rate) / (after @ after)
    return float(product)


def _curve(scaled, orbit) -> np.ndarray:
    """Points along the orbit in its units, close together."""
    mesh = orbit.mesh
    inner = mesh[:-1, None] + np.diff(mesh)[:, None] * np.arange(8) / 8
    phases = np.unique(np.concatenate([inner.ravel(), np.linspace(0.0, 1.0, CURVE)[:-1]]))
    return scaled.inward(orbit(orbit.times[0] + phases * orbit.period))


def _follow(scaled, w, curve, drift):
    """Follow the flow for some periods; the distances from the curve are written."""
    tree, ahead = cKDTree(curve), np.roll(curve, -1, axis=0) - curve
    for k in range(len(drift)):
        path = scaled.follow(w, (0.0, 1.0), dense=False)
        if len(path.states) < 2:
            return
        points = path.states[1:]
        near = tree.query(points)[1]
        drift[k] = np.max(np.minimum(_distance(points, curve, ahead, near), _distance(points, curve, ahead, near - 1)))
        if drift[k] > LEFT or not path.complete:
            return
        w = path.states[-1]


def _distance(points, curve, ahead, at) -> np.ndarray:
    """Largest component (m,) of the gap between points and the nearest places of these segments of the curve."""
    gaps, along = points - curve[at], ahead[at]
    length = np.maximum(np.sum(along**2, axis=1), np.finfo(float).tiny)
    share = np.clip(np.sum(gaps * along, axis=1) / length, 0.0, 1.0)
    return np.max(np.abs(gaps - share[:, None] * along), axis=1)
