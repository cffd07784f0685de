"""`trace`: follow the solution branch through a start, in one or both directions."""

import math

from continuation.branch import Branch
from continuation.ground.arguments import check_flag, shown
from continuation.ground.later import later
from continuation.ground.status import ContinuationError
from continuation.results.request import Request

engine = later("continuation.engine.follow")
progressing = later("continuation.engine.progress")
watching = later("continuation.engine.watching")
through_point = later("continuation.curves.through_point")


def trace(
    problem,
    start,
    vary,
    span=(-math.inf, math.inf),
    *,
    parameters=None,
    settings=None,
    direction="both",
    detect="all",
    stop=None,
    curve=None,
    progress=False,
    watch=(),
    strict=False,
):
    """Follow the branch of solutions of ``F(u, p) = 0`` through `start` while the parameter `vary` changes.

    Parameters
    ----------
    problem : Problem
    start : array (n,), mapping of names, Point, SpecialPoint or one of `switch`'s starts
        Corrected first, at the value of `vary` in `parameters`, else at the start point, else the default.  Of
        periodic orbits: an `Orbit`, a Hopf point of a branch of equilibria, or a start of `switch`.
    vary : str or (str, str)
        Name of the parameter.  Of two: `start` is a special point, and its curve in both parameters is followed,
        that of folds, of branch points or of Hopf points; of periodic orbits that of folds, of period doublings or of
        Neimark-Sacker points, from such a point or from a Bautin, zero-Hopf or Hopf-Hopf point of the equilibria.
    span : (low, high), or mapping of names to (low, high)
        Limits of the varied parameter, or of both; the last point lies on the limit.  A mapping may limit states and
        outputs as well, as in ``{"mu": (0, 12), "x": (0, None)}``; None is no limit.
    parameters : mapping of str to float, optional
        Values that differ from the defaults (or from those of the start point).
    settings : Settings, optional
    direction : "both", +1 or -1
        +1: the parameter increases at the start.  A switched start goes outward only.
    detect : "all" or a set of Kind
        Special points to look for; ``"all"`` leaves out those on request, `Kind.NEUTRAL_SADDLE`.
    stop : Kind, int or callable, optional
        End at the first point of this kind, after this many special points, or where ``stop(point)`` is true for an
        accepted `Point`.
    curve : Kind, optional
        FOLD, BRANCH_POINT or HOPF, for two parameters where curves of several kinds lead through `start`: through
        a Bogdanov-Takens or zero-Hopf point fold curves (followed by default) and Hopf curves.  Through points of
        periodic orbits leads one only, FOLD, PERIOD_DOUBLING or NEIMARK_SACKER; another kind is refused.
    progress : bool
        Show points and parameter on the terminal while tracing.
    watch : sequence of Watcher
        What looks at the trace while it runs and may end it: a `TimeLimit`, a picture that grows, a rule of your own
        (see `continuation.Watcher`).
    strict : bool
        Raise `ContinuationError` (it carries the branch) where an end is a numerical failure.

    Returns
    -------
    Branch
        Rows from the -1 end through the start to the +1 end; see `Branch`.

    Raises
    ------
    ValueError
        An argument can't be used; the message names it, what came and what was wanted.
    StartError
        A ValueError: the start could not be corrected to a solution, or is a branch point.

    Notes
    -----
    Curves in two parameters are minimally augmented systems (Govaerts, *Numerical Methods for Bifurcations of
    Dynamical Equilibria*, SIAM 2000, chapters 3-5).  On fold curves cusps, Bogdanov-Takens and zero-Hopf points are
    located, on Hopf curves Bautin, zero-Hopf and Hopf-Hopf points and the Bogdanov-Takens points where they end;
    ``unstable`` leaves out the critical eigenvalues.  Branch points that another parameter destroys are refused.
    On curves of periodic orbits cusps, generalised period doublings, Chenciner points, strong resonances and points of
    two critical multipliers at once are located.

    Each accepted step costs one factorisation of order n + 1 for each Newton iteration (one, when the step is small)
    and, for flows, a spectrum of F_u where no bound tells that nothing crossed the imaginary axis since the last
    one.  Interrupting (Ctrl-C) returns the partial branch.  The first call ever compiles the engine (20 s), the first
    periodic orbit and the first curve of their special points about 30 s more each.

    Examples
    --------
    >>> from continuation import Problem, trace
    >>> def f(u, p, out):
    ...     out[0] = p[0] - u[0] ** 2
    >>> branch = trace(Problem(f, ["x"], {"mu": 1.0}), start=[1.0], vary="mu", span=(-1, 4))
    >>> [point.label for point in branch.special]
    ['EP1', 'LP1', 'EP2']
    >>> abs(branch["LP1"]["mu"]) < 1e-12
    True
    """
    if isinstance(vary, (tuple, list)):
        problem, start, vary, span = through_point.curve_through(problem, start, vary, span, curve)
    elif curve is not None:
        raise ValueError(f"curve: means something for two parameters (`vary`) only, got {shown(curve)}")
    strict = check_flag("strict", strict)
    request = Request.of(problem, vary, span, settings, direction, detect, stop)
    watchers = (*watching.check_watchers(watch), *progressing.showing(progress))
    rows = engine.follow(problem, start, request, parameters=parameters, watch=watchers)
    branch = Branch.of(rows)
    if strict:
        refuse_failure(branch)
    return branch


def refuse_failure(branch):
    """Raise `ContinuationError`, carrying the branch, where one of its ends is a numerical failure."""
    for status in branch.ends:
        if status.is_failure:
            raise ContinuationError(f"{status.name}: {status.advice}", branch)
