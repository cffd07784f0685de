"""Generated source to modules: written where numba can cache beside it, imported without trusting the file."""

import hashlib
import importlib.machinery
import importlib.util
import logging
import os
import pathlib
import sys
import tempfile
import threading
from types import ModuleType

from continuation.ground.cache import cache_folder, private_folder

log = logging.getLogger(__name__)
_lock = threading.Lock()


def load_module(source: str) -> ModuleType:
    """Import `source` as a module.

    Parameters
    ----------
    source : str
        Python source made by `continuation.expressions.codegen`.

    Returns
    -------
    module
        The same object for the same source and folder.  ``__file__`` is ``<sha256 of source>.py`` in the folder
        ``expressions`` of the cache, or in a private folder that lives as long as the process where the cache
        can't be written (one warning in the log).

    Notes
    -----
    The file is there for tracebacks and for numba, whose cache goes by its path and content.  A file that holds
    anything but `source` is replaced, and what runs is `source` itself, never what was read.

    Examples
    --------
    >>> load_module("def one(): return 1").one()
    1
    """
    content = source.encode()
    digest = hashlib.sha256(content).hexdigest()
    with _lock:
        file = _store(content, f"{digest}.py")
        name = f"pseudoarc_generated_{digest[:24]}"
        module = sys.modules.get(name)
        if module is None or module.__file__ != str(file):
            module = sys.modules[name] = _import_module(name, file, content)
        return module


class _Loader(importlib.machinery.SourceFileLoader):
    """Runs the content it was given under the name of the file that holds it; reads no bytecode."""

    def __init__(self, name: str, path: str, content: bytes):
        super().__init__(name, path)
        self.content = content

    def get_code(self, fullname: str):
        """Compile the content."""
        return self.source_to_code(self.content, self.path)


def _import_module(name: str, file: pathlib.Path, content: bytes) -> ModuleType:
    """Make a new module of `content`."""
    spec = importlib.util.spec_from_file_location(name, file, loader=_Loader(name, str(file), content))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _store(content: bytes, name: str) -> pathlib.Path:
    """Path of a file with this content, in the cache folder if it can be written."""
    folder = cache_folder("expressions")
    try:
        return _ensure(folder, name, content)
    except OSError as error:
        return _ensure(_private_folder(str(folder), str(error)), name, content)


def _ensure(folder: pathlib.Path, name: str, content: bytes) -> pathlib.Path:
    """Write ``folder / name`` unless it holds `content`; readers see the old file or the new one, whole."""
    file = folder / name
    if file.is_file() and file.read_bytes() == content:
        return file
    folder.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=folder)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        os.replace(temporary, file)
    except BaseException:
        pathlib.Path(temporary).unlink(missing_ok=True)
        raise
    return file


def _private_folder(refused: str, reason: str) -> pathlib.Path:
    """Folder of this process; tells once why."""
    if refused not in _told:
        _told.add(refused)
        log.warning("can't write %s (%s): compiled expressions won't outlive this process", refused, reason)
    return private_folder()


_told: set[str] = set()
