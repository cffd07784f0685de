"""Descent and flow of any `Problem` with ``F = -grad L``, compiled: `descend`, `flow`, `largest_stable_rate`."""

import math
from typing import NamedTuple

import numpy as np

from systems.number_checks import check_count, check_not_negative, check_positive
from systems.training import kernels
from systems.training.rate_search import largest_stable
from systems.training.rules import GradientDescent, check_rule
from systems.training.runs import STOPS, Run, Stop, bound_of

ROWS = 1000  # recorded by default
BISECTIONS = 24  # for a stable rate: to 6e-8 of itself
TRIED = 20_000  # steps of each


def flow_of(problem):
    """Find the flow ``u' = F(u, p)`` behind a derived problem (isolated, restricted, a curve), in the states shown."""
    problem = problem.vector_field
    while hasattr(problem, "base"):
        problem = problem.base.vector_field
    return problem


class Field(NamedTuple):
    """The right-hand side of a problem ready for the kernels: address and data, p, and what must stay alive."""

    function: np.ndarray
    p: np.ndarray
    keep: object

    @classmethod
    def of(cls, problem, parameters=None):
        """Make the field of a problem (of the equations behind it, where it is derived) at given parameters."""
        problem = flow_of(problem)
        p = problem.parameter_values(parameters)
        made = problem.functions["residual"].callback(len(problem.states), len(p))
        return cls(np.array([made.address, made.data], np.int64), p, made)


def descend(problem, start, rule, *, parameters=None, steps=100_000, tolerance=0.0, every=None) -> Run:
    """Train by full-batch descent: ``u+ = u + rate F(u, p)`` or another rule.

    Parameters
    ----------
    problem : Problem
        With ``F = -grad L``.  An output called ``loss`` is recorded.
    start : array (n,), mapping of names or Point
    rule : float or Rule
        A number is the rate of plain gradient descent.
    parameters : mapping of str to float, optional
    steps : int
        Budget.
    tolerance : float
        Stop where the largest component of F is at most this.
    every : int, optional
        Steps between recorded states; default: about 1000 rows.

    Returns
    -------
    Run
        Divergence is its status, never an exception; plain gradient descent then also finds ``stable_rate``.

    Raises
    ------
    ValueError
        Unknown names, wrong shapes, a rule or a budget that can't be used.

    Notes
    -----
    About 20 ns and one evaluation of F a step for compiled problems.

    Examples
    --------
    >>> from continuation import Problem
    >>> bowl = Problem.from_expressions({"x": "-2*x"}, {"dummy": 0})
    >>> descend(bowl, [1.0], 0.25, steps=3).final
    array([0.125])
    >>> print(descend(bowl, [1.0], 1.5).status.name)
    DIVERGED
    """
    rule, steps, tolerance = check_rule(rule), check_count("steps", steps), check_not_negative("tolerance", tolerance)
    every = max(1, steps // ROWS) if every is None else check_count("every", every)
    trail = _trail(problem, start, steps, every)
    field = Field.of(problem, parameters)
    limits = every, tolerance, bound_of(trail[0]), steps
    code, made, rows = kernels.descend(field.function, field.p, rule.code, rule.knobs, trail, *limits)
    rate = None
    if STOPS[code] is Stop.DIVERGED and isinstance(rule, GradientDescent):
        rate = largest_stable_rate(problem, trail[0], rule.rate, parameters=parameters)
    return _run(problem, field, trail[:rows], code, made, every, rate)


def flow(problem, start, time, *, step=None, parameters=None, tolerance=0.0, every=None, method="RK4") -> Run:
    """Follow the gradient flow ``u' = F(u, p)`` for a time.

    Parameters
    ----------
    problem, start, parameters
        As for `descend`.
    time : float
        Length of the flow.
    step : float, optional
        Of the classical Runge-Kutta method; default ``time / 10000``.  The number of steps is the budget: nothing
        adapts, so kinks (ReLU) do not stall it.
    tolerance : float
        Stop where the largest component of F is at most this (``method="RK4"``).
    every : int, optional
        Steps between recorded states.
    method : str
        ``"RK4"``, or a method of `scipy.integrate.solve_ivp` (for smooth F; tolerances 1e-10 and 1e-12).

    Returns
    -------
    Run
        ``steps`` counts Runge-Kutta steps, or rows equally spaced in time.

    Examples
    --------
    >>> from continuation import Problem
    >>> bowl = Problem.from_expressions({"x": "-2*x"}, {"dummy": 0})
    >>> print(f"{flow(bowl, [1.0], 1.0).final[0]:.10f} {np.exp(-2.0):.10f}")
    0.1353352832 0.1353352832
    """
    time, tolerance = check_positive("time", time), check_not_negative("tolerance", tolerance)
    step = time / 10_000 if step is None else check_positive("step", step)
    steps = max(1, math.ceil(time / step - 1e-9))  # a quotient that is whole but for rounding needs no step more
    every = max(1, steps // ROWS) if every is None else check_count("every", every)
    field = Field.of(problem, parameters)
    trail = _trail(problem, start, steps, every)
    if method != "RK4":
        return _smooth_flow(problem, field, trail, time, method, every)
    limits, knobs = (every, tolerance, bound_of(trail[0]), steps), np.array([time / steps])
    code, made, rows = kernels.descend(field.function, field.p, kernels.RUNGE_KUTTA, knobs, trail, *limits)
    return _run(problem, field, trail[:rows], code, made, every)


def largest_stable_rate(problem, start, diverging, *, parameters=None, steps=TRIED) -> float:
    """Find the largest rate of gradient descent that does not diverge from a start.

    Parameters
    ----------
    problem, start, parameters
        As for `descend`.
    diverging : float
        A rate that diverges.
    steps : int
        Of each trial; a rate that diverges later counts as stable, so that next to a quadratic minimum the result is
        too large by about ``7 / steps`` of itself.

    Returns
    -------
    float
        0 where no rate down to ``1e-12 * diverging`` is stable.  With several intervals of stable rates, the end of
        one of them.

    Examples
    --------
    >>> from continuation import Problem
    >>> bowl = Problem.from_expressions({"x": "-2*x"}, {"dummy": 0})
    >>> print(f"{largest_stable_rate(bowl, [1.0], 3.0):.2f}")
    1.00
    """
    field, start = Field.of(problem, parameters), flow_of(problem).state_values(start)
    steps, diverging = check_count("steps", steps), check_positive("diverging", diverging)
    limits = steps, 0.0, bound_of(start), steps

    def stable(rate):
        trail = np.vstack([start, start])
        code, _, _ = kernels.descend(field.function, field.p, kernels.GRADIENT, np.array([rate]), trail, *limits)
        return code in (kernels.BUDGET, kernels.CONVERGED)

    return largest_stable(stable, diverging, BISECTIONS)


def _trail(problem, start, steps, every) -> np.ndarray:
    """Array of the recorded states, the start in its first row."""
    start = flow_of(problem).state_values(start)
    trail = np.empty((-(-steps // every) + 1, len(start)))
    trail[0] = start
    return trail


def _run(problem, field, states, code, made, every, rate=None) -> Run:
    """The record of a compiled run of so many steps, a row every few."""
    steps = np.minimum(np.arange(len(states)) * every, made)
    loss = flow_of(problem).outputs.get("loss")
    losses = np.array([loss(u, field.p) for u in states]) if loss else np.empty(0)
    return Run(states.copy(), steps, losses, STOPS[code], made, {}, rate)


def _smooth_flow(problem, field, trail, time, method, every) -> Run:
    """The flow by one of scipy's adaptive methods."""
    from scipy.integrate import solve_ivp

    right, bound = flow_of(problem).functions["residual"], bound_of(trail[0])

    def rate(_, u):
        out = np.empty(len(u))
        right(u, field.p, out)
        return out

    def far(_, u):
        return bound - np.max(np.abs(u))

    far.terminal = True
    times = np.linspace(0, time, len(trail))
    found = solve_ivp(rate, (0, time), trail[0], method=method, t_eval=times, events=far, rtol=1e-10, atol=1e-12)
    code = kernels.BUDGET if found.status == 0 else kernels.DIVERGED
    return _run(problem, field, found.y.T, code, (len(found.t) - 1) * every, every)
