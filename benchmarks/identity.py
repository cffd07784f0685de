"""Whether two arrangements of the code compute the same, bit for bit.

``python -m benchmarks.identity --write FILE.json [--arrays FILE.npz] [name ...]`` runs the cases of `identity_cases`
and writes a digest of every field of every result; ``--compare FILE.json`` runs them again and lists the fields that
differ (exit status 1), with the largest difference where the arrays of that run lie beside it (``FILE.npz``).

A field is what has one name in all of a case, ``arms.special.unknowns`` say: its values in order, with their types and
shapes.  Bits are the same only on one machine with one set of libraries.
"""

import argparse
import hashlib
import json
import logging
import pathlib
import sys
import time
import warnings
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum

import numpy as np

from benchmarks.identity_cases import CASES
from continuation import Branch, Diagram, SpecialPoint

OWN = {"problem", "origin"}  # fields that lead to what was given, or back
PRINTED = (Branch, Diagram)
LENGTH = 16  # hexadecimal digits kept of a field's digest


def main(arguments=None) -> int:
    """Run the cases asked for, write or compare their digests."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.identity", description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="name", help="cases (default: all), or beginnings of their names")
    parser.add_argument("--write", type=pathlib.Path, metavar="FILE", help="write the digests there")
    parser.add_argument("--compare", type=pathlib.Path, metavar="FILE", help="hold the run against these digests")
    parser.add_argument("--arrays", action="store_true", help="with --write: all values too, beside the digests (.npz)")
    asked = parser.parse_args(arguments)
    names = [name for name in CASES if not asked.names or name.startswith(tuple(asked.names))]
    if not names:
        parser.error(f"no case of these names; there are {', '.join(CASES)}")
    results = {name: run(name) for name in announced(names)}
    if asked.write:
        write(asked.write, results, asked.arrays)
    if asked.compare:
        lines = differences(asked.compare, results)
        print("\n".join(lines) or f"{len(results)} cases are the same, bit for bit")
        return int(bool(lines))
    if not asked.write:
        print(json.dumps({name: digests(found) for name, found in results.items()}, indent=1))
    return 0


def announced(names):
    """The names, each with its place and the seconds it took on the error stream."""
    for place, name in enumerate(names, 1):
        print(f"[{place:>3}/{len(names)}] {name}", end=" ", file=sys.stderr, flush=True)
        began = time.perf_counter()
        yield name
        print(f"{time.perf_counter() - began:.2f} s", file=sys.stderr, flush=True)


class Recorder(logging.Handler):
    """Keeps the words of what is logged."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.words = []

    def emit(self, record):
        """Keep one line."""
        self.words.append(f"{record.levelname}: {record.getMessage()}")


def run(name) -> dict:
    """Field -> its values in order, of one case; what it raised and logged are fields too."""
    logger, recorder, found = logging.getLogger("continuation"), Recorder(), {}
    propagate, logger.propagate = logger.propagate, False
    logger.addHandler(recorder)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", RuntimeWarning)
            collect(found, name_of(), CASES[name]())
    except (ValueError, RuntimeError, ArithmeticError, KeyError) as error:
        collect(found, "raised", f"{type(error).__name__}: {error}")
    finally:
        logger.removeHandler(recorder)
        logger.propagate = propagate
    collect(found, "logged", recorder.words)
    collect(found, "warned", [str(one.message) for one in caught if one.category is RuntimeWarning])
    return found


def name_of(*parts) -> str:
    """Name of a field inside others."""
    return ".".join(filter(None, parts))


def collect(found, name, value):
    """Add a value to the fields in `found`: numbers as arrays, the rest as text, what has parts by their names."""
    if isinstance(value, Enum):
        value = value.name
    if is_dataclass(value) and not isinstance(value, type):
        collect_parts(found, name, value)
    elif isinstance(value, Mapping):
        collect(found, name_of(name, "keys"), [str(key) for key in value])
        for key, one in value.items():
            collect(found, name_of(name, str(key)), one)
    elif isinstance(value, (set, frozenset)):
        collect_items(found, name, sorted(getattr(one, "name", str(one)) for one in value))
    elif isinstance(value, (list, tuple)):
        collect_items(found, name, value)
    elif isinstance(value, (np.ndarray, np.generic, int, float, complex)) and np.asarray(value).dtype.kind in "biufc":
        found.setdefault(name, []).append(np.asarray(value))
    else:
        found.setdefault(name, []).append(str(value))


def collect_parts(found, name, value):
    """Add the public fields of a dataclass, and its table where it prints one."""
    for one in fields(value):
        if one.name not in OWN and not one.name.startswith("_") and hasattr(value, one.name):
            collect(found, name_of(name, one.name), getattr(value, one.name))
    if isinstance(value, SpecialPoint):
        collect(found, name_of(name, "kind value"), value.kind.value)
    if isinstance(value, PRINTED):
        collect(found, name_of(name, "printed"), f"{value}\n{value!r}")


def collect_items(found, name, values):
    """Add a list: the number of its items and each of them, its words where it is more than a list."""
    found.setdefault(name_of(name, "length"), []).append(np.asarray(len(values)))
    for one in values:
        collect(found, name, one)
    if type(values) not in (list, tuple) and hasattr(values, "report"):
        collect(found, name_of(name, "printed"), str(values))


def digest(pieces) -> str:
    """SHA-256 of the values of a field, with their types and shapes, shortened."""
    total = hashlib.sha256()
    for piece in pieces:
        if isinstance(piece, str):
            total.update(f"text {len(piece)} {piece}".encode())
        else:
            total.update(f"{piece.dtype.str} {piece.shape} ".encode())
            total.update(np.ascontiguousarray(piece).tobytes())
    return total.hexdigest()[:LENGTH]


def digests(found) -> dict:
    """Field -> digest, in the order of their names; ``"all"`` for all of them."""
    each = {name: digest(found[name]) for name in sorted(found)}
    return {"all": hashlib.sha256(json.dumps(each).encode()).hexdigest(), **each}


def packed(pieces) -> np.ndarray:
    """The values of a field as one array: numbers in a row, or texts."""
    if any(isinstance(piece, str) for piece in pieces):
        return np.array([str(piece) for piece in pieces])
    return np.concatenate([piece.ravel() for piece in pieces])


def write(file, results, arrays=False):
    """Write the digests, and the values beside them if asked."""
    file.write_text(json.dumps({name: digests(found) for name, found in results.items()}, indent=1) + "\n", "utf-8")
    if arrays:
        values = {f"{case}/{name}": packed(found[name]) for case, found in results.items() for name in found}
        np.savez_compressed(file.with_suffix(".npz"), **values)


def differences(file, results) -> list:
    """Lines about the cases and fields that differ from those in a file, empty where all are the same."""
    before, lines = json.loads(file.read_text("utf-8")), []
    beside = file.with_suffix(".npz")
    values = np.load(beside) if beside.is_file() else {}
    for case, found in results.items():
        now, old = digests(found), before.get(case)
        if old is None:
            lines.append(f"{case}: not in {file.name}")
        elif now["all"] != old["all"]:
            changed = sorted(
                name for name in now.keys() | old.keys() if name != "all" and now.get(name) != old.get(name)
            )
            lines += [f"{case}: {name}: {change(name, found, old, values.get(f'{case}/{name}'))}" for name in changed]
    return lines


def change(name, found, old, value) -> str:
    """How one field differs from its former value (None where that was not kept)."""
    if name not in found or name not in old:
        return "is new" if name in found else "is gone"
    if value is None:
        return "differs"
    now = packed(found[name])
    if now.shape != value.shape:
        return f"{len(value)} values became {len(now)}"
    if now.dtype.kind == "U" or value.dtype.kind == "U":
        k = int(np.argmax(now.astype(str) != value.astype(str)))
        return f"text {k}: {first_difference(str(value[k]), str(now[k]))}"
    gaps = np.abs(now.astype(complex) - value.astype(complex))
    if not np.any(gaps > 0):
        return "differs in type, shape, NaN or the sign of zero only"
    k = int(np.nanargmax(gaps))
    return (
        f"differs by up to {gaps[k]:.3g} (value {k}: {value[k]} became {now[k]}), in {np.sum(gaps > 0)} of {len(now)}"
    )


def first_difference(old, new) -> str:
    """The first line that two texts do not share."""
    pairs = zip([*old.splitlines(), ""], [*new.splitlines(), ""])
    one, other = next((pair for pair in pairs if pair[0] != pair[1]), ("", "more lines"))
    return f"{one!r} became {other!r}"


if __name__ == "__main__":
    sys.exit(main())
