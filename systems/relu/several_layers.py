"""Networks of several ReLU layers on finite samples: the structure of their gradient (Proposition 2)."""

import numpy as np

from systems.relu.argument_checks import check_matrix


def layered_output(X, weights) -> np.ndarray:
    """Return the sum (N,) of the last layer's outputs for inputs X (N, d) and weights ``[(d, K1), (K1, K2), ...]``.

    Examples
    --------
    >>> layered_output([[1.0, -2.0]], [[[1.0, 0.0], [0.0, 1.0]], [[3.0], [5.0]]])
    array([3.])
    """
    X, weights = _checked(X, weights)
    return _forward(X, weights)[-1].sum(axis=1)


def layered_gradient(X, student, teacher) -> list[np.ndarray]:
    """Return the gradients of ``|g(X; teacher) - g(X; student)|^2 / 2`` by the student's weights, layer by layer.

    ``grad_{w_j} J = X_c' D_j Q_j sum_j' (Q_j' u_j' - Q*_j' u*_j')``, j and j' the nodes of layer c, X_c its input,
    u_j the outputs, D_j the gates, ``Q_k = sum_j w_jk D_j Q_j`` over the nodes j of the layer above, Q = I at the top.

    Parameters
    ----------
    X : (N, d) array
        Samples.
    student, teacher : list of arrays
        Weights, (inputs, nodes) for each layer; the same number of layers.

    Returns
    -------
    list of arrays
        Of the shapes of the student's weights.

    Raises
    ------
    ValueError
        Shapes that do not chain, entries that are not finite, different numbers of layers.

    References
    ----------
    Y. Tian, ICML 2017, arXiv:1703.00560, Proposition 2, equation (19).

    Examples
    --------
    >>> layered_gradient([[1.0, 2.0]], [[[2.0], [0.0]]], [[[1.0], [0.0]]])
    [array([[1.],
           [2.]])]
    """
    X, student = _checked(X, student)
    _, teacher = _checked(X, teacher)
    if len(student) != len(teacher):
        raise ValueError(f"teacher: wanted the student's {len(student)} layers, got {len(teacher)}")
    outputs, targets = _forward(X, student), _forward(X, teacher)
    own, other = _carriers(outputs, student), _carriers(targets, teacher)
    gradients = []
    for c in range(len(student)):
        misfit = (own[c] * outputs[c + 1]).sum(axis=1) - (other[c] * targets[c + 1]).sum(axis=1)
        gates = outputs[c + 1] > 0
        gradients.append(outputs[c].T @ (gates * own[c] * misfit[:, None]))
    return gradients


def _forward(X, weights):
    """Inputs of each layer (N, K_c), and the last outputs."""
    values = [X]
    for W in weights:
        values.append(np.maximum(values[-1] @ W, 0))
    return values


def _carriers(values, weights):
    """Diagonals (N, K_c) of Q for the nodes of each layer."""
    carriers = [np.ones_like(values[-1])]
    for W, output in zip(weights[:0:-1], values[:1:-1]):
        carriers.append(((output > 0) * carriers[-1]) @ W.T)
    return carriers[::-1]


def _checked(X, weights):
    """Arrays whose shapes chain."""
    if not isinstance(weights, list | tuple):
        raise ValueError(f"weights: wanted a list of matrices, one a layer, got {weights!r}")
    X, made = check_matrix("X", X), [check_matrix(f"weights[{c}]", W) for c, W in enumerate(weights)]
    size = X.shape[1]
    for c, W in enumerate(made):
        if len(W) != size:
            raise ValueError(f"weights[{c}]: wanted {size} rows, one an input of the layer, got shape {W.shape}")
        size = W.shape[1]
    return X, made
