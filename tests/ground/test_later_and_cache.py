"""Modules imported at their first use, and where machine code is kept."""

import pathlib
import subprocess
import sys

import pytest

from continuation.ground.cache import cache_root
from continuation.ground.later import later

LAZY = """
import sys
from continuation.ground.later import later
module = later("colorsys")
assert "colorsys" not in sys.modules, "imported too early"
print(repr(module))
print(module.rgb_to_hsv(1.0, 1.0, 1.0))
assert "colorsys" in sys.modules
"""


def test_a_module_is_imported_when_something_of_it_is_first_used():
    done = subprocess.run([sys.executable, "-c", LAZY], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["<module 'colorsys', imported when first used>", "(0.0, 0.0, 1.0)"]


def test_what_a_module_lacks_is_told_as_by_the_module():
    with pytest.raises(AttributeError, match="module 'math' has no attribute 'squareroot'"):
        str(later("math").squareroot)
    with pytest.raises(ModuleNotFoundError):
        str(later("no_such_module_anywhere").anything)


def test_the_folder_of_machine_code_is_the_named_one_then_the_users(monkeypatch, tmp_path):
    monkeypatch.setenv("PSEUDOARC_CACHE", str(tmp_path))
    assert cache_root() == tmp_path
    monkeypatch.setenv("PSEUDOARC_CACHE", "")  # empty is as good as unset
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_root() == tmp_path / "xdg" / "pseudoarc"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(pathlib.Path, "home", lambda: tmp_path)
    assert cache_root() == tmp_path / ".cache" / "pseudoarc"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    assert cache_root() == tmp_path / "AppData" / "Local" / "pseudoarc"
