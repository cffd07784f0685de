"""Cached machine code goes by all that it was made of: an edit anywhere below a kernel starts a fresh folder."""

import enum
import importlib
import os
import shutil
import subprocess
import sys
import types
from pathlib import Path
from typing import NamedTuple

import numba
import pytest
from numba.core.dispatcher import Dispatcher

import continuation
from continuation.compiled.calls import sources
from continuation.compiled.calls.kernel import engine_folder, folder_of
from continuation.equations.functions import _globals_of, fingerprint

ROOT = Path(continuation.__file__).parents[1]
TOP = """
from continuation.compiled.calls.kernel import kernel
from {package}.middle import (  # what is called (first of all)
    half,
    third as other,
)

@kernel
def answer(x):
    return half(x) + other(x)
"""
MIDDLE = """
from continuation.compiled.calls.kernel import kernel
from . import numbers
from .below.bottom import scaled

@kernel
def half(x):
    return scaled(x) / 2

@kernel
def third(x):
    return x * numbers.THIRD
"""
BOTTOM = """
import math; import {package}.unused

from continuation.compiled.calls.kernel import kernel
from {package}.below.sizes import *

@kernel
def scaled(x):
    return SIZE * x + 0 * math.pi
"""
FILES = {
    "__init__.py": "",
    "top.py": TOP,
    "middle.py": MIDDLE,
    "numbers.py": "THIRD = 3.0\n",
    "unused.py": "",
    "other.py": "from {package} import top\n",
    "below/__init__.py": "from {package} import other\n",
    "below/bottom.py": BOTTOM,
    "below/sizes.py": "SIZE = 4.0\n",
}
REACHED = ["", ".below.bottom", ".below.sizes", ".middle", ".numbers", ".top", ".unused"]


def write(folder, package):
    """Write the package whose kernel needs six files; ``answer(1.0)`` is 5."""
    for name, text in FILES.items():
        (folder / package / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / package / name).write_text(text.replace("{package}", package))


def run(code, *folders, cache):
    """What a fresh process prints, its modules found in `folders`, its machine code kept in `cache`."""
    path = os.pathsep.join(map(str, folders))
    more = {"PYTHONPATH": path, "PSEUDOARC_CACHE": str(cache), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | more, cwd=cache.parent)
    return done.stdout.split()


def edit(file, old, new):
    """Replace what occurs once in a file."""
    text = file.read_text("utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), "utf-8")


def test_all_that_is_imported_is_reached_and_no_more(tmp_path, monkeypatch):
    write(tmp_path, "reached_by_kernels")
    monkeypatch.syspath_prepend(tmp_path)
    assert sources.reachable("reached_by_kernels.top") == [f"reached_by_kernels{name}" for name in REACHED]


def test_a_module_alone_reaches_itself_and_what_has_no_file_nothing():
    assert sources.reachable("systems.small_symmetric") == ["systems.small_symmetric"]
    assert sources.reachable("no_such_module") == []
    assert folder_of("no_such_module") != engine_folder()


def test_the_engine_shares_one_folder():
    assert folder_of("continuation.compiled.calls.interface") == engine_folder()
    assert folder_of("systems.relu.angles") != engine_folder()


ANSWER = "from edited.top import answer; print(answer(1.0), sum(answer.stats.cache_hits.values()))"


@pytest.mark.slow
def test_an_edit_below_a_kernel_is_noticed_and_nothing_else(tmp_path):
    write(tmp_path, "edited")
    again = [tmp_path, ROOT]
    assert run(ANSWER, *again, cache=tmp_path / "cache") == ["5.0", "0"]
    assert run(ANSWER, *again, cache=tmp_path / "cache") == ["5.0", "1"]
    edit(tmp_path / "edited/below/bottom.py", "SIZE * x", "2 * SIZE * x")
    assert run(ANSWER, *again, cache=tmp_path / "cache") == ["7.0", "0"]
    edit(tmp_path / "edited/numbers.py", "3.0", "30.0")
    assert run(ANSWER, *again, cache=tmp_path / "cache") == ["34.0", "0"]
    edit(tmp_path / "edited/other.py", "top", "middle")
    assert run(ANSWER, *again, cache=tmp_path / "cache") == ["34.0", "1"]
    edit(tmp_path / "edited/numbers.py", "30.0", "3.0")
    assert run(ANSWER, *again, cache=tmp_path / "cache") == ["7.0", "1"]


REST = """
import numpy as np
from systems.relu.population_loss.population_kernels import _rest
print(_rest(np.array([1.0, 0.0]), np.array([0.6, 0.8])))
"""


def test_an_edit_in_a_callee_of_the_systems_changes_the_number(tmp_path):
    for room in ("continuation", "systems"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    first = run(REST, tmp_path, cache=tmp_path / "cache")
    edit(tmp_path / "systems/relu/angles.py", "2.0 * math.atan2(more, less)", "3.0 * math.atan2(more, less)")
    assert run(REST, tmp_path, cache=tmp_path / "cache") != first


def test_the_engine_counts_as_a_whole_in_whatever_folders(tmp_path, monkeypatch):
    monkeypatch.setattr(continuation.compiled, "__path__", [str(tmp_path)])
    (tmp_path / "below").mkdir()
    seen = set()
    for name, text in [("a.py", "1"), ("below/b.py", "1"), ("below/b.py", "2"), ("c.py", "2")]:
        (tmp_path / name).write_text(text)
        seen.add(sources.engine_digest.__wrapped__())
    assert len(seen) == 4


def modules(room):
    """Names of all modules of a package."""
    files = (file.relative_to(ROOT).with_suffix("") for file in (ROOT / room).rglob("*.py"))
    return [".".join(file.parts).removesuffix(".__init__") for file in files]


@pytest.mark.parametrize("room", ["systems", "studies"])
def test_kernels_use_nothing_that_no_folder_is_named_by(room):
    """What a kernel refers to lies in a module that its folder's name covers, or is no code of ours."""
    kernels = [f for name in modules(room) for f in vars(importlib.import_module(name)).values()]
    kernels = {f.py_func.__module__ + f.py_func.__name__: f for f in kernels if isinstance(f, Dispatcher)}
    assert len(kernels) > 100 or room == "studies"
    for function in (f.py_func for f in kernels.values()):
        used = _globals_of(function.__code__, function.__globals__).values()
        homes = {
            getattr(value, "__name__" if isinstance(value, types.ModuleType) else "__module__", "") for value in used
        }
        homes = {home for home in homes if home.partition(".")[0] in sources.FOLLOWED and not sources.is_engine(home)}
        assert homes <= set(sources.reachable(function.__module__)), function


VALUE = 0.0  # what `user` refers to


@numba.njit
def exact(x):
    """A helper."""
    return x + 1.0


loose = numba.njit(fastmath={"nsz", "contract"})(exact.py_func)


def user(value):
    """A user's function that refers to `value`, which lies elsewhere."""
    return types.FunctionType((lambda u: VALUE).__code__, {"VALUE": value})


def kinds(*fields):
    """A named tuple, and an enumeration with these members."""
    return NamedTuple("Pair", [(field, float) for field in fields]), enum.Enum("Kind", fields)


def test_fingerprints_tell_apart_what_compiles_differently():
    (ab, one), (ba, two) = kinds("a", "b"), kinds("b", "a")
    values = [exact, loose, ab, ba, ab(1.0, 2.0), ba(1.0, 2.0), one, two, ((1, 2), 3), (1, (2, 3)), (1, 2, 3)]
    prints = [fingerprint(user(value)) for value in values]
    assert None not in prints
    assert len(set(prints)) == len(prints)


def test_the_order_of_options_is_no_difference():
    assert fingerprint(user(loose)) == fingerprint(user(numba.njit(fastmath={"contract", "nsz"})(exact.py_func)))


def test_a_class_that_hides_its_code_has_no_fingerprint():
    assert fingerprint(user(type("Hidden", (), {}))) is None
    assert fingerprint(user(float)) is not None
