"""The exact answers against printed digits, and against the equations written out once more."""

import math

import pytest

from tests import oracle


def test_cusp_folds():
    (low, x_low), (high, x_high) = oracle.cusp_folds()
    assert (low, high) == pytest.approx((-0.384900179459751, 0.384900179459751), rel=1e-14)
    assert (x_low, x_high) == pytest.approx((1 / math.sqrt(3), -1 / math.sqrt(3)), rel=1e-15)


@pytest.mark.parametrize(("n", "lam"), [(8, 3.491175529348), (32, 3.512151552271), (128, 3.513720862201)])
def test_bratu_folds_agree_with_printed_digits(n, lam):
    assert oracle.bratu_fold(n)[0] == pytest.approx(lam, rel=0, abs=5e-13)


@pytest.mark.parametrize(("n", "lam"), [(1, 8 / math.e), (2, 9 / math.e)])
def test_bratu_folds_agree_with_closed_forms(n, lam):
    assert oracle.bratu_fold(n)[0] == pytest.approx(lam, rel=1e-15)


@pytest.mark.parametrize("n", [1, 2, 3, 8, 32])
def test_bratu_folds_solve_the_equations_with_a_singular_jacobian(n):
    lam, *u = oracle.bratu_fold(n)
    padded = [0.0, *u, 0.0]
    for i in range(1, n + 1):
        second = (n + 1) ** 2 * (padded[i - 1] - 2 * padded[i] + padded[i + 1])
        assert second + lam * math.exp(padded[i]) == pytest.approx(0, abs=1e-12 * n)
    before, last = 0.0, 1.0  # the determinant of the tridiagonal Jacobian, by its Sturm sequence
    for value in u:
        before, last = last, (2 - lam * math.exp(value) / (n + 1) ** 2) * last - before
    assert last == pytest.approx(0, abs=1e-12 * n)


def test_bratu_folds_converge_to_the_differential_equation_with_order_two():
    exact = oracle.bratu_continuum_fold()
    assert exact == pytest.approx(3.513830719125, abs=5e-13)
    errors = [exact - oracle.bratu_fold(n)[0] for n in (31, 63, 127)]
    assert errors[0] / errors[1] == pytest.approx(4, abs=0.01)
    assert errors[1] / errors[2] == pytest.approx(4, abs=0.003)


def test_bratu_branch_point():
    assert oracle.bratu_branch_point()[0] == pytest.approx(1.344250845932, abs=5e-13)


def test_lorenz():
    rho, omega = oracle.lorenz_hopf()
    assert rho == pytest.approx(470 / 19, rel=1e-15)
    x, y, z = oracle.lorenz_equilibrium(rho)
    s = 1j * omega  # det(J - s) of the Jacobian at (x, y, z), expanded along its first row
    determinant = (-10 - s) * ((-1 - s) * (-8 / 3 - s) + x * x) - 10 * ((rho - z) * (-8 / 3 - s) + x * y)
    assert abs(determinant) < 1e-10
    assert oracle.lorenz_branch_point() == 1


def test_brusselator():
    assert oracle.brusselator_hopf(a=2.0) == (5.0, 2.0)


def test_snake_folds():
    folds = oracle.snake_folds(-15, 15)
    expected = sorted(s * math.acos(-0.1) + 2 * math.pi * k for s in (-1, 1) for k in range(-3, 4))
    assert [u for _, u in folds] == pytest.approx([u for u in expected if abs(u) < 15], rel=1e-15)
    assert all(math.cos(u) == pytest.approx(-0.1, abs=1e-14) for _, u in folds)
    assert folds[len(folds) // 2] == pytest.approx((1.162083811902, 1.670963747956), abs=5e-13)
    assert oracle.snake_folds(0, 1) == []


def test_circle_folds():
    assert all(p**2 + x**2 == 1 and x == 0 for p, x in oracle.circle_folds())
