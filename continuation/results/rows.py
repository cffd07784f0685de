"""`Rows`: a branch as data, one row a point in the order of the curve."""

from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from numbers import Integral

import numpy as np

from continuation.ground.arguments import UnknownName, shown
from continuation.ground.names import suggest
from continuation.ground.points import Point
from continuation.ground.settings import Settings
from continuation.ground.status import Kind
from continuation.orbits.profiles.layout import ProfileLayout
from continuation.results.remarks import UNVOUCHED
from continuation.results.request import Request
from continuation.results.spectra import spectra
from continuation.symmetries.conjugacy import branch_isotropy


def along_rows(column=None, unasked=None):
    """Field that is an array with one entry for each row; `column` is its name where it is shown as a column.

    `unasked` is its value on rows where nobody has asked for it: such a column is shown once somebody has.
    """
    return field(metadata={"along_rows": True, "column": column} | ({} if unasked is None else {"unasked": unasked}))


@dataclass(frozen=True, eq=False)
class Rows:
    """A traced branch as the engine and files make it; `continuation.branch.Branch` adds the verbs.

    ``len(b)`` rows; ``b["x"]`` is a column (a state, parameter, output, ``"norm"``, ``"arclength"``, ``"unstable"``,
    ``"nullity"`` or ``"residual"``), ``b["LP1"]`` a special point.  Arrays are read-only.

    A new column takes a field ``along_rows(...)`` here and a line in `continuation.engine.assembly.collect` that says
    how it is read off the engine's records: joining, cutting, turning, files, datasets and tables of columns follow.
    """

    problem_name: str
    state_names: tuple
    parameters: dict  # every named parameter, the varied ones at the start
    vary: tuple  # names of the varied parameters, the one of `parameter` first
    unknowns: np.ndarray = along_rows()  # (m, N): the problem's unknowns, active parameter last
    states: np.ndarray = along_rows()  # (m, n)
    varied: np.ndarray = along_rows()  # (m, len(vary))
    tangents: np.ndarray = along_rows()  # (m, N), unit in the inner product, along the rows
    unstable: np.ndarray = along_rows("unstable")  # (m,) int, -1 where the problem is no flow
    nullity: np.ndarray = along_rows("nullity")  # (m,) int
    residuals: np.ndarray = along_rows("residual")  # (m,) largest component of |F|
    log_determinants: np.ndarray = along_rows("log_determinant")  # (m,) of |det [F_u F_p; w t]|, t the unit tangent
    radii: np.ndarray = along_rows("radius", -1.0)  # (m,) see `continuation.branch.Branch.certify`; -1 before
    connections: np.ndarray = along_rows("connected", -1)  # (m,) int, with the row before: 1, 0, or -1 where not asked
    context: np.ndarray = along_rows()  # (m, C) what the problem keeps of each row beside: a mesh, multipliers
    outputs: dict  # name -> (m,)
    special: tuple  # of SpecialPoint, row order, ends included
    ends: tuple  # (Status, Status), first row's and last row's
    effort: dict
    request: Request
    weights: np.ndarray  # (N,)
    start: int = 0  # row of the start
    remarks: tuple = ()  # of Remark: what its reader should know, shown under the heading of its table
    problem: object = None
    state_weights: np.ndarray | None = None  # (n,) of the norm, where the unknowns do not begin with the states
    layout: ProfileLayout | None = None  # of periodic orbits: where a row has its profile, mesh and multipliers

    def __len__(self):
        return len(self.unknowns)

    @property
    def settings(self) -> Settings:
        """The settings it was traced with."""
        return self.request.settings

    @property
    def span(self) -> tuple:
        """(low, high) limits of the (first) varied parameter."""
        return self.request.span

    @property
    def parameter(self):
        """(m,) values of the (first) varied parameter."""
        return self.varied[:, 0]

    @cached_property
    def arclength(self):
        """(m,) length along the branch from the first row, in the inner product.

        Chords, corrected for the angle between the tangents at their ends (fourth order in the step).
        """
        length = np.concatenate([[0.0], np.cumsum(self._steps())])
        length.flags.writeable = False
        return length

    def _steps(self) -> np.ndarray:
        """(m - 1,) lengths from each row to the next."""
        if self.layout is not None:
            return self._steps_of_orbits()
        steps = np.diff(self.unknowns, axis=0)
        chord = np.sqrt(np.sum(self.weights * steps**2, axis=1))
        turn = np.sqrt(np.sum(self.weights * np.diff(self.tangents, axis=0) ** 2, axis=1))
        return chord * (1 + turn**2 / 24)

    def _steps_of_orbits(self) -> np.ndarray:
        """The same of orbits on moving meshes; between kept profiles shared out as the columns shown move."""
        kept, rest = np.flatnonzero(self.has_profile), self.weights[self.layout.period_at :]
        arrays = (array[kept] for array in (self.unknowns, self.tangents, self.context))
        steps = self.layout.steps(*arrays, self.state_weights, rest)
        if len(kept) == len(self):
            return steps
        shown = np.cumsum(np.append(0.0, np.linalg.norm(np.diff(self.states, axis=0), axis=1) + 1e-300))
        return np.diff(np.interp(shown, shown[kept], np.append(0.0, np.cumsum(steps))))

    @property
    def has_profile(self) -> np.ndarray:
        """(m,) bool: rows whose unknowns are there; those of orbits may have been left out of a file."""
        return np.isfinite(self.unknowns[:, 0])

    @cached_property
    def norm(self):
        """(m,) norm of the states in the inner product; of orbits the root of its mean square over a period."""
        if self.layout is not None:
            return self.layout.norms(self.outputs, self.state_weights)
        weights = self.weights[: self.states.shape[1]] if self.state_weights is None else self.state_weights
        return np.sqrt(np.sum(weights * self.states**2, axis=1))

    @property
    def own_weights(self):
        """(N,) weights of the inner product; None of the usual one, 1/n for the unknowns and 1 for the parameter."""
        n = self.unknowns.shape[1] - 1
        usual = np.append(np.full(n, 1 / n), 1.0)
        return None if np.array_equal(self.weights, usual) else self.weights

    def weights_at(self, row):
        """(N,) weights of the inner product on a row, on its mesh if it has one; None of the usual one."""
        if self.layout is None:
            return self.own_weights
        return self.layout.weights(self.context[[row]], self.state_weights, self.weights[self.layout.period_at :])[0]

    @cached_property
    def sizes(self) -> dict:
        """Size of each state and varied parameter: the largest modulus, at least its unit in the inner product."""
        n, k = len(self.state_names), len(self.vary)
        weights = self.weights if self.state_weights is None else self.state_weights
        units = np.concatenate([1 / np.sqrt(n * weights[:n]), 1 / np.sqrt(self.weights[::-1][:k])])
        columns = np.column_stack([self.states, self.varied])
        largest = np.max(np.abs(columns), axis=0, initial=0.0)
        return dict(zip([*self.state_names, *self.vary], np.maximum(units, largest).tolist()))

    @property
    def own_columns(self) -> dict:
        """Name -> (m,) columns of the branch itself, those that nobody has asked for left out."""
        columns = {column: getattr(self, name) for column, name in OWN_COLUMNS.items()}
        return {
            column: values
            for column, values in columns.items()
            if column not in UNASKED or np.any(values != UNASKED[column])
        }

    @property
    def unvouched(self) -> tuple:
        """Remarks on the steps that `certify` could not vouch for, in row order."""
        return tuple(remark for remark in self.remarks if remark.text.startswith(UNVOUCHED))

    # Reading

    __iter__ = None  # rows are not its members: columns are asked for by name, points by row

    def __getitem__(self, name):
        """Column by name, or special point by label."""
        if not isinstance(name, str):
            raise UnknownName(f"wanted the name of a column or the label of a special point, got {shown(name)}")
        if name in ("norm", "arclength"):
            return getattr(self, name)
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
        if name in OWN_COLUMNS:
            return getattr(self, OWN_COLUMNS[name])
        labels = [point.label for point in self.special]
        known = [*self.state_names, *self.parameters, *self.outputs, "norm", "arclength", *OWN_COLUMNS, *labels]
        raise UnknownName(f"no column or special point named {name!r}; this branch has {suggest(name, known)}")

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
        return spectra(self)

    @cached_property
    def isotropy(self):
        """Elements of the problem's finite symmetry that fix every row (`Elements`); None where none was declared."""
        return branch_isotropy(self)

    def point(self, row) -> Point:
        """The solution on a row (negative ones count from the end)."""
        row = self.place(row)
        return Point(
            self.states[row].copy(),
            self.parameters_at(row),
            self.state_names,
            {name: float(column[row]) for name, column in self.outputs.items()},
            int(self.unstable[row]),
            int(self.nullity[row]),
            *([self.tangents[row].copy(), self.unknowns[row].copy()] if self.has_profile[row] else [None, None]),
            self.weights_at(row),
            self.own_context(row),
        )

    def own_context(self, row):
        """(C,) what goes with the unknowns on a row; None where nothing does."""
        return self.context[row].copy() if self.context.shape[1] else None

    def parameters_at(self, row) -> dict:
        """All named parameters on a row."""
        row = self.place(row)
        return {**self.parameters, **dict(zip(self.vary, self.varied[row].tolist()))}

    def place(self, row) -> int:
        """A row that there is."""
        if not isinstance(row, Integral) or isinstance(row, bool) or not -len(self) <= row < len(self):
            raise ValueError(f"row: wanted a whole number from {-len(self)} to {len(self) - 1}, got {shown(row)}")
        return int(row)

    # Making others

    def along(self, function, *others, **changes):
        """Copy whose arrays along the rows, read-only, are ``function(array, *arrays of the others)``.

        `changes` are other fields by name.
        """
        arrays = {name: function(getattr(self, name), *(getattr(b, name) for b in others)) for name in ROW_ARRAYS}
        outputs = {key: function(c, *(b.outputs[key] for b in others)) for key, c in self.outputs.items()}
        for array in [*arrays.values(), *outputs.values()]:
            array.flags.writeable = False
        return replace(self, **{**arrays, "outputs": outputs, **changes})


ROW_ARRAYS = tuple(f.name for f in fields(Rows) if f.metadata.get("along_rows"))
OWN_COLUMNS = {f.metadata["column"]: f.name for f in fields(Rows) if f.metadata.get("column")}
UNASKED = {f.metadata["column"]: f.metadata["unasked"] for f in fields(Rows) if "unasked" in f.metadata}
