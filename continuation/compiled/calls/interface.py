"""Functions by address: the one file that knows what a pointer is.

Every callback of the engine has one C signature, ``int32 f(int64 data, double* u, double* p, double* out)``;
``data`` is whatever its maker put there, 0 is success.  So compiled functions, plain Python ones and foreign
libraries run in the same compiled loop, which numba caches once for all of them.
"""

import ctypes
import functools

import numpy as np
from llvmlite import ir
from numba import cfunc, types
from numba.core import cgutils
from numba.extending import intrinsic

from continuation.compiled.calls import linking
from continuation.compiled.calls.arrays import doubles, fixed
from continuation.compiled.calls.kernel import caching_in, folder_of
from continuation.ground.interrupts import raise_if_stopped

OK = 0
FAILED = 1  # a callback raised; it is called once more in Python to show its traceback
SINGULAR = 2
NONFINITE = 3
APART = 4  # branches that pass each other where a point of theirs was sought

VIEWS = 64  # arrays that a Python callback keeps: ten times as many do no harm, a tenth is made anew at every call

Vec = types.float64[::1]
Mat = types.float64[:, ::1]
Double = types.CPointer(types.float64)
CALLBACK = types.int32(types.int64, Double, Double, Double)
_PYTHON_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_int64, *[ctypes.c_void_p] * 3)


class callback:
    """Compile a function to the C signature of callbacks, cached, when its ``address`` is first asked for."""

    def __init__(self, function):
        self._function = function

    @functools.cached_property
    def _compiled(self):
        linked = {"pipeline_class": linking.EntryCompiler} if linking.SUPPORTED else {}
        with caching_in(folder_of(self._function.__module__)):
            return cfunc(CALLBACK, cache=True, error_model="numpy", **linked)(self._function)

    @property
    def address(self) -> int:
        """Address of the machine code."""
        return self._compiled.address


@intrinsic
def call(typingctx, address, data, u, p, out):
    """Call the callback at an integer address with three arrays; returns its status."""
    signature = types.int32(types.int64, types.int64, u, p, out)

    def codegen(context, builder, sig, args):
        data = [context.make_array(sig.args[i])(context, builder, args[i]).data for i in (2, 3, 4)]
        arrays = [builder.bitcast(d, ir.DoubleType().as_pointer()) for d in data]
        kind = ir.FunctionType(ir.IntType(32), [ir.IntType(64)] + [a.type for a in arrays])
        return builder.call(builder.inttoptr(args[0], kind.as_pointer()), [args[1], *arrays])

    return signature, codegen


@intrinsic
def call_pointers(typingctx, address, arrays):
    """Call a LAPACK routine at an integer address; every argument is passed as a pointer to its data."""
    signature = types.void(types.int64, arrays)

    def codegen(context, builder, sig, args):
        members = cgutils.unpack_tuple(builder, args[1])
        data = [context.make_array(t)(context, builder, m).data for t, m in zip(sig.args[1], members)]
        kind = ir.FunctionType(ir.VoidType(), [d.type for d in data])
        builder.call(builder.inttoptr(args[0], kind.as_pointer()), data)
        return context.get_dummy_value()

    return signature, codegen


def _call_native(context, builder, signature, address, args):
    """Call a numba-compiled function in numba's own convention; returns (status is an error, result)."""
    convention = context.call_conv
    kind = convention.get_function_type(signature.return_type, signature.args)
    function = builder.inttoptr(address, kind.as_pointer())
    result = cgutils.alloca_once(builder, kind.args[0].pointee)
    excinfo = cgutils.alloca_once(builder, kind.args[1].pointee, name="excinfo")
    packed = context.get_arg_packer(signature.args).as_arguments(builder, args)
    code = builder.call(function, [result, excinfo, *packed])
    failed = builder.icmp_signed("!=", code, ir.Constant(code.type, 0))
    none = builder.icmp_signed("!=", code, ir.Constant(code.type, -2))  # RETCODE_NONE: returned None
    return builder.and_(failed, none), builder.load(result)


@intrinsic
def native_vector(typingctx, address, u, p, out):
    """Status of ``f(u, p, out)``, a numba function at an address (`out` a vector or matrix)."""

    def codegen(context, builder, sig, args):
        failed, _ = _call_native(context, builder, types.none(*sig.args[1:]), args[0], args[1:])
        return builder.zext(failed, ir.IntType(32))

    return types.int32(types.int64, u, p, out), codegen


@intrinsic
def native_indexed(typingctx, address, u, p, k, out):
    """Status of ``f(u, p, k, out)``, a numba function at an address."""

    def codegen(context, builder, sig, args):
        failed, _ = _call_native(context, builder, types.none(*sig.args[1:]), args[0], args[1:])
        return builder.zext(failed, ir.IntType(32))

    return types.int32(types.int64, u, p, types.int64, out), codegen


@intrinsic
def native_scalar(typingctx, address, u, p, out):
    """Status of ``out[0] = g(u, p)``, a numba function at an address."""

    def codegen(context, builder, sig, args):
        failed, value = _call_native(context, builder, types.float64(*sig.args[1:3]), args[0], args[1:3])
        builder.store(value, context.make_array(sig.args[3])(context, builder, args[3]).data)
        return builder.zext(failed, ir.IntType(32))

    return types.int32(types.int64, u, p, out), codegen


# Adapters from the C signature to numba functions of the user; data = [address, len(u), len(p), k].


@callback
def vector_adapter(data, u, p, out):
    """``f(u, p, out[n])``."""
    n = fixed(data, 1)
    return native_vector(fixed(data, 0), doubles(u, n), doubles(p, fixed(data, 2)), doubles(out, n))


@callback
def matrix_adapter(data, u, p, out):
    """``f(u, p, out[n, n])``."""
    n = fixed(data, 1)
    return native_vector(fixed(data, 0), doubles(u, n), doubles(p, fixed(data, 2)), doubles(out, (n, n)))


@callback
def indexed_adapter(data, u, p, out):
    """``f(u, p, k, out[n])``."""
    n = fixed(data, 1)
    return native_indexed(fixed(data, 0), doubles(u, n), doubles(p, fixed(data, 2)), fixed(data, 3), doubles(out, n))


@callback
def scalar_adapter(data, u, p, out):
    """``out[0] = g(u, p)``."""
    return native_scalar(fixed(data, 0), doubles(u, fixed(data, 1)), doubles(p, fixed(data, 2)), doubles(out, 1))


ADAPTERS = {"vector": vector_adapter, "matrix": matrix_adapter, "indexed": indexed_adapter, "scalar": scalar_adapter}
SIGNATURES = {
    "vector": types.void(Vec, Vec, Vec),
    "matrix": types.void(Vec, Vec, Mat),
    "indexed": types.void(Vec, Vec, types.int64, Vec),
    "scalar": types.float64(Vec, Vec),
}


class Callback:
    """An address with its data, and everything that must stay alive while it is in use."""

    def __init__(self, address: int, data: int = 0, keep=()):
        self.address, self.data, self._keep = address, data, keep


NOTHING = Callback(0)


def compiled_callback(dispatcher, shape: str, n: int, k: int, index: int = 0) -> Callback:
    """Make a callback of a numba dispatcher compiled for ``SIGNATURES[shape]``; n states, k entries of p."""
    result = dispatcher.overloads[SIGNATURES[shape].args]
    native = result.library.get_pointer_to_function(result.fndesc.llvm_func_name)
    data = np.array([native, n, k, index], dtype=np.int64)
    return Callback(ADAPTERS[shape].address, data.ctypes.data, (dispatcher, data))


def python_callback(function, sizes) -> Callback:
    """Make a callback of any Python ``function(*arrays) -> int status``; `sizes` are those of u, p, out."""
    double, views = ctypes.POINTER(ctypes.c_double), {}

    def view(place):
        """The array at an address, of a length; the engine's are few and come again: a new one takes 3 us."""
        if place not in views:
            if len(views) >= VIEWS:
                views.clear()
            address, size = place
            views[place] = np.ctypeslib.as_array(ctypes.cast(address, double), (size,))
        return views[place]

    def wrapper(data, *pointers):
        return function(*map(view, zip(pointers, sizes)))

    held = _PYTHON_CALLBACK(wrapper)
    return Callback(ctypes.cast(held, ctypes.c_void_p).value, 0, (held,))


def call_from_python(function: callback, data: int, *arrays) -> int:
    """Call a callback with up to three contiguous arrays of floats; returns its status.  The GIL is released."""
    addresses = [address_of(array) for array in arrays] + [0] * (3 - len(arrays))
    status = _PYTHON_CALLBACK(function.address)(data, *addresses)
    raise_if_stopped()
    return status


def call_callback(made: Callback, *arrays) -> int:
    """Call a `Callback` with three contiguous arrays of floats; returns its status."""
    status = _PYTHON_CALLBACK(made.address)(made.data, *[address_of(array) for array in arrays])
    raise_if_stopped()
    return status


def address_of(array: np.ndarray) -> int:
    """Address of an array's data; the caller keeps the array alive."""
    return array.ctypes.data
