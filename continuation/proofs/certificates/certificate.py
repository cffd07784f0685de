"""Certificates: a statement as JSON text, and back from a file that may come from anywhere.

All numbers are text: decimals, read exactly, and radii as hexadecimal floats.  Nothing in a file is evaluated, and
nothing in it is believed: what it states is proven again.
"""

import json
import math
import os
from pathlib import Path

from continuation.ground.arguments import check_path, shown
from continuation.output.files import check_target
from continuation.output.temporaries import remove_stale, temporary_name
from continuation.proofs.arithmetic import ProofError
from continuation.proofs.certificates.claims_to_prove import Candidate, Curve, Statement, Step

FORMAT, VERSION = "pseudoarc proof", 1
LARGEST = 2**28  # bytes of a file: some million segments


def to_text(statement) -> str:
    """The certificate of a statement."""
    record = {
        "format": FORMAT,
        "version": VERSION,
        "made with": statement.made_with,
        "problem": {
            "name": statement.name,
            "equations": statement.equations,
            "definitions": statement.definitions,
            "parameters": statement.parameters,
        },
        "vary": statement.vary,
        "zero": statement.zero,
        "curves": [
            {"rows": c.rows, "points": c.points, "steps": [[s.along, s.radii, s.hopf] for s in c.steps]}
            for c in statement.curves
        ],
        "points": [{"label": p.label, "kind": p.kind, "pivot": p.pivot, "box": p.box} for p in statement.points],
        "gaps": statement.gaps,
    }
    return json.dumps(record, indent=1, ensure_ascii=False) + "\n"


def write(path, statement):
    """Write a certificate, whole or not at all; `OSError` where the place can't be written to."""
    path = check_path("path", path)
    check_target(path)
    target = os.path.realpath(path)
    remove_stale(os.path.dirname(target))
    temporary = Path(os.path.dirname(target), temporary_name())
    try:
        temporary.write_text(to_text(statement), "utf-8")
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def read(path) -> Statement:
    """The statement that a file makes; every part of it has the right type.

    Raises
    ------
    OSError
        The file can't be read.
    ProofError
        It is no certificate; names the path and the part.
    """
    path = Path(check_path("path", path))
    if path.stat().st_size > LARGEST:
        raise ProofError(f"{path}: larger than {LARGEST} bytes, no certificate")
    try:
        return from_record(json.loads(path.read_text("utf-8"), parse_constant=_refuse))
    except (ValueError, RecursionError) as error:
        raise ProofError(f"{path}: no certificate: {str(error) or 'nested too deeply'}".splitlines()[0]) from None


def _refuse(text):
    """Infinities and NaN, which are no JSON."""
    raise ValueError(f"found {text}")


def from_record(record) -> Statement:
    """The statement of what JSON gave; `ValueError` names what is wrong."""
    top = _mapping(record, "certificate", {"format", "version", "problem", "vary", "curves", "points"})
    if top["format"] != FORMAT or top["version"] != VERSION:
        raise ValueError(f"wanted {FORMAT!r} of version {VERSION}, got {shown(top['format'])} {shown(top['version'])}")
    problem = _mapping(top["problem"], "problem", {"name", "equations", "parameters"})
    return Statement(
        _text(problem["name"], "name"),
        _texts(problem["equations"], "equations"),
        _texts(problem.get("definitions", {}), "definitions"),
        _texts(problem["parameters"], "parameters"),
        _text(top["vary"], "vary"),
        _row(top.get("zero", []), "zero"),
        tuple(_curve(curve) for curve in _list(top["curves"], "curves")),
        tuple(_candidate(point) for point in _list(top["points"], "points")),
        _row(top.get("gaps", []), "gaps"),
        _texts(top.get("made with", {}), "made with"),
    )


def _curve(record) -> Curve:
    """One curve."""
    record = _mapping(record, "curve", {"rows", "points", "steps"})
    rows = _list(record["rows"], "rows")
    if len(rows) != 2 or not all(isinstance(row, int) and 0 <= row < math.inf for row in rows):
        raise ValueError(f"rows: wanted two whole numbers, got {shown(rows)}")
    steps = [_list(step, "step", 3) for step in _list(record["steps"], "steps")]
    return Curve(
        tuple(_row(point, "point") for point in _list(record["points"], "points")),
        tuple(Step(_text(along, "step"), _row(radii, "radii"), hopf is True) for along, radii, hopf in steps),
        tuple(rows),
    )


def _candidate(record) -> Candidate:
    """One special point."""
    record = _mapping(record, "point", {"label", "kind", "pivot", "box"})
    words = [_text(record[key], key) for key in ("label", "kind", "pivot")]
    return Candidate(*words, tuple(_row(side, "side of a box", 2) for side in _list(record["box"], "box")))


def _mapping(value, label, keys=frozenset()) -> dict:
    """A mapping with these keys at least."""
    if not isinstance(value, dict):
        raise ValueError(f"{label}: wanted a mapping, got {shown(value)}")
    if missing := keys - value.keys():
        raise ValueError(f"{label}: there is no {sorted(missing)[0]!r}")
    return value


def _list(value, label, count=None) -> list:
    """A list, of `count` entries where that is said."""
    if not isinstance(value, list) or (count is not None and len(value) != count):
        raise ValueError(f"{label}: wanted a list{f' of {count}' if count else ''}, got {shown(value)}")
    return value


def _text(value, label) -> str:
    """Text that prints on one line."""
    if not isinstance(value, str) or not value.isprintable():
        raise ValueError(f"{label}: wanted a line of text, got {shown(value)}")
    return value


def _row(value, label, count=None) -> tuple:
    """A tuple of texts."""
    return tuple(_text(entry, label) for entry in _list(value, label, count))


def _texts(value, label) -> dict:
    """A mapping of texts."""
    return {_text(key, label): _text(entry, f"{label}: {key}") for key, entry in _mapping(value, label).items()}
