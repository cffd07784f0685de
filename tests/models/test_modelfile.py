"""Model files: what they say is read, and every mistake is told with its file, line, column and key."""

import pathlib
import re

import pytest

from continuation import Problem
from continuation.ground.settings import Settings
from continuation.models import modelfile
from continuation.models.modelfile import ModelError

EXAMPLE = pathlib.Path(__file__).parents[2] / "docs" / "brusselator.toml"
SHORT = """\
[equations]
x = "a - x**2"
"y" = "x - y"

[parameters]
a = 1

[start]
x = 1.0
y = 1
"""


def read_model(path):
    return modelfile.read_model(path, Problem.from_expressions)


def write(folder, text):
    file = folder / "model.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def changed(old, new):
    assert old in SHORT
    return SHORT.replace(old, new, 1)


def test_example_of_the_manual_is_read():
    model = read_model(EXAMPLE)
    assert model.problem.name == "brusselator"
    assert model.problem.states == ("x", "y")
    assert model.start == {"x": 1.0, "y": 1.0}
    assert model.parameters == {"a": 1.0, "b": 1.0}
    assert (model.vary, model.span) == ("b", (0.0, 5.0))
    assert model.settings == Settings(max_step=0.1)
    assert model.title == "Brusselator, a = 1"
    assert set(model.problem.outputs) == {"concentration"}
    assert set(model.problem.zeros) == {"high"}


def test_equations_mean_what_they_say():
    residual = read_model(EXAMPLE).problem.residual([2.0, 3.0], {"a": 5.0, "b": 7.0})
    assert residual.tolist() == [5.0 - 8.0 * 2.0 + 4.0 * 3.0, 7.0 * 2.0 - 4.0 * 3.0]


def test_a_short_file_is_enough(tmp_path):
    model = read_model(write(tmp_path, SHORT))
    assert (model.vary, model.span, model.title, model.settings) == (None, None, "", Settings())
    assert model.problem.name == "model"
    assert model.start == {"x": 1.0, "y": 1.0}


def test_definitions_and_parameters_given_by_others(tmp_path):
    text = """
[equations]
x = "S(x) - C2"
[parameters]
C = 4.0
C2 = "C/2"
[definitions]
"S(y)" = "y*gain"
gain = "3*C2"
[start]
x = 1.0
"""
    model = read_model(write(tmp_path, text))
    assert model.parameters == {"C": 4.0}
    assert model.problem.residual([1.0]).tolist() == [4.0]
    wrong = text.replace('"3*C2"', '"3*C3"')
    with pytest.raises(ModelError, match=r":9:11: \[definitions\] definition 'gain': unknown name 'C3'; did you mean"):
        read_model(write(tmp_path, wrong))
    with pytest.raises(ModelError, match=r":6:.*definition 'C2'.*unknown name 'B'"):
        read_model(write(tmp_path, text.replace('"C/2"', '"B/2"')))


def test_a_parameter_that_is_computed_twice_is_refused_at_its_place(tmp_path):
    text = "[equations]\nx = 'a - q*x'\n[start]\nx = 1\n[parameters]\na = 1\nq = 'a + 1'\n[definitions]\nq = 'a**2'\n"
    assert "'q' is computed in `parameters` already" in refused(write(tmp_path, text))


def test_matrix_names_in_quotes(tmp_path):
    text = '[equations]\n"C[0,1]" = "p - 2*C[0,1]"\n[parameters]\np = 0\n[start]\n"C[0,1]" = 0\n'
    assert read_model(write(tmp_path, text)).problem.states == ("C[0,1]",)


def test_windows_text_with_a_byte_order_mark(tmp_path):
    text = b"\xef\xbb\xbf" + SHORT.replace("\n", "\r\n").encode()
    assert read_model(write(tmp_path, text)).start == {"x": 1.0, "y": 1.0}


MISTAKES = {  # text, place, words of the message
    "syntax": (changed("a = 1", "a = = 1"), ":6:5:", "Invalid value"),
    "unclosed": ('[equations]\nx = """', ":2:8:", "nterminated"),
    "twice": (changed("a = 1", "a = 1\na = 2"), ":7:", "Cannot overwrite a value"),
    "section": (changed("[parameters]", "[parameter]"), ":5:1:", "parameter: unknown;.*did you mean 'parameters'"),
    "top-level": ("spam = 1\n" + SHORT, ":1:8:", "spam: unknown"),
    "name": ("name = 3\n" + SHORT, ":1:8:", "name: wanted text"),
    "no section": ("start = 3\n[equations]\nx = '1'", ":1:9:", r"start: wanted a section \[start\], got 3"),
    "no equations": ("[parameters]\na = 1\n", "", r"\[equations\]: missing or empty"),
    "number for text": (changed('"a - x**2"', "3"), ":2:5:", r'\[equations\] x: wanted text .*x = "...", got 3'),
    "text for number": (changed("a = 1", 'a = "1"'), ":6:5:", r"\[parameters\] a: wanted a number, got '1'"),
    "truth for number": (changed("a = 1", "a = true"), ":6:5:", r"\[parameters\] a: wanted a number, got True"),
    "infinite": (changed("a = 1", "a = inf"), ":6:5:", r"\[parameters\] a: wanted a number, got inf"),
    "start missing": (changed("y = 1", ""), ":8:1:", r"\[start\]: no value for y"),
    "start absent": (SHORT.split("[start]")[0], "", r"\[start\]: no value for x, y"),
    "start unknown": (SHORT + "z = 1\n", ":11:5:", r"\[start\] z: unknown; known: x, y"),
    "start NaN": (changed("y = 1", "y = nan"), ":10:5:", r"\[start\] y: wanted a number, got nan"),
    "setting": (SHORT + "[settings]\nmax_stp = 1\n", ":12:11:", r"\[settings\] max_stp: .*did you mean 'max_step'"),
    "setting's value": (SHORT + "[settings]\n\nmax_step = -1\n", ":13:12:", r"\[settings\] max_step: .*positive"),
    "settings at odds": (SHORT + "[settings]\nstep = 2\nmax_step = 1\n", ":12:8:", r"step=2 is larger than max_step=1"),
    "vary": (SHORT + "[trace]\nvary = 'b'\n", ":12:8:", r"\[trace\] vary: no parameter is named 'b'; known: a"),
    "vary no text": (SHORT + "[trace]\nvary = 1\n", ":12:8:", r"\[trace\] vary: wanted text"),
    "span": (SHORT + "[trace]\nspan = [1, 0]\n", ":12:8:", r"\[trace\] span: wanted two numbers"),
    "span short": (SHORT + "[trace]\nspan = [1]\n", ":12:8:", r"\[trace\] span: wanted two numbers"),
    "span text": (SHORT + "[trace]\nspan = 'a'\n", ":12:8:", r"\[trace\] span: wanted two numbers"),
    "trace unknown": (SHORT + "[trace]\nfrom = 1\n", ":12:8:", r"\[trace\] from: unknown"),
    "no UTF-8": (b"# \n# \xff\n" + SHORT.encode(), ":2:", "is no UTF-8 text"),
}


def refused(file):
    with pytest.raises(ModelError) as caught:
        read_model(file)
    return str(caught.value)


@pytest.mark.parametrize(("text", "place", "words"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes_are_told_with_their_place(tmp_path, text, place, words):
    file = write(tmp_path, text)
    message = refused(file)
    assert message.startswith(f"{file}{place or ':'}")
    assert re.search(words, message)
    assert "\n" not in message


BAD_EXPRESSIONS = {
    "unknown name": (changed("a - x**2", "a - z**2"), ":2:10:", r"\[equations\] equation 'x': unknown name 'z'"),
    "power": (changed("a - x**2", "a - x%2"), ":2:11:", "a remainder is written"),
    "call": (changed("x - y", "x - f(y)"), ":3:", "equation 'y'"),
    "output": (SHORT + '[outputs]\n# x\nJ = "x +"\n', ":13:9:", r"\[outputs\] output 'J'"),
    "zero": (SHORT + '[zeros]\nhit = "x - q"\n', ":12:12:", r"\[zeros\] zero 'hit'"),
    "many lines": (changed('"a - x**2"', '"""\na -\n x%2"""'), ":2:5:", "line 2, column 3"),
    "state's name": (changed('"y" = "x - y"', '"y z" = "x"').replace("y = 1", '"y z" = 1'), ":3:9:", "state.*'y z'"),
    "name twice": (changed("a = 1", "a = 1\nx = 2"), ":7:5:", "'x'.*already"),
}


@pytest.mark.parametrize(("text", "place", "words"), BAD_EXPRESSIONS.values(), ids=BAD_EXPRESSIONS)
def test_mistakes_in_expressions_are_told_with_their_place_in_the_file(tmp_path, text, place, words):
    file = write(tmp_path, text)
    message = refused(file)
    assert message.startswith(f"{file}{place}")
    assert re.search(words, message)
    assert "\n" not in message


def test_nothing_in_a_file_is_executed(tmp_path):
    mark = tmp_path / "mark"
    refused(write(tmp_path, changed('"a - x**2"', f"\"__import__('pathlib').Path('{mark}').touch()\"")))
    assert not mark.exists()


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError, match="No such file") as caught:
        read_model(tmp_path / "none.toml")
    assert str(caught.value).startswith(str(tmp_path / "none.toml"))


def test_a_folder_is_no_file(tmp_path):
    with pytest.raises(IsADirectoryError, match="Is a directory"):
        read_model(tmp_path)


SIRS = """
[equations]
S = "-beta*S*I/N + xi*R"
I = "beta*S*I/N - gamma*I"
R = "gamma*I - xi*R"
[parameters]
beta = 2.5
gamma = 1.0
xi = 0.1
[conserved]
N = "S + I + R"
[start]
S = 40
I = 5
R = 55
[trace]
vary = "N"
span = [50, 200]
"""


def test_totals_that_are_conserved_are_parameters(tmp_path):
    path = tmp_path / "sirs.toml"
    path.write_text(SIRS)
    model = read_model(path)
    assert (model.problem.states, model.problem.parameters["N"], "N" in model.parameters) == (("I", "R"), 100.0, False)
    path.write_text(SIRS.replace("beta = 2.5", "beta = 2.5\nN = 120"))
    assert read_model(path).problem.parameters["N"] == 120.0


@pytest.mark.parametrize(
    ("new", "words"),
    [
        ('N = "S + I"', r"sirs.toml:11:5: \[conserved\] N: conserve\['N'\]: S \+ I is not conserved"),
        ('N = "S + I + Q"', r"sirs.toml:11:14: \[conserved\] conserve\['N'\]: unknown name 'Q'"),
        ('N = "S*I"', r"sirs.toml:11:5: \[conserved\] .*wanted a sum of S, I, R"),
        ("N = 3", r"sirs.toml:11:5: \[conserved\] N: wanted text"),
        ('N = "S + I + R"\nM = "S + I + R"', r"sirs.toml:.*not independent|sirs.toml:.*wanted 1"),
    ],
)  # fmt: skip
def test_sums_that_are_not_conserved_are_refused_at_their_place(tmp_path, new, words):
    path = tmp_path / "sirs.toml"
    path.write_text(SIRS.replace('N = "S + I + R"', new))
    with pytest.raises(ModelError, match=words):
        read_model(path)


def test_sets_of_values(tmp_path):
    text = SHORT + "\n[sets]\nstrong = {a = 4, x = 2.0}\n[sets.weak]\na = 0.25\n"
    assert read_model(write(tmp_path, text)).sets == {"strong": {"a": 4.0, "x": 2.0}, "weak": {"a": 0.25}}
    for old, new, words in (
        ("a = 4", "b = 4", r"\[sets\] strong: no parameter or state is named 'b'"),
        ("a = 4", "a = 'x'", r"\[sets\] strong: a: wanted a number, got 'x'"),
        ("{a = 4, x = 2.0}", "4", r"\[sets\] strong: wanted \{parameter = number"),
    ):
        with pytest.raises(ModelError, match=words):
            read_model(write(tmp_path, text.replace(old, new, 1)))


def test_errors_are_one_short_line(tmp_path):
    for old, new in (
        ("a = 1", f"a = {list(range(5000))}"),
        ('"a - x**2"', f'"{"a" * 5000}"'),
        ("[start]\nx = 1.0", "[start]\n" + "\n".join(f"n{k} = 1" for k in range(1000))),
        ('x = "a - x**2"', "\n".join(f'n{k} = "1"' for k in range(1000))),
    ):
        with pytest.raises(ModelError) as caught:
            read_model(write(tmp_path, changed(old, new)))
        assert len(str(caught.value)) <= 500
        assert "\n" not in str(caught.value)
