"""What descent on homogeneous networks keeps: imbalances of neurons, layers and matrices, and their exact laws.

``D`` is the squared norm of what comes into a neuron less that of what goes out.  Gradient flow keeps it; under decay
it falls as ``exp(-2 lam t)``; one step of plain descent changes it exactly as in `after_step`.
"""

import itertools

import numpy as np


def layer_norms(network, theta) -> np.ndarray:
    """Compute ``|v_h|^2`` (N,): squared norms of the layers' free parameters, in double precision.

    Examples
    --------
    >>> from systems.training.networks import Network
    >>> layer_norms(Network([1, 1, 1]), np.array([3.0, 1.0]))
    array([9., 1.])
    """
    return np.array([np.dot(v.astype(float), v.astype(float)) for v in network.parameters(theta)])


def layer_imbalance(network, theta) -> np.ndarray:
    """Compute ``|v_h|^2 - |v_{h+1}|^2`` (N - 1,) over free parameters, for every kind of layer.

    Examples
    --------
    >>> from systems.training.networks import Network
    >>> layer_imbalance(Network([1, 1, 1]), np.array([3.0, 1.0]))
    array([8.])
    """
    return -np.diff(layer_norms(network, theta))


def neuron_imbalance(network, theta) -> list:
    """Compute ``|W_h[i,:]|^2 - |W_{h+1}[:,i]|^2`` (n_h,) for each hidden layer; weights that aren't shared.

    Raises
    ------
    ValueError
        Shared weights: then only layers obey the law.
    """
    return [np.diag(d).copy() for d in matrix_imbalance(network, theta)]


def matrix_imbalance(network, theta) -> list:
    """Compute ``W_h W_h' - W_{h+1}' W_{h+1}`` (n_h, n_h) for each hidden layer; linear layers keep it as a whole."""
    if network.shared:
        raise ValueError("network: wanted one without shared weights; they keep `layer_imbalance` only")
    layers = [w.astype(float) for w in network.matrices(theta)]
    return [w @ w.T - after.T @ after for w, after in itertools.pairwise(layers)]


def imbalance(network, theta) -> list:
    """Compute the finest invariants of a network: matrices at linear full layers, neurons elsewhere, layers if shared.

    Missing weights break the matrix law: the gradient is masked.
    """
    if network.shared:
        return [layer_imbalance(network, theta)]
    found = matrix_imbalance(network, theta)
    return [d if network.linear_at(h) else np.diag(d).copy() for h, d in enumerate(found)]


def after_step(network, theta, gradient, rate, decay=0.0) -> list:
    """Predict `imbalance` after one step ``theta+ = (1 - rate decay) theta - rate gradient``, exactly (law I1).

    ``D+ = (1 - eta lam)^2 D + eta^2 (|g_h[i,:]|^2 - |g_{h+1}[:,i]|^2)``; `gradient` is that of the loss without the
    decay term.  For homogeneous activations and plain gradient descent.

    Examples
    --------
    >>> from systems.training.networks import Network
    >>> net, theta, X, Y = Network([1, 1, 1]), np.array([3.0, 1.0]), np.array([[1.0]]), np.array([[2.0]])
    >>> _, gradient = net.loss_gradient(theta, X, Y)  # (1, 3)
    >>> after_step(net, theta, gradient, 0.5), imbalance(net, theta - 0.5 * gradient)
    ([array([[6.]])], [array([[6.]])])
    """
    before, kick = imbalance(network, theta), imbalance(network, gradient)
    shrink = (1 - rate * decay) ** 2
    return [shrink * d + rate**2 * g for d, g in zip(before, kick)]


def violation(network, theta, gradient, after, rate, decay=0.0) -> float:
    """Measure the largest departure of a step from law I1, relative to the squared norm of the weights."""
    predicted, found = after_step(network, theta, gradient, rate, decay), imbalance(network, after)
    scale = max(float(np.dot(theta, theta)), np.finfo(float).tiny)
    return max(float(np.max(np.abs(a - b))) for a, b in zip(predicted, found)) / scale


def drift(network, thetas) -> float:
    """Measure the largest change of `imbalance` over states (m, size), from the first; absolute."""
    first = imbalance(network, thetas[0])
    rows = [imbalance(network, theta) for theta in thetas[1:]]
    return max((float(np.max(np.abs(a - b))) for row in rows for a, b in zip(row, first)), default=0.0)
