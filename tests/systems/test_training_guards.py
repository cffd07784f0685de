"""When a sweep says a level was passed, and at which rate spirals may be descended."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation import Problem
from systems.training import kernels
from systems.training.descent import Field
from systems.training.judging.endpoint import usual_rate
from systems.training.judging.modes import modes_at


@pytest.mark.parametrize("change", [0.01, -0.02])
def test_the_crossing_of_a_sweep_lies_between_the_steps_around_it(change):
    """With F = -1 and a rate of 0.1 the state is 1 - t / 10 after t steps: 0.55 after 4.5 of them."""
    field = Field.of(Problem.from_expressions({"x": "-1 + 0*x*p"}, {"p": 0.0}), {"p": 0.0})
    start, row = np.array([1.0]), np.array([1.0])
    value, steps = kernels.swept(field.function, field.p.copy(), 0, change, 0.1, start, row, 0.55, 100)
    assert value == pytest.approx(4.5 * change, rel=1e-12)
    assert steps == 5


@pytest.mark.parametrize(("decay", "turn"), [(-0.5, 10.0), (-0.01, 2.0), (-3.0, 1.0)])
def test_the_usual_rate_lets_no_spiral_grow_that_decays(decay, turn):
    equations = {"x": f"{decay}*x - {turn}*y + p", "y": f"{turn}*x + {decay}*y"}
    problem = Problem.from_expressions(equations, {"p": 0.0})
    modes = modes_at(problem, np.zeros(2), np.zeros(1))
    value = complex(decay, turn)
    assert_allclose(modes.values, [value], rtol=1e-12)
    rate = usual_rate(modes)
    assert rate > 0
    assert abs(1 + rate * value) < 1
    assert rate <= 0.26 / abs(value) * (1 + 1e-12)
