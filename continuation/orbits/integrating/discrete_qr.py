"""Eigenvalues of a product of matrices whose moduli may lie many powers of ten apart: QR round the cycle.

An orthogonal Q is carried through the factors, ``M_i Q = Q' R_i``, several times round.  Its columns come to span the
invariant subspaces of the product by falling moduli; where neighbouring sums of ``log |R_ii|`` are far apart the
spectrum splits, and each block is closed by itself.  (Dieci & Van Vleck, *Appl. Numer. Math.* 17 (1995) 275.)
"""

import numpy as np

SWEEPS = 5  # blocks whose moduli differ by APART have then converged to APART**-SWEEPS, below rounding
# Ratio of moduli that splits blocks: ten times less needs more sweeps, a hundred times more leaves 1e-10 of the
# smaller eigenvalues' digits, since rounding in a block is relative to its largest.
APART = np.log(1e4)


def log_eigenvalues(factors) -> np.ndarray:
    """Logarithms (n,), complex, of the eigenvalues of ``factors[-1] ... factors[0]``, by falling modulus.

    The imaginary part is the angle in (-pi, pi]; the logarithm of a vanishing eigenvalue is ``-inf``.  Cost: 6 QR
    factorisations of each factor.

    Examples
    --------
    >>> (log_eigenvalues([np.diag([1e-100, 1e100])] * 2).real / np.log(10)).round(9).tolist()
    [200.0, -200.0]
    """
    n = len(factors[0])
    q = np.linalg.qr(np.cos(np.outer(np.arange(1, n + 1), np.arange(1, n + 1) ** 2)))[0]  # no axis is special
    for _ in range(SWEEPS):
        q, triangles = _round(factors, q)
    end, triangles = _round(factors, q)
    with np.errstate(divide="ignore"):
        sums = np.sum(np.log(np.abs(np.array([np.diag(r) for r in triangles]))), axis=0)
    turn, found = q.T @ end, []
    for begin, stop in _blocks(sums):
        block = slice(begin, stop)
        product, log = np.eye(stop - begin), 0.0
        for r in triangles:
            product = r[block, block] @ product
            size = np.max(np.abs(product))
            if size > 0:
                product, log = product / size, log + np.log(size)
        with np.errstate(divide="ignore"):
            found.append(np.log(np.linalg.eigvals(turn[block, block] @ product).astype(complex)) + log)
    found = np.concatenate(found)
    return found[np.argsort(-found.real, kind="stable")]


def _round(factors, q) -> tuple:
    """Carry Q through all factors: its image, and the triangles."""
    triangles = []
    for factor in factors:
        q, r = np.linalg.qr(factor @ q)
        triangles.append(r)
    return q, triangles


def _blocks(sums) -> list:
    """Pairs (first, end) of columns whose moduli are near each other."""
    sums = np.maximum(sums, -np.finfo(float).max / 2)
    cuts = [k for k in range(1, len(sums)) if np.min(sums[:k]) - np.max(sums[k:]) > APART]
    return list(zip([0, *cuts], [*cuts, len(sums)]))
