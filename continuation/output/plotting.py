"""Pictures of a branch: stable pieces solid, unstable ones dashed, special points marked and labelled."""

from itertools import groupby

import numpy as np

from continuation.ground.arguments import shown
from continuation.ground.status import Kind, Status
from continuation.kinds import registry
from continuation.output.tables import FEW
from continuation.results.segments import segments

INK, ORBITS = "#222222", "#1f6fb4"  # of equilibria and of periodic orbits, told apart where both are drawn
SOLID, DASHED = "-", (0, (3.5, 1.8))
TROUBLE = {
    Status.STEP_TOO_SMALL: "end: no step accepted",
    Status.SINGULAR: "end: singular",
    Status.NONFINITE: "end: not finite",
    Status.UNRESOLVED: "end: unresolved",
    Status.CALLBACK_FAILED: "end: function failed",
    Status.BAD_START: "end: bad start",
}
LABELS = 40  # more are thinned
SIZE = 8.0  # of a label, in points
PLACES = ("upper right", "upper left", "lower left", "lower right")  # of a legend, the first is preferred
PLACES += ("center right", "center left", "lower center", "upper center")
GAP = 0.5  # between a legend and the frame, in letters
COVER = 1000  # spots of a curve that a text is worth
# Extent of a column, relative to its size, that is rounding: it is drawn as constant.  A thousand roundings; ten times
# smaller blows the rounding of long traces up to the height of the picture, ten times larger hides digits of outputs.
FLAT = 1e-12
SAME_SPOT = 0.5  # pixels between two special points that are drawn as one
DIRECTIONS = ((1, 1), (-1, 1), (1, -1), (-1, -1), (1, 0), (-1, 0), (0, 1), (0, -1))


def plot(branch, x=None, y=None, ax=None, **options):
    """Draw a branch: solid where stable or no flow, dashed where unstable, special points marked.

    Parameters
    ----------
    branch : Branch
        What to draw.
    x, y : str, optional
        Names of columns.  Default: the varied parameter and the first state, the norm if there are
        more than 4 states, the second parameter if two are varied.  Of periodic orbits a state means its
        largest and its least values, two curves; the default is the first state.
    ax : matplotlib Axes, optional
        Where to draw; nothing else is touched.  Default: new axes from pyplot.
    **options
        Passed on to the lines (``color``, ``linewidth``, ``label`` ...).

    Returns
    -------
    matplotlib Axes
        With its legend; several branches drawn into the same axes share one.

    Notes
    -----
    Each line ends exactly at a special point where stability changes.  Hollow markers are points that
    were not located.  An end is marked, by a cross, only if the branch could not go on there.  At
    most 40 labels are written, none over another; with more special points the rarer kinds come first
    and the others are thinned evenly.
    """
    x = branch.vary[0] if x is None else x
    y = usual_y(branch) if y is None else y
    names = drawn_columns(branch, y)
    curves = [np.column_stack([column(branch, x, "x"), column(branch, name, "y")]) for name in names]
    ax, curve = new_axes() if ax is None else check_axes(ax), curves[0]
    if branch.layout is not None:
        options = {"color": ORBITS, **options}
    for each in curves[1:]:
        draw_lines(ax, branch, each, {**options, "label": "_nolegend_"})
    draw_lines(ax, branch, curve, options)
    _draw_markers(ax, branch, curve)
    ax.set_xlabel(x, parse_math=False)
    ax.set_ylabel(y if len(names) == 1 or ax.get_ylabel() == y else f"largest and least {y}", parse_math=False)
    for name, each in zip(names, curves):
        widen(ax, branch, (x, name), each)
    draw_legend(ax)
    draw_labels(ax, branch, curve, once=branch.layout is not None)
    return ax


def column(branch, name, label):
    """A column of a branch by name, the argument `label` of a plot."""
    if not isinstance(name, str):
        raise ValueError(f"{label}: wanted the name of a column, got {shown(name)}")
    found = branch[name]
    if not isinstance(found, np.ndarray):
        raise ValueError(f"{label}: wanted the name of a column, got that of a special point, {name!r}")
    return found


def drawn_columns(branch, name) -> tuple:
    """Columns drawn upwards under a name: of a state of periodic orbits its largest and its least values."""
    if branch.layout is None or name not in branch.layout.names:
        return (name,)
    return branch.layout.extreme_names[branch.layout.names.index(name)]


def check_axes(ax):
    """Axes of matplotlib, or what can draw like them."""
    if isinstance(ax, type) or not all(hasattr(ax, name) for name in ("plot", "annotate", "set_xlabel")):
        raise ValueError(f"ax: wanted Axes of matplotlib, got {shown(ax)}")
    return ax


def usual_y(branch) -> str:
    """Name of the column drawn upwards unless told."""
    if len(branch.vary) > 1:
        return branch.vary[1]
    if branch.layout is not None:
        return branch.layout.names[0]
    return branch.state_names[0] if len(branch.state_names) <= FEW else "norm"


def picture(branch, path, x=None, y=None, behind=None):
    """Draw a branch into a file, its format told by the ending; neither pyplot nor a screen is needed.

    `behind` is a branch that is drawn first into the same axes: the equilibria of orbits.
    """
    from matplotlib.figure import Figure

    figure = Figure((7, 5), layout="constrained")
    ax = roomy(figure.subplots())
    if behind is not None:
        plot(behind, x, usual_y(branch) if y is None else y, ax)
    plot(branch, x, y, ax)
    figure.savefig(path, dpi=150)


def new_axes():
    """Axes in a figure of their own."""
    from matplotlib import pyplot

    return roomy(pyplot.subplots(layout="constrained")[1])


def roomy(ax):
    """The axes, with room for labels at the edges."""
    ax.margins(0.09)
    return ax


def draw_lines(ax, branch, curve, options):
    """One line for each longest run of one style."""
    options = {"color": INK, "linewidth": 1.4, **options}
    name, what = options.pop("label", None), "" if branch.layout is None else " orbits"
    seen = set()
    for stable, run in groupby(segments(branch), key=lambda segment: segment.stable):
        run = list(run)
        words = {True: f"stable{what}", False: f"unstable{what}", None: None}[stable]
        label = " ".join(filter(None, (name, words))) if stable not in seen and name != "_nolegend_" else ""
        seen.add(stable)
        style = {"linestyle": DASHED if stable is False else SOLID, "label": label or "_nolegend_", **options}
        ax.plot(*curve[run[0].start : run[-1].stop].T, **style)


def widen(ax, branch, names, curve):
    """Bring the limits up to date, and keep them wide where a column is constant up to rounding."""
    curve = curve[np.isfinite(curve).all(axis=1)]
    for k, name in enumerate(names if len(curve) else ()):
        size = np.abs(curve[:, k]).max()
        if np.ptp(curve[:, k]) <= FLAT * (size + (name not in branch.outputs)):
            ends = np.array([curve[0], curve[0]])
            ends[:, k] += np.array([-0.05, 0.05]) * (size if size > FLAT else 1.0)
            ax.update_datalim(ends)
    ax.autoscale_view()


def _draw_markers(ax, branch, curve):
    """Mark special points by kind, hollow if not located, and ends where the branch could not go on."""
    size = 34 if len(branch.special) <= 3 * LABELS else 12
    inner = sorted((s for s in branch.special if s.kind is not Kind.END), key=marker_group)
    for _, members in groupby(inner, key=marker_group):
        members = list(members)
        first = members[0]
        shape, color, area = registry.of(first.kind).marker
        colors = {"facecolors": color, "edgecolors": "white", "linewidths": 0.6}
        if not first.located:
            colors = {"facecolors": "white", "edgecolors": color, "linewidths": 1.3}
        spots = curve[[s.index for s in members]].T
        ax.scatter(*spots, size * area, marker=shape, label=marker_words(first), zorder=3, **colors)
    for row, status in zip((0, -1), branch.ends):
        if status in TROUBLE:
            ax.scatter(*curve[row], 40, marker="x", color=INK, linewidths=1.6, label=TROUBLE[status], zorder=3)


def marker_group(point):
    """Key under which special points share a marker and a line of the legend."""
    return list(Kind).index(point.kind), point.name, not point.located


def marker_words(point) -> str:
    """Legend entry of a special point's marker."""
    name = f": {point.name}" if point.kind is Kind.USER and point.name else ""
    return registry.of(point.kind).words + name + ("" if point.located else ", not located")


def draw_legend(ax):
    """One legend with one entry a label for all branches of the axes; above them if it would hide something."""
    handles, labels = ax.get_legend_handles_labels()
    entries = dict(zip(reversed(labels), reversed(handles)))
    names = list(dict.fromkeys(labels))
    if not names:
        return
    contents = [entries[name] for name in names], names
    box = free_legend(ax, *contents, fontsize=SIZE).get_window_extent().extents
    if not ax.get_title() and (_count_inside(_covered(ax), box) or _overlap(box, _boxes(ax.texts))):
        place = {"fontsize": SIZE, "loc": "lower left", "bbox_to_anchor": (0, 1), "frameon": False}
        for columns in range(max(1, int(ax.bbox.width / (box[2] - box[0]))), 0, -1):
            right = ax.legend(*contents, ncols=columns, **place).get_window_extent().x1
            if right <= ax.figure.bbox.x1:
                break
        ax.figure.canvas.figure.draw_without_rendering()  # lets a layout engine make room before labels are placed


def free_legend(ax, *contents, **options):
    """Add a legend where it covers least of the lines and markers: ``ax.legend(*contents, **options)`` without `loc`.

    The first such place counts, on corners before sides.  Unlike ``loc="best"`` its time is bounded: that one takes
    seconds, and warns, where branches have very many rows.
    """
    ax.get_xlim()  # settles the limits
    extent = ax.legend(*contents, **options, loc=PLACES[0]).get_window_extent()
    width, height = extent.width, extent.height
    left, bottom, right, top = ax.bbox.padded(-GAP * SIZE * ax.figure.dpi / 72).extents
    across = {"left": left, "center": (left + right - width) / 2, "right": right - width}
    up = {"lower": bottom, "center": (bottom + top - height) / 2, "upper": top - height}
    spots, texts = _covered(ax), _boxes(ax.texts)
    cost = {}
    for place in PLACES:
        y, x = place.split()
        box = np.array([across[x], up[y], across[x] + width, up[y] + height])
        cost[place] = _count_inside(spots, box) + COVER * _overlap(box, texts)
    return ax.legend(*contents, **options, loc=min(PLACES, key=cost.get))


def _boxes(artists):
    """(k, 4) left, bottom, right, top of artists in pixels."""
    return np.array([artist.get_window_extent().extents for artist in artists]).reshape(-1, 4)


def draw_labels(ax, branch, curve, once=False):
    """Write labels beside their points where they cover neither each other nor, if possible, the curve.

    With `once` points that have a label already get no second one.
    """
    from matplotlib.patheffects import withStroke

    chosen = [s for s in _thinned(branch.special) if np.isfinite(curve[s.index]).all()]
    taken = _boxes([*ax.texts, *filter(None, [ax.get_legend()])])
    cover = _covered(ax)
    halo = [withStroke(linewidth=2, foreground="white")]
    for point in chosen:
        spot = ax.transData.transform(curve[point.index])
        if once and is_labelled(ax, spot):
            continue
        box, (dx, dy) = _best_place(ax, spot, len(point.label), taken, cover)
        if box is None:
            continue
        taken = np.vstack([taken, box])
        align = {"ha": ("center", "left", "right")[dx], "va": ("center", "bottom", "top")[dy]}
        offset = (_reach(dx, dy) * dx, _reach(dx, dy) * dy)
        ax.annotate(point.label, curve[point.index], offset, textcoords="offset points", fontsize=SIZE,
                    path_effects=halo, annotation_clip=True, zorder=4, **align)  # fmt: skip


def is_labelled(ax, spot) -> bool:
    """Whether a point at these pixels has a label: orbits begin at a Hopf point of the equilibria drawn before."""
    named = [text.xy for text in ax.texts if hasattr(text, "xy")]
    return bool(named) and bool(np.any(np.abs(ax.transData.transform(named) - spot).max(axis=1) < SAME_SPOT))


def _thinned(special):
    """Points to label: all up to `LABELS`; of more, the rarer kinds first and the others evenly."""
    kinds = {}
    for point in special:
        if point.kind is not Kind.END:
            kinds.setdefault(point.kind, []).append(point)
    chosen, groups = [], sorted(kinds.values(), key=len)
    for k, group in enumerate(groups):
        share = (LABELS - len(chosen)) // (len(groups) - k)
        rows = np.linspace(0, len(group) - 1, min(share, len(group))).round().astype(int)
        chosen += [group[row] for row in rows]
    return chosen


def _covered(ax):
    """(k, 2) pixels along all lines and at all markers of the axes, at most 3 apart along a line where affordable."""
    spots = [np.empty((0, 2)), *(ax.transData.transform(points.get_offsets()) for points in ax.collections)]
    for line in ax.lines:
        path = line.get_transform().transform(line.get_xydata())
        path = path[np.isfinite(path).all(axis=1)]
        if not len(path):
            continue
        length = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])
        even = np.linspace(0, length[-1], int(min(length[-1] / 3, 20_000)) + 2)
        spots.append(np.column_stack([np.interp(even, length, column) for column in path.T]))
    return np.concatenate(spots)


def _best_place(ax, spot, letters, taken, cover):
    """Box (pixels) and direction of the free place that covers least of the curve; None if there is no free place."""
    scale, frame, best = ax.figure.dpi / 72, ax.bbox.extents, (np.inf, None, (0, 0))
    near = cover[np.abs(cover - spot).max(axis=1) < 100 * scale]
    for direction in DIRECTIONS:
        box = _box(spot, direction, letters, scale)
        if (box[:2] < frame[:2]).any() or (box[2:] > frame[2:]).any() or _overlap(box, taken):
            continue
        cost = _count_inside(near, box)
        if cost < best[0]:
            best = (cost, box, direction)
    return best[1:]


def _box(spot, direction, letters, scale):
    """(4,) left, bottom, right, top in pixels of a label in a direction from its point."""
    size = np.array([0.65 * SIZE * letters, 1.1 * SIZE]) * scale
    direction = np.array(direction)
    middle = spot + direction * (_reach(*direction) * scale + size / 2)
    return np.concatenate([middle - size / 2, middle + size / 2])


def _reach(dx, dy) -> float:
    """Distance of a label from its point in points, less along a diagonal."""
    return 4.0 if dx and dy else 6.0


def _count_inside(spots, box) -> int:
    """How many spots lie in a box."""
    return np.count_nonzero((spots >= box[:2]).all(axis=1) & (spots <= box[2:]).all(axis=1))


def _overlap(box, taken) -> bool:
    """Whether a box meets one of those taken."""
    return bool(((taken[:, :2] < box[2:]) & (taken[:, 2:] > box[:2])).all(axis=1).any())
