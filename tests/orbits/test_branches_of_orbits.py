"""Branches of periodic orbits as results: columns, lengths, going on, tables, files, datasets."""

from dataclasses import fields, replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from continuation import Branch, Problem, Settings, periodic_orbits, trace
from continuation.ground.status import Status
from continuation.orbits.periodic import PeriodicOrbits
from continuation.orbits.profiles.layout import ProfileLayout, interpolated, node_times
from continuation.output.dataset import FLAT_VERSION, VERSION, to_stored
from continuation.output.files import StorageError
from continuation.output.orbit_variables import kept_rows
from continuation.output.soundness import check_rows
from continuation.output.tables import cells
from continuation.results.rows import ROW_ARRAYS, Rows


@pytest.fixture(scope="module")
def circles():
    """Circles ``x**2 + y**2 = mu`` of period 2 pi, second multiplier exp(-4 pi mu), from their Hopf point at 0."""
    equations = {"x": "mu*x - y - x*(x**2 + y**2)", "y": "x + mu*y - y*(x**2 + y**2)"}
    problem = Problem.from_expressions(equations, {"mu": -0.5}, name="circles")
    equilibria = trace(problem, [0.0, 0.0], "mu", (-0.5, 1.0))
    return trace(periodic_orbits(problem, 20), equilibria["HB1"], "mu", (-0.5, 1.0), settings=Settings(max_step=0.05))


@pytest.fixture(scope="module")
def brusselator():
    equations = {"x": "a - (b + 1)*x + x**2*y", "y": "b*x - x**2*y"}
    return Problem.from_expressions(equations, {"a": 1, "b": 1}, name="brusselator")


@pytest.fixture(scope="module")
def hopf(brusselator):
    return trace(brusselator, [1.0, 1.0], "b", (1.0, 2.5))["HB1"]


def orbits(brusselator, hopf, span=(1.0, 3.0), **options):
    return trace(periodic_orbits(brusselator, 30), hopf, "b", span, settings=Settings(**options))


@pytest.fixture(scope="module")
def growing(brusselator, hopf):
    return orbits(brusselator, hopf)


# Columns


def test_columns_are_made_for_all_rows_at_once(brusselator, hopf, monkeypatch):
    """Least and largest values of long branches: as many searches as of short ones."""
    counts, plain = [], PeriodicOrbits.profile_extrema

    def counted(self, unknowns):
        counts[-1] += 1
        return plain(self, unknowns)

    monkeypatch.setattr(PeriodicOrbits, "profile_extrema", counted)
    for points in (3, 12):
        counts.append(0)
        assert len(orbits(brusselator, hopf, max_points=points)) >= points
    assert counts[0] == counts[1] <= 2


def test_norm_length_and_multipliers_of_circles(circles):
    mu = np.maximum(circles["mu"], 0.0)
    assert_allclose(circles["norm"], np.sqrt(mu / 2), atol=1e-7)
    assert_allclose(circles["amplitude"], np.sqrt(mu / 2), atol=1e-7)
    assert_allclose(circles["period"], 2 * np.pi, rtol=1e-9)
    assert_allclose(circles["x_max"], np.sqrt(mu), atol=1e-7)
    assert_allclose(circles.exponents[1:, 0].real, -4 * np.pi * mu[1:], rtol=1e-6, atol=1e-8)
    assert_allclose(circles.multipliers[:, 1], 1.0, atol=1e-6)
    # d s = sqrt(1/2 + 4 r**2) d r for circles of radius r: s = r w/2 + asinh(2 sqrt(2) r)/8, w = sqrt(1/2 + 4 r**2)
    r = np.sqrt(mu)
    length = r * np.sqrt(0.5 + 4 * r**2) / 2 + np.arcsinh(2 * np.sqrt(2) * r) / 8
    assert_allclose(circles["arclength"], length, atol=2e-4)


def test_an_orbit_on_other_meshes_is_no_step(rng):
    layout, rows = ProfileLayout(("x", "y"), 20, 5), 6
    meshes = 1 + rng.random((rows, 20))
    meshes /= meshes.sum(axis=1)[:, None]
    context = np.hstack([meshes, np.zeros((rows, 4))])
    t = 2 * np.pi * layout.phases(context)
    profiles = np.stack([np.sin(t), np.cos(t) + np.sin(2 * t)], axis=-1)
    profiles[3:, :, 0] += 0.25
    unknowns = np.hstack([profiles.reshape(rows, -1), np.ones((rows, 2))])
    steps = layout.steps(unknowns, np.zeros_like(unknowns), context, np.array([0.5, 0.5]), np.ones(2))
    assert_allclose(steps, [0, 0, 0.25 * np.sqrt(0.5), 0, 0], atol=2e-6)
    assert_array_equal(layout.carried(unknowns, meshes, meshes), unknowns)


def test_polynomials_are_carried_over_exactly(rng):
    old, new = np.full((1, 3), 1 / 3), np.array([[0.2, 0.5, 0.3]])
    line = np.abs(node_times(old, 3) - 0.5)[:, :, None]  # has its corner inside an interval of both
    assert_allclose(interpolated(line, old, old, 3), line, atol=1e-15)
    constant = np.full((1, 9, 2), 7.0)
    assert_allclose(interpolated(constant, old, new, 3), constant, rtol=1e-14)


def test_lengths_on_moving_meshes_are_those_of_functions(growing):
    meshes = growing.layout.meshes(growing.context)
    assert np.any(meshes[0] != meshes[-1])  # it moved
    s, wanted = np.linspace(0, 1, 2001)[:-1], []
    for row in range(1, len(growing) - 1):
        one, two = (growing.orbit(k) for k in (row, row + 1))
        states = np.mean((two(s * two.period) - one(s * one.period)) ** 2)  # mean over time and states
        rest = np.diff(growing.unknowns[row : row + 2, -2:], axis=0)[0]
        wanted.append(np.sqrt(states + np.sum(growing.weights[-2:] * rest**2)))
    steps = np.diff(growing["arclength"])[1:]
    assert np.all(steps >= 0.9999 * np.array(wanted))
    assert np.all(steps <= 1.005 * np.array(wanted))  # arcs are longer than chords by their angle, at most 0.3


def test_orbits_of_rows(growing):
    orbit = growing.orbit(-1)
    assert orbit.maximum == pytest.approx([growing["x_max"][-1], growing["y_max"][-1]], rel=1e-8)
    assert orbit.period == growing["period"][-1]
    assert_array_equal(orbit.multipliers, growing.multipliers[-1])
    with pytest.raises(ValueError, match="row 0 is a Hopf point"):
        growing.orbit(0)


def test_points_have_the_weights_of_their_mesh(growing):
    for row in (5, len(growing) - 1):
        point = growing.point(row)
        assert np.sum(point.weights * point.tangent**2) == pytest.approx(1.0, abs=1e-9)
    assert growing.point(len(growing) - 1)["x_max"] == growing["x_max"][-1]


def test_orbits_at_a_parameter_and_at_a_period(circles, growing):
    (orbit,) = circles.at(mu=0.3)
    assert orbit.maximum == pytest.approx([np.sqrt(0.3)] * 2, abs=1e-7)
    (again,) = growing.at(period=growing.at(b=2.7)[0].period)
    assert again.parameters["b"] == pytest.approx(2.7, rel=1e-8)
    assert growing.at(b=7.0) == []
    with pytest.raises(ValueError, match="wanted one of b, period, got 'x_max'"):
        growing.at(x_max=3.0)


# Going on


def test_extension_stays_on_the_branch_and_begins_on_the_mesh_of_its_row(brusselator, hopf, growing):
    short = orbits(brusselator, hopf, max_points=12)
    longer = short.extend(max_points=60)
    for name in ("unknowns", "context", "tangents"):
        assert_array_equal(getattr(longer, name)[:12], getattr(short, name))
    assert longer.ends == (Status.HOPF, Status.LIMIT)
    assert longer.at(b=2.9)[0].period == pytest.approx(growing.at(b=2.9)[0].period, rel=1e-8)
    assert longer["arclength"][-1] == pytest.approx(growing["arclength"][-1], rel=1e-5)
    assert [point.label for point in longer.special] == ["EP1", "HB1", "EP2"]


def test_nothing_goes_on_from_a_hopf_point(growing):
    assert growing.ends == (Status.HOPF, Status.LIMIT)
    assert "Hopf point" in str(growing).split("\n")[1]
    with pytest.raises(ValueError, match=r"no end can go on \(HOPF, LIMIT\)"):
        growing.extend()


def test_extension_wants_the_problem_of_the_rows(growing, brusselator):
    other = periodic_orbits(brusselator, 40, 3)  # has as many unknowns
    with pytest.raises(ValueError, match="wanted periodic orbits of 30 intervals of degree 4, got .* 40 .* degree 3$"):
        growing.extend(other, span=(1, 4))
    with pytest.raises(ValueError, match="problem: wanted the states"):
        growing.extend(brusselator, span=(1, 4))


# Tables


def test_table_shows_period_largest_values_and_multiplier(circles):
    head, first, _, last = str(circles).split("\n\n")[1].split("\n")
    assert head.split() == ["label", "row", "mu", "period", "x_max", "y_max", "multiplier", "unstable", "type"]
    assert first.split()[6] == "1"
    assert last.split()[3] == "6.283185307"
    assert float(last.split()[6]) == pytest.approx(np.exp(-4 * np.pi), rel=1e-5)


def test_a_pair_of_multipliers_is_shown_by_its_upper_one(growing):
    context = np.zeros((len(growing), 30 + 6))
    context[:, -6:] = [np.log(1.1), np.log(1.1), 0.0, 2.0, -2.0, 0.0]
    pair = replace(growing, context=context, layout=growing.layout._replace(names=("x", "y", "z")))
    assert cells(pair, growing.special[-1])[6] == "-0.457762+1.00023j"
    context[:, -6:] = [np.log(0.5), -50.0, 0.0, np.pi, 0.0, 0.0]
    assert cells(pair, growing.special[-1])[6] == "-0.5"
    context[:, -6] = 800.0
    assert cells(pair, growing.special[-1])[6] == "1.92875e-22"  # the other is nearer
    context[:, -5] = 900.0
    assert cells(pair, growing.special[-1])[6] == "inf"


# Files


def same(one, two):
    """Whether fields are equal to the last bit."""
    if isinstance(one, np.ndarray):
        return one.dtype == two.dtype and one.tobytes() == two.tobytes()
    return True


def test_files_keep_every_bit(growing, tmp_path):
    growing.save(tmp_path / "b.nc")
    loaded = Branch.load(tmp_path / "b.nc")
    assert all(same(getattr(growing, f.name), getattr(loaded, f.name)) for f in fields(Rows))
    assert_array_equal(loaded.arclength, growing.arclength)
    assert_array_equal(loaded.norm, growing.norm)
    assert loaded.layout == growing.layout
    assert str(loaded) == str(growing)
    for one, two in zip(growing.special, loaded.special):
        assert_array_equal(one.unknowns, two.unknowns)
        assert_array_equal(one.weights, two.weights)
    again = loaded.extend(span=(1.0, 3.2))  # its problem was made again from the text in the file
    assert_array_equal(again.unknowns, growing.extend(span=(1.0, 3.2)).unknowns)
    (tmp_path / "c.nc").write_bytes(b"")
    again.save(tmp_path / "c.nc")
    assert Branch.load(tmp_path / "c.nc").problem.intervals == 30


def test_profiles_are_thinned_in_files(growing, brusselator, tmp_path):
    thin = replace(growing, request=replace(growing.request, settings=Settings(profiles=5)))
    thin.save(tmp_path / "b.nc")
    loaded = Branch.load(tmp_path / "b.nc")
    kept = np.flatnonzero(loaded.has_profile)
    assert set(range(0, len(growing), 5)) | {len(growing) - 1} == set(kept.tolist())
    assert_array_equal(loaded.unknowns[kept], growing.unknowns[kept])
    for name in ("states", "varied", "context", "arclength", "norm", "multipliers"):
        assert_array_equal(getattr(loaded, name), getattr(growing, name))
    assert loaded.orbit(5).period == growing["period"][5]
    with pytest.raises(ValueError, match=r"profile of row 3 was not kept.*rows 0 and 5"):
        loaded.orbit(3)
    assert loaded.point(3).unknowns is None
    with pytest.raises(ValueError, match="profiles were not kept"):
        loaded.at(b=0.5 * (growing.parameter[6] + growing.parameter[7]))
    span = (1.0, 3.2)
    longer, whole = loaded.extend(span=span), growing.extend(span=span)
    assert_array_equal(longer.unknowns[len(growing) :], whole.unknowns[len(growing) :])
    assert_array_equal(longer.norm, whole.norm)
    assert_allclose(longer.arclength, whole.arclength, atol=0.005)  # rows between are shared out as the columns move
    longer.save(tmp_path / "c.nc")
    assert np.all(np.isfinite(Branch.load(tmp_path / "c.nc").arclength))


def test_large_rows_are_thinned_unless_told(growing):
    large = replace(growing, layout=ProfileLayout(("x", "y"), 2000, 4))
    rows = np.arange(len(growing))
    assert_array_equal(kept_rows(growing), rows)
    assert_array_equal(kept_rows(large), np.union1d(rows[::10], rows[-1:]))
    told = replace(large, request=replace(large.request, settings=Settings(profiles=1)))
    assert_array_equal(kept_rows(told), rows)


def test_only_files_of_orbits_have_the_new_version(growing, hopf, brusselator, tmp_path):
    flat = trace(brusselator, [1.0, 1.0], "b", (1.0, 1.5))
    assert to_stored(flat, slice(None)).attrs["format_version"] == FLAT_VERSION == 1
    assert to_stored(growing, slice(None)).attrs["format_version"] == VERSION == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda b: {"layout": b.layout._replace(intervals=29)}, r"context have shape \(\d+, 34\), wanted \(\d+, 33\)"),
        (lambda b: {"layout": b.layout._replace(degree=0)}, "degree or names of the layout can't be right"),
        (lambda b: {"layout": b.layout._replace(names=("x", "x"))}, "degree or names of the layout can't be right"),
        (lambda b: {"layout": b.layout._replace(names=("x", "z"))}, "columns are missing: .*z_min"),
        (lambda b: {"context": -b.context}, "lengths of mesh intervals are not positive or don't add up to 1"),
        (lambda b: {"context": 2 * b.context}, "lengths of mesh intervals are not positive or don't add up to 1"),
        (lambda b: {"context": b.context[:, 1:]}, r"context have shape \(\d+, 33\), wanted \(\d+, 34\)"),
        (lambda b: {"outputs": {}}, "columns are missing: .*amplitude.*period.*x_min"),
        (lambda b: {"state_weights": None}, "there are no state_weights"),
        (
            lambda b: {"tangents": np.where(np.arange(b.tangents.shape[1]) == 5, np.nan, b.tangents)},
            "tangents are not finite",
        ),
        (
            lambda b: {"unknowns": np.where(np.arange(len(b))[:, None] == 0, np.nan, b.unknowns)},
            "tangents are not finite",
        ),
    ],
)
def test_what_is_no_branch_of_orbits_is_refused(growing, change, words):
    vars(growing)["norm"], vars(growing)["arclength"] = growing.norm, growing.arclength
    check_rows(growing)
    wrong = replace(growing, **change(growing))
    vars(wrong).update({name: getattr(growing, name) for name in ("norm", "arclength")})
    with pytest.raises(ValueError, match=f"^{words}"):
        check_rows(wrong)


def test_a_damaged_layout_is_told_with_the_path(growing, tmp_path):
    import h5py

    growing.save(tmp_path / "b.nc")
    with h5py.File(tmp_path / "b.nc", "r+") as file:
        file.attrs["layout"] = '{"names": ["x", "y"], "intervals": -3, "degree": 4}'
    content = (tmp_path / "b.nc").read_bytes()
    (tmp_path / "b.nc").write_bytes(content.rpartition(b"\n# pseudoarc sha256 ")[0] or content)
    with pytest.raises(StorageError, match=r"b\.nc: damaged"):
        Branch.load(tmp_path / "b.nc")


# Datasets


def test_datasets_have_profiles_against_time(growing):
    data = growing.to_xarray()
    assert data["x"].dims == ("point", "node")
    assert data["time"].dims == ("point", "node")
    assert data["x"].shape == (len(growing), 120)
    row, orbit = len(growing) - 1, growing.orbit(-1)
    assert_allclose(data["x"].values[row], orbit(data["time"].values[row] * orbit.period)[:, 0], rtol=1e-10)
    assert_array_equal(data["multipliers"].values[..., 0], growing.multipliers.real)
    frame = growing.to_dataframe()
    assert_array_equal(frame["period"], growing["period"])
    assert {"x_max", "x_min", "x_mean", "amplitude", "norm", "arclength"} <= set(frame.columns)


def test_settings_refuse_profiles_that_are_no_number():
    with pytest.raises(ValueError, match=r"Settings\(profiles=...\)"):
        Settings(profiles=0)
    assert "profiles" not in Settings().as_dict()


def test_other_branches_have_no_orbits(hopf, brusselator):
    flat = trace(brusselator, [1.0, 1.0], "b", (1.0, 1.5))
    for ask in (lambda: flat.orbit(0), lambda: flat.multipliers, lambda: flat.exponents, flat.plot_multipliers):
        with pytest.raises(ValueError, match="no periodic orbits"):
            ask()
    assert all(len(getattr(flat, name)) == len(flat) for name in ROW_ARRAYS)
