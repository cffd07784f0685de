"""Problems that bring their own linear algebra and test functions run in the same loop, untouched."""

import math

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose
from scipy.sparse.linalg import splu

from continuation import Kind, Problem, Settings, Status, trace
from continuation.compiled.calls.interface import FAILED, OK, SINGULAR, python_callback
from continuation.equations.operations import Operations
from continuation.equations.operations import Test as Watched
from systems import textbook
from tests import oracle


def sign_of(permutation):
    """Sign of a permutation by its cycles."""
    seen, sign = np.zeros(len(permutation), bool), 1
    for k in range(len(permutation)):
        length = 0
        while not seen[k]:
            seen[k], k, length = True, permutation[k], length + 1
        sign *= -1 if length and length % 2 == 0 else 1
    return sign


class SparseBratu(Problem):
    """The discretised Bratu problem with a tridiagonal Jacobian, factored by SuperLU with its border."""

    def __init__(self, n):
        n1 = n + 1.0

        def residual(u, p, out):
            padded = np.concatenate([[0.0], u, [0.0]])
            out[:] = n1**2 * (padded[:-2] - 2 * u + padded[2:]) + p[0] * np.exp(u)

        super().__init__(residual, [f"u{i}" for i in range(n)], {"lam": 0.0}, compiled=False, stability=None)
        self.laplacian = n1**2 * sp.diags_array([np.ones(n - 1), -2 * np.ones(n), np.ones(n - 1)], offsets=[-1, 0, 1])
        self.calls = {"linearise": 0, "solve": 0, "monitor": 0}

    def operations(self, p, active):
        n, k, kept = len(self.states), len(p), {}

        def linearise(u, p, out):
            self.calls["linearise"] += 1
            kept["a"], kept["b"] = self.laplacian + sp.diags_array(p[0] * np.exp(u)), np.exp(u)
            return OK

        def solve(row, rhs, out):
            self.calls["solve"] += 1
            bordered = sp.block_array([[kept["a"], kept["b"][:, None]], [row[None, :n], np.array([[row[n]]])]])
            try:
                lu = splu(bordered.tocsc())
            except RuntimeError:
                return SINGULAR
            out[: n + 1], out[n + 1 : 2 * n + 2] = lu.solve(rhs[: n + 1]), lu.solve(rhs[n + 1 :])
            diagonal = lu.U.diagonal()
            sign = np.prod(np.sign(diagonal)) * sign_of(lu.perm_r) * sign_of(lu.perm_c)
            out[2 * n + 2], out[2 * n + 3] = sign, np.sum(np.log2(np.abs(diagonal)))
            return OK

        def monitor(point, p, out):
            self.calls["monitor"] += 1
            out[:] = 0.0
            out[0], out[1], out[3], out[4] = point[2 * n + 1], point[2 * n + 2], point[2 * n + 3], -1.0
            return OK

        return Operations(
            residual=self.functions["residual"].callback(n, k),
            linearise=python_callback(linearise, (n, k, n)),
            solve=python_callback(lambda row, rhs, out: solve(row, rhs, out), (n + 1, 2 * n + 2, 2 * n + 4)),
            monitor=python_callback(monitor, (2 * n + 4, k, 7)),
            weights=self.inner_weights(),
            p=p,
            active=active,
            tests=(Watched(Kind.FOLD), Watched(Kind.BRANCH_POINT)),
            counts=None,
        )


@pytest.mark.parametrize("n", [9, 60])
def test_a_sparse_problem_is_traced_like_a_dense_one(n):
    sparse, settings = SparseBratu(n), Settings(step=0.05, max_step=0.2, max_points=60)
    branch = trace(sparse, np.zeros(n), "lam", (0, 4), direction=1, settings=settings)
    dense = trace(textbook.bratu(n), np.zeros(n), "lam", (0, 4), direction=1, settings=settings)
    assert [p.label for p in branch.special] == [p.label for p in dense.special]
    lam, *u = oracle.bratu_fold(n)
    assert branch["LP1"]["lam"] == pytest.approx(lam, rel=1e-12)
    assert_allclose(branch["LP1"].state, u, rtol=1e-6)
    assert len(branch) == len(dense)
    assert_allclose(branch.parameter, dense.parameter, atol=1e-7)
    assert_allclose(branch.states, dense.states, atol=1e-6)
    assert np.all(branch.unstable == -1)
    assert sparse.calls["monitor"] <= sparse.calls["solve"] <= 4 * len(branch) + 100
    assert branch.check()


def test_branch_points_are_told_from_folds_without_an_extended_system():
    branch = trace(SparseBratu(2), np.zeros(2), "lam", (0, 4), direction=1, settings=Settings(max_points=150))
    assert [p.label for p in branch.special] == ["EP1", "LP1", "BP1", "EP2"]
    assert branch["LP1"]["lam"] == pytest.approx(9 / math.e, rel=1e-12)
    assert branch["BP1"]["lam"] == pytest.approx(27 / math.e**3, rel=1e-7)
    assert branch["BP1"].located


def _folds_of_cusp(u, p, out):  # u = (x, mu), the parameter is nu: F = 0 and F_x = 0
    out[0] = u[1] + p[0] * u[0] - u[0] ** 3
    out[1] = p[0] - 3 * u[0] ** 2


class FoldCurve(Problem):
    """The folds of the cusp in (mu, nu), watched by the test of a cusp: the second derivative vanishes."""

    def __init__(self, fail=False):
        super().__init__(_folds_of_cusp, ("x", "mu"), {"nu": 1.0}, compiled=False, stability=None)
        self.fail = fail

    def operations(self, p, active):
        kept = {}

        def linearise(u, p, out):
            x = u[0]
            kept["a"] = np.array([[p[0] - 3 * x * x, 1.0, x], [-6 * x, 0.0, 1.0]])
            return OK

        def solve(row, rhs, out):
            matrix = np.vstack([kept["a"], row])
            out[:6] = np.linalg.solve(matrix, rhs.reshape(2, 3).T).T.ravel()
            out[6], out[7] = np.linalg.det(matrix), 0.0
            return OK

        def monitor(point, p, out):
            out[:] = 0.0
            out[0], out[1] = -6 * point[0], point[1] - 1.5  # tests; then their exponents and the counts
            out[4] = 7.0 if point[0] > 0 else 3.0
            return FAILED if self.fail and point[0] < 0.5 else OK

        return Operations(
            residual=self.functions["residual"].callback(2, 1),
            linearise=python_callback(linearise, (2, 1, 2)),
            solve=python_callback(solve, (3, 6, 8)),
            monitor=python_callback(monitor, (8, 1, 7)),
            weights=np.array([1.0, 1.0, 1.0]),
            p=p,
            active=active,
            tests=(Watched(Kind.USER, "CP"), Watched(Kind.USER, "mu = 1.5")),
            counts=None,
        )


def fold_start(nu):
    return [math.sqrt(nu / 3), -2 * (nu / 3) ** 1.5]


def test_a_curve_of_folds_passes_its_cusp():
    branch = trace(FoldCurve(), fold_start(1.0), "nu", (-1, 5), settings=Settings(max_step=0.2))
    assert branch.ends == (Status.LIMIT, Status.LIMIT)
    assert_allclose(branch.parameter, 3 * branch["x"] ** 2, atol=1e-11)
    assert_allclose(branch["mu"], -2 * branch["x"] ** 3, atol=1e-11)
    assert {branch.parameter[0], branch.parameter[-1]} == {5.0}
    points = {p.name: p for p in branch.special if p.kind is Kind.USER}
    assert set(points) == {"CP", "mu = 1.5"}
    assert len(branch.special) == 4  # nu itself turns at the cusp, which is no fold of this problem
    assert points["CP"].state == pytest.approx([0.0, 0.0], abs=1e-12)
    assert points["CP"]["nu"] == pytest.approx(0.0, abs=1e-12)
    assert points["mu = 1.5"]["x"] == pytest.approx(-(0.75 ** (1 / 3)), rel=1e-12)
    assert points["CP"].error <= 1e-12


def test_the_counts_of_an_own_monitor_are_stored():
    branch = trace(FoldCurve(), fold_start(1.0), "nu", (-1, 5), settings=Settings(max_step=0.2), detect=set())
    assert np.all(branch.unstable == np.where(branch["x"] > 0, 7, 3))


def test_a_failing_operation_ends_the_branch_and_keeps_it():
    branch = trace(FoldCurve(fail=True), fold_start(3.0), "nu", (-1, 5), direction=-1, settings=Settings(max_step=0.2))
    assert branch.ends[0] is Status.CALLBACK_FAILED
    assert branch["x"].min() == pytest.approx(0.5, abs=1e-3)
    assert len(branch) > 3
