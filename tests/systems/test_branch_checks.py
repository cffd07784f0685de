"""Gradient descent as judge: rates, basins, sweeps, gauge; and what must fail does."""

import dataclasses

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation import Problem, trace
from systems import textbook
from systems.atmosphere import lorenz84
from systems.characteristic import characteristic_equation
from systems.factorization import balance, balanced_point, factorization
from systems.linear_networks import deep_linear_network, fold_point, scalar_network
from systems.regression import balance as regression_balance
from systems.regression import critical_decay, overparameterized_regression, scalar_fold, scalar_regression
from systems.training import kernels
from systems.training.descent import Field
from systems.training.judging.branch_checks import check_branch
from systems.training.judging.sweeps import OMEGA0, sweep_through


def network_branch(depth=3, low=0.02):
    return trace(scalar_network(depth, 1.0), [1.0], "lam", (low, 1.0), parameters={"lam": low})


def test_a_network_of_depth_three():
    check = check_branch(network_branch(), points=24)
    assert check.passed
    assert check.judged == 24
    assert check.worst < 2e-5
    stable = [point for point in check.points if point.unstable == 0]
    assert all(point.attracted and point.random.error < 1e-2 for point in stable)
    saddle = next(point for point in check.points if point.unstable == 1)
    ends = sorted(end.state[0] for end in saddle.destinations)
    upper = scalar_network(3, 1.0).solve([1.0], {"lam": saddle.parameter})["a"]
    assert_allclose(ends, [0, upper], atol=1e-6)


def test_the_rate_is_not_the_eigenvalue_times_eta():
    check = check_branch(network_branch(), points=4, sweeps=False)
    rate = check.points[0].rates[0]
    eta = 0.26 / abs(rate.value)
    assert abs(rate.measured - eta * rate.value.real) / abs(rate.measured) > 0.1


def test_the_sweep_recovers_the_fold():
    branch = network_branch()
    sweep = sweep_through(branch, branch.folds[0], rates=np.logspace(-6, -4, 9))
    assert_allclose(sweep.fold, 0.4724703937105774, rtol=1e-12)
    assert abs(sweep.fitted - sweep.fold) < 1e-4
    fold = fold_point(3, 1.0)
    a, b = abs(2 - 20 * fold.a**3) / 2, fold.a  # g = a^2 (1 - a^3) - lam a
    assert_allclose(OMEGA0, 2.338107410, atol=5e-10)
    assert_allclose(sweep.predicted, OMEGA0 * (a * b) ** (-1 / 3), rtol=1e-8)
    assert_allclose(sweep.delay, sweep.predicted, rtol=0.05)
    assert sweep.passed
    assert not dataclasses.replace(sweep, fitted=sweep.fitted + 2e-4).passed


@pytest.mark.parametrize(("depth", "target"), [(4, 1.0), (5, 0.2), (10, 1.0), (20, 3.0)])
def test_sweeps_of_deeper_networks_are_as_good(depth, target):
    """Where a^N bends within a fraction 1/N of a, the natural units are smaller than the state."""
    fold = fold_point(depth, target)
    begin = {"lam": 0.1 * fold.lam}
    problem = scalar_network(depth, target)
    branch = trace(problem, [target ** (1 / depth)], "lam", (0.1 * fold.lam, 2 * fold.lam), parameters=begin)
    sweep = sweep_through(branch, branch.folds[0])
    assert_allclose(sweep.fitted, fold.lam, rtol=1e-5)
    assert_allclose(sweep.delay, sweep.predicted, rtol=0.05)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_the_sweep_does_not_mind_units(scale):
    """x' = scale (p - (x - 1)^2): the same fold, whatever the unit of time."""
    problem = Problem.from_expressions({"x": f"{scale}*(p - (x - 1)**2)"}, {"p": 1.0})
    branch = trace(problem, [1.9], "p", (-0.5, 1.5))
    check = check_branch(branch, points=6)
    assert check.passed
    assert_allclose(check.sweeps[0].fitted, 0, atol=1e-4)
    assert_allclose(check.sweeps[0].predicted * scale ** (2 / 3), -OMEGA0, rtol=1e-6)


@pytest.mark.parametrize("scale", [1e-9, 1e9])
@pytest.mark.parametrize("size", [1e-3, 1e3])
def test_checks_do_not_mind_the_size_of_equations_and_states(scale, size):
    equations = {"x": f"{scale}*(p - (x/{size} - 1)**2)", "y": f"-2*{scale}*(y/{size} - 1)"}
    problem = Problem.from_expressions(equations, {"p": 1.0}, weights=[size**-2, size**-2, 1])
    branch = trace(problem, [1.9 * size, size], "p", (-0.5, 1.5))
    check = check_branch(branch, points=6)
    assert check.passed
    assert check.judged == 6
    assert check.worst < 2e-5
    assert abs(check.sweeps[0].fitted) < 1e-5


def test_nothing_jumps_back():
    """From zero no decay, however small, brings the network of depth three back."""
    field = Field.of(scalar_network(3, 1.0), {"lam": 0.6})
    start, row = np.array([1e-3]), np.array([-1.0])
    end, steps = kernels.swept(field.function, field.p, 0, -1e-5, 0.1, start, row, -0.3, 60_000)
    assert np.isnan(end)
    assert steps == 60_000


@pytest.mark.parametrize("right", [True, False])
def test_law_of_one_step_along_a_branch(right):
    """I1 holds to rounding for U'U - V'V, and not for U'U - 2 V'V."""
    M = np.diag([3.0, 2.0, 1.0])
    problem, point = factorization(M, 2, gauge=True), balanced_point(M, 2, [0, 1], 0.2)
    branch = trace(problem.isolated(point.state), point.state, "lam", (0.1, 0.8), parameters={"lam": 0.2})
    kept = balance(M, 2)

    def other(u):
        return kept(u) - np.ravel(u.reshape(-1, 2)[3:].T @ u.reshape(-1, 2)[3:])

    check = check_branch(branch, points=4, balance=kept if right else other)
    assert check.passed == right
    assert (check.law < 1e-14) == right
    assert "law of one step" in check.table()


def test_the_law_is_not_asked_of_descents_that_run_away(rng):
    """Beside zero, l_4 regression is flat, and the rate that suits it diverges further out."""
    X, y = rng.normal(size=(12, 2)), rng.normal(size=12)
    problem, critical = overparameterized_regression(X, y, 4.0), critical_decay(X, y, 4.0)
    begin = {"lam": 0.4 * critical}
    branch = trace(problem, np.zeros(3), "lam", (0.3 * critical, 2 * critical), parameters=begin)
    assert check_branch(branch, points=12, balance=regression_balance, seed=1).law < 1e-13


def test_a_saddle_that_sends_everything_to_infinity():
    """x' = p x + x^3 beyond p = 0: both signs diverge, without a warning."""
    branch = trace(textbook.pitchfork(False), [0.0], "p", (-1.0, 1.0))
    last = check_branch(branch, points=3).points[-1]
    assert last.passed
    assert [end.status.name for end in last.destinations] == ["DIVERGED"] * 2


def test_gauge_directions_are_projected_out():
    M = np.diag([3.0, 2.0, 1.0])
    problem = factorization(M, 2, gauge=True)
    point = balanced_point(M, 2, [0, 2], 0.2)
    branch = trace(problem.isolated(point.state), point.state, "lam", (0.1, 0.8), parameters={"lam": 0.2})
    check = check_branch(branch, points=6)
    assert check.passed
    assert {p.gauge for p in check.points} == {1}
    assert {p.unstable for p in check.points} == {1}


def test_a_matrix_network_and_its_sweep():
    problem = deep_linear_network([2, 2, 2, 2], np.diag([1.0, 0.8]), gauge=True)
    a = [scalar_network(3, s).solve([1.0], {"lam": 0.1})["a"] for s in (1.0, 0.8)]
    start = np.tile(np.diag(a).ravel(), 3)
    branch = trace(problem.isolated(start), start, "lam", (0.05, 0.5), parameters={"lam": 0.1})
    check = check_branch(branch, points=6)
    assert check.passed
    assert {p.gauge for p in check.points} == {2}
    assert_allclose(check.sweeps[0].fitted, fold_point(3, 0.8).lam, atol=1e-4)


def test_regression_and_its_sweep():
    problem, fold = scalar_regression(3, 1.0, 4.0), scalar_fold(3, 1.0, 4.0)
    start = problem.solve([0.9], {"lam": 0.3 * fold.lam})
    branch = trace(problem, start, "lam", (0.2 * fold.lam, 2 * fold.lam), parameters={"lam": 0.3 * fold.lam})
    check = check_branch(branch, points=12)
    assert check.passed
    assert len(check.sweeps) == 1


def test_pairs_of_complex_modes():
    branch = trace(textbook.hopf(), [0.0, 0.0], "mu", (-1.0, 1.0))
    check = check_branch(branch, points=9)
    assert check.passed
    assert {point.unstable for point in check.points} == {0, 2}


def test_slow_modes_beside_fast_unstable_ones_are_seen_while_they_are_pure():
    """At saddles of lorenz84 a stable mode is soon hidden by growing ones, which its own square feeds."""
    branch = trace(lorenz84(T=0.0), [0.5, 0.0, 0.0, 0.0], "F", (0.5, 2.5), parameters={"F": 0.5})
    check = check_branch(branch, points=6)
    assert check.passed
    assert check.worst < 2e-5
    assert {0, 3} <= {point.unstable for point in check.points}
    reasons = {rate.skipped for point in check.points for rate in point.rates if rate.skipped}
    assert reasons <= {"hidden by faster modes"}


def test_parallel_eigenvectors_are_not_measured():
    """The Brusselator with a = 1 has a Jordan block at b = 4: eigenvalues 1, 1 (or a close pair), one eigenvector."""
    branch = trace(textbook.brusselator(), [1.0, 1.0], "b", (0.5, 4.0))
    check = check_branch(branch, points=4)
    assert check.passed
    assert {rate.skipped for rate in check.points[-1].rates} == {"eigenvectors are nearly parallel"}
    assert check.points[-1].seen == 2


def test_weak_spirals_and_weak_saddles_are_left():
    """Just beyond Hopf points descent turns many times before it is gone; near onsets a saddle repels slowly."""
    problem = textbook.lorenz()
    start = problem.solve([3.0, 3.0, 4.0], {"rho": 5.0})
    branch = trace(problem, start, "rho", (1.2, 26.0), parameters={"rho": 5.0})
    last = check_branch(branch, points=2).points[-1]
    assert last.unstable == 2
    assert last.left
    problem = scalar_network(2, 1.0)
    zero = trace(problem, [0.0], "lam", (0.99, 1.2), parameters={"lam": 0.99})
    first = check_branch(zero, points=2).points[0]
    assert_allclose(sorted(abs(end.state[0]) for end in first.destinations), [0.1, 0.1], rtol=1e-6)


def test_a_wrong_jacobian_fails():
    """A Jacobian that is 1 % off predicts rates that descent does not show."""

    def residual(u, p, out):
        out[0] = p[0] - u[0] ** 2

    def jacobian(u, p, out):
        out[0, 0] = -2.02 * u[0]

    problem = Problem(residual, ["x"], {"mu": 1.0}, jacobian=jacobian)
    branch = trace(problem, [1.0], "mu", (0.5, 2.0))
    check = check_branch(branch, points=5)
    assert not check.passed
    assert "FAILED" in check.table()


def test_a_wrong_count_fails():
    branch = network_branch()
    wrong = dataclasses.replace(branch, unstable=1 - branch.unstable)
    check = check_branch(wrong, points=5, sweeps=False)
    assert not any(point.passed for point in check.points)


def test_table_and_picture(tmp_path):
    check = check_branch(network_branch(low=0.3), points=6)
    lines = check.table().splitlines()
    assert lines[-1] == "passed: True"
    assert sum("attracts" in line for line in lines) + sum("to (" in line for line in lines) == 6
    ax = check.plot(y="a")
    assert ax.get_ylim()[0] < 0  # where saddles send the iterates is seen
    ax.figure.savefig(tmp_path / "check.png")
    assert (tmp_path / "check.png").stat().st_size > 5000


def test_what_can_not_be_judged_is_refused():
    branch = trace(characteristic_equation([[2.0]]), [0.5], "lam", (0.0, 1.0))
    with pytest.raises(ValueError, match="wanted equilibria of a flow"):
        check_branch(branch)
    branch = network_branch()
    curve = dataclasses.replace(branch, vary=("lam", "other"))
    with pytest.raises(ValueError, match="traced in one parameter"):
        check_branch(curve)
    with pytest.raises(ValueError, match="branch: wanted one with its problem"):
        check_branch(dataclasses.replace(branch, problem=None))
    with pytest.raises(ValueError, match="points: wanted a whole number"):
        check_branch(branch, points=0)
    with pytest.raises(ValueError, match="fold: wanted one of branch.folds"):
        sweep_through(branch, branch.special[0])
    with pytest.raises(ValueError, match="rates: wanted at least three positive"):
        sweep_through(branch, branch.folds[0], rates=[1e-3])


def test_a_sweep_knows_where_the_parabola_ends_without_third_derivatives():
    """p = x^2 + 5 |x|^3, x = u - 1: the branch has left its parabola by as much at |x| = 1/5."""
    problem = Problem.from_expressions({"u": "p - (u - 1)**2 - 5*abs(u - 1)**3"}, {"p": 1.0}, smoothness=2)
    branch = trace(problem, [1.4], "p", (-1, 0.5), parameters={"p": 0.48})
    (fold,) = branch.folds
    sweep = sweep_through(branch, fold)
    assert sweep.unit == pytest.approx(0.04, rel=0.2)
    assert sweep.passed


def test_a_saddle_that_cannot_leave_in_time_is_not_blamed():
    """Its mode of 4e-6 would take 10^7 steps."""
    problem = Problem.from_expressions({"u": "4e-6*p*u - u**3", "v": "-v"}, {"p": 1.0}, symmetric=True)
    branch = trace(problem, [0.0, 0.0], "p", (0.5, 1.0), direction=-1)
    check = check_branch(branch, points=2, sweeps=False)
    assert check.passed
    assert "leaves too slowly" in str(check)


def test_rows_that_are_no_equilibria_fail():
    """Moved states or parameters are noticed, also beyond the fold, where Newton's method would find another one."""
    branch = trace(scalar_network(3, 1.0), [1.0], "lam", (0.05, 1.0), parameters={"lam": 0.05})
    for name in ("states", "varied"):
        moved = dataclasses.replace(branch, **{name: 1.02 * getattr(branch, name)})
        check = check_branch(moved, points=5, sweeps=False)
        assert not check.passed
        assert "no equilibrium  FAILED" in str(check)
