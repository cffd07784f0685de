"""Where the time of a trace goes: each kind of work alone, as often as the trace does it, and what is left."""

from functools import partial

from benchmarks.cases import CASES
from benchmarks.floor import WORK, Floor
from benchmarks.timing import prepared, repeated

COLUMNS = ("case", "us a step", *WORK, "the loop itself", "whole call")
NOTE = """shares of the compiled loop's time; factorisations: with both back-substitutions and the border
the loop itself: prediction, convergence, test functions, the bound on spectra, step control, location, storing
whole call: trace() relative to the loop; it also describes the special points and makes the Branch"""


def profile(name: str, repeat: int) -> tuple:
    """Row of `COLUMNS` for one case, from the fastest of `repeat` runs of each part."""
    problem, engine, whole = prepared(CASES[name])
    branch = whole()
    floor = Floor(problem, branch)
    engine(), floor()
    parts = {part: partial(floor.only, part) for part in WORK}
    samples = repeated({"engine": engine, "whole": whole, **parts}, repeat)
    best = {part: min(times) for part, times in samples.items()}
    shares = [best[part] / best["engine"] for part in WORK]
    step = 1e6 * best["engine"] / branch.effort["steps"]
    percent = [f"{100 * share:.0f}%" for share in (*shares, 1.0 - sum(shares), best["whole"] / best["engine"])]
    return name, f"{step:.2f}", *percent
