"""Which steps `Branch.certify` vouches for: those of one curve, none that jumps, none over a branch point."""

import re
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation import Branch, Problem, Settings, switch, trace
from continuation.compiled.calls.kernel import kernel
from continuation.compiled.matrices import linalg
from continuation.engine.certifying import certify, factors, step_tubes, unvouched
from continuation.orbits.profiles.layout import ProfileLayout
from systems import textbook

SHEETS = {  # what vanishes on sheets a gap g apart, by the distance from the first of them, and how many jumps to try
    "two": "({d})*({d} - g)",
    "three": "({d})*({d} - g)*({d} - 2*g)",
    "many": "sin(({d})*pi/g)",
}


def sheet(name, g, k, **options):
    """Sheet number k of a family, one curve p -> (sin(3 p) + k g, p)."""
    problem = Problem.from_expressions({"x": SHEETS[name].format(d="x - sin(3*p)")}, {"p": -1.0, "g": g}, name=name)
    return trace(problem, [np.sin(-3.0) + k * g], "p", (-1, 1), settings=Settings(**options))


def spliced(first, second, k, j):
    """The rows of one branch up to k, then those of another from j on."""
    special = (first.special[0],)
    return Branch.of(first.along(lambda a, b: np.concatenate([a[: k + 1], b[j:]]), second, special=special, start=0))


def joins(branch, a, b):
    """Whether all steps from one row of unknowns to another are vouched for."""
    low, high = (int(np.flatnonzero(np.all(branch.unknowns == x, axis=1))[-1]) for x in (a, b))
    return bool(np.all(branch["connected"][low + 1 : high + 1] == 1))


@pytest.mark.parametrize("name", ["cusp", "circle"])
def test_all_steps_of_a_simple_curve_are_vouched_for(name):
    problem, start, vary, span = {
        "cusp": (textbook.cusp(), [-1.0], "mu", (-1.0, 1.0)),
        "circle": (textbook.circle(), [1.0], "p", (-2.0, 2.0)),
    }[name]
    branch = trace(problem, start, vary, span)
    assert np.all(branch["radius"] == -1)
    assert np.all(branch["connected"] == -1)
    certified = branch.certify()
    assert certified["connected"][0] == -1
    assert np.all(certified["connected"][1:] == 1)
    assert len(certified) == len(branch)
    assert np.array_equal(certified.unknowns, branch.unknowns)
    assert np.all(certified["radius"] > 0.01)
    assert not certified.unvouched
    assert f"certified: {len(branch) - 1} of {len(branch) - 1} steps" in str(certified)


def test_no_other_solution_lies_within_the_radius():
    for g in (0.1, 1e-3, 1e-6):
        radius = sheet("two", g, 0).certify()["radius"]
        assert np.all(radius < g)
        assert np.all(radius > 0.01 * g)


@pytest.mark.parametrize("name", SHEETS)
@pytest.mark.parametrize("g", [1e-2, 1e-3, 1e-4])
def test_a_jump_is_never_vouched_for(name, g, rng):
    options = {"max_step": 0.05, "step": min(0.05, g)}
    branches = [sheet(name, g, k, **options) for k in (0, 2 if name != "two" else 1)]
    for branch in branches:
        assert np.all(branch.certify(refine=False)["connected"][1:] == 1)
    for refine in [False] * 12 + [True] * 3:
        a, b = rng.permutation(2)
        first, second = branches[a], branches[b]
        k = int(rng.integers(1, len(first) - 8))
        length = rng.choice([0.5, 1.0, 2.0, 4.0]) * (first["p"][k + 1] - first["p"][k])
        j = int(np.argmin(np.abs(second["p"] - first["p"][k] - length)))
        jump = spliced(first, second, k, j)
        certified = jump.certify(refine=refine)
        assert not joins(certified, first.unknowns[k], second.unknowns[j])
        assert any(jump.certify(refine=False)["connected"][1:] == 0)
        assert certified.unvouched


def test_a_jump_across_the_parameter_at_the_same_value_is_refused():
    first, second = (sheet("three", 0.1, k, max_step=0.05) for k in (0, 2))
    k = len(first) // 2
    (x,) = second.at(p=float(first["p"][k]))
    rows = second.along(lambda a: a[:1].copy())
    rows.unknowns.flags.writeable = True
    rows.unknowns[0] = np.append(x.state, first["p"][k])
    certified = spliced(first, rows, k, 0).certify()
    assert certified["connected"][-1] == 0
    assert "across the branch" in certified.unvouched[-1].text


@pytest.mark.parametrize("g", [1e-1, 1e-3, 1e-6])
def test_near_crossings_are_gone_round_with_every_step_vouched_for(g):
    problem = Problem.from_expressions({"x": "x**2 - p**2 - g**2"}, {"p": -1.0, "g": g})
    branch = trace(problem, [np.hypot(1.0, g)], "p", (-1, 1)).certify()
    assert np.all(branch["connected"][1:] == 1)
    assert not branch.unvouched
    assert np.min(branch["radius"]) < 2 * g


def test_steps_over_a_branch_point_are_named_and_all_but_a_little_is_looked_at():
    trunk = trace(textbook.pitchfork(), [0.0], "p", (-1.0, 1.0))
    certified, at = trunk.certify(), trunk["BP1"].index
    assert certified["radius"][at] == 0
    assert certified["radius"][at - 1] > 0
    assert np.flatnonzero(certified["connected"] == 0).tolist() == [at, at + 1]
    (remark,) = certified.unvouched
    assert remark.row == at - 1
    assert "over BP1, where branches meet; all but " in remark.text
    left, length = map(float, re.search("all but (.*) of their length (.*) is", remark.text).groups())
    assert left < 0.02 * length
    start = next(start for start in switch(trunk.problem, trunk["BP1"]) if not start.known)
    arm = trace(trunk.problem, start, "p", (-1.0, 1.0)).certify()
    assert np.flatnonzero(arm["connected"] == 0).tolist() == [1]
    assert "over BP1" in arm.unvouched[0].text


def test_rows_are_put_in_where_steps_are_too_long():
    text = "x + p**3 - 4*p + sin(8*p)"
    problem = Problem.from_expressions({"x": text}, {"p": -2.0}, outputs={"square": "x**2"})
    branch = trace(problem, [0.0], "p", (-3, 3), settings=Settings(max_step=2.0, step=2.0, max_angle=1.5))
    plain, certified = branch.certify(refine=False), branch.certify()
    assert np.any(plain["connected"] == 0)
    assert len(plain) == len(branch)
    assert np.all(certified["connected"][1:] == 1)
    assert len(branch) < len(certified) < len(branch) + 20
    p = certified["p"]
    assert_allclose(certified["x"], 4 * p - p**3 - np.sin(8 * p), atol=1e-8)
    assert_allclose(certified["square"], certified["x"] ** 2)
    assert certified.check()
    assert certified.certify().unvouched == ()
    assert [(q.label, q.kind) for q in certified.special] == [(q.label, q.kind) for q in branch.special]
    for point in certified.special:
        assert_allclose(certified.unknowns[point.index, :1], point.state)
    assert np.all(np.isin(branch.unknowns[:, 0], certified.unknowns[:, 0]))
    assert certified.start == np.flatnonzero(certified.unknowns[:, 0] == branch.unknowns[branch.start, 0])[0]


def test_functions_in_plain_python_compiled_and_text_give_the_same():
    def f(u, p, out):
        out[0] = p[0] + u[0] - u[0] ** 3

    made = [Problem(f, ["x"], {"mu": 0.0}, compiled=compiled) for compiled in (True, False)]
    made.append(Problem.from_expressions({"x": "mu + x - x**3"}, {"mu": 0.0}))
    radii = [trace(problem, [-1.0], "mu", (-1, 1)).certify()["radius"] for problem in made]
    assert_allclose(radii[0], radii[2], rtol=1e-4)
    assert_allclose(radii[1], radii[2], rtol=1e-4)


def test_units_of_states_and_parameter_change_nothing():
    def at(x, p):
        problem = Problem.from_expressions(
            {"x": "(mu/m + x/s - (x/s)**3)*1e7"}, {"mu": 0.0, "s": x, "m": p}, scales={"x": x, "mu": p}
        )
        return trace(problem, [-1.0 * x], "mu", (-p, p)).certify()

    small, usual = at(1e-9, 1e6), at(1.0, 1.0)
    assert np.all(small["connected"][1:] == 1)
    assert_allclose(small["radius"], usual["radius"], rtol=1e-3)


def test_exponential_tails_are_told_apart_in_the_parameter():
    problem = Problem.from_expressions({"x": "p - exp(2*x)", "y": "exp(2*x)*(y - x) + p*(y - 1)"}, {"p": 1.0})
    branch = trace(problem, problem.solve([0.0, 0.5]), "p", (1e-12, 3)).certify()
    assert np.all(branch["connected"][1:] == 1)
    assert np.min(branch["radius"]) < 1e-10


def test_curves_in_two_parameters_and_restricted_problems():
    branch = trace(textbook.cusp(), [-1.0], "mu", (-1.0, 1.0))
    folds = trace(branch.problem, branch["LP1"], ("mu", "nu"), {"mu": (-1.0, 1.0)}).certify()
    assert np.mean(folds["connected"][1:] == 1) > 0.9


@pytest.mark.parametrize("n", [20, 40])
def test_many_states(n):
    branch = trace(textbook.bratu(n), np.zeros(n), "lam", (0.0, 4.0), settings=Settings(max_points=60)).certify()
    assert np.all(branch["connected"][1:] == 1)
    assert branch.folds


@kernel
def both(lapack, a, pivots, ints, b, d, x):
    """Factors of a, both solutions in the rows of b, and the norm of ``a**-1 d``."""
    done = factors.factor(lapack, a, pivots, ints)
    factors.solve(lapack, a, pivots, ints, b[0])
    factors.solve_transposed(lapack, a, pivots, ints, b[1])
    return done, factors.norm_of_quotient(lapack, a, pivots, ints, d, x[0], x[1])


@pytest.mark.parametrize("n", [3, 12, 40])
def test_factors_solve_both_ways_and_know_norms(n, rng):
    a, d, b = rng.normal(size=(n, n)), rng.normal(size=(n, n)), rng.normal(size=(2, n))
    x, given = b.copy(), a.copy()
    pivots, ints = np.zeros(n, np.int32), np.zeros(8, np.int32)
    done, norm = both(linalg.lapack_table(), given, pivots, ints, x, d, np.zeros((2, n)))
    assert done
    assert_allclose(a @ x[0], b[0], atol=1e-9)
    assert_allclose(a.T @ x[1], b[1], atol=1e-9)
    exact = np.linalg.norm(np.linalg.solve(a, d), 2)
    assert 0.8 * exact <= norm <= exact * (1 + 1e-9)


def test_what_can_not_be_certified_says_so():
    branch = trace(textbook.cusp(), [-1.0], "mu", (-1.0, 1.0))
    with pytest.raises(ValueError, match=r"certify: .* got periodic orbits"):
        replace(branch, layout=ProfileLayout(("x",), 10, 4)).certify()
    with pytest.raises(ValueError, match="refine: wanted True or False"):
        branch.certify(refine="yes")
    with pytest.raises(ValueError, match="without its problem"):
        replace(branch, problem=None).certify()
    assert np.all(replace(branch, problem=None).certify(textbook.cusp())["connected"][1:] == 1)


def test_rows_that_differ_by_rounding_are_one():
    branch = trace(textbook.cusp(), [-1.0], "mu", (-1.0, 1.0))
    twice = branch.along(lambda a: np.insert(a, 7, a[7], axis=0), special=(), start=0)
    certified = Branch.of(twice).certify()
    assert np.all(certified["connected"][1:] == 1)
    assert len(certified) == len(branch) + 1


def test_equations_that_end_are_certified_up_to_their_end():
    problem = Problem.from_expressions({"x": "x - sqrt(p)"}, {"p": 1.0})
    branch = trace(problem, [1.0], "p", (0.0, 2.0))
    certified = branch.certify()
    assert np.all(certified["connected"][2:] == 1)


def test_rows_beside_which_equations_have_no_value_are_not_called_singular():
    branch = trace(textbook.cusp(), [-1.0], "mu", (-1.0, 1.0)).certify()
    steps = certify.Steps(np.zeros(len(branch) - 1, int), np.ones(len(branch) - 1), np.zeros(len(branch) - 1))
    rows = np.zeros(len(branch), int)
    rows[3] = steps.codes[2] = step_tubes.UNKNOWN
    (remark,) = unvouched.remarks_on_steps(branch, steps, rows, False)
    assert "could not be evaluated" in str(remark)
    rows[3] = step_tubes.CHANGES
    (remark,) = unvouched.remarks_on_steps(branch, steps, rows, False)
    assert "singular to rounding" in str(remark)


def test_a_budget_of_rows_that_is_spent_is_told(monkeypatch):
    monkeypatch.setattr(certify, "GROWTH", 0)
    monkeypatch.setattr(certify, "LEAST_ROWS", 1)
    problem = Problem.from_expressions({"x": "x + p**3 - 4*p + sin(8*p)"}, {"p": -2.0})
    branch = trace(problem, [0.0], "p", (-3, 3), settings=Settings(max_step=2.0, step=2.0, max_angle=1.5))
    certified = branch.certify()
    assert len(certified) == len(branch) + 1
    assert "more rows than were put in" in str(certified.unvouched[-1])
