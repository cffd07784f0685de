"""Training: rules against plain numpy, divergence, flow, networks against differences, the laws of balance."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation import Problem
from systems.linear_networks import scalar_network
from systems.training.descent import descend, flow, largest_stable_rate
from systems.training.invariants import (
    after_step,
    drift,
    imbalance,
    layer_imbalance,
    matrix_imbalance,
    neuron_imbalance,
)
from systems.training.network_descent import train, train_flow
from systems.training.networks import Network, NetworkLoss, power_loss, softmax_loss
from systems.training.rules import AdaDelta, AdaGrad, Adam, GradientDescent, Momentum
from systems.training.runs import Stop


def bowl():
    return Problem.from_expressions({"x": "-2*x", "y": "-10*(y - 1)"}, {"unused": 0})


def steps_of(rule, gradient, u, count):
    """Each rule as its paper writes it."""
    m, v = np.zeros_like(u), np.zeros_like(u)
    for t in range(1, count + 1):
        g = gradient(u)
        if isinstance(rule, Momentum):
            m = rule.momentum * m + g
            u = u - rule.rate * (g + rule.momentum * m if rule.nesterov else m)
        elif isinstance(rule, AdaGrad):
            m = m + g**2 + (rule.accumulator if t == 1 else 0)
            u = u - rule.rate * g / (np.sqrt(m) + rule.epsilon)
        elif isinstance(rule, AdaDelta):
            m = rule.rho * m + (1 - rule.rho) * g**2
            d = np.sqrt(v + rule.epsilon) / np.sqrt(m + rule.epsilon) * g
            v = rule.rho * v + (1 - rule.rho) * d**2
            u = u - rule.rate * d
        elif isinstance(rule, Adam):
            m, v = rule.beta1 * m + (1 - rule.beta1) * g, rule.beta2 * v + (1 - rule.beta2) * g**2
            u = u - rule.rate * m / (1 - rule.beta1**t) / (np.sqrt(v / (1 - rule.beta2**t)) + rule.epsilon)
        else:
            u = u - rule.rate * g
    return u


RULES = [
    GradientDescent(0.05),
    Momentum(0.02, 0.8),
    Momentum(0.02, 0.8, nesterov=True),
    AdaGrad(0.3),
    AdaGrad(0.3, accumulator=0.1),
    AdaDelta(),
    AdaDelta(0.5, rho=0.9),
    Adam(0.1),
]


@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_rules_against_their_papers(rule):
    start = np.array([1.0, -0.5])
    expected = steps_of(rule, lambda u: np.array([2 * u[0], 10 * (u[1] - 1)]), start, 57)
    assert_allclose(descend(bowl(), start, rule, steps=57).final, expected, rtol=1e-12)


@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_rules_on_networks_against_their_papers(rule, rng):
    """With decay, which is added to the gradient."""
    network, decay = Network([3, 2, 2], "relu"), 0.1
    X, Y = rng.normal(size=(10, 3)), rng.normal(size=(10, 2))
    start = rng.normal(size=network.size)
    expected = steps_of(rule, lambda u: network.loss_gradient(u, X, Y, 4)[1] + decay * u, start, 23)
    rule = rule.with_rate(rule.rate)
    assert_allclose(
        train(NetworkLoss(network, X, Y, p=4, decay=decay), start, rule, steps=23).final, expected, rtol=1e-11
    )


def test_records_and_budget():
    run = descend(bowl(), [1.0, 1.0], 0.1, steps=10, every=4)
    assert run.status is Stop.BUDGET
    assert run.made == 10
    assert_allclose(run.states[:, 0], 0.8 ** np.array([0, 4, 8, 10]))
    assert run.steps.tolist() == [0, 4, 8, 10]


def test_convergence_is_a_status():
    run = descend(bowl(), [1.0, 0.0], 0.05, steps=10_000, tolerance=1e-10)
    assert run.status is Stop.CONVERGED
    assert run.made < 400
    assert_allclose(run.final, [0, 1], atol=1e-10)


def test_divergence_is_a_status_and_names_the_largest_stable_rate():
    run = descend(bowl(), [1.0, 0.0], 0.3)
    assert run.diverged
    assert_allclose(run.stable_rate, 2 / 10, rtol=1e-3)
    assert "stable up to" in repr(run)


@pytest.mark.parametrize(("p", "y"), [(4, 2.0), (4, 0.5), (6, 1.3)])
def test_the_bound_for_power_losses_is_sharp(p, y):
    """Section 7 of Arora et al.: w+ = w - eta (w - y)^(p-1) from 0 converges exactly for eta < 2 / y^(p-2)."""
    problem = Problem.from_expressions({"w": f"-(w - y)**{p - 1}"}, {"y": y})
    bound = 2 / y ** (p - 2)
    assert not descend(problem, [0.0], 0.999 * bound, steps=20_000).diverged
    assert descend(problem, [0.0], 1.001 * bound, steps=20_000).diverged
    assert_allclose(largest_stable_rate(problem, [0.0], 3 * bound), bound, rtol=1e-3)


def test_a_function_that_turns_nan_is_divergence_not_an_exception():
    problem = Problem.from_expressions({"x": "-x + log(0.5 + x)"}, {"unused": 0})
    assert descend(problem, [-0.4], 0.5, steps=50).diverged


@pytest.mark.parametrize("method", ["RK4", "DOP853"])
def test_flow_against_the_exponential(method):
    run = flow(bowl(), [1.0, 0.0], 0.7, method=method)
    assert_allclose(run.final, [np.exp(-1.4), 1 - np.exp(-7.0)], rtol=1e-9)


def test_flow_is_of_fourth_order():
    exact = flow(scalar_network(3, 1.0), [0.3], 4.0, step=1e-4).final
    errors = [abs(flow(scalar_network(3, 1.0), [0.3], 4.0, step=h).final - exact)[0] for h in (0.2, 0.1)]
    assert 12 < errors[0] / errors[1] < 22


def test_python_problems_run_too():
    def residual(u, p, out):
        out[0] = -sorted([u[0]])[0]

    problem = Problem(residual, ["x"], {"unused": 0.0}, compiled=False)
    assert_allclose(descend(problem, [1.0], 0.5, steps=4).final, [1 / 16])


def test_two_and_a_half_million_steps():
    problem = scalar_network(3, 1.0)
    run = descend(problem, [0.5], 1e-3, parameters={"lam": 0.3}, steps=2_500_000)
    assert run.made == 2_500_000
    assert_allclose(run.final, [0.8682178749840325], rtol=1e-12)


# Networks


def shared_pattern():
    """A convolution of three weights over five inputs, and a sparse dense layer."""
    first = np.array([[1, 2, 3, 0, 0], [0, 1, 2, 3, 0], [0, 0, 1, 2, 3]])
    return (first, np.array([[1, 0, 2], [3, 4, 0]]))


NETWORKS = {
    "linear": Network([4, 3, 3, 2]),
    "relu": Network([4, 5, 3, 2], "relu"),
    "leaky": Network([4, 5, 3, 2], "leaky", 0.2),
    "missing": Network(
        [5, 3, 2],
        "relu",
        patterns=(
            shared_pattern()[0].astype(bool).cumsum().reshape(3, 5) * (shared_pattern()[0] > 0),
            shared_pattern()[1],
        ),
    ),
    "linear between": Network([4, 5, 3, 3, 2], ("relu", "linear", "leaky")),
    "shared": Network([5, 3, 2], "relu", patterns=shared_pattern()),
}


def data(network, rng, m=12):
    return rng.normal(size=(m, network.widths[0])), rng.normal(size=(m, network.widths[-1]))


@pytest.mark.parametrize("p", [2, 3, 4])
@pytest.mark.parametrize("name", [*NETWORKS, "tanh"])
def test_gradients_by_differences(name, p, rng):
    network = NETWORKS.get(name) or Network([3, 4, 2], "tanh")
    X, Y = data(network, rng)
    theta = 0.6 * rng.normal(size=network.size)
    loss, gradient = network.loss_gradient(theta, X, Y, p)
    assert_allclose(loss, np.mean(np.sum(np.abs(network.output(theta, X) - Y) ** p, axis=1)) / p)
    h = 1e-6
    slope = [
        (network.loss_gradient(theta + e, X, Y, p)[0] - network.loss_gradient(theta - e, X, Y, p)[0]) / (2 * h)
        for e in h * np.eye(network.size)
    ]
    assert_allclose(gradient, slope, rtol=1e-5, atol=1e-8)


def test_cross_entropy_by_differences(rng):
    network = NETWORKS["shared"]
    X, labels = rng.normal(size=(9, 5)), np.eye(2)[rng.integers(2, size=9)]
    theta, objective = 3 * rng.normal(size=network.size), NetworkLoss(network, X, labels, p=softmax_loss)
    loss, gradient = objective.loss_gradient(theta)
    outputs = network.output(theta, X)
    assert_allclose(loss, -np.mean(np.log(np.sum(labels * np.exp(outputs), axis=1) / np.exp(outputs).sum(axis=1))))
    slope = [
        (objective.loss_gradient(theta + e)[0] - objective.loss_gradient(theta - e)[0]) / 2e-6
        for e in 1e-6 * np.eye(network.size)
    ]
    assert_allclose(gradient, slope, rtol=1e-5, atol=1e-8)
    assert np.isfinite(softmax_loss(np.array([[1e4, -1e4]]), np.array([[0.0, 1.0]]))[0])


def test_runs_record_norms_and_their_differences(rng):
    network = NETWORKS["shared"]
    X, Y = data(network, rng)
    start = rng.normal(size=network.size)
    run = train(NetworkLoss(network, X, Y), start, 0.01, steps=20, every=5)
    assert_allclose(run.invariants["norms"][0], [np.sum(start[:3] ** 2), np.sum(start[3:] ** 2)])
    assert_allclose(run.invariants["layers"][:, 0], run.invariants["norms"] @ [1, -1])


@pytest.mark.parametrize("start", [[1, 2], np.array([1, 2])])
def test_whole_numbers_are_a_start_too(start):
    run = train(NetworkLoss(Network([2, 1]), np.eye(2), np.zeros((2, 1))), start, 0.5, steps=1)
    assert_allclose(run.final, [0.75, 1.5])


def test_patterns():
    network = NETWORKS["shared"]
    assert network.shared
    assert not NETWORKS["missing"].shared
    first = network.matrices(np.arange(1.0, 8))[0]
    assert_allclose(first, [[1, 2, 3, 0, 0], [0, 1, 2, 3, 0], [0, 0, 1, 2, 3]])


@pytest.mark.parametrize("decay", [0.0, 0.03])
@pytest.mark.parametrize("name", NETWORKS)
def test_law_of_one_step_at_every_step(name, decay, rng):
    """I1 to 1e-12 at each of 300 steps."""
    network = NETWORKS[name]
    X, Y = data(network, rng)
    run = train(NetworkLoss(network, X, Y, decay=decay), rng.normal(size=network.size), 0.05, steps=300, law=True)
    assert run.status is Stop.BUDGET
    assert run.invariants["violation"][0] < 1e-12


def test_the_law_does_not_hold_for_tanh_nor_for_a_wrong_gradient(rng):
    network = Network([3, 4, 2], "tanh")
    X, Y = data(network, rng)
    run = train(NetworkLoss(network, X, Y), rng.normal(size=network.size), 0.05, steps=20, law=True)
    assert run.invariants["violation"][0] > 1e-4
    network, theta = NETWORKS["relu"], rng.normal(size=NETWORKS["relu"].size)
    X, Y = data(network, rng)
    _, gradient = network.loss_gradient(theta, X, Y)
    wrong = after_step(network, theta, 1.1 * gradient, 0.1)
    right = imbalance(network, theta - 0.1 * gradient)
    assert max(np.abs(a - b).max() for a, b in zip(wrong, right)) > 1e-4


def test_drift_over_a_fixed_time_is_of_first_order(rng):
    """I2: ten times smaller steps, ten times less drift."""
    network = NETWORKS["linear"]
    X, Y = data(network, rng)
    start = rng.normal(size=network.size)
    drifts = []
    for eta in (1e-3, 1e-4):
        run = train(NetworkLoss(network, X, Y), start, eta, steps=round(0.5 / eta))
        drifts.append(drift(network, run.states))
    assert_allclose(drifts[0] / drifts[1], 10, rtol=0.1)


def test_imbalance_decays_under_flow(rng):
    """I3: as exp(-2 lam t)."""
    network, lam = NETWORKS["leaky"], 0.2
    X, Y = data(network, rng)
    run = train_flow(NetworkLoss(network, X, Y, decay=lam), rng.normal(size=network.size), 1.5, steps=6000)
    first, last = (layer_imbalance(network, theta) for theta in (run.states[0], run.states[-1]))
    assert_allclose(last, first * np.exp(-2 * lam * 1.5), rtol=1e-5)


def test_float32_stays_float32(rng):
    network = NETWORKS["relu"]
    X, Y = (a.astype(np.float32) for a in data(network, rng))
    run = train(NetworkLoss(network, X, Y), rng.normal(size=network.size).astype(np.float32), 0.05, steps=5)
    assert run.final.dtype == np.float32


def test_stochastic_descent_visits_every_sample_once_an_epoch(rng):
    seen = []

    class Counting:
        samples, decay, network = 12, 0.0, None

        def loss_gradient(self, theta, rows):
            seen.append(rows)
            return 0.0, np.ones(1)

    train(Counting(), np.zeros(1), 0.1, steps=5, batch=4)
    assert sorted(np.concatenate(seen[:3])) == list(range(12))
    assert sorted(np.concatenate(seen[3:6])) == list(range(12))


def test_stochastic_descent_and_adam_learn(rng):
    network = Network([3, 1])
    X = rng.normal(size=(40, 3))
    Y = X @ np.array([[1.0], [-2.0], [0.5]])
    for rule in (GradientDescent(0.1), Adam(0.05), Momentum(0.02)):
        run = train(NetworkLoss(network, X, Y), np.zeros(3), rule, steps=2000, batch=10)
        assert_allclose(run.final, [1, -2, 0.5], atol=1e-3)


def test_a_network_that_diverges_says_so(rng):
    network = NETWORKS["linear"]
    X, Y = data(network, rng)
    start = rng.normal(size=network.size)
    run = train(NetworkLoss(network, X, Y), start, 50.0, steps=200)
    assert run.diverged
    assert not train(NetworkLoss(network, X, Y), start, run.stable_rate, steps=500).diverged
    assert train(NetworkLoss(network, X, Y), start, 1.01 * run.stable_rate, steps=500).diverged


def test_the_stable_rate_of_a_linear_model():
    """One sample x = 1: eta < 2."""
    run = train(NetworkLoss(Network([1, 1]), np.array([[1.0]]), np.array([[2.0]])), np.zeros(1), 9.0, steps=500)
    assert_allclose(run.stable_rate, 2.0, rtol=0.03)


def test_invariants_of_small_cases():
    network = Network([2, 1, 1])
    theta = np.array([3.0, 4.0, 1.0])
    assert matrix_imbalance(network, theta)[0].tolist() == [[24.0]]
    assert neuron_imbalance(network, theta)[0].tolist() == [24.0]
    assert layer_imbalance(network, theta).tolist() == [24.0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: GradientDescent(-1.0), r"GradientDescent\(rate=...\): wanted a positive number, got -1.0"),
        (lambda: Momentum(0.1, 1.0), r"Momentum\(momentum=...\): wanted a number in \[0, 1\)"),
        (lambda: Adam(0.1, epsilon=0.0), "epsilon"),
        (lambda: descend(bowl(), [1.0], 0.1), "start: wanted 2 values"),
        (lambda: descend(bowl(), [1.0, 1.0], "fast"), "rule: wanted a rate or one of"),
        (lambda: descend(bowl(), [1.0, 1.0], 0.1, steps=0), "steps: wanted a whole number of at least 1"),
        (lambda: flow(bowl(), [1.0, 1.0], -1.0), "time: wanted a positive number"),
        (lambda: Network([3]), "widths"),
        (lambda: Network([3, 0, 2]), "widths"),
        (lambda: Network([3, 2], "sigmoid"), "activation: wanted one of"),
        (lambda: Network([3, 2, 2, 1], ("relu",)), "activation: wanted one of .* or 2"),
        (lambda: Network([3, 2], "leaky", 1.5), "slope: wanted a number in"),
        (lambda: Network([2, 2], patterns=(np.array([[1, 3], [0, 1]]),)), "every parameter 1 to 3 used"),
        (lambda: Network([2, 2]).output(np.zeros(3), np.ones((1, 2))), "weights: wanted 4 numbers"),
        (lambda: Network([2, 2]).output(np.zeros(4), np.ones((1, 3))), r"X: wanted shape \(m, 2\)"),
        (lambda: NetworkLoss(Network([1, 1]), np.ones((3, 1)), np.ones((2, 1))), "Y: wanted one row for each of 3"),
        (lambda: NetworkLoss(Network([1, 1]), np.ones((3, 1)), np.ones((3, 1)), decay=-1), "decay: wanted"),
        (lambda: NetworkLoss(Network([1, 1]), np.ones((3, 1)), np.ones((3, 1)), p=1), "p: wanted a number above 1"),
        (lambda: NetworkLoss(Network([1, 1]), np.ones((3, 2)), np.ones((3, 1))), r"X: wanted finite .* \(m, 1\)"),
        (lambda: NetworkLoss(Network([1, 1]), [[np.nan]], [[1.0]]), "X: wanted finite numbers"),
        (lambda: Network([2, 2], 3), "activation: wanted one of"),
        (lambda: descend(bowl(), [1.0, 1.0], 0.1, tolerance=-1), "tolerance: wanted a number of at least 0"),
        (lambda: largest_stable_rate(bowl(), [1.0, 1.0], -1.0), "diverging: wanted a positive number"),
        (lambda: GradientDescent(True), "rate=...\\): wanted a finite number, got True"),
        (lambda: train(NetworkLoss(Network([1, 1]), [[1.0]], [[1.0]]), [np.nan], 0.1, steps=1), "start: wanted finite"),
        (lambda: power_loss(np.ones((1, 1)), 1), "p: wanted a number above 1"),
        (lambda: matrix_imbalance(NETWORKS["shared"], np.ones(7)), "without shared weights"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_laws_are_asked_of_plain_descent_only():
    objective = NetworkLoss(Network([1, 1]), np.ones((3, 1)), np.ones((3, 1)))
    with pytest.raises(ValueError, match="law: wanted plain GradientDescent"):
        train(objective, np.zeros(1), Adam(0.1), steps=3, law=True)
    with pytest.raises(ValueError, match="batch: wanted at most the 3 samples"):
        train(objective, np.zeros(1), 0.1, steps=3, batch=4)
