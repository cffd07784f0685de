"""Verdicts need something to judge: of nothing, and of what is not known, no claim holds."""

import math

import numpy as np
import pytest

from studies.claims import Claim, exceptions, missing, worst


@pytest.mark.parametrize("number", [exceptions([]), missing(0, 0), worst([]), worst([0.0, math.nan]), math.nan])
def test_of_nothing_no_claim_holds(number):
    assert Claim("here", "none differs", number, high=0).verdict == "fails"


def test_counts_are_of_what_is_not_as_wanted():
    assert exceptions(np.array([0, 1, -1]) == 0) == 2
    assert missing(5, 5) == 0
    assert worst([0.1, 0.3, 0.2]) == 0.3
