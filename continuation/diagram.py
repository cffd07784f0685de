"""`diagram`: a whole bifurcation diagram in one call, and `Diagram`, what it returns."""

from continuation.branch import Branch
from continuation.exploring.record import DiagramRecord
from continuation.ground.later import later

drawing = later("continuation.exploring.drawing")
files = later("continuation.exploring.diagram_files")
plans = later("continuation.exploring.plans")
problems = later("continuation.problem")
tables = later("continuation.exploring.diagram_tables")
work_list = later("continuation.exploring.work_list")


class Diagram(DiagramRecord):
    """Branches of one problem in one parameter, as `diagram` found them.

    ``diagram.branches[0]`` is the branch of the start; ``diagram["BP1"]`` a special point by its label.

    See Also
    --------
    continuation.exploring.record.DiagramRecord : its data, field by field.
    """

    @classmethod
    def of(cls, record):
        """The diagram with the data of a `DiagramRecord`."""
        own = {name: tuple(map(Branch.of, getattr(record, name))) for name in ("branches", "cycles")}
        return cls(**{**vars(record), **own})

    def at(self, **value) -> list:
        """All solutions of all branches where a state or the varied parameter has a value, as `Branch.at`.

        Returns
        -------
        list of (int, Point)
            Index of the branch, solution.
        """
        return [(k, point) for k, branch in enumerate(self.branches) for point in branch.at(**value)]

    def resume(self, problem=None, *, depth=None, max_branches=None, max_points=None, max_seconds=None, progress=False):
        """Go on with what an interruption, a budget or the depth left out; returns the larger diagram.

        Parameters
        ----------
        problem : Problem, optional
            Needed if the diagram was loaded from a file and its problem is not known from text.
        depth, max_branches, max_points : int, optional
            New limits, of the whole diagram; default: as before.
        max_seconds : float, optional
            New limit of this call (inf: none); default: as before.
        progress : bool

        Raises
        ------
        ValueError
            A limit can't be used, or the problem is missing or has other states.
        """
        limits = {"depth": depth, "max_branches": max_branches, "max_points": max_points, "max_seconds": max_seconds}
        return Diagram.of(work_list.resume_diagram(self, problem, progress=progress, **limits))

    # Showing and keeping

    def plot(self, x=None, y=None, ax=None, **options):
        """Draw all branches, each in its colour; see `continuation.exploring.drawing.plot`.  Returns the Axes."""
        return drawing.plot(self, x, y, ax, **options)

    def save(self, path):
        """Write the diagram to one netCDF-4 file; see `continuation.exploring.diagram_files.save_diagram`."""
        files.save_diagram(self, path)

    @staticmethod
    def load(path):
        """Read a diagram from a file written by `save`; it can be resumed."""
        return Diagram.of(files.load_diagram(path, problems.from_source))

    def __repr__(self):
        counts = {}
        for point in self.special:
            counts[point.kind] = counts.get(point.kind, 0) + 1
        found = ", ".join(f"{count} {kind.label}" for kind, count in counts.items())
        orbits = f"{len(self.cycles)} of periodic orbits, " if self.cycles else ""
        return (
            f"<Diagram of {self.problem_name} in {self.vary}: {len(self.branches)} branches, {orbits}"
            f"{found or 'no special points'}; {self.status.name}>"
        )

    def __str__(self):
        return tables.table(self)

    def _repr_html_(self):
        return tables.html(self)


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
    max_seconds=None,
    deflate=None,
    cycles=False,
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
    span : (low, high), or mapping of names to (low, high)
        Limits of the varied parameter; a mapping may limit states and outputs as well, see `trace`.
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
    max_seconds : float, optional
        Seconds after which no more is begun and a trace ends at its next look around; kept and resumed likewise.
    deflate : None, int or sequence of float
        Values of the parameter (or how many, evenly inside a finite span) at which solutions on no branch known
        are looked for by deflation, and followed.
    cycles : bool, or what `periodic_orbits` makes of the problem
        Follow the branch of periodic orbits from every Hopf point too, then those through its period doublings and
        branch points, up to `depth` of them; they are in ``diagram.cycles``.  Limits of states do not apply to them.
    progress : bool
        Show branches done and pending and the parameter on the terminal.

    Returns
    -------
    Diagram
        Each branch once.  The two half-branches that leave a branch point in opposite directions are one branch: a
        pitchfork has two, the trunk and the parabola.  Of branches that are images of each other under the symmetries
        of the problem one is followed, and counted (``diagram.origins[k].multiplicity``).  Branches of periodic orbits
        are in ``diagram.cycles`` (``diagram.cycle_origins`` says how they were found), numbered after the others in
        the table and drawn by the largest and the least value of a state; the same special points in both bear the
        same label.

    Raises
    ------
    ValueError
        An argument can't be used; the message names it, what came and what was wanted.
    StartError
        A ValueError: the start could not be corrected to a solution, or is a branch point.

    Notes
    -----
    Periodic orbits are told apart wherever their phase 0 is: a branch that ends in another Hopf point is not traced
    again from there, and one that reaches another period doubling ends there, as the same orbits half a period
    later follow.  A branch met again, from its other side or from another branch point, is recognised: by its tangent
    at the branch point, and by comparing its points with the interpolated and corrected curves known.  A trace that
    runs onto a known branch away from branch points has jumped: it is traced anew with smaller steps.  What could not
    be followed is told in ``diagram.failures``; it stops nothing else.  Ctrl-C returns the diagram found so far, whose
    `resume` goes on.  Branches that no branch point connects with the start are found only by `deflate`, and even then
    without a guarantee.  Cost: that of the traces; a comparison costs as much as a few points.

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
    limits = {"depth": depth, "max_branches": max_branches, "max_points": max_points}
    limits |= {"max_seconds": max_seconds, "deflate": deflate, "cycles": cycles}
    plan = plans.make_plan(problem, vary, span, settings, detect, **limits)
    return Diagram.of(work_list.start_diagram(problem, start, plan, parameters, progress))
