"""Digests of fixed computations: the same twice, and every difference is named."""

import json
import logging
from dataclasses import replace

import numpy as np
import pytest

from benchmarks import identity
from benchmarks.identity_cases import CASES
from continuation import Kind, trace
from systems import textbook

NAMES = ["fold", "refused-start", "ends-callback-failed"]
LOGGER = logging.getLogger("continuation")


def names_of(lines):
    """``case: field`` of the lines that `differences` writes."""
    return [": ".join(line.split(": ")[:2]) for line in lines.splitlines()]


@pytest.fixture
def written(tmp_path):
    file = tmp_path / "before.json"
    assert identity.main([*NAMES, "--write", str(file), "--arrays"]) == 0
    return file


def test_a_second_run_is_the_same(written, capsys):
    assert list(json.loads(written.read_text("utf-8"))) == [name for name in CASES if name.startswith(tuple(NAMES))]
    capsys.readouterr()
    assert identity.main([*NAMES, "--compare", str(written)]) == 0
    assert capsys.readouterr().out.endswith("are the same, bit for bit\n")


def changed_fold(monkeypatch, change):
    """Let the case "fold" return what `change` makes of its branch."""
    branch = CASES["fold"]()
    monkeypatch.setitem(CASES, "fold", lambda: change(branch))


@pytest.mark.parametrize("arrays", [True, False])
def test_one_bit_in_one_array_is_named_with_its_size(arrays, written, monkeypatch, capsys):
    if not arrays:
        written.with_suffix(".npz").unlink()

    def one_bit(branch):
        states = branch.states.copy()
        states[3, 0] = np.nextafter(states[3, 0], np.inf)
        return replace(branch, states=states)

    changed_fold(monkeypatch, one_bit)
    capsys.readouterr()
    assert identity.main(["fold", "--compare", str(written)]) == 1
    (line,) = [one for one in capsys.readouterr().out.splitlines() if one.startswith("fold:")]
    if arrays:
        assert line.startswith("fold: states: differs by up to ")
        assert "(value 3: " in line
    else:
        assert line == "fold: states: differs"


def test_other_lengths_texts_and_fields_are_told_apart(written, monkeypatch, capsys):
    changed_fold(monkeypatch, lambda branch: replace(branch, special=branch.special[:-1]))
    monkeypatch.setitem(CASES, "refused-start", lambda: textbook.cusp().solve([1.0]))
    capsys.readouterr()
    assert identity.main([*NAMES, "--compare", str(written)]) == 1
    found = capsys.readouterr().out
    assert "fold: special.length: differs by up to 1 " in found
    assert "fold: special.index: 3 values became 2" in found
    assert "fold: special.label: 3 values became 2" in found
    assert "fold: printed: text 0: " in found
    assert "refused-start: raised: is gone" in found
    assert "refused-start: state: is new" in found
    assert "ends-callback-failed" not in found


def test_a_case_that_was_not_there_is_said(written, capsys):
    capsys.readouterr()
    assert identity.main(["cusp", "--compare", str(written)]) == 1
    assert "cusp: not in before.json" in capsys.readouterr().out


def test_every_part_of_a_branch_is_a_field():
    found = identity.run("pitchfork")
    branch_fields = "unknowns states varied tangents unstable nullity residuals effort.steps ends"
    point_fields = "kind label index unknowns null_vectors eigenvalues normal_form.slopes error"
    names = [*branch_fields.split(), *(f"special.{name}" for name in point_fields.split())]
    assert [name for name in names if name not in found] == []
    branch = trace(textbook.pitchfork(), [0.0], "p", (-1, 1))
    assert found["printed"] == [f"{branch}\n{branch!r}"]
    assert found["special.kind"] == [point.kind.name for point in branch.special]
    assert [piece.tolist() for piece in found["special.unknowns"]] == [s.unknowns.tolist() for s in branch.special]


def test_what_is_raised_and_logged_is_a_result():
    handlers = list(LOGGER.handlers)
    found = identity.run("ends-callback-failed")
    assert found["logged"][0].startswith("ERROR: a function of the problem raised")
    assert found["ends"][1] == "CALLBACK_FAILED"
    assert identity.run("refused-start")["raised"][0].startswith("ValueError: start: wanted values of the states")
    assert LOGGER.handlers == handlers
    assert LOGGER.propagate


def test_digests_see_the_sign_of_zero_the_type_and_the_shape():
    values = [0.0, -0.0, 0, np.zeros(1), np.zeros((1, 1)), "0.0"]
    found = []
    for value in values:
        fields = {}
        identity.collect(fields, "x", value)
        found.append(identity.digest(fields["x"]))
    assert len(set(found)) == len(values)


def test_sets_have_an_order_of_their_own():
    fields = {}
    identity.collect(fields, "kinds", {Kind.HOPF, Kind.FOLD, Kind.USER})
    assert fields == {"kinds.length": [3], "kinds": ["FOLD", "HOPF", "USER"]}


def test_there_are_cases_enough_and_unknown_names_are_refused(capsys):
    assert len(CASES) >= 40
    with pytest.raises(SystemExit):
        identity.main(["nothing-of-the-kind"])
    assert "no case of these names" in capsys.readouterr().err
