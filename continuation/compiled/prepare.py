"""Compile the engine ahead of its first use, in up to three processes where there are cores."""

import contextlib
import importlib
import os
import pathlib
import subprocess
import sys

from continuation.compiled.kernel import engine_folder

# What is to be compiled, as "module.function", in parts that share little.
RARE, LOOP, DENSE = ("rare.rare",), ("loop.run",), ("dense.linearise", "dense.solve")
SPECIAL = ("refine.refine", "dense.monitor", "dense.solve_complex_square", "dense.solve_square")
ALL = RARE + LOOP + DENSE + SPECIAL
SHARES = {1: (ALL,), 2: (RARE + LOOP, DENSE + SPECIAL), 3: (RARE, LOOP + DENSE, SPECIAL)}  # by cores: equal times
MARK = "complete"  # file in the cache folder: nothing is left to compile


def prepare():
    """Make sure that the engine is in the cache; says on standard error that it compiles, if it must.

    Cost: nothing with a warm cache; else about half a minute of one core, shared by up to three.
    """
    folder = engine_folder()
    mark = folder / MARK
    if mark.exists():
        return
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        return  # numba then keeps its files elsewhere, or compiles what is needed in every process
    sys.stderr.write(f"pseudoarc: compiling the engine into {folder}, once (about 20 s)\n")
    own, *others = SHARES[min(_cores(), 3)]
    helpers = [_start(share) for share in others]
    compile_all(own)
    for helper in helpers:
        if helper is not None:
            helper.wait()
    compile_all(ALL)
    mark.touch()


def compile_all(names):
    """Compile the functions of these names, in order; what is in the cache already is loaded."""
    for name in names:
        module, function = name.split(".")
        getattr(importlib.import_module(f"continuation.compiled.{module}"), function).address  # noqa: B018


def _cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _start(names):
    """Process that compiles `names` into the cache, or None where none can be had; what it leaves is done here."""
    root = str(pathlib.Path(__file__).parents[2])
    path = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    code = f"from continuation.compiled.prepare import compile_all; compile_all({names!r})"
    silent = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    try:
        return subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": path}, **silent)
    except OSError:
        return None
