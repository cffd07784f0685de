"""Files: every field comes back to the last bit, others can read them, damage and strangers are told apart."""

import contextlib
import errno
import json
import os
import types
from dataclasses import fields, replace

import h5netcdf
import h5py
import numpy as np
import pytest
import xarray
from hypothesis import given
from hypothesis import strategies as st

from continuation import Branch, SpecialPoint
from continuation.ground.settings import Settings
from continuation.ground.status import Kind, Status
from continuation.output.dataset import VERSION, to_dataframe, to_xarray
from continuation.output.encoding import decode, encode
from continuation.output.files import StorageError, check_target, save
from continuation.output.files import load as load_rows
from continuation.problem import from_source
from continuation.results.request import Request
from tests import handmade


def load(path):
    """A branch, its problem built again where the file holds its equations."""
    return Branch.of(load_rows(path, from_source))


def same(one, two):
    """Whether two values are of one type and equal to the last bit, signs of zeros and NaN included."""
    if isinstance(one, np.ndarray):
        return (
            isinstance(two, np.ndarray) and (one.dtype, one.shape) == (two.dtype, two.shape) and bits(one) == bits(two)
        )
    if isinstance(one, dict):
        return isinstance(two, dict) and list(one) == list(two) and all(same(one[key], two[key]) for key in one)
    if isinstance(one, (tuple, list)):
        return type(one) is type(two) and len(one) == len(two) and all(map(same, one, two))
    if isinstance(one, SpecialPoint):
        return all(same(getattr(one, f.name), getattr(two, f.name)) for f in fields(SpecialPoint))
    if isinstance(one, float):
        return isinstance(two, float) and bits(np.array(one)) == bits(np.array(two))
    return type(one) is type(two) and one == two


def bits(array):
    return np.ascontiguousarray(array).tobytes()


def kept(branch, path):
    """The branch, saved and loaded."""
    save(branch, path)
    return load(path)


def awkward():
    """A branch of numbers a float64 has trouble with, and of names that clash with the file's own."""
    tiny = np.array([-0.0, 5e-324, np.nextafter(1, 2), 1e-308, 0.1, -1e100, np.pi, 1 / 3])
    odd = np.array([-0.0, np.nan, -np.inf, np.inf, 5e-324, 1.7e308, 0.1, -np.pi])
    ramp = np.arange(8.0)[:, None]
    point = {"normal_form": {"omega": np.nan, "q": np.array([1 + 2j, complex(-0.0, np.inf)])}, "error": np.inf}
    names = ("unstable", "part", "x y/z", "λ", "9lives", "unknown")
    branch = handmade.assemble(
        "Ünïcode λ", names, ramp + np.zeros(6), ramp, np.zeros(8), [(2, Kind.HOPF, point)],
        vary=("state",), outputs={"norm": odd, "special_kind": odd[::-1].copy()}, span=(-np.inf, np.inf), start=3,
        effort={"rejections": {"newton": 3}, "seconds": 0.1, 3: None, "#odd": True, "spectra": np.int64(7)},
    )  # fmt: skip
    states = np.column_stack([np.roll(tiny, k) for k in range(6)])
    unknowns = np.column_stack([states, tiny])
    return replace(branch, states=states, varied=tiny[:, None], unknowns=unknowns, residuals=odd, tangents=-unknowns)


@pytest.mark.parametrize("make", [*handmade.EVERY.values(), awkward], ids=[*handmade.EVERY, "awkward"])
def test_every_field_comes_back_to_the_last_bit(make, tmp_path):
    branch = make()
    if branch.own_weights is not None:  # points know the inner product of their branch
        branch = replace(branch, special=tuple(p.moved(weights=branch.own_weights) for p in branch.special))
    back = kept(branch, tmp_path / "b.nc")
    for f in fields(Branch):
        ours, theirs = getattr(branch, f.name), getattr(back, f.name)
        if f.name == "effort":
            ours = {key: int(value) if isinstance(value, np.integer) else value for key, value in ours.items()}
        assert same(ours, theirs), f.name


def test_spectra_are_kept_if_they_were_computed(tmp_path):
    branch = handmade.brusselator()
    save(branch, tmp_path / "b.nc")
    assert "eigenvalues" not in vars(load(tmp_path / "b.nc"))
    spectra = np.full((41, 2), complex(-0.0, np.nan))
    spectra[3:] = np.pi + 1j * np.arange(38)[:, None]
    vars(branch)["eigenvalues"] = spectra
    assert same(kept(branch, tmp_path / "b.nc").eigenvalues, spectra)


def test_point_not_located_comes_back(tmp_path):
    branch = handmade.cusp(located=False)
    back = kept(branch, tmp_path / "b.nc")["LP2"]
    assert back.located is False
    assert same(back.bracket, branch["LP2"].bracket)


def test_settings_all_set_come_back(tmp_path):
    settings = Settings(step=0.1, min_step=1e-300, max_step=0.1, max_points=7, tolerance=0.3, max_angle=1 / 3)
    assert (
        kept(replace(handmade.cusp(), request=Request("p", (-1.0, 1.0), settings)), tmp_path / "b.nc").settings
        == settings
    )


def test_loaded_arrays_are_read_only(tmp_path):
    back = kept(handmade.brusselator(), tmp_path / "b.nc")
    for array in (back.states, back.unknowns, back["HB1"].state, back["HB1"].eigenvalues):
        assert not array.flags.writeable


def test_saving_does_not_change_the_branch(tmp_path):
    branch, fresh = handmade.matrix(), handmade.matrix()
    save(branch, tmp_path / "b.nc")
    assert all(same(getattr(branch, f.name), getattr(fresh, f.name)) for f in fields(Branch))


def test_file_is_plain_netcdf_with_true_names_in_attributes(tmp_path):
    branch = handmade.matrix()
    save(branch, tmp_path / "b.nc")
    with xarray.open_dataset(tmp_path / "b.nc", engine="h5netcdf") as data:
        assert data.sizes["point"] == len(branch)
        assert {data[name].attrs["name"] for name in ("C_0_0", "C_0_1", "C_1_0", "C_1_1")} == set(branch.state_names)
        np.testing.assert_array_equal(data["C_0_1"], branch["C[0,1]"])
        np.testing.assert_array_equal(data["lam"], branch["lam"])
        assert data["special_label"].values.tolist() == ["EP1", "EP2"]
        assert json.loads(data.attrs["ends"]) == ["LIMIT", "STEP_TOO_SMALL"]
        assert {"python", "numpy", "numba"} <= set(json.loads(data.attrs["versions"]))
        assert data.attrs["created"].endswith("+00:00")


def test_file_has_only_names_and_types_netcdf_knows(tmp_path):
    save(awkward(), tmp_path / "b.nc")
    with h5netcdf.File(tmp_path / "b.nc") as file:
        for name, variable in file.variables.items():
            assert name.isidentifier()
            assert variable.dtype.kind in "fi" or variable.dtype is str or h5py.check_string_dtype(variable.dtype)


def test_normal_form_and_null_vectors_can_be_read_without_pseudoarc(tmp_path):
    save(handmade.brusselator(), tmp_path / "b.nc")
    with xarray.open_dataset(tmp_path / "b.nc", engine="h5netcdf") as data:
        hopf = data.isel(special=1)
        assert json.loads(str(hopf["special_normal_form"].values))["omega"] == 1.0
        assert hopf["special_eigenvalues"].sel(part="imag").values.tolist() == [1.0, -1.0]
        assert np.isnan(data["special_null_vectors"][0]).all()
        assert int(data["special_null_vectors_count"][0]) == -1


def test_many_states_are_kept_as_one_matrix(tmp_path):
    states = np.arange(303.0).reshape(3, 101)
    names = tuple(f"u[{k}]" for k in range(101))
    branch = handmade.assemble("wide", names, states, [[0.0], [1.0], [2.0]], [0, 0, 0])
    back = kept(branch, tmp_path / "b.nc")
    assert same(back.states, branch.states)
    assert back.state_names == names
    assert to_xarray(branch)["states"].sel(state="u[100]").values.tolist() == [100.0, 201.0, 302.0]


def test_long_texts_are_kept(tmp_path):
    parameters = {f"R[{k},{j}]": k / (j + 1) for k in range(100) for j in range(100)}
    branch = replace(handmade.circle(), parameters=parameters)
    assert len(encode(parameters)) > 2**16
    assert same(kept(branch, tmp_path / "b.nc").parameters, parameters)


def test_xarray_has_columns_under_their_true_names():
    branch = handmade.cusp()
    data = to_xarray(branch)
    for name in ("p", "u", "energy", "norm", "arclength"):
        np.testing.assert_array_equal(data[name], branch[name])
    assert to_xarray(handmade.matrix())["C[0,1]"].dims == ("point",)


def test_dataframe_has_one_row_a_point_and_labels():
    branch = handmade.cusp()
    frame = to_dataframe(branch)
    assert len(frame) == len(branch)
    np.testing.assert_array_equal(frame["energy"], branch.outputs["energy"])
    assert frame["special"][branch["LP1"].index] == "LP1"
    assert (frame["special"] != "").sum() == len(branch.special)
    assert to_dataframe(handmade.single())["special"].tolist() == ["EP1 EP2"]


def test_equations_are_kept_and_the_problem_built_again(tmp_path):
    source = {"equations": {"u": "p + u - u**3"}, "parameters": ["p"], "outputs": {}, "zeros": {}}
    calls = []

    def make_problem(given):
        calls.append(given)
        return "the problem"

    save(replace(handmade.cusp(), problem=types.SimpleNamespace(source=source)), tmp_path / "b.nc")
    assert load_rows(tmp_path / "b.nc", make_problem).problem == "the problem"
    assert calls == [source]
    assert load_rows(tmp_path / "b.nc").problem is None


def test_problem_without_equations_is_not_kept(tmp_path):
    save(replace(handmade.cusp(), problem=object()), tmp_path / "b.nc")
    assert load(tmp_path / "b.nc").problem is None


def test_traced_branch_comes_back_with_its_problem(tmp_path):
    from continuation import Problem, trace

    problem = Problem.from_expressions({"u": "p + u - u**3"}, parameters={"p": 0.0}, outputs={"J": "u**2"})
    branch = trace(problem, [1.0], "p", (-1.0, 1.0))
    back = kept(branch, tmp_path / "b.nc")
    for f in fields(Branch):
        if f.name != "problem":
            assert same(getattr(branch, f.name), getattr(back, f.name)), f.name
    assert back.problem.source == problem.source


def test_an_older_file_is_overwritten_and_nothing_else_left(tmp_path):
    file = tmp_path / "b.nc"
    save(handmade.cusp(), file)
    assert kept(handmade.circle(), file).problem_name == "circle"
    assert os.listdir(tmp_path) == ["b.nc"]


@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt(), RuntimeError("x")]
)
def test_a_failed_write_leaves_the_older_file(tmp_path, monkeypatch, error):
    file = tmp_path / "b.nc"
    save(handmade.cusp(), file)
    before = file.read_bytes()

    def broken(dataset, path, **options):
        with open(path, "wb") as out:
            out.write(b"half")
        raise error

    monkeypatch.setattr(xarray.Dataset, "to_netcdf", broken)
    with pytest.raises(KeyboardInterrupt if isinstance(error, KeyboardInterrupt) else OSError) as caught:
        save(handmade.circle(), file)
    if not isinstance(error, KeyboardInterrupt):
        assert str(caught.value).startswith(f"{file}: could not be written: ")
    assert file.read_bytes() == before
    assert os.listdir(tmp_path) == ["b.nc"]


def test_a_linked_file_stays_a_link(tmp_path):
    save(handmade.cusp(), tmp_path / "real.nc")
    (tmp_path / "link.nc").symlink_to("real.nc")
    save(handmade.circle(), tmp_path / "link.nc")
    assert (tmp_path / "link.nc").is_symlink()
    assert load(tmp_path / "real.nc").problem_name == "circle"


@pytest.mark.parametrize(
    ("place", "error", "words"),
    [
        ("", IsADirectoryError, "is a folder"),
        ("missing/b.nc", FileNotFoundError, "there is no folder"),
        ("file/b.nc", NotADirectoryError, "is no folder"),
        ("pipe", OSError, "is no ordinary file"),
    ],
)
def test_places_that_cannot_be_written(tmp_path, place, error, words):
    (tmp_path / "file").write_text("")
    os.mkfifo(tmp_path / "pipe")
    for act in (check_target, lambda path: save(handmade.cusp(), path)):
        with pytest.raises(error, match=words) as caught:
            act(tmp_path / place)
        assert str(caught.value).startswith(f"{tmp_path / place}: ")


def test_places_without_permission(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(PermissionError, match="may not be written"):
        check_target(tmp_path / "b.nc")


def fails_to_load(path, error, words):
    with pytest.raises(error, match=words) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_missing_files_and_folders(tmp_path):
    fails_to_load(tmp_path / "b.nc", FileNotFoundError, "No such file")
    fails_to_load(tmp_path, IsADirectoryError, "Is a directory")


@pytest.mark.parametrize("content", [b"", b"hello, world\n", b"CDF\x01" + bytes(100)])
def test_files_of_other_kinds(tmp_path, content):
    (tmp_path / "b.nc").write_bytes(content)
    fails_to_load(tmp_path / "b.nc", StorageError, "is no netCDF-4 file")


def test_netcdf_and_hdf5_files_of_others(tmp_path):
    xarray.Dataset({"x": ("t", [1.0, 2.0])}).to_netcdf(tmp_path / "other.nc", engine="h5netcdf")
    fails_to_load(tmp_path / "other.nc", StorageError, "is no branch saved by pseudoarc")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = np.arange(3.0)
    fails_to_load(tmp_path / "other.h5", StorageError, "is no branch saved by pseudoarc")


@pytest.mark.parametrize("part", [0.01, 0.1, 0.3, 0.5, 0.9, 0.999])
def test_truncated_files(tmp_path, part):
    save(handmade.brusselator(), tmp_path / "b.nc")
    content = (tmp_path / "b.nc").read_bytes()
    (tmp_path / "b.nc").write_bytes(content[: int(part * len(content))])
    fails_to_load(tmp_path / "b.nc", StorageError, "cut short")


def altered(path, change):
    """Save a branch and change its file by hand."""
    save(handmade.cusp(), path)
    with h5py.File(path, "r+") as file:
        change(file)
    return path


def test_files_of_a_later_version(tmp_path):
    file = altered(tmp_path / "b.nc", lambda file: file.attrs.modify("format_version", VERSION + 1))
    fails_to_load(file, StorageError, f"format version {VERSION + 1}.*upgrade")


@pytest.mark.parametrize("name", ["tangents", "u", "special_kind", "special_state"])
def test_files_with_a_variable_missing(tmp_path, name):
    fails_to_load(altered(tmp_path / "b.nc", lambda file: file.pop(name)), StorageError, "damaged or incomplete")


@pytest.mark.parametrize(
    ("name", "text"), [("settings", '{"stride": 1}'), ("ends", '["OK", "OK"]'), ("span", "{"), ("vary", "3")]
)
def test_files_with_wrong_attributes(tmp_path, name, text):
    file = altered(tmp_path / "b.nc", lambda file: file.attrs.modify(name, text))
    fails_to_load(file, StorageError, "damaged or incomplete")


def test_a_bit_flipped_anywhere_never_breaks_out(tmp_path, rng):
    save(handmade.single(), tmp_path / "b.nc")
    content = (tmp_path / "b.nc").read_bytes()
    for position in rng.choice(len(content), 20):
        flipped = bytearray(content)
        flipped[position] ^= 1 << int(rng.integers(8))
        (tmp_path / "b.nc").write_bytes(flipped)
        if position < content.rindex(b"# pseudoarc sha256"):
            fails_to_load(tmp_path / "b.nc", StorageError, "damaged|no netCDF-4 file")
        else:
            with contextlib.suppress(StorageError):
                assert len(load(tmp_path / "b.nc")) == 1


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.complex_numbers() | st.text(),
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=10,
)


@given(VALUES)
def test_json_text_restores_what_was_written(value):
    text = encode(value)
    assert "NaN" not in text or "NaN" in str(value)
    assert repr(decode(text)) == repr(value)


@pytest.mark.parametrize("dtype", ["float64", "complex128", "int64", "bool"])
@pytest.mark.parametrize("shape", [(0, 3), (1,), (2, 3)])
def test_json_text_restores_arrays(dtype, shape, rng):
    array = (rng.standard_normal(shape) * 10).astype(dtype)
    assert same(decode(encode({"a": array}))["a"], array)


def test_statuses_survive_under_their_names(tmp_path):
    for status in Status:
        branch = replace(handmade.single(), ends=(status, Status.LIMIT))
        assert json.loads(to_xarray(branch).attrs["ends"]) == [status.name, "LIMIT"]
