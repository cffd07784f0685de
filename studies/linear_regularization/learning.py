"""The learning algorithm: convergence to the predicted weights, escape from a saddle, ends of random starts.

Forward-backward passes (11)-(13) on N layers with weight decay, for a quarter turn and for Example 2's matrix.

Taghvaei, Kim, Mehta, NeurIPS 2017, arXiv:1709.09625, section 2 and open problem (i).
Run: ``python -m studies.linear_regularization.learning``.
"""

from collections import Counter

import numpy as np

from studies.command import folder
from studies.linear_regularization.claims import OUT, Claim, command, figure_of, save
from systems.characteristic import characteristic_equation, normal_logarithm
from systems.characteristic.circles import circle_start
from systems.characteristic.index import index_of_layers
from systems.characteristic.layers import LayeredNetwork, start_weights
from systems.characteristic.learning import learn

TURN = np.array([[0.0, -1.0], [1.0, 0.0]])
SKEWED = np.array([[0.0, -1.0], [1.0, np.pi / 2]])
LAM = 0.1
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
    draw(layers, errors, distances, costs, folder(out) / "learning.png", fast)
    slope = np.polyfit(np.log(layers), np.log(errors), 1)[0]
    return {
        "order": float(-slope),
        **{f"error[{N}]": float(error) for N, error in zip(layers, errors)},
        "escape": rates[0],
        "predicted_escape": rates[1],
        "ends": dict(sorted(ends.items())),
        "batches_error": stochastic(20 if fast else 40),
    }


def convergence(layers) -> list[float]:
    """Largest error of the weights learnt from zero, against ``A_t`` of the characteristic equation."""
    C = characteristic_equation(SKEWED).solve([0.1, -0.1, 1.4, 0.1], {"lam": LAM}).state.reshape(2, 2)
    errors = []
    for N in layers:
        network = LayeredNetwork(SKEWED, None, LAM, 1.0, N)
        result = learn(network, np.zeros((N, 2, 2)), 0.2, 50_000, tolerance=1e-10)
        errors.append(float(np.abs(result.weights - start_weights(C, 1.0, N)).max()))
    return errors


def escape(N):
    """Measured and predicted growth rate away from the normal n = -1 solution, and the distances."""
    C = characteristic_equation(TURN).solve(normal_logarithm(TURN, -1).ravel(), {"lam": LAM}).state.reshape(2, 2)
    network, rate = LayeredNetwork(TURN, None, LAM, 1.0, N), 0.05
    point = network.critical_point(start_weights(C, 1.0, N))
    noise = np.random.default_rng(7).normal(size=point.shape)
    result = learn(network, point + 1e-7 * noise, rate, 20_000, reference=point)
    linear = np.flatnonzero((result.distances > 1e-6) & (result.distances < 1e-3))
    measured = np.polyfit(200 * rate * linear, np.log(result.distances[linear]), 1)[0]
    predicted = -index_of_layers(C, LAM, TURN, layers=N)[0]
    return (float(measured), float(predicted)), result.distances


def known_costs() -> dict:
    """Costs of the solutions that starts can end at."""
    problem = characteristic_equation(TURN)
    starts = {"n = 0": normal_logarithm(TURN), "n = -1, normal": normal_logarithm(TURN, -1)}
    starts["n = -1, circle"] = circle_start(np.pi / 2, -1, 1)
    return {name: problem.solve(C.ravel(), {"lam": LAM}) for name, C in starts.items()}


def random_starts(N, steps):
    """Where 40 random starts end, by name, with their costs along the way."""
    network, rng, ends = LayeredNetwork(TURN, None, LAM, 1.0, N), np.random.default_rng(40), Counter()
    references = {}
    for name, point in known_costs().items():
        A = network.critical_point(start_weights(point.state.reshape(2, 2), 1.0, N))
        references[name] = network.cost(A)
    costs = []
    for _ in range(STARTS):
        start = SPREAD * rng.normal(size=(2, 2)) + NOISE * rng.normal(size=(N, 2, 2))
        result = warmed(network, start, steps)
        cost = network.cost(result.weights) if result.ended != "diverged" else np.nan
        near = [name for name, value in references.items() if abs(cost - value) < 1e-6 * (1 + value)]
        ends[near[0] if near else "diverged" if np.isnan(cost) else f"J_N = {cost:.4f} ({result.ended})"] += 1
        costs.append(float(cost))
    return ends, costs


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
    """Relative distance of what stochastic batches of 4 end at from the full batch's weights."""
    network = LayeredNetwork(TURN, None, LAM, 1.0, N)
    full = learn(network, np.zeros((N, 2, 2)), 0.2, 20_000)
    X = np.random.default_rng(4).normal(size=(2, 4000))
    some = learn(network, np.zeros((N, 2, 2)), 0.005, 40_000, data=(X, TURN @ X), batch=4, seed=2)
    return float(np.linalg.norm(some.weights - full.weights) / np.linalg.norm(full.weights))


def claims(numbers) -> list[Claim]:
    """What the paper says of learning."""
    ends = numbers["ends"]
    ratio = numbers["escape"] / numbers["predicted_escape"]
    return [
        Claim(
            "(11)-(13)",
            "learning converges to the weights A_t of the characteristic equation",
            f"error of order {numbers['order']:.3f} in 1/N; batches of 4 end within {numbers['batches_error']:.1e}",
            bool(abs(numbers["order"] - 1) < 0.15 and numbers["batches_error"] < 0.1),
        ),
        Claim(
            "Example 1 (i)",
            "the normal n = -1 solution is a local minimum, where learning stays",
            f"it is left at {ratio:.4f} times the rate of its lowest eigenvalue {-numbers['predicted_escape']:.5f}",
            bool(numbers["escape"] <= 0),
        ),
        Claim(
            "open problem (i)",
            "learning gets stuck at solutions that aren't normal",
            f"ends of {sum(ends.values())} random starts: {ends}",
            bool(any("circle" in name for name in ends)),
        ),
    ]


def draw(layers, errors, distances, costs, path, fast=False):
    """Draw errors against N, the escape, the costs at the ends."""
    figure, axes = figure_of(1, 3, (14.0, 4.4))
    axes[0].loglog(layers, errors, "o-", color="#0072B2")
    axes[0].set(xlabel="layers N", ylabel="largest error of the learnt weights")
    axes[1].semilogy(200 * np.arange(1, len(distances) + 1), distances, color="#D55E00")
    axes[1].set(xlabel="steps", ylabel="distance from the n = -1 solution")
    axes[2].plot(sorted(costs), ".", color="#222222")
    axes[2].set(xlabel="random start, ordered", ylabel="cost at the end")
    for ax in axes:
        ax.grid(alpha=0.25)
    save(figure, path, fast)


if __name__ == "__main__":
    command(globals())
