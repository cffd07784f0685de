"""Curves of folds, branch points and Hopf points in two parameters, and the points on them."""

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import brentq, least_squares

from continuation import Kind, Problem, Settings, Status, trace
from systems import textbook
from systems.atmosphere import lorenz84 as atmosphere_model
from systems.characteristic.variants.matrix_families import rotation_family

FINE = Settings(max_step=0.02)


def on_curve(curve, **labels):
    """Whether the special points of a curve, ends left out, are of these kinds, as often as given."""
    found = {}
    for point in curve.special:
        if point.kind is not Kind.END:
            assert point.located, point
            found[point.kind.label] = found.get(point.kind.label, 0) + 1
    return found == labels


# Curves known in closed form


@pytest.mark.parametrize("parameter", ["mu", "nu"])
def test_folds_of_the_cusp_form_a_semicubical_parabola(parameter):
    problem = textbook.cusp(mu=-1.0)
    branch = trace(problem, [-1.3], "mu", (-2, 2))
    names = ("mu", "nu") if parameter == "mu" else ("nu", "mu")
    curve = trace(problem, branch["LP1"], names, {"mu": (-2, 2), "nu": (-1, 2)})
    assert curve.vary == names
    assert curve.ends == (Status.LIMIT, Status.LIMIT)
    assert_allclose(27 * curve["mu"] ** 2, 4 * curve["nu"] ** 3, atol=1e-12)
    assert on_curve(curve, CP=1)
    assert_allclose([curve["CP1"]["mu"], curve["CP1"]["nu"], curve["CP1"]["x"]], 0, atol=1e-12)
    assert curve["CP1"].nullity == 1
    assert curve.check()
    ends = sorted([curve.special[0]["nu"], curve.special[-1]["nu"]])
    assert ends == [2.0, 2.0]


def test_hopf_points_of_the_brusselator_lie_on_a_parabola():
    problem = textbook.brusselator()
    branch = trace(problem, [1.0, 1.0], "b", (0, 5))
    curve = trace(problem, branch["HB1"], ("b", "a"), {"b": (1.2, 6), "a": (0.1, 3)})
    assert_allclose(curve["b"], 1 + curve["a"] ** 2, rtol=1e-12)
    assert_allclose(np.sqrt(curve.unknowns[:, 2]), curve["a"], rtol=1e-10)
    assert on_curve(curve)
    assert curve.check()


def test_pitchforks_stay_pitchforks_where_the_symmetry_does():
    problem = Problem.from_expressions({"x": "(mu - nu**2)*x - x**3", "y": "x - 2*y"}, {"mu": -1.0, "nu": 1.0})
    trunk = trace(problem, [0.0, 0.0], "mu", (-2, 2))
    curve = trace(problem, trunk["BP1"], ("mu", "nu"), {"mu": (-1, 2), "nu": (-2, 2)})
    assert_allclose(curve["mu"], curve["nu"] ** 2, atol=1e-12)
    assert_allclose(curve.unknowns[:, 2], 0.0, atol=1e-12)  # no unfolding was needed
    assert curve["nu"].min() < -1.4
    assert curve["nu"].max() > 1.4
    assert curve.check()


def test_a_branch_point_that_the_second_parameter_destroys_is_refused():
    problem = Problem.from_expressions({"x": "mu*x - x**3 + nu"}, {"mu": -1.0, "nu": 0.0})
    trunk = trace(problem, [0.0], "mu", (-2, 2))
    with pytest.raises(ValueError, match="no branch point any more when 'nu' changes"):
        trace(problem, trunk["BP1"], ("mu", "nu"))
    folds = trace(problem, trunk["BP1"], ("mu", "nu"), {"mu": (-1, 2), "nu": (-1, 1)}, curve=Kind.FOLD)
    assert_allclose(27 * folds["nu"] ** 2, 4 * folds["mu"] ** 3, atol=1e-12)


def test_folds_of_the_characteristic_equation_in_depth_and_angle():
    problem, w = rotation_family(), 2.5 * math.pi
    branch = trace(problem, [0, -w, w, 0], "lam", (0, 1), direction=1)
    assert branch["LP1"]["lam"] == pytest.approx(0.0751576023400955503, rel=1e-12)
    curve = trace(problem, branch["LP1"], ("lam", "theta"), {"lam": (1e-3, 1), "theta": (-7, 8)})
    a, w = curve["C[0,0]"], curve["C[1,0]"]
    assert_allclose(np.hypot(a, w), 1 + np.exp(2 * a) / curve["lam"], rtol=1e-10)
    cusps = [p for p in curve.special if p.kind is Kind.CUSP]
    assert [p.label for p in curve.special if p.kind is not Kind.BRANCH_POINT] == ["EP1", "CP1", "CP2", "CP3", "EP2"]
    a = brentq(lambda a: math.exp(a) * math.sqrt(10 + 4 * a) - 1, -2, 0)  # rho = 1
    w = math.sqrt(9 / 4 - a * a)
    theta = w + math.atan2(2 * w, 2 * a + 1)
    assert sorted(p["C[1,0]"] > 0 for p in (cusps[0], cusps[2])) == [False, True]
    for point in (cusps[0], cusps[2]):
        sign = math.copysign(1.0, point["C[1,0]"])
        assert point["C[1,0]"] == pytest.approx(sign * w, rel=1e-10)
        assert point["lam"] == pytest.approx(2 * math.exp(2 * a), rel=1e-10)
        assert math.cos(point["theta"] - sign * theta) == pytest.approx(1, abs=1e-12)
        assert math.hypot(point["C[0,0]"], point["C[1,0]"]) == pytest.approx(1.5, rel=1e-10)
    a = brentq(lambda a: math.exp(a) + a + 1, -2, 0)  # the pitchfork of normal solutions at half a turn
    assert [cusps[1][name] for name in ("theta", "lam", "C[0,0]")] == pytest.approx([-math.pi, math.exp(a), a])
    kernels = [p for p in curve.special if p.kind is Kind.BRANCH_POINT]  # two more eigenvalues vanish, without a sign
    assert [(p.located, p.nullity, p.unstable) for p in kernels] == [(True, 3, k) for k in (6, 4, 2, 0, 0, 2)]
    for point in kernels:
        assert np.linalg.svd(problem.jacobian(point.state, point.parameters))[1][1] < 1e-12
    assert_allclose([p["lam"] for p in kernels[2:4]], [p["lam"] for p in kernels[:3:-1]], rtol=1e-12)
    steps = [k for k in range(len(curve) - 1) if not {k, k + 1} & {p.index for p in kernels}]
    assert all(curve.unstable[k] == curve.unstable[k + 1] for k in steps)
    report = curve.check()  # one row beside theta = 2 pi, where R = 1 and two more singular values almost vanish
    assert report.worst("solution")[1] < 1e-12
    assert np.sum(report.tangent_errors > 1e-5) <= 1


# Points of codimension two against systems of equations of their own


def lorenz84(x, F, T):
    """Right-hand side and Jacobian of the model, written anew."""
    X, Y, Z, U = x
    f = [-Y * Y - Z * Z - X / 4 + F / 4 - 0.987 * U * U, X * Y - X * Z - Y + 0.25, X * Y + X * Z - Z]
    f.append(-1.04 * U + 0.987 * U * X + T)
    a = [[-0.25, -2 * Y, -2 * Z, -1.974 * U], [Y - Z, X - 1, -X, 0], [Y + Z, X, X - 1, 0], [0.987 * U, 0, 0, 0]]
    a[3][3] = -1.04 + 0.987 * X
    return np.array(f), np.array(a)


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


@pytest.fixture(scope="module")
def atmosphere():
    """Lorenz-84: its branch in F, its fold curve and its two Hopf curves in (F, T)."""
    problem = atmosphere_model()
    start = [2.9787, -0.0387, 0.0582, -0.021]
    branch = trace(problem, start, "F", (-1.5, 3.2), parameters={"F": 3.0}, settings=Settings(max_step=0.05))
    span = {"F": (-1.5, 3.5), "T": (-0.1, 0.1)}
    curves = [trace(problem, branch[label], ("F", "T"), span, settings=FINE) for label in ("LP1", "HB1", "HB2", "HB3")]
    return problem, branch, curves


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


# Starts, ends, counts


def test_a_curve_starts_at_every_point_that_was_found(atmosphere):
    problem, _, (folds, first, second, _) = atmosphere
    span = {"F": (-1.5, 3.5), "T": (-0.1, 0.1)}
    for curve in (folds, first, second):
        for point in curve.special:
            if point.kind is Kind.END:
                continue
            again = trace(problem, point, ("F", "T"), span, settings=FINE)
            assert Status.STEP_TOO_SMALL not in again.ends
            near = np.min(np.abs(again.unknowns[:, -1] - point["F"]) + np.abs(again.unknowns[:, -2] - point["T"]))
            assert near < 1e-9
            assert len(again) > 50
            if point.kind is not Kind.HOPF_HOPF:  # two curves cross there
                assert kinds_on(again) == kinds_on(folds if again.problem.kind is Kind.FOLD else curve), point.label


def kinds_on(curve):
    """Labels of the special points of a curve, in either order of its rows."""
    return sorted(point.label for point in curve.special if point.kind is not Kind.END)


def test_the_point_that_a_curve_starts_at_is_on_it():
    """A test function that vanishes in the first row says nothing there, so the start lies beside the point."""
    cusp = textbook.cusp()
    fold = trace(cusp, [-1.3], "mu", (-1, 1), parameters={"nu": 1.0}).folds[0]
    folds = trace(cusp, fold, ("mu", "nu"), {"nu": (-2, 2)})
    assert on_curve(folds, CP=1)
    assert on_curve(trace(cusp, folds["CP1"], ("mu", "nu"), {"nu": (-2, 2)}), CP=1)
    limits = {"p": (-2, 2), "q": (-2, 2)}
    problem = Problem.from_expressions({"x": "y", "y": "p + q*x + 2*x**2 - 3*x*y"}, {"p": -1.0, "q": 0.0})
    double = trace(problem, [-0.7, 0.0], "p", (-2, 1))["LP1"]  # a fold and already a Bogdanov-Takens point
    curve = trace(problem, double, ("p", "q"), limits)
    assert on_curve(curve, BT=1)
    assert_allclose([curve["BT1"]["p"], curve["BT1"]["q"]], 0.0, atol=1e-10)


def test_the_hopf_curve_starts_and_ends_at_a_bogdanov_takens_point(atmosphere):
    problem, _, (folds, _, second, _) = atmosphere
    span = {"F": (-1.5, 3.5), "T": (-0.1, 0.1)}
    curve = trace(problem, folds["BT2"], ("F", "T"), span, settings=FINE, curve=Kind.HOPF)
    assert on_curve(curve, BT=1, GH=1, HH=1)
    assert_allclose(curve["GH1"].state, second["GH1"].state, atol=1e-8)
    assert "where the curve ends" in str(second)
    other = trace(problem, folds["BT2"], ("F", "T"), {"F": (0, 3.5), "T": (-0.1, 0.1)}, settings=FINE, curve=Kind.HOPF)
    assert on_curve(other, BT=1, GH=1, HH=1)
    assert "Bogdanov-Takens" in str(second)


def test_counts_leave_out_the_critical_eigenvalues(atmosphere):
    for curve, critical in zip(atmosphere[2][:2], (1, 2)):
        ordinary = set(range(len(curve))) - {p.index for p in curve.special}
        for row in list(ordinary)[::7]:
            values = curve.eigenvalues[row]
            away = np.sort(np.abs(values.real))[critical - 1] < 1e-6
            assert away
            assert np.sum(values.real > 1e-6) == curve.unstable[row]


def test_both_parameters_have_limits_and_a_curve_goes_on(atmosphere):
    problem, branch, (folds, *_) = atmosphere
    short = trace(problem, branch["LP1"], ("F", "T"), {"T": (0.01, 0.05)}, settings=FINE)
    assert sorted([short["T"][0], short["T"][-1]]) == [0.01, 0.05]
    assert short.ends == (Status.LIMIT, Status.LIMIT)
    few = trace(problem, branch["LP1"], ("F", "T"), {"T": (-0.1, 0.1)}, settings=Settings(max_step=0.02, max_points=9))
    longer = few.extend(max_points=300)
    assert len(longer) > len(few)
    assert "CP1" in [p.label for p in longer.special]
    assert longer.check()


def test_points_of_a_curve_at_a_value_of_either_parameter(atmosphere):
    folds = atmosphere[2][0]
    for value in ({"F": 1.5}, {"T": 0.05}):
        for point in folds.at(**value):
            f, a = lorenz84(point.state, point["F"], point["T"])
            assert [point[name] for name in value] == pytest.approx(list(value.values()), abs=1e-14)
            assert np.max(np.abs(f)) < 1e-12
            assert np.linalg.svd(a, compute_uv=False)[-1] < 1e-9
    assert (len(folds.at(F=1.5)), len(folds.at(T=0.05))) == (2, 1)


def test_a_curve_is_saved_and_loaded(atmosphere, tmp_path):
    from continuation import Branch

    folds = atmosphere[2][0]
    folds.save(tmp_path / "folds.nc")
    again = Branch.load(tmp_path / "folds.nc")
    assert again.vary == ("F", "T")
    assert [p.label for p in again.special] == [p.label for p in folds.special]
    assert_allclose(again["T"], folds["T"], rtol=0)
    assert str(again).splitlines()[-1] == str(folds).splitlines()[-1]


def test_a_plot_shows_both_parameters(atmosphere):
    import matplotlib.pyplot as plt

    ax = atmosphere[2][0].plot()
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("F", "T")
    plt.close(ax.figure)


def test_equations_that_are_no_flow_have_cusps_only():
    problem = textbook.cusp(mu=-1.0)
    still = Problem(problem.functions["residual"].python, ("x",), dict(problem.parameters), stability=None)
    branch = trace(still, [-1.3], "mu", (-2, 2))
    curve = trace(still, branch["LP1"], ("mu", "nu"), {"mu": (-2, 2), "nu": (-1, 2)})
    assert on_curve(curve, CP=1)
    assert np.all(curve.unstable == -1)


@pytest.mark.parametrize("size", [1.0, 1e-2, 1e-4])
def test_fold_curves_of_equations_that_bend_on_a_small_scale(size):
    """``p + q x = size cosh(x / size)``: folds at ``sinh(x / size) = q``; steps do not grow shorter with the scale."""
    problem = Problem.from_expressions({"x": f"p + q*x - {size}*cosh(x/{size})"}, {"p": 2.0 * size, "q": 0.3})
    branch = trace(problem, [1.5 * size], "p", (0.0, 3.0 * size))
    curve = trace(problem, branch.folds[0], ("q", "p"), {"q": (-2, 2)})
    q, x = curve["q"], curve["x"]
    assert_allclose(x, size * np.arcsinh(q), rtol=0, atol=1e-9 * size)
    assert_allclose(curve["p"], size * np.sqrt(1 + q**2) - q * x, rtol=1e-9)
    assert len(curve) < 80
    assert curve.ends == (Status.LIMIT, Status.LIMIT)


# Bad input


@pytest.mark.parametrize(
    ("vary", "span", "words"),
    [
        (("b", "b"), {}, "two different parameters, got 'b' twice"),
        (("b", "c"), {}, "no parameter named 'c'"),
        (("b",), {}, "the name of one parameter or of two"),
        (("a", "b", "a"), {}, "the name of one parameter or of two"),
        (("b", "a"), (0, 5), "limits by name for two parameters"),
        (("b", "a"), {"z": (0, 1)}, "nothing named 'z' can have limits"),
        (("b", "a"), {"b": (1, 0)}, "low < high"),
    ],
)
def test_names_and_limits_are_checked(vary, span, words):
    problem = textbook.brusselator()
    branch = trace(problem, [1.0, 1.0], "b", (0, 5))
    with pytest.raises(ValueError, match=words):
        trace(problem, branch["HB1"], vary, span)


def test_points_are_checked(atmosphere):
    problem = textbook.brusselator()
    branch = trace(problem, [1.0, 1.0], "b", (0, 5))
    with pytest.raises(ValueError, match="wanted a special point"):
        trace(problem, [1.0, 1.0], ("b", "a"))
    with pytest.raises(ValueError, match="got EP1"):
        trace(problem, branch["EP1"], ("b", "a"))
    with pytest.raises(ValueError, match="was not located"):
        trace(problem, replace(branch["HB1"], located=False), ("b", "a"))
    with pytest.raises(ValueError, match="wanted one of .'HOPF'. through HB1"):
        trace(problem, branch["HB1"], ("b", "a"), curve=Kind.FOLD)


def test_points_of_other_problems_are_refused():
    fold = trace(textbook.cusp(), [-1.3], "mu", (-1, 1), parameters={"nu": 1.0}).folds[0]
    with pytest.raises(ValueError, match=r"start: has the states .'x'.; this problem has .'x', 'y'."):
        trace(textbook.brusselator(), fold, ("b", "a"))


def test_folds_of_circles_and_folds_in_a_fixed_space_have_curves():
    def turn(u):
        return np.array([-u[1], u[0]])

    square = "(x**2 + y**2)"
    ring = {name: f"mu*{name} + b*{square}*{name} - {square}**2*{name}" for name in "xy"}
    circles = Problem.from_expressions(ring, {"mu": 0.5, "b": 1.0}, symmetries=[turn]).isolated([1.2, 0.0])
    branch = trace(circles, [1.2, 0.0], "mu", (-1, 1), direction=-1, stop=Kind.FOLD)
    folds = trace(circles, branch["LP1"], ("mu", "b"), {"mu": (-2, 1), "b": (0.2, 2)})
    assert_allclose(folds["mu"], -(folds["b"] ** 2) / 4, atol=1e-12)
    assert folds.check()
    cells = {f"x{i}": f"mu*x{i} - x{i}**3 + nu*x{i}**2 + 0.1*(x{i - 1 if i else 2} - x{i})" for i in range(3)}
    parameters = {"mu": 0.5, "nu": 1.0}
    equal = Problem.from_expressions(cells, parameters, symmetries=[["x1", "x2", "x0"]]).restricted()
    branch = trace(equal, [1.0] * 3, "mu", (-1, 1))
    folds = trace(equal, branch["LP1"], ("mu", "nu"), {"mu": (-1, 1), "nu": (0.2, 2)})
    assert_allclose(folds["mu"], -(folds["nu"] ** 2) / 4, atol=1e-12)
    assert_allclose(folds["x0"], folds["x2"], atol=1e-12)


def test_a_kernel_of_two_dimensions_has_no_curve():
    problem = Problem.from_expressions({"x": "mu*x - x**3", "y": "mu*y*nu - y**3"}, {"mu": -1.0, "nu": 1.0})
    trunk = trace(problem, [0.0, 0.0], "mu", (-2, 2))
    with pytest.raises(ValueError, match="the kernel of F_u at BP1 has dimension 2"):
        trace(problem, trunk["BP1"], ("mu", "nu"))


def random_system(seed):
    """Quadratic and cubic terms with random coefficients in 2 to 5 states and two parameters."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 6))
    linear, quadratic = rng.normal(size=(n, n)), 0.7 * rng.normal(size=(n, n))
    by_p, by_q, equations = rng.normal(size=n), rng.normal(size=n), {}
    for i in range(n):
        terms = [f"({linear[i, j]:.4f} + ({quadratic[i, j]:.4f})*x{(j + 1) % n})*x{j}" for j in range(n)]
        terms += [f"({by_p[i]:.4f})*p", f"({by_q[i]:.4f})*q*(1 + x{(i + 1) % n})", f"0.5*p*x{i} - 0.3*x{i}**3"]
        equations[f"x{i}"] = " + ".join(terms)
    return Problem.from_expressions(equations, {"p": 0.0, "q": 0.0})


@pytest.mark.parametrize("seed", [0, 8, 13, 17])
def test_curves_of_random_systems_keep_their_conditions(seed):
    problem = random_system(seed)
    branch = trace(problem, np.zeros(len(problem.states)), "p", (-3, 3), settings=Settings(max_points=400))
    for point in [p for p in branch.special if p.kind in (Kind.FOLD, Kind.HOPF)][:3]:
        curve = trace(problem, point, ("p", "q"), {"p": (-4, 4), "q": (-4, 4)}, settings=Settings(max_points=200))
        assert set(curve.ends) <= {Status.LIMIT, Status.CLOSED, Status.MAX_POINTS}
        assert all(p.located for p in curve.special)
        critical = 1 if point.kind is Kind.FOLD else 2
        least = np.sort(np.abs(curve.eigenvalues.real), axis=1)[:, :critical]
        scale = np.max(np.abs(curve.eigenvalues), axis=1)
        assert np.max(least.max(axis=1) / scale) < 1e-6
        assert unexplained_changes(curve) == 0


def unexplained_changes(curve):
    """Steps between ordinary rows over which the count changes though no special point lies between."""
    special = {p.index for p in curve.special}
    steps = [k for k in range(len(curve) - 1) if not {k, k + 1} & special]
    return sum(curve.unstable[k] != curve.unstable[k + 1] for k in steps)
