"""A diagram interrupted, resumed, stored, drawn, printed, and asked for on the command line."""

import functools
import hashlib
import math
import os
import pathlib
import shutil
import signal

import numpy as np
import pytest
from click.testing import CliRunner
from numpy.testing import assert_array_equal

from continuation import Diagram, Problem, Status, cli, diagram
from continuation.exploring.drawing import COLORS, best_y, picture
from continuation.exploring.record import Completion, Finish, Follow
from continuation.output.files import StorageError, load
from systems import textbook

TWO_MODES = {"x": "x*(mu - x**2 - 2*y**2)", "y": "y*(2*mu - 0.3 - y**2 - 1.5*x**2)"}
MODEL = """
title = "Two modes"
[equations]
x = "x*(mu - x**2 - 2*y**2)"
y = "y*(2*mu - 0.3 - y**2 - 1.5*x**2)"
[parameters]
mu = -1
[start]
x = 0
y = 0
[trace]
vary = "mu"
span = [-1, 2]
"""


@functools.cache
def problem():
    return Problem.from_expressions(TWO_MODES, parameters={"mu": -1.0}, name="two modes")


@functools.cache
def whole():
    return diagram(problem(), [0.0, 0.0], "mu", (-1, 2), depth=4)


def same(a, b):
    """Equal to the last bit."""
    assert str(a) == str(b)
    assert (a.plan, a.origins, a.failures, a.explored, a.status, a.effort) == (
        b.plan, b.origins, b.failures, b.explored, b.status, b.effort)  # fmt: skip
    for one, other in zip(a.branches, b.branches):
        for name in ("unknowns", "tangents", "unstable", "nullity", "residuals"):
            assert_array_equal(getattr(one, name), getattr(other, name))
        assert [p.label for p in one.special] == [p.label for p in other.special]
    assert [type(task) for task in a.pending] == [type(task) for task in b.pending]


def agrees(found):
    """It has the branches of the whole diagram."""
    assert found.status is Completion.COMPLETE
    assert found.pending == ()
    assert len(found.branches) == len(whole().branches)
    for value in (0.1, 0.4, 1.5):
        states = [sorted(tuple(np.round(p.state, 7) + 0.0) for _, p in d.at(mu=value)) for d in (found, whole())]
        assert states[0] == states[1]
    assert [b.ends == (Status.CLOSED, Status.CLOSED) for b in found.branches].count(True) == 1


def test_a_diagram_that_takes_too_long_is_kept_and_goes_on(tmp_path):
    part = diagram(problem(), [0.0, 0.0], "mu", (-1, 2), depth=4, max_seconds=1e-6)
    assert part.status is Completion.TIME_LIMIT
    assert "`max_seconds` have passed" in str(part)
    assert "pending: " in str(part)
    part.save(tmp_path / "part.nc")
    loaded = Diagram.load(tmp_path / "part.nc")
    assert loaded.plan == part.plan
    again = loaded.resume()
    assert again.status is Completion.TIME_LIMIT  # for as long again
    agrees(again.resume(max_seconds=math.inf))


# Interrupt and resume


def interrupting(calls):
    """The two modes in plain Python; Ctrl-C comes during the evaluation number `calls`."""
    count = [0]

    def f(u, p, out):
        count[0] += 1
        if count[0] == calls:
            signal.raise_signal(signal.SIGINT)
        x, y = u
        out[0] = x * (p[0] - x**2 - 2 * y**2)
        out[1] = y * (2 * p[0] - 0.3 - y**2 - 1.5 * x**2)

    return Problem(f, ["x", "y"], {"mu": -1.0}, compiled=False)


@pytest.mark.parametrize("calls", [300, 400, 700, 1500, 4000])
def test_ctrl_c_keeps_what_was_found_and_resume_finishes(calls):
    found = diagram(interrupting(calls), [0.0, 0.0], "mu", (-1, 2), depth=4)
    if found.status is not Completion.COMPLETE:
        assert found.status is Completion.INTERRUPTED
        assert "interrupted" in str(found)
        assert found.branches
        for branch in found.branches:
            assert np.all(branch.residuals < 1e-8)
    agrees(found.resume())


def test_a_second_ctrl_c_gives_up_the_piece_of_work():
    twice = interrupting(10**9)

    def f(u, p, out):
        twice.functions["residual"](u, p, out)
        if len(rows) and rows[0] > 1500:
            signal.raise_signal(signal.SIGINT)
        rows[0] += 1

    rows = [0]
    modes = Problem(f, ["x", "y"], {"mu": -1.0}, compiled=False)
    found = diagram(modes, [0.0, 0.0], "mu", (-1, 2), depth=4)
    assert found.status is Completion.INTERRUPTED
    assert len(found.branches) == 1
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_some_interruptions_come_in_the_middle():
    found = diagram(interrupting(2500), [0.0, 0.0], "mu", (-1, 2), depth=4)
    assert found.status is Completion.INTERRUPTED
    assert found.pending
    assert len(found.branches) < 4 or any(isinstance(task, Finish) for task in found.pending)


def test_two_interruptions_in_a_row():
    found = diagram(interrupting(700), [0.0, 0.0], "mu", (-1, 2), depth=4)
    again = found.resume(interrupting(2500))
    assert again.status is Completion.INTERRUPTED
    assert sum(map(len, again.branches)) > sum(map(len, found.branches))
    agrees(again.resume(interrupting(10**9)))


@pytest.mark.parametrize("points", [20, 90, 170, 290])
def test_a_budget_of_points_is_kept_and_enlarged(points):
    found = diagram(problem(), [0.0, 0.0], "mu", (-1, 2), depth=4, max_points=points)
    assert found.status is Completion.BUDGET
    assert sum(map(len, found.branches)) <= points + 8
    assert found.resume().status is Completion.BUDGET
    agrees(found.resume(max_points=10_000))


def test_a_budget_of_branches():
    found = diagram(problem(), [0.0, 0.0], "mu", (-1, 2), depth=4, max_branches=2)
    assert (len(found.branches), found.status) == (2, Completion.BUDGET)
    assert found.branches[1].ends == (Status.LIMIT, Status.LIMIT)  # both halves of the last are there
    assert any(isinstance(task, Follow) for task in found.pending)
    agrees(found.resume(max_branches=10))
    with pytest.raises(ValueError, match="max_branches"):
        found.resume(max_branches=0)


# Files


def test_a_file_holds_every_bit(tmp_path):
    whole().save(tmp_path / "d.nc")
    again = Diagram.load(tmp_path / "d.nc")
    same(again, whole())
    assert again.problem.source["equations"] == problem().source["equations"]
    assert again["BP2"].label == "BP2"
    assert again.passages("BP3") == whole().passages("BP3")


@pytest.mark.parametrize("options", [{"max_points": 60}, {"max_branches": 2}, {"depth": 1}])
def test_a_loaded_diagram_is_resumed(tmp_path, options):
    part = diagram(problem(), [0.0, 0.0], "mu", (-1, 2), **{"depth": 4, **options})
    part.save(tmp_path / "d.nc")
    again = Diagram.load(tmp_path / "d.nc")
    same(again, part)
    agrees(again.resume(depth=4, max_points=10_000, max_branches=50))


def test_pending_searches_are_stored(tmp_path):
    part = diagram(textbook.pitchfork(), [0.0], "p", (-1, 1), max_branches=1, deflate=[0.5])
    part.save(tmp_path / "d.nc")
    again = Diagram.load(tmp_path / "d.nc")
    assert again.problem is None
    with pytest.raises(ValueError, match="problem"):
        again.resume(max_branches=9)
    finished = again.resume(textbook.pitchfork(), max_branches=9)
    assert (len(finished.branches), finished.status) == (2, Completion.COMPLETE)


def test_bad_files_are_refused(tmp_path):
    path = tmp_path / "d.nc"
    whole().save(path)
    good = path.read_bytes()
    for place in (100, len(good) // 3, len(good) // 2, len(good) - 90):
        path.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
        with pytest.raises(StorageError, match="damaged"):
            Diagram.load(path)
    path.write_bytes(good[: len(good) // 2])
    with pytest.raises(StorageError):
        Diagram.load(path)
    with pytest.raises(OSError, match="No such file"):
        Diagram.load(tmp_path / "none.nc")
    whole().branches[0].save(path)
    with pytest.raises(StorageError, match="is no diagram saved by pseudoarc"):
        Diagram.load(path)
    whole().save(path)
    with pytest.raises(StorageError, match="is no branch saved by pseudoarc"):
        load(path)


def test_a_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "d.nc"
    whole().save(path)
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    monkeypatch.setattr("continuation.output.files.seal", lambda path: (_ for _ in ()).throw(OSError("no space")))
    with pytest.raises(OSError, match="no space"):
        whole().save(path)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == before
    assert os.listdir(tmp_path) == ["d.nc"]


# Pictures and tables


def test_the_picture_shows_each_branch_and_each_point_once():
    ax = whole().plot()
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("mu", "x")
    labels = [text.get_text() for text in ax.texts]
    assert len(labels) == len(set(labels))
    assert set(labels) <= {point.label for point in whole().special}
    assert len(labels) >= 5
    drawn = [line for line in ax.lines if len(line.get_xdata())]
    colors = {line.get_color() for line in drawn}
    assert len(colors) == 4
    assert set(COLORS[:3]) < colors
    dashed = [line for line in drawn if line.get_linestyle() not in ("-", "solid")]
    rows = sum(np.isfinite(line.get_xdata()).sum() for line in dashed)
    unstable = sum(int((branch.unstable > 0).sum()) for branch in whole().branches)
    assert unstable <= rows <= unstable + 40
    words = [text.get_text() for text in ax.get_legend().get_texts()]
    assert len(words) == len(set(words))
    assert {"stable", "unstable", "branch point", "branch 3, from BP3"} <= set(words)
    marks = np.concatenate([points.get_offsets() for points in ax.collections])
    assert len(marks) == 6


def test_columns_are_chosen_or_named(tmp_path):
    ax = whole().plot("mu", "norm")
    assert ax.get_ylabel() == "norm"
    with pytest.raises(KeyError, match="no column"):
        whole().plot(y="z")
    antisymmetric = Problem.from_expressions({"x": "-x", "y": "mu*y - y**3"}, parameters={"mu": -1})
    assert best_y(diagram(antisymmetric, [0.0, 0.0], "mu", (-1, 1))) == "y"
    picture(whole(), tmp_path / "d.png")
    assert (tmp_path / "d.png").stat().st_size > 10_000


def test_conjugates_are_drawn_faintly():
    modes = Problem.from_expressions(TWO_MODES, parameters={"mu": -1}, symmetries=[("-x", "y"), ("x", "-y")])
    found = diagram(modes, [0.0, 0.0], "mu", (-1, 2))
    plain, more = found.plot(), found.plot(conjugates=True)
    faint = [line for line in more.lines if (line.get_alpha() or 1) < 1]
    assert len(more.lines) == len(plain.lines) + len(faint)
    assert len(faint) >= 2
    shown = {float(np.sign(np.nansum(line.get_ydata()))) for line in faint}
    half = found.branches[1]
    assert -np.sign(half["x"].sum()) in shown


def test_a_diagram_of_many_branches_has_a_short_legend():
    equations = {f"x{i}": f"x{i}*(mu - {i} - x{i}**2)" for i in range(4)}
    many = Problem.from_expressions(equations, parameters={"mu": -1})
    found = diagram(many, np.zeros(4), "mu", (-1, 2.5), depth=3)
    assert len(found.branches) > 7
    assert len(found.plot().get_legend().get_texts()) <= 6
    states = [point.state for _, point in found.at(mu=2.4)]
    assert len(states) == 27
    exact = {tuple(np.sign(state[:3].round(6)).astype(int)) for state in states}
    assert len(exact) == 27


def test_tables():
    text = str(whole())
    lines = text.splitlines()
    assert lines[0] == f"two modes: 4 branches, {sum(map(len, whole().branches))} points, mu from -1 to 2"
    assert lines[1] == Completion.COMPLETE.advice
    assert lines[3].split()[:3] == ["branch", "points", "depth"]
    assert lines[4].endswith("0-1-2  start; limit")
    assert lines[7].endswith("closed")
    assert sum(line.startswith("BP") for line in lines) == 6
    html = whole()._repr_html_()
    assert html.count("<tr>") == 2 + 4 + 6
    assert "BP6" in html
    assert repr(whole()) == "<Diagram of two modes in mu: 4 branches, 6 BP; COMPLETE>"


# Command line


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder of its own with the model file."""
    monkeypatch.chdir(tmp_path)
    pathlib.Path("modes.toml").write_text(MODEL)
    return tmp_path


def run(*words):
    return CliRunner().invoke(cli.main, [str(word) for word in words])


def test_the_command_draws_keeps_and_shows(here):
    result = run("diagram", "modes.toml", "--depth", 3, "--plot", "d.png", "--save", "d.nc")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("Two modes\nmodes: 4 branches")
    assert (here / "d.png").stat().st_size > 10_000
    shown = run("show", "d.nc")
    assert shown.exit_code == 0
    assert result.stdout == "Two modes\n" + shown.stdout
    assert run("plot", "d.nc", "-y", "y", "-o", "e.png").exit_code == 0
    assert (here / "e.png").exists()
    assert run("plot", "d.nc", "-y", "z", "-o", "e.png").exit_code == 2


def test_the_command_tells_bad_input(here):
    for words, told in (
        (["--depth", -1], "depth"),
        (["--vary", "nu"], "nu"),
        (["--span", 2, 1], "--span: wanted low < high"),
        (["--max-branches", 0], "max_branches"),
        (["--deflate", 0], "deflate"),
        (["--save", "no/where.nc"], "no/where.nc"),
    ):
        result = run("diagram", "modes.toml", *words)
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.count("\n") == 1
        assert told in result.stderr


def test_the_command_reports_failure(here):
    shutil.copy("modes.toml", "bad.toml")
    text = pathlib.Path("bad.toml").read_text().replace("mu - x**2 - 2*y**2", "log(mu) - x**2")
    pathlib.Path("bad.toml").write_text(text.replace("mu = -1", "mu = 0.5").replace("[-1, 2]", "[-1, 1.5]"))
    result = run("diagram", "bad.toml", "--save", "d.nc")
    assert result.exit_code == 1
    assert "numerical failure" in result.stderr
    assert (here / "d.nc").exists()
