"""What the first minute feels like: fresh processes that import the package, or trace a system never seen."""

import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import partial

from continuation.compiled.calls.kernel import engine_folder

ROOT = pathlib.Path(__file__).resolve().parent.parent
PYTHON, IMPORT = "print(1, flush=True)", "import continuation; print(1, flush=True)"
NEW_SYSTEM = """
from continuation import Problem, trace

def system(u, p, out):
    x, y = u
    out[0] = {a!r} - (p[0] + 1.0) * x + x * x * y
    out[1] = p[0] * x - x * x * y

problem = Problem(system, states=("x", "y"), parameters={{"b": 1.0}})
branch = trace(problem, start=[{a!r}, 1.0 / {a!r}], vary="b", span=(0.5, 3.0))
print(len(branch), flush=True)
"""
MODEL = """
[equations]
x = "a - (b + 1)*x + x**2*y"
y = "b*x - x**2*y"
[parameters]
a = {a!r}
b = 1.0
[start]
x = {a!r}
y = {inverse!r}
[trace]
vary = "b"
span = [0.5, 3.0]
"""
COMMAND = "from continuation.cli import main; main()"


@dataclass(frozen=True)
class Latency:
    """Seconds from the start of a process to its first line of output, less `subtracted`."""

    name: str
    meaning: str
    samples: list
    subtracted: float = 0.0

    @property
    def best(self) -> float:
        """The fastest."""
        return min(self.samples) - self.subtracted

    @property
    def median(self) -> float:
        """The one in the middle."""
        return statistics.median(self.samples) - self.subtracted

    def as_dict(self) -> dict:
        """Everything, for JSON."""
        return {**vars(self), "best": self.best, "median": self.median}


def until_first_line(arguments, cache=None) -> float:
    """Seconds from starting Python with `arguments` to its first line of output; `cache`: folder of compiled code."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "PYTHONPATH": path}
    if cache is not None:
        environment["PSEUDOARC_CACHE"] = str(cache)
    began = time.perf_counter()
    command = [sys.executable, *arguments]
    with subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline()
        elapsed = time.perf_counter() - began
    if process.returncode or not line:
        raise RuntimeError(f"a fresh process failed with status {process.returncode}")
    return elapsed


def several(arguments, repeat) -> list:
    """Seconds of `repeat` processes, after one not timed."""
    return [until_first_line(arguments) for _ in range(repeat + 1)][1:]


def python_start(repeat) -> Latency:
    """Start Python alone."""
    return Latency("python", "bare start of Python", several(["-c", PYTHON], repeat))


def package_import(repeat) -> Latency:
    """Import the package; the start of Python is subtracted."""
    start = min(several(["-c", PYTHON], repeat))
    return Latency("import", "import continuation, less the bare start", several(["-c", IMPORT], repeat), start)


def new_trace(folder, cache) -> float:
    """Seconds to the branch of a system whose functions no cache holds: a constant in them is new."""
    script = pathlib.Path(folder) / "new_system.py"
    script.write_text(NEW_SYSTEM.format(a=random.uniform(0.9, 1.1)), "utf-8")
    return until_first_line([str(script)], cache)


def new_model(folder, cache) -> float:
    """Seconds to the table of a new model file, by the command line."""
    a = random.uniform(0.9, 1.1)
    file = pathlib.Path(folder) / "model.toml"
    file.write_text(MODEL.format(a=a, inverse=1.0 / a), "utf-8")
    return until_first_line(["-c", COMMAND, "trace", str(file)], cache)


def warm(name, meaning, once, repeat) -> Latency:
    """Time `once(folder, cache)` where the engine is compiled already; a copy of its cache is used."""
    with tempfile.TemporaryDirectory() as folder:
        cache = pathlib.Path(folder) / "cache"
        if engine_folder().is_dir():
            shutil.copytree(engine_folder(), cache / engine_folder().name)
        return Latency(name, meaning, [once(folder, cache) for _ in range(repeat + 1)][1:])


def cold(name, meaning, once, repeat) -> Latency:
    """Time `once(folder, cache)` where nothing is compiled; at most three times."""
    samples = []
    for _ in range(min(repeat, 3)):
        with tempfile.TemporaryDirectory() as folder:
            samples.append(once(folder, pathlib.Path(folder) / "cache"))
    return Latency(name, meaning, samples)


LATENCIES = {
    "python": python_start,
    "import": package_import,
    "first-warm": partial(warm, "first-warm", "from python to a new system's branch", new_trace),
    "first-cold": partial(cold, "first-cold", "the same with an empty cache", new_trace),
    "command-warm": partial(warm, "command-warm", "pseudoarc trace, a new model file", new_model),
    "command-cold": partial(cold, "command-cold", "the same with an empty cache", new_model),
}
SLOW = {"first-cold", "command-cold"}  # only where asked for
