"""Gradients of deeper networks, and paths in the plane."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from systems.relu.population_loss.population import gradient, network
from systems.relu.several_layers import layered_gradient, layered_output
from systems.relu.symmetric.plane_flow import plane_basins, plane_path


@pytest.mark.parametrize("shapes", [[(3, 2)], [(3, 4), (4, 2)], [(2, 5), (5, 3), (3, 4)]])
def test_gradient_of_layers_against_back_propagation(shapes, rng):
    X = rng.standard_normal((40, shapes[0][0]))
    student, teacher = ([rng.standard_normal(shape) for shape in shapes] for _ in range(2))
    values, gates = [X], []
    for W in student:
        gates.append(values[-1] @ W > 0)
        values.append(np.maximum(values[-1] @ W, 0))
    back = np.repeat((values[-1].sum(axis=1) - layered_output(X, teacher))[:, None], shapes[-1][1], axis=1)
    expected = []
    for c in reversed(range(len(shapes))):
        back = back * gates[c]
        expected.insert(0, values[c].T @ back)
        back = back @ student[c].T
    for got, right in zip(layered_gradient(X, student, teacher), expected):
        assert_allclose(got, right, rtol=0, atol=1e-12 * np.abs(right).max())


def test_one_layer_on_many_samples_is_the_population_gradient(rng):
    W, V = rng.standard_normal((2, 3, 4))
    X = rng.standard_normal((500_000, 4))
    (sampled,) = layered_gradient(X, [W.T], [V.T])
    assert_allclose(sampled.T / len(X), gradient(W, network(V, 3)), rtol=0, atol=0.03)


def test_paths_and_basins():
    path, losses = plane_path([1e-3, 0.0], 5, steps=4000)
    assert_allclose(path[-1], [1, 0], rtol=0, atol=1e-8)
    assert (np.diff(losses) < 1e-14).all()
    assert path[:, 1].max() > 0.1  # the detour
    x, y = np.meshgrid(np.linspace(0.05, 1, 8), np.linspace(0, 1, 9))
    ends = plane_basins(x, y, 5)
    assert (ends[x > y] == 0).all()
    assert (ends[x < y] == 1).all()
    assert plane_basins(0.3, 0.1, 5, steps=3) == -1  # too few steps to arrive


def test_bad_input():
    with pytest.raises(ValueError, match=r"weights\[1\]: wanted 2 rows"):
        layered_output(np.ones((4, 3)), [np.ones((3, 2)), np.ones((3, 2))])
    with pytest.raises(ValueError, match="student's 1 layers, got 2"):
        layered_gradient(np.ones((4, 3)), [np.ones((3, 2))], [np.ones((3, 2)), np.ones((2, 1))])
    with pytest.raises(ValueError, match="not both zero"):
        plane_path([0.0, 0.0], 3)
    with pytest.raises(ValueError, match=r"plane_basins\(K=...\)"):
        plane_basins(1.0, 0.0, 1)
