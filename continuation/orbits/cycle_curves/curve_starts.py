"""From a special point of a branch of periodic orbits to the curve through it in two parameters, and a start on it."""

import numpy as np

from continuation.equations.derivatives import state_jacobian
from continuation.equations.measures.magnitudes import magnitude_of_parameter
from continuation.equations.measures.measure import measured
from continuation.ground.arguments import shown
from continuation.ground.points import SpecialPoint, Start
from continuation.ground.status import Kind, StartError
from continuation.orbits.cycle_curves.cycle_curve import CycleCurve
from continuation.orbits.cycle_curves.cycle_curve_operations import CRITICAL, CurveEquations, generic_row
from continuation.orbits.starts import times_of

# What begins at points of codimension two of the equilibria, orbits of which amplitudes are tried beside them, in units
# of the states, and how far those may be from the linear ones.
FROM_EQUILIBRIA = {
    Kind.BAUTIN: Kind.FOLD,
    Kind.ZERO_HOPF: Kind.NEIMARK_SACKER,
    Kind.HOPF_HOPF: Kind.NEIMARK_SACKER,
}
AMPLITUDES, BENT = (0.1, 0.03, 0.01, 0.003), 0.3
AXIS = 1e-5  # real part of a critical pair, relative to its size, up to which it is one
NOTHING = 1e-8  # value of a parameter that is zero but for the errors of what located it


def curve_and_start(cycles, point, names, kind=None) -> tuple:
    """The curve through a special point of a branch of periodic orbits, and a `Start` on it.

    Parameters
    ----------
    cycles : PeriodicOrbits
    point : SpecialPoint
        A fold, period doubling or Neimark-Sacker point.
    names : (str, str)
    kind : Kind, optional
        Of curve, where it is asked for.

    Raises
    ------
    ValueError
        The point is of another kind or problem, or was not located.
    StartError
        No point of the curve was found there.
    """
    if (
        isinstance(point, SpecialPoint)
        and point.kind in FROM_EQUILIBRIA
        and tuple(point.state_names) == cycles.base.states
    ):
        return from_equilibrium(cycles, point, names, kind)
    check_curve_point(cycles, point, kind)
    n, active = len(cycles.base.states), cycles.index_of(names[0])
    mesh = point.context[: len(point.context) - 2 * n]
    count = len(mesh) * n * cycles.degree
    profile, period = point.unknowns[:count].reshape(-1, n), point.unknowns[count]
    weights = point.weights
    metric = np.append(weights[:count].reshape(-1, n).sum(axis=0), weight_of(point, names[0]))
    there = cycles.at_orbit(mesh, profile, period, measured(cycles.base, metric))
    p = cycles.parameter_values({k: v for k, v in point.parameters.items() if k in cycles.parameters})
    p_q = [p[cycles.index_of(names[1])], p[active]]
    curve = CycleCurve(there, point.kind, names, weight_of(point, names[1]))
    kappa = [critical_kappa(point)] if curve.auxiliary else []
    x = np.concatenate([profile.ravel(), [period], kappa, p_q])
    y, tangent = on_curve(curve, x, p, active)
    if y is None:
        raise StartError(
            f"start: no point of the curve of {point.label} was found; was it found with other parameters?"
        )
    p = curve.parameters_at(y, p)
    return curve, Start(y, tangent, p, names[0], problem=curve)


def weight_of(point, name) -> float:
    """Weight of a parameter in the inner product: that of the point's branch, else by its value."""
    if name == point.vary[0]:
        return float(point.weights[-1])
    return weight_by_value(point, name)


def check_curve_point(cycles, point, kind):
    """Raise where a point is none through which a curve leads."""
    wanted = "wanted a fold (LP), a period doubling (PD) or a Neimark-Sacker point (NS) of a branch of periodic orbits"
    if not isinstance(point, SpecialPoint):
        raise ValueError(f"start: {wanted}, got {shown(point)}")
    if point.context is None or tuple(point.state_names) != cycles.states or point.kind not in CRITICAL:
        raise ValueError(f"start: {wanted}, got {point.label} ({point.kind.name}) of {list(point.state_names)}")
    if not point.located:
        raise ValueError(f"start: {point.label} was not located; trace again with smaller steps around its bracket")
    if kind is not None and kind is not point.kind:
        raise ValueError(f"curve: the one through {point.label} is of kind {point.kind.name}, got {shown(kind)}")
    n, size, intervals = len(cycles.base.states), len(point.unknowns), len(point.context) - 2 * len(cycles.base.states)
    degree = (size - 2) // max(n * intervals, 1)
    if degree != cycles.degree:
        raise ValueError(f"start: {point.label} has orbits of degree {degree}; this problem has degree {cycles.degree}")


def critical_kappa(point) -> float:
    """Cosine of the angle of the pair on the unit circle."""
    values = np.asarray(point.eigenvalues)
    pairs = values[(values.imag > 0.0) & np.isfinite(values)]
    if not len(pairs):
        raise ValueError(f"start: {point.label} has no complex pair of multipliers")
    nearest = pairs[np.argmin(np.abs(np.log(np.abs(pairs))))]
    return float(nearest.real / abs(nearest))


def from_equilibrium(cycles, point, names, kind) -> tuple:
    """The curve that begins at a point of codimension two of the equilibria, and a start of small amplitude on it.

    Where several pairs are critical the orbits have the larger frequency.
    """
    wanted = FROM_EQUILIBRIA[point.kind]
    if kind is not None and kind is not wanted:
        raise ValueError(f"curve: the one that begins at {point.label} is of kind {wanted.name}, got {shown(kind)}")
    active, p = cycles.index_of(names[0]), cycles.base.parameter_values(point.parameters)
    u, n = np.array(point.state, float), len(cycles.base.states)
    base = measured(cycles.base, np.append(np.full(n, 1 / n), weight_by_value(point, names[0])))
    values, vectors = np.linalg.eig(state_jacobian(base, u.copy(), p))
    critical = np.flatnonzero((values.imag > 0) & (np.abs(values.real) <= AXIS * np.abs(values)))
    if not len(critical):
        raise StartError(f"start: no imaginary pair of eigenvalues at {point.label}: other parameters?")
    critical = critical[np.argsort(-values[critical].imag)]
    omega, q = values[critical[0]].imag, vectors[:, critical[0]]
    mesh = np.full(cycles.intervals, 1 / cycles.intervals)
    mode = 2 * np.real(np.exp(2j * np.pi * times_of(mesh, cycles.degree))[:, None] * q / np.linalg.norm(q) * np.sqrt(n))
    for amplitude in AMPLITUDES:
        for kappa in kappas_beside(point, values[critical].imag, amplitude) if wanted is not Kind.FOLD else ([],):
            profile = u + amplitude * mode
            there = cycles.at_orbit(mesh, profile, 2 * np.pi / omega, base)
            curve = CycleCurve(there, wanted, names, weight_by_value(point, names[1]))
            x = np.concatenate([profile.ravel(), [2 * np.pi / omega], kappa, [p[cycles.index_of(names[1])], p[active]]])
            held = np.concatenate([mode.ravel(), np.zeros(len(x) - mode.size)])
            y, tangent = on_curve(curve, x, p, active, held)
            bent = np.inf if y is None else np.linalg.norm((y - x)[: mode.size])
            if bent <= BENT * amplitude * np.linalg.norm(mode):
                return curve, outward_start(curve, point, y, tangent, held, kappa, p, names, u, omega)
    raise StartError(f"start: no point of the curve that begins at {point.label} was found beside it")


def outward_start(curve, point, y, tangent, held, kappa, p, names, u, omega) -> Start:
    """The start at the point itself, which is the curve's first row, with the orbit y (N,) ahead."""
    if len(kappa) and point.kind is Kind.ZERO_HOPF:
        kappa = [1.0]
    values = [p[curve.index_of(name)] for name in reversed(names)]
    nodes = curve.intervals * curve.degree
    x, weights = np.concatenate([np.tile(u, nodes), [2 * np.pi / omega], kappa, values]), curve.inner_weights()
    leaving = held / np.sqrt(np.sum(weights * held**2))
    tangent = tangent if np.sum(weights * tangent * held) > 0.0 else -tangent
    ahead = np.array([(y, tangent)])
    return Start(x, leaving, p, names[0], outward=True, problem=curve, origin=point, ahead=ahead)


def kappas_beside(point, frequencies, amplitude) -> list:
    """Cosines of the angle to try: of the other pair, or near 1, where a zero eigenvalue leaves a slow rotation."""
    if len(frequencies) > 1:
        return [[np.cos(2 * np.pi * frequencies[1] / frequencies[0])]]
    return [[1 - share * amplitude**2] for share in (1.0, 10.0, 0.1, 100.0)]


def weight_by_value(point, name) -> float:
    """Weight of a parameter by its value at a point, 1 where that is zero."""
    value = point.parameters[name]
    return magnitude_of_parameter(value if abs(value) > NOTHING else 0.0, (-np.inf, np.inf)) ** -2.0


def on_curve(curve, x, p, active, held=None) -> tuple:
    """The point of the curve near x, and its tangent; (None, None) where there is none.  Makes its borders.

    The nearest one, or with the part of `held` (N,) in it that x has.
    """
    equations, row = CurveEquations.bordered_at(curve, x, p, active), generic_row(len(x))
    if equations is None:
        return None, None
    first = equations.solve(x, row, np.append(np.zeros(len(x) - 1), 1.0))
    if first is None:
        return None, None
    across = first[0] if held is None else held
    y, tangent = equations.correct(x, equations.weights * across / equations.length(across))
    if y is None:
        return None, None
    equations.renew(y, tangent)
    return y, tangent if tangent[-1] >= 0.0 else -tangent
