"""Where machine code and generated functions are kept between runs.

What lies there is executed, so it must be ours: a folder that belongs to another user, or that others may write to, is
refused, and so is one whose place others may take (a folder above it that they may write to, unless it is sticky).
"""

import contextlib
import functools
import logging
import os
import pathlib
import stat
import sys
import tempfile

log = logging.getLogger(__name__)


def cache_root() -> pathlib.Path:
    """Folder of all cached machine code: ``PSEUDOARC_CACHE``, else the user's cache folder.

    Where the first can't be trusted it is the second, and where neither can a folder of this process; each refusal is
    told once in the log.
    """
    return _trusted(os.environ.get("PSEUDOARC_CACHE") or None, str(users_folder()))


def users_folder() -> pathlib.Path:
    """The user's own cache folder."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or pathlib.Path.home() / "AppData" / "Local"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(base) / "pseudoarc"


def cache_folder(*parts) -> pathlib.Path:
    """Folder inside `cache_root` whose parts are ours alone, as far as they exist."""
    root = folder = cache_root()
    for part in parts:
        folder = folder / part
        if reason := doubt(folder):
            refuse(folder, reason)
            return private_folder().joinpath(*parts)
    return root.joinpath(*parts)


@functools.cache
def _trusted(named, usual) -> pathlib.Path:
    """The first of two folders that can be trusted, made for this user alone where it does not exist."""
    for folder in filter(None, (named, usual)):
        if sys.platform != "win32":
            with contextlib.suppress(OSError):  # a place that can't be written to holds no one's machine code
                os.makedirs(folder, mode=0o700, exist_ok=True)
        if not (reason := doubt(folder)):
            return pathlib.Path(folder)
        refuse(folder, reason)
    return private_folder()


def doubt(folder) -> str:
    """Why what lies in a folder may be another user's; empty where it is ours, does not exist, or on Windows."""
    if sys.platform == "win32" or not hasattr(os, "getuid") or not os.path.isdir(folder):
        return ""
    place = os.path.realpath(folder)
    state = os.stat(place)
    if state.st_uid not in (os.geteuid(), 0):
        return f"it belongs to the user {state.st_uid}"
    if _writable_by_others(state):
        return "others may write to it"
    for above in pathlib.Path(place).parents:
        state = os.stat(above)
        if _writable_by_others(state) and not state.st_mode & stat.S_ISVTX:
            return f"others may write to {above}"
    return ""


def _writable_by_others(state) -> bool:
    """Whether other users may write: all, or a group that is not the user's own (called like the user)."""
    if state.st_mode & stat.S_IWOTH:
        return True
    return bool(state.st_mode & stat.S_IWGRP) and not _is_own_group(state.st_gid)


def _is_own_group(number) -> bool:
    """Whether a group is the private one of the user, as many systems make one."""
    import grp
    import pwd

    try:
        group, user = grp.getgrgid(number), pwd.getpwuid(os.geteuid())
    except KeyError:  # nameless users and groups, as in containers
        return False
    return group.gr_name == user.pw_name and set(group.gr_mem) <= {user.pw_name}


def refuse(folder, reason):
    """Tell once that a folder is not used."""
    if (str(folder), reason) not in _told:
        _told.add((str(folder), reason))
        log.warning("the cache folder %s is not used: %s; compiled code is kept elsewhere", folder, reason)


_told: set[tuple[str, str]] = set()


def private_folder() -> pathlib.Path:
    """Folder of this process, removed at its end."""
    return pathlib.Path(_temporary().name)


@functools.cache
def _temporary() -> tempfile.TemporaryDirectory:
    """Make the private folder, once."""
    return tempfile.TemporaryDirectory(prefix="pseudoarc-", ignore_cleanup_errors=True)
