"""The learning algorithm: convergence to the predicted weights, escape from a saddle, ends of random starts.

Forward-backward passes (11)-(13) on N layers with weight decay, for a quarter turn and for Example 2's matrix.

Taghvaei, Kim, Mehta, NeurIPS 2017, arXiv:1709.09625, section 2 and open problem (i).
Run: ``python -m studies.linear_regularization.learning``.
"""

from collections import Counter
from typing import NamedTuple

import numpy as np

from continuation import Settings
from studies.claims import Claim
from studies.command import announce, command, folder
from studies.figures import COLOURS, add_legend, figure_of, save
from studies.linear_regularization import OUT, QUARTER_TURN
from studies.linear_regularization.circles import circle_branch
from systems.characteristic import characteristic_equation, normal_logarithm
from systems.characteristic.closed_forms.circles_of_solutions import circle_start, with_circles
from systems.characteristic.closed_forms.normal_solutions import normal_solutions
from systems.characteristic.morse.index import index_of_layers, morse_index
from systems.characteristic.network.forward_backward import CHUNK, learn
from systems.characteristic.network.layered_network import LayeredNetwork, start_weights

SKEWED = np.array([[0.0, -1.0], [1.0, np.pi / 2]])  # of Example 2
LAM = 0.1
RATE = 0.05  # of the run that leaves a saddle
STARTS = 40
SPREAD = 3.0  # of the entries of a random start, constant over the layers
NOISE = 0.3  # of each layer's own


def main(fast=False, out=OUT) -> dict:
    """Measure orders, the escape and the ends of 40 random starts; draw; return the numbers.

    Returns
    -------
    dict
        ``order``, of the error of learnt weights in 1/N; ``error[N]``; ``escape`` and ``predicted_escape``, growth
        rates of the distance from the n = -1 solution by unit of ``rate * steps``; ``ends``, how many of the 40 starts
        end where; ``batches_error``, of stochastic batches of 4 against the full batch, relative.
    """
    layers = (10, 20, 40) if fast else (10, 20, 40, 80, 160)
    errors = convergence(layers)
    rates, distances = escape(30 if fast else 60)
    ends, costs = random_starts(20 if fast else 40, 30_000 if fast else 100_000)
    out = folder(out)
    (out / "learning.txt").write_text(ends_table(ends) + "\n", "utf-8")
    draw(layers, errors, distances, rates[1], costs, out / "learning.png", fast)
    slope = np.polyfit(np.log(layers), np.log(errors), 1)[0]
    return {
        "order": float(-slope),
        **{f"error[{N}]": float(error) for N, error in zip(layers, errors)},
        "escape": rates[0],
        "predicted_escape": rates[1],
        "ends": {end.name: end.count for end in ends},
        "batches_error": stochastic(20 if fast else 40),
    }


def convergence(layers) -> list[float]:
    """Measure the largest error of the weights learnt from zero, against ``A_t`` of the characteristic equation."""
    C = characteristic_equation(SKEWED).solve([0.1, -0.1, 1.4, 0.1], {"lam": LAM}).state.reshape(2, 2)
    errors = []
    for N in layers:
        network = LayeredNetwork(SKEWED, None, LAM, 1.0, N)
        result = learn(network, np.zeros((N, 2, 2)), 0.2, 50_000, tolerance=1e-10)
        errors.append(float(np.abs(result.weights - start_weights(C, 1.0, N)).max()))
    return errors


def escape(N):
    """Measure the growth rate away from the normal n = -1 solution; with the predicted one, and the distances."""
    problem, start = characteristic_equation(QUARTER_TURN), normal_logarithm(QUARTER_TURN, -1)
    C = problem.solve(start.ravel(), {"lam": LAM}).state.reshape(2, 2)
    network = LayeredNetwork(QUARTER_TURN, None, LAM, 1.0, N)
    point = network.critical_point(start_weights(C, 1.0, N))
    noise = np.random.default_rng(7).normal(size=point.shape)
    result = learn(network, point + 1e-7 * noise, RATE, 20_000, reference=point)
    linear = np.flatnonzero((result.distances > 1e-6) & (result.distances < 1e-3))
    measured = np.polyfit(CHUNK * RATE * linear, np.log(result.distances[linear]), 1)[0]
    predicted = -index_of_layers(C, LAM, QUARTER_TURN, layers=N)[0]
    return (float(measured), float(predicted)), result.distances


class End(NamedTuple):
    """Where random starts ended: a solution, how many did, its costs (N layers and continuous), its Morse index."""

    name: str
    count: int
    cost: float
    continuous: float
    index: int


def solutions() -> dict:
    """Return the solutions known at lam = 0.1: five, circles once."""
    problem = characteristic_equation(QUARTER_TURN)
    starts = {"n = 0": normal_solutions(LAM, 0)[0].matrix}
    for name, point in zip(("n = -1, normal", "n = -1, normal saddle"), normal_solutions(LAM, -1)):
        starts[name] = point.matrix
    branch = circle_branch(with_circles(problem), circle_start(np.pi / 2, -1, 1), Settings(max_step=0.15))
    for name, point in zip(("n = -1, circle", "n = -1, circle of saddles"), sorted(branch.at(lam=LAM), key=_cost)):
        starts[name] = point.state.reshape(2, 2)
    return {name: problem.solve(C.ravel(), {"lam": LAM}) for name, C in starts.items()}


def _cost(point) -> float:
    """J of a point."""
    return point["J"]


def random_starts(N, steps):
    """Learn from 40 random starts: one `End` for each solution, and the costs."""
    network, rng = LayeredNetwork(QUARTER_TURN, None, LAM, 1.0, N), np.random.default_rng(40)
    counts, references = Counter(), {}
    known = solutions()
    for name, point in known.items():
        references[name] = network.cost(network.critical_point(start_weights(point.state.reshape(2, 2), 1.0, N)))
    costs = []
    for _ in announce(range(STARTS), "random start"):
        start = SPREAD * rng.normal(size=(2, 2)) + NOISE * rng.normal(size=(N, 2, 2))
        result = warmed(network, start, steps)
        cost = network.cost(result.weights) if result.ended != "diverged" else np.nan
        near = [name for name, value in references.items() if abs(cost - value) < 1e-6 * (1 + value)]
        counts[near[0] if near else result.ended if np.isnan(cost) else "elsewhere"] += 1
        costs.append(float(cost))
    ends = [
        End(name, counts.pop(name, 0), references[name], point["J"], _index(point)) for name, point in known.items()
    ]
    return ends + [End(name, count, np.nan, np.nan, -1) for name, count in counts.items()], costs


def _index(point) -> int:
    """Morse index of a solution."""
    return morse_index(point.state.reshape(2, 2), LAM).index


def ends_table(ends) -> str:
    """Write where the starts ended, as text."""
    lines = [f"{'solution':<28}{'starts':>8}{'J of N layers':>18}{'J':>18}{'index':>8}"]
    lines += [f"{e.name:<28}{e.count:>8}{e.cost:>18.12f}{e.continuous:>18.12f}{e.index:>8}" for e in ends]
    return "\n".join(lines)


def warmed(network, start, steps):
    """Learn with a rate that grows in three stages; all are eight times smaller where one diverges, up to 512."""
    for shrink in (1.0, 8.0, 64.0, 512.0):
        weights = start
        for rate, share in ((0.002, 3000), (0.02, 3000), (0.1, steps)):
            result = learn(network, weights, rate / shrink, int(share * shrink), tolerance=1e-7)
            weights = result.weights
            if result.ended == "diverged":
                break
        if result.ended != "diverged":
            return result
    return result


def stochastic(N) -> float:
    """Measure the relative distance of what stochastic batches of 4 end at from the full batch's weights."""
    network = LayeredNetwork(QUARTER_TURN, None, LAM, 1.0, N)
    full = learn(network, np.zeros((N, 2, 2)), 0.2, 20_000)
    X = np.random.default_rng(4).normal(size=(2, 4000))
    some = learn(network, np.zeros((N, 2, 2)), 0.005, 40_000, data=(X, QUARTER_TURN @ X), batch=4, seed=2)
    return float(np.linalg.norm(some.weights - full.weights) / np.linalg.norm(full.weights))


def claims(numbers) -> list[Claim]:
    """List what the paper says of learning."""
    ends, where = numbers["ends"], "(11)-(13)"
    ratio = numbers["escape"] / numbers["predicted_escape"]
    others = sum(count for name, count in ends.items() if name in ("n = -1, circle",))
    left = sum(ends.values()) - others - ends.get("n = 0", 0)
    return [
        Claim(where, "learning converges to A_t with error O(1/N)", numbers["order"], 0.9, 1.1, note="order"),
        Claim(
            where, "... by stochastic batches too", numbers["batches_error"], high=0.1, note="relative, batches of 4"
        ),
        Claim(
            "Example 1 (i)", "learning stays at the normal n = -1 solution", numbers["escape"], high=0, note="rate away"
        ),
        Claim("here", "it leaves at the rate of the lowest eigenvalue", ratio, 0.95, 1.05, note="ratio"),
        Claim(
            "open problem (i)",
            "learning gets stuck at solutions that aren't normal",
            others,
            1,
            note=f"starts of {sum(ends.values())} that end at the circle of n = -1",
        ),
        Claim("here", "every start ends at a minimum", left, 0, 0, note="starts that end elsewhere"),
    ]


def draw(layers, errors, distances, rate, costs, path, fast=False):
    """Draw errors against N, the escape with the predicted rate, the costs at the ends."""
    figure, axes = figure_of(1, 3, (14.0, 4.6))
    axes[0].loglog(layers, errors, "o-", color=COLOURS[0], label="learnt from zero")
    axes[0].loglog(layers, errors[-1] * layers[-1] / np.array(layers), ":", color=COLOURS[-1], label="1/N")
    axes[0].set(xlabel="layers N", ylabel="largest error of the learnt weights", title="(a) Example 2, λ = 0.1")
    add_legend(axes[0])
    steps = CHUNK * np.arange(1, len(distances) + 1)
    middle = int(np.argmin(np.abs(np.log(distances / 1e-4))))
    line = distances[middle] * np.exp(rate * RATE * (steps - steps[middle]))
    shown = (line > distances.min()) & (line < 10)
    axes[1].semilogy(steps, distances, color=COLOURS[1], label="learning")
    axes[1].semilogy(steps[shown], line[shown], ":", color=COLOURS[-1], label="lowest eigenvalue")
    axes[1].set(xlabel="steps", ylabel="distance from the normal n = -1 solution", title="(b) leaving a saddle")
    add_legend(axes[1])
    axes[2].plot(sorted(costs), ".", color=COLOURS[-1])
    axes[2].set(
        xlabel="random start, ordered by cost", ylabel="cost at the end", title=f"(c) {len(costs)} starts, λ = 0.1"
    )
    for ax in axes:
        ax.grid(alpha=0.25)
    save(figure, path, fast)


if __name__ == "__main__":
    command(globals(), OUT)
