"""Normal solutions in one plane, in closed form: all of a class at any weight decay, all folds, cusps, pitchforks.

For eigenvalues mu = a + i w of C and r = rho e^{i theta} of a normal R (S = I, T = 1; else lam stands for
lam / (sigma T), mu for T mu): ``lam mu = conj(f) (r - f)``, ``f = e^mu``.  In the class n the *total* angle is
``phi = theta + 2 pi n``; with ``delta = phi - w`` between 0 and pi (phi > 0; else all angles change sign)

    ``lam w = e^a rho sin(delta)`` and ``w cot(delta) = a + e^{2a} / lam``:

whatever is asked for gives a as a function of w, and one real equation for w is left, whose roots are bracketed on a
grid that is fine towards both ends.
"""

import cmath
import math
from typing import NamedTuple

import numpy as np
import scipy.optimize

from systems.characteristic.closed_forms.bracketing import EXACT, root_between
from systems.number_checks import check_count, check_not_negative, check_number, check_positive

GRID = np.linspace(-36.0, 36.0, 1441)  # of log((w - low) / (high - w)): e^-36 is the last bit of the interval's length
HALF_TURN = 1e-9  # a total angle as near to pi has its interval begin at w = 0, where w - sin w is rounding
SINE = 1e-14  # of phi: a sine of the total angle as small is that of a whole number of half turns
SLOPE = 1e-6  # relative step of the differences in Newton's method: they decide how fast it is, not how exact
CONFIRMED = 1e-10  # relative residual of a root; poles that look like roots on the grid don't come near
MOVED = 1e-3  # relative: what moved further is another root, which the grid finds by itself


class Normal(NamedTuple):
    """A normal solution in one plane: eigenvalue ``a + i w`` of C for ``rho e^{i theta}`` of R at lam."""

    lam: float
    a: float
    w: float
    rho: float
    theta: float

    @property
    def cost(self) -> float:
        """J of a rotation in the plane, ``lam |mu|^2 + |f - r|^2`` (twice the cost of one eigenvalue)."""
        mu = complex(self.a, self.w)
        return self.lam * abs(mu) ** 2 + abs(cmath.exp(mu) - self.rho * cmath.exp(1j * self.theta)) ** 2

    @property
    def matrix(self) -> np.ndarray:
        """(2, 2) solution ``[[a, -w], [w, a]]``."""
        return np.array([[self.a, -self.w], [self.w, self.a]])


class Turn(NamedTuple):
    """What is asked for: the total angle ``theta + 2 pi n`` as its size phi and its sign, and rho and theta of R."""

    phi: float
    sense: float
    rho: float
    theta: float


def scalar_residual(mu, lam, r) -> complex:
    """Compute ``lam mu - conj(f) (r - f)``, ``f = e^mu``: zero where ``[[a, -w], [w, a]]`` solves the equation.

    Examples
    --------
    >>> scalar_residual(0.0, 1.0, 1.0)
    0j
    """
    f = cmath.exp(mu)
    return lam * mu - f.conjugate() * (r - f)


def normal_solutions(lam, n=0, theta=math.pi / 2, rho=1.0) -> list[Normal]:
    """Return all normal solutions of class n at one weight decay, in ascending order of cost.

    Parameters
    ----------
    lam : float
        At least 0; at 0 there is the logarithm alone.
    n : int
    theta, rho : float
        Angle and scale of R.

    Returns
    -------
    list of Normal
        Those with the angle w of C between ``|phi| - pi`` (or 0) and ``|phi|`` in size: every branch of the class.

    Raises
    ------
    ValueError
        A number out of range; a total angle of 0 (`systems.characteristic.closed_forms.one_dimension` has that case).

    Examples
    --------
    >>> [round(point.cost, 9) for point in normal_solutions(0.1, -1)]
    [2.005734692, 2.220107301]
    """
    lam = check_not_negative("normal_solutions(lam=...)", lam)
    phi, sense, rho, theta = _turn("normal_solutions", n, theta, rho)
    if lam == 0:
        return [Normal(0.0, math.log(rho), sense * phi, rho, theta)]

    def size(w, delta, sine):
        return np.log(lam * w / (rho * sine))

    def gap(w, delta, sine):
        a = size(w, delta, sine)
        return w * _cot(delta, sine) - a - np.exp(2 * a) / lam

    def slope(w, delta, sine):
        cot = _cot(delta, sine)
        return cot + w / sine**2 - (1 / w + cot) * (1 + 2 * np.exp(2 * size(w, delta, sine)) / lam)

    turning = [float(z[0]) for z in _roots(slope, phi)]  # near a fold two roots are close, one on each side
    found = [(float(size(*z)), z[0]) for z in _roots(gap, phi, turning)]
    if phi == math.pi:  # real eigenvalues, w = 0
        found += [(a, 0.0) for a in _half_turn(lam, rho)]
    points = [Normal(lam, a, sense * float(w), rho, theta) for a, w in found]
    return sorted(points, key=lambda point: point.cost)


def folds(n, theta=math.pi / 2, rho=1.0) -> list[Normal]:
    """Return all folds of the normal solutions of class n, in ascending order of lam.

    There ``|mu| = 1 + e^{2a} / lam``, which gives ``a = (c^2 - w^2) / (2c)`` with ``c = |mu| + a = 1 + w cot(delta)``.

    Returns
    -------
    list of Normal
        An odd number for ``|phi| > pi``; an even one, most often none, for ``|phi| < pi``.

    Raises
    ------
    ValueError
        rho isn't positive, n isn't a whole number, the total angle is 0.

    Examples
    --------
    The class n = 3 of a quarter turn:

    >>> [round(point.lam, 12) for point in folds(3)], folds(0)
    ([0.025953547704], [])
    """
    turn = _turn("folds", n, theta, rho)
    phi, rho = turn.phi, turn.rho

    def size(w, delta, sine):
        c = 1 + w * _cot(delta, sine)
        return np.where(c > 0, (c * c - w * w) / (2 * c), np.nan), ((w / sine) ** 2 - 1) / (2 * c)

    def gap(w, delta, sine):
        a, excess = size(w, delta, sine)  # |mu| - 1
        return a + np.log(w / sine) - np.log(np.where(excess > 0, excess, np.nan)) - math.log(rho)

    def turns(a, w, lam):
        return math.hypot(a, w) - 1 - math.exp(2 * a) / lam

    ends = [_least_angle(phi), *([cusp_of_angle(phi).w] if phi <= math.pi else [])]  # at a cusp two folds meet
    return _polish(turns, [(*size(*z), z[0]) for z in _roots(gap, phi, ends)], turn)


def fold(n, theta=math.pi / 2, rho=1.0) -> Normal:
    """Return the fold of class n that is furthest out: the largest lam at which its solutions from log R exist.

    Raises
    ------
    ValueError
        The class has no fold; as `folds`.

    Examples
    --------
    >>> point = fold(-1)
    >>> print(f"{point.lam:.13f} {point.a:.11f} {point.w:.11f} {point.cost:.11f}")
    0.1453871092987 -0.46400460044 -3.69016522314 2.75066518915
    """
    found = folds(n, theta, rho)
    if not found:
        total = theta + 2 * math.pi * n
        raise ValueError(
            f"fold(n=...): there is no fold for the total angle theta + 2 pi n = {total:.6g} of n = {n} (outside "
            f"[-pi, pi] there is one for certain), rho = {rho:.6g}"
        )
    return found[-1]


def cusp(a) -> list[Normal]:
    """Return the two cusps of normal solutions with real part a of the eigenvalue, if ``|a| < 3/2``.

    There ``|mu| = 3/2, lam = 2 e^{2a}, rho = e^a sqrt(10 + 4a), theta = w + arg(2a + 1 + 2iw)``.

    Examples
    --------
    >>> [round(point.w, 12) for point in cusp(0.0)]
    [1.5, -1.5]
    """
    if not abs(check_number("cusp(a=...)", a)) <= 1.5:
        raise ValueError(f"cusp(a=...): wanted |a| of at most 3/2, got {a!r}")
    size, out = math.sqrt(2.25 - a * a), []
    for w in (size, -size) if size > 0 else (0.0,):
        theta = w + cmath.phase(complex(2 * a + 1, 2 * w))
        out.append(Normal(2 * math.exp(2 * a), float(a), w, math.exp(a) * math.sqrt(10 + 4 * a), theta))
    return out


def cusp_of_angle(phi) -> Normal:
    """Return the cusp of normal solutions at the total angle phi: the only rho and lam at which two folds meet.

    Parameters
    ----------
    phi : float
        Total angle, at most pi in size (there and at the pitchfork of a half turn the cusp is at ``a = -3/2``).

    Raises
    ------
    ValueError
        phi is larger.

    Examples
    --------
    One dimension: ``R = 4 e^{3/2}``:

    >>> point = cusp_of_angle(0.0)
    >>> round(point.rho - 4 * math.exp(1.5), 12), round(point.lam - 2 * math.exp(3), 12)
    (0.0, 0.0)
    """
    phi = check_number("cusp_of_angle(phi=...)", phi)

    def gap(turn):
        w, a = 1.5 * math.sin(turn), 1.5 * math.cos(turn)
        return w + math.atan2(2 * w, 2 * a + 1) - abs(phi)

    if not abs(phi) <= math.pi:
        raise ValueError(f"cusp_of_angle(phi=...): wanted a total angle of at most pi in size, got {phi!r}")
    turn = root_between(gap, 0.0, math.pi)
    w, a = math.copysign(1.5 * math.sin(turn), phi), 1.5 * math.cos(turn)
    return Normal(2 * math.exp(2 * a), a, w, math.exp(a) * math.sqrt(10 + 4 * a), phi)


def pitchfork(rho=1.0) -> Normal:
    """Return the pitchfork of normal solutions at theta = pi: ``w = 0, e^a = rho (-a - 1), lam = rho e^a``.

    Examples
    --------
    >>> point = pitchfork()
    >>> abs(scalar_residual(point.a, point.lam, -1.0)) < 1e-15
    True
    """
    rho = check_positive("pitchfork(rho=...)", rho)
    low = -2.0 - 1.0 / rho  # there e^a < rho (1 + 1/rho) holds
    a = root_between(lambda a: math.exp(a) + rho * (a + 1), low, -1.0)
    return Normal(rho * math.exp(a), a, 0.0, rho, math.pi)


def pitchforks_of_revolution(n, theta=math.pi / 2, rho=1.0) -> list[Normal]:
    """Return all points of class n from which circles of solutions that aren't normal leave, ascending in lam.

    There ``w cot w = a - e^{2a} / lam``, hence ``a = w sin(phi) / (2 sin(delta) sin(w))``: the two directions that
    aren't normal make a kernel of DG.

    Raises
    ------
    ValueError
        As `folds`.

    Examples
    --------
    >>> [round(point.lam, 12) for point in pitchforks_of_revolution(-1)]
    [0.02720598341]
    """
    turn = _turn("pitchforks_of_revolution", n, theta, rho)
    phi, rho = turn.phi, turn.rho

    def size(w, delta, sine):
        factor = w / (2 * sine * np.sin(w))
        share = factor * np.sin(w - delta)  # e^{2a} / lam
        return factor * (math.sin(phi) if abs(math.sin(phi)) > SINE * phi else 0.0), np.where(share > 0, share, np.nan)

    def gap(w, delta, sine):
        a, share = size(w, delta, sine)
        return a + np.log(w / sine) - np.log(share) - math.log(rho)

    # between two of these, where sin w or its quotient vanish, the gap is continuous
    poles = [k * math.pi for k in range(math.ceil(phi / math.pi) + 1)]
    poles += [(phi + k * math.pi) / 2 for k in range(-1, math.ceil(phi / math.pi) + 1)]

    def degenerate(a, w, lam):
        return w * math.cos(w) - (a - math.exp(2 * a) / lam) * math.sin(w)

    return _polish(degenerate, [(*size(*z), z[0]) for z in _roots(gap, phi, poles)], turn)


def _turn(caller, n, theta, rho) -> Turn:
    """The class n of a rotation, checked."""
    theta, rho = check_number(f"{caller}(theta=...)", theta), check_positive(f"{caller}(rho=...)", rho)
    phi = theta + 2 * math.pi * check_count(f"{caller}(n=...)", n, least=None)
    if phi == 0:
        raise ValueError(f"{caller}(theta=...): wanted a total angle theta + 2 pi n other than 0, got n = {n}")
    return Turn(abs(phi), math.copysign(1.0, phi), rho, theta)


def _roots(gap, phi, poles=()) -> list[tuple]:
    """All ``(w, delta, sin delta)`` at which ``gap`` vanishes, for w between ``max(phi - pi, 0)`` and phi."""
    low = max(phi - math.pi, 0.0)
    ends = [low, *sorted(pole for pole in poles if low < pole < phi), phi]
    found = []
    for left, right in zip(ends[:-1], ends[1:]):

        def place(y, left=left, right=right):
            """The three for y = log((w - left) / (right - w)), each without cancellation at the ends."""
            width = right - left
            up, down = width / (1 + np.exp(-y)), width / (1 + np.exp(y))
            delta = (phi - right) + down
            sine = np.sin(np.where(y < 0, (left - (phi - math.pi)) + up, delta)) if phi > math.pi else np.sin(delta)
            return np.where(y < 0, left + up, right - down), delta, sine

        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            grid = GRID if left > HALF_TURN or abs(phi - math.pi) > HALF_TURN else GRID[GRID > -10]
            values = gap(*place(grid))
            for k in np.flatnonzero(np.sign(values[:-1]) * np.sign(values[1:]) < 0):
                y = scipy.optimize.brentq(lambda y, at=place: float(gap(*at(y))), *grid[k : k + 2], xtol=EXACT)
                found.append(place(y))
            found += [place(y) for y in grid[values == 0]]
    return found


def _least_angle(phi) -> float:
    """The angle w below which no fold lies: there ``|mu| = 1`` (phi at most pi) or ``|mu| + a = 0`` (phi > pi)."""
    if phi <= math.pi:
        return root_between(lambda w: w - math.sin(phi - w), 0.0, phi)
    low = phi - math.pi
    return root_between(lambda w: math.sin(phi - w) + w * math.cos(phi - w), low, phi)


def _polish(condition, found, turn) -> list[Normal]:
    """Newton's method from (a, e^{2a} / lam, w) for the equation and one condition; what it doesn't confirm is left."""
    r, points = turn.rho * cmath.exp(1j * turn.phi), []

    def equations(z):
        a, w, lam = z[0], z[1], math.exp(z[2])
        relative = scalar_residual(complex(a, w), lam, r) / (lam * math.hypot(a, w) + turn.rho * math.exp(a))
        return np.array([relative.real, relative.imag, condition(a, w, lam)])

    for a, share, w in found:
        z = np.array([a, w, 2 * a - math.log(share)], float)
        for _ in range(4):
            steps = SLOPE * np.diag(1 + np.abs(z))
            columns = [(equations(z + e) - equations(z - e)) / (2 * e.max()) for e in steps]
            z = z - np.linalg.lstsq(np.column_stack(columns), equations(z), rcond=None)[0]
        if np.abs(equations(z)).max() < CONFIRMED * (1 + np.abs(z).max()) and abs(z[1] - w) < MOVED * (1 + w):
            points.append(Normal(math.exp(z[2]), float(z[0]), turn.sense * float(z[1]), turn.rho, turn.theta))
    return sorted(points)


def _cot(delta, sine):
    """Cotangent, by the sine known without cancellation."""
    return np.cos(delta) / sine


def _half_turn(lam, rho) -> list[float]:
    """The one real solution of ``lam a = -e^a (rho + e^a)``, as a list."""
    low = -(rho + 1.0) / lam - 1.0  # there lam a alone is below all that e^a (rho + e^a) < rho + 1 can add

    def gap(a):
        return lam * a + math.exp(a) * (rho + math.exp(a))

    return [root_between(gap, low, 0.0)]
