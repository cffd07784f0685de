"""Verdicts on points that optimisers leave, against losses whose critical points are known."""

import numpy as np
import pytest

from continuation import Problem, critical_point
from continuation.losses.uniqueness import uniqueness_radius
from continuation.losses.verdicts import Verdict


def turned(values, rng):
    """A symmetric matrix with these eigenvalues and no particular axes."""
    q = np.linalg.qr(rng.normal(size=(len(values), len(values))))[0]
    return q @ np.diag(values) @ q.T, q


def quadratic(values, rng):
    """``|w|**4 / 100 + w' A w / 2``: a critical point at zero of known index."""
    a, _ = turned(values, rng)
    gradient = lambda w: a @ w + 0.04 * (w @ w) * w  # noqa: E731
    return Problem.from_loss(
        lambda w: w @ a @ w / 2 + (w @ w) ** 2 / 100, np.zeros(len(values)), {}, gradient=gradient, compiled=False
    )


def ghost(rng, n=5, gap=1e-4, curvature=1.0):
    """A valley without a critical point: ``x**3 / 3 + gap x`` along one axis, a parabola along the others."""
    q = turned(np.ones(n), rng)[1]

    def loss(w):
        x = q.T @ w
        return x[0] ** 3 / 3 + gap * x[0] + curvature * np.sum(x[1:] ** 2) / 2

    def gradient(w):
        x = q.T @ w
        return q @ np.concatenate([[x[0] ** 2 + gap], curvature * x[1:]])

    return Problem.from_loss(loss, np.zeros(n), {}, gradient=gradient, compiled=False), q


@pytest.mark.parametrize(
    ("values", "verdict", "index"),
    [([1.0, 2.0, 3.0], Verdict.MINIMUM, 0), ([-1.0, 2.0, -3.0], Verdict.SADDLE, 2), ([-1.0, -2.0], Verdict.MAXIMUM, 2)],
)
def test_index_of_a_nondegenerate_point(values, verdict, index, rng):
    problem = quadratic(values, rng)
    found = critical_point(problem, rng.normal(size=len(values)) * 1e-2)
    assert (found.verdict, found.index, found.nullity) == (verdict, index, 0)
    assert found.residual_after < 1e-12 < found.residual_before
    assert np.max(np.abs(found.point.state)) < 1e-12
    assert found.radius > 0


def test_the_five_lines(rng):
    lines = str(critical_point(quadratic([1.0, -2.0], rng), [1e-3, 0.0])).splitlines()
    assert len(lines) == 5
    assert "saddle of index 1, loss " in lines[0]
    assert lines[3] == "nondegenerate"


@pytest.mark.parametrize("shift", [0.0, 1e-3, -4e-3])
def test_a_point_whose_gradient_lies_in_the_kernel_is_gradient_flat(shift, rng):
    problem, q = ghost(rng)
    found = critical_point(problem, shift * q[:, 0] + 1e-5 * rng.normal(size=5))
    assert found.verdict is Verdict.FLAT
    assert found.residual_before < 1e-3
    assert not found.is_critical
    assert "gradient-flat" in str(found)


def test_no_critical_point_near():
    far = Problem.from_loss(lambda w: np.sum(w) + 0.1 * np.sum(w**2), np.ones(2), {})
    assert critical_point(far, [1.0, 2.0]).verdict is Verdict.NONE
    assert critical_point(far, [1.0, 2.0], reach=20.0).verdict is Verdict.MINIMUM


def test_the_same_numbers_at_a_fold_on_either_side():
    """``w**3 / 3 + a w``: two critical points, one degenerate one, none."""
    problem = Problem.from_loss(lambda w, a: w**3 / 3 + a * w, 0.0, {"a": 0.0}, gradient=lambda w, a: w**2 + a)
    assert critical_point(problem, [1.02e-2], {"a": -1e-4}).verdict is Verdict.MINIMUM
    assert critical_point(problem, [-1.02e-2], {"a": -1e-4}).verdict is Verdict.MAXIMUM
    assert critical_point(problem, [1e-3]).verdict is Verdict.DEGENERATE
    assert critical_point(problem, [1e-3], {"a": 1e-4}).verdict is Verdict.FLAT


def circle(symmetries=()):
    """``(x**2 + y**2 - 1)**2 / 4 + z**2``: a circle of minima."""

    def gradient(w):
        return np.array([*((w[:2] @ w[:2] - 1) * w[:2]), 2 * w[2]])

    return Problem.from_loss(
        lambda w: (w[:2] @ w[:2] - 1) ** 2 / 4 + w[2] ** 2,
        np.ones(3),
        {},
        gradient=gradient,
        compiled=False,
        symmetries=symmetries,
    )


def test_a_kernel_that_a_symmetry_explains():
    found = critical_point(circle([lambda w: np.array([-w[1], w[0], 0.0])]), [0.6, 0.81, 0.01])
    assert (found.verdict, found.nullity, found.explained, found.continuum) == (Verdict.MINIMUM, 1, 1, 0)
    assert 0 < found.radius <= 2


def test_a_kernel_that_a_continuum_explains():
    found = critical_point(circle(), [0.6, 0.81, 0.01])
    assert (found.verdict, found.nullity, found.explained, found.continuum) == (Verdict.MINIMUM, 1, 0, 1)
    assert "1 along a continuum" in str(found)


def test_a_cross_of_curves_is_no_surface_of_minima():
    """``x**2 y**2``: both axes are critical, the plane is not."""
    problem = Problem.from_loss(lambda w: w[0] ** 2 * w[1] ** 2, np.ones(2), {})
    found = critical_point(problem, [1e-9, -1e-9])
    assert found.verdict is Verdict.DEGENERATE
    assert found.nullity == 2


def test_the_ball_without_another_ends_before_the_next_zero():
    """``F = x (1 - x)``: the other zero at distance 1; ``sin``: at pi, which the theorem sees from 2 on."""
    radius = uniqueness_radius(lambda u: np.array([[1.0 - 2.0 * u[0]]]), np.zeros(1), np.zeros((1, 0)), 10.0)
    assert 0.99 < radius <= 1.0
    sines = uniqueness_radius(lambda u: np.diag(np.cos(u)), np.zeros(2), np.zeros((2, 0)), 10.0)
    assert 1.5 < sines < np.pi
    assert uniqueness_radius(lambda u: np.zeros((1, 1)), np.zeros(1), np.zeros((1, 0)), 1.0) == 0.0


def test_other_gradient_systems_have_critical_points_too():
    problem = Problem.from_expressions({"x": "a - x**3"}, {"a": 8.0}, symmetric=True)
    assert critical_point(problem, {"x": 2.1}).point["x"] == pytest.approx(2.0, abs=1e-12)


@pytest.mark.parametrize(
    ("weights", "options", "words"),
    [
        ([1.0], {}, "weights: wanted 2 values"),
        ([1.0, np.nan], {}, "weights: wanted finite"),
        ({"a": 1.0}, {}, "weights: wanted values of the states"),
        ([1.0, 1.0], {"reach": -1.0}, "reach: wanted a positive distance"),
        ([1.0, 1.0], {"parameters": {"mu": 1.0}}, "no parameter named 'mu'"),
    ],
)
def test_arguments_that_are_refused(weights, options, words):
    problem = Problem.from_loss(lambda w: np.sum(w**2), np.ones(2), {})
    with pytest.raises(ValueError, match=words):
        critical_point(problem, weights, **options)


def test_a_flow_that_is_no_gradient_is_refused():
    with pytest.raises(ValueError, match="problem: wanted a gradient system"):
        critical_point(Problem.from_expressions({"x": "y", "y": "-x"}, {}), [0.0, 0.0])


def test_how_far_one_looks_changes_no_verdict():
    problem = Problem.from_expressions({"x": "x - x**3"}, {}, symmetric=True)
    for reach in (None, 1e5):
        found = critical_point(problem, [0.9], reach=reach)
        assert (found.verdict, found.nullity) == (Verdict.MINIMUM, 0)


@pytest.mark.parametrize(
    ("slope", "verdict"),
    [("-1 - sqrt(x)", Verdict.NONE), ("-sqrt(x)", Verdict.DEGENERATE), ("-1 + 0*x", Verdict.NONE)],
)
def test_what_the_hessian_does_not_tell_is_not_said(slope, verdict):
    """It is infinite at 0, or zero everywhere beside a large gradient: the loss is not flat there."""
    problem = Problem.from_expressions({"x": slope}, {}, symmetric=True)
    found = critical_point(problem, [0.0])
    assert found.verdict is verdict
    assert "-1" not in str(found)
    assert "told" in str(found)
