"""Normal forms on branches of periodic orbits against closed forms, other coordinates, and Poincaré maps."""

import json

import numpy as np
import pytest
from numpy.polynomial import chebyshev
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp

from continuation import Kind, Problem, periodic_orbits, trace
from continuation.equations.multilinear import Multilinear
from continuation.kinds.normal_forms.coefficients import normal_form
from continuation.orbits import forms
from continuation.orbits.profiles.basis import basis
from continuation.orbits.profiles.orbit import Orbit
from continuation.orbits.variational import Variational

# A band turned by half the angle: xi' = mu xi - k xi**3 across it, eta' = -eta, angle' = 1 + s xi**2.
BAND = {
    "r": "sqrt(x**2 + y**2)",
    "C": "(1 + x/r)/2",
    "S": "y/r/2",
    "D": "(1 - x/r)/2",
    "square": "(r - 1)**2*C + 2*(r - 1)*z*S + z**2*D",
    "turn": "1 + s*square",
    "out": "(mu - k*square)*((r - 1)*C + z*S) - (r - 1)*D + z*S - turn*z/2",
    "up": "(mu - k*square)*((r - 1)*S + z*D) + (r - 1)*S - z*C + turn*(r - 1)/2",
}


def band(k=1.0, s=0.0, mu=0.0):
    """The band as a problem."""
    equations = {"x": "-turn*y + x/r*out", "y": "turn*x + y/r*out", "z": "up"}
    return Problem.from_expressions(equations, {"mu": mu, "k": k, "s": s}, definitions=BAND, compiled=False)


def langford(turn=3.5, g=0.0, b=0.862097985892684, more=()):
    """A pair on the circle at z = b = 0.862097985892684, turning at 3.5, the more g the faster farther out."""
    equations = {
        "x": "(z - b)*x - (d + g*(x**2 + y**2))*y",
        "y": "(d + g*(x**2 + y**2))*x + (z - b)*y",
        "z": "0.6 + z - z**3/3 - (x**2 + y**2)*(1 + 0.25*z)",
        **dict(more),
    }
    return Problem.from_expressions(equations, {"b": b, "d": turn - g * RADIUS**2, "g": g}, compiled=False)


NEIMARK_SACKER = 0.862097985892684
RADIUS = np.sqrt((0.6 + NEIMARK_SACKER - NEIMARK_SACKER**3 / 3) / (1 + 0.25 * NEIMARK_SACKER))
PAIR = np.sqrt(2 * RADIUS**2 * (1 + 0.25 * NEIMARK_SACKER))  # frequency of the pair in the plane (radius, z)


def bautin(problem_of_radius="mu + 2*R - R**2", shear=1.0, mu=-1.0):
    """Cycles r' = r (mu + 2 r**2 - r**4), angle' = 1 + shear r**2: a fold at r = 1, mu = -1."""
    equations = {"x": f"({problem_of_radius})*x - (1 + q*R)*y", "y": f"({problem_of_radius})*y + (1 + q*R)*x"}
    return Problem.from_expressions(equations, {"mu": mu, "q": shear}, definitions={"R": "x**2 + y**2"}, compiled=False)


def critical(problem, states, period, vary, intervals=50, degree=4, mesh=None):
    """The critical orbit of a closed curve ``states(angle)``, the angle from 0 to 2 pi over the period."""
    mesh = np.full(intervals, 1 / intervals) if mesh is None else mesh
    begin = np.concatenate([[0.0], np.cumsum(mesh)[:-1]])
    angle = 2 * np.pi * (begin[:, None] + mesh[:, None] * basis(degree).nodes[:-1]).ravel()
    profile = np.array([np.broadcast_to(values, angle.shape) for values in states(angle)]).T
    p = problem.parameter_values(None)
    return forms.CriticalOrbit(problem, p, problem.index_of(vary), mesh, profile, period)


def circle(angle, radius=1.0, *others):
    """A circle in the first two states."""
    return radius * np.cos(angle), radius * np.sin(angle), *others


def bent(problem, names):
    """The problem in coordinates ``x + 0.3 y**2 + 0.2 y`` instead of x."""
    texts = {name: str(text) for name, text in problem.expressions.source["equations"].items()}
    old = {f"f_{name}": text for name, text in texts.items()}
    definitions = dict(problem.expressions.source["definitions"]) | old
    definitions = {name: text.replace("x", "(w - 0.3*y**2 - 0.2*y)") for name, text in definitions.items()}
    equations = {"w": "f_x + (0.6*y + 0.2)*f_y", **{name: f"f_{name}" for name in names[1:]}}
    values = dict(zip(problem.parameters, problem.parameter_values(None)))
    return Problem.from_expressions(equations, values, definitions=definitions, compiled=False)


# The linear equations


@pytest.mark.parametrize("rate", [0.5, 40.0])
def test_solutions_along_an_orbit_that_attracts_and_repels(rate):
    # g' = (-rate, rate) g + r: of period 2, and those that turn by kappa; moduli from e**-80 to e**80
    errors = []
    for intervals in (40, 80):
        steps = np.full(intervals, 2.0 / intervals) * (1 + 0.3 * (-1.0) ** np.arange(intervals))
        times = np.cumsum(steps)[:, None] - steps[:, None] + steps[:, None] * basis(4).points
        a = np.broadcast_to(np.diag([-rate, rate]), (intervals, 4, 2, 2))
        equations, turn = Variational(steps, a), 0.3
        exact = np.exp(1j * (np.pi + turn) * times)[..., None] * np.array([1.0, 2.0])
        right = exact * (1j * (np.pi + turn) - np.array([-rate, rate]))
        kappa, side = np.exp(2j * turn), equations.side(right)
        found = equations.function(np.linalg.solve(equations.closing(kappa), side.total), kappa, side)
        errors.append(np.max(np.abs(found - exact)))
    assert errors[0] < 1e-4
    assert errors[1] < errors[0] / 2**3.7 or errors[1] < 1e-11


def test_multipliers_of_the_reduced_equations():
    steps = np.full(7, 1 / 7)
    a = np.broadcast_to(np.array([[0.0, 1.0], [-1.0, 0.0]]), (7, 4, 2, 2))
    found = np.sort_complex(Variational(steps, a).multipliers())
    assert_allclose(found, np.exp([-1j, 1j]), atol=1e-12)


# Closed forms


def test_fold_of_circles():
    # rho = r - 1: rho' = -4 rho**2 + ..., mu enters as mu r; T = pi at r = 1, angle' = 1 + r**2
    found = forms.fold(critical(bautin(), circle, np.pi, "mu"))
    assert_allclose([found["b"], found["drift"], found["stretch"]], [-4.0, 1.0, -1.0], rtol=1e-7)
    assert found["opens"] == 1


def test_fold_of_circles_whose_period_does_not_change():
    found = forms.fold(critical(bautin(shear=0.0), circle, 2 * np.pi, "mu"))
    assert_allclose([found["b"], found["drift"], found["stretch"]], [-4.0, 1.0, 0.0], rtol=1e-7, atol=1e-8)


def test_fold_on_a_mesh_that_is_not_even():
    mesh = 1 + 0.5 * np.sin(np.arange(60.0))
    found = forms.fold(critical(bautin(), circle, np.pi, "mu", mesh=mesh / mesh.sum()))
    assert_allclose([found["b"], found["stretch"]], [-4.0, -1.0], rtol=1e-6)


def test_cusp_of_circles_is_degenerate():
    # r' = r (r**2 - 1)**3: three circles meet
    problem = bautin("mu + 1 + (R - 1)**3")
    found = forms.fold(critical(problem, circle, np.pi, "mu"))
    assert abs(found["b"]) < 1e-7
    assert "cusp" in found["degenerate"]
    assert "opens" not in found


@pytest.mark.parametrize(("k", "s", "says"), [(1.0, 0.0, "super"), (2.5, 0.7, "super"), (-1.0, -0.4, "sub")])
def test_period_doubling_of_a_band(k, s, says):
    found = forms.period_doubling(critical(band(k, s), lambda t: circle(t, 1.0, 0.0), 2 * np.pi, "mu"))
    assert_allclose([found["c"], found["a"]], [-k, s], rtol=1e-8, atol=1e-9)
    assert_allclose([found["speed"], found["mu2"]], [1.0, k], rtol=1e-8)
    assert found["criticality"] == says + "critical"


def test_period_doubling_without_a_cubic_term_is_degenerate():
    found = forms.period_doubling(critical(band(0.0, 0.3), lambda t: circle(t, 1.0, 0.0), 2 * np.pi, "mu"))
    assert found["criticality"] == "degenerate"


@pytest.mark.parametrize("g", [0.0, 0.9, -0.8])
def test_torus_of_circles_against_the_hopf_point_of_the_plane(g):
    b = NEIMARK_SACKER
    plane = Problem.from_expressions(
        {"r": "(z - b)*r", "z": "0.6 + z - z**3/3 - r**2*(1 + 0.25*z)"}, {"b": b}, compiled=False
    )
    hopf = normal_form(plane, Kind.HOPF, [RADIUS, b], {"b": b}, "b")
    found = forms.neimark_sacker(critical(langford(g=g), lambda t: circle(t, RADIUS, b), 2 * np.pi / 3.5, "b"))
    # To an eigenvector q of length 1 in the plane belongs the angle 2 g r q_r/(i omega); of second order in the
    # amplitude, r**2 is on the mean more by 2 r h_r + 2 |q_r|**2 with A h = -B(q, conj(q)).
    a = plane.jacobian([RADIUS, b], {"b": b})
    q = np.linalg.eig(a)[1][:, 0]
    h = -np.linalg.solve(a, Multilinear(plane, [RADIUS, b], [b]).form(q, q.conj()).real)
    squared = 1 + RADIUS**2 * abs(2 * g * RADIUS * q[0] / PAIR) ** 2
    faster = g * (2 * RADIUS * h[0] + 2 * abs(q[0]) ** 2) / 3.5
    assert_allclose(found["omega"], PAIR, rtol=1e-8)
    assert_allclose(found["d"], hopf["l1"] * PAIR / squared, rtol=1e-7)
    assert_allclose(found["d_imag"], hopf["l1_imag"] * PAIR / squared, rtol=1e-7)
    assert_allclose(found["a"], faster / squared, rtol=1e-7, atol=1e-9)
    assert_allclose([found["speed"], found["turn"]], [hopf["speed"], hopf["turn"]], rtol=1e-6)
    assert found["criticality"] == hopf["criticality"] == "supercritical"
    if g == 0.0:
        assert_allclose(found["d"], -0.29145605383538, rtol=1e-9)
        assert_allclose(found["angle"], 2.836777313581866, rtol=1e-10)


def test_neutral_directions_far_from_the_circle_change_nothing():
    # multipliers e**72 and e**-90 beside the pair
    more = {"v": "40*v + x*z", "w": "-50*w + x*x"}
    b = NEIMARK_SACKER
    plain = forms.neimark_sacker(critical(langford(), lambda t: circle(t, RADIUS, b), 2 * np.pi / 3.5, "b"))
    settled = forced_responses(40.0, -50.0)
    orbit = critical(langford(more=more), lambda t: circle(t, RADIUS, b, *settled(t)), 2 * np.pi / 3.5, "b")
    found = forms.neimark_sacker(orbit)
    # v has parts along the forced directions too: d times the mean square of v stays
    own = forms.Critical(orbit, np.exp(1j * found["angle"])).v
    share = orbit.equations.size(own[..., :3]) ** 2
    assert share < 1 - 1e-4
    assert_allclose([found["d"] / share, found["angle"]], [plain["d"], plain["angle"]], rtol=1e-6)


def forced_responses(first, second):
    """Periodic solutions of v' = first v + x b, w' = second w + x**2 on the circle."""
    b, s = NEIMARK_SACKER, 3.5

    def responses(t):
        v = RADIUS * b * np.real(np.exp(1j * t) / (1j * s - first))
        w = 0.5 * RADIUS**2 * (-1 / second + np.real(np.exp(2j * t) / (2j * s - second)))
        return v, w

    return responses


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_strong_resonances_are_named(k):
    d = k * PAIR * (1 + 1e-6)
    problem = langford(d)
    orbit = critical(problem, lambda t: circle(t, RADIUS, NEIMARK_SACKER), 2 * np.pi / d, "b", intervals=80, degree=5)
    found = forms.neimark_sacker(orbit)
    assert found["criticality"] == "unresolved"
    assert found["degenerate"] == f"strong resonance 1:{k}"
    assert_allclose(found["angle"], 2 * np.pi / k if k > 1 else 0.0, atol=1e-5)
    assert "d" not in found


# Other coordinates: coefficients go with the mean square of v in them


def test_fold_in_other_coordinates():
    problem = bent(bautin(), ("x", "y"))
    orbit = critical(problem, lambda t: (np.cos(t) + 0.3 * np.sin(t) ** 2 + 0.2 * np.sin(t), np.sin(t)), np.pi, "mu")
    found = forms.fold(orbit)
    t = 2 * np.pi * np.arange(400) / 400
    c, s = np.cos(t), np.sin(t)
    field = np.array([-s + (0.6 * s + 0.2) * c, c]) * 2
    radial = np.array([c + (0.6 * s + 0.2) * s, s])
    v = radial - field * (np.sum(field * radial) / np.sum(field**2))
    size = np.sqrt(np.mean(np.sum(v**2, axis=0)))
    assert_allclose(np.abs([found["b"], found["stretch"]]), np.array([4.0, 1.0]) / size, rtol=1e-6)
    assert_allclose(found["b"] / found["drift"], -4.0 / size**2, rtol=1e-6)


def test_period_doubling_in_other_coordinates():
    orbit = critical(
        bent(band(1.0, 0.6), ("x", "y", "z")),
        lambda t: (np.cos(t) + 0.3 * np.sin(t) ** 2 + 0.2 * np.sin(t), np.sin(t), 0.0),
        2 * np.pi,
        "mu",
        intervals=80,
    )
    found = forms.period_doubling(orbit)
    t = 4 * np.pi * np.arange(400) / 400
    x, y = np.cos(t / 2) * np.cos(t), np.cos(t / 2) * np.sin(t)
    v = np.array([x + (0.6 * np.sin(t) + 0.2) * y, y, np.sin(t / 2)])
    squared = np.mean(np.sum(v**2, axis=0))
    assert_allclose(found["c"], -1.0 / squared, rtol=1e-7)
    assert_allclose([found["speed"], found["mu2"]], [1.0, 1 / squared], rtol=1e-7)


def test_torus_in_other_coordinates():
    b, problem = NEIMARK_SACKER, langford(g=0.9)
    plain = critical(problem, lambda t: circle(t, RADIUS, b), 2 * np.pi / 3.5, "b")

    def moved(t):
        x, y = RADIUS * np.cos(t), RADIUS * np.sin(t)
        return x + 0.3 * y**2 + 0.2 * y, y, b

    other = critical(bent(problem, ("x", "y", "z")), moved, 2 * np.pi / 3.5, "b", intervals=80)
    first, second = forms.neimark_sacker(plain), forms.neimark_sacker(other)
    v = forms.Critical(plain, np.exp(1j * first["angle"])).v
    y = plain.points[..., 1]
    image = np.concatenate([(v[..., 0] + (0.6 * y + 0.2) * v[..., 1])[..., None], v[..., 1:]], axis=2)
    squared = plain.equations.size(image) ** 2
    assert abs(first["a"]) > 1e-2
    for name in ("d", "d_imag", "a"):
        assert_allclose(second[name], first[name] / squared, rtol=1e-5, err_msg=name)
    assert_allclose([second["speed"], second["turn"]], [first["speed"], first["turn"]], rtol=1e-6, atol=1e-8)


def by_differences(compiled, counted=lambda: None):
    """The critical orbit of Langford's equations as a function without derivatives."""

    def residual(u, p, out):
        x, y, z = u
        out[0] = (z - p[0]) * x - 3.5 * y
        out[1] = 3.5 * x + (z - p[0]) * y
        out[2] = 0.6 + z - z**3 / 3 - (x * x + y * y) * (1 + 0.25 * z)

    def counting(u, p, out):
        counted()
        residual(u, p, out)

    function = residual if compiled else counting
    problem = Problem(function, states=("x", "y", "z"), parameters={"b": NEIMARK_SACKER}, compiled=compiled)
    return critical(problem, lambda t: circle(t, RADIUS, NEIMARK_SACKER), 2 * np.pi / 3.5, "b", intervals=20, degree=5)


@pytest.mark.parametrize("compiled", [False, True])
def test_differences_instead_of_expressions(compiled):
    calls = []
    found = forms.neimark_sacker(by_differences(compiled, lambda: calls.append(1)))
    assert_allclose(found["d"], -0.29145605383538, rtol=1e-6)
    assert_allclose(found["speed"], -NEIMARK_SACKER, rtol=1e-6)
    assert compiled or len(calls) <= 1400 * 100  # of 100 points and about 24 directions: 2 to 3 ranges of 18 each


# Poincaré map and branches


@pytest.fixture(scope="module")
def rossler():
    """A branch of the Rössler system through its first period doubling."""
    problem = Problem.from_expressions({"x": "-y - z", "y": "x + 0.2*y", "z": "0.2 + z*(x - c)"}, {"c": 2.5})
    orbit = Orbit.from_simulation(problem, [3.0, 0.0, 0.1], parameters={"c": 2.5})
    return problem, trace(periodic_orbits(problem), orbit, "c", (2.3, 3.2))


def test_period_doubling_against_derivatives_of_a_poincare_map(rossler):
    problem, branch = rossler
    point = branch["PD1"]
    orbit = branch.problem.critical_orbit(point)
    x0, v = orbit.points[0, 0], forms.Critical(orbit, -1.0).v[0, 0].real
    c, normal = point.parameters["c"], orbit.field[0, 0] / np.linalg.norm(orbit.field[0, 0])
    plane = np.linalg.svd(normal[None])[2][1:]

    def returned(t, direction):
        def flow(_, u):
            return [-u[1] - u[2], u[0] + 0.2 * u[1], 0.2 + u[2] * (u[0] - c)]

        def section(_, u):
            return normal @ (u - x0)

        section.direction = 1.0
        start = x0 + t * direction @ plane
        run = solve_ivp(flow, (0, 1.5 * orbit.period), start, "DOP853", events=section, rtol=1e-12, atol=1e-13)
        late = np.argmin(np.abs(run.t_events[0] - orbit.period))
        return plane @ (run.y_events[0][late] - x0)

    def derivatives(direction):
        reach, nodes = 0.1 / np.linalg.norm(direction), chebyshev.chebpts1(18)
        values = np.array([returned(reach * t, direction) for t in nodes])
        series = chebyshev.chebfit(nodes, values, 13)
        powers = np.array([chebyshev.cheb2poly(column) for column in series.T])
        return [powers[:, j] * f / reach**j for j, f in ((1, 1), (2, 2), (3, 6))]

    q = plane @ v
    a = np.column_stack([derivatives(e)[0] for e in np.eye(2)])
    values, left = np.linalg.eig(a.T)
    p = left[:, np.argmin(np.abs(values + 1))]
    p = p / (p @ q)
    slope, square, cubic = derivatives(q)
    assert_allclose(slope, -q, atol=1e-7)
    h = np.linalg.solve(np.eye(2) - a, square)
    mixed = (derivatives(q + h)[1] - derivatives(q - h)[1]) / 4
    expected = -(p @ (cubic + 3 * mixed)) / 6 / orbit.period
    assert_allclose(point.normal_form["c"], expected, rtol=1e-5)


def test_points_of_branches_know_their_forms_and_tables_their_verdicts(rossler):
    _, branch = rossler
    assert "period doubling, supercritical" in str(branch)
    form = branch["PD1"].normal_form
    assert branch["PD1"].normal_form is form
    assert_allclose(branch["PD1"].parameters["c"], 2.832445027862508, rtol=1e-9)
    kept = [json.loads(str(text)) for text in branch.to_xarray()["special_normal_form"].values]
    assert kept == [{}, form, {}]


def test_doubled_orbits_have_the_amplitude_that_the_form_says(rossler):
    problem, branch = rossler
    point = branch["PD1"]
    form, mu = point.normal_form, 0.01
    start, c = point.unknowns[:3] + [0.1, 0.0, 0.0], point.parameters["c"] + mu
    doubled = Orbit.from_simulation(problem, start, {"c": c}, settle=300.0)
    assert_allclose(doubled.period, 2 * point.outputs["period"], rtol=1e-2)
    # u(t + T/2) - u(t) = -2 xi v + O(xi**3), of mean square 4 xi**2
    t = doubled.period * np.arange(2000) / 2000
    apart = doubled(t + doubled.period / 2) - doubled(t)
    assert_allclose(np.mean(np.sum(apart**2, axis=1)) / 4, mu / form["mu2"], rtol=2e-2)


def test_where_orbits_shrink_the_form_is_that_of_the_equilibrium():
    growth = "mu*(1 - mu) - x**2 - y**2"
    equations = {"x": f"({growth})*x - (1 + x**2)*y", "y": f"({growth})*y + (1 + x**2)*x"}
    problem = Problem.from_expressions(equations, {"mu": -0.5})
    equilibria = trace(problem, [0.0, 0.0], "mu", (-0.5, 1.5))
    branch = trace(periodic_orbits(problem), equilibria["HB1"], "mu", (-0.5, 1.5))
    for label in ("HB1", "HB2"):
        found, expected = branch[label].normal_form, equilibria[label].normal_form
        assert_allclose([found["l1"], found["speed"]], [expected["l1"], expected["speed"]], rtol=1e-6)
        assert found["criticality"] == "supercritical"


def test_period_and_parameter_along_a_branch_at_its_fold():
    problem = bautin(mu=0.5)
    bent_one = bent(problem, ("x", "y"))
    equilibria = trace(bent_one, [0.0, 0.0], "mu", (-0.5, 0.5))
    branch = trace(periodic_orbits(bent_one), equilibria["HB1"], "mu", (-2.0, 0.5))
    point = branch["LP1"]
    form, period = point.normal_form, point.outputs["period"]
    assert_allclose(point.parameters["mu"], -1.0, atol=1e-8)
    near = np.abs(branch["period"] / period - 1) < 0.2
    xi = (branch["period"][near] / period - 1) / form["stretch"]
    mu = branch["mu"][near] - point.parameters["mu"]
    curve = np.polynomial.Polynomial.fit(xi, mu, min(6, near.sum() - 1)).convert().coef
    assert near.sum() >= 6
    assert_allclose(curve[2], -form["b"] / form["drift"], rtol=1e-2)
    assert form["opens"] == 1
