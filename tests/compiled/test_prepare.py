"""The engine is compiled once, by as many processes as help; whatever a helper leaves is done by its caller."""

import importlib
import subprocess
import sys
from functools import partial

import pytest

from continuation import trace
from continuation.compiled.calls import linking, prepare
from continuation.compiled.calls.interface import callback
from continuation.engine import follow as following
from systems.textbook import cusp

sleeper = partial(subprocess.Popen, [sys.executable, "-c", "import time; time.sleep(60)"])


@pytest.fixture
def log(monkeypatch, tmp_path):
    """What is compiled here, with an empty cache."""
    compiled = []
    monkeypatch.setattr(prepare, "engine_folder", lambda: tmp_path / "engine")
    monkeypatch.setattr(prepare, "compile_all", compiled.append)
    return compiled


@pytest.mark.parametrize("cores", [1, 2, 3, 64])
def test_all_is_compiled_whatever_the_cores(log, monkeypatch, cores, capsys):
    shares = []
    monkeypatch.setattr(prepare, "_cores", lambda: cores)
    monkeypatch.setattr(prepare, "_start", lambda names, helpers: shares.append(names))
    prepare.prepare()
    shares.append(log[0])
    assert len(shares) == min(cores, 3)
    assert sorted(name for share in shares for name in share) == sorted(prepare.ALL)
    assert "compiling the engine" in capsys.readouterr().err


def test_once(log, monkeypatch, capsys):
    monkeypatch.setattr(prepare, "_start", lambda *_: None)
    prepare.prepare()
    done = len(log)
    capsys.readouterr()
    prepare.prepare()
    assert len(log) == done
    assert capsys.readouterr().err == ""


def test_what_helpers_leave_is_compiled_here(log, monkeypatch):
    monkeypatch.setattr(prepare, "_cores", lambda: 2)
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    prepare.prepare()
    assert log[-1] == prepare.ALL


def test_a_folder_that_cannot_be_written_is_left_to_numba(log, monkeypatch, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(prepare, "engine_folder", lambda: tmp_path / "file" / "engine")
    prepare.prepare()
    assert log == []
    assert capsys.readouterr().err == ""


def test_a_helper_ends_with_its_caller(log, monkeypatch):
    started = []
    monkeypatch.setattr(prepare, "_cores", lambda: 2)
    monkeypatch.setattr(prepare.subprocess, "Popen", lambda *_, **__: started.append(sleeper()) or started[-1])
    monkeypatch.setattr(prepare, "compile_all", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        prepare.prepare()
    assert started[0].returncode not in (None, 0)


def test_every_name_is_a_callback_of_its_own():
    names = [name.rsplit(".", 1) for name in prepare.ALL]
    found = [getattr(importlib.import_module(f"continuation.compiled.{module}"), name) for module, name in names]
    assert all(isinstance(function, callback) and function.address for function in found)
    assert len({function.address for function in found}) == len(found)


def test_bad_arguments_are_refused_before_anything_is_compiled(monkeypatch):
    monkeypatch.setattr(following, "prepare", lambda: pytest.fail("compiled first"))
    with pytest.raises(ValueError, match="vary: no parameter named 'muu'"):
        trace(cusp(), [-1.0], "muu", (-1, 1))


def test_linking_fits_this_numba():
    assert linking.SUPPORTED, "numba's internals changed: compiling still works, but takes half as long again"
