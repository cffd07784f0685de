"""Expressions to functions: closed forms, sympy and mpmath as oracles, compiled against plain."""

import copy
import json
import math
import pathlib

import mpmath
import numba
import numpy as np
import pytest
import sympy
from numpy.testing import assert_allclose, assert_array_equal

from continuation.expressions import from_expressions, from_source
from continuation.expressions.calculus import ARITY, FUNCTIONS

BRUSSELATOR = {"x": "a - (b + 1)*x + x**2*y", "y": "b*x - x**2*y"}

# Something of everything: all functions, constant, variable and negative powers, quotients, atan2, names with indices.
MIXED = {
    "x": "sin(x*y) - cos(r**2)*tan(x/4) + asin(y/3)*acos(x/5) - atan(x*r)/(1 + y**2)",
    "y": "sinh(x)*cosh(y/2) - tanh(x*y)*asinh(y) + acosh(2 + x**2)/atanh(y/4) + exp(-x*y/r)",
    "C[0,1]": "log(3 + x)*sqrt(y + 4) - abs(x - 5)*sign(y) + atan2(x, y + r) - C[0,1]**3/(x*y) + 2**x - x**r",
    "z": "x**5*y**-2 + x**0.5*(y + 2)**(-1.5) + (x + y)**17 / 1e5 + (x + C[0,1])**(y - r) + 3",
}
POINT = {"x": 0.7, "y": 0.9, "C[0,1]": 1.3, "z": -0.4, "r": 1.7}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The folder of generated files, of this test only."""
    monkeypatch.setenv("PSEUDOARC_CACHE", str(tmp_path))
    return tmp_path / "expressions"


def filled(function, shape, *arguments):
    """What `function` writes into an array that held NaN before."""
    out = np.full(shape, np.nan, dtype=np.result_type(*(np.asarray(a) for a in arguments), float))
    function(*arguments, out)
    return out


def sides(expressions):
    """Right-hand sides in sympy, parsed from the description by sympy itself, and all names."""
    names = [*expressions.states, *expressions.parameters]
    symbols = {name: sympy.Symbol(f"s{k}", real=True) for k, name in enumerate(names)}
    known = {name.replace("[0,1]", "01"): symbol for name, symbol in symbols.items()}
    texts = (text.replace("[0,1]", "01") for text in expressions.source["equations"].values())
    return [sympy.sympify(text, locals=known) for text in texts], list(symbols.values())


def mixed():
    """The system of everything, its point, and its right-hand sides in sympy."""
    expressions = from_expressions(MIXED, ["r"])
    values = np.array(list(POINT.values()))
    return expressions, values[:4], values[4:], *sides(expressions)


def exact(expression, symbols, values):
    """Value of a sympy expression to 30 digits, as a float."""
    return float(expression.evalf(30, subs={s: sympy.Float(float(v), 40) for s, v in zip(symbols, values)}))


def test_brusselator_against_closed_forms(rng):
    e = from_expressions(BRUSSELATOR, ["a", "b"], outputs={"J": "x*y - a"}, zeros={"g": "x - b"})
    assert (e.states, e.parameters) == (("x", "y"), ("a", "b"))
    for _ in range(20):
        (x, y), (a, b) = u, p = rng.standard_normal((2, 2))
        # as written, operation by operation: not a bit of difference
        assert_array_equal(filled(e.residual, 2, u, p), [a - (b + 1) * x + x * x * y, b * x - x * x * y])
        jacobian = [[2 * x * y - (b + 1), x * x], [b - 2 * x * y, -x * x]]
        assert_allclose(filled(e.jacobian, (2, 2), u, p), jacobian, rtol=1e-15)
        assert_array_equal(filled(e.parameter_derivative, 2, u, p, 0), [1, 0])
        assert_array_equal(filled(e.parameter_derivative, 2, u, p, 1), [-x, x])
        v, w, z = rng.standard_normal((3, 4))
        bilinear = 2 * y * v[0] * w[0] + 2 * x * (v[0] * w[1] + v[1] * w[0])
        cross = v[3] * w[0] + v[0] * w[3]
        form = e.derivative(u, p, [v, w])
        assert_allclose(form, [bilinear - cross, cross - bilinear], rtol=1e-13, atol=1e-14)
        trilinear = 2 * (v[0] * w[0] * z[1] + v[0] * w[1] * z[0] + v[1] * w[0] * z[0])
        assert_allclose(e.derivative(u, p, [v, w, z]), [trilinear, -trilinear], rtol=1e-13, atol=1e-14)
        assert e.outputs["J"](u, p) == x * y - a
        assert e.zeros["g"](u, p) == x - b


def test_first_derivatives_of_everything_agree_with_sympy_to_rounding():
    e, u, p, right, symbols = mixed()
    values = [*u, *p]
    expected = [[exact(f.diff(s), symbols, values) for s in symbols] for f in right]
    assert_allclose(filled(e.residual, 4, u, p), [exact(f, symbols, values) for f in right], rtol=1e-14)
    found = np.column_stack([filled(e.jacobian, (4, 4), u, p), filled(e.parameter_derivative, 4, u, p, 0)])
    assert_allclose(found, expected, rtol=1e-13, atol=1e-15)


def test_second_and_third_derivatives_of_everything_agree_with_sympy_to_rounding(rng):
    e, u, p, right, symbols = mixed()
    directions = rng.standard_normal((3, 5))
    derivatives = right
    for order, direction in enumerate(directions, start=1):
        derivatives = [sum(c * f.diff(s) for c, s in zip(direction, symbols)) for f in derivatives]
        derivatives = [f.subs(sympy.DiracDelta(symbols[1]), 0) for f in derivatives]  # away from its point
        expected = [f.evalf(25, subs=dict(zip(symbols, [*u, *p]))) for f in derivatives]
        if order > 1:
            found = e.derivative(u, p, directions[:order])
            assert_allclose(found, np.array(expected, float), rtol=1e-11)
            assert_allclose(e.derivative(u, p, directions[:order][::-1]), found, rtol=1e-12)  # symmetric


@pytest.mark.parametrize("name", list(ARITY))
def test_each_function_and_its_three_derivatives_against_mpmath(name):
    inner = "1 + p*x + x**2" if name == "acosh" else "(p*x + x**2)/2"
    call = f"{name}({inner}, x)" if ARITY[name] == 2 else f"{name}({inner})"
    e, u, p = from_expressions({"x": call}, ["p"]), np.array([0.6]), np.array([0.7])

    def reference(x):
        argument = 1 + p[0] * x + x**2 if name == "acosh" else (p[0] * x + x**2) / 2
        own = {"abs": abs, "sign": mpmath.sign, "atan2": lambda y: mpmath.atan2(y, x)}
        own |= {"hypot": lambda y: mpmath.hypot(y, x), "log2": lambda y: mpmath.log(y, 2)}
        return own[name](argument) if name in own else getattr(mpmath, name)(argument)

    along = np.array([1.0, 0.0])
    with mpmath.workdps(60):
        expected = [float(mpmath.diff(reference, mpmath.mpf(float(u[0])), k)) for k in range(4)]
    found = [
        filled(e.residual, 1, u, p)[0],
        filled(e.jacobian, (1, 1), u, p)[0, 0],
        e.derivative(u, p, [along] * 2)[0],
        e.derivative(u, p, [along] * 3)[0],
    ]
    assert_allclose(found, expected, rtol=2e-13, atol=1e-14)


@pytest.mark.parametrize("exponent", ["0", "1", "2", "3", "7", "16", "17", "-1", "-4", "-20", "0.5", "-0.5", "2.5"])
def test_powers_and_their_derivatives(exponent):
    e, n = from_expressions({"x": f"-3*x**({exponent})/2"}, []), float(exponent)
    for x in (1.7, 0.3) if n % 1 else (1.7, -0.3):
        u, one = np.array([x]), np.ones(1)
        assert_allclose(filled(e.residual, 1, u, one), [-1.5 * x**n], rtol=5e-15)
        assert_allclose(filled(e.jacobian, (1, 1), u, one), [[-1.5 * n * x ** (n - 1)]], rtol=5e-15)
        assert_allclose(e.derivative(u, one, [one, one]), [-1.5 * n * (n - 1) * x ** (n - 2)], rtol=5e-15)
    zero = np.zeros(1)
    with np.errstate(all="ignore"):
        assert_array_equal(filled(e.residual, 1, zero, zero), -1.5 * zero**n)


def test_a_power_with_a_parameter_for_exponent_is_fine_at_zero():
    e = from_expressions({"x": "x**h/(1 + x**h)"}, ["h"])  # Hill function
    assert filled(e.jacobian, (1, 1), np.zeros(1), np.array([4.0])) == 0


def test_complex_steps_through_the_plain_function_give_the_jacobian():
    e, u, p, *_ = mixed()
    analytic = {name: text.replace("abs(x - 5)*sign(y)", "x").replace("atan2(x, y + r)", "y")
                for name, text in MIXED.items()}  # fmt: skip
    e = from_expressions(analytic, ["r"])
    jacobian = filled(e.jacobian, (4, 4), u, p)
    for j in range(4):
        stepped = u.astype(complex)
        stepped[j] += 1e-30j
        assert_allclose(filled(e.residual, 4, stepped, p).imag / 1e-30, jacobian[:, j], rtol=1e-13, atol=1e-15)


def test_taylor_remainder_is_of_fourth_order(rng):
    e, u, p, *_ = mixed()
    d = rng.standard_normal(5)
    x, d = np.array([*u, *p], dtype=np.longdouble), d.astype(np.longdouble)

    def remainder(h):
        taylor = filled(e.residual, 4, x[:4], x[4:])
        taylor += h * (filled(e.jacobian, (4, 4), x[:4], x[4:]) @ d[:4])
        taylor += h * d[4] * filled(e.parameter_derivative, 4, x[:4], x[4:], 0)
        taylor += h**2 / 2 * e.derivative(x[:4], x[4:], [d, d])
        taylor += h**3 / 6 * e.derivative(x[:4], x[4:], [d, d, d])
        end = x + h * d
        return np.abs(filled(e.residual, 4, end[:4], end[4:]) - taylor).max()

    slope = math.log2(remainder(np.longdouble(2) ** -8) / remainder(np.longdouble(2) ** -9))
    assert slope == pytest.approx(4, abs=0.05)


def test_plain_functions_keep_long_doubles():
    if np.finfo(np.longdouble).eps == np.finfo(float).eps:
        pytest.skip("no long doubles here")
    e = from_expressions({"x": "x**2 - p + sin(x)/3"}, ["p"])
    x = np.array([1], dtype=np.longdouble) / 7
    out = filled(e.residual, 1, x, np.array([2.0]))
    assert out.dtype == np.longdouble
    with mpmath.workdps(30):
        seventh = mpmath.mpf(1) / 7
        difference = seventh**2 - 2 + mpmath.sin(seventh) / 3 - mpmath.mpf(str(out[0]))
    assert abs(float(difference)) < 4 * np.finfo(np.longdouble).eps


def test_compiled_agrees_with_plain_at_every_point_and_beyond_the_domains():
    names = [name for name in ARITY if ARITY[name] == 1]
    equations = {f"s_{name}": f"{name}(x)" for name in names}
    extra = ["1/x", "x**-3", "x**0.5", "x**-0.5", "x**2.5", "2**x", "x**x", "x**-20", "atan2(x, x)", "x - x", "pi*x"]
    equations |= {f"e_{k}": text for k, text in enumerate(extra)}
    e = from_expressions(equations, ["x"])
    compiled = numba.njit(error_model="numpy")(e.residual)
    for x in (np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 0.37, -0.37, 25.0, -1e308, 5e-324):
        arguments = np.zeros(len(equations)), np.array([x])
        with np.errstate(all="ignore"):
            expected, found = (filled(f, len(equations), *arguments) for f in (e.residual, compiled))
        assert_allclose(found, expected, rtol=1e-15, atol=0, err_msg=f"at {x}")


def test_everything_compiles_and_agrees_with_plain(rng):
    e = from_expressions(BRUSSELATOR, ["a", "b"], outputs={"J": "x/y", "one": 1})
    u, p = rng.standard_normal((2, 2))
    cases = [
        (e.residual, 2, ()),
        (e.jacobian, (2, 2), ()),
        (e.parameter_derivative, 2, (1,)),
    ]
    for function, shape, more in cases:
        compiled = numba.njit(error_model="numpy")(function)
        assert_allclose(filled(compiled, shape, u, p, *more), filled(function, shape, u, p, *more), rtol=1e-14)
    assert numba.njit(error_model="numpy")(e.outputs["J"])(u, p) == u[0] / u[1]
    assert numba.njit(error_model="numpy")(e.outputs["one"])(u, p) == 1.0


def test_every_entry_is_set_and_unnamed_parameters_give_nan():
    e = from_expressions({"x": "x", "y": 0, "z": "2 - 2 + a*0"}, ["a", "b"])
    u, p = np.ones(3), np.ones(4)
    assert_array_equal(filled(e.residual, 3, u, p), [1, 0, 0])
    assert_array_equal(filled(e.jacobian, (3, 3), u, p), np.diag([1.0, 0, 0]))
    for k in (0, 1):
        assert_array_equal(filled(e.parameter_derivative, 3, u, p, k), [0, 0, 0])
    for k in (2, -1, 1000):
        out = np.zeros(3)
        e.parameter_derivative(u, p, k, out)
        assert np.isnan(out).all()
    d = np.ones(5)
    assert_array_equal(e.derivative(u, p, [d, d]), [0, 0, 0])
    assert_array_equal(e.derivative(u, p, [d, d, d]), [0, 0, 0])


def bratu(n):
    """Discretised Bratu problem as text."""
    u = ["0", *(f"u[{i}]" for i in range(n)), "0"]
    return {u[i]: f"({u[i - 1]} - 2*{u[i]} + {u[i + 1]})*{(n + 1) ** 2} + lam*exp({u[i]})" for i in range(1, n + 1)}


def test_bratu_of_128_states_is_tridiagonal_and_its_code_is_linear_in_its_size(folder, rng):
    n = 128
    e = from_expressions(bratu(n), ["lam"])
    u, p, v = rng.standard_normal(n), np.array([2.5]), rng.standard_normal(n + 1)
    h2 = (n + 1) ** 2
    expected = np.diag(p[0] * np.exp(u) - 2 * h2) + h2 * (np.eye(n, k=1) + np.eye(n, k=-1))
    assert_allclose(filled(e.jacobian, (n, n), u, p), expected, rtol=1e-15)
    terms = np.exp(u) * [p[0] * v[:n] ** 2, 2 * v[:n] * v[n]]
    error = np.abs(e.derivative(u, p, [v, v]) - terms.sum(0))
    assert (error <= 1e-15 * np.abs(terms).sum(0)).all()
    # 1408 nonempty lines when this was written; a line for every entry of the Jacobian would be 16384
    lines = [line for file in folder.glob("*.py") for line in file.read_text().splitlines() if line]
    assert len(lines) < 20 * n


def test_a_shared_part_is_computed_once(folder):
    e = from_expressions({"x": "exp(x*y) + exp(y*x)", "y": "exp(x*y)*x"}, [])
    residual, jacobian = pathlib.Path(e.residual.__code__.co_filename).read_text().split("def jacobian")
    assert residual.count("np.exp") == jacobian.count("np.exp") == 1


def test_long_sums_do_not_nest_in_the_generated_code():
    e = from_expressions({"x": " + ".join(f"{k}*x" for k in range(3000))}, [])
    assert_allclose(filled(e.jacobian, (1, 1), np.ones(1), np.ones(0)), [[2999 * 1500]], rtol=1e-15)


def test_a_description_survives_json_and_copies_and_makes_the_same_functions():
    e = from_expressions(MIXED, ["r"], outputs={"J": "x*r"}, zeros={"g": 1.5})
    again = from_source(json.loads(json.dumps(e.source)))
    assert again.source == e.source == copy.copy(e).source
    assert again.residual is e.residual is copy.deepcopy(e).residual
    one = np.ones(4)
    assert_array_equal(again.derivative(one, one[:1], np.eye(5)), e.derivative(one, one[:1], np.eye(5)))
    e.source["equations"]["x"] = "0"  # a copy: nobody changes the description
    assert e.source["equations"]["x"] == MIXED["x"]
    with pytest.raises(AttributeError):
        e.states = ()
    with pytest.raises(TypeError):
        e.outputs["K"] = None


@pytest.mark.parametrize(
    ("arguments", "phrase"),
    [
        (({}, []), "equations: wanted at least one"),
        (("x", []), "equations: wanted a mapping"),
        (([("x", "x")], []), "equations: wanted a mapping"),
        (({"x": "x"}, "ab"), "parameters: wanted a list of names, got 'ab'"),
        (({"x": "x"}, 3), "parameters: wanted a list of names, got 3"),
        (({"x": "x"}, ["x"]), "parameter name 'x': already the name of a state"),
        (({"x": "x"}, ["a", "a"]), "parameter name 'a': already the name of a parameter"),
        (({"sin": "1"}, []), "state name 'sin'"),
        (({1: "1"}, []), "state name 1: wanted text"),
        (({"x": "x"}, [], {"x": "x"}), "output name 'x': already the name of a state"),
        (({"x": "x"}, ["a"], {}, {"a": "x"}), "zero name 'a': already the name of a parameter"),
        (({"x": "x"}, [], ["J"]), "outputs: wanted a mapping"),
        (({"x": "x + b"}, []), "equation 'x', line 1, column 5: unknown name 'b'"),
        (({"x": "x"}, [], {"J": "x*/2"}), r"output 'J', line 1, column 3: found '/'"),
        (({"x": "x"}, [], {}, {"g": "x -"}), r"zero 'g', line 1, column 4: the text ends here"),
    ],
)
def test_bad_arguments_are_named(arguments, phrase):
    equations, parameters, *more = arguments
    with pytest.raises(ValueError, match=phrase):
        from_expressions(equations, parameters, **dict(zip(("outputs", "zeros"), more)))


@pytest.mark.parametrize("source", [{}, {"equations": {"x": "x"}}, {"equations": {"x": 2}, "parameters": []}, [], None])
def test_bad_descriptions_are_refused(source):
    with pytest.raises(ValueError, match=r"description|wanted text"):
        from_source(source)


def test_arguments_are_not_changed_and_may_be_used_up():
    equations = {"x": sympy.Symbol("x") - 1}
    e = from_expressions(equations, (name for name in ("a", "b")))
    assert equations == {"x": sympy.Symbol("x") - 1}
    assert e.parameters == ("a", "b")


def test_functions_know_where_they_are_from():
    e = from_expressions(BRUSSELATOR, ["a", "b"])
    assert e.residual.__module__.startswith("pseudoarc_generated_")
    assert repr(e) == "Expressions(states=('x', 'y'), parameters=('a', 'b'))"
    assert set(FUNCTIONS) | {"atan2", "hypot"} == set(ARITY)
