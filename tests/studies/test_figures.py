"""What the studies share: pictures, tables, folders."""

from continuation import trace
from studies.command import folder, numbers_table
from studies.figures import STABLE, draw_branch, figure_of
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
