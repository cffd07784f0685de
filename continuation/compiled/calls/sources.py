"""All that a kernel can call, as one hash: it names the folder that the kernel's machine code is cached in.

numba notices an edit in the file of a cached function, not in the files of what it calls.  What it calls or
freezes is imported, so the hash covers the function's module and, transitively, all that these import.
Imports are found in the text, without running or parsing it: a word too many costs a compilation at most.

Followed are the module's own package, `systems` and `studies`.  The engine counts as a whole.  What `continuation`
itself offers is not followed: it is for Python, and no kernel can use it.
"""

import functools
import hashlib
import importlib.util
import pathlib
import re
import sys
from typing import NamedTuple

import numba

FRONT, ENGINE = "continuation", "continuation.compiled"
FOLLOWED = {FRONT, "systems", "studies"}  # besides the package of the kernel itself
JOINED = re.compile(r"\\\r?\n|#.*")  # continued lines, comments
IMPORT = re.compile(
    r"(?:^|[;:])[ \t]*(?:from[ \t]*([\w.]+)[ \t]*import[ \t]*(\([^)]*\)|[^\n;]*)|import[ \t]+([^\n;]*))", re.MULTILINE
)
MEMBER = re.compile(r"(\w+)(?:\s+as\s+\w+)?")


class Source(NamedTuple):
    """Hash of a module's text, and the names of the modules that it imports."""

    digest: str
    imported: frozenset


@functools.cache
def engine_digest() -> str:
    """Hash of all sources of the engine, in whatever folders, of numba and of Python."""
    digest = hashlib.sha256(f"{numba.__version__} {sys.version}".encode())
    (root,) = map(pathlib.Path, sys.modules[ENGINE].__path__)
    for file in sorted(root.rglob("*.py")):
        digest.update(file.relative_to(root).as_posix().encode() + file.read_bytes())
    return digest.hexdigest()


@functools.cache
def digest_of(module: str) -> str:
    """Hash of all that kernels of a module can call.

    Cost: each source that it reaches is read once in a process, about 0.1 ms each.
    """
    digest = hashlib.sha256(engine_digest().encode())
    for name in reachable(module):
        digest.update(f"{name} {_source(name).digest}".encode())
    return digest.hexdigest()


def is_engine(module: str) -> bool:
    """Whether a module is part of the engine."""
    return module == ENGINE or module.startswith(f"{ENGINE}.")


def reachable(module: str) -> list[str]:
    """Names of a module and of all modules that it imports, themselves or through others, sorted; not the engine's."""
    followed = FOLLOWED | {module.partition(".")[0]}
    found, left = set(), {module}
    while left:
        name = left.pop()
        ours = name.partition(".")[0] in followed and name != FRONT and not is_engine(name)
        if ours and name not in found and _file(name):
            found.add(name)
            left |= _source(name).imported
    return sorted(found)


@functools.cache
def _source(module: str) -> Source:
    """Read the source of a module that has a file."""
    content = _file(module).read_bytes()
    package = module if _file(module).name == "__init__.py" else module.rpartition(".")[0]
    text = JOINED.sub(" ", content.decode("utf-8", "replace"))
    found = [name for match in IMPORT.findall(text) for name in _named(package, *match)]
    return Source(hashlib.sha256(content).hexdigest(), frozenset(found))


def _named(package: str, origin: str, members: str, plain: str):
    """Modules that one statement imports, seen from `package`; ``from origin import members``, ``import plain``."""
    if origin.startswith("."):
        below = origin.lstrip(".")
        above = package.split(".")[: package.count(".") + 2 - (len(origin) - len(below))]
        origin = ".".join([*above, *filter(None, [below])])
    if origin:
        modules = [f"{origin}.{member}" for member in MEMBER.findall(members)]
        whole = not modules or not all(_file(module) for module in modules)  # something of its own, or all of it
        return [*modules, origin] if whole else modules
    named = [part.split()[0].split(".") for part in plain.split(",") if part.strip()]
    return [".".join(words[:k]) for words in named for k in range(1, len(words) + 1)]


@functools.cache
def _file(module: str) -> pathlib.Path | None:
    """File of a module's source, None where there is none; nothing is imported."""
    loaded = getattr(sys.modules.get(module), "__file__", None)
    files = [pathlib.Path(loaded)] if loaded else _places(*module.split("."))
    return next((file for file in files if file.suffix == ".py" and file.is_file()), None)


def _places(top: str, *below: str) -> list[pathlib.Path]:
    """Where the source of a module would lie that is not imported yet."""
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):  # a script has no spec
        spec = None
    if spec is None:
        return []
    if not below:
        return [pathlib.Path(spec.origin)] if spec.origin else []
    bases = [pathlib.Path(root).joinpath(*below) for root in spec.submodule_search_locations or ()]
    return [file for base in bases for file in (base / "__init__.py", base.with_name(f"{base.name}.py"))]
