"""`Problem`: the equations F(u, p) = 0 with the verbs that users call."""

import copy
from collections.abc import Mapping

import numpy as np

from continuation.derived.conserved.conserved_sums import conserved_sums, is_singular
from continuation.derived.conserved.reduced import Reduced, reduced
from continuation.derived.conserved.totals import refusal_of
from continuation.derived.equivariance import check_respected
from continuation.derived.isolated import Isolated, isolated
from continuation.derived.mass_matrix import mass_of, with_mass
from continuation.derived.restricted import Restricted, restricted
from continuation.derived.solvability import remarks_on_constraints, without_false_points
from continuation.equations import derivatives
from continuation.equations.equations import Equations
from continuation.equations.newton import solve_damped
from continuation.equations.stability import point_at
from continuation.equations.tape_function import SHAPES, functions_of
from continuation.ground.arguments import check_mapping
from continuation.ground.later import later
from continuation.ground.names import is_number, suggest
from continuation.ground.points import Point
from continuation.ground.status import StartError, Status
from continuation.symmetries.symmetry import Symmetry

expressions = later("continuation.expressions")
linear = later("continuation.expressions.linear")
losses = later("continuation.losses.from_loss")
opening = later("continuation.models.opening")
orbits = later("continuation.orbits.periodic")
settling = later("continuation.searching.settling")


class Verbs:
    """What users ask of equations, however they were made."""

    source = None  # plain description of a problem made from text, from which `from_source` makes it again
    model = None  # what else the file says that it was read from
    mass = None  # the `MassMatrix`, where the equations are those of one

    def solve(self, guess, parameters=None) -> Point:
        """Damped Newton from `guess` at fixed parameters.

        Returns
        -------
        Point

        Raises
        ------
        StartError
            No solution was reached; the message names the largest component of the residual.  Or sums of states are
            conserved, so that solutions are not isolated; the message names them.
        """
        u = self._unknowns_called(guess, "guess")
        p = self.parameter_values({**self.implied_parameters(guess), **check_mapping("parameters", parameters)})
        u = solve_damped(self, u, p)
        if is_singular(self, u, p) and (words := refusal_of(self, p, u)):
            raise StartError(words, Status.SINGULAR)
        return point_at(self, u, p)

    def settle(self, start, time=None, parameters=None):
        """Integrate ``u' = F`` to see whether it rests, oscillates or grows: `continuation.searching.settling.settle`.

        Examples
        --------
        >>> pendulum = Problem.from_expressions({"x": "v", "v": "-sin(x) - v/5"}, {})
        >>> settled = pendulum.settle([1.0, 0.0])
        >>> settled.motion.name, [round(float(x), 6) + 0.0 for x in settled.point.state]
        ('REST', [0.0, 0.0])
        """
        return settling.settle(self, start, time, parameters)

    def check(self, u=None, parameters=None, *, seed=0):
        """Taylor-slope test of the given derivatives; see `continuation.equations.derivatives.check_derivatives`."""
        return derivatives.check_derivatives(self.as_given(), u, parameters, seed)

    def weights_of(self, point):
        """Weights like the example of `from_loss`, at a `Point`, a special point or a state (n,); arrays of float64.

        Examples
        --------
        >>> problem = Problem.from_loss(lambda w: (w["a"] * w["b"] - 1) ** 2, {"a": 1.0, "b": 2.0}, {})
        >>> problem.weights_of([3.0, 4.0])["b"].item()
        4.0
        """
        made = self
        while made.tree is None and hasattr(made, "base"):
            made = made.base
        if made.tree is None:
            raise ValueError(f"weights_of: wanted a problem made by Problem.from_loss, got {self.name}")
        return made.tree.weights(made.state_values(point))

    def as_given(self):
        """The problem of F alone, where the equations are those of a mass matrix as well; else itself."""
        if self.mass is None:
            return self
        other = copy.copy(self)
        other.mass, other.functions = None, self.mass.given
        return other

    def with_symmetries(self, symmetries):
        """The same problem with these symmetries declared (in place of others), checked as by `Problem`."""
        other = copy.copy(self)
        other.symmetry = declared(other, symmetries)
        if self.source:
            other.source = {**self.source, "symmetries": _plain_entries(symmetries)}
        return other

    def blame(self, u, p) -> str:
        """Say which part of the equations is not finite at (u, p), in the words of a model given as text."""
        made = self.mass if self.mass is not None else getattr(self, "expressions", None)
        return made.blame(u, p) if made is not None else super().blame(u, p)

    def restricted(self, elements=None, *, stability="subspace"):
        """The problem inside the fixed space of some symmetries; see `continuation.derived.restricted.restricted`."""
        return restricted(self, elements, stability=stability, make=RestrictedProblem)

    def isolated(self, reference, *, left=None, direction=None, generators=None):
        """The problem whose circles of solutions are single points; see `continuation.derived.isolated.isolated`."""
        return isolated(self, reference, left=left, direction=direction, generators=generators, make=IsolatedProblem)

    def conserved_sums(self, parameters=None) -> tuple:
        """Sums of states that do not change, as text: ``("S + I + R",)``; see `reduced`.

        Found numerically, by values of F at random states and parameters; sums that are conserved only at the
        parameters given (``C1*V1 + C2*V2``) are among them.
        """
        found = conserved_sums(self, self.parameter_values(parameters))
        return () if found is None else tuple(one.text for one in found.sums)

    def reduced(self, totals=None, *, start=None):
        """The problem without its conserved sums; see `continuation.derived.conserved.reduced.reduced`."""
        problem = reduced(self, totals, start=start, read_sum=linear.read_sum, make=ReducedProblem)
        problem.source = _source_of_reduced(problem)
        return problem


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
        Along periodic orbits their largest, least and mean values are: points `name_max`, `name_min`, `name_mean`.
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
        derivative jumps, so that nothing is made of third ones; 1 for kinks like ``mu - abs(x)``, where F is
        continuous and F_u jumps.  Below 3 a branch goes on behind a corner over which no step leads
        (`Kind.CORNER`, ``CO``), also where its parameter turns back there; with 1 whatever changes by a jump (the
        number of unstable eigenvalues, say) is a corner too, no fold, branch or Hopf point.  Derivatives are those of
        one side; at a kink itself any value between them will do.  Text in which such words stand (``abs``, ``max``,
        ``if``) is followed as with 1 if nothing less is said, and has normal forms away from its kinks.
    weights : (n + 1,) array, optional
        Inner product ``sum w_i u_i v_i + w_n p q``; default 1/n for states, 1 for the parameter, where these are of
        ordinary size, see `scales`.
    scales : mapping of str to float, or array, optional
        Typical magnitudes d of states (and parameters): the inner product is ``sum u_i v_i / (n d_i**2) + p q / d**2``.
        Those not given are 1 where all states and the varied parameter are within a factor of 100 of 1 and of each
        other at a start; else they are found there: from the start, its tangent, the span and how the equations
        respond, so that results do not depend on the units of the model.
    compiled : bool, optional
        True makes numba's refusal an error, False keeps plain Python.
    name : str, optional
        Shown in tables and files; default: the function's name.
    mass : (n, n) array, or mapping of states to float, optional
        M in ``M u' = F(u, p)``: constant, singular or not (of index 1 then); a mapping gives the diagonal, 1 where it
        says nothing: ``mass={"z": 0}`` makes the equation of z a constraint.  The problem's functions are those of
        ``u' = G(u, p)`` with the same solutions: spectra are those of the pencil (F_u, M), with -1 for each
        infinite eigenvalue; see `continuation.derived.mass_matrix`.

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
        scales=None,
        compiled=None,
        name=None,
        mass=None,
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
            scales=scales,
            compiled=compiled,
            name=name,
        )
        self.mass = None if mass is None else mass_of(self, mass)
        if self.mass is not None:
            self.mass.given, self.functions = self.functions, with_mass(self.functions, self.mass)
        self.symmetry = declared(self, symmetries)

    def polish(self, unknowns, kinds, begun):
        """Take out what constraints that can't be solved look like, see `continuation.derived.solvability`."""
        if self.mass is not None and not self.mass.is_regular:
            without_false_points(self.mass, unknowns, kinds, lambda x: varied(begun.p, begun.active, x))

    def remarks(self, branch) -> list:
        """Where constraints can't be solved."""
        if self.mass is None or self.mass.is_regular or len(branch.vary) > 1:
            return []
        p, active = self.parameter_values(branch.parameters), self.index_of(branch.vary[0])
        return remarks_on_constraints(self.mass, branch, lambda x: varied(p, active, x))

    @classmethod
    def from_expressions(
        cls,
        equations,
        parameters,
        *,
        outputs=None,
        zeros=None,
        definitions=None,
        conserve=None,
        name=None,
        **options,
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
        conserve : mapping of str to str or sympy expression, optional
            Name of each conserved total -> the sum of states that it is, as in ``{"N": "S + I + R"}``; its value is the
            parameter of that name, which the equations may use.  The problem is the reduced one, see `reduced`: a
            state less for each total.
        options
            As for `Problem`: `symmetric`, `stability`, `symmetries`, `smoothness`, `weights`, `scales`, `compiled`,
            `mass`.

        Raises
        ------
        ExpressionError
            Text that is not an expression in the declared names; says where.
        ValueError
            A total that is no parameter, or a sum that is not conserved; see `reduced`.

        Examples
        --------
        >>> fold = Problem.from_expressions({"x": "mu - x**2"}, parameters={"mu": 1})
        >>> fold.jacobian([0.5])
        array([[-1.]])
        """
        if parameters is None:
            raise ValueError("parameters: wanted a mapping of names to numbers, got None")
        parameters = check_mapping("parameters", parameters)
        outputs, zeros = check_mapping("outputs", outputs, "expressions"), check_mapping("zeros", zeros, "expressions")
        definitions = check_mapping("definitions", definitions, "expressions")
        parameters, definitions = with_computed(parameters, definitions)
        made = expressions.from_expressions(
            equations, tuple(parameters), outputs=outputs, zeros=zeros, definitions=definitions
        )
        functions = chosen_functions(made, options.get("compiled"))
        problem = cls(
            functions.pop("residual"),
            made.states,
            parameters,
            name="expressions" if name is None else name,
            **functions,
            **options,
        )
        problem.has_kinks = made.has_kinks
        problem.expressions = made if problem.mass is None else problem.mass.derivatives_of(made)
        problem.source = {
            **made.source,
            "parameters": dict(problem.parameters),
            "name": problem.name,
            "symmetric": problem.symmetric,
            "stability": problem.stability,
            "symmetries": _plain_entries(options.get("symmetries", ())),
            "smoothness": problem.smoothness,
            "weights": None if problem.weights is None else problem.weights.tolist(),
            "scales": problem.scales,
            **({} if problem.mass is None else {"mass": problem.mass.matrix.tolist()}),
        }
        return problem if conserve is None else _conserving(problem, conserve)

    @classmethod
    def from_loss(cls, loss, example, parameters, *, backend=None, symmetries=(), **options):
        """Make the problem ``F = -gradient`` of a loss in JAX, PyTorch or numpy: its solutions are critical points.

        ``loss(weights, **parameters) -> scalar``, `weights` an array or a tree of arrays like `example`; `options` are
        `gradient`, `data`, `outputs`, `zeros`, `limit`, and those of `Problem`: all is said by
        `continuation.losses.from_loss.from_loss`.

        Examples
        --------
        >>> problem = Problem.from_loss(lambda w, mu: (w @ w - mu) ** 2 / 4, [1.0, 0.0], {"mu": 1.0}, backend="numpy")
        >>> problem.states, [round(float(x), 8) + 0.0 for x in problem.residual([2.0, 0.0])]
        (('w[0]', 'w[1]'), [-6.0, 0.0])
        """
        options |= {"backend": backend, "symmetries": symmetries}
        return losses.from_loss(loss, example, parameters, make=cls, **options)

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
        source = check_mapping("source", source, "what from_expressions takes")
        if missing := {"equations", "parameters"} - source.keys():
            raise ValueError(f"source: wanted equations and parameters, got no {' and no '.join(sorted(missing))}")
        keys = "outputs zeros definitions conserve name symmetric stability symmetries smoothness weights scales mass"
        options = {key: source[key] for key in keys.split() if key in source}
        return cls.from_expressions(source["equations"], source["parameters"], **options)


class RestrictedProblem(Verbs, Restricted):
    """What `Problem.restricted` gives."""


class ReducedProblem(Verbs, Reduced):
    """What `Problem.reduced` gives."""

    def with_symmetries(self, symmetries):
        """As for every problem; files are not told the equations then, as these symmetries are not the base's."""
        other = super().with_symmetries(symmetries)
        other.source = None
        return other


class IsolatedProblem(Verbs, Isolated):
    """What `Problem.isolated` gives."""


def varied(p, active, x) -> np.ndarray:
    """Parameters at the unknowns x (N,), whose last one is the varied parameter."""
    p = np.array(p, float)
    p[active] = x[-1]
    return p


def _conserving(problem, conserve) -> ReducedProblem:
    """The problem reduced by totals that are named like their parameters; it keeps its name."""
    conserve = check_mapping("conserve", conserve, "sums of states")
    for name in conserve:
        if name not in problem.parameters:
            raise ValueError(
                f"conserve: {name!r} is no parameter; its value is wanted among parameters: "
                f"{suggest(name, problem.parameters)}"
            )
    totals = {name: (total, problem.parameters[name]) for name, total in conserve.items()}
    made = reduced(problem, totals, read_sum=linear.read_sum, make=ReducedProblem, name=problem.name, word="conserve")
    made.source = _source_of_reduced(made)
    return made


def _source_of_reduced(problem):
    """Plain description of a reduced problem, if text says all of its base."""
    source = problem.base.source
    if not source:
        return None
    texts = problem.totals.texts(problem.base.states)
    return {**source, "parameters": dict(problem.parameters), "conserve": texts, "name": problem.name}


def from_source(source):
    """Make the problem that `source` (from a file) describes, its periodic orbits if it says so."""
    problem, cycles = Problem.from_source(source), source.get("cycles")
    if cycles is None:
        return problem
    own = check_mapping("cycles", cycles, "intervals and degree")
    if missing := {"intervals", "degree"} - own.keys():
        raise ValueError(f"cycles: wanted intervals and degree, got no {' and no '.join(sorted(missing))}")
    return orbits.periodic_orbits(problem, own["intervals"], own["degree"])


def chosen_functions(made, compiled) -> dict:
    """Functions made from expressions: their tapes, or generated code where `compiled` says what to do with it."""
    if compiled is None:
        return functions_of(made)
    return {kind: getattr(made, kind) for kind in (*SHAPES, "outputs", "zeros")}


def with_computed(parameters, definitions) -> tuple:
    """Parameters that are numbers, and the definitions with those that are expressions."""
    computed = {name: value for name, value in parameters.items() if is_computed(value)}
    if twice := [name for name in computed if name in definitions]:
        raise ValueError(f"definitions: {twice[0]!r} is computed in `parameters` already; leave one of them out")
    given = {name: value for name, value in parameters.items() if name not in computed}
    numbers = {name: float(value) if isinstance(value, str) else value for name, value in given.items()}
    return numbers, {**computed, **definitions}


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
