"""What gradient flow and gradient descent conserve on homogeneous networks (Du, Hu, Lee, section 2).

Theorems 2.1, 2.2, 2.3 and Corollary 2.1 under flow (fixed Runge-Kutta steps), the exact laws I1 to I3 of descent, and
tanh as negative control.  Run: ``python -m studies.layer_balance.flow``.
"""

import numpy as np

from studies.claims import Claim, verdicts
from studies.command import command, folder
from studies.figures import add_legend, figure_of, save
from systems.training.invariants import drift, layer_imbalance, matrix_imbalance, neuron_imbalance
from systems.training.network_descent import train, train_flow
from systems.training.networks import Network, NetworkLoss

TIME, STEPS, FAST = 10.0, 40_000, 8_000
SAMPLES = 20
OUT = "out/layer_balance"
CONVOLUTION = np.array([[1, 2, 3, 0, 0, 0], [0, 1, 2, 3, 0, 0], [0, 0, 1, 2, 3, 0], [0, 0, 0, 1, 2, 3]])
NETWORKS = {
    "linear": Network([6, 5, 4, 2]),
    "ReLU": Network([6, 5, 4, 2], "relu"),
    "leaky ReLU": Network([6, 5, 4, 2], "leaky", 0.2),
    "mixed": Network([6, 4, 2], "relu", patterns=(CONVOLUTION, np.arange(1, 9).reshape(2, 4))),
    "linear between": Network([6, 5, 4, 3, 2], ("relu", "linear", "relu")),
    "tanh": Network([6, 5, 4, 2], "tanh"),
}


def main(fast=False, out=OUT) -> dict:
    """Run the flows and descents, draw the differences, return the numbers and verdicts.

    Parameters
    ----------
    fast : bool
        Five times fewer steps of the flow.
    out : path-like
        Folder of ``flow.png``; made if missing.

    Returns
    -------
    dict
        Largest departures from each law, and verdicts by claim.
    """
    out = folder(out)
    runs = {name: flow_of(network, FAST if fast else STEPS) for name, network in NETWORKS.items()}
    found = {**conserved(runs), **descent_laws()}
    draw(runs, out / "flow.png", fast)
    return {**found, **verdicts(claims(found))}


def objective_of(network, decay=0.0, seed=0) -> NetworkLoss:
    """Draw random samples and targets for a network."""
    rng = np.random.default_rng(seed)
    X, Y = rng.normal(size=(SAMPLES, network.widths[0])), rng.normal(size=(SAMPLES, network.widths[-1]))
    return NetworkLoss(network, X, Y, decay=decay)


def start_of(network, seed=1) -> np.ndarray:
    """Draw random weights of unit size."""
    return np.random.default_rng(seed).normal(size=network.size) / np.sqrt(network.widths[1])


def flow_of(network, steps, decay=0.0):
    """Follow the gradient flow over `TIME`."""
    return train_flow(objective_of(network, decay), start_of(network), TIME, steps=steps, every=steps // 200)


def conserved(runs) -> dict:
    """Measure the largest changes under flow, relative to the start's squared norm; that of tanh also as it is."""

    def absolute(name, law):
        network, states = NETWORKS[name], runs[name].states
        values = [np.concatenate([np.ravel(d) for d in law(network, theta)]) for theta in states]
        return float(np.max(np.abs(np.array(values) - values[0])))

    def change(name, law):
        states = runs[name].states
        return absolute(name, law) / np.dot(states[0], states[0])

    return {
        "neurons, ReLU": change("ReLU", neuron_imbalance),
        "neurons, leaky ReLU": change("leaky ReLU", neuron_imbalance),
        "layers, ReLU": change("ReLU", layer_imbalance),
        "matrices, linear": change("linear", matrix_imbalance),
        "matrix, between linear layers": change("linear between", lambda n, theta: matrix_imbalance(n, theta)[1]),
        "layers, shared and missing": change("mixed", layer_imbalance),
        "neurons, tanh": change("tanh", neuron_imbalance),
        "layers, tanh, absolute": absolute("tanh", layer_imbalance),
    }


def descent_laws() -> dict:
    """Measure I1, the largest violation in 500 steps; I2, the drift ratio of ten times smaller steps; I3, the decay."""
    violations, lam = [], 0.05
    for network in (NETWORKS[name] for name in ("linear", "ReLU", "leaky ReLU", "mixed")):
        run = train(objective_of(network, lam), start_of(network), 0.05, steps=500, law=True)
        violations.append(run.invariants["violation"][0])
    network = NETWORKS["linear"]
    drifts = []
    for eta in (1e-2, 1e-3):
        run = train(objective_of(network), start_of(network), eta, steps=round(1 / eta))
        drifts.append(drift(network, run.states))
    run = train_flow(objective_of(network, 0.2), start_of(network), 2.0, steps=4000)
    first, last = (layer_imbalance(network, theta) for theta in (run.states[0], run.states[-1]))
    rates = -np.log(np.abs(last / first)) / 2.0
    return {"I1": max(violations), "I2": drifts[0] / drifts[1], "I3": float(np.max(np.abs(rates / 0.4 - 1)))}


def claims(found) -> list:
    """List the claims of section 2 and the laws behind them."""
    return [
        Claim("Theorem 2.1", "ReLU neurons stay balanced", found["neurons, ReLU"], high=1e-4, note="flow"),
        Claim("Theorem 2.1", "leaky ReLU neurons stay balanced", found["neurons, leaky ReLU"], high=1e-4),
        Claim("Corollary 2.1", "layers stay balanced", found["layers, ReLU"], high=1e-4),
        Claim("Theorem 2.2", "linear layers: the whole matrix", found["matrices, linear"], high=1e-9),
        Claim("Theorem 2.2", "one linear layer is enough", found["matrix, between linear layers"], high=1e-4),
        Claim("Theorem 2.3", "shared and missing weights", found["layers, shared and missing"], high=1e-4),
        Claim("section 2", "tanh keeps nothing", found["neurons, tanh"], low=1e-2, note="negative control"),
        Claim("section 2", "tanh, absolute change", found["layers, tanh, absolute"], low=0.1, note="the same"),
        Claim("I1", "law of one step, every step", found["I1"], high=1e-12),
        Claim("I2", "drift of first order in eta", found["I2"], 9.0, 11.0, note="ratio at a tenth of eta"),
        Claim("I3", "imbalance decays as exp(-2 lam t)", found["I3"], high=1e-6),
    ]


def draw(runs, path, fast=False):
    """Draw the change of the first layers' imbalance against time."""
    figure, ax = figure_of(size=(6.5, 4))
    for name, run in runs.items():
        layers = run.invariants["layers"]
        ax.semilogy(run.steps / run.steps[-1] * TIME, np.abs(layers[:, 0] - layers[0, 0]) + 1e-17, label=name)
    ax.set(xlabel="time", ylabel="change of |W1|² - |W2|²", title="Gradient flow (synthetic data)")
    add_legend(ax)
    save(figure, path, fast)


if __name__ == "__main__":
    command(globals(), OUT)
