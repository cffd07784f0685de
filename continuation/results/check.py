"""Check a finished branch row by row, with means of its own."""

from dataclasses import dataclass

import numpy as np

from continuation.equations.bordered import DOUBTFUL, solve_bordered
from continuation.equations.derivatives import evaluate, extended_jacobian
from continuation.equations.directional import derivative_along
from continuation.ground.status import Kind
from continuation.orbits.orbit_check import check_orbits
from continuation.results.solutions import need_problem

SOLUTION = 1e-8  # the largest Newton correction a row may ask for, relative to 1 + |x|
TANGENT = 1e-5  # the largest correction of the unit tangent
# Ranges, relative to 1 + |x|, from which differences look for theirs: from the first alone they take a smooth fit
# beyond a pole for the function, as of a curve's equations next to a kernel of dimension 3, whose tangents seemed off.
REACHES = (1e-1, 1e-2)


@dataclass(frozen=True)
class BranchReport:
    """Result of `Branch.check`: true where every row is a solution and every tangent a tangent.

    Attributes
    ----------
    solution_errors, tangent_errors : (m,) arrays
        Correction that an independent Newton step asks for, relative to ``1 + |x|``; correction of the unit tangent.
        NaN in `tangent_errors` at branch points, where the tangent is not unique.
    extended_precision : bool
        Whether the residual could be evaluated in extended precision.
    """

    solution_errors: np.ndarray
    tangent_errors: np.ndarray
    extended_precision: bool

    @property
    def ok(self) -> bool:
        """Whether all rows pass, at bounds that do not depend on the settings of the run."""
        return self.worst("solution")[1] <= SOLUTION and self.worst("tangent")[1] <= TANGENT

    def __bool__(self):
        return self.ok

    def worst(self, what):
        """Row and size of the largest error of the solution or the tangent."""
        errors = {"solution": self.solution_errors, "tangent": self.tangent_errors}[what]
        errors = np.nan_to_num(errors, nan=0.0, posinf=1e300)
        row = int(np.argmax(errors))
        return row, float(errors[row])

    def __str__(self):
        (a, ea), (b, eb) = self.worst("solution"), self.worst("tangent")
        verdict = "all rows pass" if self.ok else "FAILED"
        return (
            f"{verdict}: largest correction {ea:.2g} (row {a}, bound {SOLUTION:g}), "
            f"largest tangent error {eb:.2g} (row {b}, bound {TANGENT:g})"
        )


def check_branch(branch) -> BranchReport:
    """Recompute residual and tangent of every row.

    The residual in extended precision where the function allows it, the Jacobian by fourth-order differences of the
    residual, whatever Jacobian the run used.

    Returns
    -------
    BranchReport
        Of periodic orbits an `OrbitsReport`: they are integrated, see `continuation.orbits.orbit_check`.

    Raises
    ------
    ValueError
        The branch's problem is not known.

    Notes
    -----
    Cost: 4 n + 4 residuals and one solve of order n + 1 a row; more on rows that fail so.
    """
    problem = need_problem(branch)
    if branch.layout is not None:
        return check_orbits(branch)
    active = problem.index_of(branch.vary[0])
    p = problem.parameter_values(branch.parameters)
    tangentless = {point.index for point in branch.special if point.kind is Kind.BRANCH_POINT or not point.located}
    precise = extended_precision(problem, branch.unknowns[0], p, active)
    solution, tangent = np.empty(len(branch)), np.empty(len(branch))
    for row in range(len(branch)):
        x, t = branch.unknowns[row], branch.tangents[row]
        solution[row], tangent[row] = errors_of(problem.near(x, p), x, t, branch.weights, p, active, precise)
        if row in tangentless:
            tangent[row] = np.nan
    return BranchReport(solution, tangent, precise)


def errors_of(problem, x, t, weights, p, active, precise):
    """Relative Newton correction and correction of the tangent t at a row's unknowns x."""
    f = residual(problem, x, p, active, precise)
    best = corrections(x, t, weights, f, extended_jacobian(problem, x, p, active, independent=True))
    for reach in REACHES:
        if best[0] <= SOLUTION and best[1] <= TANGENT:
            break
        fitted = corrections(x, t, weights, f, fitted_jacobian(problem, x, p, active, reach))
        best = min(best, fitted, key=lambda pair: pair[1])
    return best


def corrections(x, t, weights, f, jacobian):
    """Relative Newton correction and correction of the tangent, from residual and Jacobian."""
    if not (np.all(np.isfinite(f)) and np.all(np.isfinite(jacobian))):
        return np.inf, np.inf
    matrix = np.vstack([jacobian, weights * t])
    rhs = np.column_stack([np.append(-f, 0.0), np.append(-(jacobian @ t), 0.0)])
    try:
        steps = np.linalg.solve(matrix, rhs)
    except np.linalg.LinAlgError:
        steps = np.full(rhs.shape, np.inf)
    if not np.all(np.isfinite(steps)) or np.max(np.abs(steps[:, 0])) > SOLUTION:
        steps = solve_bordered(matrix, rhs, DOUBTFUL)
    sizes = np.sqrt(np.sum(weights[:, None] * steps**2, axis=0))
    return sizes[0] / (1 + np.sqrt(np.sum(weights * x * x))), sizes[1]


def fitted_jacobian(problem, x, p, active, reach=REACHES[0]):
    """[F_u F_p] (n, n + 1) by differences that find their range, for functions that turn on a small scale.

    reach : the largest range tried, relative to 1 + |x|.
    """
    problem_at = np.array(p, float)

    def along(j):
        def value(t):
            y = x.copy()
            y[j] += t
            problem_at[active] = y[-1]
            return evaluate(problem, y[:-1], problem_at)

        return derivative_along(value, reach * (1 + abs(x[j])), 1)

    return np.column_stack([along(j) for j in range(len(x))])


def residual(problem, x, p, active, precise):
    """F at x, in extended precision where that works."""
    p = p.copy()
    p[active] = x[-1]
    if not precise:
        return evaluate(problem, x[:-1], p)
    out = np.zeros(len(x) - 1, np.longdouble)
    with np.errstate(all="ignore"):
        problem.functions["residual"].python(x[:-1].astype(np.longdouble), p.astype(np.longdouble), out)
    return out.astype(float)


def extended_precision(problem, x, p, active) -> bool:
    """Whether the user's function runs on extended-precision arrays and agrees with itself."""
    try:
        long, short = (residual(problem, x, p, active, precise) for precise in (True, False))
    except Exception:  # whatever a function does with numbers it was not made for
        return False
    return bool(np.all(np.isfinite(long)) and np.allclose(long, short, rtol=1e-6, atol=1e-6))
