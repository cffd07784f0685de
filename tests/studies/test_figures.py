"""What the studies share: pictures, tables, folders."""

import numpy as np
from matplotlib.legend import Legend

from continuation import trace
from studies.command import folder, numbers_table
from studies.figures import STABLE, add_legend, draw_branch, figure_of
from systems.textbook import pitchfork


def test_branches_tell_minima_from_saddles():
    """Thick and solid, thin and dashed; they meet at the marked point."""
    trunk = trace(pitchfork(), [0.0], "p", (-1, 1))
    _, ((ax,),) = figure_of(1, 1, (4, 3), squeeze=False)
    draw_branch(ax, trunk, "p", "x", "black", "trunk", names=True, width=0.5)
    stable, unstable, point = ax.lines
    assert stable.get_linestyle() == "-" != unstable.get_linestyle()
    assert stable.get_linewidth() == 0.5 * STABLE["lw"] > unstable.get_linewidth()
    assert stable.get_xdata()[-1] == unstable.get_xdata()[0] == point.get_xdata()[0] == trunk["BP1"]["p"]
    assert stable.get_label() == "trunk" != unstable.get_label()
    assert ax.texts[0].get_text().startswith("BP1")


def test_tables_and_folders(tmp_path):
    """Numbers one a line; folders are made."""
    assert numbers_table({"a": 1}) == "a = 1"
    assert folder(tmp_path / "new").is_dir()


def test_legends_lie_where_least_is_drawn(monkeypatch):
    """Without the search of matplotlib, which takes seconds (and warns) where lines have very many points."""
    monkeypatch.delattr(Legend, "_find_best_position")
    corners = {"left": (0.0, 0.45), "right": (0.55, 1.0)}
    for line, side in ((lambda x: x, "left"), (lambda x: 1 - x, "right")):
        figure, ax = figure_of()
        x = np.linspace(0, 1, 300_000)
        ax.plot(x, line(x), label="a line")
        add_legend(ax, fontsize=8)
        figure.draw_without_rendering()
        box = ax.get_legend().get_window_extent().transformed(ax.transAxes.inverted())
        low, high = corners[side]
        assert low < box.x0 < box.x1 < high
        assert 0.5 < box.y0 < box.y1 < 1
    add_legend(ax, loc="lower left")
    assert ax.get_legend().get_window_extent().y1 < ax.bbox.y0 + 0.5 * ax.bbox.height
