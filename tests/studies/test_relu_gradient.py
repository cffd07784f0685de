"""Studies of K-ReLU networks: their numbers, claims that turn when numbers do, their files."""

import math
from dataclasses import replace

import numpy as np
import pytest

from continuation import Branch, trace
from studies.claims import verdicts
from studies.relu_gradient import common, many, minima, origins, pair_counts, pairs, plane, separation, single
from studies.relu_gradient import relu_claims as summary
from systems.textbook import pitchfork

NOT_SEEN = {  # what the paper claims and the studies do not see
    "section 5.3: bisector, norms 1 : 0.4",
    "Fig 9 top, Conjecture 2: K = 10: converges unless noise is huge",
    "Fig 9 bottom: mixed signs: never converges",
}


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("relu")


@pytest.fixture(scope="module")
def run(out):
    """Numbers of a study, run once."""
    done = {}

    def numbers(study):
        if study not in done:
            done[study] = study.main(fast=True, out=out)
        return dict(done[study])

    return numbers


@pytest.mark.parametrize("study", summary.STUDIES, ids=lambda study: study.__name__.rpartition(".")[2])
def test_claims_hold_but_those_known_not_to(study, run):
    failed = {name for name, verdict in verdicts(study.claims(run(study))).items() if verdict != "holds"}
    assert failed <= NOT_SEEN, failed


TURNS = [
    (single, "theorem_1_error", 1e-9, "Theorem 1: formula of E F(e, w)"),
    (single, "error_slope", -0.1, "Fig 7 (b): error falls as 1/sqrt N"),
    (single, "error_growth", 0.9, "Fig 7 (a): error grows with the angle"),
    (single, "largest_rate", 0.1, "Theorem 5: dV/dt < 0 in its domain"),
    (single, "domain_lost", 1, "Theorem 5: its domain converges"),
    (single, "theorem_6_margin", -4.0, "Theorem 6: probability >= (1 - epsilon)/2"),
    (separation, "counterexamples[L12]", 1, "Conjecture 1: sign by the cone"),
    (separation, "excluded_gradient", 0.0, "Theorem 3: one sign: not critical"),
    (separation, "theorem_4_left", 1, "Theorem 4: both in, or both out"),
    (separation, "proposition_1_error", 1e-6, "Proposition 1: L vanishes"),
    (separation, "separability_error", 1e-6, "Fig 3: separable"),
    (pairs, "kernel[5]", 1, "Theorem 2: out-of-plane points lie in manifolds"),
    (pairs, "bisector_error_unequal", 0.0, "section 5.3: bisector, norms 1 : 0.4"),
    (pairs, "fold_b2", 0.1135976, "K = 2, b2: fold at 0.113597544137769"),
    (pairs, "count_gap", math.inf, "K = 2: deflation finds what the branches hold"),
    (pairs, "descent_failed", 1, "K = 2: minima attract, saddles repel"),
    (plane, "elsewhere[5]", 1, "Theorem 7 (1): x > y: to the teacher"),
    (plane, "saddle_error", 1e-3, "Theorem 7 (2): x = y: to the saddle"),
    (plane, "time[5]", 9.0, "Fig 8 (d): larger K is faster"),
    (plane, "four_gap", math.inf, "Fig 8 (a), (b): four critical points"),
    (many, "elsewhere[2]", 1, "Fig 9 top, Conjecture 2: K = 2: converges unless noise is huge"),
    (many, "missed[1 to 5]", 1, "Fig 9 bottom: a > 0: converges"),
    (many, "global[mixed signs]", 0, "Fig 9 bottom: mixed signs: never converges"),
    (many, "layer_error", 1e-3, "Proposition 2: gradients of layers"),
    (minima, "onset[II]", 5.5856, "type II: minimum beyond K = 5.58550524742588"),
    (minima, "onset[A]", math.nan, "type A: minimum beyond some K"),
    (minima, "block_error", 1e-6, "types A, I, II: blocks are the full Hessian"),
    (minima, "least_loss", 0.0, "types A, I, II: those minima are spurious"),
    (origins, "type_II_gap", 1e-3, "type II: is the |x| minimum of one flipped student"),
    (origins, "A_gap", 1e-3, "type A: branches off K - 1 flipped students"),
    (origins, "A_late", 1e-3, "type A: is a minimum from there on"),
    (origins, "I_gap", 1e-3, "type I: meets K - 1 flipped at |x|"),
    (origins, "A_loss[6]", 0.0, "types A, I: were never global minima"),
]


@pytest.mark.parametrize(("study", "key", "value", "claim"), TURNS, ids=lambda item: str(item)[:40])
def test_a_verdict_turns_with_its_number(study, key, value, claim, run):
    numbers = run(study)
    before = verdicts(study.claims(numbers))[claim]
    assert key in numbers
    after = verdicts(study.claims({**numbers, key: value}))[claim]
    assert {before, after} == {"holds", "fails"}


def test_plane(run, out):
    numbers = run(plane)
    for K, value in ((2, 0.5341549430918953), (5, 0.2568406780036029), (10, 0.1557346040900939)):
        assert abs(numbers[f"saddle[{K}]"] - value) < 3e-15
    assert (out / "plane.png").stat().st_size > 10_000


def test_counts_of_the_plane_are_those_of_the_starts():
    ends = {K: {"starts": 9, "teacher": 9, "others": 9, "type A": 9, "diagonal": 1e-12} for K in plane.SIZES}
    fall = np.array([1.0, 0.5, 0.001])
    paths = {2: (np.ones((3, 2)), fall), 5: (np.ones((3, 2)), fall[1:]), 10: (np.ones((3, 2)), fall)}
    ends[5]["teacher"], ends[2]["diagonal"], ends[10]["type A"] = 8, 1e-3, 7
    found = plane.measure(plane.critical_branches(), ends, paths)
    assert (found["elsewhere[5]"], found["elsewhere[2]"], found["not_type_A[10]"]) == (1, 0, 2)
    assert found["saddle_error"] == 1e-3
    assert found["time[2]"] == pytest.approx(0.1)  # the second row, 0.1 / K a step


def test_minima(run, out):
    numbers = run(minima)
    assert abs(numbers["onset[II]"] - 5.585505247425880007) < 1e-12
    assert abs(numbers["loss[II, 6]"] - 0.0250805810025) < 5e-14
    assert Branch.load(out / "minima_II.nc").special[0].label == "EP1"
    assert (out / "minima.png").exists()


def test_onset_needs_stable_rows():
    branch = minima.families()["II"]
    assert minima.onset(branch) == pytest.approx(5.5855, abs=1e-4)
    assert math.isnan(minima.onset(branch, "L"))  # not an order in which the stable rows come last


def test_origins(run, out):
    numbers = run(origins)
    assert numbers["relu_minima[5]"] == [0]
    assert numbers["relu_minima[6]"] == [0, 1]
    assert (numbers["type_II_unstable[5]"], numbers["type_II_unstable[6]"]) == (3, 0)
    assert "the global minimum of 1 flipped" in numbers["6, type II"]
    assert "where the branch of 5 flipped comes back to" in numbers["6, type I"]
    assert math.isnan(numbers["I_from[6]"])
    assert -0.687 < numbers["A_from[6]"] < -0.6869
    assert (out / "origins.md").read_text().count("\n") == 2 + 2 * 3 + 6 + 7
    assert (out / "origins.png").exists()


def test_flips_are_seen_by_the_full_network():
    """Without the fixed space the stability of two flipped students of six changes at a branch point of order 3."""
    from continuation import Kind
    from systems.relu import normal_equations

    signs = np.diag([1.0, 1, 1, 1, -1, -1])
    span = {"stop": Kind.BRANCH_POINT, "settings": origins.SETTINGS}
    whole = trace(normal_equations(np.eye(6), 6, alpha=-1.0), signs.ravel(), "alpha", (-1, 0), **span)
    (point,) = whole.branch_points
    assert point.nullity == 3
    assert abs(point["alpha"] - origins.minimum_until(origins.flips(6)[2])) < 1e-9


def test_pairs(run, out):
    numbers = run(pairs)
    assert abs(numbers["fold_b2"] - 0.113597544137769) < 2e-14
    assert abs(numbers["pitchfork_angle"] - 2.225669630958718) < 1e-14
    assert abs(numbers["merging_decay"] - 2 / (3 * math.pi / 4 - 1)) < 1e-12
    assert abs(numbers["out_of_plane_loss"] - 0.07361293252765) < 2e-14
    counts = [(numbers[f"found[{b2}]"], numbers[f"on_branches[{b2}]"]) for b2 in (1.0, 0.05)]
    assert counts == [(4, 4), (6, 6)]
    assert numbers["minima[0.05]"] == 2
    assert (out / "pairs.png").exists()


def test_distance_of_lists_of_points():
    some, swapped = [np.array([1.0, 2, 3, 4])], [np.array([3.0, 4, 1, 2.5])]
    assert pair_counts.distance(some, swapped) == 0.5
    assert pair_counts.distance(some, []) == math.inf


def test_separation(run):
    numbers = run(separation)
    assert numbers["points[L12]"] > 9_900_000
    reports = {"L12": separation.check_conjecture(20, 20)}
    assert separation.measure(reports)["counterexamples[L12]"] == 0
    reports["L12"] = reports["L12"]._replace(counterexamples=np.ones((1, 2)))
    assert separation.measure(reports)["counterexamples[L12]"] == 1


def test_single(run):
    numbers = run(single)
    assert numbers["largest_rate"] == pytest.approx(-0.5, abs=1e-3)
    found = {"count": 100, "arrived": 45, "bound": 0.45}
    assert single.margin(found) == 0.0
    assert single.margin({**found, "arrived": 20}) == pytest.approx(-5.0)


def test_counts_of_runs():
    top = {(K, 1.0): {"teacher": 8, "type II": 0, "two flipped": 0, "other": 0, "losses": []} for K in many.SIZES}
    top[10, 1.0] = {"teacher": 5, "type II": 2, "two flipped": 1, "other": 0, "losses": []}
    bottom = {name: {"global": 3, "other": 0, "not settled": 0} for name in many.OUTPUT_WEIGHTS}
    bottom["1 to 5"] = {"global": 2, "other": 1, "not settled": 0}
    found = many.measure(top, bottom)
    assert [found[f"elsewhere[{K}]"] for K in many.SIZES] == [0, 0, 3]
    assert found["spurious[10]"] == 3
    assert found["missed[1 to 5]"] == 1


def test_spurious_minima_of_ten_students_are_named():
    minima_of_ten = many.spurious(10)
    assert list(minima_of_ten) == ["type II", "two flipped"]
    assert many.spurious(5) == {}
    order = np.random.default_rng(0).permutation(10)
    for name, W in minima_of_ten.items():
        end = many.descend(W[order][:, order[::-1]], many.network(np.eye(10), 10), rate=0.1, tolerance=1e-9)
        assert many.end_of(end, minima_of_ten) == name


def test_summary_writes_one_table(out, monkeypatch, run):
    numbers = run(single)  # before its main is another
    monkeypatch.setattr(summary, "STUDIES", (single,))
    monkeypatch.setattr(single, "main", lambda **options: numbers)
    found = summary.main(fast=True, out=out)
    assert found["Theorem 6: probability >= (1 - epsilon)/2"] == "holds"
    assert (out / "claims.txt").read_text("utf-8").startswith("where")


def test_judged_notices_a_branch_that_is_wrong():
    branch = trace(pitchfork(), [0.0], "p", (-1, 1))
    right = common.judge({"trunk": branch}, 6)
    assert (right["failed"], right["stable"] > 0, right["saddles"] > 0) == (0, True, True)
    wrong = common.judge({"trunk": replace(branch, unstable=1 - branch.unstable)}, 6)
    assert wrong["failed"] == wrong["stable"] + wrong["saddles"] > 0
