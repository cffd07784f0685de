"""Expansion of normal solutions in the weight decay: orders of its remainders for several R (Theorem 2).

Taghvaei, Kim, Mehta, NeurIPS 2017, arXiv:1709.09625, Theorem 2; the second-order term is found here.
Run: ``python -m studies.linear_regularization.theorem2``.
"""

import numpy as np
import scipy.linalg

from studies.claims import Claim
from studies.command import command, folder
from studies.figures import COLOURS, figure_of, save
from studies.linear_regularization import OUT
from systems.characteristic import characteristic_equation, normal_logarithm
from systems.characteristic.closed_forms.decay_expansion import expansion
from systems.characteristic.critical_point import CriticalPoint

T = 1.4  # no 1, which would hide a wrong power of T
LAMS = (2e-3, 2.5e-4)  # an eighth: remainders fall by 8, 64, 512 with the order


def blocks(*eigenvalues, seed=None) -> np.ndarray:
    """Make a normal matrix with these eigenvalues, one of each conjugate pair; in skew axes where seeded."""
    parts = [np.array([[v.real, -v.imag], [v.imag, v.real]]) if v.imag else np.array([[v.real]]) for v in eigenvalues]
    R = scipy.linalg.block_diag(*parts)
    Q = np.eye(len(R)) if seed is None else np.linalg.qr(np.random.default_rng(seed).normal(size=R.shape))[0]
    return Q @ R @ Q.T


MATRICES = {  # name: R, winding numbers of its planes
    "rot(pi/2)": (blocks(1j), ([0], [-1])),
    "diag(2, 1/2)": (blocks(2 + 0j, 0.5 + 0j), ([],)),
    "d = 3": (blocks(0.9 + 0.8j, 1.6 + 0j, seed=2017), ([0], [1], [-1])),
    "d = 4, two planes": (blocks(1 + 0.5j, -0.6 + 0.9j, seed=4), ([0, 0], [-1, 1])),
}


def main(fast=False, out=OUT) -> dict:
    """Measure the orders for several normal R and logarithms; draw the remainders.

    Returns
    -------
    dict
        ``order_k[R, n]``: of the remainder after the terms up to order k, for the logarithm with winding numbers n;
        ``start[R, n]``, residual of ``log R / T`` at lam = 0; ``constant[R, n]``, how far ``A_t`` is from being
        constant at the largest lam.
    """
    lams, numbers, remainders = np.geomspace(*LAMS, 4 if fast else 10), {}, {}
    for name, (R, windings) in MATRICES.items():
        problem = characteristic_equation(R, T=T)
        for turns in windings:
            key = f"[{name}, {turns}]"
            L, found = normal_logarithm(R, turns or 0), []
            numbers[f"start{key}"] = float(np.abs(problem.residual(L.ravel() / T)).max())
            for lam in lams:
                sums = expansion(L, lam, T)
                exact = problem.solve(sums[2].ravel(), {"lam": lam}).state.reshape(R.shape)
                found.append([float(np.linalg.norm(exact - partial)) for partial in sums])
            point = CriticalPoint(
                problem.solve(L.ravel() / T, {"lam": lams[0]}).state.reshape(R.shape), R, lams[0], T=T
            )
            numbers[f"constant{key}"] = float(np.abs(point.weights(T) - point.C).max())
            remainders[key] = np.array(found)
            slopes = np.polyfit(np.log(lams), np.log(remainders[key]), 1)[0]
            numbers |= {f"order_{k}{key}": float(slope) for k, slope in enumerate(slopes)}
    draw(lams, remainders, folder(out) / "theorem2.png", fast)
    return numbers


def claims(numbers) -> list[Claim]:
    """List the claims: Theorem 2 and its next order."""

    def largest(name, order=0):
        return max(abs(value - order) for key, value in numbers.items() if key.startswith(f"{name}["))

    cases = f"over {sum(len(windings) for _, windings in MATRICES.values())} logarithms of {len(MATRICES)} R"
    return [
        Claim("Theorem 2 (i)", "C = log R / T at lam = 0", largest("start"), high=1e-10, note=f"residual, {cases}"),
        Claim(
            "Theorem 2 (ii)",
            "C = L/T - lam/T^2 (RR')^-1 L + O(lam^2)",
            largest("order_1", 2),
            high=0.1,
            note="largest departure of the order from 2",
        ),
        Claim(
            "here",
            "the lam^2 term leaves O(lam^3)",
            largest("order_2", 3),
            high=0.1,
            note="largest departure of the order from 3",
        ),
        Claim("Prop. 2", "C normal: A_t is constant", largest("constant"), high=1e-9, note="largest change"),
    ]


def draw(lams, remainders, path, fast=False):
    """Draw the remainders against lam, logarithmically."""
    figure, axes = figure_of(2, 2, (10.0, 8.0))
    for ax, name in zip(axes.flat, MATRICES):
        group = {key: values for key, values in remainders.items() if key.startswith(f"[{name}, [")}
        for (key, values), marker in zip(group.items(), "os^"):
            for k, colour in enumerate((COLOURS[-1], *COLOURS[:2])):
                turns = key[len(name) + 4 : -2]
                label = f"order {k}" + (f", n = {turns}" if turns else "")
                ax.loglog(lams, values[:, k], marker=marker, ms=3, color=colour, label=label)
        ax.set(xlabel="weight decay λ", ylabel="norm of the remainder", title=f"R: {name}")
        ax.xaxis.set_minor_formatter("")
        ax.set_xticks([3e-4, 1e-3, 2e-3], ["3e-4", "1e-3", "2e-3"])
        ax.grid(alpha=0.25)
        ax.legend(fontsize=7, loc="lower right")
    save(figure, path, fast)


if __name__ == "__main__":
    command(globals(), OUT)
