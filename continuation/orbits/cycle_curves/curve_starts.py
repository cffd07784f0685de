"""From a special point of a branch of periodic orbits to the curve through it in two parameters, and a start on it."""

import numpy as np

from continuation.equations.derivatives import state_jacobian
from continuation.equations.measures.magnitudes import magnitude_of_parameter
from continuation.equations.measures.measure import measured
from continuation.ground.arguments import shown
from continuation.ground.points import SpecialPoint, Start
from continuation.ground.status import Kind, StartError
from continuation.orbits.cycle_curves.cycle_curve import CycleCurve
from continuation.orbits.cycle_curves.cycle_curve_operations import CRITICAL, CurveEquations
from continuation.orbits.refusals import check_equilibrium, equilibrium_at
from continuation.orbits.starts import (
    critical_pair,
    given_parameters,
    imaginary_pairs,
    least_change,
    measured_there,
    times_of,
)

# What begins at points of codimension two of the equilibria, orbits of which amplitudes are tried beside them, in units
# of the states, and how far those may be from the linear ones.
FROM_EQUILIBRIA = {
    Kind.BAUTIN: Kind.FOLD,
    Kind.ZERO_HOPF: Kind.NEIMARK_SACKER,
    Kind.HOPF_HOPF: Kind.NEIMARK_SACKER,
}
AMPLITUDES, BENT = (0.1, 0.03, 0.01, 0.003), 0.3
# A value of a parameter is next to zero below this part of its magnitude by the span: ten times less and curves that
# begin there take a thousand steps to cross the span, ten times more and values of ordinary size are not looked at.
NEXT_TO_ZERO = 0.1
# ... and where the span is infinite below this part of its default, where it is what rounding left of zero.
NOTHING = 1e-12
UNLIMITED = (-np.inf, np.inf)


def curve_and_start(cycles, point, names, kind=None, limits=None) -> tuple:
    """The curve through a special point of a branch of periodic orbits, and a `Start` on it.

    Parameters
    ----------
    cycles : PeriodicOrbits
    point : SpecialPoint
        A fold, period doubling or Neimark-Sacker point of a branch of periodic orbits; or a degenerate Hopf, zero-Hopf
        or Hopf-Hopf point of the equilibria, at which a curve begins.
    names : (str, str)
    kind : Kind, optional
        Of curve, where it is asked for.
    limits : mapping, optional
        Name -> (low, high), which tells what a parameter is measured in where nothing else does.

    Raises
    ------
    ValueError
        The point is of another kind or problem, or was not located.
    StartError
        No point of the curve was found there.
    """
    is_point = isinstance(point, SpecialPoint)
    if is_point and point.kind in FROM_EQUILIBRIA and tuple(point.state_names) == cycles.base.states:
        return from_equilibrium(cycles, point, names, kind, limits or {})
    check_curve_point(cycles, point, kind)
    n, active = len(cycles.base.states), cycles.index_of(names[0])
    mesh = point.context[: len(point.context) - 2 * n]
    count = len(mesh) * n * cycles.degree
    profile, period = point.unknowns[:count].reshape(-1, n), point.unknowns[count]
    first, second = (weight_of(cycles, point, name, limits or {}) for name in names)
    metric = point.weights[:count].reshape(-1, n).sum(axis=0)
    there = cycles.at_orbit(mesh, profile, period, measured(cycles.base, np.append(metric, first)))
    p = given_parameters(cycles, point, None)
    curve = CycleCurve(there, point.kind, names, second)
    kappa = [critical_kappa(point)] if curve.auxiliary else []
    x = np.concatenate([profile.ravel(), [period], kappa, varied_values(cycles, names, p)])
    y, tangent = on_curve(curve, x, p, active)
    if y is None:
        raise StartError(
            f"start: no point of the curve of {point.label} was found; was it found with other parameters?"
        )
    p = curve.parameters_at(y, p)
    return curve, Start(y, tangent, p, names[0], problem=curve)


def varied_values(cycles, names, p) -> list:
    """Values of the second and of the first of two parameters, as unknowns have them."""
    return [p[cycles.index_of(name)] for name in reversed(names)]


def weight_of(cycles, point, name, limits) -> float:
    """Weight of a parameter in the inner product: that of the branch of the point, where it was varied.

    Elsewhere by its value; where that is next to zero by a finite span, else by its default.
    """
    if name in point.vary and point.weights is not None:
        return float(point.weights[-1 - point.vary.index(name)])
    value, usual = abs(point.parameters[name]), cycles.parameters[name]
    by_span = magnitude_of_parameter(usual, limits.get(name, UNLIMITED))
    finite = np.all(np.isfinite(limits.get(name, UNLIMITED)))
    return (value if value > (NEXT_TO_ZERO if finite else NOTHING) * by_span else by_span) ** -2.0


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


def from_equilibrium(cycles, point, names, kind, limits) -> tuple:
    """The curve that begins at a point of codimension two of the equilibria, and a start of small amplitude on it.

    Where several pairs are critical the orbits have the largest frequency.
    """
    wanted = FROM_EQUILIBRIA[point.kind]
    if kind is not None and kind is not wanted:
        raise ValueError(f"curve: the one that begins at {point.label} is of kind {wanted.name}, got {shown(kind)}")
    active, p, u = cycles.index_of(names[0]), given_parameters(cycles, point, None), equilibrium_at(cycles, point)
    check_equilibrium(cycles.base, point, u, p)
    base, mode, omegas = linear_orbit(cycles, point, u, p, names[0], limits)
    mesh, period = np.full(cycles.intervals, 1 / cycles.intervals), 2 * np.pi / omegas[0]
    for amplitude in AMPLITUDES:
        profile = u + amplitude * mode
        there = cycles.at_orbit(mesh, profile, period, base)
        for kappa in kappas_beside(point, omegas, amplitude) if wanted is Kind.NEIMARK_SACKER else ([],):
            curve = CycleCurve(there, wanted, names, weight_of(cycles, point, names[1], limits))
            rest = [period, *kappa, *varied_values(cycles, names, p)]
            x, held = np.append(profile, rest), np.append(mode, np.zeros(len(rest)))
            y, tangent = on_curve(curve, x, p, active, held)
            weights = curve.inner_weights() * (np.arange(len(x)) < mode.size)
            if y is not None and weights @ (y - x) ** 2 <= (BENT * amplitude) ** 2 * (weights @ held**2):
                rest = [period, *([1.0] if point.kind is Kind.ZERO_HOPF else kappa), *rest[-2:]]
                at = np.append(np.tile(u, len(mode)), rest)
                return curve, outward_start(curve, point, at, held, (y, tangent), p, words_on_others(point, omegas))
    raise StartError(f"start: no point of the curve that begins at {point.label} was found beside it")


def linear_orbit(cycles, point, u, p, name, limits) -> tuple:
    """The linear orbit of the largest frequency at an equilibrium u (n,).

    Returns the vector field in the units that it has there, the orbit's distances from u at the nodes of an even mesh
    (L m, n), of mean square 2 in those units, and the frequencies of all imaginary pairs, the largest first.
    """
    a, active = state_jacobian(cycles.base, u.copy(), p), cycles.index_of(name)
    omegas = np.sort(imaginary_pairs(a, point)[0])[::-1]
    _, q, _ = critical_pair(a, point, omegas[0])
    weights = measured_there(cycles.base, u[None], p, active, limits.get(name, UNLIMITED), q).inner_weights()
    weights[-1] = weight_of(cycles, point, name, limits)
    q = q / np.sqrt(weights[:-1] @ np.abs(q) ** 2)
    times = times_of(np.full(cycles.intervals, 1 / cycles.intervals), cycles.degree)
    base = measured(cycles.base, weights, p, np.append(u, p[active]), active)
    return base, 2 * np.real(np.exp(2j * np.pi * times)[:, None] * q), omegas


def outward_start(curve, point, at, held, ahead, p, words) -> Start:
    """The start at the point itself, which is the curve's first row `at` (N,), with an orbit and its tangent ahead."""
    weights, (y, tangent) = curve.inner_weights(), ahead
    tangent = tangent if np.sum(weights * tangent * held) > 0.0 else -tangent
    begun = {"problem": curve, "origin": point, "ahead": np.array([(y, tangent)]), "moved": words}
    return Start(at, held / np.sqrt(weights @ held**2), p, curve.vary[0], outward=True, **begun)


def words_on_others(point, omegas) -> str:
    """What is to be said where another curve begins at the same point."""
    if point.kind is not Kind.HOPF_HOPF:
        return ""
    return (
        f"curves of Neimark-Sacker points of the orbits of every pair begin at {point.label}: this is that of omega = "
        f"{omegas[0]:.6g}; trace the orbits of omega = {omegas[1]:.6g} from a Hopf point beside it for the other"
    )


def kappas_beside(point, frequencies, amplitude) -> list:
    """Cosines of the angle to try: of the other pair, or near 1, where a zero eigenvalue leaves a slow rotation."""
    if len(frequencies) > 1:
        return [[np.cos(2 * np.pi * frequencies[1] / frequencies[0])]]
    return [[1 - share * amplitude**2] for share in (1.0, 10.0, 0.1, 100.0)]


def on_curve(curve, x, p, active, held=None) -> tuple:
    """The point of the curve near x, and its tangent; (None, None) where there is none.  Makes its borders.

    The nearest one, or with the part of `held` (N,) in it that x has.
    """
    equations = CurveEquations.bordered_at(curve, x, p, active)
    if equations is None:
        return None, None
    if held is None:
        y, tangent = least_change(equations, x)
    else:
        y, tangent = equations.correct(x, equations.weights * held / equations.length(held))
    if y is None:
        return None, None
    equations.renew(y, tangent)
    return y, tangent if tangent[-1] >= 0.0 else -tangent
