"""Functions given as expressions: run from their tapes, compiled by numba only where that is asked for."""

import threading

import numpy as np

from continuation.compiled.calls.interface import Callback, address_of, call_callback
from continuation.compiled.tape import evaluate
from continuation.equations.functions import Function

SHAPES = {"residual": "vector", "jacobian": "matrix", "parameter_derivative": "indexed"}


def functions_of(expressions) -> dict:
    """The functions of a problem that expressions define, by name; outputs and zeros are mappings of them."""
    functions = {kind: TapeFunction(expressions, kind, shape) for kind, shape in SHAPES.items()}
    for kind in ("outputs", "zeros"):
        names = enumerate(expressions.source[kind])
        functions[kind] = {name: TapeFunction(expressions, kind, "scalar", k, name) for k, name in names}
    return functions


class TapeFunction(Function):
    """A function whose operations are known.

    Parameters
    ----------
    expressions : continuation.expressions.Expressions
        Makes the tapes, and the same as plain functions.
    kind : str
        ``"residual"``, ``"jacobian"``, ``"parameter_derivative"``, ``"outputs"`` or ``"zeros"``.
    shape : str
        Its signature in the engine's `SIGNATURES`.
    number, name : int and str, optional
        Which of the outputs or zeros.
    """

    def __init__(self, expressions, kind: str, shape: str, number: int | None = None, name: str | None = None):
        self.expressions, self.kind, self.shape, self.number = expressions, kind, shape, number
        self.reason, self.error, self._name, self._tapes, self._callbacks = "", None, name, {}, {}

    def tape(self, index: int):
        """The operations; `index` is that of the parameter derived by."""
        index = index if self.number is None else self.number
        if index not in self._tapes:
            self._tapes[index] = self.expressions.tape(self.kind, index)
        return self._tapes[index]

    @property
    def python(self):
        """The plain function, written when it is first asked for; it keeps long doubles."""
        made = getattr(self.expressions, self.kind)
        return made if self._name is None else made[self._name]

    @property
    def as_written(self):
        """Itself: text has no traceback."""
        return self

    @property
    def name(self) -> str:
        """What it is called."""
        return self._name or self.kind

    @property
    def dispatcher(self):
        """Itself: it needs no compilation."""
        return self

    def callback(self, n: int, k: int, index: int = 0) -> Callback:
        """Make the engine's callback, with values of its own."""
        tape = self.tape(index)
        values = np.zeros(tape.states + tape.named + len(tape.constants) + len(tape.code))
        values[tape.states + tape.named :][: len(tape.constants)] = tape.constants
        data = np.zeros(evaluate.WORDS, np.int64)
        data[evaluate.STATES], data[evaluate.NAMED] = tape.states, tape.named
        data[evaluate.OPERATIONS], data[evaluate.CODE] = len(tape.code), address_of(tape.code)
        data[evaluate.CONSTANTS], data[evaluate.VALUES] = len(tape.constants), address_of(values)
        data[evaluate.TARGETS], data[evaluate.PLACES] = len(tape.places), address_of(tape.places)
        data[evaluate.LENGTH] = tape.length
        return Callback(evaluate.evaluate.address, address_of(data), (tape, values, data))

    def __call__(self, u, p, *rest):
        """Evaluate at one point, as the plain function would."""
        *index, out = rest or (np.empty(1),)
        arrays = [np.ascontiguousarray(array, float) for array in (u, p)]
        result = out if out.flags.c_contiguous and out.dtype == float else np.empty(out.shape)
        call_callback(self.own_callback(*index), *arrays, result)
        if result is not out:
            out[...] = result
        return None if rest else float(out[0])

    def own_callback(self, index: int = 0) -> Callback:
        """The callback for single points; every thread has its own, for its values."""
        key = threading.get_ident(), index
        if key not in self._callbacks:
            self._callbacks[key] = self.callback(0, 0, index)
        return self._callbacks[key]
