"""From a user's function to a callback of the engine: compiled where numba can, plain Python where it can't."""

import enum
import hashlib
import types
import warnings

import numba
import numpy as np
from numba.core.dispatcher import Dispatcher
from numba.core.errors import NumbaError, NumbaWarning
from numba.np.unsafe.ndarray import to_fixed_tuple

from continuation.compiled.calls.interface import FAILED, OK, SIGNATURES, Callback, compiled_callback, python_callback
from continuation.compiled.calls.kernel import OPTIONS, caching_in
from continuation.ground.arguments import NoFunction, shown
from continuation.ground.cache import cache_folder
from continuation.ground.interrupts import is_stopping, stop_here

Intrinsic = type(to_fixed_tuple)  # what numba writes in its own intermediate language
PURE_MODULES = {"numpy", "math", "cmath", "numba"}
PLAIN = (bool, int, float, complex, str, bytes, type(None))


class Function:
    """One of the functions that define a problem; ``shape`` names its signature in the engine's `SIGNATURES`.

    ``python`` is the user's own function, ``dispatcher`` the compiled one or None, ``reason`` numba's words where
    there is none.
    """

    def __init__(self, function, shape: str, *, require_compiled: bool = False, compile_it: bool = True):
        if not callable(function):
            raise NoFunction(f"wanted a function, got {type(function).__name__}: {shown(function)}")
        self.shape, self.dispatcher, self.reason, self.error = shape, None, "", None
        self.python = function.py_func if isinstance(function, Dispatcher) else function
        if compile_it:
            self._compile(function)
        if require_compiled and self.dispatcher is None:
            raise TypeError(f"compiled=True, but numba refuses {self.name}: {self.reason}")

    @property
    def name(self) -> str:
        """Name of the user's function."""
        return getattr(self.python, "__name__", type(self.python).__name__)

    @property
    def as_written(self):
        """What shows the user's own traceback: the plain function."""
        return self.python

    def _compile(self, function):
        signature = SIGNATURES[self.shape]
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", NumbaWarning)  # one warning of ours, with the reason, is enough
                if isinstance(function, Dispatcher):
                    function.compile(signature.args)
                    self.dispatcher = function
                else:
                    self.dispatcher = compile_cached(function, signature)
        except (NumbaError, NotImplementedError, TypeError, ValueError) as refusal:
            self.reason = _short(refusal)

    def __call__(self, *arguments):
        """Call the user's function, compiled where it is."""
        return (self.dispatcher or self.python)(*arguments)

    def callback(self, n: int, k: int, index: int = 0) -> Callback:
        """Make the engine's callback for `n` states and `k` entries of p (`index`: of the parameter derived by)."""
        if self.dispatcher is not None:
            return compiled_callback(self.dispatcher, self.shape, n, k, index)
        size = {"vector": n, "indexed": n, "matrix": n * n, "scalar": 1}[self.shape]
        return python_callback(self._guard(n, index), (n, k, size))

    def _guard(self, n, index):
        """The plain function with the engine's signature; an exception becomes a status and is kept.

        KeyboardInterrupt stops the trace, and after Ctrl-C none is called any more: a Jacobian takes many calls.
        """

        def run(u, p, out):
            if is_stopping():
                return FAILED
            try:
                with np.errstate(all="ignore"):
                    if self.shape == "vector":
                        self.python(u, p, out)
                    elif self.shape == "matrix":
                        self.python(u, p, out.reshape(n, n))
                    elif self.shape == "indexed":
                        self.python(u, p, index, out)
                    else:
                        out[0] = self.python(u, p)
            except KeyboardInterrupt:
                stop_here()
                return FAILED
            except BaseException as error:  # it can not cross the compiled frames; trace shows it
                self.error = error
                return FAILED
            return OK

        return run


def compile_cached(function, signature):
    """Compile with the house options, cached under a fingerprint of all that its code refers to."""
    print_of = fingerprint(function)
    if print_of is not None:
        try:
            with caching_in(cache_folder("functions", print_of)):
                return numba.njit(signature, cache=True, **OPTIONS)(function)
        except (RuntimeError, OSError):  # no file to cache beside, or no place to write
            pass
    return numba.njit(signature, **OPTIONS)(function)


def fingerprint(function) -> str | None:
    """Hash of a function's code and of every global and closure value that compilation would freeze.

    None where one of them can't be told apart by its value: such a function is compiled anew in each process,
    which is slower but never wrong.
    """
    digest = hashlib.sha256()
    return digest.hexdigest()[:24] if _add_function(digest, function, set()) else None


def _add_function(digest, function, seen) -> bool:
    """Add a function, how numba is to compile it, and what it refers to; False where that can't be done."""
    options = sorted((getattr(function, "targetoptions", None) or {}).items())
    function = getattr(function, "py_func", function)
    if not isinstance(function, types.FunctionType):
        return False
    if id(function) in seen:
        return True
    seen.add(id(function))
    digest.update(f"{function.__module__}".encode())  # by which numba finds its globals again
    digest.update(repr([(key, sorted(v) if isinstance(v, (set, frozenset)) else v) for key, v in options]).encode())
    _add_code(digest, function.__code__)
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    values = cells + [v for _, v in sorted(_globals_of(function.__code__, function.__globals__).items())]
    return all(_add_value(digest, value, seen) for value in values + list(function.__defaults__ or ()))


def _globals_of(code, namespace) -> dict:
    """Globals that a code object and those nested in it name."""
    found = {name: namespace[name] for name in code.co_names if name in namespace}
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found |= _globals_of(constant, namespace)
    return found


def _add_code(digest, code):
    """Add byte code, names and constants."""
    digest.update(code.co_code + repr((code.co_names, code.co_varnames, code.co_freevars)).encode())
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            _add_code(digest, constant)
        else:
            digest.update(repr(constant).encode())


def _add_value(digest, value, seen) -> bool:
    """Add a value by its content; False for kinds that have none we can read."""
    if isinstance(value, (*PLAIN, np.generic)):
        digest.update(f"{type(value).__name__} {value!r}".encode())
    elif isinstance(value, np.ndarray) and value.dtype != object:
        digest.update(f"{value.dtype.str} {value.shape}".encode() + value.tobytes())
    elif isinstance(value, tuple):
        digest.update(f"tuple {len(value)} {getattr(value, '_fields', '')}".encode())
        return all(_add_value(digest, item, seen) for item in value)
    elif isinstance(value, types.ModuleType):
        digest.update(value.__name__.encode())
        return value.__name__.partition(".")[0] in PURE_MODULES
    elif isinstance(value, type):
        return _add_class(digest, value, seen)
    elif isinstance(value, (np.ufunc, types.BuiltinFunctionType)):
        digest.update(f"{getattr(value, '__module__', '')}.{value.__name__}".encode())
    elif isinstance(value, Intrinsic) and value.__module__.partition(".")[0] == "numba":
        digest.update(f"{value.__module__}.{value.__name__}".encode())
    else:
        return _add_function(digest, value, seen)
    return True


def _add_class(digest, kind, seen) -> bool:
    """Add a class: an enumeration by its members, a named tuple by its fields, Python's and numpy's by name."""
    digest.update(f"{kind.__module__}.{kind.__qualname__}".encode())
    if issubclass(kind, enum.Enum):
        return all(_add_value(digest, (name, member.value), seen) for name, member in kind.__members__.items())
    if issubclass(kind, tuple) and hasattr(kind, "_fields"):
        return _add_value(digest, (*kind._fields, *kind._field_defaults.items()), seen)
    return kind.__module__.partition(".")[0] in PURE_MODULES | {"builtins"}


def _short(refusal) -> str:
    """The telling lines of numba's message."""
    lines = [line.strip() for line in str(refusal).splitlines()]
    telling = [line for line in lines if line and not line.startswith(("Failed in", "During:", "-", "^", "[1"))]
    return " ".join(telling[:2])[:300] or type(refusal).__name__


def warn_interpreted(functions):
    """Warn once that some of the functions run as plain Python, with numba's reason."""
    refused = [f for f in functions if f.dispatcher is None and f.reason]
    if refused:
        warnings.warn(
            f"{refused[0].name} runs as plain Python (slower, same results): numba refuses it: {refused[0].reason}",
            RuntimeWarning,
            stacklevel=4,
        )
