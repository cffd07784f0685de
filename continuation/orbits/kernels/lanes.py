"""Eight numbers at a time: the one file that knows vectors of the processor.

A *lane array* is an array of doubles whose last axis, of length LANES, holds the same entry of eight matrices that are
treated alike.  `load` and `store` move one entry of all eight; the index counts such entries.  LLVM makes of a vector
of eight whatever the machine has: one register (AVX-512), two (AVX2), four (SSE2, NEON).
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic, models, register_model

LANES = 8
_VECTOR = ir.VectorType(ir.DoubleType(), LANES)


class LanesType(types.Type):
    """numba's type of eight doubles in registers."""

    def __init__(self):
        super().__init__(name=f"lanes{LANES}")


eight = LanesType()


@register_model(LanesType)
class LanesModel(models.PrimitiveModel):
    """Eight doubles are one LLVM vector."""

    def __init__(self, manager, fe_type):
        super().__init__(manager, fe_type, _VECTOR)


def _place(context, builder, sig, args):
    """Pointer to entry ``args[1]`` of the lane array ``args[0]``."""
    data = context.make_array(sig.args[0])(context, builder, args[0]).data
    index = context.cast(builder, args[1], sig.args[1], types.intp)
    return builder.gep(builder.bitcast(data, _VECTOR.as_pointer()), [index])


@intrinsic
def load(typingctx, array, index):
    """Entry `index` of a lane array, all lanes."""

    def codegen(context, builder, sig, args):
        value = builder.load(_place(context, builder, sig, args))
        value.align = 8
        return value

    return eight(array, index), codegen


@intrinsic
def store(typingctx, array, index, value):
    """Write entry `index` of a lane array."""

    def codegen(context, builder, sig, args):
        builder.store(args[2], _place(context, builder, sig, args)).align = 8
        return context.get_dummy_value()

    return types.void(array, index, value), codegen


@intrinsic
def spread(typingctx, number):
    """The same number in all lanes."""

    def codegen(context, builder, sig, args):
        word = ir.IntType(32)
        one = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), args[0], word(0))
        mask = ir.Constant(ir.VectorType(word, LANES), [word(0)] * LANES)
        return builder.shuffle_vector(one, ir.Constant(_VECTOR, ir.Undefined), mask)

    return eight(types.float64), codegen


def _binary(operation, words):
    """Intrinsic of two lane values."""

    @intrinsic
    def combine(typingctx, a, b):
        def codegen(context, builder, sig, args):
            return getattr(builder, operation)(*args)

        return eight(a, b), codegen

    combine.__doc__ = words
    return combine


add = _binary("fadd", "a + b.")
times = _binary("fmul", "a b.")
over = _binary("fdiv", "a / b.")


def _fused(sign, words):
    """Intrinsic of ``x + sign a b``; whether the product is rounded first is the machine's choice."""

    @intrinsic
    def combine(typingctx, x, a, b):
        def codegen(context, builder, sig, args):
            product = builder.fmul(args[1], args[2], flags=("contract",))
            return getattr(builder, "fadd" if sign > 0 else "fsub")(args[0], product, flags=("contract",))

        return eight(x, a, b), codegen

    combine.__doc__ = words
    return combine


plus = _fused(1, "x + a b.")
minus = _fused(-1, "x - a b.")


def _of_llvm(name, words):
    """Intrinsic of one of LLVM's functions of one argument, lane by lane."""

    @intrinsic
    def apply(typingctx, a):
        def codegen(context, builder, sig, args):
            kind = ir.FunctionType(_VECTOR, [_VECTOR])
            function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.{name}.v{LANES}f64")
            return builder.call(function, args)

        return eight(a), codegen

    apply.__doc__ = words
    return apply


root = _of_llvm("sqrt", "Square root.")
modulus = _of_llvm("fabs", "Absolute value.")


@intrinsic
def larger(typingctx, a, b):
    """The larger of a and b; NaN where a is, and where b is not finite."""

    def codegen(context, builder, sig, args):
        chosen = builder.select(builder.fcmp_ordered("<", args[0], args[1]), args[1], args[0])
        return builder.fadd(chosen, builder.fsub(args[1], args[1]))

    return eight(a, b), codegen


@intrinsic
def against(typingctx, a, b):
    """-a where b is positive, else a."""

    def codegen(context, builder, sig, args):
        zero = ir.Constant(_VECTOR, [ir.Constant(ir.DoubleType(), 0.0)] * LANES)
        return builder.select(builder.fcmp_ordered(">", args[1], zero), builder.fsub(zero, args[0]), args[0])

    return eight(a, b), codegen
