"""Pictures of a diagram: one colour a branch, stable solid, unstable dashed, each special point marked once."""

from itertools import groupby, pairwise
from types import SimpleNamespace

import numpy as np

from continuation.exploring.recognition.conjugate_branches import images_of_branch
from continuation.ground.status import Kind
from continuation.kinds import registry
from continuation.output.plotting import (
    DASHED,
    FLAT,
    INK,
    LABELS,
    SIZE,
    SOLID,
    TROUBLE,
    check_axes,
    column,
    draw_labels,
    draw_legend,
    marker_group,
    marker_words,
    new_axes,
    roomy,
    segments,
    widen,
)
from continuation.output.tables import FEW

# The first branch is black, the others have the colours of Okabe and Ito but yellow, which is lost on white.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
NAMED = 7  # with more branches the legend does not name them
FAINT = 0.35  # opacity of conjugate branches
GRID = 160  # cells each way in which columns are compared
BETTER = 1.15  # so many times the cells another column must fill to be drawn
COMPARED = 12  # columns
TURNS = 50  # of a dashed line, up to which its dashes are brought in phase


def plot(diagram, x=None, y=None, ax=None, *, conjugates=False, **options):
    """Draw a diagram: each branch in its colour, solid where stable or no flow, dashed where unstable.

    Parameters
    ----------
    diagram : DiagramRecord
    x, y : str, optional
        Names of columns.  Default: the varied parameter, and the column that shows most: the first state (the norm
        if there are more than 4) unless branches lie over each other there, as conjugate ones do in the norm; then
        the state or output in which the curves cover the most of the picture.
    ax : matplotlib Axes, optional
        Where to draw; default: new axes from pyplot.
    conjugates : bool
        Draw the images of the branches under the symmetries of the problem too, faintly.  Needs the problem.
    **options
        Passed on to the lines (``linewidth`` ...).

    Returns
    -------
    matplotlib Axes
        With a legend; up to 7 branches are named in it.

    Notes
    -----
    A special point shared by several branches is marked and labelled once; at most 40 labels are written, none over
    another.  Hollow markers are points that were not located.  Crosses are ends where a branch could not go on.
    """
    x = diagram.vary if x is None else x
    y = best_y(diagram) if y is None else y
    ax = new_axes() if ax is None else check_axes(ax)
    curves = [np.column_stack([column(b, x, "x"), column(b, y, "y")]) for b in diagram.branches]
    for index, curve in enumerate(curves):
        if conjugates:
            draw_images(ax, diagram, index, (x, y), options)
        draw_branch(ax, diagram.branches[index], index, curve, options)
    orbits = [draw_orbits(ax, diagram, index, (x, y), options) for index in range(len(diagram.cycles))]
    explain(ax, diagram)
    holder, spots = marked(diagram, [*curves, *orbits])
    draw_marks(ax, holder, spots)
    draw_troubles(ax, diagram.branches, curves)
    draw_troubles(ax, diagram.cycles, orbits)
    ax.set_xlabel(x, parse_math=False)
    ax.set_ylabel(y, parse_math=False)
    for branch, curve in zip(diagram.branches, curves):
        widen(ax, branch, (x, y), curve)
    draw_legend(ax)
    draw_labels(ax, holder, spots)
    return ax


def picture(diagram, path, x=None, y=None):
    """Draw a diagram into a file, its format told by the ending; neither pyplot nor a screen is needed."""
    from matplotlib.figure import Figure

    figure = Figure((7.5, 5.5), layout="constrained")
    plot(diagram, x, y, roomy(figure.subplots()))
    figure.savefig(path, dpi=150)


def best_y(diagram) -> str:
    """Name of the column in which the branches are told apart best; the usual one unless another is clearly better."""
    branch = diagram.branches[0]
    states = list(branch.state_names)
    usual = states[0] if len(states) <= FEW else "norm"
    chosen = [states[k] for k in np.unique(np.linspace(0, len(states) - 1, COMPARED - 2).round().astype(int))]
    names = list(dict.fromkeys([usual, *chosen, *list(branch.outputs)[:2]]))
    filled = {name: covered(diagram, name) for name in names}
    best = max(names, key=lambda name: filled[name])
    return best if filled[best] > BETTER * filled[usual] else usual


def covered(diagram, name) -> int:
    """Number of cells of a grid that the curves of a column pass."""
    curves = [np.column_stack([branch.parameter, branch[name]]) for branch in diagram.branches]
    curves = [curve[np.isfinite(curve).all(axis=1)] for curve in curves]
    spots = np.concatenate(curves)
    if not len(spots):
        return 0
    low, size = spots.min(axis=0), np.ptp(spots, axis=0)
    size[size <= FLAT * (1 + np.abs(low))] = np.inf
    cells = set()
    for curve in curves:
        scaled = dense_line((curve - low) / size * GRID)
        cells.update(map(tuple, scaled.astype(int)))
    return len(cells)


def dense_line(path) -> np.ndarray:
    """Points along a polygon, at most half a cell apart where that is affordable."""
    length = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])
    even = np.linspace(0, length[-1], int(min(2 * length[-1], 20 * GRID)) + 2) if len(path) > 1 else length
    return np.column_stack([np.interp(even, length, column) for column in path.T])


def draw_orbits(ax, diagram, index, names, options) -> np.ndarray:
    """The curves of a branch of periodic orbits: states by largest and least values; returns the first, else NaN."""
    branch, found = diagram.cycles[index], []
    for suffix in ("_max", "_min", ""):
        wanted = [name if name in (*branch.vary, *branch.parameters) else f"{name}{suffix}" for name in names]
        known = (*branch.state_names, *branch.outputs, *branch.vary, *branch.parameters, "norm", "arclength")
        if all(name in known for name in wanted) and not (found and suffix == ""):
            found.append(np.column_stack([branch[name] for name in wanted]))
    for curve in found:
        draw_branch(ax, branch, len(diagram.branches) + index, curve, options)
    return found[0] if found else np.full((len(branch), 2), np.nan)


def draw_branch(ax, branch, index, curve, options):
    """One line for each longest run of one style."""
    for stable, run in groupby(segments(branch), key=lambda segment: segment.stable):
        run = list(run)
        style = {"color": color_of(index), "linewidth": 1.5, **options, "label": "_nolegend_"}
        style["linestyle"] = DASHED if stable is False else SOLID
        path = curve[run[0].start : run[-1].stop]
        ax.plot(*(in_phase(path) if stable is False else path).T, **style)


def in_phase(path) -> np.ndarray:
    """Pieces of a path between its turns to the left and right, each from left to right, NaN between.

    The dashes of pieces that lie over each other, as conjugate ones do, then do so too and leave gaps.
    """
    steps = np.sign(np.diff(path[:, 0]))
    turns = np.flatnonzero(steps[1:] * steps[:-1] < 0) + 1
    if len(turns) > TURNS or not np.any(steps):
        return path
    edges = [0, *turns.tolist(), len(path) - 1]
    pieces = [path[a : b + 1] for a, b in pairwise(edges)]
    gap = np.full((1, 2), np.nan)
    return np.concatenate(
        [part for piece in pieces for part in (piece[:: 1 if piece[-1, 0] >= piece[0, 0] else -1], gap)]
    )


def color_of(index) -> str:
    """Colour of a branch."""
    return COLORS[(index - 1) % len(COLORS)] if index else INK


def explain(ax, diagram):
    """Entries of the legend: the branches by colour, if they are few, and what solid and dashed mean."""
    every = (*diagram.branches, *diagram.cycles)
    count = len(every)
    for index in range(count if 1 < count <= NAMED else 0):
        ax.plot([], [], color=color_of(index), label=branch_name(diagram, index))
    styles = {segment.stable for branch in every for segment in segments(branch)}
    for stable, word, style in ((True, "stable", SOLID), (False, "unstable", DASHED)):
        if stable in styles:
            ax.plot([], [], color="0.45", linestyle=style, label=word)


def branch_name(diagram, index) -> str:
    """What the legend calls a branch."""
    origin = (*diagram.origins, *diagram.cycle_origins)[index]
    if origin.found == "hopf":
        return f"branch {index}, periodic orbits from {origin.label}"
    how = {"start": "from the start", "deflation": "by deflation"}.get(origin.found, f"from {origin.label}")
    return f"branch {index}, {how}"


def draw_images(ax, diagram, index, names, options):
    """Faint lines for the images of a branch under the symmetries."""
    branch = diagram.branches[index]
    if diagram.problem is None or diagram.origins[index].multiplicity == 1:
        return
    for image in images_of_branch(diagram.problem, branch):
        style = {"color": color_of(index), "linewidth": 1.2, **options, "alpha": FAINT}
        ax.plot(image[names[0]], image[names[1]], label="_nolegend_", zorder=1.5, **style)


def marked(diagram, curves):
    """Special points once each, numbered in `index`, and where they are drawn (k, 2)."""
    points, spots = [], []
    for point in diagram.special:
        branch, row = diagram.passages(point.label)[0]
        if not np.all(np.isfinite(curves[branch][row])):
            continue  # of a column that its branch does not have
        spots.append(curves[branch][row])
        points.append(SimpleNamespace(**{name: getattr(point, name) for name in ("kind", "name", "label", "located")}))
        points[-1].index = len(spots) - 1
    return SimpleNamespace(special=tuple(points)), np.array(spots).reshape(-1, 2)


def draw_marks(ax, holder, spots):
    """Mark special points by kind with black shapes, hollow if not located."""
    size = 34 if len(spots) <= 3 * LABELS else 12
    for _, members in groupby(sorted(holder.special, key=marker_group), key=marker_group):
        members = list(members)
        shape, _, area = registry.of(members[0].kind).marker
        colors = {"facecolors": INK, "edgecolors": "white", "linewidths": 0.7}
        if not members[0].located:
            colors = {"facecolors": "white", "edgecolors": INK, "linewidths": 1.2}
        places = spots[[member.index for member in members]].T
        ax.scatter(*places, size * area, marker=shape, label=marker_words(members[0]), zorder=3, **colors)


def draw_troubles(ax, branches, curves):
    """Crosses at ends where a branch could not go on."""
    for branch, curve in zip(branches, curves):
        for row, status in zip((0, -1), branch.ends):
            at_point = any(p.index == row % len(branch) and p.kind is not Kind.END for p in branch.special)
            if status in TROUBLE and not at_point:
                ax.scatter(
                    *curve[row], SIZE * 5, marker="x", color=INK, linewidths=1.6, label=TROUBLE[status], zorder=3
                )
