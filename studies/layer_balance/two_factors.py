"""Gradient descent on asymmetric matrix factorization (Du, Hu, Lee, section 3 and Fig. 1).

Lemma 3.1 (i)-(iii) and Theorem 3.1 with step sizes that can be run, ``0.1 / |M| (t + 1)^-(1/2 + delta)`` (the printed
ones make the flow time grow like log T); Lemma 3.2 over stationary points; Theorem 3.2 in its four scalars, with the
initial delta read as a standard deviation; Fig. 1.  Run: ``python -m studies.layer_balance.two_factors``.
"""

import numpy as np

from studies.claims import Claim, missing, verdicts
from studies.command import command, folder
from studies.figures import add_legend, figure_of, save
from systems.factorization import factorization, split_factors
from systems.training.descent import descend

SHAPE, RANK = (15, 12), 3
EPSILON = 0.1  # of Theorem 3.1, relative to |M|
DELTA = 0.1  # of Theorem 3.1: the steps fall as t^-(1/2 + delta)
OUT = "out/layer_balance"


def main(fast=False, out=OUT) -> dict:
    """Run the experiments of section 3, draw Fig. 1, return the numbers and verdicts.

    Parameters
    ----------
    fast : bool
        Fewer steps, stationary points and initialisations.
    out : path-like
        Folder of ``factorization.png``; made if missing.

    Returns
    -------
    dict
        Numbers by name, and verdicts by claim.
    """
    out = folder(out)
    M = target()
    figure1 = norms_along(M, 2000 if fast else 10_000)
    found = {
        **diminishing_steps(M, 60_000 if fast else 200_000),
        **stationary_points(60 if fast else 400),
        **rank_one(200 if fast else 2000),
        **{f"fig1 {key}": value for key, value in figure_numbers(figure1).items()},
    }
    draw(figure1, out / "factorization.png", fast)
    return {**found, **verdicts(claims(found))}


def target(seed=0) -> np.ndarray:
    """Make a random matrix with the singular values 1, 0.8 and 0.6."""
    rng = np.random.default_rng(seed)
    left, right = (np.linalg.qr(rng.normal(size=(d, RANK)))[0] for d in SHAPE)
    return left * np.array([1.0, 0.8, 0.6]) @ right.T


def diminishing_steps(M, steps, seed=1) -> dict:
    """Check Theorem 3.1 and Lemma 3.1 from a small start: imbalance, increase of f, size and the final misfit."""
    rng, size = np.random.default_rng(seed), np.linalg.norm(M)
    epsilon = EPSILON * size
    scale = np.sqrt(epsilon) / max(M.shape)  # poly(d) = d^2 for the variance
    U, V = scale * rng.normal(size=(M.shape[0], RANK)), scale * rng.normal(size=(M.shape[1], RANK))
    imbalance, rise, largest, before = 0.0, 0.0, 0.0, np.inf
    for t in range(steps):
        E = U @ V.T - M
        loss = 0.5 * np.vdot(E, E)
        imbalance = max(imbalance, np.linalg.norm(U.T @ U - V.T @ V))
        largest = max(largest, np.vdot(U, U), np.vdot(V, V))
        rise, before = max(rise, loss - before), loss
        eta = 0.1 / size * (t + 1) ** -(0.5 + DELTA)
        U, V = U - eta * E @ V, V - eta * E.T @ U
    return {
        "imbalance": imbalance / epsilon,
        "rise": rise / size**2,
        "bound on f": 0.5 * np.vdot(M, M) / size**2,
        "size": largest / (5 * np.sqrt(RANK) * size),
        "misfit": float(np.linalg.norm(U @ V.T - M)) / epsilon,
    }


def stationary_points(count, seed=2) -> dict:
    """Check Lemma 3.2 over stationary points of f found by Newton from random starts.

    For each, epsilon is its own imbalance ``|U'U - V'V|``: it must fit M to epsilon or have a descending direction.
    """
    rng = np.random.default_rng(seed)
    M = np.diag([2.0, 1.0, 0.5])
    problem = factorization(M, 2)
    points, violations, saddles, tries = 0, 0, 0, 0
    while points < count and tries < 50 * count:
        tries += 1
        u = _stationary(problem, rng.uniform(0.1, 1.5) * rng.normal(size=12))
        if u is None:
            continue
        points += 1
        U, V = split_factors(M, 2, u)
        epsilon = np.linalg.norm(U.T @ U - V.T @ V)
        lowest = np.linalg.eigvalsh(-problem.jacobian(u))[0]
        strict, fits = lowest < -1e-9, np.linalg.norm(U @ V.T - M) <= epsilon + 1e-9
        saddles += strict
        violations += not (strict or fits)
    return {
        "stationary points": points,
        "strict saddles": int(saddles),
        "lemma 3.2 violations": missing(points, points - violations),
    }


def four_scalars(state, eta, sigma):
    """Make one step of rank-1 descent in ``a = u.u*``, ``b = v.v*`` and the lengths p, q orthogonal to them."""
    a, p, b, q = state
    shrink_u, shrink_v = 1 - eta * (b * b + q * q), 1 - eta * (a * a + p * p)
    return shrink_u * a + eta * sigma * b, shrink_u * p, shrink_v * b + eta * sigma * a, shrink_v * q


def rank_one(count, seed=3) -> dict:
    """Check Theorem 3.2: the reduction, the share of starts that converge, steps against log d, the rate."""
    rng, sigma, c, step = np.random.default_rng(seed), 2.0, 0.1, 0.05
    steps, converged, ratios = {}, 0, []
    for d in (10, 100, 1000):
        state = _random_scalars(rng, d, c * np.sqrt(sigma / d), count)
        times = np.full(count, np.nan)
        extremes = np.array([np.full(count, np.inf), np.zeros(count)])
        for t in range(3000):
            a, p, b, q = state
            misfit = np.hypot(np.hypot(a * b - sigma, a * q), np.hypot(p * b, p * q))
            times[(misfit <= 1e-3 * sigma) & np.isnan(times)] = t
            ratio = np.abs(a) / np.abs(b)
            extremes = np.array([np.minimum(extremes[0], ratio), np.maximum(extremes[1], ratio)])
            state = four_scalars(state, step / sigma, sigma)
        good = (extremes[0] > 0.01) & (extremes[1] < 100) & ~np.isnan(times)
        steps[d], converged = np.median(times), converged + np.mean(good) / 3
        ratios.append(np.mean(good))
    growth = (steps[1000] - steps[100]) / (steps[100] - steps[10])
    return {
        "reduction": _reduction_error(rng, sigma),
        "probability": float(min(ratios)),
        "log growth": float(growth),
        "rate": _rate_error(rng, sigma, step / sigma),
    }


def norms_along(M, steps, seed=4) -> dict:
    """Run Fig. 1: descent with and without the balancing regulariser, by name."""
    rng, problem = np.random.default_rng(seed), factorization(M, RANK)
    start = 0.3 * rng.normal(size=len(problem.states))
    every = max(1, steps // 500)
    return {
        name: descend(problem, start, 0.05, parameters={"mu": mu}, steps=steps, every=every)
        for name, mu in (("objective (1)", 0.0), ("objective (3)", 1.0))
    }


def squared_norms(run) -> np.ndarray:
    """Return the squared norms of U and V (rows, 2) along a run."""
    cut = SHAPE[0] * RANK
    return np.column_stack([np.sum(part**2, axis=1) for part in (run.states[:, :cut], run.states[:, cut:])])


def figure_numbers(runs) -> dict:
    """Measure final misfits of both objectives; change of difference and ratio of the norms without regulariser."""
    norms = squared_norms(runs["objective (1)"])
    difference, ratio = norms[:, 0] - norms[:, 1], norms[:, 0] / norms[:, 1]
    return {
        "loss (1)": float(runs["objective (1)"].losses[-1]),
        "loss (3)": float(runs["objective (3)"].losses[-1]),
        "difference changes": float(np.ptp(difference) / norms.max()),
        "ratio changes": float(np.ptp(ratio)),
    }


def claims(found) -> list:
    """List the claims of section 3."""
    return [
        Claim("Lemma 3.1 (i)", "imbalance at most epsilon", found["imbalance"], high=1.0, note="of epsilon"),
        Claim("Lemma 3.1 (ii)", "f never rises", found["rise"], high=1e-15, note="of |M|^2"),
        Claim("Lemma 3.1 (iii)", "factors stay bounded", found["size"], high=1.0, note="of the bound"),
        Claim("Theorem 3.1", "fits M to epsilon", found["misfit"], high=1.0, note="of epsilon"),
        Claim("Lemma 3.2", "fit or strict saddle", found["lemma 3.2 violations"], high=0, note="violations"),
        Claim("Theorem 3.2", "four scalars are exact", found["reduction"], high=1e-12),
        Claim("Theorem 3.2", "constant probability", found["probability"], low=0.5, note="least over d"),
        Claim("Theorem 3.2", "steps grow as log d", found["log growth"], 0.7, 1.4, note="ratio of increments"),
        Claim("Theorem 3.2", "rate ln(1 - eta min(|u|^2, |v|^2))", found["rate"], high=1e-3, note="relative"),
        Claim("Fig 1a", "both objectives reach the minimum", found["fig1 loss (1)"], high=1e-8),
        Claim("Fig 1b", "difference of norms constant", found["fig1 difference changes"], high=0.02),
        Claim("Fig 1b", "ratio of norms constant, as printed", found["fig1 ratio changes"], high=0.02),
    ]


def draw(runs, path, fast=False):
    """Draw Fig. 1 and the difference that is really kept."""
    figure, axes = figure_of(1, 3, (12, 3.6))
    for name, run in runs.items():
        norms = squared_norms(run)
        axes[0].semilogy(run.steps, run.losses, label=name)
        axes[1].plot(run.steps, norms[:, 0] / norms[:, 1], label=name)
        axes[2].plot(run.steps, norms[:, 0] - norms[:, 1], label=name)
    labels = {"Fig. 1 (a)": "loss", "Fig. 1 (b)": "ratio |U|² / |V|²", "what is kept": "difference |U|² - |V|²"}
    for ax, (title, label) in zip(axes, labels.items()):
        ax.set(title=title, xlabel="step", ylabel=label)
        add_legend(ax)
    save(figure, path, fast)


def _stationary(problem, u):
    """Newton with least-norm corrections; None where it fails."""
    for _ in range(60):
        f = problem.residual(u)
        if np.max(np.abs(f)) < 1e-12:
            return u
        u = u + np.linalg.lstsq(problem.jacobian(u), -f, rcond=1e-10)[0]
        if not np.max(np.abs(u)) < 1e3:
            return None
    return None


def _random_scalars(rng, d, deviation, count):
    """The four scalars of random vectors of dimension d."""
    u, v = deviation * rng.normal(size=(2, count))
    p, q = deviation * np.sqrt(rng.chisquare(d - 1, size=(2, count)))
    return u, p, v, q


def _reduction_error(rng, sigma) -> float:
    """Departure of the four scalars from descent on vectors, over 300 steps."""
    left, right = (x / np.linalg.norm(x) for x in (rng.normal(size=7), rng.normal(size=5)))
    u, v, worst, eta = 0.3 * rng.normal(size=7), 0.3 * rng.normal(size=5), 0.0, 0.05
    state = _scalars(u, left) + _scalars(v, right)
    for _ in range(300):
        E = np.outer(u, v) - sigma * np.outer(left, right)
        u, v = u - eta * E @ v, v - eta * E.T @ u
        state = four_scalars(state, eta, sigma)
        worst = max(worst, np.max(np.abs(np.array(state) - (_scalars(u, left) + _scalars(v, right)))))
    return float(worst)


def _scalars(u, direction):
    """Component along a unit vector and length orthogonal to it."""
    a = u @ direction
    return a, np.linalg.norm(u - a * direction)


def _rate_error(rng, sigma, eta) -> float:
    """Relative error of the predicted rate per step, from the decay of the orthogonal parts and the misfit."""
    state = _random_scalars(rng, 50, 0.5, 1)
    logs = []
    for _ in range(600):
        state = four_scalars(state, eta, sigma)
        a, p, b, q = (float(x[0]) for x in state)
        logs.append(np.log(np.hypot(np.hypot(a * b - sigma, a * q), np.hypot(p * b, p * q))))
    logs = np.array(logs)
    rows = np.flatnonzero((logs < np.log(1e-4)) & (logs > np.log(1e-10)))
    slope = np.polyfit(rows, logs[rows], 1)[0]
    expected = np.log(1 - eta * min(a * a + p * p, b * b + q * q))
    return float(abs(slope / expected - 1))


if __name__ == "__main__":
    command(globals(), OUT)
