"""Modules imported at their first use, and where machine code is kept."""

import os
import pathlib
import subprocess
import sys

import pytest

from continuation.ground import cache
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


def test_tools_that_look_at_every_object_import_nothing():
    assert not hasattr(later("no_such_module_anywhere"), "__wrapped__")


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


@pytest.fixture
def told(monkeypatch, tmp_path, caplog):
    """The folder of the user's cache is fresh, what was told before is forgotten."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setattr(cache, "_told", set())
    cache._trusted.cache_clear()
    yield caplog
    cache._trusted.cache_clear()


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="folders have no owners and modes")
@pytest.mark.parametrize("mode", [0o777, 0o757, 0o1777, 0o770])
def test_a_folder_that_others_may_write_to_is_not_used(monkeypatch, tmp_path, told, mode):
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(mode)
    monkeypatch.setattr(cache, "_is_own_group", lambda number: False)
    monkeypatch.setenv("PSEUDOARC_CACHE", str(folder))
    assert cache_root() == tmp_path / "xdg" / "pseudoarc"
    assert "others may write to it" in told.text
    assert os.stat(cache_root()).st_mode & 0o777 == 0o700
    told.clear()
    cache_root()
    assert told.text == ""


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="folders have no owners and modes")
def test_owners_groups_and_folders_above(monkeypatch, tmp_path, told):
    folder = tmp_path / "above" / "cache"
    folder.mkdir(parents=True)
    folder.chmod(0o775)
    monkeypatch.setattr(cache, "_is_own_group", lambda number: True)
    assert cache.doubt(folder) == ""
    folder.parent.chmod(0o777)
    assert cache.doubt(folder) == f"others may write to {folder.parent.resolve()}"
    folder.parent.chmod(0o1777)
    assert cache.doubt(folder) == ""
    if os.geteuid() == 0:
        os.chown(folder, 12345, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: os.stat(folder).st_uid + 1)
    assert "it belongs to the user" in cache.doubt(folder)
    assert cache.doubt(tmp_path / "missing") == ""
    monkeypatch.setattr(sys, "platform", "win32")
    assert cache.doubt(folder) == ""


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="folders have no owners and modes")
def test_folders_inside_are_looked_at_and_a_private_one_is_the_last_resort(monkeypatch, tmp_path, told):
    monkeypatch.setenv("PSEUDOARC_CACHE", str(tmp_path / "mine"))
    assert cache.cache_folder("functions", "a") == tmp_path / "mine" / "functions" / "a"
    (tmp_path / "mine" / "functions").mkdir()
    (tmp_path / "mine" / "functions").chmod(0o777)
    assert cache.cache_folder("functions", "a") == cache.private_folder() / "functions" / "a"
    assert cache.cache_folder("kernels") == tmp_path / "mine" / "kernels"
    for name in ("mine", "xdg/pseudoarc"):
        (tmp_path / name).mkdir(parents=True, exist_ok=True)
        (tmp_path / name).chmod(0o777)
    cache._trusted.cache_clear()
    assert cache_root() == cache.private_folder()
    assert os.stat(cache_root()).st_mode & 0o777 == 0o700
