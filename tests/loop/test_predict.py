"""Predictors: the branch does not depend on them, the work does."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation import Settings, Status, trace
from systems import textbook

CASES = {
    "fold": (textbook.fold, [1.0], "p", (-1, 4)),
    "cusp": (textbook.cusp, [1.0], "mu", (-2, 2)),
    "hopf": (textbook.brusselator, [1.0, 1.0], "b", (1, 4)),
    "closed": (textbook.circle, [1.0], "p", (-2, 2)),
    "pitchfork": (textbook.pitchfork, [0.0], "p", (-1, 1)),
    "bratu": (lambda: textbook.bratu(8), np.zeros(8), "lam", (0, 4)),
}


def both(name, **options):
    """The branch by tangents and by secants."""
    make, start, vary, span = CASES[name]
    return [
        trace(make(), start, vary, span, settings=Settings(predictor=predictor, **options))
        for predictor in ("tangent", "secant")
    ]


@pytest.mark.parametrize("name", CASES)
def test_secants_trace_the_same_branches(name):
    tangent, secant = both(name)
    assert secant.ends == tangent.ends
    assert [point.label for point in secant.special] == [point.label for point in tangent.special]
    for one, other in zip(secant.special, tangent.special):
        assert_allclose(one.unknowns, other.unknowns, rtol=0, atol=1e-9)
        assert one.unstable == other.unstable
    assert secant.check()


def test_the_first_step_is_the_same_and_the_others_are_not():
    tangent, secant = both("fold", step=0.05, max_step=0.05)
    row = tangent.start
    assert_allclose(secant.unknowns[row + 1], tangent.unknowns[row + 1], rtol=0, atol=0)
    assert len(secant) == len(tangent)  # a prescribed step: the planes are the same, Newton's way there is not
    assert secant.effort != tangent.effort


def test_a_better_predictor_needs_fewer_iterations():
    """The secant leaves the curve by the square of the step, the tangent with its change by the cube."""
    tangent, secant = both("bratu", step=0.05, max_step=0.05)
    assert tangent.effort["newton_iterations"] < secant.effort["newton_iterations"]
    assert {tangent.ends[1], secant.ends[1]} == {Status.LIMIT}


def test_the_default_is_the_tangent():
    assert Settings() == Settings(predictor="tangent")


@pytest.mark.parametrize("wrong", ["Secant", "", None, 1])
def test_unknown_predictors_are_refused(wrong):
    with pytest.raises(ValueError, match=r"Settings\(predictor=...\): wanted one of \['tangent', 'secant'\]"):
        Settings(predictor=wrong)
