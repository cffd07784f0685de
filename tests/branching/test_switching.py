"""Half-branches in order and in pairs, germs, continua and polynomial systems with known solutions; no engine."""

import itertools
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation.branching import germs, halves, homotopy, roots
from continuation.branching.continua import without_continuum
from continuation.branching.reduced_equations import balance, defect, is_inside_continuum, kernel_at, parameter_last
from continuation.branching.switching import Starts, arrange, check_kernel, pair_opposites
from continuation.equations.equations import Equations


def half(angle, continuum=0):
    direction = np.array([np.cos(angle), np.sin(angle)])
    return halves.Half(direction, 0.1 * direction, 0.1, continuum)


CROSS = [half(angle) for angle in (0.0, np.pi / 2, np.pi, -np.pi / 2)]


def test_the_branch_that_led_here_is_left_out_and_its_continuation_known():
    notes = []
    known, others = arrange(CROSS, np.array([1.0, 0.0]), notes)
    assert known is CROSS[0]
    assert {id(h) for h in others} == {id(CROSS[1]), id(CROSS[3])}
    assert notes == []


def test_several_branches_with_one_tangent_are_all_kept():
    touching = [*CROSS, half(0.005)]
    notes = []
    known, others = arrange(touching, np.array([1.0, 0.0]), notes)
    assert known is None
    assert len(others) == 4  # all but the one behind
    assert any("share the tangent" in note for note in notes)


def test_a_branch_not_found_again_is_told():
    notes = []
    known, others = arrange(CROSS[1:2], np.array([1.0, 0.0]), notes)
    assert (known, len(others)) == (None, 1)
    assert notes == ["the half-branch that led to the point was not found again among the solutions"]


@pytest.mark.parametrize("seed", range(5))
def test_pairs_are_the_same_in_whatever_order_half_branches_are_found(seed):
    found = [half(angle) for angle in (0.3, 0.3 + np.pi, 1.7, 1.7 + np.pi, 2.5)]
    wanted = [h.direction for h in pair_opposites(found)]
    shuffled = [found[k] for k in np.random.default_rng(seed).permutation(5)]
    assert_allclose([h.direction for h in pair_opposites(shuffled)], wanted)
    assert_allclose(wanted[0], -wanted[1])  # each followed by its opposite
    assert pair_opposites([]) == []


def test_starts_are_a_list_that_knows_how_far_it_can_be_trusted():
    assert (Starts().complete, Starts().notes) == (True, ())
    starts = Starts([1, 2], complete=False, notes=["rough"])
    assert (list(starts), starts.complete, starts.notes) == ([1, 2], False, ("rough",))


# Germs: roots on spheres followed to the centre


@dataclass
class Parabola:
    """``y = bend x**2 / 2`` cut by circles of radius r, in units of r."""

    bend: float
    radius: float = 0.4

    def system(self, r):
        def equations(z):
            f = np.array([z[1] - 0.5 * self.bend * r * z[0] ** 2, 0.5 * (z @ z - 1.0)])
            return f, np.array([[-self.bend * r * z[0], 1.0], z])

        return equations


@pytest.mark.parametrize("bend", [0.0, 0.5, -1.0])
@pytest.mark.parametrize("side", [1, -1])
def test_a_germ_leads_to_the_tangent_at_the_centre(bend, side):
    family = Parabola(bend)
    root = roots.Root(roots.newton(family.system(family.radius), np.array([0.9 * side, 0.1])))
    germ = germs.follow_germ(family, root)
    assert_allclose(germ.limit, [side, 0.0], atol=1e-6)
    assert_allclose(germ.radii[1:] / germ.radii[:-1], 0.5)
    assert_allclose(np.linalg.norm(germ.points, axis=1), 1.0, atol=1e-12)


def test_roots_that_do_not_lead_to_the_centre_are_no_germs():
    """A line that passes the centre at a distance: small circles do not meet it."""

    class Line(Parabola):
        def system(self, r):
            def equations(z):
                return np.array([r * z[1] - 0.1, 0.5 * (z @ z - 1.0)]), np.array([[0.0, r], z])

            return equations

    family = Line(0.0)
    root = roots.Root(roots.newton(family.system(0.4), np.array([0.9, 0.2])))
    assert germs.follow_germ(family, root) is None


@pytest.mark.parametrize("degree", [1, 2, 3])
def test_limits_of_polynomials_are_exact(degree, rng):
    coefficients = rng.standard_normal((degree + 1, 3))
    radii = 0.3 * 0.5 ** np.arange(6)
    points = np.array([sum(c * r**k for k, c in enumerate(coefficients)) for r in radii])
    limit, change = germs.neville(points)
    assert_allclose(limit, coefficients[0], atol=1e-12)
    assert change < 1e-8


# Roots of small systems


def conics(z):
    """``x**2 + y**2 = 1`` and ``x y = 0``: four simple roots."""
    return np.array([z @ z - 1.0, z[0] * z[1]]), np.array([2 * z, z[::-1]])


def circle(z):
    """One equation twice: a continuum."""
    return np.array([z @ z - 1.0, 2 * (z @ z - 1.0)]), np.array([2 * z, 4 * z])


def test_all_simple_roots_are_found():
    found = roots.search(conics, roots.sphere_points(2, 5), rounds=3)
    assert len(found) == 4
    assert_allclose(sorted(map(tuple, np.round(found, 12) + 0.0)), [(-1, 0), (0, -1), (0, 1), (1, 0)])
    assert all(root.simple and root.continuum == 0 for root in roots.classify(conics, found))


def test_a_continuum_counts_once():
    found = [roots.newton(circle, z) for z in roots.sphere_points(2, 6)]
    classes = roots.classify(circle, found)
    assert len(classes) == 1
    assert classes[0].continuum == 1
    assert roots.is_connected(circle, np.array([1.0, 0.0]), np.array([-1.0, 0.0]))
    assert not roots.is_connected(conics, np.array([1.0, 0.0]), np.array([-1.0, 0.0]))
    assert roots.has_continuation(circle, np.array([1.0, 0.0]), np.array([0.0, 1.0]))


def test_newton_reports_what_is_no_root():
    assert roots.newton(lambda z: (np.array([z[0] ** 2 + 1]), np.array([[2 * z[0]]])), np.array([0.5])) is None
    assert roots.newton(lambda z: (z * np.nan, np.eye(1)), np.array([0.5])) is None
    double = roots.newton(lambda z: (z**2 - 2 * z + 1, np.diag(2 * z - 2)), np.array([1.4]))
    assert abs(double[0] - 1.0) < 1e-5
    found = []
    roots.add_new(found, None)
    roots.add_new(found, np.array([20.0]))
    assert found == []


@pytest.mark.parametrize("dimension", [2, 3, 5])
def test_sphere_points_are_unit_vectors_the_axes_first(dimension):
    points = roots.sphere_points(dimension, 40)
    assert points.shape == (2 * dimension + 40, dimension)
    assert_allclose(np.linalg.norm(points, axis=1), 1.0)
    assert np.array_equal(points[:dimension], np.eye(dimension))
    assert np.array_equal(points, roots.sphere_points(dimension, 40))


# Polynomials in projective space


def test_bezout_counts_lines_and_conics(rng):
    """Generic quadrics in the plane have 4 common points; a quadric and a cubic 6."""
    quadric = rng.standard_normal((2, 3, 3))
    quadric = quadric + quadric.transpose(0, 2, 1)
    cubic = rng.standard_normal((1, 3, 3, 3))
    cubic = sum(cubic.transpose(0, *order) for order in itertools.permutations((1, 2, 3)))
    for polynomials, count in (
        (homotopy.Polynomials(quadric, np.zeros((0, 3, 3, 3))), 4),
        (homotopy.Polynomials(quadric[:1], cubic), 6),
    ):
        x, regular = homotopy.solve_polynomials(polynomials)
        assert (len(x), regular.sum()) == (count, count)
        assert not homotopy.have_met(x)
        values, _ = polynomials.values(x)
        assert np.max(np.abs(values)) < 1e-10 * (1 + np.max(np.abs(cubic)))
        conjugate = np.abs(x.conj() @ x.conj().T)  # real equations: roots come in conjugate pairs
        assert_allclose(np.max(conjugate, axis=1), 1.0, atol=1e-10)


def test_values_and_jacobians_of_homogeneous_equations(rng):
    p = homotopy.Polynomials(np.array([np.diag([1.0, -2.0])]), np.zeros((1, 2, 2, 2)))
    p.cubic[0, 0, 0, 0] = 3.0
    x = rng.standard_normal((4, 2))
    values, jacobian = p.values(x)
    assert_allclose(values, np.column_stack([x[:, 0] ** 2 - 2 * x[:, 1] ** 2, 3 * x[:, 0] ** 3]))
    assert_allclose(np.einsum("pij,pj->pi", jacobian, x), values * [2, 3])  # Euler
    assert len(homotopy.start_solutions([2, 3])) == 6


def test_singular_systems_of_many_give_nan_alone():
    a = np.array([np.eye(2), np.zeros((2, 2)), 2 * np.eye(2)])
    out = homotopy.solve_each(a, np.ones((3, 2)))
    assert out[0].tolist() == [1, 1]
    assert np.isnan(out[1]).all()
    assert out[2].tolist() == [0.5, 0.5]


# The kernel of [F_u F_p]


def pitchforks(u, p, out):
    out[0] = 1e6 * (p[0] * u[0] - u[0] ** 3)  # in other units
    out[1] = p[0] * u[1] - u[1] ** 3
    out[2] = u[2] - p[0]


def kernel_of(f, n, mu=0.0):
    equations = Equations(f, tuple("xyz"[:n]), {"mu": mu}, compiled=False)
    return kernel_at(equations, np.append(np.zeros(n), mu), np.array([mu]), 0, equations.inner_weights())


def test_a_double_kernel_is_seen_in_any_units():
    kernel = kernel_of(pitchforks, 3)
    assert kernel.dimension == 2
    assert_allclose(kernel.basis.T @ kernel.basis, np.eye(3), atol=1e-12)
    assert np.array_equal(kernel.basis[-1, :2], [0.0, 0.0])  # only the last has a part in the parameter
    assert kernel.basis[-1, 2] != 0.0
    assert_allclose(kernel.jacobian(np.zeros(4)) @ kernel.basis, 0.0, atol=1e-8)  # by differences
    y = np.array([0.1, 0.2, 0.3])
    assert_allclose(kernel.coordinates(kernel.lift(y)), y)
    check_kernel(kernel)


def test_a_regular_point_and_a_repeated_equation_are_refused():
    with pytest.raises(ValueError, match="has full rank at this point"):
        check_kernel(kernel_of(pitchforks, 3, mu=0.3))

    def repeated(u, p, out):
        out[0] = u[0] + u[1] - p[0]
        out[1] = 2 * out[0]

    with pytest.raises(ValueError, match="rank-deficient by 1 at this point and around it"):
        check_kernel(kernel_of(repeated, 2))


def kernel_around(f, x):
    problem = Equations(f, tuple("xyz"[: len(x) - 1]), {"p": 0.0}, compiled=False)
    return kernel_at(problem, np.array(x, float), np.array([float(x[-1])]), 0, problem.inner_weights())


def on_surface(u, p, out):
    """A gradient that vanishes on the surface x y z = 1, where p = 0."""
    rest = u[0] * u[1] * u[2] - 1.0
    for i in range(3):
        out[i] = -rest * u[(i + 1) % 3] * u[(i + 2) % 3] - p[0] * u[i]


def on_sphere(u, p, out):
    out[:] = u * (u @ u - 1.0) + p[0] * u


@pytest.mark.parametrize(
    ("f", "x", "inside"),
    [
        (on_surface, [2.0, 1.0, 0.5, 0.0], True),
        (on_surface, [0.99, 1.01, 1 / 0.9999, 0.0], True),  # next to the point where more comes together
        (on_surface, [1.0, 1.0, 1.0, 0.0], False),  # a branch with p != 0 crosses here
        (on_sphere, [0.6, 0.8, 0.0, 0.0], True),
        (lambda u, p, out: np.multiply(p[0], u, out=out), [0.0, 0.0, 0.0, 0.0], False),
        (lambda u, p, out: np.copyto(out, p[0] * u - u**3), [0.0, 0.0, 0.0, 0.0], False),
        (lambda u, p, out: np.copyto(out, u * (p[0] ** 2 - u**2)), [0.0, 0.0], False),
        (lambda u, p, out: np.copyto(out, u**4 - p[0] ** 4), [0.0, 0.0], False),
    ],
)
def test_points_inside_continua_are_no_crossings(f, x, inside):
    assert is_inside_continuum(kernel_around(f, x)) is inside


def test_switch_says_so_inside_a_continuum():
    with pytest.raises(ValueError, match=r"lies inside a continuum of solutions of dimension 3"):
        check_kernel(kernel_around(on_sphere, [0.6, 0.8, 0.0, 0.0]))


def test_the_parameter_is_scaled_until_branches_leave_at_a_slope_of_order_one():
    def steep(u, p, out):
        out[0] = 1e-4 * p[0] * u[0] - u[0] ** 2

    kernel = kernel_of(steep, 1)
    scaled, h = balance(kernel)
    assert scaled.unit[-1] == pytest.approx(1e4 * kernel.unit[0], rel=0.1)
    assert h == pytest.approx(0.1 * kernel.length)


def test_bases_with_one_vector_for_the_parameter(rng):
    space = np.linalg.qr(rng.standard_normal((5, 3)))[0]
    basis = parameter_last(space)
    assert_allclose(basis.T @ basis, np.eye(3), atol=1e-13)
    assert_allclose(basis @ (basis.T @ space), space, atol=1e-13)
    assert_allclose(basis[-1, :2], 0.0, atol=1e-14)
    assert defect(np.array([1.0, 1e-3]), 1.0) == 0


# Continua: all but one curve of solutions left out


def test_corrections_have_no_part_along_a_continuum(rng):
    """Rank n - 1 in n + 1 unknowns: two null directions, the curve's and the continuum's."""
    left, right = (np.linalg.qr(rng.standard_normal((k, k)))[0] for k in (4, 5))
    jacobian = left @ np.column_stack([np.diag([3.0, 2.0, 1.0, 1e-13]), np.zeros(4)]) @ right
    x = rng.standard_normal((2, 5))
    solutions, null = without_continuum(jacobian, x @ jacobian.T, 1)
    assert null.shape == (2, 5)
    assert_allclose(null @ jacobian.T, 0.0, atol=1e-12)
    assert_allclose(solutions @ null.T, 0.0, atol=1e-12)
    assert_allclose(solutions, x - x @ null.T @ null, atol=1e-12)
