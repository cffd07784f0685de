"""Files come from anywhere: whatever they declare or hold, reading them ends, in a branch or in a clear error."""

import contextlib
import json
import resource
import time

import h5py
import numpy as np
import pytest

from continuation import Branch, Diagram, Problem, diagram, trace
from continuation.equations.bordered import solve_bordered
from continuation.output.encoding import decode
from continuation.output.files import SEAL, StorageError
from continuation.output.soundness import check_declared

DEEP = "[" * 100_000 + "]" * 100_000


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Contents, without checksums, of a file of a branch and of a diagram."""
    folder = tmp_path_factory.mktemp("kept")
    problem = Problem.from_expressions({"x": "mu*x - x**3", "y": "nu - y"}, {"mu": -1, "nu": 0}, outputs={"z": "x*y"})
    trace(problem, [0.0, 0.0], "mu", (-1, 1)).save(folder / "branch")
    diagram(problem, [0.0, 0.0], "mu", (-1, 1)).save(folder / "diagram")
    return {name: (folder / name).read_bytes().rpartition(SEAL)[0] for name in ("branch", "diagram")}


def damaged(kept, folder, change, what="branch"):
    """A file without a checksum, changed."""
    path = folder / "damaged.nc"
    path.write_bytes(kept[what])
    with h5py.File(path, "r+") as file:
        change(file)
    return path


def entry(name, value):
    """Change one number of a variable."""

    def change(file):
        values = file[name][...]
        values.reshape(-1)[values.size // 2] = value
        file[name][...] = values

    return change


def resized(name, shape):
    """Declare a variable of another shape."""

    def change(file):
        kind = file[name].dtype
        del file[name]
        file.create_dataset(name, shape=shape, dtype=kind, chunks=True)

    return change


def attribute(name, text):
    return lambda file: file.attrs.__setitem__(name, text)


DAMAGES = {
    "NaN in a state": entry("x", np.nan),
    "an infinite unknown": entry("unknowns", np.inf),
    "tangents beyond squares": entry("tangents", 1e286),
    "a weight that is none": entry("weights", -1.0),
    "a special point in no row": entry("special_row", 10**9),
    "a count that is none": entry("unstable", -7),
    "a NaN bracketed": entry("special_tangent", np.inf),
    "a trillion rows": resized("unknowns", (10**12, 3)),
    "other rows": resized("tangents", (3, 3)),
    "no rows": resized("x", (0,)),
    "three dimensions": resized("weights", (2, 2, 2)),
    "a link to itself": lambda file: file.__setitem__("loop", h5py.SoftLink("/loop")),
    "a link to another file": lambda file: file.__setitem__("other", h5py.ExternalLink("/etc/hostname", "/")),
    "a group that holds itself": lambda file: file.__setitem__("loop", file["/"]),
    "deep settings": attribute("settings", DEEP),
    "deep equations": attribute("source", DEEP),
    "NaN for a parameter": attribute("parameters", '{"mu": NaN, "nu": 0}'),
    "text for a parameter": attribute("parameters", '{"mu": "1", "nu": 0}'),
    "a start in no row": lambda file: file.attrs.modify("start", 10**6),
    "a span that is none": attribute("span", "[1, 0]"),
    "directions that are none": attribute("signs", '{"#tuple": [2]}'),
    "effort that is none": attribute("effort", "[]"),
    "a type of a gigabyte": attribute("settings", '{"#array": ["U1000000000", [1], ["a"]]}'),
    "6000 digits": attribute("settings", '{"max_points": ' + "9" * 6000 + "}"),
}


@pytest.mark.parametrize("change", DAMAGES.values(), ids=DAMAGES)
def test_damaged_branches_are_refused(kept, tmp_path, change):
    path, before = damaged(kept, tmp_path, change), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    with pytest.raises(StorageError, match=r"damaged\.nc: damaged") as error:
        Branch.load(path)
    assert "\n" not in str(error.value)
    assert time.process_time() - began < 5.0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 500_000  # kB


def record(change):
    """Change what the root group of a diagram says."""

    def altered(file):
        said = json.loads(file.attrs["diagram"])
        change(said)
        file.attrs["diagram"] = json.dumps(said)

    return altered


RECORDS = {
    "a branch before its parent": lambda said: said["origins"][1].update(parent=1),
    "the start's parent": lambda said: said["origins"][0].update(parent=0),
    "no branches": lambda said: said.update(origins=[]),
    "work at no branch": lambda said: said.update(pending=[{"what": "finish", "branch": 7, "end": 0}]),
    "work at NaN": lambda said: said.update(pending=[{"what": "seek", "value": float("nan")}]),
    "work that is none": lambda said: said.update(pending=[{"what": "wait"}]),
    "no plan": lambda said: said.update(plan=None),
    "settings that are none": lambda said: said["plan"].update(settings={"max_step": "1"}),
}


@pytest.mark.parametrize("change", RECORDS.values(), ids=RECORDS)
def test_damaged_diagrams_are_refused(kept, tmp_path, change):
    with pytest.raises(StorageError, match=r"damaged\.nc: damaged"):
        Diagram.load(damaged(kept, tmp_path, record(change), "diagram"))


def test_files_that_other_programs_wrote_anew_are_read(kept, tmp_path):
    branch = Branch.load(damaged(kept, tmp_path, lambda file: None))
    assert [round(point["x"] ** 2, 9) for point in branch.at(mu=0.5)] == [0.0]
    whole = Diagram.load(damaged(kept, tmp_path, lambda file: None, "diagram"))
    assert len(whole.branches) == 2


def test_bytes_turned_anywhere_end_in_a_branch_or_an_error(kept, tmp_path, rng):
    path = tmp_path / "turned.nc"
    for _ in range(15):
        content = bytearray(kept["branch"])
        place = int(rng.integers(len(content) - 8))
        content[place : place + 8] = rng.bytes(8)
        path.write_bytes(content)
        with contextlib.suppress(StorageError):
            branch = Branch.load(path)
            branch.at(mu=0.5)
            str(branch)


def test_what_a_file_declares_is_compared_with_its_bytes(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("x", shape=(2_000_000,), dtype="f8", chunks=True, compression="gzip")
        check_declared(file, 200_000)
        with pytest.raises(ValueError, match="'x' declares more numbers than the file can hold"):
            check_declared(file, 10_000)


def test_systems_with_numbers_that_are_none_give_none():
    for matrix, right in (([[1.0, np.nan], [0.0, 1.0]], [1.0, 1.0]), ([[1.0, 0.0], [0.0, np.inf]], [1.0, 1.0])):
        assert np.all(np.isnan(solve_bordered(np.array(matrix), np.array(right))))
    assert np.all(np.isnan(solve_bordered(np.eye(2), np.array([np.nan, 1.0]))))


def test_arrays_of_other_things_than_numbers_are_refused():
    with pytest.raises(ValueError, match="an array of 'O'"):
        decode('{"#array": ["O", [1], [1]]}')
