"""Timing a case: the engine, the whole call and the floor in turn, so that all three see the same noise."""

import gc
import statistics
import time
from dataclasses import dataclass
from functools import partial

import numpy as np

from benchmarks.cases import Case
from benchmarks.floor import Floor
from continuation import trace
from continuation.engine.follow import run_direction
from continuation.engine.start import start_from
from continuation.results.request import Request

LEAST, PATIENCE = 3, 30.0  # runs of each kind; seconds after which a case gets no more than these


def seconds(function) -> float:
    """Wall time of one call, without garbage collection."""
    gc.collect()
    gc.disable()
    try:
        began = time.perf_counter()
        function()
        return time.perf_counter() - began
    finally:
        gc.enable()


def median_and_spread(samples) -> tuple[float, float]:
    """Median and the distance of the quartiles relative to it."""
    middle = statistics.median(samples)
    low, high = np.quantile(samples, [0.25, 0.75])
    return middle, float(high - low) / middle


@dataclass(frozen=True)
class Timed:
    """What a case cost.

    Attributes
    ----------
    effort : dict
        Work counts of the branch.
    folds : int
    engine, whole, floor : list of float
        Seconds of every run: the compiled loop from the corrected start on; all of `trace`; the bare loop.
    """

    name: str
    effort: dict
    folds: int
    engine: list
    whole: list
    floor: list

    def per_step(self, part) -> tuple[float, float]:
        """Microseconds a step (median) and spread of "engine", "whole" or "floor"."""
        middle, spread = median_and_spread(getattr(self, part))
        return 1e6 * middle / self.effort["steps"], spread

    def ratio(self, part="engine") -> float:
        """Median over the runs of the time relative to the floor measured right after it."""
        return statistics.median(a / b for a, b in zip(getattr(self, part), self.floor))

    def best_ratio(self) -> float:
        """Fastest run of the engine relative to the fastest floor: the least touched by other processes."""
        return min(self.engine) / min(self.floor)

    def as_dict(self) -> dict:
        """Everything, for JSON."""
        parts = ("engine", "whole", "floor")
        numbers = {f"{part}_us_per_step": self.per_step(part)[0] for part in parts}
        numbers |= {f"{part}_spread": self.per_step(part)[1] for part in parts}
        numbers |= {"ratio": self.ratio(), "whole_ratio": self.ratio("whole"), "best_ratio": self.best_ratio()}
        return {**vars(self), **numbers}


def prepared(case: Case):
    """Start a case: its problem, and the compiled loop and the whole call as functions without arguments."""
    problem, settings = case.problem(), case.settings()
    start = np.zeros(len(problem.states))
    wishes = Request.of(problem, case.vary, (-np.inf, np.inf), settings, +1, "all", None)
    begun = start_from(problem, start, case.vary, None, wishes.span)
    engine = partial(run_direction, problem, begun, +1, wishes)
    return problem, engine, partial(trace, problem, start, case.vary, settings=settings, direction=+1)


def measure(name: str, case: Case, repeat: int) -> Timed:
    """Time a case `repeat` times (fewer, but at least three where it takes long), after one run not timed."""
    problem, engine, whole = prepared(case)
    branch = whole()
    floor = Floor(problem, branch)
    if floor():
        raise RuntimeError(f"{name}: a kernel fails on a point of the branch")
    engine()
    functions = {"engine": engine, "floor": floor, "whole": whole}
    samples = repeated(functions, repeat)
    return Timed(name, branch.effort, len(branch.folds), **samples)


def repeated(functions: dict, repeat: int) -> dict:
    """Seconds of every call, by name; the functions take turns."""
    samples, began = {name: [] for name in functions}, time.perf_counter()
    for done in range(repeat):
        if done >= LEAST and time.perf_counter() - began > PATIENCE:
            break
        for name, function in functions.items():
            samples[name].append(seconds(function))
    return samples
