"""Expansion of normal solutions in the weight decay: orders of its remainders (Theorem 2).

Taghvaei, Kim, Mehta, NeurIPS 2017, arXiv:1709.09625, Theorem 2; the second-order term is found here.
Run: ``python -m studies.linear_regularization.theorem2``.
"""

import numpy as np

from studies.command import folder
from studies.linear_regularization.claims import OUT, Claim, command, figure_of, save
from systems.characteristic import characteristic_equation, normal_logarithm
from systems.characteristic.normal import expansion

T = 1.4
TURNS = ([0], [1], [-1])


def matrix() -> np.ndarray:
    """A normal matrix of order 3, no scaled rotation, in skew axes."""
    Q, _ = np.linalg.qr(np.random.default_rng(2017).normal(size=(3, 3)))
    return Q @ np.array([[0.9, -0.8, 0.0], [0.8, 0.9, 0.0], [0.0, 0.0, 1.6]]) @ Q.T


def main(fast=False, out=OUT) -> dict:
    """Measure the orders for several logarithms of a normal R; draw the remainders.

    Returns
    -------
    dict
        ``order_k[n]``: of the remainder after the terms up to order k, for the logarithm of winding number n.
    """
    lams, numbers, remainders = np.geomspace(2e-3, 2.5e-4, 4 if fast else 10), {}, {}
    problem = characteristic_equation(matrix(), T=T)
    for turns in TURNS:
        L, found = normal_logarithm(matrix(), turns), []
        for lam in lams:
            sums = expansion(L, lam, T)
            exact = problem.solve(sums[2].ravel(), {"lam": lam}).state.reshape(3, 3)
            found.append([float(np.linalg.norm(exact - partial)) for partial in sums])
        remainders[turns[0]] = np.array(found)
        slopes = np.polyfit(np.log(lams), np.log(remainders[turns[0]]), 1)[0]
        numbers |= {f"order_{k}[{turns[0]}]": float(slope) for k, slope in enumerate(slopes)}
    draw(lams, remainders, folder(out) / "theorem2.png", fast)
    return numbers


def claims(numbers) -> list[Claim]:
    """Theorem 2 (ii) and its next order."""
    rows = []
    for k, place, text in (
        (1, "Theorem 2", "C = L/T - lam/T^2 (RR')^-1 L + O(lam^2)"),
        (2, "here", "the lam^2 term leaves O(lam^3)"),
    ):
        orders = [value for key, value in numbers.items() if key.startswith(f"order_{k}[")]
        text_found = ", ".join(f"{order:.3f}" for order in orders)
        holds = bool(max(abs(order - (k + 1)) for order in orders) < 0.1)
        rows.append(Claim(place, text, f"orders {text_found}", holds))
    return rows


def draw(lams, remainders, path, fast=False):
    """Draw the remainders against lam, logarithmically."""
    figure, ax = figure_of(1, 1, (5.5, 4.6))
    for (n, values), marker in zip(remainders.items(), "os^"):
        for k, colour in enumerate(("#222222", "#0072B2", "#D55E00")):
            ax.loglog(lams, values[:, k], marker=marker, ms=3, color=colour, label=f"n = {n}, order {k}")
    ax.set(xlabel="weight decay λ", ylabel="norm of the remainder")
    ax.legend(fontsize=7)
    save(figure, path, fast)


if __name__ == "__main__":
    command(globals())
