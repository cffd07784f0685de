"""Nothing found depends on the units of the equations: a system times 1e-12 has the same special points."""

import numpy as np
import pytest

from continuation import Kind, Problem, Settings, trace

SCALES = pytest.mark.parametrize("scale", [1.0, 1e-6, 1e-12, 1e9])
ONE_STEP = Settings(step=0.2, max_step=0.2)


def found(branch):
    """Labels and parameters of the special points."""
    return [(p.label, p["p"]) for p in branch.special if p.kind is not Kind.END]


@SCALES
@pytest.mark.parametrize(
    ("equations", "label"),
    [({"x": "p*x - x**3", "y": "-y"}, "BP1"), ({"x": "p*x - y", "y": "x + p*y"}, "HB1")],
)
def test_a_point_in_the_first_step_is_found_at_every_scale(equations, label, scale):
    problem = Problem.from_expressions({name: f"{scale!r}*({f})" for name, f in equations.items()}, {"p": -0.1})
    branch = trace(problem, [0.0, 0.0], "p", (-0.1, 1.0), settings=ONE_STEP)
    assert [name for name, _ in found(branch)] == [label]
    assert found(branch)[0][1] == pytest.approx(0.0, abs=1e-12)


@SCALES
@pytest.mark.parametrize("zero", [0.1, 0.0])
def test_a_user_zero_in_the_first_step_or_at_the_start(zero, scale):
    problem = Problem.from_expressions({"x": "p - x"}, {"p": 0.0}, zeros={"z": f"{scale!r}*(x - {zero!r})"})
    branch = trace(problem, [0.0], "p", (0.0, 1.0), settings=ONE_STEP)
    assert [name for name, _ in found(branch)] == ["UZ1"]
    assert found(branch)[0][1] == pytest.approx(zero, abs=1e-12)


@SCALES
def test_a_wrong_jacobian_is_seen_at_every_scale(scale):
    def f(u, p, out):
        out[0] = scale * (p[0] - u[0] ** 2)

    def jacobian(factor):
        def entry(u, p, out):
            out[0, 0] = -factor * scale * 2 * u[0]

        return entry

    right, wrong = (Problem(f, ["x"], {"p": 1.0}, jacobian=jacobian(k), compiled=False) for k in (1.0, 1.01))
    assert right.check(np.array([0.7])).ok
    assert not wrong.check(np.array([0.7])).ok
