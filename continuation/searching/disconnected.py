"""Deflated continuation: solutions that lie on none of the branches traced, and the branches through them."""

from dataclasses import dataclass, replace
from numbers import Integral
from typing import NamedTuple

import numpy as np

from continuation.engine.follow import follow
from continuation.ground.arguments import check_mapping, check_sequence, shown
from continuation.ground.names import MOST_VALUES, as_real, check_numbers, check_whole
from continuation.ground.status import StartError, Status
from continuation.results.request import Request
from continuation.results.rows import Rows
from continuation.results.solutions import solutions_at
from continuation.searching.catalogue import list_conjugates
from continuation.searching.deflated_search import Search, check_powers
from continuation.searching.deflation import check_problem
from continuation.searching.found import Found
from continuation.searching.guesses import check_guesses
from continuation.searching.search_limits import Limits, check_bounds

BUDGET = 1000  # Newton iterations at one value
VALUES = 9  # of the parameter, by default
ALIKE = 1e-6  # points of two branches nearer than this, relative, are one: at a fold they are known to 1e-8


def unconnected(
    problem,
    branches,
    vary,
    values,
    *,
    parameters=None,
    guesses=None,
    bounds=None,
    limit=100,
    power=2.0,
    shift=1.0,
    budget=BUDGET,
    seed=0,
) -> Found:
    """Find solutions, at given values of a parameter, that lie on none of the branches.

    Parameters
    ----------
    problem : Problem
    branches : list of Branch, or one
        Traced in `vary`, all at the same other parameters.  Their solutions, with their conjugates under
        ``problem.symmetry``, are deflated at each value.
    vary : str
        Name of the parameter.
    values : float or list of float
        Where to look.
    parameters : mapping of str to float, optional
        The other parameters; default: those of the branches, else the problem's.
    guesses : list of states, optional
        Tried at each value after those made of the branches.
    bounds, power, shift, seed
        As for `find_solutions`.
    limit : int
        Most new solutions at one value.
    budget : int
        Newton iterations at each value.

    Returns
    -------
    Found
        New points, value by value, in the order of `find_solutions`; a branch that is met at several values has a
        point at each (`deflated_branches` lists it once).  ``found.reports`` maps each value to its `Report`.

    Raises
    ------
    ValueError
        Branches in another parameter or at other parameters; else as `find_solutions`.

    Notes
    -----
    At each value Newton starts from the solutions of the branches there and at the values before and after, from what
    was found at the value before, then from `guesses`, then, for
    what is left of the budget, from the random guesses of `find_solutions`.  A branch that was cut short
    (`Status.MAX_POINTS`) is unknown beyond its end; one that crosses those given at a branch point and was not
    traced is found too.

    References
    ----------
    P. E. Farrell, C. H. L. Beentjes, Á. Birkisson, "The computation of disconnected bifurcation diagrams" (2016),
    arXiv:1603.00809.

    Examples
    --------
    >>> from continuation import Problem, trace, unconnected
    >>> problem = Problem.from_expressions({"x": "x*((x - 2)**2 + lam**2 - 0.25)"}, parameters={"lam": 0})
    >>> trunk = trace(problem, [0.0], "lam", (-1, 1))
    >>> [round(point["x"], 12) for point in unconnected(problem, trunk, "lam", [0.3], budget=200)]
    [1.6, 2.4]
    """
    task = Task.of(problem, branches, vary, parameters, guesses)
    options = SearchOptions(
        check_bounds(problem, bounds),
        *check_powers(power, shift),
        limit=check_whole("limit", limit),
        budget=check_whole("budget", budget),
        seed=check_whole("seed", seed, 0),
    )
    values = check_numbers("values", [values] if as_real(values) is not None else values, 1)
    found = Found()
    found.reports, fresh = {}, []
    for k, value in enumerate(values.tolist()):
        near = [other for other in values[max(k - 1, 0) : k + 2].tolist() if other != value]
        here = task.search(value, near, fresh, options)
        fresh = list(here)
        found.extend(here)
        found.reports[value] = found.report = here.report
        if here.report.ended == "interrupted":
            break
    return found


class SearchOptions(NamedTuple):
    """Options of a search at one value, checked: see `find_solutions`."""

    bounds: Limits
    power: float
    shift: float
    limit: int
    budget: int
    seed: int


@dataclass(frozen=True, eq=False)
class Task:
    """What the values of one deflated continuation share: checked branches, parameters and guesses."""

    problem: object
    branches: list
    vary: str
    p: np.ndarray
    guesses: np.ndarray

    @classmethod
    def of(cls, problem, branches, vary, parameters, guesses):
        """Check what was given; each error names the argument."""
        branches = (
            [branches] if isinstance(branches, Rows) else check_sequence("branches", branches, "a sequence of Branch")
        )
        check_problem(problem)
        if not isinstance(vary, str) or vary not in problem.parameters:
            raise ValueError(f"vary: wanted the name of one parameter of {list(problem.parameters)}, got {shown(vary)}")
        base = {} if not branches else _fixed_parameters(branches[0], vary, problem)
        p = problem.parameter_values({**base, **check_mapping("parameters", parameters)})
        problem.check_varied(p, [vary])
        task = cls(problem, [], vary, p, check_guesses(problem, "guesses", () if guesses is None else guesses))
        for k, branch in enumerate(branches):
            task.check_branch(branch, k)
            task.branches.append(replace(branch, problem=problem))
        return task

    def check_branch(self, branch, k):
        """Raise where a branch is of other parameters."""
        if not isinstance(branch, Rows):
            raise ValueError(f"branches[{k}]: wanted a Branch, got {type(branch).__name__}")
        if branch.vary != (self.vary,):
            raise ValueError(f"branches[{k}]: varies {', '.join(branch.vary)}, wanted {self.vary!r}")
        if branch.state_names != self.problem.states:
            raise ValueError(
                f"branches[{k}]: has states {list(branch.state_names)}, wanted {list(self.problem.states)}"
            )
        for name, value in dict(zip(self.problem.parameters, self.p.tolist())).items():
            if name != self.vary and abs(branch.parameters.get(name, value) - value) > 1e-12 * (1 + abs(value)):
                raise ValueError(f"branches[{k}]: {name} = {branch.parameters[name]:g}, wanted {value:g}")

    def known(self, value) -> np.ndarray:
        """(m, n) solutions of the branches at a value."""
        points = [point for branch in self.branches for point in solutions_at(branch, {self.vary: value})]
        unknowns = [self.problem.point_unknowns(point, self.vary)[:-1] for point in points]
        return np.array(unknowns).reshape(len(points), len(self.problem.unknown_names))

    def search(self, value, near, fresh, options) -> Found:
        """Look for new solutions at one value; guesses come from values `near` it and the points found just before."""
        p, known = self.p.copy(), self.known(value)
        p[self.problem.index_of(self.vary)] = value
        given = np.vstack(
            [check_guesses(self.problem, "found", fresh), *(self.known(other) for other in near), known, self.guesses]
        )
        search = Search(self.problem, p, known, options.bounds, given, options.power, options.shift)
        search.run(given, options.limit, options.budget, options.seed, random=True)
        return search.result()


def _fixed_parameters(branch, vary, problem) -> dict:
    """Parameters of a branch that do not vary."""
    parameters = getattr(branch, "parameters", {})
    return {name: value for name, value in parameters.items() if name in problem.parameters and name != vary}


class FoundBranches(list):
    """New branches, a list of `Branch`, with what the searches say.

    Attributes
    ----------
    reports : dict
        Value of the parameter -> `Report` of the search there.
    untraced : list of (Point, StartError)
        Solutions no branch could be traced from (not isolated, or branch points).
    interrupted : bool
    """

    def __init__(self, branches=()):
        super().__init__(branches)
        self.reports, self.untraced, self.interrupted = {}, [], False

    def __repr__(self):
        looked = f"looked at {len(self.reports)} values"
        return f"<{len(self)} new branch{'' if len(self) == 1 else 'es'}; {looked}>"


def branches_elsewhere(
    problem, branches, vary, span, *, values, parameters, guesses, bounds, limit, budget, seed, settings, progress
) -> FoundBranches:
    """Find and trace branches not connected to those given; see `continuation.find.deflated_branches`."""
    hunt = Hunt.of(problem, branches, vary, span, settings, parameters, guesses)
    options = {"bounds": bounds, "budget": budget, "seed": seed, "guesses": guesses, "parameters": parameters}
    limit = check_whole("limit", limit)
    for value in check_values(values, hunt.request.span):
        try:
            found = unconnected(problem, hunt.known, vary, value, limit=limit - len(hunt.new), **options)
            hunt.new.reports[value] = found.report
            hunt.new.interrupted = found.report.ended == "interrupted"
            for point in found:
                hunt.follow(point)
            if progress is not None:
                progress(value, list(hunt.new))
        except KeyboardInterrupt:
            hunt.new.interrupted = True
        if hunt.new.interrupted or len(hunt.new) >= limit:
            break
    return hunt.new


@dataclass(frozen=True, eq=False)
class Hunt:
    """Branches known and new while values are gone through, and how to trace."""

    task: Task
    request: Request
    known: list
    new: FoundBranches

    @classmethod
    def of(cls, problem, branches, vary, span, settings, parameters, guesses):
        """Check the arguments of `deflated_branches` that `unconnected` does not see."""
        request = Request.of(problem, vary, span, settings, "both", "all", None)
        if not np.all(np.isfinite(request.span)):
            raise ValueError(f"span: wanted finite limits to look between, got {shown(span)}")
        task = Task.of(problem, branches, vary, parameters, guesses)
        return cls(task, request, list(task.branches), FoundBranches())

    def follow(self, point):
        """Trace from a solution, unless it lies on a branch that was traced since it was found."""
        if any(passes_through(branch, point) for branch in self.new):
            return
        try:
            branch = follow(self.task.problem, point, self.request)
        except StartError as error:
            if error.status is not Status.LIMIT:  # of a solution outside the limits that `span` names
                self.new.untraced.append((point, error))
            return
        if not any(passes_through(branch, old.point(len(old) // 2)) for old in self.known):
            self.new.append(branch)
        self.known.append(branch)
        if Status.INTERRUPTED in branch.ends:
            raise KeyboardInterrupt


def passes_through(branch, point) -> bool:
    """Whether a branch passes through a solution or a conjugate of it."""
    vary, problem = branch.vary[0], branch.problem
    images = list_conjugates(problem, point.state)
    near = ALIKE * (1 + np.max(np.abs(point.state)))
    others = [other.state for other in solutions_at(branch, {vary: point.parameters[vary]})]
    return any(np.max(np.abs(images - other), axis=1).min() <= near for other in others)


def check_values(values, span) -> list:
    """Parameter values to look at: so many inside the span, or those given."""
    if isinstance(values, Integral):
        count = check_whole("values", values, most=MOST_VALUES)
        return np.linspace(*span, count + 2)[1:-1].tolist()
    given = check_numbers("values", values, 1).tolist()
    for value in given:
        if not span[0] <= value <= span[1]:
            raise ValueError(f"values: wanted values inside the span ({span[0]:g}, {span[1]:g}), got {value:g}")
    return given
