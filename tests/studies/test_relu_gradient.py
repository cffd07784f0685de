"""Studies of K-ReLU networks: their numbers, verdicts that turn when numbers do, their files."""

import math

import numpy as np
import pytest

from continuation import Branch, trace
from studies.command import folder, numbers_table
from studies.relu_gradient import common, many, minima, pairs, plane, separation, single
from systems.textbook import pitchfork


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("relu")


def test_plane(out):
    numbers = plane.main(fast=True, out=out)
    for K, value in ((2, 0.5341549430918953), (5, 0.2568406780036029), (10, 0.1557346040900939)):
        assert abs(numbers[f"saddle[{K}]"] - value) < 3e-15
    claims = (
        "theorem_7_1",
        "theorem_7_2",
        "detours",
        "larger_K_is_faster",
        "nodes_stay_nodes",
        "saddles_stay_saddles",
        "four_critical_points",
    )
    assert all(numbers[claim] for claim in claims)
    assert (out / "plane.png").stat().st_size > 10_000


def test_verdicts_of_the_plane_turn():
    ends = {K: {"starts": 9, "teacher": 9, "others": 9, "type A": 9, "diagonal": 1e-12} for K in plane.SIZES}
    fall = np.array([1.0, 0.5, 0.001])
    paths = {2: (np.ones((3, 2)), fall), 5: (np.ones((3, 2)), fall[1:]), 10: (np.ones((3, 2)), fall)}
    branches = plane.critical_branches()
    right = plane.verdicts(branches, ends, paths)
    assert right["theorem_7_1"]
    assert not right["larger_K_is_faster"]
    ends[5]["teacher"] = 8
    ends[2]["diagonal"] = 1e-3
    wrong = plane.verdicts(branches, ends, paths)
    assert (wrong["theorem_7_1"], wrong["theorem_7_2"]) == (False, False)


def test_minima(out):
    numbers = minima.main(fast=True, out=out)
    assert abs(numbers["onset[II]"] - 5.585505247425880007) < 1e-12
    assert abs(numbers["loss[II, 6]"] - 0.0250805810025) < 5e-14
    claims = ("blocks_agree", "descent_agrees", "minima_beyond_onset", "above_global", "type_II_is_the_flipped_student")
    assert all(numbers[claim] for claim in claims)
    assert -1 < numbers["A_stable_from"] < 0
    assert Branch.load(out / "minima_II.nc").special[0].label == "EP1"
    assert (out / "minima.png").exists()


def test_onset_needs_stable_rows():
    branch = minima.families()["II"]
    assert minima.onset(branch) == pytest.approx(5.5855, abs=1e-4)
    assert math.isnan(minima.onset(branch, "L"))  # not an order in which the stable rows come last


def test_pairs(out):
    numbers = pairs.main(fast=True, out=out)
    assert abs(numbers["fold_b2"] - 0.113597544137769) < 2e-14
    assert abs(numbers["pitchfork_angle"] - 2.225669630958718) < 1e-14
    assert abs(numbers["merging_decay"] - 2 / (3 * math.pi / 4 - 1)) < 1e-12
    assert abs(numbers["out_of_plane_loss"] - 0.07361293252765) < 2e-14
    claims = ("theorem_2", "arms_end_at_teachers", "folds_are_singular", "spurious_below_fold", "descent_agrees")
    assert all(numbers[claim] for claim in claims)
    assert (out / "pairs.png").exists()


def test_separation(out):
    numbers = separation.main(fast=True, out=out)
    assert numbers["conjecture_1"]
    assert numbers["separable"]
    assert numbers["points[L12]"] > 9_900_000
    reports = {"L12": separation.check_conjecture(20, 20)}
    assert separation.verdicts(reports)["conjecture_1"]
    reports["L12"] = reports["L12"]._replace(counterexamples=np.ones((1, 2)))
    assert not separation.verdicts(reports)["conjecture_1"]


def test_single(out):
    numbers = single.main(fast=True, out=out)
    claims = ("error_falls_as_root", "error_grows_with_angle", "uniform_improves_with_d", "theorem_5", "theorem_6")
    assert all(numbers[claim] for claim in claims)
    assert numbers["largest_rate"] == pytest.approx(-0.5, abs=1e-3)


def test_verdicts_of_one_relu_turn():
    formula = {"theta": np.array([0.1, 3.0]), "by_angle": np.array([0.1, 0.2]), "sizes": [1, 4], "by_size": [1.0, 0.5]}
    others = {name: {2: 1.0, 50: 1.0} for name in ("normal", "uniform")}
    found = {"count": 100, "inside": 40, "arrived": 50, "inside_arrived": 40, "bound": 0.45}
    right = single.verdicts(formula, others, {"rates": np.array([-1.0])}, {(2, 0.1): found})
    assert right["theorem_5"]
    assert right["theorem_6"]
    assert right["error_falls_as_root"]
    wrong = single.verdicts(
        {**formula, "by_size": [1.0, 1.0]}, others, {"rates": np.array([0.1])}, {(2, 0.1): {**found, "arrived": 20}}
    )
    assert not (wrong["theorem_5"])
    assert not (wrong["theorem_6"])
    assert not (wrong["error_falls_as_root"])


def test_many(out):
    numbers = many.main(fast=True, out=out)
    assert numbers["small_noise_converges"]
    assert numbers["positive_converges"]
    assert not numbers["mixed_never_converges"]  # the paper's claim is not seen for a_j = +-1
    assert numbers["mixed_unequal_fails"]
    assert numbers["proposition_2"]


def test_verdicts_of_many_relus_turn():
    top = {(K, 1.0): {"teacher": 8, "type II": 0, "other": 0, "losses": []} for K in many.SIZES}
    bottom = {name: {"global": 3, "other": 0} for name in many.OUTPUT_WEIGHTS}
    right = many.verdicts(top, bottom)
    assert right["always_converges"]
    top[10, 1.0] = {"teacher": 6, "type II": 2, "other": 0, "losses": []}
    bottom["1 to 5"] = {"global": 2, "other": 1}
    wrong = many.verdicts(top, bottom)
    assert wrong["small_noise_converges"]
    assert wrong["type_II_seen"] == 2
    assert not (wrong["always_converges"])
    assert not (wrong["positive_converges"])


def test_common(tmp_path):
    trunk = trace(pitchfork(), [0.0], "p", (-1, 1))
    _, ((ax,),) = common.canvas(1, 1, (4, 3))
    common.draw_branch(ax, trunk, "p", "x", label="trunk")
    stable, unstable, point = ax.lines
    assert [line.get_linestyle() for line in (stable, unstable)] == ["-", "--"]
    assert stable.get_xdata()[-1] == unstable.get_xdata()[0] == point.get_xdata()[0] == trunk["BP1"]["p"]
    assert stable.get_label() == "trunk" != unstable.get_label()
    assert numbers_table({"a": 1}) == "a = 1"
    assert folder(tmp_path / "new").is_dir()
