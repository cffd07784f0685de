"""The study of theorems: all of them are proven, and a claim turns when one is not."""

import pytest

pytest.importorskip("flint")

from studies.claims import verdicts
from studies.proofs import theorems


@pytest.fixture(scope="module")
def numbers(tmp_path_factory):
    return theorems.main(fast=True, out=tmp_path_factory.mktemp("proofs"))


def test_all_theorems_are_proven(numbers):
    assert set(verdicts(theorems.claims(numbers)).values()) == {"holds"}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("proven[cusp]", 0),
        ("again[Example 1]", 0),
        ("error[depth 4]", 1e-9),
        ("critical_points", 3),
        ("all_proven", 0),
        ("saddle", 0),
        ("unstable", [0, 0]),
        ("twin[plane]", 1e-9),
    ],
)
def test_claims_turn_with_their_numbers(numbers, key, value):
    assert key in numbers
    assert "fails" in verdicts(theorems.claims({**numbers, key: value})).values()
