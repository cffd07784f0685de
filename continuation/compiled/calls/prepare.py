"""Compile the engine ahead of its first use, in up to three processes where there are cores."""

import contextlib
import importlib
import os
import pathlib
import subprocess
import sys

from continuation.compiled.calls.kernel import engine_folder

# What is to be compiled, as "module.function", in parts that share little.
RARE, LOOP, DENSE = ("loop.rare.rare",), ("loop.loop.run",), ("dense.dense.linearise", "dense.dense.solve")
TAPE = ("tape.evaluate.evaluate",)
SPECIAL = ("dense.refine.refine", "dense.dense.monitor", "dense.dense.solve_complex_square", "dense.dense.solve_square")
ALL = RARE + LOOP + DENSE + SPECIAL + TAPE
# By cores, in equal times.
SHARES = {
    1: (ALL,),
    2: (RARE + LOOP, DENSE + SPECIAL + TAPE),
    3: (RARE + TAPE, LOOP + DENSE, SPECIAL),
}
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
    with contextlib.ExitStack() as helpers:
        for share in others:
            _start(share, helpers)
        compile_all(own)
    compile_all(ALL)
    mark.touch()


def compile_all(names):
    """Compile the functions of these names, in order; what is in the cache already is loaded."""
    for name in names:
        module, function = name.rsplit(".", 1)
        getattr(importlib.import_module(f"continuation.compiled.{module}"), function).address  # noqa: B018


def _cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _start(names, helpers: contextlib.ExitStack):
    """Start a process that compiles `names` into the cache, if one can be had; what it leaves is done here."""
    root = str(pathlib.Path(__file__).parents[3])
    path = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    code = f"from continuation.compiled.calls.prepare import compile_all; compile_all({names!r})"
    silent = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with contextlib.suppress(OSError):
        process = subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": path}, **silent)
        helpers.push(lambda kind, *_: _end(process, kind is not None))


def _end(process, at_once: bool):
    """Wait for a helper, or end it at once where its caller failed or was interrupted."""
    if at_once:
        process.terminate()
    process.wait()
