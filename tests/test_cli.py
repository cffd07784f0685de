"""The command: what it prints, writes and returns; every mistake is one line on stderr and exit status 2."""

import os
import pathlib
import shutil
import subprocess
import sys
import types
from dataclasses import replace

import pytest
from click.testing import CliRunner

from continuation import Problem, cli, trace
from continuation.ground.status import StartError, Status
from continuation.output.files import load, save
from continuation.output.tables import table
from tests import handmade

ROOT = pathlib.Path(__file__).parent.parent
MODEL = ROOT / "docs" / "brusselator.toml"


def run(*words):
    """Run the command in this process."""
    return CliRunner().invoke(cli.main, [str(word) for word in words])


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder of its own, with the model file."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(MODEL, tmp_path)
    return tmp_path


@pytest.fixture
def traced(monkeypatch):
    """Stands in for `continuation.trace`: returns or raises `result`, keeps the arguments."""

    def fake(problem, **arguments):
        fake.problem, fake.arguments = problem, arguments
        if isinstance(fake.result, BaseException):
            raise fake.result
        return fake.result

    fake.result = handmade.brusselator()
    monkeypatch.setattr("continuation.cli.trace_branch", fake)
    return fake


def refused(result, *words):
    """Check for bad input: nothing on stdout, one line on stderr that has these words, exit status 2."""
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("pseudoarc: ")
    for word in words:
        assert word in result.stderr


# What needs no trace


def test_version_and_help():
    assert run("--version").stdout.startswith("pseudoarc ")
    for words in ((), ("--help",)):
        result = run(*words)
        assert result.exit_code == 0
        assert all(command in result.stdout for command in ("trace", "show", "plot", "study"))


def test_help_loads_nothing_heavy():
    code = (
        "import sys; from continuation.cli import main\n"
        "heavy = {'numba', 'sympy', 'matplotlib', 'xarray', 'scipy', 'rich'}\n"
        "try: main(['--help'])\n"
        "finally: print(*(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Usage")
    assert done.stderr.split() == []


@pytest.mark.parametrize("make", handmade.EVERY.values(), ids=handmade.EVERY)
def test_show_prints_the_table_as_plain_text(here, make):
    save(make(), "b.nc")
    result = run("show", "b.nc")
    assert result.exit_code == 0
    assert result.stdout == table(make()) + "\n"


def test_show_cuts_nothing_in_a_narrow_place(here, monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    save(handmade.snake(4), "b.nc")
    assert run("show", "b.nc").stdout == table(handmade.snake(4)) + "\n"


@pytest.mark.parametrize(("columns", "boxed"), [(200, True), (40, False)])
def test_a_terminal_gets_lines_if_it_is_wide_enough(monkeypatch, capsys, columns, boxed):
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    cli._show(handmade.cusp())
    shown = capsys.readouterr().out
    assert ("─" in shown) == boxed
    assert "0.38490017945975" in shown


def test_plot_draws_any_columns(here):
    save(handmade.cusp(), "b.nc")
    assert run("plot", "b.nc", "-o", "a.png").exit_code == 0
    result = run("plot", "b.nc", "-x", "u", "-y", "energy", "-o", "b.svg")
    assert (result.exit_code, result.output) == (0, "")
    assert pathlib.Path("a.png").read_bytes().startswith(b"\x89PNG")
    assert pathlib.Path("b.svg").read_text().startswith("<?xml")


def test_plot_refuses_what_it_cannot_draw(here):
    save(handmade.cusp(), "b.nc")
    refused(run("plot", "b.nc", "-x", "enrgy", "-o", "b.png"), "'enrgy'", "did you mean 'energy'")
    refused(run("plot", "b.nc", "-o", "b.xyz"), "b.xyz", "unknown kind of picture", "png")
    refused(run("plot", "b.nc", "-o", "none/b.png"), "none/b.png", "no folder")
    refused(run("plot", "b.nc"), "--output")


def test_files_that_are_no_branch(here):
    pathlib.Path("text.nc").write_text("hello")
    refused(run("show", "none.nc"), "none.nc", "No such file")
    refused(run("show", "text.nc"), "text.nc", "no netCDF-4 file")
    refused(run("show", "."), ".: Is a directory")
    refused(run("plot", "text.nc", "-o", "b.png"), "text.nc")


@pytest.mark.parametrize("words", [("tracee",), ("show",), ("show", "--loud", "f"), ("trace",)])
def test_wrong_use_of_the_command_is_one_line(words):
    refused(run(*words))


# Studies


def module(name, text, main):
    return types.SimpleNamespace(name=name, load=lambda: types.SimpleNamespace(__doc__=text, main=main))


@pytest.fixture
def studies(monkeypatch):
    """Two studies and a broken one, as if installed; returns the calls of the first."""
    calls = []

    def broken():
        raise ImportError("no module named 'torch'")

    def main(fast=False, out="here"):
        calls.append((fast, out))
        return {"fold": 0.1 + 0.2, "count": 3, "verdict": True}

    entries = [
        module("second", "Another.\n\nMore words.", lambda fast=False, out="": None),
        module("first", "Figure 1 of a paper.", main),
        types.SimpleNamespace(name="worst", load=broken),
    ]
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: entries if group == cli.STUDIES else [])
    return calls


def test_studies_are_listed_name_first_without_header(studies):
    result = run("study", "--list")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert [line.split(maxsplit=1) for line in lines[:2]] == [["first", "Figure 1 of a paper."], ["second", "Another."]]
    assert lines[2].startswith("worst")
    assert "torch" in lines[2]


def test_study_prints_its_numbers_in_full(studies):
    result = run("study", "first")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == ["fold = 0.3", "count = 3", "verdict = True"]
    assert studies == [(False, "here")]


def test_study_gets_its_options_and_its_folder(here, studies):
    assert run("study", "first", "--fast", "--out", "new/folder").exit_code == 0
    assert studies == [(True, "new/folder")]
    assert pathlib.Path("new/folder").is_dir()


def test_studies_that_are_not_there(here, studies):
    refused(run("study", "frist"), "'frist'", "did you mean 'first'")
    refused(run("study"), "--list")
    pathlib.Path("file").write_text("")
    refused(run("study", "first", "--out", "file"), "file")
    assert studies == []


def test_installed_studies_have_a_main_and_a_description():
    from importlib.metadata import entry_points

    for entry in entry_points(group=cli.STUDIES):
        found = entry.load()
        assert callable(found.main)
        assert found.__doc__


# Tracing, with the engine replaced


def test_trace_passes_on_what_file_and_options_say(here, traced):
    words = ("--set", "a=2", "--start", "x=-1e-3", "--max-step", "0.05", "--max-points", 7, "--direction", "-1")
    result = run("trace", "brusselator.toml", "--vary", "a", "--span", "-1", "1", *words)
    assert result.exit_code == 0
    arguments = traced.arguments
    assert arguments["start"] == {"x": -1e-3, "y": 1.0}
    assert arguments["parameters"] == {"a": 2.0, "b": 1.0}
    assert (arguments["vary"], arguments["span"], arguments["direction"]) == ("a", (-1.0, 1.0), -1)
    assert (arguments["settings"].max_step, arguments["settings"].max_points) == (0.05, 7)
    assert arguments["progress"] is False
    assert traced.problem.name == "brusselator"


def test_trace_uses_the_file_where_no_option_is_given(here, traced):
    assert run("trace", "brusselator.toml").exit_code == 0
    arguments = traced.arguments
    assert (arguments["vary"], arguments["span"], arguments["direction"]) == ("b", (0.0, 5.0), "both")
    assert arguments["settings"].max_step == 0.1


def test_trace_shows_saves_and_draws(here, traced):
    result = run("trace", "brusselator.toml", "--save", "b.nc", "--plot", "b.png")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"Brusselator, a = 1\n{table(traced.result)}\n"
    assert len(load("b.nc")) == len(traced.result)
    assert pathlib.Path("b.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("status", Status)
def test_exit_status_tells_how_the_ends_came_about(here, traced, status):
    traced.result = replace(handmade.brusselator(), ends=(Status.LIMIT, status))
    result = run("trace", "brusselator.toml", "--save", "b.nc")
    failed = status.name in cli.FAILED
    assert result.exit_code == (130 if status is Status.INTERRUPTED else int(failed))
    assert result.stderr == (f"pseudoarc: numerical failure at b = 5: {status.advice}\n" if failed else "")
    assert load("b.nc").ends[1] is status
    assert "HB1" in result.stdout


def test_a_start_that_is_no_solution_is_a_numerical_failure(here, traced):
    traced.result = StartError("the start is no solution: F[0] = 3\nmore")
    result = run("trace", "brusselator.toml", "--save", "b.nc")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "pseudoarc: the start is no solution: F[0] = 3\n"


def test_bad_input_found_by_the_engine(here, traced):
    traced.result = ValueError("span: wanted two numbers")
    refused(run("trace", "brusselator.toml"), "span: wanted two numbers")


def test_ctrl_c_outside_the_engine(here, traced):
    traced.result = KeyboardInterrupt()
    assert run("trace", "brusselator.toml").exit_code == 130


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--vary", "c"), ("--vary c", "known: a, b")),
        (("--span", "1", "0"), ("--span: wanted low < high, got (1.0, 0.0)",)),
        (("--span", "nan", "0"), ("--span: wanted low < high, got (nan, 0.0)",)),
        (("--span", "0", "x"), ("'x' is not a valid float",)),
        (("--set", "c=1"), ("--set c=1", "known: a, b")),
        (("--set", "a"), ("--set a", "NAME=VALUE")),
        (("--start", "x=one"), ("--start x=one", "NAME=VALUE")),
        (("--start", "z=1"), ("--start z=1", "known: x, y")),
        (("--max-step", "-1"), ("max_step", "positive")),
        (("--max-points", "0"), ("max_points", "at least 1")),
        (("--direction", "2"), ("--direction",)),
        (("--save", "none/b.nc"), ("none/b.nc", "no folder")),
        (("--save", "."), (".: is a folder",)),
        (("--plot", "none/b.png"), ("none/b.png", "no folder")),
        (("--plot", "b.xyz"), ("b.xyz", "unknown kind of picture")),
        (("--plot", "b.png", "--save", "b.png"), ("the same file",)),
    ],
)
def test_wrong_options_are_refused_before_the_trace(here, traced, words, told):
    refused(run("trace", "brusselator.toml", *words), *told)
    assert not hasattr(traced, "arguments")
    assert os.listdir() == ["brusselator.toml"]


def test_wrong_model_files_are_refused(here, traced):
    pathlib.Path("bad.toml").write_text(MODEL.read_text().replace("x**2*y", "x%2*y", 1))
    refused(run("trace", "bad.toml"), "bad.toml:11:23:", "'x'")
    pathlib.Path("bad.toml").write_text("[equations")
    refused(run("trace", "bad.toml"), "bad.toml:1:11:")
    refused(run("trace", "none.toml"), "none.toml", "No such file")


def test_a_file_without_trace_section_needs_vary(here, traced):
    pathlib.Path("short.toml").write_text(MODEL.read_text().split("# Optional: what is varied")[0])
    refused(run("trace", "short.toml"), "short.toml", "--vary", "known: a, b")
    assert run("trace", "short.toml", "--vary", "b").exit_code == 0
    assert traced.arguments["span"] == (float("-inf"), float("inf"))


def test_a_picture_that_fails_does_not_lose_the_branch(here, traced, monkeypatch):
    def full(*_):
        raise OSError("b.png: no space left")

    monkeypatch.setattr("continuation.output.plotting.picture", full)
    result = run("trace", "brusselator.toml", "--save", "b.nc", "--plot", "b.png")
    assert result.exit_code == 2
    assert "HB1" in result.stdout
    assert "no space left" in result.stderr
    assert len(load("b.nc")) == len(traced.result)


# Tracing for true


def test_trace_show_and_plot_from_end_to_end(here):
    words = ("--vary", "b", "--span", "0", "5", "--save", "b.nc", "--plot", "b.png")
    result = run("trace", "brusselator.toml", *words)
    assert (result.exit_code, result.stderr) == (0, "")
    (line,) = [line.split() for line in result.stdout.splitlines() if line.startswith("HB1")]
    assert float(line[2]) == pytest.approx(2.0, abs=1e-9)
    assert float(line[-1]) == pytest.approx(1.0, abs=1e-9)
    assert run("show", "b.nc").stdout.splitlines()[-1] == result.stdout.splitlines()[-1]
    assert run("plot", "b.nc", "-x", "b", "-y", "y", "-o", "c.png").exit_code == 0
    assert pathlib.Path("b.png").stat().st_size > 1000


def test_a_start_far_from_any_solution_fails_numerically(here):
    text = MODEL.read_text().replace('x = "a - (b + 1)*x + x**2*y"', 'x = "x**2 + 1 + 0*b + 0*a"')
    pathlib.Path("none.toml").write_text(text)
    result = run("trace", "none.toml", "--save", "b.nc")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.count("\n") == 1


def test_the_command_itself_returns_its_status_without_a_traceback(here):
    code = "from continuation.cli import main; main()"
    command = [sys.executable, "-c", code, "trace", "brusselator.toml", "--vary", "c"]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("pseudoarc: --vary c")
    assert done.stderr.count("\n") == 1


def test_trace_certifies_where_asked(here):
    result = run("trace", "brusselator.toml", "--certify", "--save", "certified.nc")
    assert result.exit_code == 0
    rows = load("certified.nc")
    assert f"certified: {len(rows) - 1} of {len(rows) - 1} steps" in result.stdout
    refused(run("trace", "brusselator.toml", "--certify", "--cycles", "HB1"), "--certify", "--cycles")


def test_a_branch_and_its_certificate_are_proven(here):
    pytest.importorskip("flint")
    trace(Problem.from_expressions({"x": "p - x**2"}, {"p": 1.0}), [1.0], "p", (-1.0, 1.0)).save("fold.nc")
    done = run("prove", "fold.nc", "--save", "fold.json")
    assert done.exit_code == 0
    assert "Folds along it: exactly 1: LP1" in done.stdout
    pathlib.Path("wrong.json").write_text(pathlib.Path("fold.json").read_text().replace("p - x**2", "p - x**2 + 1e-9"))
    assert [run("prove", name).exit_code for name in ("fold.json", "wrong.json", "nowhere.json")] == [0, 1, 2]
