"""Hopf points with several equal pairs: located, counted, told apart from pairs that only come near."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation import Kind, Problem, trace


def cells(n, coupling, parameters, **options):
    """n Brusselators (A, B), coupled by `coupling(i, c)`, the text added to the equation of c in {x, y} of cell i."""
    texts = {}
    for i in range(n):
        texts[f"x{i}"] = f"A - (B + 1)*x{i} + x{i}**2*y{i} + {coupling(i, 'x')}"
        texts[f"y{i}"] = f"B*x{i} - x{i}**2*y{i} + {coupling(i, 'y')}"
    return Problem.from_expressions(texts, parameters, **options)


def all_to_all(n, rates):
    return lambda i, c: f"({rates[c]})*({' + '.join(f'{c}{j}' for j in range(n))} - {n}*{c}{i})"


def ring(n, rates):
    return lambda i, c: f"({rates[c]})*({c}{(i - 1) % n} + {c}{(i + 1) % n} - 2*{c}{i})"


def hopf_points(branch):
    return [point for point in branch.special if point.kind is Kind.HOPF]


@pytest.mark.parametrize("n", [3, 4, 6])
def test_equal_pairs_of_cells_coupled_all_to_all(n):
    """n - 1 pairs where the trace B - 1 - A**2 - n (a + b) lam of their block vanishes."""
    rates = {"x": "lam/500", "y": "lam/100"}
    problem = cells(n, all_to_all(n, rates), {"A": 2.0, "B": 5.7, "lam": 1.0})
    branch = trace(problem, [2.0, 2.85] * n, "lam", (1, 58.33 * 2.5 / n))
    (point,) = hopf_points(branch)
    assert point.located
    assert_allclose(point["lam"], 0.7 / (n * 0.012), rtol=1e-12)
    assert point.normal_form["multiplicity"] == n - 1
    assert not {"l1", "criticality"} & set(point.normal_form)
    assert_allclose(point.normal_form["speed"], -n * 0.012 / 2, rtol=1e-9)
    assert f"{n - 1} equal pairs" in str(branch)
    ordinary = [row for row in range(len(branch)) if row not in {p.index for p in branch.special}]
    counts = [np.sum(branch.eigenvalues[row].real > 0) for row in ordinary]
    assert_allclose(branch.unstable[ordinary], counts)
    assert branch.effort["steps"] < 40


def test_two_pairs_on_a_ring_of_five():
    """B = 2 - 11 d (2 cos(2 pi k/5) - 2) for k = 1, 2; the pair of k = 0 is simple."""
    problem = cells(5, ring(5, {"x": "d", "y": "10*d"}), {"A": 1.0, "B": 1.0, "d": -0.01})
    branch = trace(problem, [1.0] * 10, "B", (0.5, 4))
    kappas = 2 * np.cos(2 * np.pi * np.array([2, 1, 0]) / 5) - 2
    assert_allclose([point["B"] for point in hopf_points(branch)], 2 + 0.11 * kappas, rtol=1e-11)
    assert [point.normal_form["multiplicity"] for point in hopf_points(branch)] == [2, 2, 1]
    assert [point.unstable for point in hopf_points(branch)] == [0, 4, 8]
    assert hopf_points(branch)[2].normal_form["criticality"] == "supercritical"


@pytest.mark.parametrize("gap", [1e-2, 1e-3, 1e-5])
def test_pairs_that_cross_one_after_the_other_are_two_points(gap):
    texts = {"x": "mu*x - y", "y": "x + mu*y", "z": f"(mu - {gap})*z - w", "w": f"z + (mu - {gap})*w"}
    branch = trace(Problem.from_expressions(texts, {"mu": -1.0}), [0.0] * 4, "mu", (-1, 1.1))
    assert_allclose([point["mu"] for point in hopf_points(branch)], [0.0, gap], atol=1e-11)
    assert [point.normal_form["multiplicity"] for point in hopf_points(branch)] == [1, 1]


def test_pairs_of_other_frequencies_at_the_same_place_are_said():
    texts = {"x": "mu*x - y - x**3", "y": "x + mu*y", "z": "mu*z - 3*w", "w": "3*z + mu*w - w**3"}
    branch = trace(Problem.from_expressions(texts, {"mu": -1.0}), [0.0] * 4, "mu", (-1, 1.1))
    points = hopf_points(branch)
    assert_allclose([point["mu"] for point in points], 0.0, atol=1e-12)
    form = points[0].normal_form
    assert form["multiplicity"] == 1
    assert sorted([form["omega"], *(omega for omega, _ in form["others"])]) == pytest.approx([1.0, 3.0])
    assert branch.effort["probes"] < 20


def test_equal_pairs_that_a_jordan_chain_joins_are_said():
    texts = {"x": "mu*x - y + z", "y": "x + mu*y + w", "z": "mu*z - w", "w": "z + mu*w"}
    problem = Problem.from_expressions(texts, {"mu": -1.0})
    from continuation.kinds.normal_forms.coefficients import normal_form

    found = normal_form(problem, Kind.HOPF, [0.0] * 4, {"mu": 0.0}, "mu")
    assert (found["multiplicity"], found["degenerate"]) == (2, "the equal pairs are not semisimple")
