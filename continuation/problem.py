"""`Problem`: the equations F(u, p) = 0 with the verbs that users call."""

import copy
from collections.abc import Mapping

import numpy as np

from continuation.derived.equivariance import check_respected
from continuation.derived.isolated import Isolated, isolated
from continuation.derived.restricted import Restricted, restricted
from continuation.equations import derivatives
from continuation.equations.equations import Equations
from continuation.equations.newton import solve_damped
from continuation.equations.tape_function import SHAPES, functions_of
from continuation.ground.later import later
from continuation.ground.names import is_number
from continuation.ground.points import Point
from continuation.symmetries.symmetry import Symmetry

expressions = later("continuation.expressions")
opening = later("continuation.models.opening")
settling = later("continuation.searching.settling")


class Verbs:
    """What users ask of equations, however they were made."""

    source = None  # plain description of a problem made from text, from which `from_source` makes it again
    model = None  # what else the file says that it was read from

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

    def settle(self, start, time=None, parameters=None):
        """Integrate ``u' = F`` to see whether it rests, oscillates or grows: `continuation.searching.settling.settle`.

        Examples
        --------
        >>> pendulum = Problem.from_expressions({"x": "v", "v": "-sin(x) - v/5"}, {})
        >>> settled = pendulum.settle([1.0, 0.0])
        >>> settled.motion.name, [round(x, 6) + 0.0 for x in settled.point.state]
        ('REST', [0.0, 0.0])
        """
        return settling.settle(self, start, time, parameters)

    def check(self, u=None, parameters=None, *, seed=0):
        """Taylor-slope test of the given derivatives; see `continuation.equations.derivatives.check_derivatives`."""
        return derivatives.check_derivatives(self, u, parameters, seed)

    def with_symmetries(self, symmetries):
        """The same problem with these symmetries declared (in place of others), checked as by `Problem`."""
        other = copy.copy(self)
        other.symmetry = declared(other, symmetries)
        if self.source:
            other.source = {**self.source, "symmetries": _plain_entries(symmetries)}
        return other

    def blame(self, u, p) -> str:
        """Say which part of the equations is not finite at (u, p), in the words of a model given as text."""
        made = getattr(self, "expressions", None)
        return made.blame(u, p) if made is not None else super().blame(u, p)

    def restricted(self, elements=None, *, stability="subspace"):
        """The problem inside the fixed space of some symmetries; see `continuation.derived.restricted.restricted`."""
        return restricted(self, elements, stability=stability, make=RestrictedProblem)

    def isolated(self, reference, *, left=None, direction=None, generators=None):
        """The problem whose circles of solutions are single points; see `continuation.derived.isolated.isolated`."""
        return isolated(self, reference, left=left, direction=direction, generators=generators, make=IsolatedProblem)


class Problem(Verbs, Equations):
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
        super().__init__(
            f,
            states,
            parameters,
            jacobian=jacobian,
            parameter_derivative=parameter_derivative,
            outputs=outputs,
            zeros=zeros,
            constants=constants,
            symmetric=symmetric,
            stability=stability,
            smoothness=smoothness,
            weights=weights,
            compiled=compiled,
            name=name,
        )
        self.symmetry = declared(self, symmetries)

    @classmethod
    def from_expressions(
        cls, equations, parameters, *, outputs=None, zeros=None, definitions=None, name=None, **options
    ):
        """Make a problem from text or sympy expressions, with exact derivatives.

        Parameters
        ----------
        equations : mapping of str to str or sympy expression
            State name -> right-hand side.
        parameters : mapping of str to float, str or sympy expression
            One given by others, ``{"C": 135.0, "C2": "0.8*C"}``, is a definition: it is no parameter to vary.
        outputs, zeros : mapping of str to str or sympy expression, optional
        definitions : mapping of str to str or sympy expression, optional
            Quantities, ``{"minf": "0.5*(1 + tanh((v - v1)/v2))"}``, and functions, ``{"S(x)": "1/(1 + exp(-x))"}``,
            that equations, outputs, zeros and each other may use, in any order.
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
        parameters, definitions = with_computed(parameters, definitions)
        made = expressions.from_expressions(
            equations, tuple(parameters), outputs=outputs or {}, zeros=zeros or {}, definitions=definitions
        )
        functions = chosen_functions(made, options.get("compiled"))
        problem = cls(
            functions.pop("residual"), made.states, parameters, name=name or "expressions", **functions, **options
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
    def from_file(cls, path):
        """Read a model file: TOML (our own), or an `.ode` file of XPPAUT.

        Parameters
        ----------
        path : str or path-like
            Its ending tells the language.

        Returns
        -------
        Problem
            Its attribute ``model`` (`continuation.models.description.Model`) holds what else the file says: ``start``,
            ``parameters``, ``vary``, ``span``, ``sets``, ``notes``.

        Raises
        ------
        OSError
            If the file can't be read.
        ModelError
            A `ValueError`: what the file says can't be used; names the line.
        """
        model = opening.open_model(path, cls.from_expressions)
        model.problem.model = model
        return model.problem

    @classmethod
    def from_source(cls, source: Mapping):
        """Make the problem that `source` (from a file) describes; the text is parsed as in `from_expressions`."""
        keys = (
            "outputs",
            "zeros",
            "definitions",
            "name",
            "symmetric",
            "stability",
            "symmetries",
            "smoothness",
            "weights",
        )
        options = {key: source[key] for key in keys if key in source}
        return cls.from_expressions(source["equations"], source["parameters"], **options)


class RestrictedProblem(Verbs, Restricted):
    """What `Problem.restricted` gives."""


class IsolatedProblem(Verbs, Isolated):
    """What `Problem.isolated` gives."""


def from_source(source):
    """Make the problem that `source` (from a file) describes."""
    return Problem.from_source(source)


def chosen_functions(made, compiled) -> dict:
    """Functions made from expressions: their tapes, or generated code where `compiled` says what to do with it."""
    if compiled is None:
        return functions_of(made)
    return {kind: getattr(made, kind) for kind in (*SHAPES, "outputs", "zeros")}


def with_computed(parameters, definitions) -> tuple:
    """Parameters that are numbers, and the definitions with those that are expressions."""
    if not isinstance(parameters, Mapping) or not isinstance(definitions or {}, Mapping):
        return parameters, definitions or {}  # refused where they are read
    computed = {name: value for name, value in parameters.items() if is_computed(value)}
    numbers = {name: value for name, value in parameters.items() if name not in computed}
    return numbers, {**computed, **(definitions or {})}


def is_computed(value) -> bool:
    """Whether a parameter is given by an expression: text that is no number, or sympy's."""
    if isinstance(value, str):
        return not is_number(value)
    return hasattr(value, "free_symbols") and bool(value.free_symbols)


def declared(problem, entries) -> Symmetry:
    """The symmetry with these entries, checked; the trivial one without."""
    symmetry = Symmetry(problem.states, entries)
    if symmetry:
        check_respected(problem, symmetry)
    return symmetry


def _plain_entries(symmetries) -> list:
    """Entries of `symmetries` as files keep them; functions stay, and no file is told the equations then."""
    return [entry if callable(entry) else np.array(entry) for entry in symmetries]
