"""Arrays inside compiled code: views of memory at an address, and new ones filled with zeros.

numba's own ``carray`` and ``np.zeros`` do the same, but each use brings a dozen functions to compile (shape
checks, messages in text) that cost seconds before the first branch.
"""

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np import arrayobj


def _array_type(dtype, shape):
    """Type of a C-ordered array whose shape is an integer or a tuple of them."""
    return types.Array(dtype, shape.count if isinstance(shape, types.UniTuple) else 1, "C")


def _lengths(context, builder, kind, shape):
    """Lengths of a shape as 64-bit integers."""
    values = cgutils.unpack_tuple(builder, shape) if isinstance(kind, types.UniTuple) else [shape]
    dtype = kind.dtype if isinstance(kind, types.UniTuple) else kind
    return [context.cast(builder, value, dtype, types.intp) for value in values]


def _viewer(dtype):
    """Make the function that views memory as an array of `dtype`."""

    @intrinsic
    def view(typingctx, place, shape):
        def codegen(context, builder, sig, args):
            kind = context.get_data_type(dtype).as_pointer()
            turn = builder.inttoptr if isinstance(sig.args[0], types.Integer) else builder.bitcast
            lengths = _lengths(context, builder, sig.args[1], args[1])
            itemsize = context.get_constant(types.intp, context.get_abi_sizeof(context.get_data_type(dtype)))
            strides = [itemsize]
            for length in reversed(lengths[1:]):
                strides.insert(0, builder.mul(strides[0], length))
            array = context.make_array(sig.return_type)(context, builder)
            arrayobj.populate_array(array, turn(args[0], kind), lengths, strides, itemsize, meminfo=None)
            return array._getvalue()

        return _array_type(dtype, shape)(place, shape), codegen

    return view


def _maker(dtype):
    """Make the function that allocates an array of `dtype` filled with zeros."""

    @intrinsic
    def new(typingctx, shape):
        def codegen(context, builder, sig, args):
            lengths = _lengths(context, builder, sig.args[0], args[0])
            array = arrayobj._empty_nd_impl(context, builder, sig.return_type, lengths)
            size = builder.mul(array.nitems, array.itemsize)
            cgutils.memset(builder, array.data, size, 0)
            return arrayobj.impl_ret_new_ref(context, builder, sig.return_type, array._getvalue())

        return _array_type(dtype, shape)(shape), codegen

    return new


# view(place, shape): `place` is an integer address or a pointer, `shape` an integer or a tuple of integers.
doubles = _viewer(types.float64)
integers = _viewer(types.int64)
int32s = _viewer(types.int32)
complexes = _viewer(types.complex128)

# new(shape): zeros; for rare work only, the hot loop allocates nothing.
new_doubles = _maker(types.float64)
new_int32s = _maker(types.int32)
new_complexes = _maker(types.complex128)
