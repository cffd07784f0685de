"""What `.ci/run` runs is there, from every room of signs and orders, and what it compiles first is all there is."""

import pathlib
import re
import runpy

ROOT = pathlib.Path(__file__).parent.parent
RUN = (ROOT / ".ci" / "run").read_text("utf-8")
NAMED = re.findall(r"tests/[\w/.:]+", RUN)
# Rooms of tests whose answers hang on the last bit where something is wrong.
ROOMS = {"branching", "compiled", "curves", "ground", "kinds", "orbits", "output", "searching", "symmetries"}


def listed(array):
    """Words of an array of the script."""
    return re.search(rf"^{array}=\((.*?)\)$", RUN, re.M | re.S)[1].split()


def test_each_test_that_is_named_is_there():
    for name in NAMED:
        path, *functions = name.split("::")
        assert (ROOT / path).exists(), name
        assert all(f"\ndef {function}(" in (ROOT / path).read_text("utf-8") for function in functions), name


def test_every_room_of_signs_and_orders_is_tested_as_on_other_processors():
    places = [pathlib.PurePosixPath(name.split("::")[0]) for name in listed("engine_tests")]
    assert {place.parts[1] for place in places if len(place.parts) > 2} >= ROOMS
    curves = {path.name for path in (ROOT / "tests" / "curves").glob("test_*.py")}
    assert {place.name for place in places if place.parts[1] == "curves"} == curves


def test_all_kernels_are_compiled_before_the_tests():
    found = runpy.run_path(str(ROOT / ".ci" / "compile_engine.py"))["kernels"]()
    known = {(kernel._function.__module__, kernel._function.__name__) for kernel in found}
    written = set()
    for file in sorted((ROOT / "continuation").rglob("*.py")):
        module = ".".join(file.relative_to(ROOT).with_suffix("").parts)
        written |= {(module, name) for name in re.findall(r"^@callback\ndef (\w+)", file.read_text("utf-8"), re.M)}
    assert known == written
    assert any(module.startswith("continuation.orbits.cycle_curves") for module, _ in known)
