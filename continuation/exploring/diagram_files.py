"""A diagram in one netCDF-4 file: a group for each branch, as `continuation.output.files` lays one out.

Layout (format version 1).  Group ``branch0`` holds the branch of the start, ``branch1`` the next, and so on; their
special points bear the labels of the diagram.  The attributes of the root group say what the file is and hold, as
JSON text, the plan, the origins, the failures, the labels explored, the effort and the work pending: a diagram that
was interrupted is resumed from its file.  A checksum of all ends it.
"""

from dataclasses import asdict
from datetime import datetime, timezone

import numpy as np

from continuation.exploring.record import (
    Completion,
    DiagramRecord,
    Failure,
    Finish,
    Follow,
    Origin,
    Plan,
    Seek,
    is_of_orbits,
)
from continuation.ground.points import Start
from continuation.ground.settings import Settings
from continuation.ground.status import Kind
from continuation.orbits.periodic import periodic_orbits
from continuation.output import files as storage
from continuation.output.dataset import source_text
from continuation.output.encoding import decode, encode
from continuation.results.request import Bound

FORMAT = "pseudoarc diagram"
VERSION = 1
# Of a plan, as they are.
PLAIN = ("vary", "span", "depth", "max_branches", "max_points", "deflate", "bounds", "max_seconds")
STARTS = ("x", "tangent", "p", "vary", "known", "continuum", "ahead")  # what is stored of a start


def save_diagram(diagram, path):
    """Write a diagram to a netCDF-4 file, whole or not at all; an older file there stays until the new one is whole.

    Raises
    ------
    OSError
        If the place can't be written to.
    ValueError
        If it has branches of periodic orbits, found or begun, which files of diagrams can't hold yet.
    """
    if diagram.cycles or any(map(is_of_orbits, diagram.pending)):
        raise ValueError(
            "diagram: one with branches of periodic orbits can't be saved; save it made without `cycles`, and the "
            "branches in `diagram.cycles` one by one"
        )
    storage.write_whole(path, lambda temporary: write_diagram(diagram, temporary))


def write_diagram(diagram, path):
    """Write a diagram to a file, the root group first."""
    import xarray

    xarray.Dataset(attrs=attributes(diagram)).to_netcdf(path, engine="h5netcdf")
    for k, branch in enumerate(diagram.branches):
        storage.write(branch, path, group=f"branch{k}", mode="a")


def load_diagram(path, make_problem=None) -> DiagramRecord:
    """Read a diagram that `save_diagram` wrote; every number is the same to the last bit.

    Raises
    ------
    OSError
        If there is no such file or it can't be read.
    StorageError
        If it is no diagram, damaged, or written by a newer version.
    """
    groups = storage.read_groups(path, FORMAT, VERSION)
    attrs = groups[None].attrs
    with storage.whole(path):
        record = decode(attrs["diagram"])
        problem = storage.rebuilt(attrs, make_problem)
        branches = [storage.sound_rows(groups[f"branch{k}"], problem) for k in range(len(record["origins"]))]
        diagram = diagram_of(str(attrs["problem"]), record, branches, problem)
        check_diagram(diagram)
        return diagram


def check_diagram(diagram):
    """Raise a ValueError where origins or work of a file lead nowhere: a branch has its parent before it."""
    count = len(diagram.branches)
    parents = [(k, origin.parent) for k, origin in enumerate(diagram.origins) if origin.parent is not None]
    if not count or any(not 0 <= parent < k for k, parent in parents):
        raise ValueError("the branches have no order")
    named = [getattr(task, name) for task in diagram.pending for name in ("parent", "branch") if hasattr(task, name)]
    if any(not 0 <= branch < count for branch in named):
        raise ValueError("work is left at a branch that is not there")
    numbers = [task.value for task in diagram.pending if hasattr(task, "value")]
    starts = [np.append(task.start.x, task.start.tangent) for task in diagram.pending if hasattr(task, "start")]
    if not all(np.all(np.isfinite(np.asarray(value, float))) for value in (*numbers, *starts)):
        raise ValueError("work is left where there are no numbers")


def attributes(diagram) -> dict:
    """What the root group says."""
    record = {
        "plan": plan_record(diagram.plan),
        "origins": [asdict(origin) for origin in diagram.origins],
        "failures": [asdict(failure) for failure in diagram.failures],
        "labels": [point.label for point in diagram.special],
        "explored": sorted(diagram.explored),
        "status": diagram.status.name,
        "effort": diagram.effort,
        "pending": [task_record(task) for task in diagram.pending],
    }
    time = datetime.now(timezone.utc).isoformat(timespec="seconds")
    return {
        "format": FORMAT, "format_version": VERSION, "problem": diagram.problem_name, "created": time,
        "diagram": encode(record), **source_text(diagram.problem),
    }  # fmt: skip


def plan_record(plan) -> dict:
    """A plan as plain values."""
    return {
        **{name: getattr(plan, name) for name in PLAIN},
        "settings": plan.settings.as_dict(),
        "detect": sorted(kind.name for kind in plan.detect),
        **({} if plan.cycles is None else {"cycles": [plan.cycles.intervals, plan.cycles.degree]}),
    }


def task_record(task) -> dict:
    """A piece of work as plain values."""
    if isinstance(task, Follow):
        start = task.start
        values = {name: getattr(start, name) for name in STARTS}
        return {"what": "follow", **values, "parent": task.parent, "label": task.label, "depth": task.depth}
    return {"what": type(task).__name__.lower(), **asdict(task)}


def diagram_of(name, record, branches, problem) -> DiagramRecord:
    """The diagram of what was read."""
    plan = dict(record["plan"])
    plan["settings"] = Settings(**plan["settings"])
    plan["detect"] = frozenset(Kind[kind] for kind in plan["detect"])
    plan["bounds"] = tuple(Bound(*bound) for bound in plan.get("bounds", ()))  # older files have none
    wanted = plan.pop("cycles", None)  # only of diagrams that are to have branches of periodic orbits
    plan["cycles"] = periodic_orbits(problem, *wanted) if wanted and problem is not None else None
    special = {p.label: p for branch in reversed(branches) for p in reversed(branch.special) if p.kind is not Kind.END}
    diagram = DiagramRecord(
        problem_name=name,
        plan=Plan(**plan),
        branches=tuple(branches),
        origins=tuple(Origin(**origin) for origin in record["origins"]),
        special=tuple(special[label] for label in record["labels"]),
        failures=tuple(Failure(**failure) for failure in record["failures"]),
        explored=frozenset(record["explored"]),
        status=Completion[record["status"]],
        effort=record["effort"],
        problem=problem,
    )
    pending = tuple(task_of(entry, special, problem) for entry in record["pending"])
    return DiagramRecord(**{**vars(diagram), "pending": pending})


def task_of(entry, special, problem):
    """A piece of work from plain values."""
    entry = dict(entry)
    what = entry.pop("what")
    if what != "follow":
        return {"finish": Finish, "seek": Seek}[what](**entry)
    own = {name: entry.pop(name) for name in STARTS}
    start = Start(**own, outward=True, problem=problem, origin=special[entry["label"]])
    return Follow(start, **entry)
