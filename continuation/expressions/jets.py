"""Mixed derivatives of any order along given directions, exact, by evaluation in a nilpotent algebra.

A jet is an array of 2**k numbers, one for each set of the nilpotents e1 .. ek (bit i of its index: ei is in the
set) with ``ei**2 = 0``.  At ``x + e1 d1 + ... + ek dk`` a function's coefficient of ``e1 ... ek`` is its k-th
derivative applied to d1 .. dk.  Nothing is differenced or generated; directions may be complex.

Many points go side by side: a jet is (2**k, P), or (2**k, 1) where it is the same at all of them.
"""

import functools
import math

import numpy as np
from scipy import special

from continuation.expressions.calculus import COMPARED
from continuation.expressions.codegen import System


def mixed_derivative(system: System, point, directions) -> np.ndarray:
    """Apply the k-th derivative of all equations to k directions; of none, the values of the equations.

    Parameters
    ----------
    system : System
        Parsed equations.
    point : (m,) or (P, m) real array
        States, then named parameters; of P points side by side.
    directions : (k, m) or (k, P, m) array
        Real or complex.

    Returns
    -------
    (n,) or (P, n) array
        Of the directions' type; NaN or infinite where the derivative does not exist.

    Notes
    -----
    Cost: about 10 us for each operation of the equations; for its arithmetic ``3**k`` products at each point.
    """
    point, directions = np.asarray(point), np.asarray(directions)
    if not len(directions):
        return _mixed(system, point, np.zeros((1, *point.shape)), 0)
    return _mixed(system, point, directions, -1)


def _mixed(system: System, point, directions, part) -> np.ndarray:
    """One coefficient of the equations' jets at points moved along directions."""
    graph, k, places = system.graph, len(directions), point.reshape(-1, point.shape[-1])
    along = directions.reshape(k, -1, point.shape[-1])
    jets: dict[int, np.ndarray] = {}
    with np.errstate(all="ignore"):
        for node in graph.reachable(system.equations):
            operation, *operands = graph.nodes[node]
            if operation == "number":
                jets[node] = _constant(np.full(1, operands[0]), k)
            elif operation == "variable":
                jets[node] = _variable(places[:, operands[0]], along[:, :, operands[0]])
            else:
                jets[node] = _apply(operation, [jets[operand] for operand in operands], k)
    kind = complex if np.iscomplexobj(directions) else float
    found = np.empty((*point.shape[:-1], len(system.equations)), kind)
    for column, root in enumerate(system.equations):
        found[..., column] = jets[root][part] if point.ndim > 1 else jets[root][part, 0]
    return found


def _constant(value, k) -> np.ndarray:
    """Jet of a number, or of several."""
    jet = np.zeros((2**k, *np.shape(value)), np.result_type(value, float))
    jet[0] = value
    return jet


def _variable(value, slopes) -> np.ndarray:
    """Jet of a variable: its values (P,), and its shares (k, P) of each direction at the sets of one."""
    jet = np.zeros((2 ** len(slopes), len(value)), slopes.dtype if np.iscomplexobj(slopes) else float)
    jet[0] = value
    jet[1 << np.arange(len(slopes))] = slopes
    return jet


def _apply(operation, jets, k) -> np.ndarray:
    """One operation on jets."""
    if operation in TAYLOR:
        return _compose(TAYLOR[operation](jets[0][0].real, k), jets[0], k)
    return ARITHMETIC[operation](*jets, k)


@functools.cache
def _pairs(k):
    """Where products of two jets go: indices into both, sorted by the union of their sets, and where each begins."""
    pairs = [(part, whole - part) for whole in range(2**k) for part in range(whole + 1) if part & whole == part]
    first, second = np.array(pairs).T
    sizes = [2 ** bin(whole).count("1") for whole in range(2**k)]
    return first, second, np.cumsum([0, *sizes[:-1]])


def _product(a, b, k) -> np.ndarray:
    """Product of two jets: each set is split in two in every way."""
    first, second, begins = _pairs(k)
    return np.add.reduceat(a[first] * b[second], begins)


def _compose(coefficients, jet, k) -> np.ndarray:
    """A function of a jet from its Taylor coefficients at the jet's value, by Horner's rule."""

    def moving():
        rest = jet.copy()
        rest[0] = 0.0
        result = _constant(coefficients[k], k)
        for coefficient in coefficients[k - 1 :: -1]:
            result = _product(result, rest, k)
            result[0] += coefficient
        return result

    return _by_points(_varies(jet), moving, lambda: _constant(coefficients[0], k))


def _varies(jet) -> np.ndarray:
    """(P,) where a jet is no mere number."""
    return np.any(jet[1:], axis=0)


def _by_points(chosen, first, second) -> np.ndarray:
    """What `first` gives at the points chosen (P,), elsewhere what `second` gives; each is called if it is needed."""
    if np.all(chosen):
        return first()
    return np.where(chosen, first(), second()) if np.any(chosen) else second()


def _quotient(a, b, k) -> np.ndarray:
    """``a / b``."""
    return _by_points(_varies(b), lambda: _product(a, _compose(_powers(b[0].real, -1.0, k), b, k), k), lambda: a / b[0])


def _power(a, b, k) -> np.ndarray:
    """``a ** b``; the logarithm of `a` enters only where `b` varies."""

    def by_logarithm():
        exponent = _product(b, _compose(TAYLOR["log"](a[0].real, k), a, k), k)
        return _compose(TAYLOR["exp"](exponent[0].real, k), exponent, k)

    return _by_points(_varies(b), by_logarithm, lambda: _compose(_powers(a[0].real, b[0].real, k), a, k))


def _hypotenuse(a, b, k) -> np.ndarray:
    """``sqrt(a**2 + b**2)``."""
    squares = _product(a, a, k) + _product(b, b, k)
    result = _compose(TAYLOR["sqrt"](squares[0].real, k), squares, k)
    result[0] = np.hypot(a[0].real, b[0].real)
    return result


def _compared(compare):
    """A comparison: a constant on each side."""
    return lambda a, b, k: _constant(compare(a[0].real, b[0].real), k)


def _angle(a, b, k) -> np.ndarray:
    """``atan2(a, b)``: the angle of (b, a) beside that of its value, turned to zero first."""
    y, x = a[0].real, b[0].real
    turned = _quotient(a * x - b * y, a * y + b * x, k)
    result = _compose(TAYLOR["atan"](np.zeros_like(turned[0].real), k), turned, k)
    result[0] = np.arctan2(y, x)
    return result


ARITHMETIC = {
    "add": lambda a, b, k: a + b,
    "subtract": lambda a, b, k: a - b,
    "negate": lambda a, k: -a,
    "multiply": _product,
    "divide": _quotient,
    "power": _power,
    "atan2": _angle,
    "hypot": _hypotenuse,
    "maximum": lambda a, b, k: np.where(a[0].real < b[0].real, b, a),
    "minimum": lambda a, b, k: np.where(b[0].real < a[0].real, b, a),
    "select": lambda c, a, b, k: np.where(c[0].real != 0, a, b),
    **{operation: _compared(getattr(np, operation)) for operation in COMPARED},
}


# Taylor coefficients 0 .. k of each function at x, one number or many: (k + 1, ...)


def _ranked(values, x) -> np.ndarray:
    """Numbers (k,) as factors of coefficients (k, ...) at x."""
    return np.reshape(values, (-1,) + (1,) * np.ndim(x))


def _convolved(a, b) -> np.ndarray:
    """Coefficients of the product of two functions with as many."""
    return np.array([sum(a[i] * b[j - i] for i in range(j + 1)) for j in range(len(a))])


def _powers(x, exponent, k) -> np.ndarray:
    """Coefficients of ``x ** exponent`` (also of complex x); whole powers end, so that they are exact at 0 too."""
    if np.ndim(exponent):
        return _powers_of_each(x, exponent, k)
    x, out, factor = np.asarray(x)[()], [], 1.0
    for j in range(k + 1):
        out.append(np.where(np.equal(factor, 0.0), 0.0 * x, factor * x ** (exponent - j)))
        factor = factor * (exponent - j) / (j + 1)
    return np.array(out)


def _powers_of_each(x, exponents, k) -> np.ndarray:
    """Coefficients of ``x ** exponent`` with an exponent for each x (P,): each by itself, whatever the others are."""
    if len(exponents) == 1:
        return _powers(x, float(exponents[0]), k)
    x = np.broadcast_to(x, exponents.shape)
    out = np.full((k + 1, len(x)), np.nan)
    for exponent in np.unique(exponents):
        out[:, exponents == exponent] = _powers(x[exponents == exponent], float(exponent), k)
    return out


def _integral(value, slopes) -> np.ndarray:
    """Coefficients of the function with a value and the coefficients of its derivative."""
    return np.concatenate([np.asarray(value)[None], slopes / _ranked(np.arange(1, len(slopes) + 1), value)])


def _inverse_roots(x, places, k) -> np.ndarray:
    """First k coefficients of ``1 / sqrt((x - r)(x - s))``, r and s the places, both factors' roots principal."""
    factors = [_powers(x - complex(place), -0.5, k - 1) for place in places]
    return _convolved(*factors).real


def _mirrored(x, k) -> np.ndarray:
    """First k coefficients of ``1 / sqrt(1 - x**2)``."""
    return _convolved(_powers(1 - x, -0.5, k - 1) * _ranked((-1.0) ** np.arange(k), x), _powers(1 + x, -0.5, k - 1))


def _riccati(value, sign, k) -> np.ndarray:
    """Coefficients of the solution of ``y' = 1 + sign * y**2``: tan and tanh."""
    y = [value]
    for j in range(k):
        square = sum(y[i] * y[j - i] for i in range(j + 1))
        y.append(((j == 0) + sign * square) / (j + 1))
    return np.array(y)


def _cycle(values, k) -> np.ndarray:
    """Coefficients of a function whose derivatives repeat `values`."""
    return np.array([values[j % len(values)] / math.factorial(j) for j in range(k + 1)])


def _atanh_slopes(x, k) -> np.ndarray:
    """First k coefficients of ``1 / (1 - x**2)``, by partial fractions."""
    return 0.5 * (_powers(1 - x, -1.0, k - 1) * _ranked((-1.0) ** np.arange(k), x) + _powers(1 + x, -1.0, k - 1))


def _bell(x, k) -> np.ndarray:
    """First k coefficients of ``2/sqrt(pi)*exp(-x**2)``: ``y' = -2 x y``."""
    y = [2 / math.sqrt(math.pi) * np.exp(-x * x)]
    for j in range(k):
        y.append(-2 * (x * y[j] + (y[j - 1] if j else 0.0)) / (j + 1))
    return np.array(y[:k])


def _gamma(x, k) -> np.ndarray:
    """Coefficients of the gamma function: ``y' = y psi``, psi the digamma function."""
    psi = [special.polygamma(j, x) / math.factorial(j) for j in range(k)]
    y = [special.gamma(x)]
    for j in range(k):
        y.append(sum(y[i] * psi[j - i] for i in range(j + 1)) / (j + 1))
    return np.array(y)


TAYLOR = {
    "sin": lambda x, k: _cycle((np.sin(x), np.cos(x), -np.sin(x), -np.cos(x)), k),
    "cos": lambda x, k: _cycle((np.cos(x), -np.sin(x), -np.cos(x), np.sin(x)), k),
    "tan": lambda x, k: _riccati(np.tan(x), 1, k),
    "asin": lambda x, k: _integral(np.arcsin(x), _mirrored(x, k)),
    "acos": lambda x, k: _integral(np.arccos(x), -_mirrored(x, k)),
    "atan": lambda x, k: _integral(np.arctan(x), _powers(x - 1j, -1.0, k - 1).imag),
    "sinh": lambda x, k: _cycle((np.sinh(x), np.cosh(x)), k),
    "cosh": lambda x, k: _cycle((np.cosh(x), np.sinh(x)), k),
    "tanh": lambda x, k: _riccati(np.tanh(x), -1, k),
    "asinh": lambda x, k: _integral(np.arcsinh(x), _inverse_roots(x, (1j, -1j), k)),
    "acosh": lambda x, k: _integral(np.arccosh(x), _inverse_roots(x, (1, -1), k)),
    "atanh": lambda x, k: _integral(np.arctanh(x), _atanh_slopes(x, k)),
    "exp": lambda x, k: _cycle((np.exp(x),), k),
    "log": lambda x, k: _integral(np.log(x), _powers(x, -1.0, k - 1)),
    "sqrt": lambda x, k: _powers(x, 0.5, k),
    "abs": lambda x, k: np.array([np.abs(x), np.sign(x), *[np.zeros_like(x)] * k][: k + 1]),
    "sign": lambda x, k: np.array([np.sign(x), *[np.zeros_like(x)] * k]),
    "floor": lambda x, k: np.array([np.floor(x), *[np.zeros_like(x)] * k]),
    "log10": lambda x, k: _integral(np.log10(x), _powers(x, -1.0, k - 1) / math.log(10.0)),
    "log2": lambda x, k: _integral(np.log2(x), _powers(x, -1.0, k - 1) / math.log(2.0)),
    "cbrt": lambda x, k: np.sign(x) * _powers(np.abs(x), 1 / 3, k) * np.sign(x) ** _ranked(np.arange(k + 1), x),
    "erf": lambda x, k: _integral(special.erf(x), _bell(x, k)),
    "erfc": lambda x, k: _integral(special.erfc(x), -_bell(x, k)),
    "gamma": _gamma,
}
