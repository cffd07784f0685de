"""What the studies of this paper share: their folder, their pictures, their command line."""

import numpy as np

from studies.claims import table
from studies.command import numbers_table, options
from systems.training.checks import ALONG, check_branch

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


def draw_branch(ax, branch, x, y, *, names=False, **style):
    """Draw a branch, solid where stable, dashed where not; special points but ends as dots, labelled on request."""
    label = style.pop("label", None)
    for piece in branch.segments():
        rows = piece.rows
        ax.plot(branch[x][rows], branch[y][rows], ls="-" if piece.stable else "--", label=label, **style)
        label = None
    for point in branch.special:
        if point.label[:2] == "EP":
            continue
        ax.plot(point[x], point[y], "o", ms=4, mec="white", mew=0.6, color=style.get("color"))
        if names:
            text, place = f"{point.label} {point[x]:.5g}", (point[x], point[y])
            box = {"color": "white", "alpha": 0.75, "pad": 0.5}
            ax.annotate(text, place, (5, 5), textcoords="offset points", fontsize=7, color=style.get("color"), bbox=box)


def judged(branches, points) -> dict:
    """Let gradient descent judge branches of flows (dict of name to branch).

    A minimum passes where all its modes decay at their rates and random perturbations return; a saddle where its
    unstable modes grow at theirs, as many as the branch says.  (Its stable modes are not asked: rounding lets the
    unstable ones overtake them.)

    Returns
    -------
    dict
        ``stable``, ``saddles``: rows judged; ``failed``: those where a rate is off by more than a thousandth or descent
        says otherwise; ``undecided``: saddles all of whose unstable modes are too slow to be followed; ``worst``:
        largest relative error of a rate.
    """
    found = [check_branch(branch, points=points, sweeps=False) for branch in branches.values()]
    seen = [point for check in found for point in check.points if point.judged]
    stable = [point for point in seen if point.unstable == 0]
    saddles = [point for point in seen if point.unstable and _deciding(point)]
    return {
        "stable": len(stable),
        "saddles": len(saddles),
        "failed": sum(map(_fails, stable + saddles)),
        "undecided": len(seen) - len(stable) - len(saddles),
        "worst": max((rate.error for point in stable + saddles for rate in _deciding(point)), default=np.nan),
    }


def _deciding(point) -> list:
    """Rates that say whether descent agrees: of a minimum all, of a saddle those that grow."""
    return [rate for rate in point.rates if not rate.skipped and (point.unstable == 0 or rate.value.real > 0)]


def _fails(point) -> bool:
    """Whether descent contradicts a row of a branch."""
    wrong = any(not rate.error <= ALONG for rate in _deciding(point))
    return bool(wrong or point.seen != point.unstable or point.attracted is False)


def command(module):
    """Run a study from the command line: its numbers, then its claims."""
    given = options(module["__doc__"], OUT)
    numbers = module["main"](fast=given.fast, out=given.out)
    print(numbers_table(numbers))
    print(f"\n{table(module['claims'](numbers))}\n\npictures in {given.out}")
