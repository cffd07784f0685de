"""Verdicts need something to judge: of nothing, and of what is not known, no claim holds."""

import collections
import math

import numpy as np
import pytest

from continuation import Kind
from studies.claims import Claim, exceptions, missing, verdicts, worst
from studies.linear_regularization import example1
from studies.relu_gradient import minima
from tests.handmade import assemble


@pytest.mark.parametrize("number", [exceptions([]), missing(0, 0), worst([]), worst([0.0, math.nan]), math.nan])
def test_of_nothing_no_claim_holds(number):
    assert Claim("here", "none differs", number, high=0).verdict == "fails"


def test_counts_are_of_what_is_not_as_wanted():
    assert exceptions(np.array([0, 1, -1]) == 0) == 2
    assert missing(5, 5) == 0
    assert worst([0.1, 0.3, 0.2]) == 0.3


def test_an_index_that_is_not_known_is_none_of_a_minimum():
    places = [("index_upper", 0), ("index_saddle", 1), ("lam_bar", 0.1)]
    numbers = {f"{key}[{n}]": value for n in example1.CLASSES for key, value in places}
    name = "Example 1 (i): before it there is a local minimum"
    told = collections.defaultdict(float, numbers)
    assert verdicts(example1.claims(told))[name] == "holds"
    assert verdicts(example1.claims(told | {"index_upper[-1]": -1}))[name] == "fails"


@pytest.mark.parametrize(
    ("unstable", "found"), [([1, 1, 1, 0, 0], 2.0), ([1, 1, 1, -1, 0], math.nan), ([1, 1, 1, 0, -1], math.nan)]
)
def test_a_row_of_which_nothing_is_known_is_no_minimum_beyond_an_onset(unstable, found):
    rows = np.arange(5.0)[:, None]
    branch = assemble("handmade", ("x",), rows, rows, unstable, [(2, Kind.BRANCH_POINT, {})], vary=("K",))
    np.testing.assert_equal(minima.onset(branch), found)
