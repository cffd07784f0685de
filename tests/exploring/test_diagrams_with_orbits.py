"""Diagrams with branches of periodic orbits, stored and resumed."""

import functools

import numpy as np
import pytest
import xarray
from numpy.testing import assert_array_equal

from continuation import Diagram, Problem, diagram, periodic_orbits
from continuation.exploring.record import Completion, FinishOrbits
from continuation.output.files import StorageError

# Orbits of x and y from a = 0, a pitchfork of orbits in z at a = 1/2.
EQUATIONS = {"x": "a*x - y - x*(x**2 + y**2)", "y": "x + a*y - y*(x**2 + y**2)", "z": "z*(a - 0.5 - z**2)"}


def field(u, p, out):
    squared = u[0] ** 2 + u[1] ** 2
    out[0] = p[0] * u[0] - u[1] - u[0] * squared
    out[1] = u[0] + p[0] * u[1] - u[1] * squared
    out[2] = u[2] * (p[0] - 0.5 - u[2] ** 2)


@functools.cache
def problem(text=True):
    if text:
        return Problem.from_expressions(EQUATIONS, {"a": -0.2})
    return Problem(field, ("x", "y", "z"), {"a": -0.2})


def with_orbits(text=True, **limits):
    cycles = periodic_orbits(problem(text), intervals=12)
    return diagram(problem(text), [0.0, 0.0, 0.0], "a", (-0.2, 0.9), cycles=cycles, **limits)


whole = functools.cache(with_orbits)


def same(one, other):
    """Equal to the last bit, meshes and profiles as well."""
    assert str(one) == str(other)
    names = ("origins", "cycle_origins", "failures", "explored", "status", "effort")
    assert [getattr(one, name) for name in names] == [getattr(other, name) for name in names]
    assert len(one.branches) == len(other.branches)
    assert len(one.cycles) == len(other.cycles)
    for a, b in zip((*one.branches, *one.cycles), (*other.branches, *other.cycles)):
        for name in ("unknowns", "tangents", "context", "unstable", "nullity"):
            assert_array_equal(getattr(a, name), getattr(b, name))
        assert [p.label for p in a.special] == [p.label for p in b.special]


def kept(found, path) -> Diagram:
    found.save(path)
    return Diagram.load(path)


def test_a_file_has_all_of_it(tmp_path):
    again = kept(whole(), tmp_path / "d.nc")
    assert len(again.cycles) == 2
    same(again, whole())
    assert (again.plan.cycles.intervals, again.plan.cycles.degree) == (12, 4)
    assert np.all(again.cycles[1].has_profile)
    orbit = again.cycles[1].orbit(3)
    assert_array_equal(orbit.states, whole().cycles[1].orbit(3).states)


@pytest.mark.parametrize("text", [True, False])
@pytest.mark.parametrize("limits", [{"max_branches": 3}, {"depth": 0}, {"max_points": 100}, {"max_points": 150}])
def test_a_part_is_resumed_from_its_file(tmp_path, limits, text):
    part = with_orbits(text, **limits)
    assert len(part.cycles) < 2 or part.status is Completion.BUDGET
    loaded = kept(part, tmp_path / "d.nc")
    assert loaded.status is part.status
    assert (loaded.problem is not None) == text
    more = {"max_branches": 100, "depth": 2, "max_points": 10_000}
    resumed = loaded.resume(None if text else problem(text), **more)
    same(resumed, part.resume(**more))
    assert resumed.status is Completion.COMPLETE
    assert [point.label for point in resumed.special] == [point.label for point in whole().special]
    assert len(resumed.cycles) == 2


def test_a_problem_that_is_given_is_that_of_the_orbits_too(tmp_path):
    """The same equations once more, as a function: all that goes on is its."""
    part = with_orbits(max_branches=3)
    assert len(part.cycles) == 1
    resumed = part.resume(problem(False), max_branches=100)
    assert resumed.plan.cycles.base is problem(False)
    assert all(branch.problem.base.functions is problem(False).functions for branch in resumed.cycles)
    assert [point.label for point in resumed.special] == [point.label for point in whole().special]


def test_files_of_diagrams_without_orbits_are_as_they_were(tmp_path):
    plain = diagram(problem(), [0.0, 0.0, 0.0], "a", (-0.2, 0.9))
    plain.save(tmp_path / "plain.nc")
    whole().save(tmp_path / "orbits.nc")
    versions = []
    for name in ("plain.nc", "orbits.nc"):
        with xarray.open_dataset(tmp_path / name, engine="h5netcdf") as root:
            versions.append(int(root.attrs["format_version"]))
    assert versions == [1, 2]


def test_orbits_that_lead_nowhere_are_no_diagram(tmp_path):
    found = whole()
    first, second = found.cycle_origins
    broken = Diagram(**{**vars(found), "cycle_origins": (first, second.__class__("switch", 5, second.label, 1))})
    broken.save(tmp_path / "d.nc")
    with pytest.raises(StorageError, match="the branches have no order"):
        Diagram.load(tmp_path / "d.nc")
    for task, words in ((FinishOrbits(0, 3), "an end that is not there"), (FinishOrbits(2, 0), "a branch that is not")):
        Diagram(**{**vars(found), "pending": (task,)}).save(tmp_path / "d.nc")
        with pytest.raises(StorageError, match=words):
            Diagram.load(tmp_path / "d.nc")
