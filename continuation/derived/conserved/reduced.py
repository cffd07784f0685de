"""A problem without its conserved sums: totals are parameters, and as many states are eliminated.

Where ``C u`` is conserved, C (t, n), F_u is singular everywhere, and solutions come in families of t dimensions.  With
``C u = T`` the states eliminated are ``u_e = G T + W u_k`` of those kept, and F of these is all there is to solve.  Its
Jacobian is F_u on the states that the totals allow: the spectrum without the t zeros.
"""

import functools
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from continuation.compiled.calls.interface import Callback
from continuation.derived.composed import ComposedEquations, ComposedFunction
from continuation.derived.conserved import reduced_kernels as kernels
from continuation.derived.conserved.conserved_sums import is_conserved
from continuation.derived.conserved.totals import Totals, read_totals
from continuation.equations.functions import Function
from continuation.ground.points import Point
from continuation.symmetries.symmetry import Symmetry


def reduced(problem, totals=None, *, start=None, read_sum=None, make=None, name=None, word="totals"):
    """Make the problem whose parameters are the totals of the conserved sums, with as many states fewer.

    Parameters
    ----------
    problem : Problem
    totals : mapping of str to float, str or pair, optional
        Name of each total -> its value, its sum (text or a sympy expression, as in ``"S + I + R"``), or both as a pair
        (sum, value).  Sums may be left out: the totals then belong to the conserved sums in the order of
        ``problem.conserved_sums()``.  Default: ``T1``, ``T2`` and so on.
    start : state, optional
        Gives the totals their values where `totals` does not.
    read_sum, make, name, word
        How sums are read, the class to make, its name, and what errors call `totals`.

    Returns
    -------
    Problem
        Its states are those kept; the others are outputs of the same names.  Its parameters are those of the problem
        and the totals behind them; a total called like a parameter is that parameter (the N of ``beta*S*I/N``).
        Starts are mappings or arrays of the states kept, or of all states: then the totals are those of the start,
        unless ``parameters=`` says otherwise.

    Raises
    ------
    ValueError
        Nothing is conserved; a sum is not, or totals are missing, too many or not independent; a symmetry of the
        problem moves a total or mixes states kept with others.  Sums that are conserved at some parameters only are
        checked again at those of each trace, curve, search and single evaluation.

    Notes
    -----
    Each total eliminates the first state that occurs in no other total (else the first that can be).  Derivatives are
    exact where those of the problem are; ``unstable`` counts the eigenvalues on the states that the totals allow.
    Compiled where the problem is.

    Examples
    --------
    >>> from continuation import Problem
    >>> pair = Problem.from_expressions({"A": "B - k*A**2", "B": "k*A**2 - B"}, {"k": 1.0})
    >>> half = pair.reduced(totals={"N": 2.0})
    >>> half.states, list(half.outputs), half.parameters
    (('B',), ['A'], {'k': 1.0, 'N': 2.0})
    >>> point = half.solve([0.9])
    >>> round(point["A"], 12), round(point["B"], 12)
    (1.0, 1.0)
    """
    if len(problem.unknown_names) != len(problem.states):
        raise ValueError("reduced: wanted a problem whose unknowns are its states; reduce it first")
    checked = read_totals(problem, totals, start, read_sum, word)
    return (make or Reduced)(problem, checked, f"{problem.name} (reduced)" if name is None else name)


ADVICE = "make the problem with the values that you need, and vary others"
MOST_KNOWN = 1000  # parameters of which it is remembered whether the totals are conserved: some 100 bytes each


class Layout(NamedTuple):
    """Sizes, and where things are: see `reduced_kernels`."""

    n: int
    named: int
    added: int
    k: int
    places: tuple
    eliminated: tuple
    kept: tuple

    def unpack(self, v, p):
        """State u (n,), the base's part of p, G (t, t), W (t, m)."""
        m, t, begin = len(self.kept), len(self.eliminated), self.k + self.added
        given = p[begin : begin + t * t].reshape(t, t)
        weights = p[begin + t * t : begin + t * t + t * m].reshape(t, m)
        u = np.empty(self.n, np.result_type(v, p))
        u[list(self.kept)] = v
        u[list(self.eliminated)] = given @ p[list(self.places)] + weights @ v
        return u, np.concatenate([p[: self.named], p[self.named + self.added : begin]]), given, weights


class Reduced(ComposedEquations):
    """See `reduced`; ``totals`` are the `Totals`, ``kept`` and ``eliminated`` places of the base's states."""

    def __init__(self, base, totals: Totals, name):
        self.totals, self._known = totals, {}
        self.eliminated = eliminated_states(totals.matrix)
        self.kept = tuple(k for k in range(len(base.states)) if k not in self.eliminated)
        parameters = {**base.parameters, **dict(zip(totals.names, totals.values))}
        inverse = np.linalg.inv(totals.matrix[:, self.eliminated])
        self.given, self.weights_of_kept = inverse, -inverse @ totals.matrix[:, self.kept]
        named, k = len(base.parameters), len(base.parameters) + len(base.constants)
        places = tuple(list(parameters).index(total) for total in totals.names)
        self.layout = Layout(len(base.states), named, len(parameters) - named, k, places, self.eliminated, self.kept)
        states = tuple(base.states[k] for k in self.kept)
        super().__init__(
            base,
            states,
            reduced_functions(base, self.layout),
            states=states,
            parameters=parameters,
            constants=np.concatenate([base.constants, self.given.ravel(), self.weights_of_kept.ravel()]),
            stability=_stability(base, self.layout),
            symmetry=kept_symmetry(base, totals, self.kept),
            smoothness=base.smoothness,
            weights=None if base.weights is None else base.weights[[*self.kept, len(base.states)]],
            name=name,
        )
        if getattr(base, "expressions", None) is not None:
            self.expressions = ReducedExpressions(base, self.layout, self.given, self.weights_of_kept)

    @property
    def hidden_states(self) -> tuple:
        """The states eliminated, which are outputs."""
        return tuple(self.base.states[k] for k in self.eliminated)

    def state_weights(self):
        """(m,) weights of the states."""
        return self.inner_weights()[: len(self.states)]

    def whole(self, state, parameters=None) -> np.ndarray:
        """(n,) values of all states of the base."""
        return self.layout.unpack(self.state_values(state), self.parameter_values(parameters))[0]

    def state_values(self, state) -> np.ndarray:
        """(m,) values of the states kept, of these or of all states."""
        u = self._whole_start(state)
        return super().state_values(state) if u is None else u[list(self.kept)]

    def implied_parameters(self, start) -> dict:
        """The totals of a start that tells all states."""
        u = self._whole_start(start)
        return {} if u is None else dict(zip(self.totals.names, (self.totals.matrix @ u).tolist()))

    def _whole_start(self, start):
        """(n,) values of all states, where a start tells them; else None."""
        names = self.base.states
        if isinstance(start, Mapping):
            whole = any(names[k] in start for k in self.eliminated)
        elif isinstance(start, Point):
            whole = len(start.state) == len(names)
        else:
            whole = np.shape(start) == (len(names),)
        return self.base.state_values(start) if whole else None

    def check_varied(self, p, names):
        """Raise where the totals are not conserved at p, or no longer when the named parameters vary."""
        broken = self._broken(p, names)
        if broken and not names:
            raise ValueError(f"parameters: {broken} is not conserved at these values; {ADVICE}")
        if broken:
            about = " and ".join(names)
            raise ValueError(f"reduced: {broken} is not conserved at these parameters or when {about} varies; {ADVICE}")

    def _broken(self, p, names=()) -> str:
        """The first total that is not conserved at p, or when some parameters vary, with its sum; empty if none."""
        q = self.layout.unpack(np.zeros(len(self.kept)), p)[1]
        varied = tuple(k for k, name in enumerate(self.base.parameters) if name in names)
        # What holds at all parameters of the same signs need not be asked at each of them.
        key = (varied, tuple(np.sign(q)) if self._is_general else tuple(q))
        if key not in self._known:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            texts = self.totals.texts(self.base.states)
            rows = zip(self.totals.names, self.totals.matrix)
            bad = [name for name, row in rows if not is_conserved(self.base, row, q, varied)]
            self._known[key] = f"{bad[0]} = {texts[bad[0]]}" if bad else ""
        return self._known[key]

    @functools.cached_property
    def _is_general(self) -> bool:
        """Whether the totals are conserved at all parameters of the signs that the base's have."""
        p, places = self.base.parameter_values(), range(len(self.base.parameters))
        return all(is_conserved(self.base, row, p, places) for row in self.totals.matrix)

    def __repr__(self):
        fixed = "; ".join(f"{name} = {text}" for name, text in self.totals.texts(self.base.states).items())
        return f"<Problem {self.name}: states {', '.join(self.states)}; {fixed}>"


def eliminated_states(matrix) -> tuple:
    """A state for each total: the first that occurs in it alone, else one that keeps the equations regular."""
    rest, chosen = np.array(matrix, float), []
    single = np.sum(matrix != 0, axis=0) == 1
    for k in range(len(rest)):
        possible = np.flatnonzero((np.abs(rest[k]) > 1e-9 * np.max(np.abs(rest[k]))) & single)
        if not len(possible):  # the largest coefficient left is the safest divisor
            possible = [int(np.argmax(np.abs(rest[k])))]
        place = int(possible[0])
        chosen.append(place)
        others = np.arange(len(rest)) > k
        rest[others] -= np.outer(rest[others, place] / rest[k, place], rest[k])
    return tuple(chosen)


def kept_symmetry(base, totals, kept) -> Symmetry:
    """The symmetry of the states kept; refused where it moves totals or mixes the states kept with others."""
    if not base.symmetry:
        return Symmetry([base.states[k] for k in kept], ())
    others = [k for k in range(len(base.states)) if k not in kept]
    entries = []
    for label, g in zip(base.symmetry.labels, base.symmetry.generators):
        a = np.asarray(g.matrix, float)
        mixes = np.any(a[np.ix_(kept, others)]) or np.max(np.abs(totals.matrix @ a - totals.matrix)) > 1e-9
        if mixes:
            raise ValueError(_moved(label))
        entries.append(a[np.ix_(kept, kept)])
    if base.symmetry.continuous:
        raise ValueError(_moved(f"the generator {base.symmetry.continuous[0].name}"))
    return Symmetry([base.states[k] for k in kept], entries)


def _moved(what) -> str:
    """The refusal of a symmetry."""
    return (
        f"reduced: the problem's symmetry {what} moves states that are eliminated, or a total; reduce "
        "problem.with_symmetries(()) and declare what is left on the result"
    )


class ReducedExpressions:
    """Exact derivatives of any order: those of the base along directions of all its states."""

    def __init__(self, base, layout, given, weights):
        self.base, self.layout, self.given, self.weights = base, layout, given, weights

    def derivative(self, v, p, directions):
        """Apply the derivative of order ``len(directions)`` to directions of the states and the named parameters."""
        at, m = self.layout, len(self.layout.kept)
        u, q = at.unpack(np.asarray(v, float), np.asarray(p, float))[:2]
        directions = np.asarray(directions)
        full = np.zeros((len(directions), at.n + at.named), directions.dtype)
        full[:, list(at.kept)] = directions[:, :m]
        totals = directions[:, m + np.array(at.places)]
        full[:, list(at.eliminated)] = directions[:, :m] @ self.weights.T + totals @ self.given.T
        full[:, at.n :] = directions[:, m : m + at.named]
        return self.base.expressions.derivative(u, q, full)[list(at.kept)]


# Functions of (v, p) at single points, and for the engine


class ReducedFunction(ComposedFunction):
    """A function of the states kept that calls one of the base, or for derivatives by totals two."""

    def __init__(self, inner, make, kernel, layout, shape):
        self.layout = layout
        super().__init__(inner, functools.partial(make, layout), kernel, ())
        self.shape = shape

    def callback(self, n: int, k: int, index: int = 0) -> Callback:
        """Make the engine's callback; `index` of the parameter derived by counts those of the reduced problem."""
        at = self.layout
        own, total = index < at.named, at.places.index(index) if index in at.places else -1
        callbacks = [f.callback(at.n, at.k, index if own else 0) for f in self.inner]
        words = [word for c in (*callbacks, *callbacks)[:2] for word in (c.address, c.data)]
        head = [at.n, len(at.kept), len(at.eliminated), at.named, at.added, at.k, own, total, *words]
        data = np.array([*head, *at.places, *at.eliminated, *at.kept], np.int64)
        return Callback(self.kernel.address, data.ctypes.data, (data, *callbacks))


def reduced_functions(base, layout) -> dict:
    """Residual, derivatives, outputs and zeros of the reduced problem, the states eliminated among the outputs."""

    def composed(g, *more):
        make, kernel = SHAPES[g.shape]
        return ReducedFunction([g, *more], make, kernel, layout, g.shape)

    given = base.functions
    functions = {key: composed(given[key]) for key in ("residual", "jacobian") if key in given}
    if "jacobian" in given and "parameter_derivative" in given:
        functions["parameter_derivative"] = composed(given["parameter_derivative"], given["jacobian"])
    functions["zeros"] = {name: composed(g) for name, g in base.zeros.items()}
    hidden = {base.states[k]: Function(Eliminated(layout, k), "scalar", compile_it=False) for k in layout.eliminated}
    functions["outputs"] = hidden | {name: composed(g) for name, g in base.outputs.items()}
    return functions


def _stability(base, layout):
    """The stability option: spectra are those of the reduced problem, a count of the base's own takes all states."""
    if not callable(base.stability):
        return base.stability
    make, kernel = SHAPES["scalar"]
    return ReducedFunction([base.functions["stability"]], make, kernel, layout, "scalar")


def _vector(layout, base):
    def residual(v, p, out):
        u, q, _, _ = layout.unpack(v, p)
        f = np.full(layout.n, np.nan, u.dtype)
        base(u, q, f)
        out[:] = f[list(layout.kept)]

    return residual


def _matrix(layout, base):
    def jacobian(v, p, out):
        u, q, _, weights = layout.unpack(v, p)
        a = np.full((layout.n, layout.n), np.nan)
        base(u, q, a)
        a = a[list(layout.kept)]
        out[:] = a[:, list(layout.kept)] + a[:, list(layout.eliminated)] @ weights

    return jacobian


def _derivative(layout, base, matrix):
    def parameter_derivative(v, p, index, out):
        u, q, given, _ = layout.unpack(v, p)
        f, a = np.zeros(layout.n), np.full((layout.n, layout.n), np.nan)
        if index < layout.named:
            f[:] = np.nan
            base(u, q, index, f)
        out[:] = f[list(layout.kept)]
        if index in layout.places:
            matrix(u, q, a)
            out[:] += a[np.ix_(layout.kept, layout.eliminated)] @ given[:, layout.places.index(index)]

    return parameter_derivative


def _scalar(layout, base):
    def scalar(v, p):
        u, q, _, _ = layout.unpack(v, p)
        return base(u, q)

    return scalar


class Eliminated(NamedTuple):
    """Output: an eliminated state."""

    layout: Layout
    place: int

    def __call__(self, v, p):
        """Its value."""
        return self.layout.unpack(v, p)[0][self.place]


SHAPES = {
    "vector": (_vector, kernels.reduced_vector),
    "matrix": (_matrix, kernels.reduced_matrix),
    "indexed": (_derivative, kernels.reduced_derivative),
    "scalar": (_scalar, kernels.reduced_scalar),
}
