"""Generated modules and the folder they lie in: nothing of the user's in it, nothing of it trusted."""

import io
import logging
import pathlib
import py_compile
import subprocess
import sys
import tokenize
from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from continuation.expressions import from_expressions
from continuation.expressions.generated import load_module

BRUSSELATOR = {"x": "a - (b + 1)*x + x**2*y", "y": "b*x - x**2*y"}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The folder of generated files, of this test only."""
    monkeypatch.setenv("PSEUDOARC_CACHE", str(tmp_path))
    return tmp_path / "expressions"


def filled(function, shape, *arguments):
    """What `function` writes into an array that held NaN before."""
    function(*arguments, out := np.full(shape, np.nan))
    return out


def test_generated_code_holds_no_name_of_the_users(folder):
    e = from_expressions(
        {"evil_state": "evil_state*evil_param", "q[3,4]": "-sin(q[3,4])"},
        ["evil_param"],
        outputs={"evil_output": "evil_state"},
        zeros={"evil_zero": "evil_param - q[3,4]"},
    )
    assert e.derivative([1.0, 1.0], [1.0], [[1, 0, 0]] * 3).shape == (2,)  # evaluated: no code of its own
    allowed = {"np", "import", "numpy", "as", "def", "for", "in", "range", "if", "else", "return", "nan", "sin", "cos"}
    allowed |= {"residual", "jacobian", "parameter_derivative", "output_0", "zero_0"}
    allowed |= set("upijk") | {"out"} | {f"t{k}" for k in range(50)}
    assert callable(e.residual)  # written when it is first asked for
    files = list(folder.glob("*.py"))
    assert len(files) == 1
    for file in files:
        words = list(tokenize.generate_tokens(io.StringIO(file.read_text()).readline))
        assert {w.string for w in words if w.type == tokenize.NAME} <= allowed
        assert not [w for w in words if w.type == tokenize.COMMENT]
        assert [w.string for w in words if w.type == tokenize.STRING] == [
            '"""Generated functions; edits are overwritten."""'
        ]


def test_the_same_system_is_the_same_module_and_its_file_is_not_touched(folder):
    first = from_expressions(BRUSSELATOR, ["a", "b"])
    assert not list(folder.glob("*.py"))  # written when it is first asked for
    assert callable(first.residual)
    (file,) = folder.glob("*.py")
    before = file.stat()
    second = from_expressions({"u": "a - (b + 1)*u + u**2*v", "v": "b*u - u**2*v"}, ["a", "b"])
    assert second.residual is first.residual  # names do not matter
    assert (file.stat().st_mtime_ns, file.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    assert [f.name for f in folder.iterdir()] == [file.name]  # no temporary files, no bytecode


@pytest.mark.parametrize("damage", ["tampered", "truncated", "bytecode", "folder in its place"])
def test_what_lies_in_the_cache_is_never_run(folder, damage, caplog, monkeypatch):
    wrong = "raise SystemExit('this must not run')\n"
    path = pathlib.Path(from_expressions(BRUSSELATOR, ["a", "b"]).residual.__code__.co_filename)
    good = path.read_bytes()
    if damage == "bytecode":
        path.write_text(wrong)
        py_compile.compile(str(path), invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
        path.write_bytes(good)
    elif damage == "folder in its place":
        path.unlink()
        path.mkdir()
    else:
        path.write_bytes(wrong.encode() if damage == "tampered" else good[:100])
    for name in [name for name in sys.modules if name.startswith("pseudoarc_generated_")]:
        monkeypatch.delitem(sys.modules, name)
    e = from_expressions(BRUSSELATOR, ["a", "b"])
    assert_array_equal(filled(e.residual, 2, np.ones(2), np.ones(2)), [0, 0])
    assert pathlib.Path(e.residual.__code__.co_filename).read_bytes() == good
    if damage != "folder in its place":
        assert path.read_bytes() == good


def test_a_cache_that_cannot_be_written_is_replaced_with_one_warning(tmp_path, monkeypatch, caplog):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    monkeypatch.setenv("PSEUDOARC_CACHE", str(blocked))
    with caplog.at_level(logging.WARNING):
        e = from_expressions({"x": "p - x"}, ["p"])
        others = [from_expressions({"x": "p + x"}, ["p"]), from_expressions({"x": "p + 2*x"}, ["p"])]
        assert all(callable(one.residual) for one in (e, *others))
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert str(blocked) in caplog.text
    assert filled(e.residual, 1, np.ones(1), np.ones(1)) == 0
    assert pathlib.Path(e.residual.__code__.co_filename).stat().st_mode & 0o077 == 0  # nobody else's to read
    assert blocked.read_text() == "not a folder"


def test_modules_of_the_same_source_are_one():
    assert load_module("def one(): return 1") is load_module("def one(): return 1")


CACHED = """
import sys, numpy as np, numba
from continuation.expressions import from_expressions
from continuation.compiled.calls.kernel import caching_in
from continuation.ground.cache import cache_root
assert "sympy" not in sys.modules
e = from_expressions({"x": "a*x - x**3"}, ["a"])
assert "sympy" not in sys.modules
with caching_in(cache_root() / "machine"):
    f = numba.njit(error_model="numpy", cache=True)(e.residual)
f(np.array([2.0]), np.array([5.0]), out := np.empty(1))
print(out[0], sum(f.stats.cache_hits.values()))
"""


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="nothing is compiled")
def test_compiled_functions_are_cached_across_processes_and_text_needs_no_sympy():
    for hits in (0, 1):
        done = subprocess.run([sys.executable, "-c", CACHED], capture_output=True, text=True, check=True)
        assert done.stdout.split() == ["2.0", str(hits)]


def test_threads_that_make_the_same_system_get_the_same_functions(folder):
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: from_expressions(BRUSSELATOR, ["a", "b"]), range(32)))
        assert len({e.residual for e in made}) == 1
    assert len(list(folder.iterdir())) == 1
