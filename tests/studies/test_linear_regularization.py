"""The studies of linear networks: their numbers to the digits known, and verdicts that turn with the numbers."""

import math

import pytest

from studies.linear_regularization import (
    circles,
    example1,
    example2,
    learning,
    nonnormal,
    scalar,
    second_order,
    sensitivity,
    summary,
    theorem2,
)
from studies.linear_regularization.claims import Claim, claims_table


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("studies")


def verdicts(module, numbers):
    return [claim.holds for claim in module.claims(numbers)]


def turned(module, numbers, **changes):
    """Which verdicts change when numbers do."""
    before, after = verdicts(module, numbers), verdicts(module, {**numbers, **changes})
    return [k for k, (one, two) in enumerate(zip(before, after)) if one != two]


def test_example_2(out):
    numbers = example2.main(fast=True, out=out)
    assert numbers["constant"] == pytest.approx(3.7599160456897914, rel=1e-14)
    assert numbers["weights"] == pytest.approx(math.pi**2 / 4, rel=1e-12)
    assert numbers["J(0.1)"] == pytest.approx(0.11414961523262144, rel=1e-12)
    assert numbers["J_constant(0.1)"] == pytest.approx(0.18799580, abs=5e-9)
    assert verdicts(example2, numbers) == [True, True, True]
    assert turned(example2, numbers, **{"C[1,0]": 1.57}) == [0]
    assert turned(example2, numbers, weights=4.0) == [1]
    assert turned(example2, numbers, largest_index=1) == turned(example2, numbers, smallest_saving=-1e-3) == [2]
    assert (out / "example2.png").read_bytes().startswith(b"\x89PNG")


def test_scalar(out):
    numbers = scalar.main(fast=True, out=out)
    assert verdicts(scalar, numbers) == [True, False, True]
    assert numbers["counts"] == [1, 3]
    assert turned(scalar, numbers, grid_errors=1) == [0]
    assert turned(scalar, numbers, counts=[1]) == [1]
    assert turned(scalar, numbers, cusp_R=18.0) == turned(scalar, numbers, largest_fold_error=1e-3) == [2]


def test_theorem_2(out):
    numbers = theorem2.main(fast=True, out=out)
    assert verdicts(theorem2, numbers) == [True, True]
    assert turned(theorem2, numbers, **{"order_1[0]": 1.7}) == [0]
    assert turned(theorem2, numbers, **{"order_2[-1]": 2.5}) == [1]


def test_nonnormal(out):
    numbers = nonnormal.main(fast=True, out=out)
    for name in nonnormal.MATRICES:
        assert numbers[f"largest_residual[{name}]"] < 1e-12
        assert numbers[f"found[{name}]"] >= 4
        assert numbers[f"index[{name}]"][0] == 0
    assert numbers["J[rot(pi/2)]"][1] == pytest.approx(1.892605979581985, abs=1e-9)
    assert numbers["branches[generic]"] >= 2
    assert verdicts(nonnormal, numbers) == [True, True]
    assert turned(nonnormal, numbers, **{"normal[generic]": numbers["found[generic]"]}) == [0]
    assert turned(nonnormal, numbers, **{"lowest_is_principal[rot(1)]": False}) == [1]


def test_claims_of_example_1_turn():
    numbers = dict.fromkeys(("one_turning_point", "lam_bar_falls", "saddles_escape", "principal_lowest"), True)
    numbers |= {"saddle_angle_error": 1e-3, "saddle_cost_error": 1e-3, "lowest_excess": 1.0}
    for n in (-1, 1, -2, 2):
        numbers |= {f"lam_bar[{n}]": 0.1, f"index_upper[{n}]": 2, f"index_saddle[{n}]": 3}
    assert verdicts(example1, numbers) == [True, False, True, True, True]
    minima = {f"index_upper[{n}]": 0 for n in (-1, 1, -2, 2)}
    assert turned(example1, numbers, **minima) == [1]
    assert turned(example1, numbers, lam_bar_falls=False) == [2]


@pytest.mark.slow
def test_circles(out):
    numbers = circles.main(fast=True, out=out)
    key = "[1.5708, -1, 1]"
    assert numbers["J[1.5708, -1]"] == pytest.approx(2.005734692466, abs=1e-11)
    assert numbers[f"J_circle{key}"] == pytest.approx(1.892605979581985, abs=1e-12)
    assert numbers[f"leaves{key}"] == pytest.approx(0.027205983410351, rel=1e-12)
    assert numbers[f"located{key}"] < 1e-9
    assert numbers["index[1.5708, -1]"] == [2, 3, 1]
    assert numbers[f"circle_index{key}"] == [0, 1]
    assert max(value for name, value in numbers.items() if name.startswith("tau")) < 1e-12
    assert verdicts(circles, numbers) == [False, True, True, True]
    assert turned(circles, numbers, **{"index[1.5708, -1]": [0, 1]}) == [0]
    assert turned(circles, numbers, **{f"J_circle{key}": 2.1}) == [1]
    assert turned(circles, numbers, **{f"slope{key}": 22.0}) == [2]
    assert turned(circles, numbers, **{f"circle_folds{key}": [0.1]}) == [3]


@pytest.mark.slow
def test_second_order(out):
    numbers = second_order.main(fast=True, out=out)
    assert (numbers["upper"], numbers["saddle"], numbers["circle"]) == ((2, 0), (3, 0), (0, 1))
    assert numbers["disagree_focal"] == numbers["disagree_conjugate"] == numbers["disagree_sign"] == 0
    assert verdicts(second_order, numbers) == [False, True, False, True]
    assert turned(second_order, numbers, disagree_focal=1) == [1]
    assert turned(second_order, numbers, circle=(1, 1)) == [3]


@pytest.mark.slow
def test_learning(out):
    numbers = learning.main(fast=True, out=out)
    assert sum(numbers["ends"].values()) == 40
    assert numbers["order"] == pytest.approx(1, abs=0.05)
    assert numbers["escape"] == pytest.approx(numbers["predicted_escape"], rel=0.01)
    assert verdicts(learning, numbers) == [True, False, True]
    assert turned(learning, numbers, order=2.0) == [0]
    assert turned(learning, numbers, escape=-0.01) == [1]
    assert turned(learning, numbers, ends={"n = 0": 40}) == [2]


@pytest.mark.slow
def test_sensitivity(out):
    numbers = sensitivity.main(fast=True, out=out)
    assert numbers["growth"] == pytest.approx(-0.5, abs=0.01)
    assert verdicts(sensitivity, numbers) == [True, True, True]
    assert turned(sensitivity, numbers, error=5.0) == [0]
    assert turned(sensitivity, numbers, growth=-1.0) == [2]


def test_the_table_of_claims():
    rows = {"a": [("(i)", "said", "found", True)], "b": [("(ii)", "said", "not found", False)]}
    lines = claims_table(summary.claims(rows)).splitlines()
    assert lines[-2:] == ["| (i) | said | found | holds |", "| (ii) | said | not found | does not hold |"]
    assert all(isinstance(claim, Claim) for claim in summary.claims(rows))


@pytest.mark.slow
def test_summary_writes_its_table(out):
    rows = summary.main(fast=True, out=out)
    assert list(rows) == list(summary.QUICK)
    text = (out / "claims.md").read_text()
    assert text.count("\n") == 2 + sum(map(len, rows.values()))
    assert text.count("does not hold") == 2
