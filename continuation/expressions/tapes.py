"""From an expression graph to a `Tape`: the operations that `continuation.compiled.tape` runs."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from continuation.compiled.tape.evaluate import NUMBER
from continuation.expressions.calculus import derivatives
from continuation.expressions.codegen import System, with_products


class Tape(NamedTuple):
    """Operations on numbered values: u, the named parameters, constants, then one result for each operation.

    ``code`` (m, 4) int32, ``constants`` (c,), ``places`` (t, 2) int32: value and entry of the result; ``length``:
    entries of the result in all, those without a place are always 0.
    """

    states: int
    named: int
    code: np.ndarray
    constants: np.ndarray
    places: np.ndarray
    length: int


def residual_tape(system: System) -> Tape:
    """The equations."""
    return make_tape(system, list(enumerate(system.equations)), len(system.equations))


def jacobian_tape(system: System) -> Tape:
    """Derivatives by the states, row by row; entries that are always 0 have no place."""
    n = len(system.equations)
    targets = [(i * n + j, node) for j, column in enumerate(columns(system, range(n))) for i, node in column]
    return make_tape(system, targets, n * n)


def parameter_tape(system: System, k: int) -> Tape:
    """Derivatives by named parameter number `k`."""
    n = len(system.equations)
    return make_tape(system, columns(system, [n + k])[0], n)


def value_tape(system: System, root: int) -> Tape:
    """One number."""
    return make_tape(system, [(0, root)], 1)


def columns(system: System, variables: Sequence[int]) -> list:
    """For each variable the (equation, derivative) that are not always 0; the work is that of what depends on it."""
    graph, one = system.graph, system.graph.number(1.0)
    depending = {k: [] for k in variables}
    for i, root in enumerate(system.equations):
        for k in graph.variables_of(root):
            if k in depending:
                depending[k].append(i)
    found = []
    for k in variables:
        slopes = derivatives(graph, [system.equations[i] for i in depending[k]], {k: one})
        found.append([(i, node) for i, node in zip(depending[k], slopes) if graph.value(node) != 0])
    return found


def make_tape(system: System, targets: Sequence, length: int) -> Tape:
    """Operations in order for ``targets``, pairs of an entry of the result and a node."""
    graph = system.graph
    roots = with_products(graph, [node for _, node in targets])
    order = graph.reachable(roots)
    n, k = len(system.equations), system.named
    numbers = {node: graph.value(node) for node in order if graph.nodes[node][0] == "number"}
    place = {node: n + k + j for j, node in enumerate(numbers)}
    place |= {node: graph.nodes[node][1] for node in order if graph.nodes[node][0] == "variable"}
    code = []
    for node in order:
        if node not in place:
            operation, *operands = graph.nodes[node]
            place[node] = n + k + len(numbers) + len(code)
            operands = [place[operand] for operand in operands]
            code.append([NUMBER[operation], *operands, *[operands[0]] * (3 - len(operands))])
    places = [(place[root], entry) for (entry, _), root in zip(targets, roots)]
    return Tape(
        n,
        k,
        np.array(code, np.int32).reshape(-1, 4),
        np.array(list(numbers.values())),
        np.array(places, np.int32).reshape(-1, 2),
        length,
    )
