"""`diagram`: a whole bifurcation diagram in one call."""


def diagram(
    problem,
    start,
    vary,
    span,
    depth=2,
    *,
    parameters=None,
    settings=None,
    detect="all",
    max_branches=100,
    max_points=200_000,
    deflate=None,
    progress=False,
):
    """Follow the branch through `start`, the branches through its branch points, those through theirs, and so on.

    Parameters
    ----------
    problem : Problem
    start : array (n,), mapping of names, Point, SpecialPoint or one of `switch`'s starts
        As for `trace`.
    vary : str
        Name of the parameter.
    span : (low, high)
        Limits of the varied parameter.
    depth : int
        How many branch points may lie between the start's branch and another; 0 traces the start's branch only.
    parameters : mapping of str to float, optional
        Values that differ from the defaults (or from those of the start point).
    settings : Settings, optional
        For each trace.
    detect : "all" or a set of Kind
        Special points to look for; without ``Kind.BRANCH_POINT`` nothing is switched.
    max_branches, max_points : int
        Budget: branches, and points of all of them.  A diagram that ran out of it is kept and can be resumed.
    deflate : None, int or sequence of float
        Values of the parameter (or how many, evenly inside a finite span) at which solutions on no branch known
        are looked for by deflation, and followed.
    progress : bool
        Show branches done and pending and the parameter on the terminal.

    Returns
    -------
    Diagram
        Each branch once.  The two half-branches that leave a branch point in opposite directions are one branch: a
        pitchfork has two, the trunk and the parabola.  Of branches that are images of each other under the symmetries
        of the problem one is followed, and counted (``diagram.origins[k].multiplicity``).

    Raises
    ------
    ValueError
        An argument can't be used; the message names it, what came and what was wanted.
    StartError
        A ValueError: the start could not be corrected to a solution, or is a branch point.

    Notes
    -----
    A branch met again, from its other side or from another branch point, is recognised: by its tangent at the branch
    point, and by comparing its points with the interpolated and corrected curves known.  A trace that runs onto a
    known branch away from branch points has jumped: it is traced anew with smaller steps.  What could not be followed
    is told in ``diagram.failures``; it stops nothing else.  Ctrl-C returns the diagram found so far, whose `resume`
    goes on.  Branches that no branch point connects with the start are found only by `deflate`, and even then without
    a guarantee.  Cost: that of the traces; a comparison costs as much as a few points.

    Examples
    --------
    >>> from continuation import Problem, diagram
    >>> problem = Problem.from_expressions({"x": "mu*x - x**3"}, parameters={"mu": -1})
    >>> pitchfork = diagram(problem, [0.0], "mu", (-1, 1))
    >>> len(pitchfork.branches), [point.label for point in pitchfork.special]
    (2, ['BP1'])
    >>> trunk, parabola = pitchfork.branches
    >>> bool(abs(parabola["x"] ** 2 - parabola["mu"]).max() < 1e-9)
    True
    """
    from continuation.exploring.plans import make_plan
    from continuation.exploring.work_list import begin

    limits = {"depth": depth, "max_branches": max_branches, "max_points": max_points, "deflate": deflate}
    plan = make_plan(problem, vary, span, settings, detect, **limits)
    return begin(problem, start, plan, parameters, progress)
