"""Points as data: solutions, special points of a branch, starts of a trace."""

from dataclasses import dataclass, field, replace

import numpy as np

from continuation.ground.arguments import UnknownName, shown
from continuation.ground.status import Kind

LISTED = 8  # values that a short text lists


def listed(names, values) -> str:
    """``x = 1, y = 2``, shortened where there are many."""
    pairs = [f"{name} = {value:.10g}" for name, value in zip(names, values)]
    return ", ".join(pairs if len(pairs) <= LISTED else [*pairs[: LISTED - 1], f"... ({len(pairs)})"])


@dataclass(frozen=True, eq=False, repr=False)
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
    weights: np.ndarray | None = field(default=None, repr=False)  # (N,) of its branch's inner product; None: the usual
    context: np.ndarray | None = field(default=None, repr=False)  # (C,) of an orbit: its mesh, its multipliers

    __iter__ = None  # its values are asked for by name

    def __repr__(self):
        count = f"; {self.unstable} unstable" if self.unstable >= 0 else ""
        names = self.state_names or [f"u[{k}]" for k in range(len(self.state))]
        return f"<{self._title()}: {listed(names, self.state)}; {self._place()}{count}>"

    def _title(self) -> str:
        """What it is, in its short text."""
        return type(self).__name__

    def _place(self) -> str:
        """Its parameters, in its short text."""
        return listed(self.parameters, self.parameters.values())

    def __getitem__(self, name):
        if not isinstance(name, str):
            raise UnknownName(f"wanted the name of a state, a parameter or an output, got {shown(name)}")
        for table in (dict(zip(self.state_names, self.state)), self.parameters, self.outputs):
            if name in table:
                return float(table[name])
        known = ", ".join([*self.state_names, *self.parameters, *self.outputs])
        raise UnknownName(f"no value named {name!r}; this point has: {known}")


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


@dataclass(frozen=True, eq=False, repr=False)
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
        Kernel of F_u in the unknowns (folds, branch points), the orthonormal basis nearest to the axes; real and
        imaginary part of q for a Hopf point.  Of each (and of q) the first of the largest components is positive.
    eigenvalues : (n,) complex array
        Spectrum of F_u at the point, by descending real part (empty where the problem is no flow).
    normal_form : dict
        Coefficients of the normal form, computed at first access; their names and scalings: see
        `continuation.kinds.normal_forms.coefficients.normal_form`, and of periodic orbits
        `continuation.orbits.forms`.  Empty for ends, the user's points, points that were
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

    def _title(self) -> str:
        """Label and kind."""
        return f"{self.label or type(self).__name__}, {self.kind.name}{'' if self.located else ', not located'}"

    def _place(self) -> str:
        """The parameters that vary along its branch."""
        names = self.vary or tuple(self.parameters)
        return listed(names, (self.parameters[name] for name in names))

    def moved(self, **changes):
        """Copy with some fields changed; a normal form not computed yet is not computed for the copy either."""
        return replace(self, normal_form=vars(self)["_normal_form"], **changes)


@dataclass(frozen=True, eq=False, repr=False)
class Start:
    """A point to trace from, as `start_from` prepares it and `switch` returns it.

    Attributes
    ----------
    x : (N,) array
        Unknowns, active parameter last.
    tangent : (N,) array
        Unit in the inner product; the varied parameter does not decrease along it.  Outward for a switched start.
    p : (k,) array
        All parameters and constants.
    vary : str
        Name of the varied parameter.
    outward : bool
        From a branch point: only this direction is traced.
    known : bool
        The straight continuation of the branch that led to the branch point.
    continuum : int
        Dimension of the continuum of half-branches that this one represents; 0: it is isolated.
    ahead : (m, 2, N) array or None
        Points of the half-branch with their tangents, nearer and nearer to the branch point, where the tangent
        alone does not lead onto it (more than two branches, or branches that touch).
    moved : str
        A line for the reader where what was given lay far from x; empty where not.
    """

    x: np.ndarray
    tangent: np.ndarray
    p: np.ndarray
    vary: str
    outward: bool = False
    known: bool = False
    problem: object = field(default=None, repr=False)
    origin: SpecialPoint | None = field(default=None, repr=False)
    continuum: int = 0
    ahead: np.ndarray | None = field(default=None, repr=False)
    moved: str = ""

    def __repr__(self):
        what = "known half-branch" if self.known else "half-branch" if self.outward else "start"
        many = f" of {self.continuum}-parameter families" if self.continuum else ""
        names = () if self.problem is None else self.problem.states
        at = f"{listed(names, self.state)}; " if names else ""
        return f"<Start, {what}{many}: {at}{self.vary} = {self.x[-1]:.10g}>"

    @property
    def active(self) -> int:
        """Place of the varied parameter in p."""
        return self.problem.index_of(self.vary)

    @property
    def state(self) -> np.ndarray:
        """(n,) state."""
        return self.problem.columns(self.x[None])[0][0]


class Starts(list):
    """Starts of the half-branches at a branch point: a list that knows how far it can be trusted.

    Attributes
    ----------
    complete : bool
        Whether all real solutions of the reduced equations are known to be among them.
    notes : tuple of str
        What was left out, and why.
    """

    def __init__(self, starts=(), complete=True, notes=()):
        super().__init__(starts)
        self.complete, self.notes = complete, tuple(notes)
