"""Fifty points that gradient descent, Adam and L-BFGS leave: ten of them gradient-flat by construction."""

import numpy as np
import pytest
from scipy.optimize import minimize, root

from continuation import Problem, critical_point
from continuation.losses.verdicts import Verdict
from tests.losses.five_losses import X, Y

SMALL = 1e-3  # gradient at which the optimisers stop
STEPS = 20_000
HIDDEN, DECAY = 3, 0.01


def student_loss(w):
    incoming, bias, out = w.reshape(3, HIDDEN)
    return np.mean((np.tanh(np.outer(X, incoming) + bias) @ out - Y) ** 2) / 2 + DECAY * np.sum(w**2) / 2


def student_gradient(w):
    incoming, bias, out = w.reshape(3, HIDDEN)
    h = np.tanh(np.outer(X, incoming) + bias)
    r = (h @ out - Y) / len(X)
    back = r[:, None] * (1 - h**2) * out
    return np.concatenate([X @ back, back.sum(axis=0), r @ h]) + DECAY * w


def valley(rng, n=6, gap=1e-4):
    """Loss and gradient of a valley in which ``|gradient|`` falls to `gap` where there is no critical point."""
    q = np.linalg.qr(rng.normal(size=(n, n)))[0]
    curvatures = rng.uniform(0.5, 2.0, n - 1)

    def loss(w):
        x = q.T @ w
        return x[0] ** 3 / 3 + gap * x[0] + np.sum(curvatures * x[1:] ** 2) / 2

    def gradient(w):
        x = q.T @ w
        return q @ np.concatenate([[x[0] ** 2 + gap], curvatures * x[1:]])

    return loss, gradient, q


def descend(loss, gradient, w, small=SMALL):
    for _ in range(STEPS):
        g = gradient(w)
        if np.linalg.norm(g) <= small:
            break
        w = w - 0.3 * g
    return w


def adam(loss, gradient, w, small=SMALL, rate=0.01):
    m, v = np.zeros(len(w)), np.zeros(len(w))
    for step in range(1, STEPS):
        g = gradient(w)
        if np.linalg.norm(g) <= small:
            break
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        w = w - rate * m / (1 - 0.9**step) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
    return w


def quasi_newton(loss, gradient, w, small=SMALL / 10):
    return minimize(loss, w, jac=gradient, method="L-BFGS-B", options={"gtol": small}).x


OPTIMISERS = (descend, adam, quasi_newton)


def problem_of(loss, gradient, n):
    return Problem.from_loss(loss, np.zeros(n), {}, gradient=gradient, compiled=False)


@pytest.mark.slow
def test_forty_points_of_a_student(rng):
    problem, verdicts = problem_of(student_loss, student_gradient, 9), []
    for k in range(40):
        w = OPTIMISERS[k % 3](student_loss, student_gradient, rng.normal(size=9))
        found = critical_point(problem, w)
        verdicts.append(found.verdict)
        if not found.is_critical:
            continue
        independent = root(student_gradient, w, tol=1e-14, method="lm").x
        assert np.linalg.norm(student_gradient(found.point.state)) < 1e-12
        if found.nullity == 0 and np.linalg.norm(independent - found.point.state) < 1e-6:
            ahead, behind = ([student_gradient(independent + h) for h in side * np.eye(9)] for side in (1e-5, -1e-5))
            hessian = np.subtract(ahead, behind) / 2e-5
            assert found.index == np.sum(np.linalg.eigvalsh(hessian + hessian.T) < 0)
    assert sum(verdict in (Verdict.MINIMUM, Verdict.SADDLE) for verdict in verdicts) >= 38
    assert Verdict.FLAT not in verdicts


@pytest.mark.parametrize("k", range(10))
def test_ten_points_that_are_gradient_flat(k, rng):
    loss, gradient, q = valley(rng)
    far, aside, options = [
        (0.5, 1.0, {}),
        (0.09, 0.0, {"small": 5 * SMALL, "rate": 1e-3}),  # with longer steps it leaps over the valley
        (0.3, 0.1, {"small": SMALL}),
    ][k % 3]
    w = OPTIMISERS[k % 3](loss, gradient, q @ np.concatenate([[far], aside * rng.normal(size=5)]), **options)
    assert np.linalg.norm(gradient(w)) < 6 * SMALL
    found = critical_point(problem_of(loss, gradient, 6), w)
    assert found.verdict is Verdict.FLAT, str(found)
