"""A diagram in one netCDF-4 file: a group for each branch, as `continuation.output.files` lays one out.

Layout (format version 1, with periodic orbits 2).  Group ``branch0`` holds the branch of the start, ``branch1`` the
next, and so on, ``cycles0`` and those that follow the branches of periodic orbits with all their profiles; their
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
    FinishOrbits,
    Follow,
    FollowOrbits,
    OrbitMesh,
    Origin,
    Plan,
    Seek,
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
VERSION = 2
PLAIN_VERSION = 1  # of diagrams without periodic orbits: as earlier versions wrote and read them
# Of a plan, as they are.
PLAIN = ("vary", "span", "depth", "max_branches", "max_points", "deflate", "bounds", "max_seconds")
STARTS = ("x", "tangent", "p", "vary", "known", "continuum", "ahead")  # what is stored of a start


def save_diagram(diagram, path):
    """Write a diagram to a netCDF-4 file, whole or not at all; an older file there stays until the new one is whole.

    Raises
    ------
    OSError
        If the place can't be written to.
    """
    storage.write_whole(path, lambda temporary: write_diagram(diagram, temporary))


def write_diagram(diagram, path):
    """Write a diagram to a file, the root group first."""
    import xarray

    xarray.Dataset(attrs=attributes(diagram)).to_netcdf(path, engine="h5netcdf")
    for k, branch in enumerate(diagram.branches):
        storage.write(branch, path, group=f"branch{k}", mode="a")
    for k, branch in enumerate(diagram.cycles):
        storage.write(branch, path, profiles=slice(None), group=f"cycles{k}", mode="a")


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
        cycles = [groups[f"cycles{k}"] for k in range(len(record.get("cycle_origins", ())))]
        cycles = [storage.sound_rows(group, storage.rebuilt(group.attrs, make_problem)) for group in cycles]
        diagram = diagram_of(str(attrs["problem"]), record, branches, cycles, problem)
        check_diagram(diagram)
        return diagram


def check_diagram(diagram):
    """Raise a ValueError where origins or work of a file lead nowhere: a branch has its parent before it."""
    count = len(diagram.branches)
    kinds = (diagram.origins, diagram.cycle_origins)
    parents = [(k, o.parent) for origins in kinds for k, o in enumerate(origins) if o.parent is not None]
    if not count or any(not 0 <= parent < k for k, parent in parents):
        raise ValueError("the branches have no order")
    for task in diagram.pending:
        most = len(diagram.cycles) if isinstance(task, FinishOrbits) else count
        if any(not 0 <= getattr(task, name) < most for name in ("parent", "branch") if hasattr(task, name)):
            raise ValueError("work is left at a branch that is not there")
        if isinstance(task, (Finish, FinishOrbits)) and task.end not in (0, -1):
            raise ValueError("work is left at an end that is not there")
    numbers = [task.value for task in diagram.pending if hasattr(task, "value")]
    starts = [np.append(task.start.x, task.start.tangent) for task in diagram.pending if hasattr(task, "start")]
    if not all(np.all(np.isfinite(np.asarray(value, float))) for value in (*numbers, *starts)):
        raise ValueError("work is left where there are no numbers")


def attributes(diagram) -> dict:
    """What the root group says.

    Starts of periodic orbits that are pending are not stored: their points count as not explored, and they are found
    again.
    """
    begun = {task.origin.label for task in diagram.pending if isinstance(task, FollowOrbits)}
    record = {
        "plan": plan_record(diagram.plan),
        "origins": [asdict(origin) for origin in diagram.origins],
        "failures": [asdict(failure) for failure in diagram.failures],
        "labels": [point.label for point in diagram.special],
        "explored": sorted(diagram.explored - begun),
        "status": diagram.status.name,
        "effort": diagram.effort,
        "pending": [task_record(task) for task in diagram.pending if not isinstance(task, FollowOrbits)],
    }
    version = PLAIN_VERSION
    if diagram.plan.cycles is not None:
        version = VERSION
        record["cycle_origins"] = [asdict(origin) for origin in diagram.cycle_origins]
    time = datetime.now(timezone.utc).isoformat(timespec="seconds")
    return {
        "format": FORMAT, "format_version": version, "problem": diagram.problem_name, "created": time,
        "diagram": encode(record), **source_text(diagram.problem),
    }  # fmt: skip


def plan_record(plan) -> dict:
    """A plan as plain values; of periodic orbits the mesh."""
    cycles = plan.cycles
    return {
        **{name: getattr(plan, name) for name in PLAIN},
        **({} if cycles is None else {"cycles": [cycles.intervals, cycles.degree]}),
        "settings": plan.settings.as_dict(),
        "detect": sorted(kind.name for kind in plan.detect),
    }


def task_record(task) -> dict:
    """A piece of work as plain values."""
    if isinstance(task, Follow):
        start = task.start
        values = {name: getattr(start, name) for name in STARTS}
        return {"what": "follow", **values, "parent": task.parent, "label": task.label, "depth": task.depth}
    return {"what": type(task).__name__.lower(), **asdict(task)}


def diagram_of(name, record, branches, cycles, problem) -> DiagramRecord:
    """The diagram of what was read."""
    plan = dict(record["plan"])
    plan["settings"] = Settings(**plan["settings"])
    plan["detect"] = frozenset(Kind[kind] for kind in plan["detect"])
    plan["bounds"] = tuple(Bound(*bound) for bound in plan.get("bounds", ()))  # older files have none
    if plan.get("cycles") is not None:
        plan["cycles"] = OrbitMesh(*plan["cycles"])
        if problem is not None:
            plan["cycles"] = periodic_orbits(problem, *plan["cycles"])
    points = [point for branch in (*branches, *cycles) for point in branch.special if point.kind is not Kind.END]
    special = {point.label: point for point in reversed(points)}
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
        cycles=tuple(cycles),
        cycle_origins=tuple(Origin(**origin) for origin in record.get("cycle_origins", ())),
    )
    pending = tuple(task_of(entry, special, problem) for entry in record["pending"])
    return DiagramRecord(**{**vars(diagram), "pending": pending})


def task_of(entry, special, problem):
    """A piece of work from plain values."""
    entry = dict(entry)
    what = entry.pop("what")
    if what != "follow":
        return {"finish": Finish, "seek": Seek, "finishorbits": FinishOrbits}[what](**entry)
    own = {name: entry.pop(name) for name in STARTS}
    start = Start(**own, outward=True, problem=problem, origin=special[entry["label"]])
    return Follow(start, **entry)
