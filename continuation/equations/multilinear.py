"""Multilinear forms of F at a point: its derivatives of any order, applied to directions."""

import itertools
import math
from collections import defaultdict

import numpy as np

from continuation.equations.derivatives import evaluate_each, parameter_column, state_jacobian
from continuation.equations.directional import derivative_along
from continuation.equations.measures.measure import measure_of

HIGHEST = 5  # order up to which differences are worth anything
KEPT = 13  # digits in which two directions of size 1 are the same


class Multilinear:
    """Derivative tensors of F at (u, p), symmetric and full: without factors 1/2, 1/6.

    ``F(x + v) = F(x) + form(v) + form(v, v)/2 + form(v, v, v)/6 + ...`` where x are the states and the parameters
    listed in `active`.

    Parameters
    ----------
    problem : Problem
    u : (n,) or (P, n) array
        A point, or P of them, whose forms are found side by side.
    p : (k,) array
        All parameters in order, then the constants.
    active : sequence of int
        Places in `p` of the parameters that directions have a component for, after the states.

    Attributes
    ----------
    exact : bool
        Whether the forms are exact but for rounding (the problem was made from expressions, or from a loss that is
        differentiated automatically).  If not they are
        differences along directions: relative errors about 1e-12, 1e-10, 1e-8, 1e-7 in orders 2 to 5 where F is
        analytic, one or two digits fewer without a Jacobian than with one.  The step is found for each
        equation, from half of ``1 + |x|`` down: a function of a smaller scale costs residuals, not digits.

    Notes
    -----
    Cost of a form of order k without expressions: 18 residuals (or Jacobians) where F is a polynomial, some
    times that where it is not, for each real vector that polarisation needs: one for a power, ``2**(k - 1)`` for
    different real directions; directions met before cost nothing.

    Examples
    --------
    >>> from continuation import Problem
    >>> problem = Problem.from_expressions({"x": "a*x**3"}, parameters={"a": 2})
    >>> forms = Multilinear(problem, [1.0], [2.0], active=[0])
    >>> forms.form([1], [1])
    array([12.])
    >>> forms.form([1, 0], [1, 0], [0, 1])
    array([6.])
    """

    def __init__(self, problem, u, p, active=()):
        self.problem, self.active = problem, tuple(int(k) for k in active)
        self.u, self.p = np.array(u, float), np.array(p, float)
        self.n, self.places = self.u.shape[-1], self.u.shape[:-1]
        self.expressions = getattr(problem, "expressions", None)
        self.exact = self.expressions is not None or problem.directional is not None
        self._known: dict = {}  # derivatives along single directions, which forms of the same vectors share

    @property
    def size(self) -> int:
        """Length of a direction: states and active parameters."""
        return self.n + len(self.active)

    def form(self, *directions) -> np.ndarray:
        """Apply the derivative of order ``len(directions)`` to them.

        Parameters
        ----------
        directions : arrays (n,) or (n + len(active),)
            Real or complex; without parameter parts these are zero.  Their order does not matter.  At P points
            (P, n) or (P, n + len(active)), one each.

        Returns
        -------
        (n,) or (P, n) array
            Complex if a direction is.

        Raises
        ------
        ValueError
            A direction of another length, none, or more than 5 without expressions.
        """
        full = np.array([self._direction(k, d) for k, d in enumerate(directions)])
        if not len(full):
            raise ValueError("form: wanted at least one direction, got none")
        if self.expressions is not None:
            return self._from_expressions(full)
        if len(full) > HIGHEST:
            raise ValueError(f"form: wanted up to {HIGHEST} directions for a problem without expressions: {len(full)}")
        total = np.zeros(self.u.shape, full.dtype)
        for combination, weight in polarise(full.reshape(len(full), -1)):
            key = len(full), *np.round(combination, KEPT)
            if key not in self._known:
                self._known[key] = self._power(np.reshape(combination, full.shape[1:]), len(full))
            total = total + weight * self._known[key]
        return total

    def _direction(self, k, given) -> np.ndarray:
        """(..., size) direction number k."""
        given = np.asarray(given)
        given = given.astype(complex if np.iscomplexobj(given) else float)
        wanted = [(*self.places, size) for size in (self.size, self.n)]
        if given.shape not in wanted:
            raise ValueError(f"direction {k}: wanted shape {wanted[0]} or {wanted[1]}, got {given.shape}")
        return np.concatenate([given, np.zeros((*self.places, self.size - given.shape[-1]))], axis=-1)

    def _from_expressions(self, directions) -> np.ndarray:
        """The form, exactly."""
        named = len(self.problem.parameters)
        full = np.zeros((len(directions), *self.places, self.n + named), directions.dtype)
        full[..., : self.n] = directions[..., : self.n]
        full[..., self.n + np.array(self.active, int)] = directions[..., self.n :]
        return self.expressions.derivative(self.u, self.p, full)

    def _power(self, direction, order) -> np.ndarray:
        """Derivative of an order along one real direction, differenced once less where the first is given."""
        if self.problem.directional is not None:
            return self._along_lines(direction, order)
        given = self.problem.functions
        varies = np.any(direction[..., self.n :])
        slope = "jacobian" in given and ("parameter_derivative" in given or not varies)
        if slope and order == 1:
            return self._slope(direction, 0.0)
        reach = self._reach(direction)
        values = self._guard(self._slope if slope else self._value, reach * direction)
        return derivative_along(values, 1.0, order - slope).reshape(self.u.shape) / reach**order

    def _along_lines(self, direction, order) -> np.ndarray:
        """Derivative of an order along one real direction, of the problem's own."""
        u, p = self.u.reshape(-1, self.n), np.array(self.p)
        found = []
        for at, along in zip(u, direction.reshape(-1, self.size)):
            dp = np.zeros(len(p))
            dp[list(self.active)] = along[self.n :]
            found.append(self.problem.directional(at, p, along[: self.n], dp, order))
        return np.reshape(found, self.u.shape)

    def _guard(self, function, direction):
        """``t -> function(direction, t)`` in a row; NaN where plain Python raises, as ``math.log`` does."""

        def values(t):
            try:
                return function(direction, t).ravel()
            except (ArithmeticError, ValueError):
                return np.full(self.u.size, np.nan)

        return values

    def _value(self, direction, t) -> np.ndarray:
        """F at t along a direction."""
        return evaluate_each(self.problem, *self._move(direction, t)).reshape(self.u.shape)

    def _move(self, direction, t) -> tuple:
        """States (P, n) and parameters (P, k) at t along a direction; P is 1 at a single point."""
        along = direction.reshape(-1, self.size)
        p = np.tile(self.p, (len(along), 1))
        p[:, list(self.active)] += t * along[:, self.n :]
        return self.u.reshape(-1, self.n) + t * along[:, : self.n], p

    def _slope(self, direction, t) -> np.ndarray:
        """First derivative along the direction at t, from the functions the problem has."""
        along = direction.reshape(-1, self.size)
        places = zip(*self._move(direction, t), along)
        return np.reshape([self._slope_at(*place) for place in places], self.u.shape)

    def _slope_at(self, u, p, direction) -> np.ndarray:
        """First derivative along a direction at one point."""
        total = state_jacobian(self.problem, u, p) @ direction[: self.n]
        for k, part in zip(self.active, direction[self.n :]):
            if part:
                total = total + part * parameter_column(self.problem, u, p, k)
        return total

    def _reach(self, direction) -> np.ndarray:
        """(..., 1) how far along a direction no component moves by more than half of its unit plus its size."""
        own = np.broadcast_to(self.p[list(self.active)], (*self.places, len(self.active)))
        x, units = np.concatenate([self.u, own], axis=-1), measure_of(self.problem).units
        unit = np.append(units[:-1], np.full(len(self.active), units[-1])) if len(units) == self.n + 1 else 1.0
        with np.errstate(divide="ignore"):
            reach = 0.5 * np.min((unit + np.abs(x)) / np.abs(direction), axis=-1, keepdims=True)
        return np.where(np.isfinite(reach), reach, 1.0)


def polarise(directions) -> list:
    """Write a symmetric form of k directions as a sum of powers.

    Parameters
    ----------
    directions : (k, N) array
        Real or complex.

    Returns
    -------
    list of (tuple, weight)
        Real vectors c with ``T[d1, ..., dk] = sum weight * T[c, ..., c]`` for every symmetric k-linear T.

    Notes
    -----
    Complex directions are expanded in their real and imaginary parts; equal vectors are gathered first, so that
    q, q, conj(q) need six real vectors.  Powers of sums: R. Kan, J. Multivariate Anal. 99 (2008) 542, theorem 1.
    """
    k = len(directions)
    basis, terms = _real_terms(directions)
    weights = defaultdict(complex if np.iscomplexobj(directions) else float)
    for exponents, coefficient in terms.items():
        used = [i for i, e in enumerate(exponents) if e]
        for taken in itertools.product(*(range(exponents[i] + 1) for i in used)):
            whole = [0] * len(basis)
            for i, j in zip(used, taken):
                whole[i] = exponents[i] - 2 * j
            divisor = math.gcd(*whole)
            if divisor:
                lead = divisor * (1 if next(c for c in whole if c) > 0 else -1)
                count = math.prod(math.comb(exponents[i], j) for i, j in zip(used, taken))
                share = (-1) ** sum(taken) * count * lead**k / (2**k * math.factorial(k))
                weights[tuple(c // lead for c in whole)] += coefficient * share
    sums = [(np.array(c) @ basis, weight) for c, weight in weights.items() if weight]
    return [(tuple(c.tolist()), weight) for c, weight in sums if np.any(c)]


def _real_terms(directions):
    """Unit real vectors (m, N), and the product of the directions as {exponents of the vectors: coefficient}."""
    basis, terms = [], {(): 1.0}
    for direction in directions:
        parts = [(1.0, direction.real), (1j, direction.imag)] if np.iscomplexobj(direction) else [(1.0, direction)]
        shares = []
        for unit, part in parts:
            size = float(np.max(np.abs(part)))
            if size > 0:
                place, sign = _place(basis, part / size)
                shares.append((place, unit * size * sign))
        new = defaultdict(complex)
        for exponents, coefficient in terms.items():
            for place, share in shares:
                raised = list(exponents) + [0] * (len(basis) - len(exponents))
                raised[place] += 1
                new[tuple(raised)] += coefficient * share
        terms = new
    full = defaultdict(complex)
    for exponents, coefficient in terms.items():
        full[exponents + (0,) * (len(basis) - len(exponents))] += coefficient
    if not np.iscomplexobj(directions):
        full = {exponents: coefficient.real for exponents, coefficient in full.items()}
    return np.array(basis).reshape(len(basis), directions.shape[1]), full


def _place(basis, vector) -> tuple:
    """Place of a vector or its negative in the basis, appended where it is new, and the sign."""
    for k, known in enumerate(basis):
        for sign in (1, -1):
            if np.array_equal(known, sign * vector):
                return k, sign
    basis.append(vector)
    return len(basis) - 1, 1
