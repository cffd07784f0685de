"""Derivatives of a problem's residual: as given, else by differences; and the check of those given."""

from dataclasses import dataclass

import numpy as np

from continuation.ground.arguments import renamed
from continuation.ground.names import check_whole

CUBE_ROOT = np.finfo(float).eps ** (1 / 3)
FIFTH_ROOT = np.finfo(float).eps ** (1 / 5)
CENTRAL4 = ((-2, 1 / 12), (-1, -2 / 3), (1, 2 / 3), (2, -1 / 12))
NOISE = 1e-11  # of a difference of fourth order, relative to the residual around the point
# Relative to the column's largest entry: differences err by 1e-10; ten times smaller, steep functions (exp(50 u)) fail.
AGREE = 1e-6


def evaluate(problem, u, p) -> np.ndarray:
    """F(u, p) (n,) with numeric warnings silenced: NaN speaks for itself."""
    out = np.full(len(u), np.nan)
    with np.errstate(all="ignore"):
        problem.functions["residual"](np.array(u, float), np.array(p, float), out)
    return out


def evaluate_each(problem, u, p) -> np.ndarray:
    """F (P, n) at P places, states (P, n) and parameters (P, k), as `evaluate` at each."""
    u, p, out = np.array(u, float, order="C"), np.array(p, float, order="C"), np.full(np.shape(u), np.nan)
    residual = problem.functions["residual"]
    with np.errstate(all="ignore"):
        for k in range(len(out)):
            residual(u[k], p[k], out[k])
    return out


def probed(function, *arguments) -> np.ndarray | float:
    """What a function gives at a place next to solutions; NaN where plain Python has no value there.

    Examples
    --------
    >>> import math
    >>> probed(math.sqrt, 4.0), probed(math.sqrt, -1.0)
    (2.0, nan)
    """
    try:
        with np.errstate(all="ignore"):
            return function(*arguments)
    except (ArithmeticError, ValueError):
        return np.nan


def difference(problem, u, p, variables, k, *, fourth_order=False) -> np.ndarray:
    """dF/dvariables[k] by central differences; `variables` is `u` or `p` itself, left as it was.

    Error about 1e-10 relative (second order), 1e-12 (fourth order).  The step grows with the variable; of fourth
    order also one that does not is tried, for functions that turn on the scale of a unit wherever they are: the step
    counts that agrees better with half of it.
    """
    unit = unit_of(problem, variables is p, k)
    size = max(unit, abs(variables[k]))
    if not fourth_order:
        return _stencil(problem, u, p, variables, k, CUBE_ROOT * size, ((-1, -0.5), (1, 0.5)))
    steps = [FIFTH_ROOT * size] if size < 10.0 * unit else [FIFTH_ROOT * size, FIFTH_ROOT * unit]
    found = [[_stencil(problem, u, p, variables, k, h, CENTRAL4) for h in (s, 0.5 * s)] for s in steps]
    return min(found, key=lambda pair: np.max(np.abs(pair[0] - pair[1]), initial=0.0))[0]


def unit_of(problem, of_parameter, k) -> float:
    """Unit of state k, or of the parameters: 1 where magnitudes are ordinary, or nothing has been found out yet."""
    measure = getattr(problem, "measure", None)
    return 1.0 if measure is None else float(measure.units[-1 if of_parameter else k])


def _stencil(problem, u, p, variables, k, step, points) -> np.ndarray:
    """Sum of residuals at multiples of `step` of one variable, weighted, over the step."""
    value = variables[k]
    step = (value + step) - value
    total = np.zeros(len(u))
    for shift, weight in points:
        variables[k] = value + shift * step
        total += weight * evaluate(problem, u, p)
        variables[k] = value
    return total / step


def state_jacobian(problem, u, p, *, independent=False) -> np.ndarray:
    """F_u (n, n); `independent`: by fourth-order differences even where it is given."""
    n, u, p = len(u), np.array(u, float), np.array(p, float)
    if "jacobian" in problem.functions and not independent:
        out = np.full((n, n), np.nan)
        with np.errstate(all="ignore"):
            problem.functions["jacobian"](u, p, out)
        return out
    return np.column_stack([difference(problem, u, p, u, k, fourth_order=independent) for k in range(n)])


def parameter_column(problem, u, p, k, *, independent=False) -> np.ndarray:
    """dF/dp_k (n,)."""
    u, p = np.array(u, float), np.array(p, float)
    if "parameter_derivative" in problem.functions and not independent:
        out = np.full(len(u), np.nan)
        with np.errstate(all="ignore"):
            problem.functions["parameter_derivative"](u, p, k, out)
        return out
    return difference(problem, u, p, p, k, fourth_order=independent)


def extended_jacobian(problem, x, p, active, *, independent=False) -> np.ndarray:
    """[F_u F_p] (n, n + 1) at x = (u, p_active)."""
    p = np.array(p, float)
    p[active] = x[-1]
    a = state_jacobian(problem, x[:-1], p, independent=independent)
    return np.column_stack([a, parameter_column(problem, x[:-1], p, active, independent=independent)])


@dataclass(frozen=True)
class DerivativeReport:
    """Result of `Problem.check`: true where all given derivatives pass.

    Attributes
    ----------
    slopes : dict
        For each column of the Jacobian and each parameter: the slope of ``log|F(u + h e) - F(u) - h dF|`` against
        ``log h``; 2 for a correct derivative, 1 for a wrong one, infinite where F is linear.
    wrong : tuple of str
        One line for each wrong entry: its name, what came, what the differences say.
    """

    slopes: dict
    wrong: tuple

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.wrong

    def __bool__(self):
        return self.ok

    def __str__(self):
        head = "derivatives agree with differences" if self.ok else f"{len(self.wrong)} wrong derivative(s)"
        lines = [f"  d/d{name}: Taylor slope {slope:.2f}" for name, slope in self.slopes.items()]
        return "\n".join([head, *lines, *(f"  {line}" for line in self.wrong)])


def check_derivatives(problem, u=None, parameters=None, seed=0) -> DerivativeReport:
    """Compare the given derivatives with the residual by Taylor slopes, entry by entry where one fails.

    Parameters
    ----------
    problem : Problem
    u : state, optional
        Where to test; default: a random point near 1 (seeded).
    parameters : mapping, optional
    seed : int

    Returns
    -------
    DerivativeReport

    Raises
    ------
    ValueError
        The residual is not finite at `u`.
    """
    p = problem.parameter_values(parameters)
    n = len(problem.unknown_names)
    rng = np.random.default_rng(check_whole("seed", seed, 0))
    with renamed("start", "u"):
        u = rng.uniform(0.5, 1.5, n) if u is None else problem.unknown_values(u)
    if not np.all(np.isfinite(evaluate(problem, u, p))):
        raise ValueError(f"check: the residual is not finite at u = {u.tolist()}; give another point u")
    columns = []
    if "jacobian" in problem.functions:
        a = state_jacobian(problem, u, p)
        columns += [(name, a[:, j], u, j) for j, name in enumerate(problem.unknown_names)]
    if "parameter_derivative" in problem.functions:
        for k, name in enumerate(problem.parameters):
            columns.append((name, parameter_column(problem, u, p, k), p, k))
    slopes, wrong = {}, []
    around = np.abs([evaluate(problem, u + s * (1 + np.abs(u)), p) for s in (0.0, 1e-2)])
    noise = NOISE * float(np.max(around[np.isfinite(around)]))
    for name, given, variables, k in columns:
        slopes[name] = taylor_slope(problem, u, p, variables, k, given)
        computed = difference(problem, u, p, variables, k, fourth_order=True)
        wrong += wrong_entries(problem, name, given, computed, noise)
    if problem.symmetric:
        wrong += asymmetric_entries(problem, state_jacobian(problem, u, p))
    return DerivativeReport(slopes, tuple(wrong))


def taylor_slope(problem, u, p, variables, k, given) -> float:
    """Slope of the remainder of the first-order Taylor polynomial against the step, in logarithms."""
    value, base = variables[k], evaluate(problem, u, p)
    steps = np.array([1e-2, 1e-3]) * max(1.0, abs(value))
    remainders = []
    for h in steps:
        variables[k] = value + h
        remainders.append(np.abs(evaluate(problem, u, p) - base - h * given))
        variables[k] = value
    noise = 1e-13 * max(1.0, np.max(np.abs(base)))
    large, small = remainders
    if not np.all(np.isfinite(remainders)):
        return np.nan
    curved = large > noise
    if not np.any(curved):
        return np.inf
    return float(np.min(np.log10(large[curved] / np.maximum(small[curved], noise))))


def wrong_entries(problem, name, given, computed, noise):
    """One line for each entry of a given column that disagrees with the computed one beyond `noise`."""
    scale = np.max(np.abs(computed))
    bad = ~(np.abs(given - computed) <= AGREE * np.maximum(np.abs(computed), 1e-3 * scale) + noise)
    return [
        f"dF[{problem.unknown_names[i]}]/d{name}: given {given[i]:.10g}, differences say {computed[i]:.10g}"
        for i in np.flatnonzero(bad)
    ]


def asymmetric_entries(problem, a):
    """One line for the entry that breaks a declared symmetry most."""
    gap = np.abs(a - a.T)
    if np.max(gap) <= AGREE * np.max(np.abs(a)):
        return []
    i, j = np.unravel_index(np.argmax(gap), gap.shape)
    s = problem.unknown_names
    return [f"symmetric=True, but dF[{s[i]}]/d{s[j]} = {a[i, j]:.10g} and dF[{s[j]}]/d{s[i]} = {a[j, i]:.10g}"]
