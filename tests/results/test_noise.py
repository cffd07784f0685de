"""Equations with noise: its level is named where points could not be located, and each point is told once."""

import numpy as np
import pytest

from continuation import Kind, Problem, trace
from continuation.results.noise import residual_noise


def noisy(u, p, out):
    out[0] = p[0] - u[0] ** 2 + p[1] * np.sin(1e15 * (u[0] + 1.7 * p[0]))


def make(noise):
    return Problem(noisy, ("x",), {"p": 1.0, "noise": noise})


@pytest.mark.parametrize("noise", [1e-7, 1e-9, 1e-11])
def test_noise_is_measured_to_a_factor_of_three(noise):
    found = residual_noise(make(noise), np.array([0.7, 0.49]), [0.49, noise], 0)
    assert noise / 3 < found < 3 * noise


def test_rounding_is_no_noise():
    assert residual_noise(make(0.0), np.array([0.7, 0.49]), [0.49, 0.0], 0) == 0.0


def test_a_fold_in_noise_is_marked_once_and_the_noise_named():
    branch = trace(make(1e-11), [1.0], "p", (-1, 1))
    assert [point.kind for point in branch.special if point.kind is not Kind.END] == [Kind.FOLD]
    assert branch.special[1]["x"] == pytest.approx(0.0, abs=1e-4)
    if not branch.special[1].located:
        assert any("noise of" in str(remark) for remark in branch.remarks)
