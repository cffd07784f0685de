"""A branch as a dataset and back, also with a column more; datasets say in words what is no array."""

from dataclasses import dataclass, field, fields, replace

import numpy as np
import pandas
import pytest
from numpy.testing import assert_allclose

from continuation.ground.status import Kind
from continuation.output import dataset
from continuation.output.dataset import rows_of, source_text, to_dataframe, to_xarray, unique
from continuation.output.encoding import decode, encode
from continuation.results import rows
from continuation.results.joining import cut_branch, join_branches, reverse_branch
from continuation.results.rows import Rows, along_rows
from tests import handmade

MADE = pytest.mark.parametrize("make", handmade.EVERY.values(), ids=handmade.EVERY)


@MADE
def test_a_dataset_gives_the_branch_again(make):
    branch = make()
    again = rows_of(to_xarray(branch), None)
    for name in rows.ROW_ARRAYS:
        assert np.array_equal(getattr(again, name), getattr(branch, name)), name
        assert not getattr(again, name).flags.writeable
    assert (again.vary, again.ends, again.start, again.parameters) == (
        branch.vary, branch.ends, branch.start, branch.parameters,
    )  # fmt: skip
    assert (again.effort, again.settings) == (branch.effort, branch.settings)
    assert [(p.kind, p.label, p.index, p.located) for p in again.special] == [
        (p.kind, p.label, p.index, p.located) for p in branch.special
    ]


@MADE
def test_a_dataset_is_readable_without_us(make):
    """Columns under their names along ``point``; dimensions agree; nothing but numbers and text."""
    branch, data = make(), to_xarray(make())
    assert data.sizes["point"] == len(branch)
    assert data.sizes["special"] == len(branch.special)
    for name in (*branch.vary, *branch.outputs):
        assert np.array_equal(data[name].values, branch[name])
    assert [str(kind) for kind in data["special_kind"].values] == [p.kind.label for p in branch.special]
    assert np.array_equal(data["special_row"].values, [p.index for p in branch.special])
    assert all(isinstance(value, (str, int)) for value in data.attrs.values())
    assert {variable.dtype.kind for variable in data.variables.values()} <= set("fiubUO")


@dataclass(frozen=True, eq=False)
class Wider(Rows):
    """Rows with a column more: what a new line in `Rows` would be."""

    angle: np.ndarray = field(kw_only=True, metadata=along_rows("angle").metadata)


@pytest.fixture
def wider(monkeypatch):
    """The circle with its angle as a column, in a house whose rows have one."""
    branch = handmade.circle()
    monkeypatch.setattr(rows, "ROW_ARRAYS", (*rows.ROW_ARRAYS, "angle"))
    monkeypatch.setitem(rows.OWN_COLUMNS, "angle", "angle")
    monkeypatch.setattr(dataset, "Rows", Wider)
    values = {f.name: getattr(branch, f.name) for f in fields(Rows)}
    return Wider(**values, angle=np.linspace(0.0, 2 * np.pi, len(branch)))


def test_a_new_column_follows_everywhere(wider):
    assert np.array_equal(wider["angle"], wider.angle)
    back = reverse_branch(wider)
    assert np.array_equal(back["angle"], wider.angle[::-1])
    part = cut_branch(wider, 12, wider.ends[1])
    assert np.array_equal(part["angle"], wider.angle[:12])
    rest = reverse_branch(cut_branch(back, len(wider) - 11, wider.ends[1]))
    assert np.array_equal(join_branches(part, rest, 0)["angle"], wider.angle)
    data = to_xarray(wider)
    assert data["angle"].dims == ("point",)
    again = rows_of(data, None)
    assert isinstance(again, Wider)
    assert np.array_equal(again.angle, wider.angle)
    assert np.array_equal(to_dataframe(wider)["angle"], wider.angle)


def test_a_frame_has_a_row_for_each_point_and_labels_beside_them():
    branch = handmade.cusp()
    frame = to_dataframe(branch)
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame.columns) == [
        "p",
        "u",
        "energy",
        "norm",
        "arclength",
        *rows.OWN_COLUMNS,
        "special",
    ]
    assert np.array_equal(frame["u"], branch["u"])
    labelled = frame[frame["special"] != ""]
    assert labelled["special"].tolist() == [p.label for p in branch.special]
    assert labelled.index.tolist() == [p.index for p in branch.special]


def test_missing_and_ragged_arrays_come_back_as_they_were():
    branch = handmade.brusselator()
    kept = {p.label: p for p in rows_of(to_xarray(branch), None).special}
    assert kept["EP1"].null_vectors is None
    assert kept["EP1"].eigenvalues is None
    assert kept["HB1"].eigenvalues.tolist() == [1j, -1j]
    assert kept["HB1"].null_vectors.shape == (2, 2)
    assert kept["HB1"].normal_form["q"].tolist() == [1.0, -1 + 1j]
    bare = replace(branch, special=tuple(replace(p, null_vectors=None, eigenvalues=None) for p in branch.special))
    assert "special_eigenvalues" not in to_xarray(bare)
    assert all(p.null_vectors is None for p in rows_of(to_xarray(bare), None).special)
    assert next(p for p in kept.values() if p.kind is Kind.HOPF).bracket is None


def test_eigenvalues_are_kept_only_where_they_were_asked_for():
    branch = handmade.brusselator()
    assert "eigenvalues" not in to_xarray(branch)
    known = np.column_stack([branch.parameter - 2 + 1j, branch.parameter - 2 - 1j])
    vars(branch)["eigenvalues"] = known
    again = rows_of(to_xarray(branch), None)
    assert_allclose(again.eigenvalues, known, rtol=0, atol=0)


def test_names_that_are_taken_get_an_underscore():
    taken = {"x", "x_"}
    assert [unique(name, taken) for name in ("y", "x", "y", "x")] == ["y", "x__", "y_", "x___"]


def test_equations_are_kept_where_text_says_all_of_them():
    class Problem:
        source = {"equations": {"x": "p - x"}}

    assert decode(source_text(Problem())["source"]) == Problem.source
    Problem.source = {"equations": {"x": "p - x"}, "stability": abs}  # a function is no text
    assert source_text(Problem()) == {}
    assert source_text(None) == {}


@pytest.mark.parametrize(
    "value",
    [
        {"a": [1, 2.5, None, True, "x"]},
        {3: 4, "#odd": {"#float": "inf"}},
        (1.0, (2.0,), [(), {}]),
        1 - 2j,
        float("-inf"),
        {"#tuple": [1]},
    ],
)
def test_text_restores_nested_values(value):
    again = decode(encode(value))
    assert again == value
    assert type(again) is type(value)


def test_text_restores_every_bit_of_arrays():
    array = np.array([[-0.0, 5e-324, np.nan], [np.inf, 1 / 3, -np.pi]])
    for values in (array, array.T, array.astype(np.float32), array + 1j, np.arange(3), np.zeros((0, 2))):
        again = decode(encode(values))
        assert (again.dtype, again.shape) == (values.dtype, values.shape)
        assert again.tobytes() == np.ascontiguousarray(values).tobytes()
    with pytest.raises(TypeError):
        encode({"f": abs})
