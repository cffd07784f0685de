"""What a loss costs as a problem: ``python -m benchmarks.losses [n ...]``, for each library that is installed.

A chain of n weights, ``sum (w**4 / 4 - w**2 / 2 + mu w) + c sum w_i w_{i+1}``: one residual and one Hessian through the
engine's callback, beside the library's bare compiled call of the same derivative (numpy arrays in and out), and a
step of a branch.  Both take turns, so that noise meets them alike; the least of all rounds counts.
"""

import importlib.util
import sys
import time

import numpy as np

from continuation import Problem, Settings, trace
from continuation.compiled.calls.interface import call_callback

ROUNDS, STEPS = 30, 10


def chain(xp):
    """The loss for a library of arrays."""

    def loss(w, mu):
        return xp.sum(w**4 / 4 - w**2 / 2 + mu * w) + 0.1 * xp.sum(w[1:] * w[:-1])

    return loss


def chain_gradient(w, mu):
    """Its gradient, for numba."""
    g = w**3 - w + mu
    g[1:] += 0.1 * w[:-1]
    g[:-1] += 0.1 * w[1:]
    return g


def numba_loss(w, mu):
    """The loss for numba."""
    return np.sum(w**4 / 4 - w**2 / 2 + mu * w) + 0.1 * np.sum(w[1:] * w[:-1])


def made(backend, n):
    """The problem in a library; None where that is not installed."""
    if backend == "numba":
        return Problem.from_loss(numba_loss, np.ones(n), {"mu": 0.0}, gradient=chain_gradient)
    if backend == "numpy":
        return Problem.from_loss(numba_loss, np.ones(n), {"mu": 0.0}, gradient=chain_gradient, compiled=False)
    if importlib.util.find_spec(backend) is None:
        return None
    module = importlib.import_module({"jax": "jax.numpy"}.get(backend, backend))
    return Problem.from_loss(chain(module), np.ones(n), {"mu": 0.0}, backend=backend)


def bare_calls(backend):
    """Bare gradient and Hessian of the library, ``f(u, p) -> numpy array``."""
    if backend == "jax":
        import jax

        def value(u, p):
            return chain(jax.numpy)(u, p[0])

        jax.config.update("jax_enable_x64", True)
        compiled = jax.jit(jax.grad(value)), jax.jit(jax.hessian(value))
        return [lambda u, p, f=f: np.asarray(f(u, p)) for f in compiled]
    import torch

    def value(u, p):
        return chain(torch)(u, p[0])

    def gradient(u, p):
        u = torch.tensor(u, requires_grad=True)
        return torch.autograd.grad(value(u, torch.tensor(p)), u)[0].numpy()

    def hessian(u, p):
        return torch.autograd.functional.hessian(lambda v: value(v, torch.tensor(p)), torch.tensor(u)).numpy()

    return [gradient, hessian]


def least(functions, seconds=0.5):
    """Least time of a call of each, in us, taking turns."""
    best = [np.inf] * len(functions)
    for f in functions:
        f()
    for _ in range(ROUNDS):
        for k, f in enumerate(functions):
            began, calls = time.perf_counter(), 0
            while calls < 20 and time.perf_counter() - began < seconds / ROUNDS:
                f()
                calls += 1
            best[k] = min(best[k], (time.perf_counter() - began) / calls)
    return [1e6 * value for value in best]


def through_the_engine(problem, key, n):
    """A call of one of the problem's functions as the engine makes it."""
    callback, u, p = problem.functions[key].callback(n, 1), np.linspace(0.5, 1.0, n), np.array([0.1])
    out = np.empty(n if key == "residual" else n * n)
    return lambda: call_callback(callback, u, p, out)


def report(n):
    """Print the lines of one size."""
    u, p = np.linspace(0.5, 1.0, n), np.array([0.1])
    for backend in ("numba", "numpy", "jax", "torch"):
        problem = made(backend, n)
        if problem is None:
            continue
        began = time.perf_counter()
        settings = Settings(max_points=STEPS, step=0.01, max_step=0.01)
        trace(problem, np.full(n, -1.2), "mu", settings=settings, direction=1, parameters={"mu": 0.4})
        branch = None
        began = time.perf_counter()
        branch = trace(problem, np.full(n, -1.2), "mu", settings=settings, direction=1, parameters={"mu": 0.4})
        step = (time.perf_counter() - began) / len(branch)
        print(f"{backend:6} n = {n:5}: {1e3 * step:9.2f} ms a step")
        if backend in ("jax", "torch"):
            for key, bare in zip(("residual", "jacobian"), bare_calls(backend)):
                own, plain = least([through_the_engine(problem, key, n), lambda f=bare: f(u, p)])
                within = "" if own <= 1.3 * plain + 20 else "  MORE than 1.3 x + 20 us"
                print(f"{backend:6} n = {n:5}: {key:9} {own:10.1f} us, bare {plain:10.1f} us{within}")


if __name__ == "__main__":
    for size in map(int, sys.argv[1:] or ("10", "100", "1000")):
        report(size)
