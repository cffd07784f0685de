"""Solutions at fixed parameters, and those that lie on no branch known: `find_solutions` and its relatives."""

from continuation.branch import Branch
from continuation.ground.arguments import check_function
from continuation.searching.deflated_search import find_solutions
from continuation.searching.disconnected import BUDGET, VALUES, FoundBranches, branches_elsewhere, unconnected

__all__ = ["deflated_branches", "find_solutions", "unconnected"]


def deflated_branches(
    problem,
    branches,
    vary,
    span,
    *,
    values=VALUES,
    parameters=None,
    guesses=None,
    bounds=None,
    limit=20,
    budget=BUDGET,
    seed=0,
    settings=None,
    progress=None,
) -> FoundBranches:
    """Find and trace branches that are not connected to those given, inside a span of the parameter.

    Parameters
    ----------
    problem, branches, vary, parameters, guesses, bounds, budget, seed
        As for `unconnected`.
    span : (low, high)
        Finite limits of the parameter.
    values : int or list of float
        Where to look: so many places inside the span, equally far apart, or these.  A closed branch that
        lies between two of them is missed.
    limit : int
        Most branches wanted.
    settings : Settings, optional
        Of `trace`.
    progress : callable, optional
        ``progress(value, branches)`` after each value, with the new branches so far.

    Returns
    -------
    FoundBranches
        The new branches in the order found; those given are not among them.  Each was deflated at the values that
        came after it.  Ctrl-C returns what was found.

    Raises
    ------
    ValueError
        As `unconnected`; a span or values that are not finite; values outside the span.

    Examples
    --------
    >>> from continuation import Problem, deflated_branches, trace
    >>> problem = Problem.from_expressions({"x": "x*((x - 2)**2 + lam**2 - 0.25)"}, parameters={"lam": 0})
    >>> trunk = trace(problem, [0.0], "lam", (-1, 1))
    >>> isola, = deflated_branches(problem, trunk, "lam", (-1, 1), budget=200)
    >>> isola.ends[0].name, [round(fold["lam"], 9) for fold in isola.folds]
    ('CLOSED', [0.5, -0.5])
    """
    progress = None if progress is None else check_function("progress", progress, "value", "branches")

    def shown(value, found):
        progress(value, list(map(Branch.of, found)))

    found = branches_elsewhere(
        problem,
        branches,
        vary,
        span,
        values=values,
        parameters=parameters,
        guesses=guesses,
        bounds=bounds,
        limit=limit,
        budget=budget,
        seed=seed,
        settings=settings,
        progress=None if progress is None else shown,
    )
    found[:] = map(Branch.of, found)
    return found
