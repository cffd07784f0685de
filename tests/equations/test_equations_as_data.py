"""`Equations` without the verbs of a problem: values by name, inner product, derivatives, what is refused."""

import types

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation.compiled.calls.interface import OK, call_callback, python_callback
from continuation.equations.equations import Equations
from continuation.equations.functions import fingerprint
from continuation.ground.points import Point
from continuation.ground.status import Kind


def residual(u, p, out):
    out[0] = p[0] - p[1] * u[0] + p[2] * u[1] ** 2
    out[1] = np.sin(u[0]) - u[1]


def made(**options):
    return Equations(residual, ("x", "y"), {"a": 1.0, "b": 2.0}, constants=[[3.0]], compiled=False, **options)


def test_parameters_are_defaults_changed_by_name_then_constants():
    equations = made()
    assert equations.parameter_values().tolist() == [1.0, 2.0, 3.0]
    assert equations.parameter_values({"b": 5}).tolist() == [1.0, 5.0, 3.0]
    assert equations.parameters == {"a": 1.0, "b": 2.0}  # as they were
    assert equations.index_of("b") == 1
    with pytest.raises(ValueError, match="no parameter named 'c'; this problem has a, b"):
        equations.parameter_values({"c": 1.0})
    with pytest.raises(ValueError, match=r"parameters\['a'\]: wanted finite numbers, got nan"):
        equations.parameter_values({"a": np.nan})
    with pytest.raises(ValueError, match="no parameter named 'x'"):
        equations.index_of("x")


@pytest.mark.parametrize("state", [[1.0, 2.0], (1, 2), {"y": 2.0, "x": 1.0}, Point(np.array([1.0, 2.0]), {})])
def test_states_come_as_arrays_mappings_or_points(state):
    assert made().state_values(state).tolist() == [1.0, 2.0]
    assert made().unknown_values(state).tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ([1.0], "start: wanted 2 values ['x', 'y'], got 1"),
        ({"x": 1.0}, "start: wanted values of the states ['x', 'y'], got ['x']: missing ['y']"),
        ({"x": 1.0, "y": 1.0, "z": 1.0}, "got ['x', 'y', 'z']: unknown x, y"),
        ([np.inf, 0.0], "start: wanted finite numbers, got inf at index [0]"),
    ],
)
def test_states_of_another_kind_are_refused(state, words):
    with pytest.raises(ValueError, match="start") as error:
        made().state_values(state)
    assert words in str(error.value)


def test_derivatives_by_differences_agree_with_closed_forms():
    equations, u = made(), np.array([0.3, -0.7])
    assert_allclose(equations.residual(u), [1 - 2 * 0.3 + 3 * 0.49, np.sin(0.3) + 0.7], rtol=1e-15)
    assert_allclose(equations.jacobian(u), [[-2.0, -4.2], [np.cos(0.3), -1.0]], rtol=1e-9)
    assert_allclose(equations.parameter_derivative(u, "b"), [-0.3, 0.0], atol=1e-9)
    assert_allclose(equations.stability_matrix(np.append(u, 1.0), equations.parameter_values()), equations.jacobian(u))


def test_the_inner_product_is_a_mean_unless_weights_are_given():
    assert made().inner_weights().tolist() == [0.5, 0.5, 1.0]
    assert made().state_weights().tolist() == [0.5, 0.5]
    weighted = made(weights=[1.0, 2.0, 3.0])
    assert weighted.inner_weights().tolist() == [1.0, 2.0, 3.0]
    weighted.inner_weights()[0] = 7.0  # a copy
    assert weighted.inner_weights()[0] == 1.0
    for bad in ([1.0, 2.0], [1.0, 0.0, 1.0], [1.0, -1.0, 1.0]):
        with pytest.raises(ValueError, match=r"weights: wanted 3 positive numbers \(states, then the parameter\)"):
            made(weights=bad)


def test_a_change_of_the_count_means_a_hopf_point_only_for_flows():
    assert made().count_kind is Kind.HOPF
    assert made(stability=None).count_kind is None
    assert made(stability=lambda u, p: 0).count_kind is None


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"stability": "map"}, 'stability: wanted "flow", None or a function'),
        ({"smoothness": 0}, "smoothness: wanted a whole number of at least 1, got 0"),
        ({"smoothness": 2.0}, "smoothness: wanted a whole number of at least 1, got 2.0"),
        ({"outputs": {"a": residual}}, "outputs: the name 'a' is already one of the parameters"),
    ],
)
def test_options_that_mean_nothing_are_refused(options, words):
    with pytest.raises(ValueError, match=words):
        made(**options)


def test_unknowns_are_shown_as_states_and_points_keep_theirs():
    equations = made()
    states, varied = equations.columns(np.array([[1.0, 2.0, 0.5], [3.0, 4.0, 0.6]]))
    assert states.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert varied.tolist() == [[0.5], [0.6]]
    assert equations.varied_names("a") == ("a",)
    stored = Point(np.array([1.0, 2.0]), {"a": 9.0}, unknowns=np.array([5.0, 6.0, 7.0]))
    assert equations.point_unknowns(stored, "a").tolist() == [5.0, 6.0, 7.0]
    assert equations.point_unknowns(Point(np.array([1.0, 2.0]), {"a": 9.0}), "a").tolist() == [1.0, 2.0, 9.0]
    assert equations.vector_field is equations
    assert equations.remarks(None) == []
    assert not equations.symmetry
    assert repr(equations) == "<Problem residual: 2 states, parameters {'a': 1.0, 'b': 2.0}, plain Python>"


def test_a_plain_function_gets_the_arrays_of_every_call():
    """Those at one place are the same object, which takes no time to make; other places show what stands there."""
    seen = []

    def f(u, p, out):
        seen.append(u)
        out[:] = p[0] * u

    made = python_callback(lambda *arrays: f(*arrays) or OK, (2, 1, 2))
    u, v, p, out = np.array([1.0, 2.0]), np.array([3.0, 4.0]), np.array([2.0]), np.empty(2)
    for state in (u, v, u, u + 5.0, *np.ones((100, 2)), u):
        assert call_callback(made, state, p, out) == OK
        assert np.array_equal(out, 2.0 * state)
    assert seen[0] is seen[2]
    u[0] = 7.0
    call_callback(made, u, p, out)
    assert out[0] == 14.0


def test_machine_code_is_not_shared_by_modules_of_other_names():
    """numba looks for a function's globals in its module, which another process may not have."""
    other = types.FunctionType(residual.__code__, residual.__globals__)
    assert fingerprint(other) == fingerprint(residual)
    other.__module__ = "elsewhere"
    assert fingerprint(other) != fingerprint(residual)
