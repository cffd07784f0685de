"""The centre manifold in normal form satisfies its invariance equation to the order it was computed."""

import itertools
import math

import numpy as np
import pytest

from continuation import Problem
from continuation.equations.derivatives import evaluate
from continuation.kinds.normal_forms.centre_manifold import Critical, Reduction, partitions, splits
from continuation.kinds.normal_forms.hopf_forms import conjugates
from continuation.kinds.normal_forms.linear_part import Local, bordered_solution, sign_of

TERMS = {
    "z": "0.5*z**2 - 0.3*x*y + 0.8*x**2 + 0.4*z*s + 0.2*z**3 - 0.7*s*x*z + 0.3*x**4",
    "x": "-1.7*y + 0.6*z*x - 0.4*z*y + 0.3*x**2 + s*y - 0.5*x**2*y + 0.2*z**4",
    "y": "1.7*x + 0.2*z*y + 0.9*z*x - 0.2*y**2 + s*x*z + 0.1*y**3 - 0.6*z**2*x**2",
    "s": "-0.9*s + 0.7*z**2 - 0.5*x*y + 0.3*s*z + 0.4*x**3 - z*x*y",
}


def several(kind):
    """Local part, critical directions: one zero and one pair, or two zeros."""
    if kind == "zero and pair":
        equations = TERMS
    else:
        equations = {**TERMS, "x": TERMS["x"].removeprefix("-1.7*y + "), "y": TERMS["y"].replace("1.7*x", "-1.3*y")}
    problem = Problem.from_expressions(equations, {"mu": 0.0}, compiled=False)
    local = Local(problem, np.zeros(4), np.zeros(1), [0])
    if kind == "zero and pair":
        kernel = local.kernel()
        return local, [Critical(0.0, kernel.right[0], kernel.left[0], 0), *conjugates(local.pairs(1), 1)]
    kernel = local.kernel(2)
    return local, [Critical(0.0, kernel.right[i], kernel.left[i], i) for i in range(2)]


def series(reduction, order, w):
    """H and its derivatives by the amplitudes, and w', at amplitudes w."""
    m, n = len(w), len(reduction.jacobian)
    point, slopes = np.zeros(n, complex), np.zeros((n, m), complex)
    flow = np.array([v.value for v in reduction.variables]) * w
    for size in range(1, order + 1):
        for index in itertools.combinations_with_replacement(range(m), size):
            powers = [index.count(i) for i in range(m)]
            weight = 1 / math.prod(math.factorial(k) for k in powers)
            h = reduction.manifold(*index)
            point += weight * h * np.prod(w**powers)
            for i in np.flatnonzero(powers):
                lower = np.array(powers) - np.eye(m, dtype=int)[i]
                slopes[:, i] += weight * powers[i] * h * np.prod(w**lower)
            for i in reduction.resonant(index) if size > 1 else ():
                flow[i] += weight * reduction.coefficient(i, *index) * np.prod(w**powers)
    return point, slopes, flow


@pytest.mark.parametrize("kind", ["zero and pair", "two zeros"])
@pytest.mark.parametrize("order", [2, 3, 4, 5])
def test_invariance_holds_to_the_order(kind, order):
    local, variables = several(kind)
    reduction = Reduction(local, variables)
    w = np.array([0.7, 0.4 + 0.5j, 0.4 - 0.5j] if len(variables) == 3 else [0.7, -0.6], complex)
    defects = []
    for size in (0.02, 0.01):
        point, slopes, flow = series(reduction, order, size * w)
        assert np.max(np.abs(point.imag)) < 1e-15
        defects.append(np.max(np.abs(evaluate(local.problem, point.real, local.p) - slopes @ flow)))
    assert np.log2(defects[0] / defects[1]) == pytest.approx(order + 1, abs=0.3)


def test_parts_of_a_monomial_are_counted():
    """The terms of the fifth-order coefficient as Kuznetsov (1999) writes them: 15 kinds, 51 partitions."""
    found = dict(partitions((0, 0, 0, 1, 1)))
    assert (len(found), sum(found.values())) == (15, 51)
    assert found[(0,), (0, 0), (1, 1)] == 3
    assert found[(0,), (0, 1), (0, 1)] == 6
    assert found[(0, 0, 1), (0, 1)] == 6
    assert sum(count for _, _, count in splits((0, 0, 0, 1))) == 2**4 - 1 - 4 - 1


def test_singular_systems_have_no_solution():
    assert np.all(np.isnan(bordered_solution(np.zeros((2, 2)), [], [], np.ones(2))))
    assert [sign_of(v, 1e-3) for v in (np.nan, np.inf, 1e-3, -2e-3, 1.0)] == [0, 0, 0, -1, 1]
