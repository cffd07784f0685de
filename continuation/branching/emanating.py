"""The periodic orbits that emanate from a Hopf point, to second order in their amplitude."""

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from continuation.equations.derivatives import parameter_column
from continuation.ground import canonical
from continuation.ground.arguments import check_problem
from continuation.ground.names import check_numbers, check_whole, suggest
from continuation.ground.points import SpecialPoint
from continuation.ground.status import Kind
from continuation.kinds.normal_forms.equivariant_hopf import families, has_symmetry
from continuation.kinds.normal_forms.linear_part import Local

SINGULAR = 1e-8  # relative: a singular value this small leaves no digit of the second-order terms; a slope, no crossing


@dataclass(frozen=True, eq=False)
class EmanatingOrbit:
    """Periodic orbits near a Hopf point, one for each small amplitude eps > 0.

    ``x(t) = u0 + 2 eps Re(q e^{i w t}) + eps**2 (mean + Re(second e^{2 i w t})) + O(eps**3)`` at the parameter
    ``p0 + parameter2 eps**2`` with the frequency ``w = omega + omega2 eps**2``, both up to O(eps**4).

    Attributes
    ----------
    state : (n,) array
        The equilibrium u0 at the Hopf point.
    vary : str
        Name of the parameter.
    parameter, parameter2 : float
        Its value p0 and the coefficient of eps**2.
    omega, omega2 : float
        Frequency and its coefficient.
    q : (n,) complex array
        ``F_u q = i omega q``, of Euclidean length 1; the first of its largest components is real and positive.
    mean, second : (n,) arrays
        Harmonics 0 and 2 of second order; `mean` holds the shift of the equilibrium.
    growth : float
        Derivative of the pair's real part with respect to the parameter, along the equilibria.
    lyapunov : float
        First Lyapunov coefficient l1; negative: supercritical.
    stable : bool or None
        Whether the small orbits are: l1 < 0 and no other eigenvalue has a positive real part; where several equal
        pairs cross, all perturbations within their eigenspace decay too (None: third order does not decide).
    name, symmetry : str
        ``"rotating wave"``, ``"standing wave"``, or ``"symmetric oscillation"`` where the whole group fixes it point by
        point; and its spatio-temporal symmetry in words.  Both are empty where no symmetry is declared, and from
        `emanating_orbit`.
    spatial : Elements or None
        Elements that fix every point of the orbit: in ``problem.restricted(orbit.spatial)`` it is found too.
    """

    state: np.ndarray
    vary: str
    parameter: float
    parameter2: float
    omega: float
    omega2: float
    q: np.ndarray = field(repr=False)
    mean: np.ndarray = field(repr=False)
    second: np.ndarray = field(repr=False)
    growth: float
    lyapunov: float
    stable: bool | None
    name: str = ""
    symmetry: str = ""
    spatial: object = field(default=None, repr=False)

    def parameter_at(self, eps) -> float:
        """Value of the parameter where the orbit has amplitude `eps`."""
        return self.parameter + self.parameter2 * check_numbers("eps", eps, 0) ** 2

    def period_at(self, eps) -> float:
        """Period of the orbit of amplitude `eps`.

        Raises
        ------
        ValueError
            The amplitude is beyond where the expansion means anything (its frequency is not positive).
        """
        frequency = self.omega + self.omega2 * check_numbers("eps", eps, 0) ** 2
        if frequency <= 0:
            raise ValueError(f"eps: {eps!r} is too large for the expansion: its frequency there is {frequency:.3g}")
        return 2 * np.pi / float(frequency)

    def amplitude_at(self, parameter) -> float:
        """Amplitude eps of the orbit at a value of the parameter.

        Raises
        ------
        ValueError
            The orbits are on the other side of the Hopf point.
        """
        gap = check_numbers("parameter", parameter, 0) - self.parameter
        if gap * self.parameter2 < 0 or (self.parameter2 == 0 and gap != 0):
            side = "above" if self.parameter2 > 0 else "below"
            raise ValueError(f"parameter: the orbits have {self.vary} {side} {self.parameter:g}, got {parameter!r}")
        return float(np.sqrt(gap / self.parameter2)) if gap else 0.0

    def sample(self, eps=None, *, parameter=None, points=64) -> tuple:
        """Points of the orbit over one period.

        Parameters
        ----------
        eps : float, optional
            Amplitude.
        parameter : float, optional
            Value of the parameter instead of the amplitude.
        points : int
            Number of times, equally spaced; the end of the period is left out.

        Returns
        -------
        times : (points,) array
        states : (points, n) array

        Raises
        ------
        ValueError
            Neither or both of `eps` and `parameter`, or one that has no orbit.
        """
        if (eps is None) == (parameter is None):
            raise ValueError(f"sample: wanted eps or parameter, got eps={eps!r}, parameter={parameter!r}")
        points = check_whole("points", points)
        eps = self.amplitude_at(parameter) if eps is None else check_numbers("eps", eps, 0)
        phase = 2 * np.pi * np.arange(points) / points
        wave = np.exp(1j * phase)[:, None]
        states = self.state + 2 * eps * (self.q * wave).real + eps**2 * (self.mean + (self.second * wave**2).real)
        return phase / (2 * np.pi) * self.period_at(eps), states


def emanating_orbit(problem, point) -> EmanatingOrbit:
    """Expand the periodic orbits that leave the equilibria at a Hopf point.

    Parameters
    ----------
    problem : Problem
        A flow.
    point : SpecialPoint
        Of `Kind.HOPF`, located, of a branch in one parameter.

    Returns
    -------
    EmanatingOrbit

    Raises
    ------
    ValueError
        A point of another kind or problem; a problem without third derivatives; a pair that does not cross the
        imaginary axis, or several equal ones that do (see `emanating_orbits`); F_u singular or with the eigenvalue
        2 i omega.

    Notes
    -----
    With ``F_u' p = -i omega p``, ``<p, q> = 1``: ``l1 = Re c1 / omega`` and ``c1 = <p, C(q, q, q') + 2 B(q, h11) +
    B(q', h20)> / 2`` (Kuznetsov, *Elements of Applied Bifurcation Theory*, equation 5.62), from which
    ``parameter2 = -Re c1 / growth``.  Cost: one spectrum, three linear systems and a few multilinear forms.

    Examples
    --------
    The normal form ``z' = (mu + i) z - |z|**2 z`` has circles of radius ``sqrt(mu)``; with this q that is
    ``sqrt(2) eps``:

    >>> from continuation import Problem, trace
    >>> equations = {"x": "mu*x - y - x*(x**2 + y**2)", "y": "x + mu*y - y*(x**2 + y**2)"}
    >>> problem = Problem.from_expressions(equations, parameters={"mu": -1})
    >>> orbit = emanating_orbit(problem, trace(problem, [0, 0], "mu", (-1, 1))["HB1"])
    >>> round(orbit.parameter2, 9), round(orbit.omega, 9), orbit.stable
    (2.0, 1.0, True)
    >>> times, states = orbit.sample(parameter=0.25)
    >>> bool(abs(states[:, 0].max() - 0.5) < 1e-9)
    True
    """
    place = place_of(problem, point)
    refuse_several(place)
    critical, others, q, left = _critical(place.jacobian, point.normal_form.get("omega"))
    quiet = not np.any(others.real > SINGULAR * np.linalg.norm(place.jacobian))
    orbit, c1 = expanded(place, float(critical.imag), q, left)
    return replace(orbit, stable=bool(quiet and c1.real < 0))


def emanating_orbits(problem, point) -> tuple:
    """Expand every family of periodic orbits that a declared symmetry brings about at a Hopf point.

    Parameters
    ----------
    problem : Problem
        A flow; with ``symmetries=`` where the point has several equal pairs.
    point : SpecialPoint
        As for `emanating_orbit`.

    Returns
    -------
    tuple of EmanatingOrbit
        One of each orbit under the symmetry, named: rotating and standing waves.  Of a simple pair there is one family.
        Families without a symmetry of their own, whose existence no theorem tells, are not among them.

    Raises
    ------
    ValueError
        As for `emanating_orbit`; several equal pairs without a declared symmetry, or more kinds of orbits than are
        looked for (`continuation.symmetries.waves.BUDGET`).

    Notes
    -----
    Isotropy subgroups of the group times phase shifts with a fixed space of two dimensions (equivariant Hopf theorem:
    Golubitsky, Stewart & Schaeffer, *Singularities and Groups in Bifurcation Theory* II, 1988, theorem XVI.4.1); each
    family is expanded in its own fixed space, its stability is that of the normal form of third order on the whole
    eigenspace.

    Examples
    --------
    Three oscillators, coupled all to all, at the onset of the modes that are not in phase:

    >>> from continuation import Kind, Problem, trace
    >>> cell = "(mu - 1)*{a} - {b} - {a}*({a}**2 + {b}**2) - (x0 + x1 + x2)/3 + {a}"
    >>> turn = "{a} + (mu - 1)*{b} - {b}*({a}**2 + {b}**2) - (y0 + y1 + y2)/3 + {b}"
    >>> equations = {f"x{k}": cell.format(a=f"x{k}", b=f"y{k}") for k in range(3)}
    >>> equations |= {f"y{k}": turn.format(a=f"x{k}", b=f"y{k}") for k in range(3)}
    >>> moves = [("x1", "x2", "x0", "y1", "y2", "y0"), ("x0", "x2", "x1", "y0", "y2", "y1")]
    >>> problem = Problem.from_expressions(equations, {"mu": -0.5}, symmetries=moves)
    >>> point = trace(problem, [0] * 6, "mu", (-0.5, 0.5), stop=Kind.HOPF)["HB1"]
    >>> [orbit.name for orbit in emanating_orbits(problem, point)]
    ['rotating wave', 'standing wave', 'standing wave']
    """
    place = place_of(problem, point)
    local = place.local
    pair = nearest_to_frequency(local, point.normal_form.get("omega"))
    pairs = local.equal_pairs(pair)
    if pairs is None or (pairs.right.shape[1] > 1 and not has_symmetry(local)):
        refuse_several(place)
    if not has_symmetry(local):
        return (emanating_orbit(problem, point),)
    found, complete = families(local, pairs)
    if not complete:
        raise ValueError(f"point: the symmetry of {point.label} has more kinds of orbits than are looked for")
    orbits = []
    for one in found:
        orbit, _ = expanded(place, pairs.omega, one.vector, one.adjoint.conj())
        words = {"name": one.wave.name, "symmetry": one.wave.describe(problem.symmetry), "spatial": one.wave.spatial}
        orbits.append(replace(orbit, stable=one.stable, **words))
    return tuple(orbits)


class Place(NamedTuple):
    """A Hopf point as the expansion needs it."""

    problem: object
    label: str
    vary: str
    x: np.ndarray
    p: np.ndarray
    local: Local

    @property
    def jacobian(self):
        """F_u."""
        return self.local.jacobian


def place_of(problem, point) -> Place:
    """Check a Hopf point and its problem."""
    vary = _check_hopf(problem, point)
    x, active = problem.point_unknowns(point, vary), problem.index_of(vary)
    p = problem.parameter_values(point.parameters)
    p[active] = x[-1]
    return Place(problem, point.label, vary, x, p, Local(problem, x[:-1], p, (active,)))


def nearest_to_frequency(local, expected):
    """The imaginary pair of F_u with the frequency expected, the one nearest the axis where none is."""
    if not (pairs := local.pairs(len(local.u))):
        raise ValueError("point: F_u has no complex eigenvalues there; was it found with other parameters?")
    return min(pairs, key=lambda pair: abs(pair.value.real) + (0 if expected is None else abs(pair.omega - expected)))


def refuse_several(place):
    """Raise where several equal pairs cross at once."""
    counts = place.local.critical_frequencies()
    if (most := max((m for _, m in counts), default=1)) > 1:
        raise ValueError(
            f"point: {most} equal pairs cross at {place.label}, and many families of orbits emanate; with `symmetries` "
            "declared emanating_orbits(problem, point) lists those that the symmetry brings about"
        )


def expanded(place, omega, q, left):
    """The orbits on the line of a critical vector, `left` with ``left @ q = 1``, stability left open; and c1."""
    problem, x, p, vary, a = place.problem, place.x, place.p, place.vary, place.jacobian
    u, active, forms = x[:-1], problem.index_of(vary), place.local.forms.form
    along = np.append(np.zeros(len(u)), 1.0)
    shift = _solve(a, -parameter_column(problem, u, p, active), "0")  # du/dp of the equilibria
    h11 = _solve(a, -forms(q, q.conj()).real, "0")
    h20 = _solve(2j * omega * np.eye(len(u)) - a, forms(q, q), "2 i omega")
    c1 = 0.5 * left @ (forms(q, q, q.conj()) + 2 * forms(q, h11) + forms(q.conj(), h20))
    parts = [forms(q, along), forms(q, shift)]
    slope = left @ (parts[0] + parts[1])
    if abs(slope.real) <= SINGULAR * np.linalg.norm(left) * sum(np.linalg.norm(part) for part in parts):
        raise ValueError(f"point: the pair of {place.label} does not cross the imaginary axis with {vary!r}")
    unit = abs(omega / slope.real)  # change of the parameter that matters
    c1 = complex(canonical.cleared(c1.real, abs(c1)), c1.imag)
    parameter2 = 0.0 - float(c1.real / slope.real)
    omega2 = canonical.cleared(slope.imag * parameter2 + c1.imag, abs(slope * parameter2) + abs(c1))
    orbit = EmanatingOrbit(
        state=canonical.cleared(u, 1 / np.sqrt(len(u) * problem.inner_weights()[:-1])),
        vary=vary,
        parameter=float(canonical.cleared(x[-1], unit)),
        parameter2=parameter2,
        omega=omega,
        omega2=float(omega2),
        q=q,
        mean=h11 + shift * parameter2,
        second=h20,
        growth=float(slope.real),
        lyapunov=float(c1.real / omega),
        stable=None,
    )
    return orbit, c1


def _check_hopf(problem, point) -> str:
    """Name of the varied parameter, if the point is a Hopf point of the problem."""
    check_problem(problem)
    if not isinstance(point, SpecialPoint):
        raise ValueError(f"point: wanted a SpecialPoint of a branch, got {type(point).__name__}")
    if point.kind is not Kind.HOPF or not point.located or len(point.vary) != 1:
        what = f"{point.label}, a {point.kind.name}"
        if point.kind is Kind.HOPF:
            what = f"{point.label} in {point.vary}" if point.located else f"{point.label}, not located"
        raise ValueError(f"point: wanted a located Hopf point (HB) of a branch in one parameter, got {what}")
    if problem.stability != "flow":
        raise ValueError(f'problem: wanted a flow (stability="flow"), got stability={problem.stability!r}')
    if problem.smoothness < 3:
        raise ValueError(f"problem: the expansion needs third derivatives, got smoothness={problem.smoothness}")
    if point.vary[0] not in problem.parameters:
        raise ValueError(
            f"point: varies {point.vary[0]!r}; this problem has {suggest(point.vary[0], problem.parameters)}"
        )
    if point.state_names and tuple(point.state_names) != tuple(problem.states):
        raise ValueError(f"point: has the states {list(point.state_names)}; this problem has {list(problem.states)}")
    return point.vary[0]


def _critical(a, expected):
    """The eigenvalue i omega, those beside the pair, q (unit) and the left vector with ``left @ q = 1``."""
    values, vectors = np.linalg.eig(a)
    upper = np.flatnonzero(values.imag > 0)
    scale = np.max(np.abs(values), initial=1e-300)
    if len(upper) == 0 or np.min(np.abs(values[upper].real)) > 1e-6 * scale:
        raise ValueError("point: F_u has no pair of imaginary eigenvalues there; was it found with other parameters?")
    gap = np.abs(values[upper].real) + (0 if expected is None else np.abs(values[upper].imag - expected))
    k = upper[np.argmin(gap)]
    partner = int(np.argmin(np.abs(values - values[k].conj())))
    rest = [j for j in range(len(values)) if j not in (k, partner)]
    q = canonical.turned(vectors[:, k] / np.linalg.norm(vectors[:, k]))
    left_values, left_vectors = np.linalg.eig(a.T)
    left = left_vectors[:, np.argmin(np.abs(left_values - values[k]))]
    return values[k], values[rest], q, left / (left @ q)


def _solve(matrix, right, eigenvalue):
    """Solution of a linear system, refused where F_u has this eigenvalue."""
    sigma = np.linalg.svd(matrix, compute_uv=False)
    if sigma[-1] <= SINGULAR * sigma[0]:
        raise ValueError(f"point: F_u has the eigenvalue {eigenvalue} as well: a point of higher codimension")
    return np.linalg.solve(matrix, right)
