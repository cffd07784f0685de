"""`find_solutions`: distinct solutions at fixed parameters, by Newton from many guesses with deflation."""

from itertools import product

import numpy as np

from continuation.derived.conserved.totals import refusal_of
from continuation.equations.newton import solve_damped
from continuation.equations.stability import point_at
from continuation.ground import canonical
from continuation.ground.interrupts import raise_if_heard
from continuation.ground.names import check_numbers, check_whole
from continuation.ground.status import StartError, Status
from continuation.searching.catalogue import SAME, STRIDE, Catalogue, list_conjugates
from continuation.searching.deflation import (
    ITERATIONS,
    Deflation,
    SquareSystem,
    check_problem,
    correct_solution,
    deflated_newton,
)
from continuation.searching.found import Found, Report
from continuation.searching.guesses import Surroundings, check_guesses, random_guesses
from continuation.searching.other_ways import OtherWays
from continuation.searching.search_limits import Limits, check_bounds

BUDGET = 3000  # Newton iterations
SPARE = 50  # ... and so many more for each solution found
PATIENCE, MORE = 200, 5  # iterations, and more for each solution found, without a new one: then other ways are tried
WIDE = 1.5  # length of the deflation of one solution, in half-widths of the search
NUDGE = 0.1  # lengths by which a guess on top of a known solution is moved


def find_solutions(
    problem,
    parameters=None,
    guesses=None,
    limit=100,
    *,
    known=(),
    bounds=None,
    power=2.0,
    shift=1.0,
    budget=None,
    seed=0,
):
    """Find distinct solutions of ``F(u, p) = 0`` at fixed parameters by deflated Newton.

    Parameters
    ----------
    problem : Problem
        With ``problem.symmetry`` one solution of each group orbit is listed; its conjugates are deflated too.
    parameters : mapping of str to float, optional
        Values that differ from the defaults.
    guesses : list of states, optional
        Arrays (n,), mappings of names or Points.  Only these are tried, each as long as it gives new solutions and
        again after others did.  Default: seeded random ones without end (see Notes).
    limit : int
        Most solutions wanted, the known ones and those outside the bounds not counted.
    known : list of states
        Solutions that are deflated from the beginning and not listed; corrected where one is next to them.
    bounds : (low, high) or mapping of names to such pairs, optional
        Limits, numbers or arrays (n,), or by name those of states and outputs; None and what is not named are not
        limited.  Solutions outside are not listed; random guesses lie inside the limits of the states.
    power, shift : float
        Of the deflation factors ``1 / |u - u_i|**power + shift`` (`Deflation`); at least 1, at least 0.  The distance
        is measured in the problem's inner product, in units of the search box over
        ``m**(1/power)`` where m solutions are deflated; the power grows at solutions that still attract.
    budget : int, optional
        Newton iterations of all attempts.  Default: 3000 and 50 for each solution found.
    seed : int
        Of the random guesses; the same seed gives the same result.

    Returns
    -------
    Found
        A list of `Point`, each corrected without deflation to rounding, in ascending order of the first state, where
        that is equal (to 1e-7) of the second, and so on; of an orbit the last in that order is taken.
        ``found.report`` is a `Report`; nothing promises that the list is complete.  Ctrl-C returns what was found.

    Raises
    ------
    ValueError
        Unknown names, wrong shapes, numbers that are not finite or out of range; the message names the argument.
    StartError
        A ValueError: sums of states are conserved, so that solutions are not isolated; the message names them.

    Notes
    -----
    An iteration costs one residual, one Jacobian and one LU factorisation of order n.  Random guesses come from a
    scrambled Sobol sequence in boxes around all that is known or found, and from known solutions moved or multiplied.
    Where deflation has given nothing for 200 iterations and 5 for each solution found, random guesses are tried in
    other ways as well, each as often as it gives something: Newton with bounded steps; the same in spaces fixed by
    subgroups of the finite symmetry; for a gradient system (``symmetric=True``, up to 64 states) towards saddles of
    each index, also from beside known solutions.  Not so where continua of solutions were found.
    Solutions with singular F_u that a path of solutions joins (circles, orbits of a continuous group) count as one.

    References
    ----------
    P. E. Farrell, Á. Birkisson, S. W. Funke, "Deflation techniques for finding distinct solutions of nonlinear
    partial differential equations", SIAM J. Sci. Comput. 37 (2015) A2026-A2045, doi:10.1137/140984798.

    Examples
    --------
    >>> from continuation import Problem, find_solutions
    >>> problem = Problem.from_expressions({"x": "mu*x - x**3"}, parameters={"mu": 4})
    >>> found = find_solutions(problem, guesses=[[0.5]])
    >>> [round(point["x"], 12) + 0.0 for point in found], [point.unstable for point in found]
    ([-2.0, 0.0, 2.0], [0, 1, 0])
    """
    check_problem(problem)
    p = problem.parameter_values(parameters)
    known = check_guesses(problem, "known", known)
    given = check_guesses(problem, "guesses", () if guesses is None else guesses)
    search = Search(problem, p, known, check_bounds(problem, bounds), given, *check_powers(power, shift))
    limit, budget = check_whole("limit", limit), None if budget is None else check_whole("budget", budget)
    search.run(given, limit, budget, check_whole("seed", seed, 0), random=guesses is None)
    return search.result()


class Search:
    """State of one search: the catalogue, where guesses come from, and the report.

    `known` (m, n) are deflated and not listed, `given` (k, n) are guesses; `power` and `shift` are those of the
    `Deflation`.
    """

    def __init__(self, problem, p, known, limits: Limits, given, power, shift):
        if words := refusal_of(problem, p, box=limits.corners if limits.closed else None):
            raise StartError(words, Status.SINGULAR)
        self.problem, self.p, self.report = problem, p, Report()
        self.equations = SquareSystem(problem, p)
        self.deflation = Deflation(problem.inner_weights()[:-1], power, shift)
        self.catalogue = Catalogue(problem, self.equations, self.deflation)
        self.ways, self.idle = OtherWays(problem, self.equations, self.deflation), 0
        self.surroundings = Surroundings(limits, np.vstack([known, given]))
        self.inside, self.looked_at = {}, {}  # place -> solution inside the limits or None, number of those looked at
        if limits.closed:
            self.deflation.unit = min(1.0, self.deflation.norm(limits.corners[1] - limits.corners[0]))
        for u in known:
            self.catalogue.know(u)

    def measure(self, half):
        """Set the length of the deflation from a box of half-widths (n,) and the number m of deflated solutions.

        It falls as ``m**(-1/power)``: far from all of them log M, a sum of m terms ``(length / distance)**power``,
        then does not grow with their number, and M acts near each of them only.
        """
        count = max(len(self.deflation.known), 1)
        self.deflation.length = WIDE * self.deflation.norm(half) * count ** (-1.0 / self.deflation.power)

    def run(self, given, limit, budget, seed, *, random):
        """Try the guesses (m, n), then random ones if asked for; an interrupt ends the search."""
        self.limit, self.budget, self.rng = limit, budget, np.random.default_rng(seed)
        try:
            self._try_given(given)
            if random and not self.has_ended():
                self._try_random(seed)
        except KeyboardInterrupt:
            self.report.ended = "interrupted"

    def _try_random(self, seed):
        """Guess until something ends the search."""
        known, n = self.deflation, self.equations.size
        for guess, half in random_guesses(self.surroundings, lambda: known.known, n, seed):
            self.report.guesses += 1
            way = self.ways.choose(self.idle) if self.is_stuck() else ""
            if way:
                self.try_way(way, guess, half)
            else:
                self.exhaust(guess, half)
            if self.has_ended():
                break

    def is_stuck(self) -> bool:
        """Whether deflation has given nothing for so long that the rest of the iterations is better shared.

        Not where continua are known: what is not deflated ends on them at ever new points, each to be walked from.
        """
        if self.catalogue.continua:
            return False
        return self.idle > PATIENCE + MORE * len(self.catalogue.found)

    def try_way(self, way, guess, half):
        """One attempt from a guess (n,) in another way."""
        attempt = self.ways.attempt(way, guess, half, self.catalogue.found, self._most())
        self.ways.count(way, attempt.iterations, self.conclude(attempt))

    def _most(self) -> int:
        """Iterations that one attempt may take."""
        return min(ITERATIONS, max(1, self.left()))

    def _try_given(self, given):
        """Try all guesses (m, n) as long as one of them gives something."""
        self.report.guesses, gave = len(given), len(given) > 0
        while gave and not self.has_ended():
            gave = False
            for guess in given:
                for (_, half), damped in product(self.surroundings.boxes(), (True, False)):
                    gave = self.exhaust(guess, half, damped) or gave

    def has_ended(self) -> bool:
        """Whether enough is found, or no iterations are left."""
        for word, done in (
            ("limit", len(self.listed()) >= self.limit),
            ("budget", self.left() <= 0),
        ):
            if done:
                self.report.ended = word
                return True
        return False

    def left(self) -> int:
        """Newton iterations that may still be spent."""
        budget = BUDGET + SPARE * len(self.catalogue.found) if self.budget is None else self.budget
        return budget - self.report.iterations

    def exhaust(self, guess, half, damped=True) -> bool:
        """Solve from a guess (n,) until that gives nothing new; whether it gave anything."""
        gave = False
        self.half, self.damped = half, damped
        while not self.has_ended() and self.attempt(guess):
            gave = True
        return gave

    def attempt(self, guess) -> bool:
        """One Newton run from a guess; whether it found a new solution."""
        self.measure(self.half)
        start = self._apart(guess)
        attempt = deflated_newton(self.equations, self.deflation, start, self._most(), self.damped)
        if attempt.failure == "known":
            self.deflation.strengthen(attempt.u)
        new = self.conclude(attempt)
        self.idle = 0 if new else self.idle + max(attempt.iterations, 1)
        return new

    def conclude(self, attempt) -> bool:
        """Count an attempt and list what it found; whether that is new."""
        report = self.report
        report.attempts += 1
        report.iterations += max(attempt.iterations, 1)
        failure = attempt.failure or self._accept(attempt.u)
        if failure:
            report.failures[failure] += 1
        raise_if_heard()  # here, where nothing is lost, and for attempts of every way
        return not failure

    def _apart(self, guess):
        """The guess, moved away from a known solution that it is on top of."""
        squares = self.deflation.look(guess)[1]
        if squares.min(initial=np.inf) > (1e-2 * NUDGE * self.deflation.length) ** 2:
            return guess
        direction = self.rng.normal(size=len(guess)) * self.half
        return guess + NUDGE * self.deflation.length / self.deflation.norm(direction) * direction

    def _accept(self, u) -> str:
        """Correct u without deflation and list it; a reason where it is not new or no solution."""
        exact = correct_solution(self.equations, self.deflation, u)
        try:
            u = solve_damped(self.problem, u, self.p) if exact is None else exact
        except StartError:
            return "unconverged"
        before = len(self.deflation.known)
        failure = self.catalogue.place(u, STRIDE * self.deflation.norm(self.surroundings.boxes()[0][1]))
        if len(self.deflation.known) > before:
            self.surroundings.include(self.deflation.known[before:])
        return failure

    def listed(self) -> dict:
        """Place in the catalogue -> unknowns (n,) of the solutions found inside the limits."""
        limits, found = self.surroundings.limits, self.catalogue.found
        if not limits.limited:
            return dict(enumerate(found))
        for k in range(len(found)):
            if self.inside.get(k) is None:  # one of a continuum may be met inside later
                met = self.catalogue.met(k)
                new, self.looked_at[k] = met[self.looked_at.get(k, 0) :], len(met)
                self.inside[k] = self.find_inside(new) if new else None
        return {k: u for k, u in self.inside.items() if u is not None}

    def find_inside(self, met):
        """Of solutions met (m, n) and their conjugates, the last in order inside the limits; or None."""
        limits = self.surroundings.limits
        images = np.vstack([list_conjugates(self.problem, u) for u in met])
        images = images[limits.hold(images)]
        if limits.shown:
            images = images[[limits.hold_shown(point_at(self.problem, u, self.p)) for u in images]]
        if not len(images):
            return None
        return images[canonical.order(images / self.deflation.size(images[0]), SAME)[-1]]

    def result(self) -> Found:
        """The solutions in their order, with the report."""
        catalogue, report, listed = self.catalogue, self.report, self.listed()
        points = {k: point_at(self.problem, u, self.p) for k, u in listed.items()}
        report.continua = [points[k] for k in sorted(catalogue.continua) if k in points]
        report.singular = [points[k] for k in sorted(catalogue.singular) if k in points]
        report.outside = len(catalogue.found) - len(points)
        report.error = self.equations.error
        if not points:
            return Found([], report)
        places, states = list(listed), np.array(list(listed.values()))
        order = canonical.order(states / np.max(np.abs(states), initial=1e-300), SAME)
        return Found([points[places[k]] for k in order], report)


def check_powers(power, shift):
    """Power and shift of the deflation as floats in their ranges."""
    power, shift = check_numbers("power", power, 0), check_numbers("shift", shift, 0)
    if power < 1.0:
        raise ValueError(f"power: wanted at least 1, got {power:g}: a weaker pole does not keep Newton off")
    if shift < 0.0:
        raise ValueError(f"shift: wanted at least 0, got {shift:g}")
    return power, shift
