"""Damped Newton at fixed parameters: from a guess to the first solution."""

import numpy as np

from continuation.equations.bordered import ROUNDING, solve_least_norm
from continuation.equations.derivatives import evaluate, state_jacobian
from continuation.equations.solved import is_solution
from continuation.ground.status import StartError

ITERATIONS = 60
SMALLEST = 1e-6  # damping below this gives up: the residual does not fall along the correction
EXACT = 1e-14  # corrections below this, relative to 1 + |u|, are rounding


def solve_damped(problem, guess, p) -> np.ndarray:
    """Solve F(u, p) = 0 from `guess` (n,) at fixed p (k,); returns u to rounding.

    Corrections are halved until the residual falls (Armijo); a singular Jacobian takes the correction of least
    norm, so that a start on a fold is kept.

    Raises
    ------
    StartError
        With the residual reached, its largest component by name, and what to try.
    """
    u, p = np.array(guess, float), np.array(p, float)
    f = evaluate(problem, u, p)
    _refuse_nonfinite(problem, u, p, f)
    for _ in range(ITERATIONS):
        step = _correction(problem, u, p, f)
        damping, size = 1.0, np.linalg.norm(f)
        small = np.linalg.norm(step) <= EXACT * (1 + np.linalg.norm(u))
        while damping >= SMALLEST:
            trial = evaluate(problem, u + damping * step, p)
            if np.all(np.isfinite(trial)) and (np.linalg.norm(trial) <= (1 - 1e-4 * damping) * size or small):
                break
            damping /= 2
        else:
            break
        u, f = u + damping * step, trial
        if small or not np.any(f):
            break
    if is_solution(problem, u, p):
        return u
    raise StartError(describe_failure(problem, guess, p, u))


def _correction(problem, u, p, f):
    """Newton correction, of least norm where the Jacobian is singular."""
    a = state_jacobian(problem, u, p)
    if not np.all(np.isfinite(a)):
        (row, column), names = np.argwhere(~np.isfinite(a))[0], problem.unknown_names
        raise StartError(
            f"the Jacobian is not finite at the start: dF[{names[row]}]/d{names[column]} = "
            f"{a[row, column]}; every entry must be written"
        )
    # Rows as they are: far from a solution one that nearly vanishes says nothing, and scaled up it would lead astray.
    return solve_least_norm(a, -f, ROUNDING)


def _refuse_nonfinite(problem, u, p, f):
    """Raise where the residual is not finite, naming the components and, of text, the part that is to blame."""
    if not np.all(np.isfinite(f)) and (words := problem.blame(u, p)):
        raise StartError(f"the residual is not finite at the start: {words}; give another start")
    bad = [f"F[{name}] = {value}" for name, value in zip(problem.unknown_names, f) if not np.isfinite(value)]
    if bad:
        raise StartError(f"the residual is not finite at the start: {', '.join(bad[:5])}; give another start")


def describe_failure(problem, guess, p, best) -> str:
    """Residual at the guess and at the best point, by name, and what to try."""

    def largest(u):
        f = evaluate(problem, u, p)
        k = int(np.argmax(np.abs(f)))
        return f"{abs(f[k]):.3g} in the equation of {problem.unknown_names[k]!r}"

    return (
        f"the start is no solution and Newton's method found none near it: the largest residual is {largest(guess)} "
        f"at the start, {largest(best)} after the iteration; try a start nearer to a solution, other parameters "
        "(`parameters=`), or integrate u' = F for a while; problem.check() tests the given derivatives"
    )
