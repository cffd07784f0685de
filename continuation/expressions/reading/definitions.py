"""Quantities and functions that equations are written with: read in any order, each once, circles refused.

A definition is ``name`` or ``name(arguments)`` with a text.  It may use states, parameters and other definitions; the
arguments of a function hide what else has their names.
"""

import graphlib
import re
from collections.abc import Mapping

from continuation.expressions.errors import refusal, shortened
from continuation.expressions.graph import Graph
from continuation.expressions.naming import declare_names, plain
from continuation.expressions.reading.parsing import Function, parse
from continuation.expressions.reading.scanning import names_in

DEEPEST = 60  # functions within functions; ten Python frames each
MOST_CALLS = 50_000  # of functions with different arguments; built in ten seconds or less

_HEAD = re.compile(r"\s*([^\W\d]\w*(?:\[[\d,\s]*\])?)\s*(?:\(([^()]*)\))?\s*")


class Definition:
    """A name, its arguments (None for a quantity), its text."""

    def __init__(self, head: str, text: str):
        match = _HEAD.fullmatch(head) if isinstance(head, str) else None
        if match is None:
            raise ValueError(f"definition {shortened(head)}: wanted a name, or a name with its arguments as in S(v)")
        self.head, self.text = head, text
        self.name = re.sub(r"\s", "", match[1])
        self.arguments = None if match[2] is None else tuple(word.strip() for word in match[2].split(","))
        if self.arguments is not None:
            declare_names(self.arguments, f"argument of {self.name}", {})

    @property
    def label(self) -> str:
        """What errors call it."""
        return f"definition {self.head!r}"


def read_heads(definitions: Mapping[str, str]) -> list[Definition]:
    """The definitions, their heads taken apart."""
    return [Definition(head, text) for head, text in definitions.items()]


class Scope:
    """What expressions may name: ``names`` (name -> node) and ``functions`` (name -> `Function`).

    Parameters
    ----------
    graph : Graph
        Receives the nodes.
    names : mapping from declared name to node
        States and parameters.
    definitions : list of Definition
        In any order; their names have been checked against the others.

    Raises
    ------
    ExpressionError
        A definition is refused, or defined by itself.
    """

    def __init__(self, graph: Graph, names: Mapping[str, int], definitions: list[Definition]):
        self.graph, self.names, self.functions, self.depth, self.calls = graph, dict(names), {}, 0, 0
        by_name = {plain(one.name): one for one in definitions}
        for name in in_order(by_name):
            one = by_name[name]
            if one.arguments is None:
                self.names[name] = parse(one.text, graph, self.names, one.label, self.functions)
            else:  # tried on variables of its own, so that it is refused here if it is
                self.functions[name] = Function(len(one.arguments), self.function(one))
                self.functions[name].build(*(graph.variable(len(names) + k) for k in range(len(one.arguments))))

    def function(self, one: Definition):
        """The builder of a function: its text read with its arguments in place of their names, once for each."""
        made: dict = {}

        def build(*arguments: int) -> int:
            if arguments in made:
                return made[arguments]
            self.calls += 1
            if self.calls > MOST_CALLS:
                raise refusal(one.label, f"more than {MOST_CALLS} calls of functions within functions", one.text)
            if self.depth >= DEEPEST:
                raise refusal(one.label, f"functions within functions, deeper than {DEEPEST}", one.text)
            self.depth += 1
            inner = self.names | dict(zip(map(plain, one.arguments), arguments))
            node = parse(one.text, self.graph, inner, one.label, self.functions)
            self.depth -= 1
            made[arguments] = node
            return node

        return build


def in_order(by_name: Mapping[str, Definition]) -> list[str]:
    """Names of the definitions, each behind those that it uses; a circle is refused."""
    uses = {}
    for name, one in by_name.items():
        hidden = set(map(plain, one.arguments or ()))
        uses[name] = [word for word in names_in(one.text) if word in by_name and word not in hidden]
    try:
        return list(graphlib.TopologicalSorter(uses).static_order())
    except graphlib.CycleError as error:
        circle = error.args[1]
        names = " -> ".join(by_name[name].name for name in reversed(circle))
        raise refusal(by_name[circle[0]].label, f"defined by itself: {names}") from None
