"""`Problem`: the equations F(u, p) = 0 with their names, parameters and inner product."""

import copy
from collections.abc import Mapping

import numpy as np

from continuation.branch import Point
from continuation.equations.newton import solve_damped
from continuation.ground.names import check_names, check_numbers, suggest
from continuation.ground.status import Kind


class Problem:
    """The system ``F(u, p) = 0``, read as the right-hand side of ``u' = F(u, p)``.

    Parameters
    ----------
    f : callable
        ``f(u, p, out)`` writes F into `out` (n,); `u` is (n,), `p` holds the named parameters in order, then
        `constants`.  Compiled by numba where it can be, else run as plain Python in the same engine (slower,
        same results; one warning quotes numba's reason).
    states : sequence of str
        Names of the n unknowns.
    parameters : mapping of str to float
        Names and default values.
    jacobian : callable, optional
        ``jacobian(u, p, out)`` writes F_u into `out` (n, n), every entry.  Central differences without it.
    parameter_derivative : callable, optional
        ``parameter_derivative(u, p, k, out)`` writes dF/dp_k into `out` (n,).  Central differences without it.
    outputs : mapping of str to callable
        ``g(u, p) -> float``, evaluated on stored points; columns of the branch.
    zeros : mapping of str to callable
        ``g(u, p) -> float``, watched while tracing: sign changes become points of `Kind.USER` that keep the name.
    constants : array, optional
        Data too large to name, appended to `p`.
    symmetric : bool
        F_u equals its transpose (gradient systems); noticed numerically too.
    stability : "flow", None or callable
        ``"flow"`` counts eigenvalues of F_u with positive real part; None for equations that are no flow
        (``unstable`` is -1, no Hopf points); or ``g(u, p) -> int``, a count of your own.
    symmetries : sequence, optional
        Transformations of the states that F respects, ``F(g u) = g F(u)``: orthogonal matrices (n, n), permutations
        (n integers or state names, ``-`` for a sign; ``(g u)_i = u[entry[i]]``), or functions ``K(u) -> (n,)``,
        infinitesimal generators of a continuous group.  The same matrices act on F.  Checked here, at random states
        and the default parameters.  See `continuation.symmetries.symmetry.Symmetry`.
    smoothness : int
        How often F can be differentiated: 3 (default) or more; 2 for equations like ``mu*x - x*abs(x)`` whose second
        derivative jumps, so that nothing is made of third ones.
    weights : (n + 1,) array, optional
        Inner product ``sum w_i u_i v_i + w_n p q``; default 1/n for states, 1 for the parameter.
    compiled : bool, optional
        True makes numba's refusal an error, False keeps plain Python.
    name : str, optional
        Shown in tables and files; default: the function's name.

    Raises
    ------
    ValueError, TypeError
        Names that clash or are empty, values that are no finite numbers, things that are no functions, symmetries
        that F does not have.

    Examples
    --------
    >>> def f(u, p, out):
    ...     out[0] = p[0] - u[0] ** 2
    >>> fold = Problem(f, states=["x"], parameters={"mu": 1.0})
    >>> fold.residual([0.5])
    array([0.75])
    """

    source = None  # plain description of a problem made from text, from which `from_source` makes it again

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
        symmetries=(),
        smoothness=3,
        weights=None,
        compiled=None,
        name=None,
    ):
        from continuation.equations.functions import Function, warn_interpreted

        self.states, self.parameters = check_names(states, parameters, outputs or {}, zeros or {})
        self.constants = check_numbers("constants", np.ravel(() if constants is None else constants), 1)
        self.symmetric, self.stability = bool(symmetric), _check_stability(stability)
        self.smoothness = _check_smoothness(smoothness)
        self.weights = None if weights is None else _check_weights(weights, len(self.unknown_names))
        options = {"require_compiled": compiled is True, "compile_it": compiled is not False}
        given = {"residual": (f, "vector"), "jacobian": (jacobian, "matrix")}
        given |= {"parameter_derivative": (parameter_derivative, "indexed")}
        if callable(stability):
            given["stability"] = (stability, "scalar")

        def made(g, shape):
            return g if isinstance(g, Function) else Function(g, shape, **options)

        self.functions = {key: made(g, shape) for key, (g, shape) in given.items() if g is not None}
        self.outputs = {key: made(g, "scalar") for key, g in (outputs or {}).items()}
        self.zeros = {key: made(g, "scalar") for key, g in (zeros or {}).items()}
        self.name = name or self.functions["residual"].name
        if compiled is not False:
            warn_interpreted(self.all_functions())
        self.symmetry = _symmetry(self, symmetries)

    @classmethod
    def from_expressions(cls, equations, parameters, *, outputs=None, zeros=None, name=None, **options):
        """Make a problem from text or sympy expressions, with exact derivatives.

        Parameters
        ----------
        equations : mapping of str to str or sympy expression
            State name -> right-hand side.
        parameters : mapping of str to float
        outputs, zeros : mapping of str to str or sympy expression, optional
        options
            As for `Problem`: `symmetric`, `stability`, `symmetries`, `smoothness`, `weights`, `compiled`.

        Raises
        ------
        ExpressionError
            Text that is not an expression in the declared names; says where.

        Examples
        --------
        >>> fold = Problem.from_expressions({"x": "mu - x**2"}, parameters={"mu": 1})
        >>> fold.jacobian([0.5])
        array([[-1.]])
        """
        from continuation.expressions import from_expressions

        made = from_expressions(equations, tuple(parameters), outputs=outputs or {}, zeros=zeros or {})
        problem = cls(
            made.residual,
            made.states,
            parameters,
            jacobian=made.jacobian,
            parameter_derivative=made.parameter_derivative,
            outputs=made.outputs,
            zeros=made.zeros,
            name=name or "expressions",
            **options,
        )
        problem.expressions = made
        problem.source = {
            **made.source,
            "parameters": dict(problem.parameters),
            "name": problem.name,
            "symmetric": problem.symmetric,
            "stability": problem.stability,
            "symmetries": _plain_entries(options.get("symmetries", ())),
            "smoothness": problem.smoothness,
            "weights": None if problem.weights is None else problem.weights.tolist(),
        }
        return problem

    @classmethod
    def from_source(cls, source: Mapping):
        """Make the problem that `source` (from a file) describes; the text is parsed as in `from_expressions`."""
        keys = ("outputs", "zeros", "name", "symmetric", "stability", "symmetries", "smoothness", "weights")
        options = {key: source[key] for key in keys if key in source}
        return cls.from_expressions(source["equations"], source["parameters"], **options)

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

    # Values

    def parameter_values(self, parameters=None) -> np.ndarray:
        """(k,) vector p: defaults, changed by the mapping `parameters`, then the constants."""
        values = dict(self.parameters)
        for name, value in (parameters or {}).items():
            if name not in values:
                raise ValueError(f"no parameter named {name!r}; this problem has {suggest(name, values)}")
            values[name] = check_numbers(f"parameters[{name!r}]", value, 0)
        return np.concatenate([np.array(list(values.values()), float), self.constants])

    def state_values(self, state) -> np.ndarray:
        """(n,) vector u from an array, a mapping of names or a `Point`."""
        if isinstance(state, Point):
            state = state.state
        if isinstance(state, Mapping):
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

    def inner_weights(self) -> np.ndarray:
        """(N,) weights of the inner product of the unknowns."""
        n = len(self.unknown_names)
        return np.append(np.full(n, 1 / n), 1.0) if self.weights is None else self.weights.copy()

    def residual(self, u, parameters=None) -> np.ndarray:
        """F (n,) at a state and parameters by name."""
        u, out = self.unknown_values(u), np.full(len(self.unknown_names), np.nan)
        self.functions["residual"](u, self.parameter_values(parameters), out)
        return out

    def jacobian(self, u, parameters=None) -> np.ndarray:
        """F_u (n, n), as given or by central differences."""
        from continuation.equations.derivatives import state_jacobian

        return state_jacobian(self, self.unknown_values(u), self.parameter_values(parameters))

    def parameter_derivative(self, u, name, parameters=None) -> np.ndarray:
        """dF/dp (n,) for the parameter called `name`, as given or by central differences."""
        from continuation.equations.derivatives import parameter_column

        return parameter_column(self, self.unknown_values(u), self.parameter_values(parameters), self.index_of(name))

    def index_of(self, name) -> int:
        """Place of a parameter in p."""
        if name not in self.parameters:
            raise ValueError(f"no parameter named {name!r}; this problem has {suggest(name, self.parameters)}")
        return list(self.parameters).index(name)

    # What others ask

    def solve(self, guess, parameters=None) -> Point:
        """Damped Newton from `guess` at fixed parameters.

        Returns
        -------
        Point

        Raises
        ------
        StartError
            No solution was reached; the message names the largest component of the residual.
        """
        p = self.parameter_values(parameters)
        u = solve_damped(self, self.unknown_values(guess), p)
        outputs = {name: float(g(u, p)) for name, g in self.outputs.items()}
        state = self.columns(np.append(u, 0.0)[None])[0][0].copy()
        return Point(state, dict(zip(self.parameters, p.tolist())), self.states, outputs)

    def check(self, u=None, parameters=None, *, seed=0):
        """Taylor-slope test of the given derivatives; see `continuation.equations.derivatives.check_derivatives`."""
        from continuation.equations.derivatives import check_derivatives

        return check_derivatives(self, u, parameters, seed)

    def with_symmetries(self, symmetries):
        """The same problem with these symmetries declared (in place of others), checked as by `Problem`."""
        other = copy.copy(self)
        other.symmetry = _symmetry(other, symmetries)
        if self.source:
            other.source = {**self.source, "symmetries": _plain_entries(symmetries)}
        return other

    def restricted(self, elements=None, *, stability="subspace"):
        """The problem inside the fixed space of some symmetries; see `symmetries.restricted.restricted`."""
        from continuation.derived.restricted import restricted

        return restricted(self, elements, stability=stability)

    def isolated(self, reference, *, left=None, direction=None, generators=None):
        """The problem whose circles of solutions are single points; see `continuation.derived.isolated.isolated`."""
        from continuation.derived.isolated import isolated

        return isolated(self, reference, left=left, direction=direction, generators=generators)

    @property
    def count_kind(self):
        """Kind of event that a change of the unstable count is; None where it may mean anything."""
        return Kind.HOPF if self.stability == "flow" else None

    def operations(self, p, active):
        """What the engine calls for a trace in parameter number `active`; override for other structures."""
        from continuation.equations.operations import dense_operations

        return dense_operations(self, p, active)

    # Unknowns and what is shown of them: a problem derived from another one overrides these.  Its functions
    # (residual, outputs, zeros ...) take its unknowns; branches and points show `states`.

    @property
    def unknown_names(self) -> tuple:
        """Names of the N - 1 unknowns beside the varied parameter; here the states."""
        return self.states

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
    def vector_field(self):
        """The problem whose equilibria the points shown are; here itself."""
        return self

    def near(self, x, p):
        """The problem whose functions are to be evaluated near the unknowns x (N,) and parameters p; here itself."""
        return self

    def stability_matrix(self, x, p) -> np.ndarray:
        """Matrix whose spectrum decides on stability at the unknowns x (N,) and parameters p: F_u."""
        from continuation.equations.derivatives import state_jacobian

        return state_jacobian(self, x[:-1], p)

    def state_weights(self):
        """(n,) weights of the states shown, for their norm."""
        return self.inner_weights()[: len(self.states)]

    def remarks(self, branch) -> list:
        """Lines about a finished branch that its reader should know; logged as warnings."""
        return []


def _symmetry(problem, entries):
    """The symmetry declared, checked; the trivial one without entries."""
    from continuation.symmetries.equivariance import check_respected
    from continuation.symmetries.symmetry import Symmetry

    symmetry = Symmetry(problem.states, entries)
    if symmetry:
        check_respected(problem, symmetry)
    return symmetry


def _plain_entries(symmetries) -> list:
    """Entries of `symmetries` as files keep them; functions stay, and no file is told the equations then."""
    return [entry if callable(entry) else np.array(entry) for entry in symmetries]


def _check_stability(stability):
    """The stability option, if it is one."""
    if not callable(stability) and stability not in ("flow", None):
        raise ValueError(f'stability: wanted "flow", None or a function g(u, p) -> int, got {stability!r}')
    return stability


def _check_smoothness(smoothness) -> int:
    """The number of continuous derivatives, if it is one."""
    if isinstance(smoothness, bool) or not isinstance(smoothness, (int, np.integer)) or smoothness < 2:
        raise ValueError(f"smoothness: wanted a whole number of at least 2 (3 is usual), got {smoothness!r}")
    return int(smoothness)


def _check_weights(weights, n):
    """(n + 1,) positive weights."""
    values = check_numbers("weights", weights, 1)
    if len(values) != n + 1 or not np.all(values > 0):
        raise ValueError(f"weights: wanted {n + 1} positive numbers (states, then the parameter), got {weights!r}")
    return values
