"""Tables for a terminal and for a file, and what machine the figures are from."""

import importlib.metadata
import os
import pathlib
import platform
import shutil
import sys

PACKAGES = ("numpy", "scipy", "numba", "llvmlite")
TRACES = (
    "case",
    "steps",
    "folds",
    "Newton",
    "factor.",
    "spectra",
    "engine",
    "+-",
    "trace()",
    "+-",
    "floor",
    "ratio",
    "best",
)
LATENCIES = ("case", "best", "median", "what")
UNITS = """engine, trace(), floor: microseconds a step (median); +-: quartile distance
ratio: engine / floor (median of the runs); best: fastest engine / fastest floor"""


def processor() -> str:
    """Name of the processor, as the system tells it."""
    info = pathlib.Path("/proc/cpuinfo")
    lines = info.read_text("utf-8", "replace").splitlines() if info.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return (names or [platform.processor() or platform.machine()])[0]


def surroundings() -> dict:
    """Versions, processor and number of cores."""
    versions = {name: importlib.metadata.version(name) for name in PACKAGES}
    return {
        "versions": {"python": platform.python_version(), **versions},
        "processor": processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def trace_row(timed) -> tuple:
    """Columns of `TRACES` for one case."""
    work = [timed.effort[name] for name in ("steps", "newton_iterations", "factorisations", "spectra")]
    times = []
    for part in ("engine", "whole"):
        middle, spread = timed.per_step(part)
        times += [f"{middle:.3f}", f"{100 * spread:.0f}%"]
    work.insert(1, timed.folds)
    return (
        timed.name,
        *map(str, work),
        *times,
        f"{timed.per_step('floor')[0]:.3f}",
        f"{timed.ratio():.2f}",
        f"{timed.best_ratio():.2f}",
    )


def latency_row(latency) -> tuple:
    """Columns of `LATENCIES` for one case."""
    return latency.name, f"{latency.best:.3f} s", f"{latency.median:.3f} s", latency.meaning


def plain(head, rows) -> str:
    """Aligned columns, numbers to the right."""
    table = [head, *rows]
    widths = [max(len(row[k]) for row in table) for k in range(len(head))]
    return "\n".join("  ".join(aligned(row, widths)).rstrip() for row in table)


def aligned(row, widths) -> list:
    """First and last text columns to the left, the others to the right."""
    text = {0, 3} if len(row) == len(LATENCIES) else {0}
    return [c.ljust(w) if k in text else c.rjust(w) for k, (c, w) in enumerate(zip(row, widths))]


def show(head, rows, note=""):
    """Print a table: boxed on a terminal wide enough, plain text elsewhere."""
    if not rows:
        return
    text = plain(head, rows)
    wide = max(map(len, text.splitlines())) + 3 * len(head)
    if sys.stdout.isatty() and shutil.get_terminal_size().columns >= wide:
        boxed(head, rows, note)
    else:
        print(text, *([note] if note else []), sep="\n", end="\n\n")


def boxed(head, rows, note):
    """Print a table with rich."""
    from rich.console import Console
    from rich.table import Table

    table = Table(caption=note or None)
    for k, name in enumerate(head):
        table.add_column(name, justify="left" if k == 0 or name == "what" else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    Console().print(table)
