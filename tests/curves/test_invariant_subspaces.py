"""Curves through points where an eigenvalue vanishes on an invariant subspace, and degenerate branch points."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import brentq

from continuation import Kind, Problem, Settings, trace


def told(curve):
    """(label, both parameters) of the special points of a curve but its ends; all are located."""
    points = [point for point in curve.special if point.kind is not Kind.END]
    assert all(point.located for point in points)
    return [(point.label, *(point[name] for name in curve.vary)) for point in points]


# Zero-Hopf points


def oscillator_with(third, **more):
    """The planar Hopf normal form with ``l1 = a + b nu`` up to a factor, and a third equation."""
    r = "(x**2 + y**2)"
    texts = {"x": f"mu*x - y + (a + b*nu)*x*{r}", "y": f"x + mu*y + (a + b*nu)*y*{r}", "z": third}
    return Problem.from_expressions(texts, {"mu": -0.5, "nu": -0.7, "a": -1.0, "b": 0.0, **more})


def hopf_curve(problem, rows=3, step=None):
    branch = trace(problem, [0.0] * rows, "mu", (-1, 1))
    settings = Settings() if step is None else Settings(step=step, max_step=step)
    return trace(problem, branch["HB1"], ("mu", "nu"), {"mu": (-1, 1), "nu": (-1, 1)}, settings=settings)


@pytest.mark.parametrize("step", [None, 0.011, 0.4])
def test_an_absent_species_that_may_invade_makes_a_zero_hopf_point(step):
    """z = 0 stays, so that l1 has no pole where nu = 0: no Bautin point, whatever the step."""
    curve = hopf_curve(oscillator_with("z*(nu - z)"), step=step)
    assert told(curve) == [("ZH1", pytest.approx(0, abs=1e-12), pytest.approx(0, abs=1e-12))]
    assert [curve.unstable[0], curve.unstable[-1]] in ([0, 1], [1, 0])
    assert curve["ZH1"].nullity == 1


@pytest.mark.parametrize("step", [None, 0.4])
@pytest.mark.parametrize("at", [0.3, -0.02])
def test_bautin_points_beside_zero_hopf_points_are_both_told(at, step):
    """l1 = nu - at up to a factor, the invasion at nu = 0: also within one step."""
    curve = hopf_curve(oscillator_with("z*(nu - z)", a=-at, b=1.0), step=step)
    assert sorted(name for name, *_ in told(curve)) == ["GH1", "ZH1"]
    assert_allclose(curve["GH1"]["nu"], at, atol=1e-8)
    assert_allclose(curve["ZH1"]["nu"], 0.0, atol=1e-10)


@pytest.mark.parametrize("step", [None, 0.013, 0.4])
def test_with_a_pole_of_the_lyapunov_coefficient_both_points_are_told_too(step):
    """``z' = nu z + k r`` and ``+ z x``: l1 = -1 - 2 k/nu up to a factor, a pole at nu = 0 and a zero at nu = -k."""
    r, k = "(x**2 + y**2)", 0.15
    texts = {"x": f"mu*x - y - x*{r} + x*z", "y": f"x + mu*y - y*{r} + y*z", "z": f"nu*z + {k}*{r} - z**3"}
    curve = hopf_curve(Problem.from_expressions(texts, {"mu": -0.5, "nu": -0.7}), step=step)
    assert sorted(name for name, *_ in told(curve)) == ["GH1", "ZH1"]
    assert_allclose(curve["ZH1"]["nu"], 0.0, atol=1e-10)
    assert_allclose(curve["GH1"]["nu"], -k, atol=1e-7)


def test_two_species_that_may_invade_at_once():
    texts = {
        "x": "mu*x - y - x*(x**2 + y**2)",
        "y": "x + mu*y - y*(x**2 + y**2)",
        "z": "z*(nu - z)",
        "w": "w*(2*nu - w)",
    }
    curve = hopf_curve(Problem.from_expressions(texts, {"mu": -0.5, "nu": -0.7}), rows=4)
    assert told(curve) == [("ZH1", pytest.approx(0, abs=1e-12), pytest.approx(0, abs=1e-12))]
    assert curve["ZH1"].nullity == 2


def test_an_invariant_plane_across_all_axes():
    """The same in coordinates that mix all three."""
    m = np.array([[1.0, 0.3, -0.5], [-0.2, 0.8, 0.4], [0.6, -0.1, 1.1]])
    back = np.linalg.inv(m)
    x, y, z = ("(" + " + ".join(f"({c!r})*{n}" for c, n in zip(row, "uvw")) + ")" for row in back.tolist())
    plain = [f"mu*{x} - {y} - {x}*({x}**2 + {y}**2)", f"{x} + mu*{y} - {y}*({x}**2 + {y}**2)", f"{z}*(nu - {z})"]
    texts = {n: " + ".join(f"({c!r})*({t})" for c, t in zip(row, plain)) for n, row in zip("uvw", m.tolist())}
    curve = hopf_curve(Problem.from_expressions(texts, {"mu": -0.5, "nu": -0.7}))
    assert told(curve) == [("ZH1", pytest.approx(0, abs=1e-9), pytest.approx(0, abs=1e-9))]


def test_two_patches_with_one_prey_absent():
    """Predators move between patches; place by the Routh-Hurwitz condition c1 c2 = c3 of the three species present."""
    mu, h = 0.7, 0.6

    def equilibrium(k, d):
        v = mu * (2 * d + mu) / (d * (1 - 2 * h * mu) + mu * (1 - h * mu))
        p = (1 + h * v) * (1 - v / k)
        return v, p, d / (d + mu) * p

    def routh(k, d):
        v, p, _ = equilibrium(k, d)
        s = 1 + h * v
        c = np.poly([[1 - 2 * v / k - p / s**2, -v / s, 0], [p / s**2, -mu + v / s - d, d], [0, d, -mu - d]])
        return c[1] * c[2] - c[3]

    def hopf(d):
        return brentq(lambda k: routh(k, d), equilibrium(9, d)[0] + 0.3, 60, xtol=1e-14)

    d = brentq(lambda d: equilibrium(hopf(d), d)[2] - 1, 0.3, 4, xtol=1e-14)
    texts = {}
    for i, o in ((1, 2), (2, 1)):
        texts[f"v{i}"] = f"v{i}*(1 - v{i}/k) - v{i}*p{i}/(1 + {h}*v{i})"
        texts[f"p{i}"] = f"-{mu}*p{i} + v{i}*p{i}/(1 + {h}*v{i}) + D*(p{o} - p{i})"
    problem = Problem.from_expressions(texts, {"k": 3.0, "D": 0.5})
    k0 = hopf(0.5)
    v, p1, p2 = equilibrium(k0 - 1, 0.5)
    start = {"v1": v, "v2": 0.0, "p1": p1, "p2": p2}
    branch = trace(problem, start, "k", (k0 - 1, k0 + 2), parameters={"k": k0 - 1}, direction=1)
    curve = trace(problem, branch["HB1"], ("k", "D"), {"k": (1, 60), "D": (0.05, 5)})
    assert told(curve) == [("ZH1", pytest.approx(hopf(d), rel=1e-9), pytest.approx(d, rel=1e-9))]


# Kernels of more dimensions along curves


FOLD_AND = "mu + nu/2 + sin(nu)**2 - x**2"


def fold_curve(texts, rows, **options):
    problem = Problem.from_expressions({"x": FOLD_AND, **texts}, {"mu": 1.0, "nu": -0.5}, **options)
    start = [np.sqrt(0.75 + np.sin(0.5) ** 2)] + [0.0] * (rows - 1)
    fold = trace(problem, start, "mu", (-1, 2))["LP1"]
    return trace(problem, fold, ("mu", "nu"), {"mu": (-2, 2), "nu": (-1, 1)})


@pytest.mark.parametrize(
    ("texts", "size"), [({"y": "nu*y - y**3"}, 2), ({"y": "nu*y - y**3", "z": "2*nu*z - z**3"}, 3)]
)
def test_folds_that_meet_branch_points_are_no_zero_hopf_points(texts, size):
    """On the curve mu = -nu/2 - sin(nu)**2 one or two more real eigenvalues vanish at nu = 0."""
    curve = fold_curve(texts, 1 + len(texts))
    assert told(curve) == [("BP1", pytest.approx(0, abs=1e-12), pytest.approx(0, abs=1e-12))]
    assert (curve["BP1"].nullity, curve["BP1"].normal_form["dimension"]) == (size, size)
    assert f"kernel of dimension {size}" in str(curve)
    assert_allclose(curve["mu"], -curve["nu"] / 2 - np.sin(curve["nu"]) ** 2, atol=1e-12)
    with pytest.raises(ValueError, match=f"the kernel of F_u at BP1 has dimension {size}"):
        trace(curve.problem.base, curve["BP1"], ("mu", "nu"))


@pytest.mark.parametrize(("x", "y"), [((1e-9, 1.0), (1e-9, 1.0)), ((1e-6, 1e3), (1e6, 1e-3)), ((1e9, 1.0), (1.0, 1e3))])
def test_kernels_are_found_in_any_units(x, y):
    """States in units of their own and equations times factors of their own: (unit, factor) of each."""
    (u, by), (v, times) = x, y
    texts = {
        "x": f"{by}*(mu + nu/2 + sin(nu)**2 - (x/{u})**2)",
        "y": f"{times}*(nu*(y/{v}) - (y/{v})**3)",
    }
    problem = Problem.from_expressions(texts, {"mu": 1.0, "nu": -0.5})
    start = [np.sqrt(0.75 + np.sin(0.5) ** 2) * u, 0.0]
    fold = trace(problem, start, "mu", (-1, 2))["LP1"]
    curve = trace(problem, fold, ("mu", "nu"), {"mu": (-2, 2), "nu": (-1, 1)})
    assert told(curve) == [("BP1", pytest.approx(0, abs=1e-12), pytest.approx(0, abs=1e-12))]
    assert curve["BP1"].nullity == 2
    assert curve["BP1"].error < 1e-9


def test_a_count_of_the_problems_own_is_shown_along_curves_and_its_changes_are_told():
    def count(u, p):
        return 1.0 * (u[0] < 0) + 1.0 * (p[1] > 3 * u[1] ** 2) + 1.0 * (2 * p[1] > 3 * u[2] ** 2)

    curve = fold_curve({"y": "nu*y - y**3", "z": "2*nu*z - z**3"}, 3, stability=count)
    assert [label for label, *_ in told(curve)] == ["BP1"]
    assert curve["BP1"].nullity == 3
    ordinary = np.arange(len(curve)) != curve["BP1"].index
    assert_allclose(curve.unstable[ordinary], np.where(curve["nu"][ordinary] > 0, 2, 0))
    assert " - " not in str(curve)


# Curves of branch points


def branch_curve(text, limits=(-2, 2)):
    """Branch points of ``x' = (mu - nu**2) x + text``, y slaved as x**2/2, from nu = 1."""
    texts = {"x": f"(mu - nu**2)*x + {text}", "y": "-y + x**2/2"}
    problem = Problem.from_expressions(texts, {"mu": -1.0, "nu": 1.0})
    point = trace(problem, [0.0, 0.0], "mu", (-1.5, 2))["BP1"]
    return problem, trace(problem, point, ("mu", "nu"), {"mu": limits, "nu": limits})


@pytest.mark.parametrize(
    ("text", "nu", "form"),
    [
        ("(nu - 0.3)*x**2 - x**3 + x*y", 0.3, {"kind": "transcritical, quadratic coefficient zero", "d": -0.5}),
        ("(nu - 0.3)*x**3 - x**5 + x*y", -0.2, {"kind": "pitchfork, cubic coefficient zero", "e": -1.0}),
    ],
)
def test_crossings_that_degenerate_and_turns_of_the_curve_are_told(text, nu, form):
    """mu = nu**2 turns at 0; the slaved y adds x**3/2, so that the cubic coefficient vanishes at nu = -0.2."""
    problem, curve = branch_curve(text)
    places = {label: place for label, *place in told(curve)}
    assert places == {
        "LP1": [pytest.approx(0, abs=1e-12), pytest.approx(0, abs=1e-8)],
        "DB1": [pytest.approx(nu**2, rel=1e-9), pytest.approx(nu, rel=1e-9)],
    }
    found = curve["DB1"].normal_form
    assert {key: found[key] for key in form} == {k: pytest.approx(v) if k != "kind" else v for k, v in form.items()}
    assert found["b"] == pytest.approx(1.0)
    assert curve["LP1"].normal_form == {}
    assert form["kind"] in str(curve)
    for label in places:  # the curve can be started there, and meets the point again
        again = trace(problem, curve[label], ("mu", "nu"), {"mu": (-2, 2), "nu": (-2, 2)})
        assert sorted(name for name, *_ in told(again)) == ["DB1", "LP1"]


def test_ordinary_pitchforks_have_nothing_to_tell():
    _, curve = branch_curve("-x**3 + nu*x*y/10", limits=(0.2, 2))
    assert told(curve) == []


def test_where_two_curves_of_branch_points_cross_the_kernel_has_two_dimensions():
    """mu = nu**2 for x and mu = -nu for y: they cross at (0, 0) and (1, -1)."""
    problem = Problem.from_expressions(
        {"x": "(mu - nu**2)*x - x**3", "y": "(nu + mu)*y - y**3"}, {"mu": -1.0, "nu": 0.5}
    )
    trunk = trace(problem, [0.0, 0.0], "mu", (-1.2, 2))
    curve = trace(problem, trunk["BP2"], ("mu", "nu"), {"mu": (-2, 2), "nu": (-2, 2)})
    found = sorted((round(mu, 9) + 0.0, round(nu, 9) + 0.0) for name, mu, nu in told(curve) if name[:2] == "BP")
    assert found == [(0.0, 0.0), (1.0, -1.0)]
    assert all(point.nullity == 2 for point in curve.branch_points)


def test_a_double_zero_that_breaks_a_symmetry_ends_a_hopf_curve_at_a_located_point():
    """x'' = mu x + nu x' - x**3: in the coordinates of two cells, whose sum decays; both equations are odd in u - v."""
    x, y = "(u - v)", "(s - t)"
    force = f"(mu*{x} + nu*{y} - {x}**3 - {x}**2*{y})/2"
    texts = {"u": f"{y}/2 - (u + v)", "v": f"-{y}/2 - (u + v)", "s": f"{force} - (s + t)", "t": f"-{force} - (s + t)"}
    problem = Problem.from_expressions(texts, {"mu": -0.5, "nu": -0.4})
    point = trace(problem, [0.0] * 4, "nu", (-1, 1))["HB1"]
    curve = trace(problem, point, ("nu", "mu"), {"nu": (-1, 1), "mu": (-1, 1)})
    assert told(curve) == [("BT1", pytest.approx(0, abs=1e-9), pytest.approx(0, abs=1e-9))]
