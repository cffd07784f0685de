"""What the studies of this paper share: their folder, their pictures, their command line."""

import argparse
import pathlib

OUT = "out/relu_gradient"
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")  # Okabe and Ito


def folder(out) -> pathlib.Path:
    """Make the folder of the results."""
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    return out


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
    for first, last, stable in runs(branch.unstable == 0):
        rows = slice(first, last + 1)
        ax.plot(branch[x][rows], branch[y][rows], ls="-" if stable else "--", label=label, **style)
        label = None
    for point in branch.special:
        if point.label[:2] != "EP":
            ax.plot(point[x], point[y], "o", ms=4, mec="white", mew=0.6, color=style.get("color"))


def runs(flags):
    """Yield (first, last, flag) of maximal runs; each goes one row on, so that pieces of a line touch."""
    first = 0
    for row in range(1, len(flags) + 1):
        if row == len(flags) or flags[row] != flags[first]:
            yield first, min(row, len(flags) - 1), bool(flags[first])
            first = row


def table(numbers) -> str:
    """One line a number."""
    return "\n".join(f"{key} = {value}" for key, value in numbers.items())


def command(main, description):
    """Run a study from the command line."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--out", default=OUT, help="folder of pictures and data (default: %(default)s)")
    parser.add_argument("--fast", action="store_true", help="fewer points, coarser pictures")
    options = parser.parse_args()
    print(table(main(fast=options.fast, out=options.out)))
    print(f"\npictures in {options.out}")
