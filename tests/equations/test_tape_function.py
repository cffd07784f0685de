"""Expressions run from tapes compute, to the last bit, what the generated code computes."""

import threading

import numba
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from continuation import Problem, trace
from continuation.compiled.tape.evaluate import NAMES, NUMBER
from continuation.expressions.calculus import ARITY, RULES
from continuation.expressions.reading.words import WORDS

ARGUMENTS = {"acosh": "2 + x**2", "log": "1 + y**2", "log10": "1 + y**2", "log2": "1 + y**2", "sqrt": "1 + y**2"}
ARGUMENTS |= {"asin": "tanh(x)", "acos": "tanh(x)", "atanh": "tanh(x)", "gamma": "1 + y**2"}


def every_word():
    """An equation for each function and word, and the powers."""
    texts = ["x**2*y - x/y", "x**-3 + y**0.5 + x**17 + abs(x)**y", "-x*p + 3*x*x + 2"]
    for name, arity in ARITY.items():
        argument = ARGUMENTS.get(name, "x*p + y")
        texts.append(f"{name}({argument})" if arity == 1 else f"{name}({argument}, y)")
    texts += ["max(x, y, p) - min(x, y)", "mod(x, 0.7)", "if(x > y)then(x)else(p*y)", "(x >= y) + (x == y) - (x != p)"]
    texts += ["hill(y, p, 2)", "piecewise(x, x < 0, y, x < y, p)"]
    return {("x", "y", *(f"z{k}" for k in range(len(texts))))[k]: text for k, text in enumerate(texts)}


@pytest.fixture(scope="module")
def both():
    """The same problem from tapes and compiled by numba."""
    equations = every_word()
    options = {"outputs": {"J": "x*y"}, "zeros": {"g": "x - y"}}
    return [Problem.from_expressions(equations, {"p": 1.0}, compiled=c, **options) for c in (None, True)]


def test_tapes_and_machine_code_agree_to_the_last_bit(both, rng):
    tape, native = both
    n = len(tape.states)
    for _ in range(5):
        u, p = rng.uniform(0.1, 2, n) * rng.choice([1, -1], n), rng.uniform(0.3, 2, 1)
        u[1] = abs(u[1])
        for name, shape, more in (("residual", n, ()), ("jacobian", (n, n), ()), ("parameter_derivative", n, (0,))):
            one, other = np.full(shape, np.nan), np.full(shape, np.nan)
            tape.functions[name](u, p, *more, one)
            native.functions[name](u, p, *more, other)
            np.testing.assert_allclose(one, other, rtol=4e-16, atol=0, err_msg=name)
        assert tape.outputs["J"](u, p) == native.outputs["J"](u, p)
        assert tape.zeros["g"](u, p) == native.zeros["g"](u, p)


def test_a_branch_from_tapes_is_the_branch_from_machine_code():
    equations = {"x": "a - (b + 1)*x + x**2*y", "y": "b*x - x**2*y"}
    one, other = (
        trace(Problem.from_expressions(equations, {"a": 1, "b": 1}, compiled=c), [1.0, 1.0], "b", (0, 5))
        for c in (None, True)
    )
    assert_array_equal(one.unknowns, other.unknowns)
    assert_array_equal(one.tangents, other.tangents)


def test_nothing_is_compiled_for_a_problem_from_text(monkeypatch):
    def refuse(*arguments, **options):
        raise AssertionError("numba was called")

    problem = Problem.from_expressions({"x": "mu - x**2 + 0.123456*x"}, {"mu": 1.0})
    monkeypatch.setattr(numba, "njit", refuse)
    assert problem.residual([2.0]).tolist() == [1.0 - 4.0 + 0.123456 * 2]
    assert problem.compiled


def test_the_work_is_linear_in_the_number_of_equations():
    def operations(n):
        u = ["0", *(f"u[{i}]" for i in range(n)), "0"]
        right = {u[i]: f"{u[i - 1]} - 2*{u[i]} + {u[i + 1]} + lam*exp({u[i]})" for i in range(1, n + 1)}
        problem = Problem.from_expressions(right, {"lam": 0.0})
        tapes = [problem.functions[name].tape(0) for name in ("residual", "jacobian", "parameter_derivative")]
        return [len(tape.code) for tape in tapes], len(tapes[1].places)

    (small, entries), (large, more) = operations(50), operations(500)
    assert entries == 3 * 50 - 2
    assert more == 3 * 500 - 2
    assert all(b < 10.2 * a for a, b in zip(small, large))


def test_threads_do_not_share_values():
    problem = Problem.from_expressions({"x": " + ".join(f"sin({k}*x)" for k in range(200))}, {"p": 0.0})
    expected = {x: problem.residual([x])[0] for x in (0.1, 0.7, 1.3)}
    wrong = []

    def run(x):
        for _ in range(300):
            if problem.residual([x])[0] != expected[x]:
                wrong.append(x)

    threads = [threading.Thread(target=run, args=(x,)) for x in expected]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_every_operation_has_a_number_and_the_words_are_made_of_these():
    assert set(ARITY) | {"digamma", "select", "maximum", "minimum"} <= set(NUMBER)
    assert set(RULES) | {"digamma"} | set(ARITY) == set(NAMES)
    assert not set(WORDS) & set(ARITY)
