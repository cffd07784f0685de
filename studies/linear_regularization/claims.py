"""Claims of the paper beside what is computed: rows of a table whose verdicts are functions of the numbers."""

from typing import NamedTuple

from studies.command import numbers_table, options

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
    for piece in branch.segments():
        style = {"lw": 2.4, "ls": "-"} if piece.stable else {"lw": 1.2, "ls": "--"}
        ax.plot(branch[x][piece.rows], branch[y][piece.rows], color=color, label=label, **style)
        label = None


def command(module):
    """Run a study from the command line: its numbers, then its claims."""
    given = options(module["__doc__"], OUT)
    numbers = module["main"](fast=given.fast, out=given.out)
    print(numbers_table(numbers))
    print("\n" + claims_table(module["claims"](numbers)))
