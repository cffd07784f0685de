"""Certificates: proven again from the file alone, and nothing in a file is believed."""

import contextlib
import importlib
import json
import pathlib
import time

import pytest

pytest.importorskip("flint")

from continuation import Problem, check_proof, trace
from continuation.proofs import arithmetic
from continuation.proofs.arithmetic import ProofError


@pytest.fixture(scope="module")
def proof():
    problem = Problem.from_expressions({"x": "p + q*x - x**3"}, {"p": -1.0, "q": 1.0}, name="cusp")
    return trace(problem, [-1.3], "p", (-1.0, 1.0)).prove()


@pytest.fixture
def record(proof, tmp_path):
    """The certificate as JSON gives it."""
    proof.save(tmp_path / "cusp.json")
    return json.loads((tmp_path / "cusp.json").read_text("utf-8"))


@pytest.fixture
def checked(tmp_path):
    """Check a record that was changed."""

    def check(record):
        file = tmp_path / "changed.json"
        file.write_text(record if isinstance(record, str) else json.dumps(record), "utf-8")
        return check_proof(file)

    return check


def test_the_file_alone_is_enough(proof, record, checked):
    assert proof
    again = checked(record)
    assert again
    assert again.words == proof.words
    assert "python-flint" in str(again)


def test_nothing_is_left_beside_the_file(proof, tmp_path):
    proof.save(tmp_path / "a.json")
    assert [file.name for file in tmp_path.iterdir()] == ["a.json"]
    with pytest.raises(OSError, match="nowhere"):
        proof.save(tmp_path / "nowhere" / "a.json")


def change(record, what):
    """One claim made wrong."""
    curve, fold = record["curves"][0], record["points"][0]
    step, point = curve["steps"][5], curve["points"][5]
    if what == "equation":
        record["problem"]["equations"]["x"] = "p + q*x - x**3 + 1e-9"
    elif what == "parameter":
        record["problem"]["parameters"]["q"] = "1.0000000001"
    elif what == "point":
        point[0] = repr(float(point[0]) + 0.3)
    elif what == "wide tube":
        step[1] = [r if float.fromhex(r) == 0 else (4.0).hex() for r in step[1]]
    elif what == "narrow tube":
        step[1] = [r if float.fromhex(r) == 0 else (1e-9).hex() for r in step[1]]
    elif what == "no tube":
        step[1] = [(0.0).hex()] * len(step[1])
    elif what == "coordinate":
        step[0] = "p" if step[0] == "x" else "x"
    elif what == "fold":
        fold["box"][0][0] = repr(float(fold["box"][0][0]) + 1e-9)
    elif what == "order":
        curve["points"][5], curve["points"][9] = curve["points"][9], curve["points"][5]


@pytest.mark.parametrize(
    "what", ["equation", "parameter", "point", "wide tube", "narrow tube", "no tube", "fold", "order"]
)
def test_a_wrong_claim_is_not_proven(record, checked, what):
    change(record, what)
    again = checked(record)
    assert not again
    assert again.theorem.failures
    assert "Not proven" in str(again)


def test_another_coordinate_needs_another_tube(record, checked):
    change(record, "coordinate")
    with pytest.raises(ProofError, match="wanted no radius of the coordinate"):
        checked(record)


def test_a_claim_that_leaves_a_fold_out_is_told_of_it(record, checked):
    record["points"] = record["points"][1:]
    assert "Folds along it: exactly 2: one that is not enclosed, LP2" in str(checked(record))


def test_another_kind_of_point_is_not_believed(record, checked):
    record["points"][0]["kind"] = "Hopf point"
    assert checked(record).theorem.failures


HOSTILE = {
    "empty": "",
    "no JSON": "proof",
    "a list": "[]",
    "deep": "[" * 100_000,
    "another format": '{"format": "x", "version": 1, "problem": {}, "vary": "p", "curves": [], "points": []}',
    "infinite": '{"format": Infinity}',
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_is_no_certificate_is_refused_in_a_line(checked, text):
    with pytest.raises(ProofError, match=r"changed\.json: no certificate") as found:
        checked(text)
    assert "\n" not in str(found.value)


SPOILT = {
    "problem": lambda r: r.update(problem=[]),
    "version": lambda r: r.update(version=2),
    "equations": lambda r: r["problem"].update(equations={"x": 1}),
    "call": lambda r: r["problem"]["equations"].update(x="__import__('os').getcwd()"),
    "nothing": lambda r: r["problem"].update(equations={}),
    "definition": lambda r: r["problem"].update(definitions={"f(": "1"}),
    "long": lambda r: r["problem"]["parameters"].update(q="1" * 1000),
    "power": lambda r: r["problem"]["parameters"].update(q="1e999999"),
    "parameter": lambda r: r["problem"].update(parameters={"p": "0"}),
    "vary": lambda r: r.update(vary="q2"),
    "zero": lambda r: r.update(zero=["y"]),
    "not zero": lambda r: r.update(zero=["x"]),
    "points": lambda r: r["curves"][0].update(points=[["0"]]),
    "short point": lambda r: r["curves"][0]["points"][3].pop(),
    "radii": lambda r: r["curves"][0]["steps"][3].__setitem__(1, ["0x1p-3"]),
    "radius": lambda r: r["curves"][0]["steps"][3].__setitem__(1, ["0x1p-3", "-0x1p-3"]),
    "along": lambda r: r["curves"][0]["steps"][3].__setitem__(0, "y"),
    "steps": lambda r: r["curves"][0]["steps"].pop(),
    "rows": lambda r: r["curves"][0].update(rows=["a", "b"]),
    "pivot": lambda r: r["points"][0].update(pivot="p"),
    "kind": lambda r: r["points"][0].update(kind="cusp"),
    "label": lambda r: r["points"][0].update(label="LP1\nProven"),
    "box": lambda r: r["points"][0].update(box=[["0", "0"]]),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT.keys())
def test_damaged_parts_are_named_or_not_proven(record, checked, spoil):
    spoil(record)
    with contextlib.suppress(ValueError):
        assert checked(record).theorem.failures


SLOW = ["p + 0*(x**9e307)**9e307 - x", "p + 9**64**2 - x", "p - x*(1e300*1e-300)" + "*1e300*1e-300" * 5000]


@pytest.mark.parametrize("text", SLOW, ids=["powers", "a power", "factors"])
def test_a_small_file_asks_for_little_time(record, checked, text):
    record["problem"]["equations"]["x"] = text
    begin = time.perf_counter()
    with contextlib.suppress(ValueError):
        checked(record)
    assert time.perf_counter() - begin < 20


def test_a_missing_library_is_one_line(monkeypatch, proof):
    fresh = type(arithmetic.flint)()
    monkeypatch.setattr(importlib, "import_module", lambda name: (_ for _ in ()).throw(ImportError(name)))
    with pytest.raises(ProofError, match=r"pip install 'pseudoarc\[proof\]'"):
        _ = fresh.arb


def test_no_text_is_evaluated():
    folder = pathlib.Path(__file__).parents[2] / "continuation" / "proofs"
    assert not [file.name for file in folder.rglob("*.py") if "eval(" in file.read_text("utf-8")]
