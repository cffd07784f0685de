"""Points of codimension two on the curves of a model of the atmosphere, against systems of equations of their own."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import least_squares

from continuation import Problem, Settings, trace
from tests.special_curves import FINE, atmosphere_curves, lorenz84, on_curve


@pytest.fixture(scope="module")
def atmosphere():
    return atmosphere_curves()


def own_point(point, omegas=(), kernel=False, chain=False):
    """(F, T) of the point where F_u has these pairs, a kernel, or a Jordan chain at zero: all vectors as unknowns."""
    x0, F, T = point.state, point["F"], point["T"]
    _, a = lorenz84(x0, F, T)
    values, vectors = np.linalg.eig(a)
    unknowns, pieces = [*x0, F, T], []
    for omega in omegas:
        q = vectors[:, np.argmin(np.abs(values - 1j * omega))]
        pieces.append(("pair", q / np.linalg.norm(q)))
        unknowns += [*pieces[-1][1].real, *pieces[-1][1].imag, omega]
    if kernel or chain:
        v = np.linalg.svd(a)[2][-1]
        pieces.append(("chain" if chain else "kernel", v))
        unknowns += [*v, *np.linalg.lstsq(a, v, rcond=1e-8)[0]] if chain else [*v]

    def equations(z):
        f, a = lorenz84(z[:4], z[4], z[5])
        out, at = [*f], 6
        for name, reference in pieces:
            if name == "pair":
                q, omega = z[at : at + 4] + 1j * z[at + 4 : at + 8], z[at + 8]
                gap, norm = a @ q - 1j * omega * q, np.vdot(reference, q) - 1
                out += [*gap.real, *gap.imag, norm.real, norm.imag]
                at += 9
            else:
                v = z[at : at + 4]
                out += [*(a @ v), reference @ v - 1]
                at += 4
                if name == "chain":
                    out += [*(a @ z[at : at + 4] - v), reference @ z[at : at + 4]]
                    at += 4
        return out

    return equations, unknowns


def least_squares_point(equations, unknowns):
    """Zero of a system with as many or more equations than unknowns."""
    found = least_squares(equations, unknowns, xtol=1e-15, ftol=1e-15, gtol=1e-15, x_scale="jac")
    assert np.max(np.abs(found.fun)) < 1e-11
    return found.x


def test_curves_of_lorenz84_carry_all_points_of_codimension_two(atmosphere):
    _, branch, (folds, first, second, third) = atmosphere
    assert [p.label for p in branch.special] == ["EP1", "HB1", "HB2", "HB3", "LP1", "EP2"]
    assert on_curve(folds, BT=2, ZH=2, CP=1)
    assert on_curve(first, ZH=2, HH=2)
    assert on_curve(second, BT=1, GH=1, HH=1)
    assert on_curve(third, BT=1, GH=1, HH=1)
    for curve in (folds, first, second, third):
        assert curve.check()


def test_points_met_on_different_curves_are_the_same(atmosphere):
    _, _, (folds, first, second, third) = atmosphere
    pairs = [(folds["ZH2"], first["ZH2"]), (folds["BT2"], second["BT1"]), (second["HH1"], first["HH2"])]
    pairs += [(second["GH1"], third["GH1"]), (second["HH1"], third["HH1"])]
    for one, other in pairs:
        assert_allclose([*one.state, one["F"], one["T"]], [*other.state, other["F"], other["T"]], atol=1e-9)


def test_their_places_solve_systems_with_all_eigenvectors_as_unknowns(atmosphere):
    _, _, (folds, first, _, _) = atmosphere
    wi = np.sort(np.linalg.eigvals(lorenz84(first["HH2"].state, first["HH2"]["F"], first["HH2"]["T"])[1]).imag)[::-1]
    zi = np.max(np.linalg.eigvals(lorenz84(folds["ZH2"].state, folds["ZH2"]["F"], folds["ZH2"]["T"])[1]).imag)
    cases = [
        (first["HH2"], {"omegas": (wi[0], wi[1])}),
        (folds["ZH2"], {"omegas": (zi,), "kernel": True}),
        (folds["BT2"], {"chain": True}),
    ]
    for point, what in cases:
        z = least_squares_point(*own_point(point, **what))
        assert_allclose(z[:6], [*point.state, point["F"], point["T"]], atol=1e-9)


def test_the_cusp_has_no_quadratic_part(atmosphere):
    _, _, (folds, *_) = atmosphere
    point = folds["CP1"]
    assert_allclose([point["T"], point["U"]], 0.0, atol=1e-10)  # fixed by the symmetry
    _, a = lorenz84(point.state, point["F"], point["T"])
    u, sigma, vt = np.linalg.svd(a)
    bent = (lorenz84(point.state + 1e-4 * vt[-1], point["F"], point["T"])[1] - a) @ vt[-1] / 1e-4
    assert sigma[-1] < 1e-10
    assert abs(u[:, -1] @ bent) < 1e-10


def test_at_the_bautin_point_simulated_amplitudes_change_their_law(atmosphere):
    """The first Lyapunov coefficient, by differences of a residual written here, vanishes there and changes sign."""
    _, _, (_, _, second, _) = atmosphere
    gh = second["GH1"].index
    before, at, after = (lyapunov_by_differences(second.point(row)) for row in (gh - 3, gh, gh + 3))
    assert before * after < 0
    assert abs(at) < 1e-4 * min(abs(before), abs(after))


def lyapunov_by_differences(point):
    """First Lyapunov coefficient of lorenz84 from its Jacobian, whose second differences vanish (F is quadratic)."""
    x, F, T = point.state, point["F"], point["T"]
    _, a = lorenz84(x, F, T)

    def b(v, w):
        return (lorenz84(x + v, F, T)[1] - a) @ w

    values, vectors = np.linalg.eig(a)
    pairs = np.flatnonzero(values.imag > 0)
    k = pairs[np.argmin(np.abs(values[pairs].real))]
    q, omega = vectors[:, k], values[k].imag
    left_values, left_vectors = np.linalg.eig(a.T)
    w = left_vectors[:, np.argmin(np.abs(left_values - 1j * omega))]
    w = w / (w @ q)
    b_qq = b(q.real, q) + 1j * b(q.imag, q)
    b_qc = b(q.real, q.conj()) + 1j * b(q.imag, q.conj())
    h20, h11 = np.linalg.solve(2j * omega * np.eye(4) - a, b_qq), np.linalg.solve(a, b_qc.real)
    total = b(q.real, h20) - 1j * b(q.imag, h20) - 2 * (b(q.real, h11) + 1j * b(q.imag, h11))
    return (w @ total).real / (2 * omega)


def test_functions_without_derivatives_give_the_same_points(atmosphere):
    _, _, (folds, _, second, _) = atmosphere

    def f(u, p, out):
        out[0] = -(u[1] ** 2) - u[2] ** 2 - u[0] / 4 + p[0] / 4 - 0.987 * u[3] ** 2
        out[1] = u[0] * u[1] - u[0] * u[2] - u[1] + 0.25
        out[2] = u[0] * u[1] + u[0] * u[2] - u[2]
        out[3] = -1.04 * u[3] + 0.987 * u[0] * u[3] + p[1]

    problem = Problem(f, ("X", "Y", "Z", "U"), {"F": 3.0, "T": 0.04})
    branch = trace(problem, [2.9787, -0.0387, 0.0582, -0.021], "F", (-1.5, 3.2), settings=Settings(max_step=0.05))
    for label, known in (("LP1", folds), ("HB2", second)):
        span = {"F": (-1.5, 3.5), "T": (-0.1, 0.1)}
        curve = trace(problem, branch[label], ("F", "T"), span, settings=FINE)
        pairs = list(zip(curve.special, known.special))
        assert [p.label for p, _ in pairs] == [q.label for _, q in pairs]
        for p, q in pairs:
            assert_allclose([p["F"], p["T"]], [q["F"], q["T"]], atol=1e-6)
