"""The columns of a certified branch in tables and files, and in branches made of it."""

import numpy as np
import pytest

from continuation import Branch, Problem, trace
from continuation.engine.extend import extend_branch
from continuation.results.joining import reverse_branch
from systems import textbook

COLUMNS = ("radius", "connected")


@pytest.fixture(scope="module")
def trunk():
    return trace(textbook.pitchfork(), [0.0], "p", (-1.0, 1.0)).certify()


def test_columns_are_in_tables_and_files_once_asked_for(trunk, tmp_path):
    plain = trace(textbook.pitchfork(), [0.0], "p", (-1.0, 1.0))
    assert not set(COLUMNS) & {*plain.to_dataframe(), *plain.to_xarray()}
    for name in COLUMNS:
        assert np.array_equal(trunk.to_dataframe()[name], trunk[name])
        assert np.array_equal(trunk.to_xarray()[name], trunk[name])
    for branch in (trunk, plain):
        branch.save(tmp_path / "branch.nc")
        back = Branch.load(tmp_path / "branch.nc")
        for name in COLUMNS:
            assert np.array_equal(back[name], branch[name])
        assert back.unvouched == branch.unvouched
        assert back["connected"].dtype.kind == "i"


def test_a_state_called_like_a_column_stays_itself(tmp_path):
    problem = Problem.from_expressions({"radius": "p - radius**2 + 2", "connected": "p - connected"}, {"p": 0.0})
    branch = trace(problem, [np.sqrt(2.0), 0.0], "p", (0.0, 1.0))
    for one in (branch, branch.certify()):
        one.save(tmp_path / "branch.nc")
        back = Branch.load(tmp_path / "branch.nc")
        assert np.array_equal(back["radius"], one.states[:, 0])
        assert np.array_equal(back.radii, one.radii)
        assert np.array_equal(back.connections, one.connections)


def test_going_on_and_turning_round_keep_what_is_known(trunk):
    back = reverse_branch(trunk)
    assert back["connected"][0] == -1
    assert np.array_equal(back["connected"][1:], trunk["connected"][:0:-1])
    assert np.array_equal(back["radius"], trunk["radius"][::-1])
    longer = extend_branch(trunk, span=(-1.0, 1.5))
    assert np.array_equal(longer["connected"][: len(trunk)], trunk["connected"])
    assert np.all(longer["connected"][len(trunk) :] == -1)
    assert np.all(longer["radius"][len(trunk) :] == -1)


def test_files_whose_columns_make_no_sense_are_refused(trunk, tmp_path):
    for name, value in (("connected", 7), ("radius", -2.0)):
        stored = trunk.to_xarray()
        column = stored[name].values.copy()
        column[3] = value
        stored[name] = ("point", column)
        stored.to_netcdf(tmp_path / "bad.nc", engine="h5netcdf")
        with pytest.raises(ValueError, match="bad.nc"):
            Branch.load(tmp_path / "bad.nc")
