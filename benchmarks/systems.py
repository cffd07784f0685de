"""What the functions of the papers' systems cost, called from Python with the compiled code warm."""

import statistics
import time
from dataclasses import dataclass

import numpy as np

COLUMNS = ("case", "best us", "median us", "what")


@dataclass(frozen=True)
class Call:
    """Microseconds a call."""

    name: str
    meaning: str
    samples: list

    def as_dict(self) -> dict:
        """Everything, for JSON."""
        return {"name": self.name, "meaning": self.meaning, "samples": self.samples}

    def row(self) -> tuple:
        """A line of the table."""
        return self.name, f"{min(self.samples):.2f}", f"{statistics.median(self.samples):.2f}", self.meaning


def relu_network(size):
    """Students, and a network of as many orthogonal teachers."""
    from systems.relu.population_loss.population import network

    return np.random.default_rng(0).standard_normal((size, size)), network(np.eye(size), size)


def relu_gradient():
    """Gradient of the population loss, K = d = 10."""
    from systems.relu.population_loss.population import gradient

    weights, net = relu_network(10)
    return lambda: gradient(weights, net)


def relu_hessian():
    """Full Hessian of the population loss, K = d = 10."""
    from systems.relu.population_loss.population import hessian

    weights, net = relu_network(10)
    return lambda: hessian(weights, net)


def relu_product():
    """Hessian of the population loss times a direction, K = d = 100."""
    from systems.relu.population_loss.hessian_products import HessianProduct

    weights, net = relu_network(100)
    product, direction = HessianProduct(weights, net), np.random.default_rng(1).standard_normal((100, 100))
    return lambda: product(direction)


def relu_matrices():
    """The five matrix products that one takes, K = d = 100, by numpy."""
    rng = np.random.default_rng(2)
    weights, both, direction = rng.standard_normal((100, 100)), rng.standard_normal((100, 200)), np.eye(100)
    return lambda: (weights @ direction, direction @ both, both.T @ direction, weights @ both)


def relu_conjecture():
    """Sign of L_12 at 10^6 directions; the whole grid of Conjecture 1 has 10^8."""
    from systems.relu.directions.conjecture import check_conjecture

    return lambda: check_conjecture(100, 10_000)


def characteristic(d):
    """Residual and Jacobian of the characteristic equation."""
    from systems.characteristic import characteristic_equation

    rng = np.random.default_rng(d)
    problem = characteristic_equation(np.eye(d) + 0.3 * rng.standard_normal((d, d)))
    u, p = 0.2 * rng.standard_normal(d * d), problem.parameter_values({"lam": 0.1})
    residual, jacobian = (problem.functions[key].dispatcher for key in ("residual", "jacobian"))
    f, a = np.empty(d * d), np.empty((d * d, d * d))

    def both():
        residual(u, p, f)
        jacobian(u, p, a)

    return both


def product(d):
    """DG v of the characteristic equation, nothing of order d^4."""
    from systems.characteristic.variants.linearisation import linearisation

    rng = np.random.default_rng(d)
    solution, target = 0.2 * rng.standard_normal((d, d)) / np.sqrt(d), np.eye(d)
    operator, v = linearisation(solution, 0.1, target), rng.standard_normal(d * d)
    return lambda: operator.matvec(v)


def descent():
    """2.5 million steps of gradient descent on the scalar network of depth 3."""
    from systems.linear_networks import scalar_network
    from systems.training.descent import descend

    problem = scalar_network(3, 1.0)
    return lambda: descend(problem, [0.5], 1e-3, parameters={"lam": 0.3}, steps=2_500_000)


def rates():
    """A thousandth of the l_4 grid of Arora, Cohen, Hazan: 100 steps of 22 rates, depth 3, 2565 x 128."""
    from studies.overparameterization.data import synthetic
    from studies.overparameterization.grid import Batched

    X, y = synthetic()
    return lambda: Batched(X, y, 4, np.geomspace(1e-5, 0.5, 22), depth=3).run(100, 100)


SYSTEMS = {
    "relu-gradient-10": (relu_gradient, "gradient of the population loss, K = d = 10"),
    "relu-hessian-10": (relu_hessian, "its full Hessian, K = d = 10"),
    "relu-product-100": (relu_product, "its Hessian times a direction, K = d = 100"),
    "relu-matrices-100": (relu_matrices, "the matrix products that takes, by numpy"),
    "relu-conjecture": (relu_conjecture, "Conjecture 1 at 10^6 of its 10^8 directions"),
    "characteristic-2": (lambda: characteristic(2), "G and DG, d = 2"),
    "characteristic-8": (lambda: characteristic(8), "G and DG, d = 8"),
    "characteristic-64": (lambda: product(64), "DG v, d = 64"),
    "characteristic-128": (lambda: product(128), "DG v, d = 128"),
    "rates": (rates, "100 of 100,000 steps of l_4 regression at 22 rates, 2565 x 128"),
    "descent": (descent, "2.5 million steps of gradient descent, scalar network of depth 3"),
}


def measure(name, repeat, seconds=0.1) -> Call:
    """Time one function: `repeat` samples of as many calls as fill `seconds`, one BLAS thread."""
    from threadpoolctl import threadpool_limits

    make, meaning = SYSTEMS[name]
    with threadpool_limits(1):
        call = make()
        call()
        began = time.perf_counter()
        call()
        count = max(1, min(100_000, int(seconds / max(time.perf_counter() - began, 1e-7))))
        samples = []
        for _ in range(repeat):
            began = time.perf_counter()
            for _ in range(count):
                call()
            samples.append((time.perf_counter() - began) / count * 1e6)
    return Call(name, meaning, samples)
