"""Population loss, gradient, Hessian: against quadrature, Monte Carlo, differences and closed forms."""

import math

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose

from systems.relu.population_loss.hessian_products import HessianProduct
from systems.relu.population_loss.population import angles, gradient, h, hessian, isotropic_gradient, loss, network

SHAPES = [(1, 1, 2), (2, 2, 2), (3, 2, 4), (2, 5, 3), (6, 6, 6)]  # K, L, d


def random_network(rng, shape, alpha=0.0, scale=1.0):
    size, count, d = shape
    net = network(
        scale * rng.standard_normal((count, d)),
        size,
        a=rng.standard_normal(size),
        b=rng.standard_normal(count),
        lam=rng.random(),
        alpha=alpha,
    )
    return scale * rng.standard_normal((size, d)), net


def activation(z, alpha):
    return np.where(z > 0, z, alpha * z)


@pytest.mark.parametrize("alpha", [0.0, 0.3, -1.0])
def test_loss_and_gradient_against_monte_carlo(alpha, rng):
    W, net = random_network(rng, (3, 2, 4), alpha)
    x = rng.standard_normal((400_000, 4))
    output = activation(x @ W.T, alpha) @ net.a - activation(x @ net.teachers.T, alpha) @ net.b
    samples = output**2 / 2
    error = samples.std() / math.sqrt(len(x))
    assert abs(samples.mean() + net.lam * (W**2).sum() / 2 - loss(W, net)) < 4 * error
    slopes = np.where(x @ W.T > 0, 1.0, alpha) * net.a
    samples = output[:, None, None] * slopes[:, :, None] * x[:, None, :]
    z = (samples.mean(axis=0) + net.lam * W - gradient(W, net)) / (samples.std(axis=0) / math.sqrt(len(x)))
    assert np.abs(z).max() < 4


@pytest.mark.parametrize("alpha", [0.0, 0.3, -1.0, 1.0])
@pytest.mark.parametrize("shape", SHAPES)
def test_gradient_and_hessian_against_differences(shape, alpha, rng):
    W, net = random_network(rng, shape, alpha)
    step, slope, bend = 1e-5, np.empty(W.size), np.empty((W.size, W.size))
    for i in range(W.size):
        dW = step * np.eye(W.size)[i].reshape(W.shape)
        slope[i] = (loss(W + dW, net) - loss(W - dW, net)) / (2 * step)
        bend[i] = (gradient(W + dW, net) - gradient(W - dW, net)).ravel() / (2 * step)
    size = np.abs(hessian(W, net)).max() * np.abs(W).max()
    assert_allclose(gradient(W, net).ravel(), slope, rtol=0, atol=1e-8 * size)
    assert_allclose(hessian(W, net), bend, rtol=0, atol=1e-7 * size)
    assert_allclose(hessian(W, net), hessian(W, net).T, rtol=0, atol=1e-15 * size)


def test_one_pair_against_polar_quadrature():
    # E relu(w.x) relu(v.x) over the plane of w and v: the radial integral is 1 / pi, the angular one by quadrature
    for t in (0.2, 1.0, 2.0, 3.0):
        inner = mpmath.quad(lambda s, t=t: mpmath.cos(s) * mpmath.cos(s - t), [t - mpmath.pi / 2, mpmath.pi / 2])
        V = [[math.cos(t), math.sin(t)]]
        own = loss([[1.0, 0.0]], network(V, 1))  # 1/4 + 1/4 - f
        assert abs(0.5 - own - float(inner / mpmath.pi)) < 1e-15


def test_theorem_1_and_equation_6(rng):
    w, v = rng.standard_normal((2, 5))
    theta = angles(w[None], v[None])[0, 0]
    ratio = np.linalg.norm(v) / np.linalg.norm(w)
    expected = (w - v) / 2 + (theta * v - ratio * math.sin(theta) * w) / (2 * math.pi)
    assert_allclose(gradient([w], network([v], 1))[0], expected, rtol=0, atol=1e-15 * np.abs(v).max())


@pytest.mark.parametrize("theta", [1e-150, 1e-12, 1e-8, 1e-3, 1.0, 3.0, math.pi - 1e-8])
def test_angles_keep_their_digits(theta):
    got = angles([[2.0, 0.0]], [[3 * math.cos(theta), 3 * math.sin(theta)]])[0, 0]
    assert abs(got - theta) <= 4e-16 * max(theta, math.sin(theta)) + (1e-16 if theta > 3 else 0)


@pytest.mark.parametrize("theta", [0.0, 0.3, 2.0, math.pi - 1.01, math.pi - 0.99, math.pi - 1e-3, math.pi])
def test_h_keeps_its_digits(theta):
    with mpmath.workdps(50):
        gap = mpmath.mpf(math.pi - theta)
        exact = float(mpmath.sin(gap) - gap * mpmath.cos(gap))
    assert abs(h(theta) - exact) <= 6e-16 * exact


def exact_gradient(W, V):
    """Gradient with 60 digits, a = b = 1."""
    with mpmath.workdps(60):
        W, V = ([[mpmath.mpf(float(x)) for x in row] for row in X] for X in (W, V))

        def norm(x):
            return mpmath.sqrt(mpmath.fdot(x, x))

        def pull(w, v):
            unit = [x / norm(w) for x in w]
            cosine = mpmath.fdot(w, v) / norm(w) / norm(v)
            theta = mpmath.acos(min(max(cosine, -1), 1))
            return [
                ((mpmath.pi - theta) * y + norm(v) * mpmath.sin(theta) * e) / (2 * mpmath.pi) for y, e in zip(v, unit)
            ]

        rows = [[pull(w, v) for v in W] + [[-x for x in pull(w, v)] for v in V] for w in W]
        return np.array([[float(mpmath.fsum(p[i] for p in row)) for i in range(len(W[0]))] for row in rows])


@pytest.mark.parametrize("gap", [0.0, 1e-12, 1e-8, 1e-4])
def test_nearly_collinear_weights_against_sixty_digits(gap, rng):
    V = rng.standard_normal((3, 4))
    W = np.vstack([V[0] * 2 + gap * rng.standard_normal(4), -V[1] + gap * rng.standard_normal(4), V[2]])
    net = network(V, 3)
    assert_allclose(gradient(W, net), exact_gradient(W, V), rtol=0, atol=2e-15)
    u = rng.standard_normal(W.shape)
    assert_allclose(HessianProduct(W, net)(u).ravel(), hessian(W, net) @ u.ravel(), rtol=0, atol=3e-15)


@pytest.mark.parametrize("shape", [*SHAPES, (30, 20, 25)])
def test_products_are_the_hessian_times_the_vector(shape, rng):
    W, net = random_network(rng, shape, alpha=0.2)
    if shape[0] > 1:
        W[1] = -3 * W[0]
    u, H = rng.standard_normal(W.size), hessian(W, net)
    assert_allclose(HessianProduct(W, net).matvec(u), H @ u, rtol=0, atol=1e-14 * np.abs(H).max() * W.size)


@pytest.mark.parametrize("scale", [1e-6, 1e3])
def test_scales(scale, rng):
    W, net = random_network(rng, (3, 3, 3))
    net = net._replace(lam=0.0)
    large = net._replace(teachers=scale * net.teachers)
    assert_allclose(loss(scale * W, large), scale**2 * loss(W, net), rtol=1e-12)
    assert_allclose(gradient(scale * W, large), scale * gradient(W, net), rtol=1e-11)
    assert_allclose(hessian(scale * W, large), hessian(W, net), rtol=1e-10, atol=1e-14)


def test_rotations_and_output_signs(rng):
    W, net = random_network(rng, (3, 2, 4))
    Q, _ = np.linalg.qr(rng.standard_normal((4, 4)))
    turned = net._replace(teachers=net.teachers @ Q)
    assert_allclose(gradient(W @ Q, turned), gradient(W, net) @ Q, rtol=0, atol=1e-14)
    flipped = network(-np.eye(3), 3, alpha=-1.0)  # units |x|: signs of weights do not matter
    assert loss(np.eye(3), flipped) == pytest.approx(0, abs=1e-15)
    assert_allclose(gradient(np.eye(3), flipped), 0, rtol=0, atol=1e-15)


def test_general_isotropic_inputs(rng):
    W, net = random_network(rng, (3, 2, 4))
    gaussian = isotropic_gradient(W, net, lambda t: (np.pi - t) / (2 * np.pi), lambda t: np.sin(t) / (2 * np.pi))
    assert_allclose(gaussian, gradient(W, net), rtol=0, atol=1e-14)
    # on the sphere of radius sqrt(d) the moments of second order are the same: E x x' = I
    x = rng.standard_normal((300_000, 4))
    x *= 2 / np.linalg.norm(x, axis=1)[:, None]
    output = activation(x @ W.T, 0) @ net.a - activation(x @ net.teachers.T, 0) @ net.b
    samples = output[:, None, None] * ((x @ W.T > 0) * net.a)[:, :, None] * x[:, None, :]
    z = (samples.mean(axis=0) + net.lam * W - gaussian) / (samples.std(axis=0) / math.sqrt(len(x)))
    assert np.abs(z).max() < 4


def test_bad_input():
    net = network(np.eye(2), 2)
    with pytest.raises(ValueError, match="student 1 is zero, where the gradient is discontinuous; polar_equations"):
        gradient([[1.0, 0.0], [0.0, 0.0]], net)
    assert loss(np.zeros((2, 2)), net) == pytest.approx(0.5 + 1 / (2 * math.pi))  # no students at all
    with pytest.raises(ValueError, match=r"W: wanted the shape \(2, 2\), got \(2, 3\)"):
        hessian(np.ones((2, 3)), net)
    with pytest.raises(ValueError, match="W: wanted finite entries"):
        loss([[1.0, math.nan], [0.0, 1.0]], net)
    with pytest.raises(ValueError, match="teachers: wanted a matrix, one row a unit"):
        network([1.0, 2.0], 2)
    with pytest.raises(ValueError, match="students: wanted a whole number"):
        network(np.eye(2), 0)
    with pytest.raises(ValueError, match="a: wanted 2 finite numbers"):
        network(np.eye(2), 2, a=[1.0])
    with pytest.raises(ValueError, match="lam: wanted a finite number"):
        network(np.eye(2), 2, lam=math.inf)
    with pytest.raises(ValueError, match=r"wanted angles in \[0, pi\]"):
        h(-0.1)
    with pytest.raises(ValueError, match="wanted angles"):
        h([0.0, math.nan])
    with pytest.raises(ValueError, match="U: wanted the shape"):
        HessianProduct(np.eye(2), net)(np.ones(3))
    with pytest.raises(ValueError, match="wanted alpha = 0"):
        isotropic_gradient(np.eye(2), network(np.eye(2), 2, alpha=0.5), np.cos, np.sin)


def test_products_need_no_array_of_three_indices(rng):
    import tracemalloc

    K = 100
    W, u = rng.standard_normal((2, K, K))
    product = HessianProduct(W, network(np.eye(K), K))
    product(u)  # compiled
    tracemalloc.start()
    product(u)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * 10 * K * K  # bytes; an array (K, K, d) has ten times as many
