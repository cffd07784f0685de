"""What the studies of this paper share: their folder, their pictures, their command line."""

from studies.command import numbers_table, options

OUT = "out/relu_gradient"
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")  # Okabe and Ito


def canvas(rows, columns, size):
    """Make a figure with axes (rows, columns), independent of any display."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False)


def save(figure, path, fast):
    """Write a figure, coarser where `fast`."""
    figure.savefig(path, dpi=80 if fast else 180, metadata={"Software": None})


def draw_branch(ax, branch, x, y, **style):
    """Draw a branch, solid where stable and dashed where not; special points but ends as dots."""
    label = style.pop("label", None)
    for piece in branch.segments():
        rows = piece.rows
        ax.plot(branch[x][rows], branch[y][rows], ls="-" if piece.stable else "--", label=label, **style)
        label = None
    for point in branch.special:
        if point.label[:2] != "EP":
            ax.plot(point[x], point[y], "o", ms=4, mec="white", mew=0.6, color=style.get("color"))


def command(main, description):
    """Run a study from the command line."""
    given = options(description, OUT)
    print(numbers_table(main(fast=given.fast, out=given.out)))
    print(f"\npictures in {given.out}")
