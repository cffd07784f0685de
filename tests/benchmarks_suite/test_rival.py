"""Another program answers, or it is said why it does not."""

import sys

import pytest

from benchmarks import cycles
from benchmarks.rival import Answer, ask


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        ("print('first'); print('[1, {\"a\": null}]')", Answer([1, {"a": None}])),
        ("raise SystemExit('not here')", Answer(failure="crashed with exit status 1 (not here)")),
        ("raise SystemExit(3)", Answer(failure="crashed with exit status 3 (no message)")),
        ("", Answer(failure="answered ''")),
        ("print('points: 3')", Answer(failure="answered 'points: 3\\n'")),
    ],
)
def test_answers_and_failures(code, answer):
    assert ask(sys.executable, code, "", 60.0) == answer


def test_an_end_that_does_not_come_is_a_failure():
    assert ask(sys.executable, "import time; time.sleep(60)", "", 0.3) == Answer(failure="did not end within 0.3 s")


def test_each_round_of_a_branch_has_its_time(monkeypatch):
    monkeypatch.setattr(cycles, "ask", lambda python, code, words, seconds: Answer(failure=f"{seconds:g} s"))
    assert cycles.run_rival("python9", cycles.DEMOS["fhn"], 3).failure == f"{3 * cycles.LONGEST} s"
