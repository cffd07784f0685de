"""Where machine code and generated functions are kept between runs."""

import os
import pathlib
import sys


def cache_root() -> pathlib.Path:
    """Folder of all cached machine code: ``PSEUDOARC_CACHE``, else the user's cache folder."""
    if named := os.environ.get("PSEUDOARC_CACHE"):
        return pathlib.Path(named)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or pathlib.Path.home() / "AppData" / "Local"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    return pathlib.Path(base) / "pseudoarc"
