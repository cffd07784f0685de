"""A second process compiles nothing of the engine, the systems or the user's functions."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

import continuation

ROOT = pathlib.Path(continuation.__file__).parents[1]
WORK = """
import json
import sys

from numba.core import compiler

compiled, real = [], compiler.compile_extra

def watched(typingctx, targetctx, func, *arguments, **options):
    compiled.append(f"{func.__module__}.{func.__qualname__}")
    return real(typingctx, targetctx, func, *arguments, **options)

compiler.compile_extra = watched
from continuation import Problem, Settings, switch, trace
from systems import characteristic, textbook
import model

b = trace(textbook.circle(), [1.0], "p")
trunk = trace(textbook.pitchfork(), [0.0], "p", (-1, 1))
trace(textbook.pitchfork(), switch(textbook.pitchfork(), trunk["BP1"])[1], "p", (-1, 1))
hopf = trace(textbook.brusselator(), [1.0, 1.0], "b", (0, 5))
trace(textbook.bratu(40), [0.0] * 40, "lam", (0, 1))
text = Problem.from_expressions({"x": "p - x**2"}, {"p": 1.0}, zeros={"z": "x - 0.5"})
trace(text, [1.0], "p", (-1, 1))
own = trace(Problem(model.f, ("x",), {"p": 1.0}), [1.0], "p", (-1, 1))
print(json.dumps({"compiled": compiled, "labels": [p.label for q in (b, trunk, hopf, own) for p in q.special]}))
"""
MODEL = """
SCALE = {scale}

def f(u, p, out):
    out[0] = p[0] - SCALE * u[0] * u[0]
"""


def run(folder, scale=1.0):
    """What a fresh process compiled."""
    (folder / "model.py").write_text(MODEL.format(scale=scale))
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{folder}", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", WORK]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment, cwd=folder)
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.slow
def test_a_second_process_compiles_nothing(tmp_path):
    first, second = run(tmp_path), run(tmp_path)
    ours = [name for name in second["compiled"] if name.partition(".")[0] in ("continuation", "systems", "model")]
    assert ours == []
    assert second["labels"] == first["labels"]
    assert {"LP1", "BP1", "HB1"} <= set(second["labels"])


@pytest.mark.slow
def test_a_changed_global_is_noticed(tmp_path):
    run(tmp_path)
    again = run(tmp_path, scale=4.0)
    assert any(name == "model.f" for name in again["compiled"])
