"""The pieces a search for half-branches is put together from, each against its closed form."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation import Problem
from continuation.branching import germs, halves, roots
from continuation.branching.reduced_equations import Reduced, defect, kernel_at


def test_slopes_do_not_see_an_inexact_centre():
    """Points ``e + r d`` of a straight half-branch whose centre is off by e, divided by their radii."""
    d, e = np.array([0.6, -0.8]), np.array([1e-3, 2e-3])
    radii = 0.1 * 0.5 ** np.arange(5)
    points = d + e / radii[:, None]
    assert_allclose(germs.slopes_of(points), np.tile(d, (4, 1)), atol=1e-14)


@pytest.mark.parametrize("ratio", [0.3, 0.7])
def test_limit_of_a_geometric_series(ratio):
    """Directions at a cusp go like a root of the radius: no polynomial, but halving it makes them a series."""
    limit, first = np.array([0.6, -0.8]), np.array([0.05, 0.02])
    points = limit + first * ratio ** np.arange(6)[:, None]
    assert_allclose(germs.geometric(points), limit, atol=1e-14)
    assert_allclose(germs.limit_of(points), limit, atol=1e-12)


def test_newton_goes_on_while_its_corrections_shrink():
    """With a Jacobian too steep by 10 / 7 each correction is 0.3 of the one before; the root is good to rounding."""

    def steep(z):
        return z - [0.5, -0.25], np.eye(2) / 0.7

    assert_allclose(roots.newton(steep, np.array([0.7, 0.1])), [0.5, -0.25], rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("sigma", "dimension"),
    [
        ([1.0, 1e-9, 1e-13], 2),
        ([1.0, 1e-13, 1e-13], 2),
        ([1.0, 5e-7, 1e-13], 1),  # the gap below 5e-7 is the wider one
        ([1.0, 1e-3, 1e-8], 1),
        ([1.0, 1e-3, 1e-5], 0),
    ],
)
def test_singular_values_below_the_widest_gap_vanish(sigma, dimension):
    assert defect(np.array(sigma), 1.0) == dimension


@pytest.mark.parametrize(
    "equations",
    [
        {"x": "mu*x - 2*x*y - x**3", "y": "mu*y - 0.5*x**2 - 2*y**3"},  # quadratic and cubic terms in both
        {"x": "mu*x - x**3 - x*y**2", "y": "mu*y - 0.5*x**2*y - 2*y**3"},
        {"x": "mu*x - x*y", "y": "mu*y - 0.5*x**2 + 0.3*y**2"},  # no cubic terms at all
    ],
)
def test_homogeneous_equations_are_those_on_the_sphere(equations, rng):
    problem = Problem.from_expressions(equations, {"mu": 0.0})
    place = np.zeros(3), problem.parameter_values({"mu": 0.0}), 0, problem.inner_weights()
    reduced = Reduced(kernel_at(problem, *place), 0.1)
    system, polynomials = reduced.system(0.05), reduced.polynomials(0.05)
    for y in rng.standard_normal((4, 3)):
        wanted = system(y)[0]
        values = polynomials.values(np.append(y, 1.0)[None])[0][0]
        assert values[0] == pytest.approx(2 * wanted[-1])
        assert_allclose(np.sort(values[1:]), np.sort(wanted[:-1]), atol=1e-12)


PITCHFORK = Problem.from_expressions({"x": "mu*x - x**3"}, {"mu": 0.0})


def halves_at_zero(error=0.0):
    kernel = kernel_at(PITCHFORK, np.zeros(2), PITCHFORK.parameter_values({"mu": 0.0}), 0, PITCHFORK.inner_weights())
    return halves.half_branches(kernel, 3, error)


def test_a_root_that_does_not_lead_to_the_point_is_noted(monkeypatch):
    whole = halves_at_zero()
    assert (len(whole.halves), whole.complete, whole.notes) == (4, True, [])
    monkeypatch.setattr(halves, "SCALES", (1.0,))
    follow = halves.follow_germ
    monkeypatch.setattr(halves, "follow_germ", lambda family, root: None if root.z[0] > 0.5 else follow(family, root))
    found = halves_at_zero()
    gone = 4 - len(found.halves)
    assert gone > 0
    assert not found.complete
    assert [note.split(" in the direction")[0] for note in found.notes] == [
        "the solution of the reduced equations"
    ] * gone
    assert all(note.endswith("does not lead to the point") for note in found.notes)


def test_solutions_on_small_spheres_that_lead_elsewhere_are_counted(monkeypatch):
    kernel = kernel_at(PITCHFORK, np.zeros(2), PITCHFORK.parameter_values({"mu": 0.0}), 0, PITCHFORK.inner_weights())
    monkeypatch.setattr(halves, "follow_germ", lambda family, root: None)
    found = halves.half_branches(kernel, 2, 0.0)
    assert found.halves == []
    assert "8 of the solutions on small spheres around the point do not lead to it" in found.notes


def test_the_scale_at_which_nothing_is_left_out_is_taken(monkeypatch):
    """At the first scale one of four is not realised; at the next none is left out, of as many as were before."""
    realise, scales = halves.realise_halves, []

    def lossy(reduced, real, deadlines, along=None):
        found = realise(reduced, real, deadlines, along)
        scales.append(reduced.h)
        if len(scales) == 1:
            return found._replace(halves=found.halves[:3], notes=["one left out"])
        return found

    def fewer(reduced, deadlines, along):
        real = find(reduced, deadlines, along)
        return real._replace(roots=real.roots[:3]) if scales else real

    find = halves.find_real_roots
    monkeypatch.setattr(halves, "realise_halves", lossy)
    monkeypatch.setattr(halves, "find_real_roots", fewer)
    found = halves_at_zero()
    assert len(scales) == 2
    assert (len(found.halves), found.notes) == (3, [])
    assert found.spheres.radius == scales[1]
