"""`Branch`: the rows of a trace with what can be asked of them."""

from continuation.ground.later import later
from continuation.ground.status import Kind
from continuation.results.rows import Rows
from continuation.results.segments import segments

# For start-up time: what brings numba (the engine, problems), and what few sessions need.
certifying = later("continuation.engine.certifying.certify")
checking = later("continuation.results.check")
dataset = later("continuation.output.dataset")
engine = later("continuation.engine.extend")
files = later("continuation.output.files")
multiplier_plot = later("continuation.output.multiplier_plot")
orbit_rows = later("continuation.orbits.orbit_rows")
plotting = later("continuation.output.plotting")
progressing = later("continuation.engine.progress")
watching = later("continuation.engine.watching")
problems = later("continuation.problem")
proving = later("continuation.proofs.proof")
solutions = later("continuation.results.solutions")
spatiotemporal = later("continuation.orbits.switches.spatiotemporal")
tables = later("continuation.output.tables")


class Branch(Rows):
    """A traced branch: one row a point, in the order of the curve.

    ``len(b)`` rows; ``b["x"]`` is a column (a state, parameter, output, ``"norm"``, ``"arclength"``, ``"unstable"``,
    ``"nullity"`` or ``"residual"``), ``b["LP1"]`` a special point.  Arrays are read-only.

    See Also
    --------
    continuation.results.rows.Rows : its data, field by field.
    """

    @classmethod
    def of(cls, rows):
        """The branch with these rows (`Rows`, as the engine and files make them)."""
        branch = object.__new__(cls)
        vars(branch).update(vars(rows))
        return branch

    # Asking for more

    def at(self, **value):
        """All solutions of the branch where a state or the varied parameter has a value: ``b.at(b=2.0)``.

        Returns
        -------
        list of Point
            In row order, each corrected to rounding; empty where the branch does not pass.  Of periodic orbits each is
            an `Orbit`, and the value that of the varied parameter or of the period.
        """
        return solutions.solutions_at(self, value)

    def extend(self, problem=None, *, max_points=None, span=None, settings=None, progress=False, watch=()):
        """Go on from the ends that can go on; returns the longer branch: `continuation.engine.extend.extend_branch`."""
        watchers = (*watching.check_watchers(watch), *progressing.showing(progress))
        return Branch.of(
            engine.extend_branch(self, problem, max_points=max_points, span=span, settings=settings, watch=watchers)
        )

    def check(self):
        """Recompute residual and tangent of rows, integrate orbits; see `continuation.results.check.check_branch`."""
        return checking.check_branch(self)

    def certify(self, problem=None, *, refine=True):
        """Look whether each row is joined to the row before it by one solution curve, with no other near it.

        Parameters
        ----------
        problem : Problem, optional
            For a branch loaded from a file.
        refine : bool
            Whether rows are put into steps that can't be vouched for, half way again and again, until their parts can
            be or are shorter than `min_step`; not next to singular rows.  At most twice as many as there are, or 200.

        Returns
        -------
        Branch
            With the columns ``radius`` (m,) and ``connected`` (m,).  Within ``radius`` of a row, across the branch and
            in its inner product, there is one solution and no other; at most the length of a step, 0 on singular rows
            (branch points).  ``connected`` is 1 where one solution curve joins a row to the row before it, 0 where
            that could not be vouched for, -1 in the first row.  Both are -1 on rows that nobody asked for.  What could
            not be vouched for is in `unvouched`.

        Raises
        ------
        ValueError
            The branch's problem is not known, or its rows are periodic orbits.

        Notes
        -----
        Contraction of Newton's simplified method in a tube around the cubic between two rows.  Its conditions are
        sampled, not bounded: an estimate, no proof; see `continuation.engine.certifying.step_tubes`, which has the
        theorem and its sources.  A jump between branches is vouched for only if all samples miss what lies between.

        Cost: five Jacobians or more, one factorisation and some 50 n**2 operations a step.

        Examples
        --------
        >>> from continuation import Problem, trace
        >>> problem = Problem.from_expressions({"x": "p*x - x**3"}, {"p": -1})
        >>> certified = trace(problem, [0.0], "p", (-1, 1)).certify()
        >>> [str(remark).split(";")[0] for remark in certified.unvouched]
        ['not vouched for: steps from row 11 to row 13: over BP1, where branches meet']
        """
        return Branch.of(certifying.certify_branch(self, problem, refine=refine))

    def prove(self):
        """Prove the branch by interval arithmetic: its curve, folds, branch points and Hopf points.

        Between rows, exactly one curve of solutions in a tube, no folds and no branch points but those that are
        enclosed; each of these, and each Hopf point, in a box of 20 digits, with what makes it one.  For equilibria of
        problems from text or sympy expressions, without kinks; needs python-flint (``pip install 'pseudoarc[proof]'``).

        Returns
        -------
        continuation.proofs.proof.Proof
            Printed it is the theorem; ``proof.save(path)`` writes a certificate that `continuation.check_proof` proves
            again.  What could not be proven is named, and the proof is false.

        Raises
        ------
        ProofError
            A `ValueError`: the problem is none of these; says why.

        Notes
        -----
        Cost: some 5 ms a row of two equations, with n**3 beyond ten; more where the branch bends within a step.

        Examples
        --------
        >>> from continuation import Problem, trace
        >>> fold = Problem.from_expressions({"x": "mu - x**2"}, {"mu": 1.0})
        >>> proof = trace(fold, [1.0], "mu", (-1.0, 1.0)).prove()
        >>> bool(proof), proof["LP1"].kind
        (True, 'fold')
        """
        return proving.prove_branch(self)

    # Of periodic orbits

    def orbit(self, row):
        """The periodic orbit on a row, an `Orbit`: sampled at any time, drawn against time or in the plane."""
        return orbit_rows.orbit_of(self, row)

    def orbit_symmetry(self, row):
        """Which declared symmetries map the periodic orbit on a row to itself, and with which shifts of time, a `Wave`.

        See `continuation.orbits.switches.spatiotemporal.symmetry_of_orbit`.
        """
        orbit = self.orbit(row)
        symmetry = solutions.need_problem(self, self.problem).vector_field.symmetry
        return spatiotemporal.symmetry_of_orbit(symmetry, orbit, self.state_weights)

    @property
    def multipliers(self):
        """(m, n) complex Floquet multipliers of every row of a branch of periodic orbits, the trivial one last."""
        return orbit_rows.layout_of(self).multipliers(self.context)

    @property
    def exponents(self):
        """(m, n) their logarithms, ``log |mu| + i angle``: right where multipliers themselves over- or underflow."""
        return orbit_rows.layout_of(self).exponents(self.context)

    def plot_multipliers(self, ax=None, **options):
        """Draw the Floquet multipliers of a branch of periodic orbits beside the unit circle; returns the Axes."""
        return multiplier_plot.plot_multipliers(self, ax, **options)

    # Showing and keeping

    def segments(self):
        """Maximal runs of rows of one stability; see `continuation.results.segments.segments`."""
        return segments(self)

    def plot(self, x=None, y=None, ax=None, **options):
        """Draw the branch: stable solid, unstable dashed, special points labelled; returns the Axes.

        Of periodic orbits the largest and the least values of a state, by default the first.
        """
        return plotting.plot(self, x, y, ax, **options)

    def save(self, path):
        """Write the branch to a netCDF-4 file; see `continuation.output.files.save`."""
        files.save(self, path)

    @staticmethod
    def load(path):
        """Read a branch from a file written by `save`."""
        return Branch.of(files.load(path, problems.from_source))

    def to_xarray(self):
        """The branch as an `xarray.Dataset`, as it is stored."""
        return dataset.to_xarray(self)

    def to_dataframe(self):
        """The columns as a pandas DataFrame."""
        return dataset.to_dataframe(self)

    def __repr__(self):
        ends = " .. ".join(status.name for status in self.ends)
        found = ", ".join(point.label for point in self.special if point.kind is not Kind.END)
        return f"<Branch of {self.problem_name} in {self.vary[0]}: {len(self)} points, {ends}; {found or 'no'} special>"

    def __str__(self):
        return tables.table(self)

    def _repr_html_(self):
        return tables.html(self)
