"""The registry of kinds: complete, without doubles, and numbered as the compiled loop numbers."""

import ast
import importlib
import pathlib
import subprocess
import sys

import pytest

import continuation
from continuation import Kind
from continuation.compiled.state import trace_state
from continuation.engine.run import KIND_CODES, KINDS
from continuation.kinds import registry
from continuation.kinds.special_kind import Locator
from continuation.results.request import TRACED_KINDS, USUAL_KINDS

KINDS_FOLDER = pathlib.Path(continuation.__file__).parent / "kinds"
DRAWN = [record for record in registry.EVERY if record.marker is not None]
SHAPED = [record for record in registry.EVERY if record.shape is not None]


def named(record):
    return record.kind.name


def test_every_kind_has_one_record_and_every_file_of_a_kind_makes_one():
    assert sorted(record.kind.name for record in registry.EVERY) == sorted(Kind.__members__)
    assert all(registry.of(kind).kind is kind for kind in Kind)
    files = [
        file for room in ("on_branches", "on_curves", "on_cycle_curves") for file in (KINDS_FOLDER / room).glob("*.py")
    ]
    calls = [node for file in files for node in ast.walk(ast.parse(file.read_text("utf-8")))]
    made = [c for c in calls if isinstance(c, ast.Call) and getattr(c.func, "id", "") == "SpecialKind"]
    assert len(made) == len(registry.EVERY)


def test_the_compiled_loop_numbers_kinds_as_the_registry_does():
    assert tuple(kind.name for kind in registry.NUMBERED) == tuple(trace_state.KINDS)
    assert {kind: KIND_CODES[kind] for kind in registry.NUMBERED} == {kind: code for code, kind in KINDS.items()}


def test_kinds_on_request_share_the_number_of_the_users_zeros():
    requested = [kind for kind in Kind if kind.on_request]
    assert {registry.number_of(kind) for kind in requested} == {trace_state.KINDS.index("USER")}
    assert all(registry.of(kind).test and registry.of(kind).locator is Locator.BRACKET for kind in requested)


def test_words_and_labels_are_unique():
    assert len({record.words for record in registry.EVERY}) == len(registry.EVERY)
    assert len({kind.label for kind in Kind}) == len(Kind)
    assert all(2 <= len(kind.label) <= 4 and Kind(kind.label) is kind for kind in Kind)


def test_markers_differ_in_shape_so_that_colour_is_not_needed():
    assert {record.kind for record in DRAWN} == set(Kind) - {Kind.END}
    assert len({record.marker.shape for record in DRAWN}) == len(DRAWN)


def test_only_ends_are_not_looked_for():
    assert {record.kind for record in registry.EVERY if record.locator is Locator.NOWHERE} == {Kind.END}
    assert set(TRACED_KINDS) == set(Kind) - {Kind.END}
    assert set(TRACED_KINDS) - set(USUAL_KINDS) == {kind for kind in Kind if kind.on_request}


@pytest.mark.parametrize("record", SHAPED, ids=named)
def test_curves_lead_through_points_of_their_kind_and_know_the_kinds_they_test_for(record):
    shape = record.shape
    assert record.curves[0] is record.kind
    module = importlib.import_module(f"continuation.compiled.curves.{shape.module}")
    assert all(hasattr(module, f"{shape.prefix}_{name}") for name in ("residual", "linearise", "monitor"))
    met = {kind for kind in (*shape.tests, shape.counts) if kind is not None}
    assert all(registry.of(kind).scalar and registry.of(kind).nullity is not None for kind in met)
    assert all(record.kind in registry.of(kind).curves for kind in shape.second_conditions)


def test_kinds_along_curves_and_only_they_have_scalars():
    along = {record.kind for record in registry.EVERY if record.locator is Locator.ALONG_CURVE}
    met_on_both = {Kind.FOLD, Kind.BRANCH_POINT}  # branch points' curves turn, and kernels grow along curves
    assert along | met_on_both == {record.kind for record in registry.EVERY if record.scalar is not None}
    assert not along & met_on_both
    assert all(registry.of(kind).curves for kind in along)


def test_curves_named_by_a_kind_have_a_shape():
    assert {kind for record in registry.EVERY for kind in record.curves} == {record.kind for record in SHAPED}


def test_kinds_bring_no_heavy_packages():
    heavy = {"matplotlib", "numba", "scipy", "xarray"}
    code = f"import sys, continuation.kinds.registry; print(*({heavy} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []
