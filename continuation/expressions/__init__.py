"""Equations as text or sympy expressions: residual, exact derivatives, outputs, as functions numba can compile."""

import copy
import functools
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

import numpy as np

from continuation.expressions.blame import find_blame
from continuation.expressions.calculus import KINKED
from continuation.expressions.codegen import System, first_order_source
from continuation.expressions.errors import shortened
from continuation.expressions.generated import load_module
from continuation.expressions.graph import Graph
from continuation.expressions.jets import mixed_derivative
from continuation.expressions.naming import declare_names, plain
from continuation.expressions.reading.definitions import Scope, read_heads
from continuation.expressions.reading.parsing import ExpressionError, parse
from continuation.expressions.reading.symbolic import as_text
from continuation.ground.later import later
from continuation.ground.ranges import spread

__all__ = ["ExpressionError", "Expressions", "from_expressions", "from_source"]

EXPRESSIONS = ("equations", "outputs", "zeros")
tapes = later("continuation.expressions.tapes")


class Expressions:
    """Functions made from expressions; get one from `from_expressions`.

    All are plain Python functions on arrays, which ``numba.njit(error_model="numpy")`` compiles.  `u` has shape
    (n,), `p` starts with the named parameters, `out` is written completely.  Outside the domain of a function
    (``log(-1)``, ``1/0``) the result is NaN or infinite, never an exception; as plain Python numpy warns then.
    Long doubles stay long doubles as plain Python, but for constants, which are doubles.

    Attributes
    ----------
    states, parameters : tuple of str
        Names, in order.
    residual : function ``residual(u, p, out)``
        ``out`` (n,) receives the right-hand sides, each rounded as the text says.
    jacobian : function ``jacobian(u, p, out)``
        ``out[i, j]`` receives the derivative of equation i by state j.
    parameter_derivative : function ``parameter_derivative(u, p, k, out)``
        ``out`` (n,) receives the derivative by ``p[k]``; NaN where `k` is no named parameter.
    outputs, zeros : mapping from name to function ``g(u, p) -> float``

    Notes
    -----
    Derivatives are exact but for rounding.  ``abs`` has the derivative ``sign``, ``sign`` has 0, also at 0.

    Examples
    --------
    >>> import numpy as np
    >>> expressions = from_expressions({"x": "p - x**2"}, ["p"])
    >>> expressions.residual(np.array([2.0]), np.array([5.0]), out := np.empty(1))
    >>> out
    array([1.])
    """

    def __init__(self, source: dict):
        self._source, self._system = source, parse_system(source, Graph())

    @property
    def states(self) -> tuple[str, ...]:
        """Names of the states."""
        return tuple(self._source["equations"])

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters."""
        return tuple(self._source["parameters"])

    def __repr__(self):
        return f"Expressions(states={self.states}, parameters={self.parameters})"

    @functools.cached_property
    def _module(self):
        """The functions as a module of generated code, written when one is first asked for."""
        return load_module(first_order_source(self._system))

    @property
    def residual(self) -> Callable:
        """The right-hand sides."""
        return self._module.residual

    @property
    def jacobian(self) -> Callable:
        """Their derivatives by the states."""
        return self._module.jacobian

    @property
    def parameter_derivative(self) -> Callable:
        """Their derivatives by a parameter."""
        return self._module.parameter_derivative

    @functools.cached_property
    def outputs(self) -> Mapping[str, Callable]:
        """The outputs."""
        return self._named_functions("outputs")

    @functools.cached_property
    def zeros(self) -> Mapping[str, Callable]:
        """The test functions."""
        return self._named_functions("zeros")

    def _named_functions(self, kind: str) -> Mapping[str, Callable]:
        """Functions of the generated module by name."""
        names = enumerate(self._source[kind])
        return MappingProxyType({name: getattr(self._module, f"{kind[:-1]}_{k}") for k, name in names})

    @functools.cached_property
    def has_kinks(self) -> bool:
        """Whether the right-hand sides have words whose derivatives jump somewhere: ``abs``, ``max``, ``if`` ...

        Examples
        --------
        >>> from_expressions({"x": "p - abs(x)"}, ["p"]).has_kinks, from_expressions({"x": "p - x"}, ["p"]).has_kinks
        (True, False)
        """
        graph = self._system.graph
        reached = graph.reachable(self._system.equations)
        return any(graph.nodes[k][0] in KINKED and graph.depends[k] != 0 for k in reached)

    def blame(self, u, p) -> str:
        """Say which part of the right-hand sides is not finite at a point; empty where all is.

        Examples
        --------
        >>> from_expressions({"x": "x/(exp(x) - 1) - p"}, ["p"]).blame([0.0], [1.0])
        'x/(exp(x) - 1) is 0/0 at x = 0'
        """
        names, values = (*self.states, *self.parameters), [*u, *p]
        parts = (find_blame(self._system, names, root, values) for root in self._system.equations)
        return next(filter(None, parts), "")

    def tape(self, kind: str, index: int = 0):
        """Operations of the ``residual``, the ``jacobian``, the ``parameter_derivative``, of an output or a zero.

        `index` is the number of the parameter derived by, of the output (`kind` ``outputs``) or zero (``zeros``).
        """
        if kind in ("outputs", "zeros"):
            return tapes.value_tape(self._system, getattr(self._system, kind)[index])
        if kind == "parameter_derivative":
            return tapes.parameter_tape(self._system, index)
        return {"residual": tapes.residual_tape, "jacobian": tapes.jacobian_tape}[kind](self._system)

    @property
    def source(self) -> dict:
        """Description that `from_source` makes the same functions of; a copy, plain enough for JSON.

        ``{"equations": {name: text}, "parameters": [names], "outputs": {name: text}, "zeros": {name: text}}``;
        texts as they were given, sympy expressions and numbers written out.
        """
        return copy.deepcopy(self._source)

    def derivative(self, u, p, directions):
        """Apply the derivative of order ``len(directions)`` to them: any order, real or complex, exact.

        There are no factors 1/2, 1/6: ``F(x + v) = F(x) + DF[v] + D²F[v, v]/2 + D³F[v, v, v]/6 + ...``, x the states
        and the named parameters.

        Parameters
        ----------
        u : (n,) or (P, n) array
            States, of P points side by side.
        p : (k,) array
        directions : (k, n + number of named parameters) or (k, P, n + number of named parameters) array

        Returns
        -------
        (n,) or (P, n) array

        Examples
        --------
        >>> expressions = from_expressions({"x": "p*x**2"}, ["p"])
        >>> expressions.derivative([3.0], [5.0], [[1, 0], [1j, 0], [0, 1]])
        array([0.+2.j])
        """
        u, named = np.asarray(u, float), np.asarray(p[: len(self.parameters)], float)
        point = np.concatenate([u, np.broadcast_to(named, (*u.shape[:-1], len(named)))], axis=-1)
        return mixed_derivative(self._system, point, directions)

    def __reduce__(self):
        """Copies, and what other processes receive, are made anew from `source`."""
        return from_source, (self._source,)


def from_expressions(
    equations: Mapping[str, object],
    parameters: Iterable[str],
    *,
    outputs: Mapping[str, object] = MappingProxyType({}),
    zeros: Mapping[str, object] = MappingProxyType({}),
    definitions: Mapping[str, object] = MappingProxyType({}),
) -> Expressions:
    """Make residual and exact derivatives from expressions.

    Parameters
    ----------
    equations : mapping from state name to right-hand side
        Text, a sympy expression or a number; the order of the states is the order of the mapping.  Names are
        letters of any script, digits and ``_``, also with indices: ``C[0,1]``.  A name with a range stands for many
        equations, in whose texts ``j`` is the index: ``{"x[1..9]": "x[j-1] - 2*x[j] + x[j+1]"}``; with two ranges the
        indices are ``i`` and ``j``.
    parameters : iterable of str
        Names of the parameters, in the order of `p`.
    outputs, zeros : mapping from name to expression, optional
        Of states, parameters and definitions.  A name may not be that of a state or a parameter.
    definitions : mapping from ``name`` or ``name(arguments)`` to expression, optional
        Quantities and functions that all expressions may use, each other too, in any order:
        ``{"minf": "0.5*(1 + tanh((v - v1)/v2))", "S(x)": "1/(1 + exp(-x))"}``.  The arguments of a function hide
        what else has their names.

    Returns
    -------
    Expressions

    Raises
    ------
    ExpressionError
        A `ValueError`: an expression is refused; it names the equation, the place, what was found and wanted.
    ValueError
        A name can't be declared, an argument has the wrong type or is empty.

    Notes
    -----
    Text may use ``+ - * / ** ^``, parentheses, numbers, ``pi``, comparisons with ``and or not !``,
    ``if(a > b)then(x)else(y)``, and sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh exp log ln log10
    log2 sqrt cbrt pow hypot abs sign min max floor ceil mod step heav erf erfc gamma hill piecewise.  It is parsed,
    never evaluated.  Derivatives are those of the side on which a point lies: ``max(a, b)`` has the one of `a` where
    they are equal.  Cost: 4 ms for two equations, 0.1 s for 128 coupled in threes; numba then needs about 1 ms for
    each operation.

    Examples
    --------
    >>> import numpy as np
    >>> brusselator = from_expressions({"x": "a - (b + 1)*x + x**2*y", "y": "b*x - x**2*y"}, ["a", "b"])
    >>> brusselator.jacobian(np.array([1.0, 1.0]), np.array([1.0, 1.0]), out := np.empty((2, 2)))
    >>> out
    array([[ 0.,  1.],
           [-1., -1.]])
    """
    source = _describe(equations, parameters, outputs, zeros, definitions)
    names = _checked_names(source)
    own = [one.name for one in read_heads(source["definitions"]) if one.arguments is not None]
    for kind in ("definitions", *EXPRESSIONS):
        written = source[kind].items()
        source[kind] = {name: as_text(value, _label(kind, name), names, own) for name, value in written}
    return from_source(source)


def from_source(source: Mapping) -> Expressions:
    """Make again what `Expressions.source` describes.

    Parameters
    ----------
    source : mapping
        ``{"equations": {name: text}, "parameters": [names], "outputs": {name: text}, "zeros": {name: text},
        "definitions": {head: text}}``; it may come from anywhere, all of it is checked.

    Returns
    -------
    Expressions

    Examples
    --------
    >>> from_source({"equations": {"x": "p - x**2"}, "parameters": ["p"]}).states
    ('x',)
    """
    if not isinstance(source, Mapping) or not {"equations", "parameters"} <= source.keys() <= {
        *EXPRESSIONS,
        "parameters",
        "definitions",
    }:
        wanted = "equations, parameters, outputs, zeros, definitions"
        raise ValueError(f"wanted a description with {wanted}, got {shortened(source)}")
    return Expressions(described(source))


def described(source: Mapping) -> dict:
    """Copy a description that may come from anywhere into plain containers, with nothing left out."""
    return _describe(**{"outputs": {}, "zeros": {}, "definitions": {}, **source})


def parse_system(source: Mapping, graph: Graph) -> System:
    """Check and parse all of a description, as `Expressions.source` gives it, into one graph that is empty so far."""
    definitions = read_heads(source["definitions"])
    variables = {plain(name): graph.variable(k) for k, name in enumerate([*source["equations"], *source["parameters"]])}
    _checked_names(source)
    scope = Scope(graph, variables, definitions)
    roots = [
        [parse(text, graph, scope.names, _label(kind, name), scope.functions) for name, text in source[kind].items()]
        for kind in EXPRESSIONS
    ]
    return System(graph, len(source["parameters"]), *roots)


def _describe(equations, parameters, outputs, zeros, definitions) -> dict:
    """Copy the arguments into plain containers."""
    source = {"equations": equations, "outputs": outputs, "zeros": zeros, "definitions": definitions}
    for kind in (*EXPRESSIONS, "definitions"):
        if not isinstance(source[kind], Mapping):
            raise ValueError(f"{kind}: wanted a mapping from name to expression, got {shortened(source[kind])}")
        source[kind] = spread(source[kind])
    if isinstance(parameters, str) or not isinstance(parameters, Iterable):
        raise ValueError(f"parameters: wanted a list of names, got {shortened(parameters)}")
    return {**source, "parameters": list(parameters)}


def _checked_names(source: Mapping) -> tuple[str, ...]:
    """Names that expressions may use: states, then parameters, then what is defined."""
    if not source["equations"]:
        raise ValueError("equations: wanted at least one")
    names = declare_names(source["equations"], "state", {})
    names = declare_names(source["parameters"], "parameter", names)
    declare_names(source["outputs"], "output", names)
    declare_names(source["zeros"], "zero", names)
    return tuple(declare_names([one.name for one in read_heads(source["definitions"])], "definition", names))


def _label(kind: str, name: str) -> str:
    """What errors call an expression: ``equation 'x'``."""
    return f"{kind[:-1]} {name!r}"
