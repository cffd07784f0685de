"""Hidden units: what is found by shapes and values, and states that are the same but for them."""

import numpy as np
import pytest

from continuation import Problem, same_orbit


def network(activation, hidden=3, bias=True, decay=0.01):
    """A student with one hidden layer, its weights in a mapping, and numbers to begin with."""
    x = np.linspace(-1.5, 2.0, 7)[:, None] * np.array([1.0, 0.4]) + np.array([0.0, 0.3])
    y = np.cos(x[:, 0])

    def loss(w):
        h = activation(x @ w["in"].T + (w["bias"] if bias else 0.0))
        return np.mean((h @ w["out"] - y) ** 2) + decay * sum(np.sum(part**2) for part in w.values())

    rng = np.random.default_rng(1)
    example = {"in": rng.normal(size=(hidden, 2)), "out": rng.normal(size=hidden)}
    if bias:
        example["bias"] = rng.normal(size=hidden)
    return Problem.from_loss(loss, example, {}, symmetries="hidden units"), example


def test_permutations_and_signs_of_an_odd_activation():
    problem, _ = network(np.tanh)
    assert problem.symmetry.order == 2**3 * 6
    assert not problem.symmetry.continuous


def test_no_signs_where_the_activation_is_not_odd():
    problem, _ = network(lambda z: 1 / (1 + np.exp(-z)))
    assert problem.symmetry.order == 6


def test_incoming_signs_of_an_even_activation():
    problem, _ = network(np.cos, decay=0.0)
    assert problem.symmetry.order == 2**3 * 6
    flip = problem.symmetry.generators[-1]
    assert "out" not in str(flip)


def linear(z):
    return z  # smooth and homogeneous


def test_scales_of_a_homogeneous_activation():
    problem, w = network(linear, decay=0.0)
    assert len(problem.symmetry.continuous) == 3
    other = {name: part.copy() for name, part in w.items()}
    other["in"][1] *= 3.0
    other["bias"][1] *= 3.0
    other["out"][1] /= 3.0
    other = {name: part[[2, 0, 1]] for name, part in other.items()}
    assert same_orbit(problem, w, other)
    other["out"][0] *= 1.001
    assert not same_orbit(problem, w, other)


def test_decay_breaks_scales():
    problem, _ = network(linear, decay=0.1)
    assert not problem.symmetry.continuous


@pytest.mark.parametrize("hidden", [3, 10])
def test_same_but_for_hidden_units(hidden):
    """Ten units have 3.7e9 symmetries, which are never listed."""
    problem, w = network(np.tanh, hidden)
    rng = np.random.default_rng(0)
    move, sign = rng.permutation(hidden), rng.choice([-1.0, 1.0], hidden)
    other = {"in": (sign[:, None] * w["in"])[move], "out": (sign * w["out"])[move], "bias": (sign * w["bias"])[move]}
    assert same_orbit(problem, w, other)
    assert len(problem.symmetry.elements) <= 10_000
    other["in"][0, 0] *= -1.0
    assert not same_orbit(problem, w, other)


def test_none_are_said():
    with pytest.raises(ValueError, match='symmetries: "hidden units" found none'):
        Problem.from_loss(lambda w: w[0] ** 2 + 2 * w[1] ** 2, np.ones(2), {}, symmetries="hidden units")


def test_turned_states_are_the_same():
    problem = Problem.from_loss(
        lambda w: (w @ w - 1) ** 2, np.ones(2), {}, symmetries=[lambda w: np.array([-w[1], w[0]])]
    )
    assert same_orbit(problem, [0.6, 0.8], [-1.0, 0.0])
    assert not same_orbit(problem, [0.6, 0.8], [-1.1, 0.0])


def test_scalings_are_symmetries_of_a_gradient():
    """``(a b - 1)**2 / 2`` does not change under (c a, b / c), its gradient does; nor is it kept by (c a, c b)."""
    equations = {"a": "b*(1 - a*b)", "b": "a*(1 - a*b)"}
    declared = {"symmetric": True, "symmetries": [lambda u: np.array([u[0], -u[1]])]}
    problem = Problem.from_expressions(equations, {}, **declared)
    assert same_orbit(problem, [2.0, 0.5], [0.25, 4.0])
    assert not same_orbit(problem, [2.0, 0.5], [0.25, 4.1])
    with pytest.raises(ValueError, match="does not respect the generator"):
        Problem.from_expressions(equations, {}, symmetric=True, symmetries=[lambda u: u])


def test_units_of_which_only_some_are_alike_are_no_layer():
    with pytest.raises(ValueError, match="found none"):
        Problem.from_loss(
            lambda w: np.sum(np.array([1.0, 1.0, 2.0]) * w**4 - w), np.ones(3), {}, symmetries="hidden units"
        )
