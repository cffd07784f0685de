"""Lines of solutions at one value of the parameter: no folds, named for what they are."""

import numpy as np
import pytest

from continuation import Kind, Problem, Settings, Status, switch, trace
from continuation.results.level_pieces import is_rounding

NETWORK = {"u": "-(u*v*w - 1)*v*w - g*u", "v": "-(u*v*w - 1)*u*w - g*v", "w": "-(u*v*w - 1)*u*v - g*w"}
LOAD_FLOW = {"th": "-lam*P - V*E/X*sin(th)", "V": "-lam*Q - V**2/X + V*E/X*cos(th)"}


def kinds(branch):
    return [point.kind.label for point in branch.special if point.kind is not Kind.END]


def test_axes_of_a_linear_network_without_weight_decay_have_no_folds():
    problem = Problem.from_expressions(NETWORK, {"g": 0.05}, symmetric=True)
    branch = trace(problem, [0.95] * 3, "g", (0, 1))
    assert kinds(branch) == ["BP", "LP", "BP"]
    assert branch["LP1"]["g"] == pytest.approx(0.75 * 0.25 ** (1 / 3), rel=1e-12)
    for start in switch(problem, branch["BP2"])[:2]:
        side = trace(problem, start, "g", (0, 1), settings=Settings(max_points=60))
        assert kinds(side) == ["BP"]
        assert np.max(np.abs(side["g"])) < 1e-15
        assert set(side.unstable) == {1}
        assert set(side.nullity[1:]) == {1}
        assert [str(remark) for remark in side.remarks] == [
            f"g does not change from row 0 to row {len(side) - 1}: a line of solutions, no fold"
        ]


def test_a_load_flow_ends_where_the_line_without_voltage_crosses():
    problem = Problem.from_expressions(LOAD_FLOW, {"lam": 0, "P": 1, "Q": 0.4, "E": 1, "X": 0.3}, stability=None)
    branch = trace(problem, [0.0, 1.0], "lam", (0, 5))
    assert kinds(branch) == ["LP", "BP"]
    nose = max(np.roots([4 * 0.16 * 0.09 - 4 * 0.09 * 1.16, -4 * 0.4 * 0.3, 1]))
    assert branch["LP1"]["lam"] == pytest.approx(nose, rel=1e-12)
    assert branch["BP1"]["th"] == pytest.approx(-np.arctan(2.5), abs=1e-9)
    assert (branch["BP1"]["lam"], branch["BP1"]["V"]) == pytest.approx((0.0, 0.0), abs=1e-9)
    assert branch.ends == (Status.LIMIT, Status.LIMIT)


def circle(u, p, out):  # equilibria on a bent circle at p = 0, no matter where
    distance = u[0] * u[0] + (u[1] - 0.3 * u[0] * u[0]) ** 2 - 1.0
    out[0] = 1.3 * distance - 0.4 * p[0] * (2.0 + u[0])
    out[1] = p[0] * (2.0 + u[0]) - 0.7 * distance


@pytest.mark.parametrize("h", [0.05, 0.2])
def test_a_bent_line_has_no_folds(h):
    branch = trace(
        Problem(circle, ("x", "y"), {"p": 0.0}), [1.0, 0.3], "p", (-1, 1), settings=Settings(step=h, max_step=h)
    )
    assert kinds(branch) == []
    assert branch.ends == (Status.CLOSED, Status.CLOSED)
    assert [str(remark) for remark in branch.remarks] == [
        f"p does not change from row 0 to row {len(branch) - 1}: a line of solutions, no fold"
    ]


@pytest.mark.parametrize("power", [2, 4, 6])
@pytest.mark.parametrize("scale", [1.0, 1e-6])
def test_flat_folds_are_no_lines(power, scale):
    problem = Problem.from_expressions({"x": f"p - {scale}*x**{power}"}, {"p": scale})
    branch = trace(problem, [1.0], "p", (-1, scale), settings=Settings(step=0.01, max_step=0.01))
    assert kinds(branch) == ["LP"]
    assert branch.remarks == () or power > 2


def test_a_start_on_a_fold_is_one_and_a_start_on_a_line_is_none():
    fold = trace(Problem.from_expressions({"x": "p - x**2"}, {"p": 0.0}), [0.0], "p", (-1, 1))
    assert kinds(fold) == ["LP"]
    line = trace(
        Problem.from_expressions({"x": "p*(1 + x**2)"}, {"p": 0.0}),
        [0.5],
        "p",
        (-1, 1),
        settings=Settings(max_points=50),
    )
    assert kinds(line) == []


def test_changes_that_tangents_know_of_are_no_rounding():
    steps = np.array([1e-9, 3e-9, 2e-9])
    assert not is_rounding(steps, 0.6 * steps, 0.0)
    assert is_rounding(1e-4 * steps, steps, 0.0)
    assert is_rounding(steps, 1e-4 * steps, 0.0)
    assert is_rounding(np.zeros(3), np.zeros(3), 1.0)
