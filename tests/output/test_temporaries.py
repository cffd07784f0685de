"""Files that killed processes were writing are removed by the next that writes there; no others."""

import os
import signal
import subprocess
import sys
import time

import pytest

from continuation.output import temporaries
from continuation.output.files import load, save
from tests import handmade

KILLED = """
import os, signal
from continuation.output import files
from tests import handmade

def seal(path):
    os.kill(os.getpid(), signal.SIGKILL)

files.seal = seal
files.save(handmade.cusp(), {path!r})
"""


def left(folder):
    return sorted(name for name in os.listdir(folder) if name.endswith(".tmp"))


@pytest.mark.skipif(sys.platform == "win32", reason="there by age only")
def test_what_a_killed_save_left_goes_with_the_next(tmp_path):
    save(handmade.circle(), tmp_path / "b.nc")
    code = KILLED.format(path=str(tmp_path / "b.nc"))
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(left(tmp_path)) == 1
    assert load(tmp_path / "b.nc").problem_name == "circle"  # the older file stayed whole
    save(handmade.single(), tmp_path / "c.nc")
    assert left(tmp_path) == []


def test_what_others_write_stays(tmp_path, monkeypatch):
    mine, other = temporaries.temporary_name(), f".pseudoarc-00000000-1-{'a' * 32}.tmp"
    old, link, foreign = f".pseudoarc-{'b' * 32}.tmp", f".pseudoarc-{'c' * 32}.tmp", ".pseudoarc-notes.tmp"
    for name in (mine, other, old, foreign):
        (tmp_path / name).write_text("")
    long_ago = time.time() - 2 * temporaries.OLD
    for name in (old, foreign):
        os.utime(tmp_path / name, (long_ago, long_ago))
    (tmp_path / link).symlink_to(tmp_path / foreign)
    os.utime(tmp_path / link, (long_ago, long_ago), follow_symlinks=False)
    temporaries.remove_stale(tmp_path)
    assert left(tmp_path) == sorted([mine, other, link, foreign])
    os.utime(tmp_path / other, (long_ago, long_ago))
    temporaries.remove_stale(tmp_path)
    assert left(tmp_path) == sorted([mine, link, foreign])
    if hasattr(os, "geteuid"):
        os.utime(tmp_path / mine, (long_ago, long_ago))
        monkeypatch.setattr(temporaries, "_is_running", lambda process: False)
        monkeypatch.setattr(os, "geteuid", lambda: os.stat(tmp_path).st_uid + 1)
        temporaries.remove_stale(tmp_path)  # another user's
        assert mine in left(tmp_path)
    temporaries.remove_stale(tmp_path / "missing")
