"""Whatever is handed to the public interface, it is used or refused by a ValueError that names the argument."""

import warnings

import numpy as np
import pytest

from continuation import (
    Branch,
    Diagram,
    Kind,
    Problem,
    Settings,
    TimeLimit,
    deflated_branches,
    diagram,
    distinct_starts,
    emanating_orbit,
    find_solutions,
    switch,
    trace,
    unconnected,
)
from continuation.ground.arguments import check_function, check_path, renamed, shown
from continuation.ground.names import as_real, check_numbers, real_array
from continuation.symmetries.symmetry import Symmetry


class Broken:
    """An object that breaks when it is looked at."""

    def __repr__(self):
        raise RuntimeError

    def __len__(self):
        raise RuntimeError


HOSTILE = {
    "text": "text", "empty text": "", "bytes": b"ab", "bytearray": bytearray(b"ab"), "complex": 1j, "nan": np.nan,
    "infinite": np.inf, "huge": 10**400, "endless": 10**5000, "63 bits": 2**63, "flag": True, "zero": 0, "negative": -1,
    "object": object(), "broken": Broken(), "set": {1.0}, "empty": {}, "mapping": {"x": 1}, "numbers": {1: 2},
    "complex in a mapping": {"mu": 1j}, "text in a mapping": {"mu": "a"}, "list in a mapping": {"mu": [1, 2]},
    "empty list": [], "nested": [[]], "five": [1.0, 2, 3, 4, 5], "nan in a list": [np.nan, np.nan], "texts": ["1", "2"],
    "None in a list": [None], "complex in a list": [1j, 2], "mixed": (0, "a"), "ragged": [[1, 2], [3]],
    "huge in a list": [10**400, 1], "flags": [True, False], "0-d": np.array(1j), "complex array": np.array([1j, 1]),
    "matrix": np.ones((2, 2)), "array of texts": np.array(["1", "2"]), "date": np.datetime64("2020-01-01"),
    "masked": np.ma.array([1.0, 2.0], mask=[True, False]), "lambda": lambda: None, "class": int, "kind": Kind.END,
    "settings": Settings(), "ellipsis": ..., "NotImplemented": NotImplemented, "path": "a\0b",
}  # fmt: skip


@pytest.fixture(scope="module")
def calls(tmp_path_factory):
    """Name -> (what is called, its arguments by name, each good)."""
    folder = tmp_path_factory.mktemp("files")
    line = Problem.from_expressions({"x": "mu*x - x**3", "y": "nu - y"}, {"mu": -1, "nu": 0}, outputs={"z": "x*y"})
    odd = line.with_symmetries([("-x", "y")])
    turning = Problem.from_expressions({"x": "mu - x**2", "y": "nu - y"}, {"mu": 1, "nu": 0})
    waves = {"x": "mu*x - y - x*(x**2 + y**2)", "y": "x + mu*y - y*(x**2 + y**2)"}
    circle = {"x": "mu*x - (x**2 + y**2)*x", "y": "mu*y - (x**2 + y**2)*y"}
    circle = Problem.from_expressions(circle, {"mu": 4}, symmetries=[lambda u: np.array([-u[1], u[0]])])
    hopf = Problem.from_expressions(waves, {"mu": 1})
    branch = trace(line, [0.0, 0.0], "mu", (-1, 1))
    whole = diagram(line, [0.0, 0.0], "mu", (-1, 1))
    orbit = emanating_orbit(hopf, trace(hopf, [0.0, 0.0], "mu", (-1, 1)).hopfs[0])
    fold = trace(turning, [1.0, 0.0], "mu", (-1, 2)).folds[0]
    exchange = Problem.from_expressions({"A": "B - k*A", "B": "k*A - B"}, {"k": 1})
    branch.save(folder / "branch.nc")
    whole.save(folder / "diagram.nc")

    def f(u, p, out):
        out[0] = p[0] - u[0]

    search = {
        "parameters": {"mu": 1.0},
        "guesses": [[0.1, 0.0]],
        "bounds": (-1, 1),
        "limit": 2,
        "budget": 30,
        "seed": 0,
    }
    text = {"equations": {"x": "mu*x"}, "parameters": {"mu": 1}}
    options = {"symmetric": False, "stability": "flow", "symmetries": (), "smoothness": 3, "weights": [1.0, 1.0]}
    options |= {"compiled": False, "name": "f"}
    asked = {"vary": "mu", "span": (-1, 1), "parameters": {"nu": 0.0}, "settings": Settings()}
    return {
        "trace": (trace, {"problem": line, "start": [0.0, 0.0], **asked, "direction": 1, "detect": "all", "stop": 3,
                          "curve": None, "progress": False, "watch": (), "strict": False}),
        "trace a curve": (trace, {"problem": turning, "start": fold, "vary": ("mu", "nu"), "span": {"mu": (-1, 1)},
                                  "parameters": {}, "curve": Kind.FOLD, "settings": Settings(max_points=9)}),
        "switch": (switch, {"problem": line, "point": branch.branch_points[0], "settings": None}),
        "diagram": (diagram, {"problem": line, "start": [0.0, 0.0], **asked, "depth": 1, "detect": "all",
                              "max_branches": 2, "max_points": 99, "deflate": None, "progress": False}),
        "find_solutions": (find_solutions, {"problem": line, **search, "known": [], "power": 2.0, "shift": 1.0}),
        "unconnected": (unconnected, {"problem": line, "branches": [branch], "vary": "mu", "values": [0.5], **search,
                                      "parameters": {}}),
        "deflated_branches": (deflated_branches, {"problem": line, "branches": [branch], **asked, **search,
                                                  "parameters": {}, "values": 1, "progress": None}),
        "Problem": (Problem, {"f": f, "states": ("x",), "parameters": {"mu": 1.0}, "jacobian": None, "outputs": {},
                              "parameter_derivative": None, "zeros": {}, "constants": [1.0], **options}),
        "from_expressions": (Problem.from_expressions, {**text, "outputs": {"o": "x"}, "zeros": {}, "conserve": None,
                                                        **options}),
        "from_source": (Problem.from_source, {"source": text}),
        "Settings": (Settings, {"step": 0.1, "min_step": 1e-5, "max_step": 0.2, "max_points": 10, "tolerance": 1e-9,
                                "newton_iterations": 5, "max_angle": 0.3, "predictor": "tangent"}),
        "solve": (line.solve, {"guess": [0.1, 0.1], "parameters": {"mu": 1}}),
        "check": (line.check, {"u": [0.1, 0.1], "parameters": {"mu": 1}, "seed": 0}),
        "residual": (line.residual, {"u": [0.1, 0.1], "parameters": {"mu": 1}}),
        "parameter_derivative": (line.parameter_derivative, {"u": [0.1, 0.1], "parameters": {"mu": 1}, "name": "mu"}),
        "with_symmetries": (line.with_symmetries, {"symmetries": [("-x", "y")]}),
        "restricted": (odd.restricted, {"elements": [("-x", "y")], "stability": "full"}),
        "isolated": (circle.isolated, {"reference": [2.0, 0.0], "left": None, "direction": None, "generators": [0]}),
        "reduced": (exchange.reduced, {"totals": {"N": 1.0}, "start": None}),
        "Symmetry": (Symmetry, {"names": ("x", "y"), "entries": [("y", "x")], "limit": 100}),
        "distinct_starts": (distinct_starts, {"problem": odd, "starts": switch(line, branch.branch_points[0])}),
        "emanating_orbit": (emanating_orbit, {"problem": hopf, "point": None}),
        "orbit.sample": (orbit.sample, {"eps": 0.1, "points": 8}),
        "orbit.amplitude_at": (orbit.amplitude_at, {"parameter": 0.1}),
        "at": (branch.at, {"mu": 0.5}),
        "diagram.at": (whole.at, {"x": 0.5}),
        "point": (branch.point, {"row": 0}),
        "branch[]": (lambda name: branch[name], {"name": "x"}),
        "point[]": (lambda name: branch.point(0)[name], {"name": "x"}),
        "diagram[]": (lambda label: whole[label], {"label": "BP1"}),
        "extend": (branch.extend, {"problem": line, "max_points": 5, "span": (-2, 2), "settings": None,
                                   "progress": False, "watch": ()}),
        "resume": (whole.resume, {"problem": line, "depth": 1, "max_branches": 3, "max_points": 99, "progress": False}),
        "plot": (branch.plot, {"x": "mu", "y": "x", "ax": None}),
        "plot a diagram": (whole.plot, {"x": "mu", "y": "x", "ax": None}),
        "save": (branch.save, {"path": folder / "other.nc"}),
        "load": (Branch.load, {"path": folder / "branch.nc"}),
        "load a diagram": (Diagram.load, {"path": folder / "diagram.nc"}),
        "TimeLimit": (TimeLimit, {"seconds": 1.0}),
    }  # fmt: skip


NAMES = (
    "trace", "trace a curve", "switch", "diagram", "find_solutions", "unconnected", "deflated_branches", "Problem",
    "from_expressions", "from_source", "Settings", "solve", "check", "residual", "parameter_derivative",
    "with_symmetries", "restricted", "isolated", "reduced", "Symmetry", "distinct_starts", "emanating_orbit",
    "orbit.sample", "orbit.amplitude_at", "at", "diagram.at", "point", "branch[]", "point[]", "diagram[]", "extend",
    "resume", "plot", "plot a diagram", "save", "load", "load a diagram", "TimeLimit",
)  # fmt: skip
NAMELESS = {
    "index",
    "name",
    "names",
    "label",
    "entries",
    "equations",
    "parameters",
}  # errors quote what they say instead
FILES_MISSING = (FileNotFoundError, IsADirectoryError)


@pytest.mark.parametrize("name", NAMES)
def test_every_argument_is_used_or_refused_by_name(calls, name, monkeypatch, tmp_path):
    from matplotlib import pyplot

    monkeypatch.chdir(tmp_path)
    function, good = calls[name]
    for argument in good:
        for what, value in HOSTILE.items():
            with warnings.catch_warnings():
                warnings.filterwarnings("error", category=np.exceptions.ComplexWarning)
                warnings.filterwarnings("ignore", category=RuntimeWarning)
                try:
                    function(**{**good, argument: value})
                except FILES_MISSING:
                    assert argument == "path"
                except ValueError as error:
                    words = str(error)
                    assert argument in NAMELESS or argument.removesuffix("s") in words, f"{argument}={what}: {words}"
                    assert len(words) < 3000
                except Exception as error:
                    raise AssertionError(f"{name}({argument}={what}): {type(error).__name__}: {error}") from error
    pyplot.close("all")


def test_every_target_is_in_the_list(calls):
    assert set(calls) == set(NAMES)


REFUSED = {
    "a complex span": ("trace", {"span": np.array([-1 + 1j, 2])}, "span: wanted two numbers"),
    "texts for a span": ("trace", {"span": ("-1", "1")}, "span: wanted two numbers"),
    "a count beyond all": ("trace", {"stop": 2**63}, "stop: wanted a whole number of at most"),
    "parameters in a list": ("trace", {"parameters": []}, "parameters: wanted a mapping of names to numbers, got list"),
    "a complex start": ("trace", {"start": np.array([1j, 0])}, "start: wanted numbers"),
    "texts for a start": ("trace", {"start": ["1", "2"]}, "start: wanted numbers, got"),
    "a masked start": ("trace", {"start": np.ma.array([1.0, 2], mask=[0, 1])}, "start: wanted finite numbers"),
    "a rule that is a class": ("trace", {"stop": int}, "stop: wanted"),
    "a rule of two": ("trace", {"stop": lambda a, b: True}, r"stop: wanted another .* called with \(point\)"),
    "a curve of one parameter": ("trace", {"curve": Kind.FOLD}, "curve: means something for two parameters"),
    "a flag in words": ("trace", {"strict": "no"}, "strict: wanted True or False, got 'no'"),
    "a huge tolerance": ("Settings", {"tolerance": 10**400}, "tolerance=.*: wanted a positive number"),
    "no tolerance": ("Settings", {"tolerance": None}, "tolerance=.*: wanted a positive number, got None"),
    "a flag for a number": ("solve", {"parameters": {"mu": True}}, r"parameters\['mu'\]: wanted a number, got True"),
    "a function of too few": ("Problem", {"f": lambda u, p: u}, r"f: wanted another .* with \(u, p, out\)"),
    "outputs in a list": ("Problem", {"outputs": ["a"]}, "outputs: wanted a mapping of names to functions, got list"),
    "no text": ("Problem", {"name": ""}, "name: wanted text"),
    "a file by its number": ("save", {"path": 1}, "path: wanted the path of a file, got 1"),
    "many values": ("deflated_branches", {"values": 10**9}, "values: wanted a whole number of at most"),
    "a complex value": ("at", {"mu": np.array(1j)}, r"at\(mu=...\): wanted a number"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "changes", "words"), REFUSED.values(), ids=REFUSED)
def test_what_can_not_be_meant_is_refused(calls, name, changes, words):
    function, good = calls[name]
    with pytest.raises(ValueError, match=words):
        function(**{**good, **changes})


def test_real_numbers_of_any_type_are_numbers():
    import decimal
    import fractions

    import sympy

    given = [
        fractions.Fraction(1, 2),
        decimal.Decimal("0.5"),
        sympy.Rational(1, 2),
        np.float32(0.5),
        np.longdouble(0.5),
    ]
    assert [check_numbers("x", value, 0) for value in given] == [0.5] * 5
    assert check_numbers("x", given, 1).tolist() == [0.5] * 5
    assert as_real(np.array(3)) == 3.0
    assert as_real([3.0]) is None
    assert as_real(np.inf) == np.inf
    assert real_array(sympy.Symbol("x")) is None


def test_helpers_say_what_came():
    assert shown(10**5000) == "an object of type int"
    assert shown(Broken()) == "an object of type Broken"
    assert len(shown("x" * 1000)) == 200
    with pytest.raises(ValueError, match=r"^guess\[0\]: no$"), renamed("start", "guess"):
        raise ValueError("start[0]: no")
    with pytest.raises(ValueError, match="^other$"), renamed("start", "guess"):
        raise ValueError("other")
    assert check_path("path", b"a.nc") == "a.nc"
    assert check_function("f", max, "u", "p") is max
    with pytest.raises(TypeError, match="f: wanted a function, got int: 3"):
        check_function("f", 3, "u")


def test_branches_and_points_are_no_sequences(calls):
    branch = calls["unconnected"][1]["branches"][0]
    for thing in (branch, branch.point(0), branch.special[0]):
        with pytest.raises(TypeError, match="not iterable"):
            iter(thing)
    with pytest.raises(ValueError, match="row: wanted a whole number from"):
        branch.point(len(branch))
    assert branch.point(-1)["mu"] == branch["mu"][-1]
    for wrong in ("y2", {}):
        for kind in (KeyError, ValueError):
            with pytest.raises(kind, match=r"named|name of a column"):
                branch[wrong]
