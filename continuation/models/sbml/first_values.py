"""What a model of SBML begins with: initial assignments worked out."""

import math

from continuation.expressions.errors import ExpressionError
from continuation.expressions.graph import Graph
from continuation.expressions.reading.definitions import Scope, read_heads
from continuation.expressions.reading.parsing import parse
from continuation.expressions.reading.scanning import names_in


def first_numbers(reader) -> dict:
    """Number of each identifier at first, that of a rule left out unless an initial assignment needs it.

    `reader` has ``values``, ``initial``, ``names``, ``time``, the ``description`` with its definitions, and ``fail``.
    """
    said = reader.names
    given = {said[name]: text for name, text in reader.initial.items()}
    definitions = needed(given, {**reader.description.definitions, **given})
    graph = Graph()
    known = {said[name]: graph.number(value) for name, value in reader.values.items() if value is not None}
    known = {name: node for name, node in known.items() if name not in given}
    known |= {reader.time: graph.number(0.0)} if reader.time else {}
    numbers = dict(reader.values)
    try:
        scope = Scope(graph, known, read_heads(definitions))
        for name in reader.initial:
            numbers[name] = graph.value(parse(said[name], graph, scope.names))
    except ExpressionError as error:
        reader.fail(None, f"initial values: {error.summary}")
    for name, value in numbers.items():
        if value is not None and not math.isfinite(value):
            reader.fail(reader.elements[name], f"the value of {name} is {value}; wanted a finite number")
    return numbers


def needed(wanted, definitions) -> dict:
    """Definitions that texts use, directly or by others: `wanted` are heads of the first."""
    heads = {head.split("(")[0]: head for head in definitions}
    found, waiting = {}, list(wanted)
    while waiting:
        head = waiting.pop()
        if head not in found:
            found[head] = definitions[head]
            waiting += [heads[word] for word in names_in(definitions[head]) if word in heads]
    return found
