"""The studies of linear networks: their numbers to the digits known, and verdicts that turn with the numbers."""

import math

import pytest

from studies.linear_regularization import (
    circles,
    example1,
    example2,
    first_order,
    learning,
    nonnormal,
    scalar,
    second_order,
    sensitivity,
    theorem2,
)
from studies.linear_regularization import regularization_claims as summary


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("studies")


def failing(module, numbers):
    """Claims that don't hold."""
    return [claim.says for claim in module.claims(numbers) if claim.verdict != "holds"]


def turned(module, numbers, **changes):
    """Places of the claims whose verdict changes when numbers do."""
    before, after = module.claims(numbers), module.claims({**numbers, **changes})
    return [k for k, (one, two) in enumerate(zip(before, after)) if one.verdict != two.verdict]


def check_every_claim_turns(module, numbers, changes):
    """One change for each claim, in their order: it turns that claim (others may turn with it)."""
    assert len(changes) == len(module.claims(numbers))
    for k, change in enumerate(changes):
        assert k in turned(module, numbers, **change), (k, change)


def test_first_order(out):
    numbers = first_order.main(fast=True, out=out)
    assert failing(first_order, numbers) == ["as printed, without the square root"]
    changes = [{"states": 1e-3}, {"costates": 1e-3}, {"weights": 1e-3}, {"gradient": 1e-3}, {"turning": 0.0}]
    check_every_claim_turns(first_order, numbers, [*changes, {"violations": 0}, {"least_ratio": 0.9}])


def test_example_1(out):
    numbers = example1.main(fast=True, out=out)
    assert failing(example1, numbers) == ["before it there is a local minimum", "its angle tends to pi/2 + (2n - 1) pi"]
    minima = {f"index_upper[{n}]": 0 for n in (-1, 1, -2, 2)}
    changes = [{"wrong_turns": 1}, minima, {"index_saddle[1]": 0}, {"lam_bar_ratio": 1.1}, {"beyond_first": 0.1}]
    changes += [{"saddle_a": -2.0}, {"printed_angle_error": 0.0}, {"saddle_angle_error": 0.1}]
    changes += [{"saddle_cost_error": math.nan}, {"lowest_excess": -1e-3}]
    check_every_claim_turns(example1, numbers, changes)


def test_example_2(out):
    numbers = example2.main(fast=True, out=out)
    assert numbers["constant"] == pytest.approx(3.7599160456897914, rel=1e-14)
    assert numbers["weights"] == pytest.approx(math.pi**2 / 4, rel=1e-12)
    assert numbers["J(0.1)"] == pytest.approx(0.11414961523262144, rel=1e-12)
    assert numbers["J_constant(0.1)"] == pytest.approx(0.18799580, abs=5e-9)
    assert failing(example2, numbers) == []
    changes = [{"C[1,0]": 1.57}, {"A_error": 1e-3}, {"log_error": 1e-3}, {"constant": 3.77}, {"weights": 4.0}]
    check_every_claim_turns(example2, numbers, [*changes, {"largest_index": 1}, {"smallest_saving": -1e-3}])
    assert (out / "example2.png").read_bytes().startswith(b"\x89PNG")


def test_scalar(out):
    numbers = scalar.main(fast=True, out=out)
    assert failing(scalar, numbers) == ["... for every lam"]
    assert numbers["counts"] == [1, 3]
    changes = [{"unique_below": 0.0}, {"counts": [1]}, {"grid_errors": 1}, {"cusp_R": 18.0}]
    check_every_claim_turns(scalar, numbers, [*changes, {"largest_fold_error": 1e-3}])


def test_theorem_2(out):
    numbers = theorem2.main(fast=True, out=out)
    assert failing(theorem2, numbers) == []
    key = "[d = 3, [-1]]"
    changes = [{f"start{key}": 1.0}, {f"order_1{key}": 1.7}, {f"order_2{key}": 2.5}, {f"constant{key}": 1e-3}]
    check_every_claim_turns(theorem2, numbers, changes)


@pytest.mark.slow
def test_nonnormal(out):
    numbers = nonnormal.main(fast=True, out=out)
    for name in nonnormal.MATRICES:
        assert numbers[f"largest_residual[{name}]"] < 1e-12
        assert numbers[f"index[{name}]"][0] == 0
    expected = [0.22417740681, 1.892605979581985, 2.005734692466, 2.19421150772, 2.220107301286]
    assert numbers["J[rot(pi/2)]"] == pytest.approx(expected, abs=1e-10)
    assert numbers["index[rot(pi/2)]"] == [0, 0, 2, 1, 3]
    assert failing(nonnormal, numbers) == []
    every = {f"normal[{name}]": numbers[f"solutions[{name}]"] for name in nonnormal.MATRICES}
    changes = [every, {"solutions[rot(pi/2)]": 4}, {"minima[generic]": 1}, {"lowest_is_principal[rot(1)]": False}]
    check_every_claim_turns(nonnormal, numbers, changes)
    rows = (out / "nonnormal.txt").read_text().splitlines()
    assert any("0.1681839949" in row and "lam = 0.0272059834" in row for row in rows)
    assert sum("closed curve" in row for row in rows) == numbers["isolas[diag(2, 1/2)]"]


@pytest.mark.slow
def test_circles(out):
    numbers = circles.main(fast=True, out=out)
    key = "[1.5708, -1, 1]"
    assert numbers["J[1.5708, -1]"] == pytest.approx(2.005734692466, abs=1e-11)
    assert numbers[f"J_circle{key}"] == pytest.approx(1.892605979581985, abs=1e-12)
    assert numbers[f"leaves{key}"] == pytest.approx(0.027205983410351, rel=1e-12)
    assert numbers["index[1.5708, -1]"] == [2, 3, 1]
    assert numbers[f"circle_index{key}"] == [0, 1]
    assert max(value for name, value in numbers.items() if name.startswith("tau")) < 1e-12
    places = [claim.where for claim in circles.claims(numbers) if claim.verdict == "fails"]
    assert places == ["Example 1 (i)", "Example 1 (ii)"]
    short = {f"circle_folds{key}": [0.1]}
    changes = [{"index[1.5708, -1]": [0, 1]}, short, {f"J_circle{key}": 2.1}, {f"circle_index{key}": [2, 1]}]
    changes += [{f"circle_index{key}": [2, 1], "index[1.5708, -1]": [2, 1]}, {f"slope{key}": 22.0}, short]
    check_every_claim_turns(circles, numbers, [*changes, {f"located{key}": 1e-3}])
    rows = (out / "circles.txt").read_text().splitlines()
    assert len(rows) == 1 + 4 + 6
    assert "0.168183994864" in rows[2]
    assert rows[2].endswith("a normal solution at lam = 0.0272059834104")


@pytest.mark.slow
def test_second_order(out):
    numbers = second_order.main(fast=True, out=out)
    assert (numbers["upper"], numbers["saddle"], numbers["circle"]) == ((2, 0), (3, 0), (0, 1))
    assert failing(second_order, numbers) == [
        "on n = -1, lam = 0.1, one is a local minimum",
        "the index is read from the eigenvalues of DG",
    ]
    changes = [{"upper": (0, 0)}, {"saddle": (0, 0)}]
    changes += [{f"disagree_{name}": 1} for name in ("layers", "focal", "conjugate", "sign")]
    changes += [{"DG_alone": numbers["compared"]}, {"circle": (1, 1)}, {"circle": (0, 2)}]
    check_every_claim_turns(second_order, numbers, changes)


@pytest.mark.slow
def test_learning(out):
    numbers = learning.main(fast=True, out=out)
    assert sum(numbers["ends"].values()) == 40
    assert numbers["order"] == pytest.approx(1, abs=0.05)
    assert numbers["escape"] == pytest.approx(numbers["predicted_escape"], rel=0.01)
    assert failing(learning, numbers) == ["learning stays at the normal n = -1 solution"]
    changes = [{"order": 2.0}, {"batches_error": 1.0}, {"escape": -0.01}, {"escape": 0.1}, {"ends": {"n = 0": 40}}]
    check_every_claim_turns(learning, numbers, [*changes, {"ends": {"n = 0": 39, "elsewhere": 1}}])
    assert len((out / "learning.txt").read_text().splitlines()) >= 6


@pytest.mark.slow
def test_sensitivity(out):
    numbers = sensitivity.main(fast=True, out=out)
    assert numbers["growth"] == pytest.approx(-0.5, abs=0.01)
    assert failing(sensitivity, numbers) == []
    changes = [{"error": 5.0}, {"predicted[-1, 0.05]": 0.01}, {"growth": -1.0}]
    check_every_claim_turns(sensitivity, numbers, changes)


@pytest.mark.slow
def test_summary_writes_its_table(out, monkeypatch):
    monkeypatch.setattr(summary, "STUDIES", (summary.example1, summary.theorem2))
    found = summary.main(fast=True, out=out)
    assert set(found.values()) == {"holds", "fails"}
    assert (out / "claims.txt").read_text().count("\n") == 1 + len(found)
