"""Pictures of studies: colours, axes without a display, branches that tell minima from saddles, saving."""

from continuation.output.plotting import free_legend

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#222222")  # Okabe and Ito
MARKS = {
    "LP": "o",
    "BP": "s",
    "HB": "D",
    "PD": ">",
    "NS": "X",
}  # of special points, by the first two letters of their labels
NAMES = {"LP": "fold", "BP": "branch point", "HB": "Hopf point", "PD": "period doubling", "NS": "Neimark-Sacker point"}
STABLE, UNSTABLE = {"lw": 2.4, "ls": "-"}, {"lw": 1.2, "ls": (0, (4, 2))}


def figure_of(rows=1, columns=1, size=(6.0, 4.6), squeeze=True):
    """Make a figure that needs no display, and its axes as `matplotlib.pyplot.subplots` gives them."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=squeeze)


def save(figure, path, fast=False):
    """Write a picture, coarser where `fast`; the same bytes each time."""
    figure.savefig(path, dpi=80 if fast else 200, metadata={"Software": None})


def draw_branch(ax, branch, x, y, colour, label=None, *, names=False, width=1.0):
    """Draw a branch: thick where stable (minima), thin and dashed where not; its special points but ends marked.

    `x` and `y` are names of columns or arrays with one value for each row.  Marks are labelled where `names`; `width`
    is a factor of the lines' widths.
    """
    x, y = (branch[values] if isinstance(values, str) else values for values in (x, y))
    for piece in branch.segments():
        style = STABLE if piece.stable else UNSTABLE
        style = {**style, "lw": width * style["lw"]}
        ax.plot(x[piece.rows], y[piece.rows], color=colour, label=label, **style)
        label = None
    for point in branch.special:
        place = x[point.index], y[point.index]
        mark(ax, point.label[:2], *place, colour)
        if names and point.label[:2] in MARKS:
            text, box = f"{point.label} {place[0]:.5g}", {"color": "white", "alpha": 0.75, "pad": 0.5}
            ax.annotate(text, place, (5, 5), textcoords="offset points", fontsize=7, color=colour, bbox=box)


def mark(ax, kind, x, y, colour):
    """Mark a special point, by the first two letters of its label; ends and others aren't marked."""
    if kind in MARKS:
        ax.plot(x, y, MARKS[kind], ms=5, mec="white", mew=0.7, color=colour, zorder=3)


def add_legend(ax, *contents, **options):
    """Add a legend as ``ax.legend(*contents, **options)``; without `loc` where it covers least."""
    return ax.legend(*contents, **options) if "loc" in options else free_legend(ax, *contents, **options)


def legend(ax, stable="minimum", unstable="saddle", kinds=("LP",), **options):
    """Add a legend: the labels given to what was drawn, then what line styles and marks mean."""
    from matplotlib.lines import Line2D

    handles, labels = ax.get_legend_handles_labels()
    for text, style in ((stable, STABLE), (unstable, UNSTABLE)):
        if text:
            handles.append(Line2D([], [], color="0.35", **style))
            labels.append(text)
    for kind in kinds:
        handles.append(Line2D([], [], color="0.35", ls="", marker=MARKS[kind], ms=5))
        labels.append(NAMES[kind])
    add_legend(ax, handles, labels, **{"fontsize": 8, **options})
