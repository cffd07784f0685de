"""Pictures of branches of periodic orbits, and the command that traces, shows and draws them."""

import pathlib
import shutil

import numpy as np
import pytest
from click.testing import CliRunner
from matplotlib import pyplot

from continuation import Branch, Diagram, Kind, Problem, Settings, cli, periodic_orbits, trace
from continuation.models.description import ModelError
from continuation.orbits.profiles.orbit import Orbit

MODEL = pathlib.Path(__file__).parents[2] / "docs" / "brusselator.toml"


@pytest.fixture(scope="module")
def rossler():
    """Stable orbits up to a period doubling at c = 2.8324450279215."""
    equations = {"x": "-y - z", "y": "x + a*y", "z": "b + z*(x - c)"}
    problem = Problem.from_expressions(equations, {"a": 0.2, "b": 0.2, "c": 2.5}, name="rossler")
    orbit = Orbit.from_simulation(problem, [1.0, 1.0, 1.0], settle=100)
    return trace(periodic_orbits(problem, 40), orbit, "c", (2.4, 3.5))


@pytest.fixture(scope="module")
def brusselator():
    """The equilibria, and the orbits that begin at their Hopf point."""
    equations = {"x": "a - (b + 1)*x + x**2*y", "y": "b*x - x**2*y"}
    problem = Problem.from_expressions(equations, {"a": 1, "b": 1}, name="brusselator")
    equilibria = trace(problem, [1.0, 1.0], "b", (1.0, 3.0))
    return equilibria, trace(periodic_orbits(problem, 20), equilibria["HB1"], "b", (1.0, 3.0), settings=Settings())


def lines_of(ax):
    return {(line.get_label(), line.get_linestyle()): line.get_xydata() for line in ax.lines}


def test_largest_and_least_values_are_drawn_solid_where_stable(rossler):
    ax = rossler.plot()
    assert [line.get_linestyle() for line in ax.lines] == ["-", "--", "-", "--"]
    least, largest = ax.lines[0].get_xydata(), ax.lines[2].get_xydata()
    row = rossler["PD1"].index
    assert np.array_equal(largest[:, 1], rossler["x_max"][: row + 1])
    assert np.array_equal(least[:, 1], rossler["x_min"][: row + 1])
    assert [text.get_text() for text in ax.texts] == ["PD1"]
    words = [text.get_text() for text in ax.get_legend().get_texts()]
    assert words == ["stable orbits", "unstable orbits", "period doubling"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("c", "largest and least x")
    assert ax.get_ylim()[0] < rossler["x_min"].min() < rossler["x_max"].max() < ax.get_ylim()[1]


def test_any_column_and_any_state(rossler):
    assert len(rossler.plot(y="period").lines) == 2
    assert len(rossler.plot(y="z").lines) == 4
    with pytest.raises(ValueError, match="no column or special point named 'w'"):
        rossler.plot(y="w")


def test_on_the_axes_of_the_equilibria_the_hopf_point_is_labelled_once(brusselator):
    equilibria, orbits = brusselator
    ax = orbits.plot(ax=equilibria.plot())
    assert [text.get_text() for text in ax.texts] == ["HB1"]
    assert ax.get_ylabel() == "x"
    words = [text.get_text() for text in ax.get_legend().get_texts()]
    assert words == ["stable", "unstable", "Hopf point", "stable orbits"]
    assert ax.lines[-1].get_color() != ax.lines[0].get_color()


def test_multipliers_beside_the_circle(rossler):
    ax = rossler.plot_multipliers()
    assert np.allclose(np.hypot(*ax.lines[0].get_xydata().T), 1.0)
    assert [text.get_text() for text in ax.texts] == ["PD1"]
    assert ax.texts[0].xy == pytest.approx((-1.0, 0.0), abs=1e-6)
    drawn = ax.collections[1].get_offsets()
    assert len(drawn) == 2 * len(rossler)
    assert ax.get_xlabel() == "Re multiplier"
    assert ax.get_aspect() == 1.0
    pyplot.close("all")
    with pytest.raises(ValueError, match="ax: wanted Axes"):
        rossler.plot_multipliers(ax=3)


def test_multipliers_far_outside_are_counted(rossler):
    context = rossler.context.copy()
    context[4:, -6] = 400.0
    far = Branch.of(rossler.along(lambda array: context if array is rossler.context else array))
    ax = far.plot_multipliers()
    assert f"moduli above 3 in {len(rossler) - 4} of {len(rossler)} rows" in ax.get_xlabel()
    assert ax.get_xlim()[1] <= 3.3


# The command


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(MODEL, tmp_path)
    return tmp_path


def run(*words):
    return CliRunner().invoke(cli.main, [str(word) for word in words])


def test_command_traces_shows_and_draws_orbits(here):
    done = run("trace", "brusselator.toml", "--cycles", "HB1", "--span", 0, 2.5, "--save", "b.nc", "--plot", "b.png")
    assert done.exit_code == 0, done.stderr
    assert "brusselator, periodic orbits" in done.stdout
    assert (here / "b.png").read_bytes()[:4] == b"\x89PNG"
    shown = run("show", "b.nc")
    assert shown.stdout in done.stdout
    assert "period" in shown.stdout
    assert "multiplier" in shown.stdout
    branch = Branch.load("b.nc")
    assert branch.problem.intervals == 50
    assert branch["b"][[0, -1]] == pytest.approx([2.0, 2.5])
    for column in ("x", "x_min", "period"):
        assert run("plot", "b.nc", "-y", column, "-o", "c.png").exit_code == 0
    assert run("plot", "b.nc", "-y", "w", "-o", "c.png").exit_code == 2


def test_command_begins_with_a_simulation(here):
    words = ("--cycles", "simulate=60", "--set", "b=2.6", "--span", 2.4, 2.8, "--save", "b.nc")
    done = run("trace", "brusselator.toml", *words)
    assert done.exit_code == 0, done.stderr
    assert Branch.load("b.nc")["b"][[0, -1]] == pytest.approx([2.4, 2.8])


def test_command_takes_what_the_file_says(here):
    text = (
        MODEL.read_text().replace("intervals = 50", "intervals = 16").replace("span = [0.0, 5.0]", "span = [0.0, 2.2]")
    )
    (here / "m.toml").write_text(text)
    assert run("trace", "m.toml", "--save", "b.nc", "--cycles").exit_code == 0
    assert Branch.load("b.nc").problem.intervals == 16
    assert run("trace", "m.toml", "--save", "e.nc").exit_code == 0
    assert Branch.load("e.nc").layout is None


def test_command_refuses_what_is_no_hopf_point(here):
    done = run("trace", "brusselator.toml", "--cycles", "HB7")
    assert done.exit_code == 2
    assert "no Hopf point of the branch of equilibria" in done.stderr
    assert run("trace", "brusselator.toml", "--cycles", "simulate=soon").exit_code == 2


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("intervals = 0", "intervals: wanted a whole number"),
        ('degree = "4"', "degree: wanted a whole number"),
        ("simulate = -1", "simulate: wanted a positive time"),
        ("from = 3", "from: wanted text"),
        ('from = "HB1"\nsimulate = 3', "simulate: wanted either `from` or"),
        ("order = 3", "order: unknown"),
    ],
)
def test_model_files_tell_the_line_of_wrong_cycles(tmp_path, line, words):
    path = tmp_path / "m.toml"
    path.write_text(f'[equations]\nx = "p - x"\n[parameters]\np = 1\n[start]\nx = 1\n[cycles]\n{line}\n')
    with pytest.raises(ModelError, match=r"m\.toml:\d+:\d+: \[cycles\] " + words.replace("(", r"\(")):
        Problem.from_file(path)


def test_limits_of_the_command_hold_for_orbits(here):
    words = ("trace", "brusselator.toml", "--cycles", "HB1", "--span", 0, 2.5, "--save", "b.nc")
    for name, low, high, column, end in (("x", 0, 1.5, "x_max", 1.5), ("period", 0, 6.35, "period", 6.35)):
        done = run(*words, "--bounds", name, low, high)
        assert done.exit_code == 0, done.stderr
        branch = Branch.load("b.nc")
        assert branch[column][-1] == pytest.approx(end, abs=1e-6)
        assert branch["b"][-1] < 2.5
    simulated = ("trace", "brusselator.toml", "--cycles", "simulate=60", "--set", "b=2.1", "--span", 2.05, 2.8)
    assert run(*simulated, "--bounds", "x_max", 0, 2, "--save", "b.nc").exit_code == 0
    assert Branch.load("b.nc")["x_max"][-1] == pytest.approx(2, abs=1e-6)
    done = run(*words, "--bounds", "z", 0, 1)
    assert done.exit_code == 2
    assert "--bounds z: no such state, output or column" in done.stderr


def test_limits_of_outputs_hold_along_orbits_and_diagrams_follow_orbits(here):
    (here / "m.toml").write_text(
        (here / "brusselator.toml").read_text().replace("[outputs]\n", '[outputs]\nenergy = "x**2 + y**2"\n')
    )
    for name in ("energy", "energy_max"):
        done = run("trace", "m.toml", "--cycles", "HB1", "--span", 0, 2.5, "--save", "b.nc", "--bounds", name, 0, 9)
        assert done.exit_code == 0, done.stderr
        assert Branch.load("b.nc")["energy_max"][-1] == pytest.approx(9, abs=1e-6)
    (here / "m.toml").write_text((here / "brusselator.toml").read_text().replace("degree = 4", "degree = 3"))
    done = run("diagram", "m.toml", "--cycles", "--span", 0, 2.5, "--save", "d.nc", "--plot", "d.png")
    assert done.exit_code == 0, done.stderr
    assert "periodic orbits from HB1" in done.stdout
    (cycles,) = Diagram.load("d.nc").cycles
    assert cycles.layout.degree == 3


def test_hopf_points_that_are_none_or_not_located_are_told_apart():
    from types import SimpleNamespace

    from continuation.models.cycle_start import hopf_point

    lost = SimpleNamespace(label="HB1", kind=Kind.HOPF, located=False)
    with pytest.raises(ValueError, match="cycles from HB1: this Hopf point was not located"):
        hopf_point(SimpleNamespace(special=(lost,)), "HB1")
    with pytest.raises(ValueError, match="cycles from HB2: no Hopf point of the branch of equilibria; it has HB1"):
        hopf_point(SimpleNamespace(special=(lost,)), "HB2")
    with pytest.raises(ValueError, match="it has none; a wider span, or `simulate`"):
        hopf_point(SimpleNamespace(special=()), "HB1")
