"""Problems made from others can be sent to other processes: made anew there, they trace the same."""

import pickle

import pytest
from numpy.testing import assert_array_equal

from continuation import Problem, trace


def made_of_others():
    pair = {"x": "mu - x**2", "y": "x - 2*y"}
    sirs = {"S": "-2*S*I + R", "I": "2*S*I - I", "R": "I - R"}
    two = {"x": "mu - x**3 + y - x", "y": "mu - y**3 + x - y"}
    massive = Problem.from_expressions(two, {"mu": 1.0}, mass={"x": 2.0, "y": 2.0}, symmetries=[("y", "x")])
    yield "singular mass", Problem.from_expressions(pair, {"mu": 1.0}, mass={"y": 0}), [1.0, 0.5]
    yield "restricted, with mass", massive.restricted([("y", "x")]), [1.0, 1.0]
    yield "reduced", Problem.from_expressions(sirs, {}).reduced(totals={"mu": 1.0}), [0.2, 0.2]


@pytest.mark.parametrize(("problem", "guess"), [pytest.param(*case, id=name) for name, *case in made_of_others()])
def test_problems_made_of_others_go_to_other_processes(problem, guess):
    other = pickle.loads(pickle.dumps(problem))  # noqa: S301, our own
    assert other.compiled
    start = problem.solve(guess)
    branch, same = (trace(one, start, "mu", (0.8, 1.5)) for one in (problem, other))
    assert_array_equal(branch.states, same.states)
    assert str(branch) == str(same)
