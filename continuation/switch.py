"""`switch`: from a branch point or a period doubling to the other branches through it."""

from continuation.branching.switching import SECONDS, starts_at
from continuation.ground.names import check_seconds
from continuation.ground.points import Starts
from continuation.ground.settings import Settings


def switch(problem, point, settings=None, *, seconds=SECONDS) -> Starts:
    """Find the half-branches that meet at a branch point, of equilibria or of periodic orbits, or a period doubling.

    Parameters
    ----------
    problem : Problem
        Or what `periodic_orbits` makes of one.
    point : SpecialPoint
        Of `Kind.BRANCH_POINT`, of periodic orbits also `Kind.PERIOD_DOUBLING`, located, of a branch in one parameter.
    settings : Settings, optional
        Not needed: the directions are found without steps of a trace.
    seconds : float
        Where a kernel has so many half-branches that they would take longer, those found in time are returned
        (at least about 60, so it may take a little longer), ``complete`` is False and ``notes`` say how far it came.
        Of periodic orbits, where at most three leave, it has no meaning.

    Returns
    -------
    list of Start
        One for each half-branch but the one that led to the point (the rows before it, or after it where it is the
        first row): first its straight continuation (``start.known``), then the others, opposite ones side by side.
        Where branches touch, so that several share the tangent, all are there and none is known.  At a period doubling
        there are two: the known branch going on, and the doubled orbits on twice the mesh intervals (one start, as the
        other half-branch is the same orbits half a period later).

        ``trace(problem, start, vary)`` goes outward; its first row is the branch point.  ``start.continuum`` is the
        dimension of the continuum of half-branches that the start represents (0: it stands for itself).  The list's
        ``notes`` say what was left out and why, its ``complete`` whether all real solutions of the reduced equations
        are known to be there.

    Raises
    ------
    ValueError
        The point is of another kind (a fold or a Neimark-Sacker point of periodic orbits has nothing to switch to) or
        of another problem, was not located, equations depend on each other around it, its kernel is larger than 8, or
        nothing but the branch that led to it was found.

    Notes
    -----
    On the kernel of [F_u F_p], of dimension k + 1, the reduced equations of second and third order are solved on a
    small sphere by homotopy, from as many paths as there are complex solutions (twice ``3**k``, less where equations
    are quadratic).  `complete` says that each path ended at a simple solution proven to exist and different from the
    others, at infinity, or at a singular one that is not real or belongs to a continuum with real points that were
    found.  Real solutions are followed to the centre, then to points of the true equations; what leads to neither is
    dropped and noted.  So transcritical, pitchfork-like and mutually tangent branches come together, however many.
    With ``Problem(smoothness=2)``, and where the reduced equations have multiple solutions or continua that terms
    of higher order break up, the true equations are searched on small spheres instead (terms too weak to show there,
    about 1e-7 of the others, leave the continuum).  References: Golubitsky & Schaeffer, *Singularities and Groups in
    Bifurcation Theory* I, 1985, chapter VII (reduction); Keller, *Numerical Methods in Bifurcation Problems*, 1987,
    section 5.20 (directions).  Cost: two singular value decompositions, ``(k + 3 choose 3)`` third derivatives, and 7
    to 20 factorisations of order n + 1 for each half-branch.

    Examples
    --------
    >>> from continuation import Problem, switch, trace
    >>> problem = Problem.from_expressions({"x": "mu*x - x**3"}, parameters={"mu": -1})
    >>> trunk = trace(problem, start=[0.0], vary="mu", span=(-1, 1))
    >>> starts = switch(problem, trunk["BP1"])
    >>> [start.known for start in starts]
    [True, False, False]
    >>> side = trace(problem, starts[1], vary="mu", span=(-1, 1))
    >>> bool(abs(side["x"][-1] ** 2 - 1.0) < 1e-12)
    True

    ``trace(cycles, switch(cycles, branch["PD1"])[1], "b", (2, 5))`` follows the doubled orbits that leave a period
    doubling of a branch of ``cycles = periodic_orbits(problem)``.
    """
    if settings is not None and not isinstance(settings, Settings):
        raise ValueError(f"settings: wanted Settings(...), got {type(settings).__name__}")
    return starts_at(problem, point, check_seconds("seconds", seconds, zero=True))
