"""Losses of three libraries as problems: the same branches as compiled ones, weights there and back, losses refused."""

import subprocess
import sys
import warnings

import numpy as np
import pytest

from continuation import Problem, trace
from continuation.equations.multilinear import Multilinear
from tests.losses.five_losses import LOSSES, PATTERNS

BACKENDS = ("jax", "torch", "numpy")


def library(backend):
    """The module of arrays of a backend; the test is left out where it is not installed."""
    return pytest.importorskip({"jax": "jax.numpy"}.get(backend, backend))


def from_library(name, backend, **options):
    """One of the five losses in a library."""
    case, xp = LOSSES[name], library(backend)
    loss = case.general(xp, np.array if backend == "jax" else xp.asarray)
    return Problem.from_loss(loss, np.array(case.start), case.parameters, backend=backend, **options)


def from_numba(name):
    """The same for numba.  Where typical magnitudes are told its differences are as exact as those of the others."""
    case, scales = LOSSES[name], {f"w[{k}]": 1.0 for k in range(len(LOSSES[name].start))}
    start = np.array(case.start)
    return Problem.from_loss(case.loss, start, case.parameters, gradient=case.gradient, scales=scales)


def traced(problem, name):
    case = LOSSES[name]
    return trace(problem, case.start, case.vary, case.span)


@pytest.fixture(scope="module")
def compiled():
    """Branches of the compiled losses, each traced once."""
    found = {}

    def branch(name):
        if name not in found:
            found[name] = traced(from_numba(name), name)
            assert found[name].problem.compiled
        return found[name]

    return branch


SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in ("deep", "student", "phases", "hopfield")]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", ["wells", *SLOW])
def test_branches_are_those_of_the_compiled_loss(name, backend, compiled):
    case, wanted = LOSSES[name], compiled(name)
    found = traced(from_library(name, backend), name)
    assert [point.kind for point in found.special] == [point.kind for point in wanted.special]
    gaps = [a.parameters[case.vary] - b.parameters[case.vary] for a, b in zip(found.special, wanted.special)]
    assert np.max(np.abs(gaps)) < 1e-9
    ends = [[found.unstable[row], found.nullity[row]] for row in (0, -1)]
    assert ends == [[wanted.unstable[row], wanted.nullity[row]] for row in (0, -1)]
    assert abs(found["loss"][-1] - wanted["loss"][-1]) < 1e-9


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_patterns_begin_where_theory_has_them(backend):
    branch = traced(from_library("hopfield", backend), "hopfield")
    exact = np.sort(2 / np.linalg.eigvalsh(PATTERNS @ PATTERNS.T))
    assert np.max(np.abs([point.parameters["beta"] for point in branch.branch_points] - exact)) < 1e-9


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_derivatives_of_all_orders_are_exact(backend):
    problem = from_library("wells", backend)
    u, p = np.array([0.3, -0.7]), np.array([0.2, 0.1])
    assert problem.check(u, {"mu": 0.2})
    forms = Multilinear(problem, u, p, active=[0, 1])
    assert forms.exact
    a, b, c = np.array([1.0, 2.0, 0.0, 0.5]), np.array([0.5, -1.0, 2.0, 1.0]), np.array([1.0, 1.0, 1.0, -2.0])
    second = -6 * u * a[:2] * b[:2] - (a[3] * b[1::-1] + b[3] * a[1::-1])
    assert np.allclose(forms.form(a, b), second, atol=1e-13)
    assert np.allclose(forms.form(a, b, c), -6 * a[:2] * b[:2] * c[:2], atol=1e-12)
    assert np.allclose(forms.form(a, b, c, c), 0.0, atol=1e-11)


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_normal_forms_come_from_them(backend):
    """``w**4 / 4 - lam w**2 / 2``: a supercritical pitchfork at zero, from the third derivative."""
    library(backend)
    problem = Problem.from_loss(lambda w, lam: w**4 / 4 - lam * w**2 / 2, 0.0, {"lam": -1.0}, backend=backend)
    (point,) = trace(problem, [0.0], "lam", (-1.0, 1.0)).branch_points
    assert abs(point.parameters["lam"]) < 1e-12
    assert point.normal_form["kind"] == "pitchfork"
    assert point.normal_form["d"] == pytest.approx(-1.0, abs=1e-12)


def test_differences_are_as_exact_as_stated():
    case = LOSSES["student"]
    problem = from_library("student", "numpy")
    u, p = np.array(case.start) + 0.1, {"lam": 0.01}
    assert np.max(np.abs(problem.residual(u, p) + case.gradient(u, 0.01))) < 1e-10
    exact = Problem.from_loss(case.general(np), u, case.parameters, gradient=case.gradient, compiled=False)
    assert np.max(np.abs(problem.jacobian(u, p) - exact.jacobian(u, p))) < 1e-8
    assert np.max(np.abs(problem.parameter_derivative(u, "lam", p) + u)) < 1e-8


def tree_loss(weights, lam):
    layer, (b, c) = weights["layer"], weights["rest"]
    return (layer["W"] ** 2).sum() * lam + (layer["a"] * b).sum() + c**2


@pytest.mark.parametrize("backend", BACKENDS)
def test_weights_there_and_back(backend):
    library(backend)
    tree = {"layer": {"W": np.ones((2, 3)), "a": np.ones(2)}, "rest": [np.zeros(2), np.array(0.5)]}
    problem = Problem.from_loss(tree_loss, tree, {"lam": 1.0}, backend=backend)
    assert problem.states[4:9] == ("layer.W[1,1]", "layer.W[1,2]", "layer.a[0]", "layer.a[1]", "rest.0[0]")
    tree["layer"]["W"] = np.arange(6.0).reshape(2, 3)
    u = problem.state_values(tree)
    back = problem.weights_of(u)
    assert np.array_equal(np.asarray(back["layer"]["W"]), tree["layer"]["W"])
    assert float(back["rest"][1]) == 0.5
    assert np.allclose(problem.residual(tree)[:6], -2.0 * u[:6])
    named = dict(zip(problem.states, u))
    assert np.array_equal(problem.state_values(named), u)
    assert problem.outputs["loss"](u, np.array([2.0])) == 2.0 * np.sum(u[:6] ** 2) + 0.25


def test_a_node_that_jax_has_registered():
    jax = pytest.importorskip("jax")

    class Net:
        def __init__(self, W):
            self.W = W

    jax.tree_util.register_pytree_with_keys(
        Net, lambda net: (((jax.tree_util.GetAttrKey("W"), net.W),), None), lambda _, parts: Net(*parts)
    )
    problem = Problem.from_loss(lambda net: jax.numpy.sum(net.W**2), Net(jax.numpy.ones(2)), {})
    assert problem.states == ("W[0]", "W[1]")
    assert isinstance(problem.weights_of([1.0, 2.0]), Net)


def test_the_backend_is_told_by_what_the_loss_gives():
    jnp = library("jax")
    problem = Problem.from_loss(lambda w: jnp.sum(w**3), np.ones(2), {})
    assert problem.directional is not None
    assert Problem.from_loss(lambda w: np.sum(w**3), np.ones(2), {}).directional is None


def test_jax_keeps_its_own_precision():
    jax = pytest.importorskip("jax")
    problem = Problem.from_loss(lambda w: jax.numpy.sum(w**3) / 3, np.ones(2), {})
    assert np.array_equal(problem.residual([1.0, 1 + 1e-12]), [-1.0, -((1 + 1e-12) ** 2)])
    assert jax.numpy.ones(2).dtype == np.float32


def test_data_are_arguments_of_every_call():
    jnp = library("jax")
    data = {"x": np.array([1.0, 2.0])}
    problem = Problem.from_loss(lambda w, t, x: jnp.sum((w * x - t) ** 2), np.ones(2), {"t": 1.0}, data=data)
    assert np.allclose(problem.residual([1.0, 1.0]), [0.0, -4.0])


def test_outputs_and_zeros_are_losses_too():
    library("jax")
    problem = Problem.from_loss(
        lambda w, mu: (w["x"] ** 2 - mu) ** 2 / 4,
        {"x": 1.0},
        {"mu": 1.0},
        backend="jax",
        outputs={"twice": lambda w, mu: 2 * w["x"]},
        zeros={"two": lambda w, mu: mu - 2.0},
    )
    branch = trace(problem, {"x": 1.0}, "mu", (0.5, 3.0))
    assert np.allclose(branch["twice"], 2 * np.sqrt(branch.parameter), atol=1e-8)
    assert abs(branch["UZ1"].parameters["mu"] - 2.0) < 1e-12


def test_plain_numpy_with_helpers_runs_and_says_so_once():
    weights = np.ones(2)

    def helper(w):
        return np.concatenate([w[:1] ** 3, w[1:]])

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        problem = Problem.from_loss(lambda w: w[0] ** 4 / 4 + w[1] ** 2 / 2, weights, {}, gradient=helper)
    assert len([one for one in said if "plain Python" in str(one.message)]) <= 1
    assert np.allclose(problem.residual([2.0, 3.0]), [-8.0, -3.0])


def test_neither_library_is_imported_without_need():
    code = """if True:
        import sys, numpy as np
        from continuation import Problem
        Problem.from_loss(lambda w: np.sum(w**2), np.ones(2), {})
        assert not {"jax", "torch"} & {*sys.modules}
    """
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def cubes(w):
    return np.sum(np.asarray(w) ** 3)


def drawn(w):
    return float(np.sum(w)) * np.random.default_rng().uniform()


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        ((lambda w: w**2, np.ones(2), {}), {}, r"loss: wanted a number .*, got an array of shape \(2,\)"),
        ((drawn, np.ones(2), {}), {}, "loss: two calls with the same weights differ"),
        ((lambda w: np.sum(w) * np.nan, np.ones(2), {}), {}, "loss: it is nan at the example"),
        ((lambda w: np.float32(np.sum(w)), np.ones(2), {}), {}, "loss: it gives a number of float32"),
        ((cubes, np.ones(2), {"lam": 1.0}), {}, r"loss: it is called with \(weights, lam=...\)"),
        ((cubes, np.ones(2), {"lam": "x"}), {}, "loss: it is called"),
        ((3, np.ones(2), {}), {}, "loss: wanted a function"),
        ((cubes, {}, {}), {}, "example: wanted weights"),
        ((cubes, {"a": "x"}, {}), {}, "example: a: wanted numbers"),
        ((cubes, np.array([1.0, np.inf]), {}), {}, "example: w: wanted finite"),
        ((cubes, np.ones(4000), {}), {}, r"example: 4000 weights, up to limit=3000 .* GB and .* s"),
        ((cubes, np.ones(2), {}), {"backend": "keras"}, "backend: wanted one of jax, torch, numpy"),
        ((cubes, np.ones(2), {}), {"symmetries": "neurons"}, 'symmetries: wanted .* "hidden units"'),
        ((cubes, np.ones((2, 2)), {}), {"gradient": lambda w: w[0]}, "gradient: wanted weights like the example"),
    ],
)
def test_losses_that_are_refused(arguments, options, words):
    with pytest.raises(ValueError, match=words):
        Problem.from_loss(*arguments, **options)


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_a_backend_that_is_missing_names_the_extra(backend, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ValueError, match=rf"{backend} is not installed; pip install 'pseudoarc\[{backend}\]'"):
        Problem.from_loss(cubes, np.ones(2), {}, backend=backend)


def test_single_precision_inside_a_loss_is_seen():
    jnp = library("jax")
    with pytest.raises(ValueError, match="gradient is known to .* float32"):
        Problem.from_loss(lambda w: jnp.sum(jnp.sin(w.astype(jnp.float32)) * w), np.ones(3), {})
    held = jnp.ones(3)
    with pytest.warns(RuntimeWarning, match="arrays of float32"):
        Problem.from_loss(lambda w: jnp.sum((held * w) ** 2), np.ones(3), {})


def test_starts_arranged_otherwise_are_refused():
    problem = Problem.from_loss(lambda w, t: np.sum(w["a"] ** 2), {"a": np.ones(2)}, {"t": 1.0})
    with pytest.raises(ValueError, match=r"start: wanted weights like the example, a \(2,\); got a \(3,\)"):
        trace(
            Problem.from_loss(lambda w, t: np.sum(w["a"] ** 2), {"a": np.ones(2)}, {"t": 1.0}), {"a": np.ones(3)}, "t"
        )
    with pytest.raises(ValueError, match="wanted 2 values"):
        problem.weights_of([1.0])
    with pytest.raises(ValueError, match="weights_of: wanted a problem made by Problem.from_loss"):
        Problem.from_expressions({"x": "x"}, {}).weights_of([1.0])
