"""The end-to-end dynamics of deep linear networks (Arora, Cohen, Hazan, equations 8, 10 and 12; Theorem 2).

From balanced starts ``W_{j+1}' W_{j+1} = W_j W_j'`` descent on N layers is descent on their product W preconditioned:
``W' = -eta (lam N W + sum_j [W W']^((j-1)/N) G [W' W]^((N-j)/N))``, G the gradient of the loss at W.
"""

import numpy as np

from systems.number_checks import check_count


def fractional_power(W, exponent, left=True) -> np.ndarray:
    """Return ``[W W']^q`` (or ``[W' W]^q``) by the singular values, with exact zeros; q = 0 is the identity.

    Examples
    --------
    >>> fractional_power(np.diag([4.0, 0.0]), 0.5)
    array([[4., 0.],
           [0., 0.]])
    """
    if exponent == 0:
        return np.eye(W.shape[0] if left else W.shape[1])
    U, s, Vt = np.linalg.svd(W, full_matrices=False)
    s = np.where(s > np.finfo(float).eps * max(W.shape) * s[:1].max(initial=0.0), s, 0.0)
    basis = U if left else Vt.T
    return (basis * s ** (2 * exponent)) @ basis.T


def precondition(W, G, depth) -> np.ndarray:
    """Compute ``sum_j [W W']^((j-1)/N) G [W' W]^((N-j)/N)`` (equation 10).

    Examples
    --------
    >>> precondition(np.array([[4.0]]), np.array([[1.0]]), 2)
    array([[8.]])
    """
    depth = check_count("depth", depth)
    terms = [
        fractional_power(W, (j - 1) / depth) @ G @ fractional_power(W, (depth - j) / depth, left=False)
        for j in range(1, depth + 1)
    ]
    return sum(terms)


def single_output(w, g, depth) -> np.ndarray:
    """Compute ``|w|^(2-2/N) (g + (N-1) Pr_w g)`` for vectors w, g (d,) (equation 12; the field F of Theorem 2).

    Examples
    --------
    >>> single_output(np.array([1.0, 0.0]), np.array([1.0, 1.0]), 3)
    array([3., 1.])
    """
    depth, size = check_count("depth", depth), np.linalg.norm(w)
    if size == 0:
        return np.zeros_like(w) if depth > 1 else g.copy()
    direction = w / size
    return size ** (2 - 2 / depth) * (g + (depth - 1) * (g @ direction) * direction)


def preconditioner_eigenvalues(W, depth, shift=1) -> np.ndarray:
    """Return ``sum_j s_r^(2(N-j)/N) s_q^(2(j-shift)/N)`` (k, d) of Claim 1; the slides print shift = 2, wrongly.

    Examples
    --------
    >>> preconditioner_eigenvalues(np.array([[4.0]]), 2)
    array([[8.]])
    """
    depth, (k, d) = check_count("depth", depth), W.shape
    s = np.zeros(max(k, d))
    s[: min(k, d)] = np.linalg.svd(W, compute_uv=False)
    terms = [
        np.multiply.outer(_power(s[:k], 2 * (depth - j) / depth), _power(s[:d], 2 * (j - shift) / depth))
        for j in range(1, depth + 1)
    ]
    return sum(terms)


def balanced_layers(W, depth, width=None) -> list:
    """Make balanced layers W_1 .. W_N with the product W (k, d); hidden `width` >= rank (default min(k, d)).

    Examples
    --------
    >>> [w.item() for w in balanced_layers(np.array([[8.0]]), 3)]
    [2.0, 2.0, 2.0]
    """
    depth = check_count("depth", depth)
    U, s, Vt = np.linalg.svd(W, full_matrices=False)
    width = len(s) if width is None else width
    if width < np.linalg.matrix_rank(W):
        raise ValueError(f"width: wanted at least the rank {np.linalg.matrix_rank(W)} of W, got {width}")
    r = min(width, len(s))
    root = np.zeros((width, width))
    root[:r, :r] = np.diag(s[:r] ** (1 / depth))
    first, last = np.zeros((width, W.shape[1])), np.zeros((W.shape[0], width))
    first[:r], last[:, :r] = Vt[:r], U[:, :r]
    if depth == 1:
        return [W.copy()]
    return [root @ first, *[root.copy() for _ in range(depth - 2)], last @ root]


def layer_gradients(layers, gradient) -> list:
    """Compute the gradients of L(W_N ... W_1) in the layers; ``gradient(W)`` is that of L."""
    before = [np.eye(layers[0].shape[1])]
    for w in layers:
        before.append(w @ before[-1])
    back, found = gradient(before[-1]), []
    for w, x in zip(layers[::-1], before[-2::-1]):
        found.append(back @ x.T)
        back = w.T @ back
    return found[::-1]


def line_integral(depth, kappa, r, R) -> float:
    """Integrate `single_output` of a field of constant size kappa along the curve of Theorem 2, by formula.

    ``2 kappa (N-1)(N-2)/(3N-2) (R^a - r^a)``, ``a = 3 - 2/N``.

    Examples
    --------
    >>> line_integral(2, 1.0, 0.5, 1.0)
    0.0
    """
    a = 3 - 2 / check_count("depth", depth)
    return 2 * kappa * (depth - 1) * (depth - 2) / (3 * depth - 2) * (R**a - r**a)


def integrate(depth, kappa, r, R) -> float:
    """Integrate the same by quadrature along [-R, -r], the half circle r, [r, R] and the half circle R back."""
    from scipy.integrate import quad

    e = np.array([kappa, 0.0])

    def along(x):
        return single_output(np.array([x, 0.0]), e, depth)[0]

    def around(angle, radius):
        w, tangent = radius * _unit(angle), radius * np.array([-np.sin(angle), np.cos(angle)])
        return single_output(w, e, depth) @ tangent

    total = quad(along, -R, -r)[0] + quad(along, r, R)[0]
    return total + quad(around, np.pi, 0, args=(r,))[0] + quad(around, 0, np.pi, args=(R,))[0]


def two_layer_potential_error():
    """Simplify ``grad (|w| w.u) - F(w)`` for N = 2 and L(w) = w.u: zero, the counterexample for N = 2."""
    import sympy

    x, y, a, b = sympy.symbols("x y a b", real=True)
    size = sympy.sqrt(x**2 + y**2)
    inner = a * x + b * y
    potential = size * inner
    field = [size * (g + inner * w / size**2) for g, w in ((a, x), (b, y))]
    return [sympy.simplify(sympy.diff(potential, w) - f) for w, f in zip((x, y), field)]


def _unit(angle):
    """Unit vector at an angle."""
    return np.array([np.cos(angle), np.sin(angle)])


def _power(s, exponent):
    """``s^exponent`` with ``0^0 = 1``; powers below zero of zero are infinite."""
    with np.errstate(divide="ignore"):
        return np.asarray(s, float) ** exponent
