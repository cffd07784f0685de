"""Claims of the paper beside what is computed: rows of a table whose verdicts are functions of the numbers."""

import argparse
import pathlib
from typing import NamedTuple

OUT = "out/linear_regularization"
COLOURS = ("#222222", "#0072B2", "#D55E00", "#56B4E9", "#E69F00", "#009E73", "#CC79A7")  # Okabe and Ito


class Claim(NamedTuple):
    """One row: where it stands, what is said there, what was computed, whether that bears it out."""

    place: str
    paper: str
    computed: str
    holds: bool


def claims_table(claims) -> str:
    """Rows as a Markdown table.

    Examples
    --------
    >>> print(claims_table([Claim("(i)", "2 < 3", "2 < 3", True)]).splitlines()[-1])
    | (i) | 2 < 3 | 2 < 3 | holds |
    """
    lines = ["| place | claim | computed here | verdict |", "| --- | --- | --- | --- |"]
    for claim in claims:
        verdict = "holds" if claim.holds else "does not hold"
        lines.append(f"| {claim.place} | {claim.paper} | {claim.computed} | {verdict} |")
    return "\n".join(lines)


def folder(out) -> pathlib.Path:
    """The folder, made if missing."""
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    return out


def numbers_table(numbers) -> str:
    """Numbers of a study, one a line."""
    lines = (f"{key} = {format(v, '.14g') if isinstance(v, float) else v}" for key, v in numbers.items())
    return "\n".join(lines)


def figure_of(rows=1, columns=2, size=(10.0, 4.6)):
    """A figure without a display, and its axes."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    return figure, figure.subplots(rows, columns)


def save(figure, path, fast):
    """Write the picture; the same bytes each time."""
    figure.savefig(path, dpi=80 if fast else 200, metadata={"Software": None})


def draw_by_index(ax, branch, x, y, color, label=None):
    """Draw a branch: thick where its points are minima (index 0), dashed where they are saddles."""
    xs, ys, index = branch[x], branch[y], branch.unstable
    start, labelled = 0, False
    for row in range(1, len(xs) + 1):
        if row == len(xs) or (index[row] == 0) != (index[start] == 0):
            end = min(row + 1, len(xs))
            minimum = index[start] == 0
            style = {"lw": 2.4, "ls": "-"} if minimum else {"lw": 1.2, "ls": "--"}
            ax.plot(xs[start:end], ys[start:end], color=color, label=None if labelled else label, **style)
            start, labelled = row, True


def command(module):
    """Run a study from the command line: its numbers, then its claims."""
    parser = argparse.ArgumentParser(description=module["__doc__"].splitlines()[0])
    parser.add_argument("--out", default=OUT, help="folder of the picture and the data (default: %(default)s)")
    parser.add_argument("--fast", action="store_true", help="the same with fewer points")
    options = parser.parse_args()
    numbers = module["main"](fast=options.fast, out=options.out)
    print(numbers_table(numbers))
    print("\n" + claims_table(module["claims"](numbers)))
