"""Arrays inside compiled code: views of memory at an address, and new ones filled with zeros.

numba's own ``carray`` and ``np.zeros`` do the same, but each use brings a dozen functions to compile (shape
checks, messages in text) that cost seconds before the first branch.
"""

from llvmlite import ir
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


@intrinsic
def fixed(typingctx, table, index):
    """Entry of an int64 table that nothing changes while compiled code runs, at least 0 and below 2**48.

    Read once in a function, whatever is stored meanwhile, and no index made from it needs a check of its sign.
    """

    def codegen(context, builder, sig, args):
        word = ir.IntType(64)
        place = builder.gep(builder.inttoptr(args[0], word.as_pointer()), [args[1]])
        value = builder.load(place)
        value.set_metadata("invariant.load", builder.module.add_metadata([]))
        value.set_metadata("range", builder.module.add_metadata([word(0), word(1 << 48)]))
        return value

    return types.int64(types.int64, types.int64), codegen


@intrinsic
def part(typingctx, vector, start, count):
    """View of `count` entries of a vector from `start` on; what a slice does, without its checks."""

    def codegen(context, builder, sig, args):
        array = context.make_array(sig.args[0])(context, builder, args[0])
        data = builder.gep(array.data, [context.cast(builder, args[1], sig.args[1], types.intp)])
        itemsize = context.get_constant(types.intp, context.get_abi_sizeof(context.get_data_type(vector.dtype)))
        lengths = _lengths(context, builder, sig.args[2], args[2])
        made = context.make_array(sig.return_type)(context, builder)
        arrayobj.populate_array(made, data, lengths, [itemsize], itemsize, meminfo=None)
        return made._getvalue()

    return types.Array(vector.dtype, 1, "C")(vector, start, count), codegen


# view(place, shape): `place` is an integer address or a pointer, `shape` an integer or a tuple of integers.
doubles = _viewer(types.float64)
integers = _viewer(types.int64)
int32s = _viewer(types.int32)
complexes = _viewer(types.complex128)

# new(shape): zeros; for rare work only, the hot loop allocates nothing.
new_doubles = _maker(types.float64)
new_int32s = _maker(types.int32)
new_complexes = _maker(types.complex128)
