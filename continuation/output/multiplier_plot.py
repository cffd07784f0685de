"""Floquet multipliers of a branch of periodic orbits beside the unit circle."""

import numpy as np

from continuation.ground.status import Kind
from continuation.kinds import registry
from continuation.orbits.profiles.layout import multipliers_of
from continuation.output.plotting import SIZE, check_axes, draw_legend, is_labelled, marker_words, new_axes

FRAME, FARTHEST = 1.35, 3.0  # half the width of the picture, at least and at most; what lies beyond is counted below it
ROUND = 400  # points of the circle
SPECIAL = (Kind.FOLD, Kind.BRANCH_POINT, Kind.PERIOD_DOUBLING, Kind.NEIMARK_SACKER)


def plot_multipliers(branch, ax=None, **options):
    """Draw the multipliers of all rows in the complex plane, coloured by the varied parameter, and the unit circle.

    Parameters
    ----------
    branch : Branch
        Of periodic orbits.
    ax : matplotlib Axes, optional
        Default: new axes from pyplot.
    **options
        Passed on to ``Axes.scatter``.

    Returns
    -------
    matplotlib Axes
        The trivial multiplier is a cross at 1; those at special points are marked as in the branch's picture.  Where
        multipliers have moduli above 3, the frame ends there and a line below says how many rows lie outside.
    """
    if branch.layout is None:
        raise ValueError(f"{branch.problem_name}: its rows are no periodic orbits, which alone have multipliers")
    ax = new_axes() if ax is None else check_axes(ax)
    exponents = branch.layout.exponents(branch.context)[:, :-1]
    values = multipliers_of(exponents)
    angle = np.linspace(0.0, 2 * np.pi, ROUND)
    ax.plot(np.cos(angle), np.sin(angle), color="#888888", linewidth=0.8, zorder=1)
    ax.scatter([1.0], [0.0], 40, marker="+", color="#222222", label="trivial multiplier", zorder=2)
    inside = exponents.real <= np.log(FARTHEST)
    shade = np.broadcast_to(branch.parameter[:, None], values.shape)
    dots = ax.scatter(
        values.real[inside], values.imag[inside], **{"s": 9, "c": shade[inside], "zorder": 2.5, **options}
    )
    if "c" not in options and "color" not in options:
        ax.figure.colorbar(dots, ax=ax, label=branch.vary[0])
    _frame(ax, values[inside])
    _mark_special(ax, branch, exponents)
    outside = np.count_nonzero(~inside.all(axis=1))
    beyond = f"\nmoduli above {FARTHEST:g} in {outside} of {len(branch)} rows" if outside else ""
    ax.set_xlabel(f"Re multiplier{beyond}")
    ax.set_ylabel("Im multiplier")
    draw_legend(ax)
    return ax


def _frame(ax, values):
    """Equal scales, wide enough for the circle and the multipliers."""
    half = max(FRAME, 1.1 * float(np.max(np.abs(values), initial=0.0)))
    ax.set_aspect("equal")
    ax.set_xlim(-half, half)
    ax.set_ylim(-half, half)


def _mark_special(ax, branch, exponents):
    """Mark and label the multipliers next to the circle at special points."""
    for point in branch.special:
        if point.kind not in SPECIAL or not point.located or not exponents.shape[1]:
            continue
        row = exponents[point.index]
        value = multipliers_of(row[np.argmin(np.abs(row.real))])
        spot = float(value.real), abs(float(value.imag))
        shape, color, area = registry.of(point.kind).marker
        style = {"marker": shape, "color": color, "edgecolors": "white", "linewidths": 0.6, "zorder": 3}
        ax.scatter(*spot, 34 * area, label=marker_words(point), **style)
        if not is_labelled(ax, ax.transData.transform(spot)):
            ax.annotate(point.label, spot, (5, 5), textcoords="offset points", fontsize=SIZE, zorder=4)
