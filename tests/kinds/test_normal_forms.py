"""Normal forms of codimension one: systems built to have known coefficients, and formulas from elsewhere."""

import functools
import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation import Kind, Problem, trace
from continuation.kinds.normal_forms.coefficients import normal_form
from continuation.kinds.normal_forms.hopf_forms import hopf
from continuation.kinds.normal_forms.linear_part import Local, sign_of
from tests.hidden import Hidden

WAYS = [pytest.param(True, 1e-8, id="exact"), pytest.param(False, 1e-5, id="differences")]
ALL_WAYS = pytest.mark.parametrize(("exact", "accuracy"), WAYS)
SCALES = pytest.mark.parametrize("scale", [1e-6, 1e6])


def coefficients(hidden, kind, exact, vary="mu", **values):
    return normal_form(hidden.problem(exact), kind, hidden.place, values, vary)


def side(hidden):
    """Sign of the largest component of the first coordinate's direction: the toolkit makes it positive."""
    v = hidden.matrix[:, 0]
    return np.sign(v[np.argmax(np.abs(v))])


def seeded(seed):
    return np.random.default_rng([7, seed])


@functools.cache
def fold_system():
    def field(y, mu):
        return [1.3 * mu[0] - 0.7 * y[0] ** 2 + y[0] * y[1], -y[1] + 0.4 * y[0] ** 2, -2 * y[2] + y[1] + mu[0]]

    return Hidden(3, field, seeded(1))


@ALL_WAYS
@pytest.mark.parametrize("scale", [1.0, 1e-6, 1e6])
def test_fold(exact, accuracy, scale):
    """``x' = b mu + a x**2`` for x = |L e0| y0: a is divided by the length, b multiplied; both grow with F."""
    hidden = fold_system()
    found = coefficients(hidden, Kind.FOLD, exact, scale=scale)
    length = hidden.length([1, 0, 0]) * side(hidden)
    assert found["opens"] == 1
    assert_allclose([found["a"], found["b"]], [-0.7 / length * scale, 1.3 * length * scale], rtol=accuracy)


@functools.cache
def crossing_system():
    def field(y, mu):
        own = 0.3 * mu[0] ** 2 + 0.9 * mu[0] * y[0] + 0.5 * y[0] * y[1] - 0.8 * y[0] ** 2
        return [own, -2 * y[1] + 0.6 * mu[0] + 0.2 * y[0] ** 2, -y[2] + y[0] * y[1] - mu[0]]

    return Hidden(3, field, seeded(2))


@ALL_WAYS
def test_transcritical_of_two_branches_neither_of_which_is_known(exact, accuracy):
    """y1 = 0.3 mu on the manifold, which adds 0.15 to b; with the cubic 0.5*0.2/2 of y1 ~ y0**2."""
    hidden = crossing_system()
    found, length = coefficients(hidden, Kind.BRANCH_POINT, exact), hidden.length([1, 0, 0]) * side(crossing_system())
    a, b, c = 0.3, 1.05, -0.8
    assert found["kind"] == "transcritical"
    assert_allclose([found[k] for k in "abc"], [a * length, b, c / length], rtol=accuracy)
    assert_allclose(found["exchange"], np.sqrt(b * b - 4 * a * c), rtol=accuracy)
    assert_allclose(sorted(found["slopes"]), np.sort(np.roots([c, b, a]) * length), rtol=accuracy)


def test_the_eigenvalue_grows_along_the_branch_of_the_second_slope():
    """Of (x - 2 mu)(mu + x) = 0 the derivative by x on x = 2 mu is 3 mu, on x = -mu it is -3 mu."""
    made = Problem.from_expressions({"x": "(x - 2*mu)*(mu + x)"}, {"mu": 0.0}, compiled=False)
    found = normal_form(made, Kind.BRANCH_POINT, [0.0], {}, "mu")
    assert found["slopes"] == pytest.approx((-1.0, 2.0))
    assert found["exchange"] == pytest.approx(3.0)


@functools.cache
def pitchfork_system():
    def field(y, mu):
        own = 0.2 * mu[0] ** 2 + 0.5 * mu[0] * y[0] + (mu[1] - 0.3) * y[0] ** 3 + 0.6 * y[0] * y[1]
        return [own, -2 * y[1] + y[0] ** 2, -y[2] + 0.5 * y[1] + mu[0]]

    return Hidden(3, field, seeded(3), mu=("mu", "d"))


@ALL_WAYS
@pytest.mark.parametrize(("d", "criticality", "opens"), [(-0.9, "supercritical", 1), (0.4, "subcritical", -1)])
@pytest.mark.parametrize("scale", [1.0, 1e-6, 1e6])
def test_pitchfork(exact, accuracy, d, criticality, opens, scale):
    """The slaved y1 = y0**2/2 adds 0.3 to the cubic coefficient, which goes with the square of the length."""
    hidden = pitchfork_system()
    found = coefficients(hidden, Kind.BRANCH_POINT, exact, d=d, scale=scale)
    length = hidden.length([1, 0, 0]) * side(hidden)
    assert (found["kind"], found["criticality"], found["opens"]) == ("pitchfork", criticality, opens)
    wanted = [0.2 * length * scale, 0.5 * scale, d / length**2 * scale]
    assert_allclose([found[k] for k in "abd"], wanted, rtol=accuracy)
    assert_allclose(found["slopes"], [-0.4 * length, np.inf], rtol=accuracy)


@pytest.mark.parametrize("exact", [True, False])
def test_equations_of_very_different_size(exact):
    """Rows multiplied by 1e-6 and 1e6 keep the branches: slopes and the curvature d/b of the side branch."""
    rows = [1e6, 1e-6, 1.0]
    texts = ["r*(0.2*mu**2 + mu*x - x**3 + 0.3*y*z)", "s*(-y + x**2 + mu + z)", "0.5*x*y - z"]
    equations = {name: t.replace("r*", f"{rows[0]}*").replace("s*", f"{rows[1]}*") for name, t in zip("xyz", texts)}
    plain = {name: t.replace("r*", "1*").replace("s*", "1*") for name, t in zip("xyz", texts)}
    made = [Problem.from_expressions(e, {"mu": 0.0}, stability=None, compiled=False) for e in (equations, plain)]
    if not exact:
        residual = made[0].expressions.residual
        made[0] = Problem(residual, tuple("xyz"), {"mu": 0.0}, stability=None, compiled=False)
    given, wanted = [normal_form(p, Kind.BRANCH_POINT, np.zeros(3), {}, "mu") for p in made]
    assert given["kind"] == wanted["kind"] == "pitchfork"
    assert "criticality" not in given
    assert given["opens"] == wanted["opens"]
    assert_allclose(given["slopes"], wanted["slopes"], rtol=1e-5)
    assert_allclose(given["d"] / given["b"], wanted["d"] / wanted["b"], rtol=1e-5)


@functools.cache
def three_modes():
    def field(y, mu):
        out = []
        for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
            own = mu[0] * y[i] + 0.7 * y[j] * y[k] - 1.2 * y[i] ** 3 - 0.4 * y[i] * (y[j] ** 2 + y[k] ** 2)
            out.append(own + 0.5 * y[i] * y[3])
        return [*out, -2 * y[3] + 0.8 * (y[0] ** 2 + y[1] ** 2 + y[2] ** 2) + mu[0]]

    return Hidden(4, field, seeded(4), sheared=(3,), using=(0, 1, 2))


@ALL_WAYS
def test_three_modes_with_the_symmetry_of_hexagons(exact, accuracy):
    """The tensors in the given basis are those of the normal form, y = R x; y3 = 0.4|y|**2 + mu/2 adds to them."""
    hidden = three_modes()
    found = coefficients(hidden, Kind.BRANCH_POINT, exact)
    assert found["dimension"] == 3
    turn = np.linalg.lstsq(hidden.matrix[:, :3], found["basis"].T, rcond=None)[0]
    quadratic, cubic = np.zeros((3,) * 3), np.zeros((3,) * 4)
    for i in range(3):
        for j in range(3):
            if i != j:
                quadratic[i, j, 3 - i - j] = 0.7
            for place in {(i, j, j), (j, i, j), (j, j, i)}:
                cubic[(i, *place)] = 6 * (-1.2 + 0.2) if i == j else 2 * (-0.4 + 0.2)
    back = np.linalg.inv(turn)
    wanted = np.einsum("ai,ijk,jb,kc->abc", back, quadratic, turn, turn)
    assert_allclose(found["quadratic"], wanted, atol=accuracy)
    assert_allclose(found["cubic"], np.einsum("ai,ijkl,jb,kc,ld->abcd", back, cubic, turn, turn, turn), atol=accuracy)
    assert_allclose(found["linear"], 1.25 * np.eye(3), atol=accuracy)
    assert_allclose(found["parameter"], 0, atol=accuracy)


@functools.cache
def hopf_system():
    def field(y, mu):
        w, r = 1.7, y[0] ** 2 + y[1] ** 2
        grow, turn = 0.6 * mu[0] + (mu[1] - 0.2) * r + 0.4 * y[2], w + 0.3 * mu[0] + 0.9 * r
        return [grow * y[0] - turn * y[1], turn * y[0] + grow * y[1], -3 * y[2] + 1.5 * r, -y[3] + y[0] * y[2]]

    return Hidden(4, field, seeded(5), mu=("mu", "a"))


@ALL_WAYS
@pytest.mark.parametrize(("a", "criticality"), [(-0.5, "supercritical"), (0.8, "subcritical")])
@pytest.mark.parametrize("scale", [1.0, 1e-6, 1e6])
def test_hopf(exact, accuracy, a, criticality, scale):
    """w = y0 + i y1 = 2 <p, y> for q = (1, -i)/2, so l1 = (a/omega)/|L q|**2; the slaved y2 = r/2 adds 0.2 to a."""
    hidden = hopf_system()
    found = coefficients(hidden, Kind.HOPF, exact, a=a, scale=scale)
    assert found["criticality"] == criticality
    length = hidden.length([0.5, -0.5j, 0, 0])
    wanted = [1.7 * scale, a / 1.7 / length**2, 0.6 * scale, 0.3 * scale]
    assert_allclose([found[k] for k in ("omega", "l1", "speed", "turn")], wanted, rtol=accuracy)
    imaginary, mu2 = 0.9 / 1.7 / length**2, -a / 0.6 / length**2
    assert_allclose([found["l1_imag"], found["mu2"]], [imaginary, mu2], rtol=accuracy)
    assert_allclose(found["omega2"], scale * (0.3 * mu2 + 0.9 / length**2), rtol=10 * accuracy)
    assert found["multiplicity"] == 1


def test_hopf_agrees_with_the_formula_for_plane_systems(rng):
    """Guckenheimer and Holmes (1983), eq. 3.4.11: r' = a r**3; here <q, q> = 1 for q = (1, -i)/sqrt(2)."""
    f, g, w = rng.uniform(-1, 1, (4, 4)), rng.uniform(-1, 1, (4, 4)), 2.3

    def text(c):
        return " + ".join(f"({c[i, j]})*x**{i}*y**{j}" for i in range(4) for j in range(4) if 2 <= i + j <= 3)

    made = Problem.from_expressions({"x": f"-{w}*y + {text(f)}", "y": f"{w}*x + {text(g)}"}, {"mu": 0}, compiled=False)
    third = 6 * f[3, 0] + 2 * f[1, 2] + 2 * g[2, 1] + 6 * g[0, 3]
    mixed = f[1, 1] * 2 * (f[2, 0] + f[0, 2]) - g[1, 1] * 2 * (g[2, 0] + g[0, 2])
    a = third / 16 + (mixed - 4 * f[2, 0] * g[2, 0] + 4 * f[0, 2] * g[0, 2]) / (16 * w)
    assert_allclose(normal_form(made, Kind.HOPF, [0, 0], {}, "mu")["l1"], 2 * a / w, rtol=1e-12)


def lorenz(**parameters):
    equations = {"x": "s*(y - x)", "y": "r*x - y - x*z", "z": "x*y - b*z"}
    return Problem.from_expressions(equations, {"s": 10, "r": 28, "b": 8 / 3, **parameters}, compiled=False)


def test_lorenz_pitchfork_and_hopf():
    """The side branch is x = y = sqrt(b(r - 1)) exactly; the Hopf bifurcation is subcritical (Marsden, McCracken)."""
    problem = lorenz(r=1.0)
    found = normal_form(problem, Kind.BRANCH_POINT, [0, 0, 0], {}, "r")
    assert (found["kind"], found["criticality"], found["opens"]) == ("pitchfork", "supercritical", 1)
    assert_allclose(-found["b"] / found["d"], 2 * 8 / 3, rtol=1e-12)
    s, b = 10, 8 / 3
    r = s * (s + b + 3) / (s - b - 1)
    x = np.sqrt(b * (r - 1))
    found = normal_form(problem, Kind.HOPF, [x, x, r - 1], {"r": r}, ["r"])
    assert found["criticality"] == "subcritical"
    assert_allclose(found["omega"], np.sqrt(2 * s * (s + 1) * b / (s - b - 1)), rtol=1e-12)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("mu*x - x**2", "transcritical"),
        ("mu*x + x**2 + mu**2", "isolated"),
        ("(x - mu)*(x - mu + 3*x**2)", "degenerate"),
        ("mu*x + 5*x**5", "degenerate"),
        ("mu**2 - x**3", "degenerate"),
        ("mu*sinh(x) - sin(x)**3", "pitchfork"),
    ],
)
@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("scale", [1.0, 1e-9, 1e9])
def test_kinds_of_simple_branch_points(text, kind, exact, scale):
    made = Problem.from_expressions({"x": f"{scale}*({text})"}, {"mu": 0.0}, compiled=False)
    if not exact:
        made = Problem(made.expressions.residual, ("x",), {"mu": 0.0}, compiled=False)
    found = normal_form(made, Kind.BRANCH_POINT, [0.0], {}, "mu")
    assert found["kind"] == kind
    assert ("criticality" in found) is (kind == "pitchfork")


def test_what_is_too_degenerate_is_said():
    twice = Problem.from_expressions({"x": "y", "y": "mu + x**2 + x*y"}, {"mu": 0.0}, compiled=False)
    assert "multiple eigenvalue" in normal_form(twice, Kind.FOLD, [0, 0], {}, "mu")["degenerate"]
    center = Problem.from_expressions({"x": "mu*x - y", "y": "x + mu*y"}, {"mu": 0.0}, compiled=False)
    found = normal_form(center, Kind.HOPF, [0, 0], {}, "mu")
    assert (found["criticality"], found["speed"]) == ("degenerate", 1.0)
    assert "pairs" in normal_form(twice, Kind.HOPF, [1.0, 0.0], {"mu": -1.0}, "mu")["degenerate"]
    assert normal_form(twice, Kind.END, [0, 0], {}, "mu") == {}
    turning = Problem.from_expressions({"x": "mu - x**2 + y", "y": "-y + mu"}, {"mu": 0.0}, compiled=False)
    assert "a fold" in normal_form(turning, Kind.BRANCH_POINT, [0, 0], {}, "mu")["degenerate"]
    cusp = Problem.from_expressions({"x": "mu - x**3"}, {"mu": 0.0}, compiled=False)
    assert "as at a cusp" in normal_form(cusp, Kind.FOLD, [0], {}, "mu")["degenerate"]
    steady = Problem.from_expressions({"x": "mu*x - y", "y": "x", "z": "x**2 + y*z"}, {"mu": 0.0}, compiled=False)
    assert "zero-Hopf" in normal_form(steady, Kind.HOPF, [0, 0, 0], {}, "mu")["degenerate"]
    steep = Problem.from_expressions({"x": "mu + sqrt(x)"}, {"mu": 0.0}, compiled=False)
    assert normal_form(steep, Kind.FOLD, [0], {}, "mu") == {"degenerate": "F_u is not finite"}


def test_plain_python_that_raises_beyond_its_domain():
    def f(u, p, out):
        out[0] = p[0] - 1 - math.log(u[0]) + (u[0] - 1) + (u[0] - 1) ** 2
        out[1] = -u[1]

    made = Problem(f, ("x", "y"), {"mu": 1.0}, compiled=False)
    assert_allclose(normal_form(made, Kind.FOLD, [1.0, 0.0], {}, "mu")["a"], 1.5, rtol=1e-8)


@pytest.mark.parametrize("exact", [True, False])
def test_states_and_parameters_of_size_1000(exact):
    """x = 1000 (1 + y), parameter 1000 + mu: the pitchfork mu*y - y**3/2 in y, so d = -5e-7 in x."""
    text = {"x": "1e3*((p - 1e3)*(x/1e3 - 1) - 0.5*(x/1e3 - 1)**3 + 2*z)", "z": "-z + (p - 1e3)*(x - 1e3)/1e4"}
    made = Problem.from_expressions(text, {"p": 1e3}, compiled=False)
    if not exact:
        made = Problem(made.expressions.residual, ("x", "z"), {"p": 1e3}, compiled=False)
    found = normal_form(made, Kind.BRANCH_POINT, [1e3, 0.0], {}, "p")
    assert (found["kind"], found["criticality"], found["opens"]) == ("pitchfork", "supercritical", 1)
    assert_allclose([found["b"], found["d"]], [1.2, -5e-7], rtol=1e-5)


def test_without_third_derivatives_no_verdict_is_made_up():
    made = Problem.from_expressions({"x": "mu*x - abs(x)**3", "y": "-y"}, {"mu": 0.0}, compiled=False)
    made.smoothness = 2
    found = normal_form(made, Kind.BRANCH_POINT, [0.0, 0.0], {}, "mu")
    assert found["kind"] == "V-shaped or unresolved"
    assert "d" not in found
    turning = Problem.from_expressions({"x": "0.6*mu*x - y - x**3", "y": "x"}, {"mu": 0.0}, compiled=False)
    turning.smoothness = 2
    found = normal_form(turning, Kind.HOPF, [0.0, 0.0], {}, "mu")
    assert found["criticality"] == "unresolved"
    assert "l1" not in found
    assert found["speed"] == pytest.approx(0.3)


def test_wrong_calls_are_refused():
    problem = lorenz()
    with pytest.raises(ValueError, match="no parameter named 'q'"):
        normal_form(problem, Kind.FOLD, [0, 0, 0], {}, "q")
    with pytest.raises(ValueError, match="1 or 2 names"):
        normal_form(problem, Kind.FOLD, [0, 0, 0], {}, ("s", "r", "b"))
    with pytest.raises(ValueError, match="wanted 3 values"):
        normal_form(problem, Kind.FOLD, [0, 0], {}, "r")
    with pytest.raises(ValueError, match="values by name"):
        normal_form(problem, Kind.FOLD, [0, 0, 0], [1.0], "r")
    with pytest.raises(ValueError, match="operations only"):
        normal_form(object(), Kind.FOLD, [0.0], {}, "r")


# What belongs to points of branches


@pytest.fixture
def asked(monkeypatch):
    """Labels of the points whose normal form was computed."""
    import continuation.engine.assembly.describe as special

    labels, compute = [], special.of_point

    def counted(problem, point):
        labels.append(point.label)
        return compute(problem, point)

    monkeypatch.setattr(special, "of_point", counted)
    return labels


def test_points_compute_their_normal_form_when_asked_and_once(asked):
    problem = Problem.from_expressions({"x": "p + x - x**3"}, {"p": 0.0}, compiled=False)
    branch = trace(problem, [1.3], "p", (-0.6, 0.6), direction="both")
    longer = branch.extend(span=(-1.0, 1.0))
    assert asked == []
    assert longer["LP1"].normal_form is longer["LP1"].normal_form
    assert asked == ["LP1"]
    x = longer["LP1"].state[0]
    assert_allclose(longer["LP1"].normal_form["a"], -3 * x, rtol=1e-9)
    assert_allclose(longer["LP1"].normal_form["b"], 1.0, rtol=1e-9)
    assert longer["EP1"].normal_form == {}


def test_files_keep_normal_forms(tmp_path, asked):
    problem = lorenz(r=0.5)
    branch = trace(problem, [0.0, 0.0, 0.0], "r", (0.5, 2.0))
    branch.save(tmp_path / "lorenz.nc")
    computed = len(asked)
    back = type(branch).load(tmp_path / "lorenz.nc")
    assert back["BP1"].normal_form == branch["BP1"].normal_form
    assert back["BP1"].normal_form["slopes"] == pytest.approx((0.0, np.inf))
    assert len(asked) == computed


def test_tables_tell_the_verdict_of_few_points(asked):
    problem = lorenz(r=0.5)
    branch = trace(problem, [0.0, 0.0, 0.0], "r", (0.5, 2.0))
    assert "branch point, supercritical pitchfork" in str(branch)
    assert asked == ["BP1"]
    crowd = replace(branch, special=tuple(branch["BP1"].moved() for _ in range(51)))
    assert "pitchfork" not in str(crowd)


@pytest.mark.parametrize("fast", [1.0, 1e4, 1e8])
def test_fast_modes_put_no_slow_pair_on_the_axis(fast):
    """Pairs ``+-i`` and ``-1e-3 +- 2 i`` beside an eigenvalue -fast; then both on the axis."""

    def found(rate):
        texts = {"x": "mu*x - y - x**3", "y": "x + mu*y", "z": f"-{fast}*z + x"}
        texts |= {"u": f"{rate}*u - 2*v", "v": f"2*u + {rate}*v"}
        problem = Problem.from_expressions(texts, {"mu": 0.0})
        return normal_form(problem, Kind.HOPF, [0.0] * 5, {"mu": 0.0}, "mu")

    assert "others" not in found(-1e-3)
    both = found(0.0)
    assert sorted([both["omega"], both["others"][0][0]]) == pytest.approx([1.0, 2.0])


@pytest.mark.parametrize("unit", [1.0, 1e-6])
@pytest.mark.parametrize("fast", [1.0, 1e4, 1e8])
def test_equal_pairs_in_units_beside_fast_modes(fast, unit):
    """Two pairs ``+-i``, apart and in a chain, one in units of its own, beside an eigenvalue -fast."""

    def pairs(chain):
        u, v = f"(u/{unit})", f"(v/{unit})"
        texts = {"x": f"-y + {chain}*{u}", "y": f"x + {chain}*{v}", "u": f"-{unit}*{v}", "v": f"{unit}*{u}"}
        problem = Problem.from_expressions(texts | {"z": f"-{fast}*z + x"}, {"mu": 0.0})
        local = Local(problem, np.zeros(5), problem.parameter_values({}), (0,))
        return local, local.equal_pairs(local.pairs(1)[0])

    local, found = pairs(0.0)
    assert found.right.shape == (5, 2)
    assert_allclose(local.jacobian @ found.right, 1j * found.omega * found.right, atol=1e-9 * fast)
    assert_allclose(found.adjoint.conj().T @ found.right, np.eye(2), atol=1e-9)
    assert pairs(1.0)[1] is None


def hopf_of(texts, mu=0.0, **values):
    problem = Problem.from_expressions(texts, {"mu": mu, **values})
    return normal_form(problem, Kind.HOPF, [0.0] * len(texts), {"mu": mu}, "mu")


@pytest.mark.parametrize("beside", [1e-9, 1e-17, 0.0])
def test_a_pair_that_touches_the_axis_only_has_no_coefficients_along_orbits(beside):
    """The real part is ``mu**3``: a speed of 3e-18 next to zero is none."""
    r = "(x**2 + y**2)"
    found = hopf_of({"x": f"mu**3*x - y - x*{r}", "y": f"x + mu**3*y - y*{r}"}, beside)
    assert found["criticality"] == "supercritical"
    assert "mu2" not in found
    assert "omega2" not in found


@pytest.mark.parametrize("slow", [1e-2, 1e-6])
def test_slow_pairs_that_cross_have_them(slow):
    """Real part ``slow mu`` and frequency slow: ``mu = mu2 r**2`` with 2 r**2 the square of the circle's radius."""
    r = "(x**2 + y**2)"
    found = hopf_of({"x": f"{slow}*(mu*x - y - x*{r})", "y": f"{slow}*(x + mu*y - y*{r})"})
    assert found["omega"] == pytest.approx(slow)
    assert found["mu2"] == pytest.approx(2.0)
    assert found["omega2"] == pytest.approx(0.0, abs=1e-12 * slow)


def test_speeds_that_are_no_numbers_are_left_out():
    problem = Problem.from_expressions({"x": "mu*x - y - x**3", "y": "x + mu*y"}, {"mu": 0.0})
    local = Local(problem, np.zeros(2), problem.parameter_values({}), (0,))
    form = local.forms.form

    def broken(*directions):
        return form(*directions) * (np.nan if len(directions) == 2 and directions[0][-1] == 1.0 else 1.0)

    assert {"speed", "mu2"} <= set(hopf(local))
    local.forms.form = broken
    found = hopf(local)
    assert found["criticality"] == "supercritical"
    assert not {"speed", "turn", "mu2", "omega2"} & set(found)


def test_a_sign_against_what_is_no_number_is_none():
    assert [sign_of(2.0, 1.0), sign_of(-2.0), sign_of(0.0), sign_of(1.0, 1.0)] == [1, -1, 0, 0]
    assert [sign_of(np.nan, 1.0), sign_of(2.0, np.nan, 1.0), sign_of(2.0, 1.0, np.nan)] == [0, 0, 0]
