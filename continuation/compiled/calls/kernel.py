"""The house decorator of compiled code, and the folder its machine code is cached in.

A cached caller does not notice an edit in a callee of another file, so the folder's name holds a hash of all
that it can call (`continuation.compiled.sources`): an edit there starts a fresh folder.  Old ones stay, unused.
"""

import contextlib
import functools
import pathlib

import numba

from continuation.compiled.calls import linking, sources
from continuation.ground.cache import cache_folder

OPTIONS = {"error_model": "numpy", "nogil": True}


@functools.cache
def engine_folder() -> pathlib.Path:
    """Cache folder of the engine: one per state of its sources, per numba and per Python."""
    return cache_folder(f"engine-{sources.engine_digest()[:16]}")


@functools.cache
def folder_of(module: str) -> pathlib.Path:
    """Cache folder of a module's kernels: one per state of all that they can call; the engine shares one."""
    if sources.is_engine(module):
        return engine_folder()
    return cache_folder("kernels", f"{module}-{sources.digest_of(module)[:16]}")


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
    with caching_in(folder_of(function.__module__)):
        return numba.njit(cache=True, **OPTIONS)(function)
