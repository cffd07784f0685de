"""Compile the engine if the cache lacks it: before tests start, or each of their processes would, on its own time.

Arguments are rooms whose kernels are left out, as in ``orbits.cycle_curves``, where no test needs them.
"""

import importlib
import pkgutil
import sys

import continuation
from continuation import Problem, periodic_orbits, trace
from continuation.compiled.calls.interface import callback
from systems.textbook import circle

ROOMS = ("compiled", "derived", "orbits")  # of the package, which have kernels that are called by address


def kernels() -> list:
    """All kernels that are called by address: of problems, curves of special points, periodic orbits, their curves."""
    folders = [f"{continuation.__path__[0]}/{room}" for room in ROOMS]
    names = [f"continuation.{room}." for room in ROOMS]
    modules = [one.name for pair in zip(folders, names) for one in pkgutil.walk_packages([pair[0]], pair[1])]
    found = [value for name in modules for value in vars(importlib.import_module(name)).values()]
    return list({id(value): value for value in found if isinstance(value, callback)}.values())


def main(left_out=()):
    """Compile what traces call first, which takes longest, then the kernels that these did not need."""
    trace(circle(), [1.0], "p")
    field = Problem.from_expressions({"x": "a*x - y - x*(x**2 + y**2)", "y": "x + a*y - y*(x**2 + y**2)"}, {"a": -0.1})
    equilibria = trace(field, [0.0, 0.0], "a", (-0.1, 0.1))
    trace(periodic_orbits(field), equilibria["HB1"], "a", (-0.1, 0.1))
    passed_over = tuple(f"continuation.{room}" for room in left_out)
    for kernel in kernels():
        if not kernel._function.__module__.startswith(passed_over):
            _ = kernel.address


if __name__ == "__main__":
    main(sys.argv[1:])
