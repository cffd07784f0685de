"""What a trace returns: points, special points and the branch they lie on, as immutable data."""

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from continuation.ground.names import suggest
from continuation.ground.settings import Settings
from continuation.ground.status import Kind


@dataclass(frozen=True, eq=False)
class Point:
    """A solution: ``state`` (n,) and ``parameters`` by name; ``point["x"]`` reads any of them.

    ``outputs`` holds the problem's outputs at the point; ``unstable`` counts eigenvalues of F_u with
    positive real part (-1 where the problem is no flow), ``nullity`` those that vanish.
    """

    state: np.ndarray
    parameters: dict
    state_names: tuple = ()
    outputs: dict = field(default_factory=dict)
    unstable: int = -1
    nullity: int = 0
    tangent: np.ndarray | None = None
    unknowns: np.ndarray | None = None  # (N,) of its problem, varied parameter last, on a branch

    def __getitem__(self, name):
        for table in (dict(zip(self.state_names, self.state)), self.parameters, self.outputs):
            if name in table:
                return float(table[name])
        known = ", ".join([*self.state_names, *self.parameters, *self.outputs])
        raise KeyError(f"no value named {name!r}; this point has: {known}")


class LazyNormalForm:
    """Field ``normal_form``: a dict, or a function of the point that makes it at first access."""

    def __get__(self, point, owner=None):
        if point is None:
            return None  # the field's default
        if callable(vars(point)["_normal_form"]):
            vars(point)["_normal_form"] = vars(point)["_normal_form"](point)
        return vars(point)["_normal_form"]

    def __set__(self, point, value):
        vars(point)["_normal_form"] = {} if value is None else value


@dataclass(frozen=True, eq=False)
class SpecialPoint(Point):
    """A point where something happens: a row of its branch.

    Attributes
    ----------
    vary : tuple of str
        Names of the parameters that vary along its branch.
    index : int
        Row of the branch.
    kind, label, name : Kind, str, str
        ``Kind.FOLD``, its label on the branch (``"LP1"``), the name of the user's zero function.
    located : bool
        Whether the extended system of this kind converged; if not, ``bracket`` holds what is known.
    bracket : (2, N) array or None
        Points (unknowns, varied parameter last) of the branch between which it lies.
    null_vectors : (k, N - 1) array
        Kernel of F_u in the unknowns (folds, branch points); real and imaginary part of q for a Hopf point.
    eigenvalues : (n,) complex array
        Spectrum of F_u at the point, by descending real part (empty where the problem is no flow).
    normal_form : dict
        Coefficients of the normal form, computed at first access; their names and scalings: see
        `continuation.kinds.normal_forms.coefficients.normal_form`.  Empty for ends, the user's points, points that were
        not located and problems whose residual is no function.
    residual : float
        Largest component of the residual, absolute.
    error : float
        Attained error of the location: the last Newton correction relative to ``1 + |x|``.
    """

    vary: tuple = ()
    index: int = -1
    kind: Kind = Kind.END
    label: str = ""
    name: str = ""
    located: bool = True
    bracket: np.ndarray | None = None
    null_vectors: np.ndarray | None = None
    eigenvalues: np.ndarray | None = None
    normal_form: dict = LazyNormalForm()
    residual: float = 0.0
    error: float = 0.0

    def moved(self, **changes):
        """Copy with some fields changed that leaves a normal form nobody asked for uncomputed."""
        return replace(self, normal_form=vars(self)["_normal_form"], **changes)


@dataclass(frozen=True, eq=False)
class Branch:
    """A traced branch: one row a point, in the order of the curve.

    ``len(b)`` rows; ``b["x"]`` is a column (a state, parameter, output, ``"norm"`` or ``"arclength"``),
    ``b["LP1"]`` a special point.  Arrays are read-only.
    """

    problem_name: str
    state_names: tuple
    parameters: dict  # every named parameter, the varied ones at the start
    vary: tuple  # names of the varied parameters, the one of `parameter` first
    unknowns: np.ndarray  # (m, N): the problem's unknowns, active parameter last
    states: np.ndarray  # (m, n)
    varied: np.ndarray  # (m, len(vary))
    tangents: np.ndarray  # (m, N), unit in the inner product, along the rows
    unstable: np.ndarray  # (m,) int, -1 where the problem is no flow
    nullity: np.ndarray  # (m,) int
    residuals: np.ndarray  # (m,) largest component of |F|
    outputs: dict  # name -> (m,)
    special: tuple  # of SpecialPoint, row order, ends included
    ends: tuple  # (Status, Status), first row's and last row's
    effort: dict
    settings: Settings
    span: tuple
    weights: np.ndarray  # (N,)
    start: int = 0  # row of the start
    problem: object = None
    state_weights: np.ndarray | None = None  # (n,) of the norm, where the unknowns do not begin with the states

    def __len__(self):
        return len(self.unknowns)

    @property
    def parameter(self):
        """(m,) values of the (first) varied parameter."""
        return self.varied[:, 0]

    @cached_property
    def arclength(self):
        """(m,) length along the branch from the first row, in the inner product.

        Chords, corrected for the angle between the tangents at their ends (fourth order in the step).
        """
        steps = np.diff(self.unknowns, axis=0)
        chord = np.sqrt(np.sum(self.weights * steps**2, axis=1))
        turn = np.sqrt(np.sum(self.weights * np.diff(self.tangents, axis=0) ** 2, axis=1))
        length = np.concatenate([[0.0], np.cumsum(chord * (1 + turn**2 / 24))])
        length.flags.writeable = False
        return length

    # Reading

    def __getitem__(self, name):
        """Column by name, or special point by label."""
        if name == "norm":
            weights = self.weights[: self.states.shape[1]] if self.state_weights is None else self.state_weights
            return np.sqrt(np.sum(weights * self.states**2, axis=1))
        if name == "arclength":
            return self.arclength
        if name in self.state_names:
            return self.states[:, self.state_names.index(name)]
        if name in self.vary:
            return self.varied[:, self.vary.index(name)]
        if name in self.outputs:
            return self.outputs[name]
        if name in self.parameters:
            return np.full(len(self), self.parameters[name])
        for point in self.special:
            if point.label == name:
                return point
        labels = [point.label for point in self.special]
        known = [*self.state_names, *self.parameters, *self.outputs, "norm", "arclength", *labels]
        raise KeyError(f"no column or special point named {name!r}; this branch has {suggest(name, known)}")

    def _located(self, kind):
        return tuple(point for point in self.special if point.kind is kind and point.located)

    @property
    def folds(self):
        """Located folds, in row order."""
        return self._located(Kind.FOLD)

    @property
    def branch_points(self):
        """Located branch points, in row order."""
        return self._located(Kind.BRANCH_POINT)

    @property
    def hopfs(self):
        """Located Hopf points, in row order."""
        return self._located(Kind.HOPF)

    @cached_property
    def eigenvalues(self):
        """(m, n) complex eigenvalues of F_u on every row, by descending real part; NaN where they are not known.

        Computed from the problem when first asked for: n**3 a row.
        """
        from continuation.engine.describe import spectra

        return spectra(self)

    @cached_property
    def isotropy(self):
        """Elements of the problem's finite symmetry that fix every row (`Elements`); None where none was declared."""
        from continuation.symmetries.conjugacy import branch_isotropy

        return branch_isotropy(self)

    def point(self, row) -> Point:
        """The solution on a row."""
        return Point(
            self.states[row].copy(),
            {**self.parameters, **dict(zip(self.vary, self.varied[row].tolist()))},
            self.state_names,
            {name: float(column[row]) for name, column in self.outputs.items()},
            int(self.unstable[row]),
            int(self.nullity[row]),
            self.tangents[row].copy(),
            self.unknowns[row].copy(),
        )

    # Asking for more

    def at(self, **value):
        """All solutions of the branch where a state or the varied parameter has a value: ``b.at(b=2.0)``.

        Returns
        -------
        list of Point
            In row order, each corrected to rounding; empty where the branch does not pass.
        """
        from continuation.engine.extend import solutions_at

        return solutions_at(self, value)

    def extend(self, problem=None, *, max_points=None, span=None, settings=None, progress=False):
        """Go on from the ends that can go on; returns the longer branch (see `continuation.engine.extend.extended`)."""
        from continuation.engine.extend import extended

        return extended(self, problem, max_points=max_points, span=span, settings=settings, progress=progress)

    def check(self):
        """Recompute residual and tangent of every row independently; see `continuation.results.check.check_branch`."""
        from continuation.results.check import check_branch

        return check_branch(self)

    # Showing and keeping

    def segments(self):
        """Maximal runs of rows of one stability; see `continuation.output.plotting.segments`."""
        from continuation.output.plotting import segments

        return segments(self)

    def plot(self, x=None, y=None, ax=None, **options):
        """Draw the branch: stable solid, unstable dashed, special points labelled; returns the Axes."""
        from continuation.output.plotting import plot

        return plot(self, x, y, ax, **options)

    def save(self, path):
        """Write the branch to a netCDF-4 file; see `continuation.output.files.save`."""
        from continuation.output.files import save

        save(self, path)

    @staticmethod
    def load(path):
        """Read a branch from a file written by `save`."""
        from continuation.output.files import load

        return load(path)

    def to_xarray(self):
        """The branch as an `xarray.Dataset`, as it is stored."""
        from continuation.output.files import to_xarray

        return to_xarray(self)

    def to_dataframe(self):
        """The columns as a pandas DataFrame."""
        from continuation.output.files import to_dataframe

        return to_dataframe(self)

    def __repr__(self):
        ends = " .. ".join(status.name for status in self.ends)
        found = ", ".join(point.label for point in self.special if point.kind is not Kind.END)
        return f"<Branch of {self.problem_name} in {self.vary[0]}: {len(self)} points, {ends}; {found or 'no'} special>"

    def __str__(self):
        from continuation.output.tables import table

        return table(self)

    def _repr_html_(self):
        from continuation.output.tables import html

        return html(self)
