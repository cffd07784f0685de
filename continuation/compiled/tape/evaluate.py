"""A list of operations on numbered values, run by one kernel that is compiled once for all lists.

Equations given as text need no compilation of their own then.  An operation takes 2 to 4 ns, about three times what
machine code made for the equations takes; each computes what numpy's function of its name computes, to the last bit.
"""

import math

import numpy as np

from continuation.compiled.calls.arrays import doubles, fixed, int32s
from continuation.compiled.calls.interface import OK, callback
from continuation.compiled.calls.kernel import internal
from continuation.compiled.tape.gamma import digamma, gamma

# Entries of `data`: sizes, and addresses of arrays that their maker keeps.
(
    STATES,  # entries of u
    NAMED,  # entries of p that are read
    OPERATIONS,  # number of operations
    CODE,  # int32 (OPERATIONS, 4): operation, up to three operands
    CONSTANTS,  # number of constants
    VALUES,  # float64: u, p, constants, then one result for each operation
    TARGETS,  # number of results that are entries of out
    PLACES,  # int32 (TARGETS, 2): value, entry of out
    LENGTH,  # entries of out; those without a value are 0
    WORDS,
) = range(10)

NAMES = (
    "add",
    "subtract",
    "multiply",
    "divide",
    "power",
    "negate",
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
    "sinh",
    "cosh",
    "tanh",
    "asinh",
    "acosh",
    "atanh",
    "exp",
    "log",
    "sqrt",
    "abs",
    "sign",
    "floor",
    "log10",
    "log2",
    "cbrt",
    "erf",
    "erfc",
    "gamma",
    "digamma",
    "atan2",
    "hypot",
    "maximum",
    "minimum",
    "select",
    "less",
    "less_equal",
    "equal",
    "not_equal",
)
NUMBER = {name: k for k, name in enumerate(NAMES)}  # of each operation
(
    ADD, SUBTRACT, MULTIPLY, DIVIDE, POWER, NEGATE, SIN, COS, TAN, ASIN, ACOS, ATAN, SINH, COSH, TANH, ASINH, ACOSH,
    ATANH, EXP, LOG, SQRT, ABS, SIGN, FLOOR, LOG10, LOG2, CBRT, ERF, ERFC, GAMMA, DIGAMMA, ATAN2, HYPOT, MAXIMUM,
    MINIMUM, SELECT, LESS, LESS_EQUAL, EQUAL, NOT_EQUAL,
) = range(len(NAMES))  # fmt: skip


@internal
def rare_function(operation, x):
    """Functions that are seldom used."""
    if operation == ASIN:
        return np.arcsin(x)
    if operation == ACOS:
        return np.arccos(x)
    if operation == ATAN:
        return np.arctan(x)
    if operation == SINH:
        return np.sinh(x)
    if operation == COSH:
        return np.cosh(x)
    if operation == ASINH:
        return np.arcsinh(x)
    if operation == ACOSH:
        return np.arccosh(x)
    if operation == ATANH:
        return np.arctanh(x)
    if operation == FLOOR:
        return np.floor(x)
    if operation == LOG10:
        return np.log10(x)
    if operation == LOG2:
        return np.log2(x)
    if operation == CBRT:
        return np.cbrt(x)
    if operation == ERF:
        return math.erf(x)
    if operation == ERFC:
        return math.erfc(x)
    if operation == GAMMA:
        return gamma(x)
    return digamma(x)


@internal
def compute(operation, x, y):
    """Value of an operation on up to two numbers."""
    if operation == ADD:
        return x + y
    if operation == SUBTRACT:
        return x - y
    if operation == MULTIPLY:
        return x * y
    if operation == DIVIDE:
        return x / y
    if operation == NEGATE:
        return -x
    if operation == POWER:
        return x**y
    if operation == EXP:
        return np.exp(x)
    if operation == LOG:
        return np.log(x)
    if operation == SQRT:
        return np.sqrt(x)
    if operation == SIN:
        return np.sin(x)
    if operation == COS:
        return np.cos(x)
    if operation == TAN:
        return np.tan(x)
    if operation == TANH:
        return np.tanh(x)
    if operation == ABS:
        return abs(x)
    if operation == SIGN:
        return 1.0 if x > 0.0 else (-1.0 if x < 0.0 else (0.0 if x == 0.0 else x))
    if operation == MAXIMUM:
        return x if x >= y or x != x else y
    if operation == MINIMUM:
        return x if x <= y or x != x else y
    if operation == LESS:
        return 1.0 if x < y else 0.0
    if operation == LESS_EQUAL:
        return 1.0 if x <= y else 0.0
    if operation == EQUAL:
        return 1.0 if x == y else 0.0
    if operation == NOT_EQUAL:
        return 1.0 if x != y else 0.0
    if operation == ATAN2:
        return np.arctan2(x, y)
    if operation == HYPOT:
        return np.hypot(x, y)
    return rare_function(operation, x)


@callback
def evaluate(data, u, p, out):
    """Run the operations on u and p and write the results that are asked for into out."""
    n, k, count = fixed(data, STATES), fixed(data, NAMED), fixed(data, OPERATIONS)
    first = n + k + fixed(data, CONSTANTS)
    values, code = doubles(fixed(data, VALUES), first + count), int32s(fixed(data, CODE), (count, 4))
    states, parameters = doubles(u, n), doubles(p, k)
    for j in range(n):
        values[j] = states[j]
    for j in range(k):
        values[n + j] = parameters[j]
    for i in range(count):
        operation = code[i, 0]
        if operation == SELECT:
            values[first + i] = values[code[i, 2]] if values[code[i, 1]] != 0.0 else values[code[i, 3]]
        else:
            values[first + i] = compute(operation, values[code[i, 1]], values[code[i, 2]])
    targets, length = fixed(data, TARGETS), fixed(data, LENGTH)
    places, result = int32s(fixed(data, PLACES), (targets, 2)), doubles(out, length)
    if targets < length:
        for j in range(length):
            result[j] = 0.0
    for i in range(targets):
        result[places[i, 1]] = values[places[i, 0]]
    return OK
