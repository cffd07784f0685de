"""Names of files while they are written, and the removal of those that a process left behind when it was killed.

The name tells who writes: the machine (since it started, and its numbering of processes) and the process.  Where that
process is gone nobody will go on with its file.  What another machine left in a shared folder goes by its age.
"""

import contextlib
import functools
import hashlib
import os
import platform
import re
import stat
import sys
import time
import uuid

NAME = re.compile(r"\.pseudoarc-(?:(?P<place>[0-9a-f]{8})-(?P<process>[0-9]+)-)?[0-9a-f]{32}\.tmp")
OLD = 86_400.0  # seconds since the last change: writing takes seconds, so a day is late for any machine and clock


def temporary_name() -> str:
    """A name that no other file has."""
    return f".pseudoarc-{_place()}-{os.getpid()}-{uuid.uuid4().hex}.tmp"


def remove_stale(folder):
    """Remove from a folder what killed processes of this user were writing; what can't be removed stays."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            match = NAME.fullmatch(entry.name)
            if match and is_stale(match["place"], match["process"], entry.stat(follow_symlinks=False)):
                with contextlib.suppress(OSError):
                    os.unlink(entry.path)


def is_stale(place, process, state) -> bool:
    """Whether a file, of the writer that its name tells and with this `stat`, is ours and nobody goes on with it."""
    if not stat.S_ISREG(state.st_mode) or (hasattr(os, "geteuid") and state.st_uid != os.geteuid()):
        return False
    if place == _place() and sys.platform != "win32":  # there a signal that does nothing ends a process
        return not _is_running(int(process))
    return time.time() - state.st_mtime > OLD


def _is_running(process) -> bool:
    """Whether there is a process of this number, whoever's it is."""
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        return True
    return True


@functools.cache
def _place() -> str:
    """Eight letters for this machine since it started, and for the set of processes that see each other on it."""
    told = [platform.node()]
    with contextlib.suppress(OSError), open("/proc/sys/kernel/random/boot_id") as file:
        told.append(file.read())
    with contextlib.suppress(OSError):
        told.append(str(os.stat("/proc/self/ns/pid").st_ino))
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:8]
