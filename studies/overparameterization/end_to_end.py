"""Does depth act as the preconditioner that Arora, Cohen and Hazan derive?  Sections 3 and 5 to 7, in numbers.

Observation 1, Theorem 1 (equation 8), equation 10, Claims 1 and 2, independence of width, the line integral of
Theorem 2, the bound on the rate of section 7.  Run: ``python -m studies.overparameterization.end_to_end``.
"""

import itertools

import numpy as np

from continuation import Problem
from studies.claims import Claim, write_claims
from studies.command import command, folder
from studies.overparameterization import preconditioner as pre
from systems.regression import check_even_power
from systems.training.descent import largest_stable_rate

OUT = "out/overparameterization"
DEPTHS = (2, 3, 4)  # layers


def main(fast=False, out=OUT) -> dict:
    """Compute every number, write ``end_to_end.txt``, return numbers and verdicts.

    Parameters
    ----------
    fast : bool
        Shorter flows.
    out : path-like
        Folder of the table; made if missing.

    Returns
    -------
    dict
    """
    out = folder(out)
    found = numbers(fast)
    return {**found, **write_claims(claims(found), out / "end_to_end.txt")}


def numbers(fast=False) -> dict:
    """Compute all numbers, by name."""
    rng = np.random.default_rng(0)
    W, gradient = _problem(rng)
    steps = 300 if fast else 4000
    scale = np.linalg.norm(W)
    return {
        "observation": _observation_ratio(rng),
        "equation 8": max(flow_difference(W, gradient, n, steps) for n in DEPTHS) / scale,
        "unbalanced": flow_difference(W, gradient, 3, steps, upset=1.0) / scale,
        "equation 10": _rate_of_equation_10(W, gradient),
        "claim 1": max(_claim_1(W, gradient(W), n, 1) for n in DEPTHS),
        "claim 1, slides": min(_claim_1(W, gradient(W), n, 2) for n in DEPTHS),
        "claim 2": _claim_2(rng),
        "width": _width_difference(W, gradient),
        "integral error": max(_integral_error(n) for n in (2, 3, 4, 10)),
        "integral": min(pre.integrate(n, 1.0, 0.5, 1.0) for n in (3, 4, 10)),
        "integral, two layers": abs(pre.integrate(2, 1.0, 0.5, 1.0)),
        "potential": sum(term != 0 for term in pre.two_layer_potential_error()),
        "bound": max(abs(_bound_ratio(p, y) - 1) for p, y in ((4, 2.0), (4, 0.5), (6, 1.5))),
    }


def claims(found) -> list:
    """List the claims, each with the number it rests on."""
    return [
        Claim("Observation 1", "rule with momentum, error eta^2", found["observation"], 90, 110, "ratio at eta/10"),
        Claim("Theorem 1", "equation 8 from balanced starts", found["equation 8"], high=1e-10),
        Claim("Theorem 1", "needs the balance", found["unbalanced"], low=1e-3, note="negative control"),
        Claim("Eq 10", "follows descent with error eta", found["equation 10"], 9, 11, "ratio at eta/10"),
        Claim("Claim 1", "eigenvalues with exponent j - 1", found["claim 1"], high=1e-12),
        Claim("Claim 1", "exponent j - 2, as the slides print", found["claim 1, slides"], high=1e-12),
        Claim("Claim 2", "equation 12 is equation 10, one output", found["claim 2"], high=1e-12),
        Claim("section 5", "width does not matter", found["width"], high=1e-11),
        Claim("Theorem 2", "line integral as computed", found["integral error"], high=1e-9),
        Claim("Theorem 2", "no potential for N >= 3", found["integral"], low=1e-3, note="integral"),
        Claim("Theorem 2", "zero for N = 2", found["integral, two layers"], high=1e-9),
        Claim("Theorem 2, footnote", "|w| w.u is a potential, N = 2", found["potential"], high=0, note="symbolic"),
        Claim("section 7", "eta < 2 / y^(p-2) is sharp", found["bound"], high=1e-3, note="relative"),
    ]


def flow_difference(W, gradient, depth, steps, upset=0.0, time=1.0) -> float:
    """Measure the largest difference of the product of N layers under flow and of equation 8, decay 0.1."""
    layers, decay, h, worst = pre.balanced_layers(W, depth), 0.1, time / steps, 0.0
    layers[0] = layers[0] * (1 + upset)
    layers[-1] = layers[-1] / (1 + upset)
    W = _product(layers)

    def rate(state):
        return [-g - decay * w for g, w in zip(pre.layer_gradients(state, gradient), state)]

    def rate_of_product(state):
        return [-decay * depth * state[0] - pre.precondition(state[0], gradient(state[0]), depth)]

    whole = [W]
    for _ in range(steps):
        layers, whole = _runge_kutta(rate, layers, h), _runge_kutta(rate_of_product, whole, h)
        worst = max(worst, np.max(np.abs(_product(layers) - whole[0])))
    return float(worst)


def _problem(rng):
    """A start W (3, 4) and the gradient of ``1/2 |W A - B|^2``."""
    A, B = rng.normal(size=(4, 6)), rng.normal(size=(3, 6))
    W = rng.normal(size=(3, 4))
    W /= np.linalg.norm(W)
    return W, lambda w: (w @ A - B) @ A.T / 6


def _runge_kutta(rate, state, h):
    """One classical step for a list of matrices."""

    def moved(direction, size):
        return [w + size * d for w, d in zip(state, direction)]

    k1 = rate(state)
    k2 = rate(moved(k1, h / 2))
    k3 = rate(moved(k2, h / 2))
    k4 = rate(moved(k3, h))
    return [w + h / 6 * (a + 2 * b + 2 * c + d) for w, a, b, c, d in zip(state, k1, k2, k3, k4)]


def _product(layers):
    """``W_N ... W_1``."""
    product = layers[0]
    for w in layers[1:]:
        product = w @ product
    return product


def _descended(layers, gradient, eta, steps):
    """Product of the layers after gradient descent."""
    for _ in range(steps):
        layers = [w - eta * g for w, g in zip(layers, pre.layer_gradients(layers, gradient))]
    return _product(layers)


def _rate_of_equation_10(W, gradient) -> float:
    """How the difference of equation 10 and descent over a fixed time shrinks with eta, at a tenth of it."""
    errors = []
    for eta in (1e-2, 1e-3):
        steps, whole = round(1 / eta), W
        for _ in range(steps):
            whole = whole - eta * pre.precondition(whole, gradient(whole), 3)
        errors.append(np.max(np.abs(whole - _descended(pre.balanced_layers(W, 3), gradient, eta, steps))))
    return float(errors[0] / errors[1])


def _observation_ratio(rng, p=4) -> float:
    """Observation 1: error of ``w - rho grad - gamma w`` after one step of l_p descent, at eta over that at eta/10."""
    check_even_power(p)
    X, y, w1, w2 = rng.normal(size=(20, 3)), rng.normal(size=20), rng.normal(size=3), 0.7

    def error(eta):
        pull = (X @ w1 * w2 - y) ** (p - 1)
        g = X.T @ pull / len(y)
        new = (w1 - eta * w2 * g) * (w2 - eta * g @ w1)
        rho, gamma = eta * w2**2, eta / w2 * (g @ w1)
        return np.linalg.norm(new - (w1 * w2 - rho * g - gamma * w1 * w2))

    return float(error(1e-3) / error(1e-4))


def _claim_1(W, G, depth, shift) -> float:
    """Residual of ``P vec(u v') = value vec(u v')`` over all singular pairs, relative to the largest eigenvalue."""
    U, _, Vt = np.linalg.svd(W)
    values = pre.preconditioner_eigenvalues(W, depth, shift)
    worst = 0.0
    for r, q in itertools.product(range(len(U)), range(len(Vt))):
        if not np.isfinite(values[r, q]):  # a zero singular value to a negative power
            continue
        pair = np.outer(U[:, r], Vt[q])
        worst = max(worst, np.max(np.abs(pre.precondition(W, pair, depth) - values[r, q] * pair)))
    return float(worst / np.max(pre.preconditioner_eigenvalues(W, depth)))


def _claim_2(rng) -> float:
    """Equation 12 against equation 10 with one output, relative."""
    worst = 0.0
    for depth in (1, 2, 3, 8):
        w, g = rng.normal(size=5), rng.normal(size=5)
        whole = pre.precondition(w[None], g[None], depth)[0]
        worst = max(worst, np.max(np.abs(whole - pre.single_output(w, g, depth))) / np.max(np.abs(whole)))
    return float(worst)


def _width_difference(W, gradient) -> float:
    """Largest difference of the products of networks of widths 3, 5 and 20 after the same descent."""
    ends = [_descended(pre.balanced_layers(W, 3, width), gradient, 0.02, 200) for width in (3, 5, 20)]
    return float(max(np.max(np.abs(end - ends[0])) for end in ends))


def _integral_error(depth) -> float:
    """Quadrature against the formula."""
    return abs(pre.integrate(depth, 0.7, 0.3, 1.1) - pre.line_integral(depth, 0.7, 0.3, 1.1))


def _bound_ratio(p, y) -> float:
    """Largest rate that does not diverge from w = 0, over ``2 / y^(p-2)``."""
    check_even_power(p)
    problem = Problem.from_expressions({"w": f"-(w - y)**{p - 1}"}, {"y": y})
    bound = 2 / y ** (p - 2)
    return largest_stable_rate(problem, [0.0], 3 * bound) / bound


if __name__ == "__main__":
    command(globals(), OUT)
