"""Normal forms of special points of equilibria: coefficients that tell what branches off, and how stable it is."""

from collections.abc import Mapping

import numpy as np

from continuation.ground.status import Kind
from continuation.kinds import registry
from continuation.kinds.normal_forms.linear_part import Local

__all__ = ["normal_form"]


def normal_form(problem, kind, u, parameters, vary, nullity=None) -> dict:
    """Compute the normal form of an equilibrium at a special point.

    Parameters
    ----------
    problem : Problem
        With functions: residual, and derivatives as given or by differences.
    kind : Kind
        FOLD, BRANCH_POINT, HOPF, CUSP, BOGDANOV_TAKENS, BAUTIN, ZERO_HOPF, HOPF_HOPF or
        DEGENERATE_BRANCH_POINT; its conditions are taken
        to hold, not tested.
    u : (n,) array
    parameters : mapping of str to float
        Others have the problem's defaults.
    vary : sequence of str
        Names of the 1 or 2 varied parameters; the first is the mu of the formulas.
    nullity : int, optional
        Dimension of the kernel of F_u, where it is known better than its singular values tell.

    Returns
    -------
    dict
        Floats, strings, few arrays; the keys of each kind, with scalings and sources, are described at the functions
        `fold_forms.fold`, `branch_point_forms.branch_point`, `hopf_forms.hopf`, `fold_forms.cusp`,
        `fold_forms.bogdanov_takens`, `hopf_forms.bautin`, `mixed_forms.zero_hopf`, `mixed_forms.hopf_hopf` and
        `branch_point_forms.degenerate` of this package.  Empty for other kinds.  What a point
        is too degenerate for is left out and ``degenerate`` says why.

    Raises
    ------
    ValueError
        Unknown names, shapes that do not fit, a problem without functions.

    Notes
    -----
    Exact but for rounding where the problem was made from expressions; else by directional differences, see
    `continuation.equations.multilinear.Multilinear`.

    Examples
    --------
    >>> from continuation import Kind, Problem
    >>> problem = Problem.from_expressions({"x": "mu*x - 2*x**3"}, parameters={"mu": 0})
    >>> found = normal_form(problem, Kind.BRANCH_POINT, [0.0], {"mu": 0.0}, ("mu",))
    >>> found["kind"], found["criticality"], found["b"], found["d"]
    ('pitchfork', 'supercritical', 1.0, -2.0)
    """
    if "residual" not in getattr(problem, "functions", {}):
        raise ValueError("problem: wanted one whose residual is a function of (u, p), got one with operations only")
    if not isinstance(parameters, Mapping):
        raise ValueError(f"parameters: wanted values by name, got {type(parameters).__name__}")
    names = (vary,) if isinstance(vary, str) else tuple(vary)
    if not 1 <= len(names) <= 2:
        raise ValueError(f"vary: wanted 1 or 2 names of parameters, got {vary!r}")
    active = [problem.index_of(name) for name in names]
    compute = registry.of(kind).normal_form
    if compute is None:
        return {}
    local = Local(problem, problem.unknown_values(u), problem.parameter_values(parameters), active)
    local.known_nullity = nullity
    if not np.all(np.isfinite(local.jacobian)):
        return {"degenerate": "F_u is not finite"}
    return compute(local)


def of_point(problem, point) -> dict:
    """Compute the normal form of a special point of a problem's branch.

    Parameters
    ----------
    problem : Problem
    point : SpecialPoint

    Returns
    -------
    dict
        As `normal_form`, of periodic orbits as `continuation.orbits.forms.fold`, `period_doubling` and
        `neimark_sacker`; empty for ends, user's points, points not located and problems without functions.
    """
    if (orbit := problem.critical_orbit(point)) is not None:
        compute = registry.of(point.kind).orbit_form
        return compute(orbit) if point.located and compute is not None else {}
    if problem.vector_field is not problem and point.kind is Kind.FOLD:
        return {}  # a curve of special points turns there: no fold of the problem itself
    # Points of curves count eigenvalues, where orbits shrink to an equilibrium it is multipliers.
    counts_eigenvalues = problem.vector_field is not problem and point.context is None
    nullity = point.nullity if counts_eigenvalues else None
    problem = problem.vector_field
    known = "residual" in getattr(problem, "functions", {}) and len(point.state) == len(problem.states)
    if not known or not point.located or registry.of(point.kind).normal_form is None:
        return {}
    values = {name: point.parameters[name] for name in problem.parameters}
    return normal_form(problem, point.kind, point.state, values, point.vary, nullity)
