"""`Equations`: F(u, p) = 0 as data, with its names, parameters, functions and inner product."""

from collections.abc import Mapping

import numpy as np

from continuation.equations.derivatives import parameter_column, state_jacobian
from continuation.equations.functions import Function, warn_interpreted
from continuation.equations.measures.measure import measured
from continuation.equations.operations import dense_operations
from continuation.ground.arguments import check_flag, check_function, check_mapping, check_text, renamed, shown
from continuation.ground.names import check_names, check_numbers, check_whole, real_array, suggest
from continuation.ground.points import Point
from continuation.ground.ranges import spread
from continuation.ground.status import Kind, Status
from continuation.symmetries.symmetry import Symmetry

TAKES = {  # shape of a function -> its arguments
    "vector": ("u", "p", "out"),
    "matrix": ("u", "p", "out"),
    "indexed": ("u", "p", "k", "out"),
    "scalar": ("u", "p"),
}


class Equations:
    """Equations F(u, p) = 0 as data; `continuation.problem.Problem` adds solving, checking and making others of them.

    Parameters are those of `Problem` and, for equations made from others:

    Parameters
    ----------
    unknown_names : tuple of str, optional
        Names of the unknowns beside the varied parameter; default: the states.
    symmetry : Symmetry, optional
        Not checked here; default: none.

    Notes
    -----
    Equations made from others override what stands below "Unknowns and what is shown of them": their functions
    (residual, outputs, zeros ...) take their unknowns, while branches and points show `states`.
    """

    def __init__(
        self,
        f,
        states,
        parameters,
        *,
        jacobian=None,
        parameter_derivative=None,
        outputs=None,
        zeros=None,
        constants=None,
        symmetric=False,
        stability="flow",
        symmetry=None,
        smoothness=3,
        weights=None,
        scales=None,
        compiled=None,
        name=None,
        unknown_names=None,
    ):
        self.states, self.parameters = check_names(states, parameters, outputs, zeros)
        self._unknown_names = self.states if unknown_names is None else tuple(unknown_names)
        self.constants = _check_constants(constants)
        self.symmetric, self.stability = check_flag("symmetric", symmetric), _check_stability(stability)
        compiled = compiled if compiled is None else check_flag("compiled", compiled)
        self.smoothness = check_whole("smoothness", smoothness)
        self.weights = None if weights is None else _check_weights(weights, len(self.unknown_names))
        self.scales = None if scales is None else _check_scales(scales, weights, self.states, self.parameters)
        options = {"require_compiled": compiled is True, "compile_it": compiled is not False}
        given = {"residual": (f, "vector"), "jacobian": (jacobian, "matrix")}
        given |= {"parameter_derivative": (parameter_derivative, "indexed")}
        if callable(stability):
            given["stability"] = (stability, "scalar")

        def made(label, g, shape):
            return g if hasattr(g, "python") else Function(check_function(label, g, *TAKES[shape]), shape, **options)

        label = {"residual": "f"}
        wanted = {key: pair for key, pair in given.items() if key == "residual" or pair[0] is not None}
        self.functions = {key: made(label.get(key, key), g, shape) for key, (g, shape) in wanted.items()}
        self.outputs = {key: made(f"outputs[{key!r}]", g, "scalar") for key, g in (outputs or {}).items()}
        self.zeros = {key: made(f"zeros[{key!r}]", g, "scalar") for key, g in (zeros or {}).items()}
        self.name = self.functions["residual"].name if name is None else check_text("name", name)
        self.symmetry = Symmetry(self.states, ()) if symmetry is None else symmetry
        if compiled is not False:
            warn_interpreted(self.all_functions())

    @property
    def compiled(self) -> bool:
        """Whether all functions of the problem were compiled."""
        return all(f.dispatcher is not None for f in self.all_functions())

    def all_functions(self) -> list:
        """Every `Function` of the problem."""
        return [*self.functions.values(), *self.outputs.values(), *self.zeros.values()]

    def __repr__(self):
        kind = "compiled" if self.compiled else "plain Python"
        return f"<Problem {self.name}: {len(self.states)} states, parameters {dict(self.parameters)}, {kind}>"

    has_kinks = False  # whether the text of F has words whose derivatives jump somewhere
    watched_end = "infinity"  # what the engine looks for beside limits and failures, see `engine.follow.ENDS`
    special_curves = "equilibria"  # of what its special points are, see `continuation.curves.through_point.CURVES`
    directional = None  # ``f(u, p, du, dp, order)``, derivative (n,) of F along a line, exact; see `Multilinear`
    tree = None  # how the states stand in the arrays of a loss, see `continuation.losses.weight_trees`
    measure = None  # what a trace measures in, see `continuation.equations.measures.measure.Measure`

    @property
    def adapts(self) -> bool:
        """Whether the inner product of a trace may take the magnitudes that it finds for its units."""
        return self.weights is None

    @property
    def followed_smoothness(self) -> int:
        """How often F can be differentiated where a branch leads: as declared, but once if its text has kinks.

        Away from them its derivatives are exact, whatever their order, so that `smoothness` stays for normal forms.
        """
        return 1 if self.has_kinks and self.smoothness >= 3 else self.smoothness

    # Values

    def parameter_values(self, parameters=None) -> np.ndarray:
        """(k,) vector p: defaults, changed by the mapping `parameters`, then the constants."""
        values = dict(self.parameters)
        for name, value in check_mapping("parameters", parameters).items():
            if name not in values:
                raise ValueError(f"no parameter named {name!r}; this problem has {suggest(name, values)}")
            values[name] = check_numbers(f"parameters[{name!r}]", value, 0)
        p = np.concatenate([np.array(list(values.values()), float), self.constants])
        self.check_varied(p, ())
        return p

    def state_values(self, state) -> np.ndarray:
        """(n,) vector u from an array, a mapping of names or a `Point`."""
        if isinstance(state, Point):
            state = state.state
        if self.tree is not None and self.tree.is_like(state):
            state = self.tree.flat(state, "start")
        if isinstance(state, Mapping):
            state = spread(state)
            unknown = [name for name in state if name not in self.states]
            missing = [name for name in self.states if name not in state]
            if unknown or missing:
                what = f"unknown {suggest(unknown[0], self.states)}" if unknown else f"missing {missing}"
                raise ValueError(f"start: wanted values of the states {list(self.states)}, got {list(state)}: {what}")
            state = [state[name] for name in self.states]
        values = check_numbers("start", state, 1)
        if len(values) != len(self.states):
            raise ValueError(f"start: wanted {len(self.states)} values {list(self.states)}, got {len(values)}")
        return values

    def implied_parameters(self, start) -> dict:
        """Parameters that a start determines by what it is (not those that a `Point` tells); here none."""
        return {}

    def inner_weights(self) -> np.ndarray:
        """(N,) weights of the inner product of the unknowns: of its measure, if it has one, else its own."""
        return self.own_weights() if self.measure is None else self.measure.weights.copy()

    def own_weights(self) -> np.ndarray:
        """(N,) weights of the inner product that no trace has changed."""
        n = len(self.unknown_names)
        return np.append(np.full(n, 1 / n), 1.0) if self.weights is None else self.weights.copy()

    def residual(self, u, parameters=None) -> np.ndarray:
        """F (n,) at a state and parameters by name."""
        u, out = self._unknowns_called(u, "u"), np.full(len(self.unknown_names), np.nan)
        self.functions["residual"](u, self.parameter_values(parameters), out)
        return out

    def jacobian(self, u, parameters=None) -> np.ndarray:
        """F_u (n, n), as given or by central differences."""
        return state_jacobian(self, self._unknowns_called(u, "u"), self.parameter_values(parameters))

    def parameter_derivative(self, u, name, parameters=None) -> np.ndarray:
        """dF/dp (n,) for the parameter called `name`, as given or by central differences."""
        u, p = self._unknowns_called(u, "u"), self.parameter_values(parameters)
        return parameter_column(self, u, p, self.index_of(name))

    def _unknowns_called(self, state, label) -> np.ndarray:
        """Unknowns that belong to a state, an argument of this name."""
        with renamed("start", label):
            return self.unknown_values(state)

    def index_of(self, name) -> int:
        """Place of a parameter in p."""
        if not isinstance(name, str) or name not in self.parameters:
            raise ValueError(f"no parameter named {shown(name)}; this problem has {suggest(name, self.parameters)}")
        return list(self.parameters).index(name)

    @property
    def count_kind(self):
        """Kind of event that a change of the unstable count is; None where it may mean anything."""
        return Kind.HOPF if self.stability == "flow" else None

    def prepared(self, start, vary, parameters, span):
        """The problem where a trace from `start` begins, and the start; here both as they are."""
        return self, start

    def at_row(self, rows, row, vary):
        """The problem that a trace from a row of one of its branches goes on with: in the branch's inner product."""
        p, x = self.parameter_values(rows.parameters_at(row)), rows.unknowns[row]
        return measured(self, rows.weights, p, x, self.index_of(vary))

    def status_behind(self, start) -> Status:
        """Why a branch has nothing on the side of its start that was not traced; here because it was not asked for."""
        return Status.STOPPED

    def leads_on(self, rows, row) -> bool:
        """Whether a branch may go on behind a row at its end; here always."""
        return True

    def check_varied(self, p, names):
        """Raise where the equations are not those meant at p (k,), or once the named parameters vary; here never."""

    def operations(self, p, active):
        """What the engine calls for a trace in parameter number `active`; override for other structures."""
        self.check_varied(p, [list(self.parameters)[active]])
        return dense_operations(self, p, active)

    # Unknowns and what is shown of them

    @property
    def unknown_names(self) -> tuple:
        """Names of the N - 1 unknowns beside the varied parameter."""
        return self._unknown_names

    def unknown_values(self, state) -> np.ndarray:
        """(N - 1,) unknowns that belong to a state: an array, a mapping of names or a `Point`."""
        return self.state_values(state)

    def point_unknowns(self, point, vary) -> np.ndarray:
        """(N,) unknowns of a point of a branch in the parameter `vary`: as stored, else from its state."""
        if point.unknowns is not None and len(point.unknowns) == len(self.unknown_names) + 1:
            return point.unknowns.copy()
        return np.append(self.unknown_values(point), point.parameters[vary])

    def columns(self, unknowns):
        """Map unknowns (m, N) to what is shown: states (m, n) and varied parameters (m, 1 or more).

        Affine; the parameter varied by the engine, ``unknowns[:, -1]``, is the first of those shown.
        """
        n = len(self.states)
        return unknowns[:, :n], unknowns[:, -1:]

    def varied_names(self, vary) -> tuple:
        """Names of the varied parameters that `columns` shows when the engine varies `vary`."""
        return (vary,)

    @property
    def hidden_states(self) -> tuple:
        """Outputs that are states of a problem that this one was made from; tables show them with the states."""
        return ()

    @property
    def vector_field(self):
        """The problem whose equilibria the points shown are; here itself."""
        return self

    def near(self, x, p):
        """The problem whose functions are to be evaluated near the unknowns x (N,) and parameters p; here itself."""
        return self

    def stability_matrix(self, x, p) -> np.ndarray:
        """Matrix whose spectrum decides on stability at the unknowns x (N,) and parameters p: F_u."""
        return state_jacobian(self, x[:-1], p)

    def state_weights(self):
        """(n,) weights of the states shown, for their norm."""
        return self.inner_weights()[: len(self.states)]

    row_layout = None  # how a row's unknowns and context make an orbit, see `continuation.orbits.profiles.layout`

    def polish(self, unknowns, kinds, begun):
        """Make special points (row -> Kind) of the unknowns (m, N) more exact, in place, where another way is known.

        Those that turn out to be none are taken out of `kinds`.
        """

    def full_context(self, rows, events, begun) -> np.ndarray:
        """(m, C) the context of a branch's rows, with that of special points (at the rows `events`) made anew."""
        return rows.context

    def kind_at(self, rows, row, kind):
        """The kind of the special point at a row, which the engine took for one of `kind`."""
        return kind

    def row_spectrum(self, rows, row):
        """What `SpecialPoint.eigenvalues` holds at a row, where it is not the spectrum of F_u; here None."""
        return None

    def critical_orbit(self, point):
        """The periodic orbit that a special point is, as normal forms need it; here None."""
        return None

    def parameter_rows(self, rows) -> np.ndarray:
        """(m, k) parameters and constants of every row of a branch."""
        p = np.tile(self.parameter_values(rows.parameters), (len(rows), 1))
        for column, name in enumerate(rows.vary):
            p[:, self.index_of(name)] = rows.varied[:, column]
        return p

    def row_outputs(self, rows) -> dict:
        """Name -> (m,) columns of a branch beside states and outputs; here none."""
        return {}

    def blame(self, u, p) -> str:
        """Say which part of F is not finite at (u, p), where that is known; else nothing."""
        return ""

    def remarks(self, branch) -> list:
        """Lines about a finished branch that its reader should know; logged as warnings."""
        return []


def _check_stability(stability):
    """The stability option, if it is one."""
    if callable(stability) and not isinstance(stability, type):
        return stability if hasattr(stability, "python") else check_function("stability", stability, *TAKES["scalar"])
    if stability is not None and not (isinstance(stability, str) and stability == "flow"):
        raise ValueError(f'stability: wanted "flow", None or a function g(u, p) -> int, got {shown(stability)}')
    return stability


def _check_constants(constants):
    """Numbers of any shape as (k,) array."""
    array = real_array(() if constants is None else constants)
    return check_numbers("constants", constants if array is None else array.ravel(), 1)


def _check_scales(scales, weights, states, parameters) -> dict:
    """Name -> typical magnitude of states and parameters."""
    if weights is not None:
        raise ValueError("scales: wanted either `weights` or `scales`, got both")
    names = (*states, *parameters)
    if not isinstance(scales, Mapping):
        values = check_numbers("scales", scales, 1)
        if len(values) not in (len(states), len(names)):
            raise ValueError(
                f"scales: wanted {len(states)} magnitudes of the states, or {len(names)} with those of the parameters, "
                f"got {len(values)}"
            )
        scales = dict(zip(names, values.tolist()))
    for name, value in scales.items():
        if name not in names:
            raise ValueError(f"scales: nothing named {name!r} has a magnitude; this problem has {suggest(name, names)}")
        if not check_numbers(f"scales[{name!r}]", value, 0) > 0:
            raise ValueError(f"scales[{name!r}]: wanted a positive number, got {value!r}")
    return {name: float(value) for name, value in scales.items()}


def _check_weights(weights, n):
    """(n + 1,) positive weights."""
    values = check_numbers("weights", weights, 1)
    if len(values) != n + 1 or not np.all(values > 0):
        raise ValueError(f"weights: wanted {n + 1} positive numbers (states, then the parameter), got {shown(weights)}")
    return values
