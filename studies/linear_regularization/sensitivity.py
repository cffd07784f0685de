"""Finite samples: how far solutions move, predicted by first derivatives and checked by sampling (open problem ii).

``lam C = F' (R - F) S_N + F' Q_N``: the spread of C over samples follows from dC/dS_N and dC/dQ_N, and it grows
without bound towards a fold.

Beyond Taghvaei, Kim, Mehta, NeurIPS 2017, arXiv:1709.09625, section 4.
Run: ``python -m studies.linear_regularization.sensitivity``.
"""

import math

import numpy as np

from continuation import Settings, trace
from continuation.ground.status import StartError
from studies.claims import Claim
from studies.command import command, folder
from studies.figures import COLOURS, draw_branch, figure_of, legend, save
from studies.linear_regularization import OUT, QUARTER_TURN
from systems.characteristic import characteristic_equation, normal_logarithm
from systems.characteristic.closed_forms.normal_solutions import fold
from systems.characteristic.critical_point import CriticalPoint
from systems.characteristic.matrix_checks import entries_by_name
from systems.characteristic.network.data_sensitivity import predicted_covariance, sample_moments
from systems.characteristic.variants.sampled_data import sampled_equation

NOISE = 0.09 * np.eye(2)  # covariance of the outputs' noise
SIZE = 1000  # of a sample
CLASSES = (0, -1, 1)
LAMS = (0.02, 0.05)  # weight decays at which the prediction is checked by sampling


def main(fast=False, out=OUT) -> dict:
    """Predict the spread along the branches n = 0, -1, 1, check it by sampling; draw; return the numbers.

    Returns
    -------
    dict
        ``predicted[n, lam]``, ``measured[n, lam]``: root of the mean square of the change of C, by 1000 samples;
        ``error``: the largest of ``measured / predicted - 1``, in standard errors; ``growth``: exponent of the
        predicted spread in the distance ``lam_bar - lam`` from the fold of n = -1 (-1/2 expected).
    """
    samples, settings = 60 if fast else 600, Settings(max_step=0.1 if fast else 0.02, max_points=400)
    numbers, curves, worst = {}, {}, 0.0
    problem = characteristic_equation(QUARTER_TURN)
    for n in CLASSES:
        start = normal_logarithm(QUARTER_TURN, n).ravel()
        stop = (lambda point: point["lam"] > 0.3) if n == 0 else 1
        branch = trace(problem, start, "lam", (0.0, 0.3), settings=settings, direction=+1, stop=stop)
        curves[n] = branch, predict_along(branch)
        for lam in LAMS:
            (C,) = (p.state for p in branch.at(lam=lam))
            numbers[f"predicted[{n}, {lam}]"] = predict_spread(C, lam)
            numbers[f"measured[{n}, {lam}]"] = measured = sample_spread(C, lam, samples)
            worst = max(worst, abs(measured / numbers[f"predicted[{n}, {lam}]"] - 1) * math.sqrt(2 * samples))
    numbers |= {"error": worst, "growth": growth_at_fold(problem)}
    draw(curves, numbers, folder(out) / "sensitivity.png", fast)
    return numbers


def predict_along(branch) -> np.ndarray:
    """Predict the spread on every row; NaN on special ones, where DG is singular."""
    special, out = {point.index for point in branch.special}, np.full(len(branch), np.nan)
    for row in set(range(len(branch))) - special:
        out[row] = predict_spread(branch.states[row], branch["lam"][row])
    return out


def predict_spread(C, lam) -> float:
    """Predict the root of the mean of ``|dC|^2``."""
    point = CriticalPoint(C.reshape(2, 2), QUARTER_TURN, lam)
    return float(math.sqrt(np.trace(predicted_covariance(point, NOISE, SIZE))))


def sample_spread(C, lam, samples) -> float:
    """Measure the same by solving the equation of each sample."""
    problem, squares = sampled_equation(QUARTER_TURN, np.eye(2)), []
    point = CriticalPoint(C.reshape(2, 2), QUARTER_TURN, lam)
    for seed in range(samples):
        S_N, Q_N = sample_moments(point, NOISE, SIZE, seed)
        try:
            found = problem.solve(C, {"lam": lam, **entries_by_name("S", S_N), **entries_by_name("Q", Q_N)})
        except StartError:  # the sample has no such solution: its fold lies before lam
            continue
        squares.append(float(np.sum((found.state - C) ** 2)))
    return math.sqrt(np.mean(squares))


def growth_at_fold(problem) -> float:
    """Fit the exponent of the spread in the distance from the fold of n = -1."""
    end, found = fold(-1).lam, []
    branch = trace(problem, normal_logarithm(QUARTER_TURN, -1).ravel(), "lam", (0.0, 0.3), direction=+1, stop=1)
    distances = np.geomspace(1e-4, 1e-6, 5)
    for distance in distances:
        upper = min(branch.at(lam=end - distance), key=lambda point: point["J"])
        found.append(predict_spread(upper.state, end - distance))
    return float(np.polyfit(np.log(distances), np.log(found), 1)[0])


def claims(numbers) -> list[Claim]:
    """List the claims of open problem (ii)."""
    n0, n1 = numbers[f"predicted[0, {LAMS[1]}]"], numbers[f"predicted[-1, {LAMS[1]}]"]
    where, cases = "open problem (ii)", f"at {len(LAMS) * len(CLASSES)} solutions, samples of {SIZE}"
    spread = "dC/dS_N and dC/dQ_N predict the spread of C"
    slope = abs(numbers["growth"] + 0.5)
    return [
        Claim(where, spread, numbers["error"], high=4, note=f"largest error in standard errors, {cases}"),
        Claim(
            where, "other classes are more sensitive than n = 0", n1 / n0, 1, note=f"ratio of n = -1, lam = {LAMS[1]}"
        ),
        Claim("here", "the spread grows as (lam_bar - lam)^(-1/2)", slope, high=0.02, note="error of the exponent"),
    ]


def draw(curves, numbers, path, fast=False):
    """Draw the predicted spread along the branches, by index, and the sampled ones."""
    figure, ax = figure_of(1, 1, (6.4, 4.8))
    for (n, (branch, values)), colour in zip(curves.items(), COLOURS):
        draw_branch(ax, branch, "lam", values, colour, f"n = {n}")
        found = [numbers[f"measured[{n}, {lam}]"] for lam in LAMS]
        ax.plot(LAMS, found, "*", ms=9, color=colour, mec="white", mew=0.6, label="sampled" if n == 0 else None)
    ax.set(xlabel="weight decay λ", ylabel=f"spread of C over samples of {SIZE}", yscale="log")
    ax.grid(alpha=0.25)
    legend(ax, "minimum (index 0)", kinds=(), loc="upper right")
    save(figure, path, fast)


if __name__ == "__main__":
    command(globals(), OUT)
