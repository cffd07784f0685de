"""Compile the engine if the cache lacks it: before tests start, or each of their processes would, on its own time.

Arguments are rooms whose kernels are left out, as in ``orbits.cycle_curves``, where no test needs them.
"""

import concurrent.futures
import importlib
import multiprocessing
import os
import pkgutil
import sys

import continuation
from continuation import Problem, periodic_orbits, trace
from continuation.compiled.calls.interface import callback
from systems.textbook import circle

ROOMS = ("compiled", "derived", "orbits")  # of the package, which have kernels that are called by address


def modules() -> list:
    """Names of the modules of these rooms."""
    folders = [f"{continuation.__path__[0]}/{room}" for room in ROOMS]
    names = [f"continuation.{room}." for room in ROOMS]
    return [one.name for pair in zip(folders, names) for one in pkgutil.walk_packages([pair[0]], pair[1])]


def kernels_of(name) -> list:
    """Kernels that are called by address and defined in a module."""
    found = [value for value in vars(importlib.import_module(name)).values() if isinstance(value, callback)]
    return [kernel for kernel in found if kernel._function.__module__ == name]


def kernels() -> list:
    """All kernels that are called by address: of problems, curves of special points, periodic orbits, their curves."""
    return [kernel for name in modules() for kernel in kernels_of(name)]


def compile_kernel(name, index):
    """Compile one kernel of a module."""
    return kernels_of(name)[index].address


def main(left_out=()):
    """Compile all kernels side by side, then what only traces call."""
    passed_over = tuple(f"continuation.{room}" for room in left_out)
    wanted = [(name, k) for name in modules() if not name.startswith(passed_over) for k in range(len(kernels_of(name)))]
    spawn = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(os.cpu_count(), mp_context=spawn) as pool:
        for _ in pool.map(compile_kernel, *zip(*wanted)):
            pass
    trace(circle(), [1.0], "p")
    field = Problem.from_expressions({"x": "a*x - y - x*(x**2 + y**2)", "y": "x + a*y - y*(x**2 + y**2)"}, {"a": -0.1})
    equilibria = trace(field, [0.0, 0.0], "a", (-0.1, 0.1))
    trace(periodic_orbits(field), equilibria["HB1"], "a", (-0.1, 0.1))


if __name__ == "__main__":
    main(sys.argv[1:])
