"""The house decorator of compiled code, and the folder its machine code is cached in.

A cached caller does not notice an edit in a callee of another file, so the folder's name holds a hash of
the sources that call each other: an edit anywhere in `continuation/compiled` starts a fresh folder.
"""

import contextlib
import functools
import hashlib
import pathlib
import sys

import numba

from continuation.compiled.calls import linking
from continuation.ground.cache import cache_root

OPTIONS = {"error_model": "numpy", "nogil": True}


@functools.cache
def engine_folder() -> pathlib.Path:
    """Cache folder of the engine: one per state of its sources and per numba."""
    digest = hashlib.sha256(f"{numba.__version__} {sys.version}".encode())
    for file in sorted(pathlib.Path(__file__).parents[1].rglob("*.py")):
        digest.update(file.read_bytes())
    return cache_root() / f"engine-{digest.hexdigest()[:16]}"


@contextlib.contextmanager
def caching_in(folder: pathlib.Path):
    """Let numba choose `folder` for functions decorated inside, and leave its setting as it was."""
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = str(folder)
    try:
        yield
    finally:
        numba.config.CACHE_DIR = before


def internal(function, **more):
    """Compile `function` for callers that are compiled too: no wrappers for Python, and no cache of its own."""
    linked = {"pipeline_class": linking.InternalCompiler} if linking.SUPPORTED else {}
    return numba.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, **linked, **OPTIONS, **more)(function)


def inlined(function):
    """Like `internal`, for short functions of the hot loop: an array as argument costs more than they do."""
    return internal(function, forceinline=True)


def summing(function):
    """Like `internal`, for functions whose sums may be added up in any order, many terms at a time."""
    return internal(function, fastmath={"reassoc", "nsz", "contract"})


def fusing(function):
    """Like `internal`, for functions whose products may be added without being rounded first."""
    return internal(function, fastmath={"contract"})


def kernel(function):
    """Compile `function` with the house options: cached on disk, without the GIL, IEEE arithmetic.

    Cost: compiled at the first call with new argument types, loaded from the cache afterwards.
    """
    with caching_in(engine_folder()):
        return numba.njit(cache=True, **OPTIONS)(function)
