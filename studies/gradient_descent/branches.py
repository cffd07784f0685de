"""A branch or several of every system that is a flow, named by the function that makes the problem, and the others.

Names are ``maker: which``.  `NOT_JUDGED` gives, for each maker that has no branch here, why and what is judged instead.
"""

import math
from functools import partial

import numpy as np

from continuation import trace
from systems import atmosphere, relu, textbook
from systems import factorization as fac
from systems import linear_networks as nets
from systems import regression as reg
from systems.characteristic.closed_forms.logarithms import normal_logarithm
from systems.characteristic.network.layered_network import start_weights
from systems.characteristic.variants.matrix_families import rotation_family
from systems.relu.symmetric.plane_dynamics import collinear_value, type_a_guess
from systems.relu.symmetric.reduction import reduced_weights, type_ii_guess

M = np.diag([3.0, 2.0, 1.0])
SIZE = 6  # students of the reduction, in the full network
REDUCED, REDUCED_SPAN = f"normal_equations: type II of {SIZE}", (0.0, 0.1)
LAYERS = 8  # of the networks that stand for a matrix C
ANGLE = math.pi / 2  # of the rotation they learn
CLASSES, SPAN = (0, -1), (0.01, 0.12)  # of its logarithm, of the decay

_LAYERS = "G is no gradient: descent acts on layers, not on C; judged as the layers of residual_network"
_TEXT = "a system of this project again, written as text for proofs"
NOT_JUDGED = {
    "characteristic_equation": _LAYERS,
    "rotation_family": _LAYERS,
    "line_of_matrices": _LAYERS,
    "scaled_matrix": _LAYERS,
    "turned_matrix": _LAYERS,
    "correlated_equation": _LAYERS,
    "sampled_equation": _LAYERS,
    "polar_equations": "equations in lengths and directions, no flow; judged as the weights of normal_equations",
    **dict.fromkeys(("scalar_network_text", "quarter_turn_text", "normal_plane_text", "plane_text"), _TEXT),
    "symmetric_reduction": "counts what its five states do not see; judged as the weights of normal_equations",
}


def branches() -> dict:
    """Trace every branch, by name."""
    return {**networks(), **factorizations(), **regressions(), **relu_networks(), **normal_forms(), **models()}


def balance_of(name):
    """Say what the layers of a system keep under descent (law I1); None where it has no such layers."""
    if name.startswith("deep_linear_network"):
        return nets.layer_balance([int(width) for width in name.partition(": ")[2].split("-")])
    makers = {"factorization": fac.balance(M, 2), "overparameterized_regression": reg.balance}
    return makers.get(name.partition(":")[0])


def networks() -> dict:
    """Trace deep linear networks: scalar, mode by mode, scalar layers, matrices with gauge, residual."""
    made = {}
    for depth in (2, 3, 4, 5, 6):
        problem = nets.scalar_network(depth, 1.0)
        made[f"scalar_network: depth {depth}"] = partial(
            trace, problem, [1.0], "lam", (0.05, 1.2), parameters={"lam": 0.05}
        )
    zero = partial(trace, nets.scalar_network(2, 1.0), [0.0], "lam", (0.1, 2.0), parameters={"lam": 0.1})
    made["scalar_network: depth 2, zero"] = zero
    a = [nets.scalar_network(3, s).solve([1.0], {"lam": 0.1})["a"] for s in (1.0, 0.8)]
    made["modes: depth 3"] = partial(trace, nets.modes(3, [1.0, 0.8]), a, "lam", (0.05, 0.6), parameters={"lam": 0.1})
    layers = nets.deep_linear_network([1, 1, 1, 1], [[1.0]])
    made["deep_linear_network: 1-1-1-1"] = partial(
        trace, layers, [1.0] * 3, "lam", (0.05, 0.6), parameters={"lam": 0.05}
    )
    start = np.tile(np.diag(a).ravel(), 3)
    problem = nets.deep_linear_network([2, 2, 2, 2], np.diag([1.0, 0.8]), gauge=True).isolated(start)
    made["deep_linear_network: 2-2-2-2"] = partial(trace, problem, start, "lam", (0.05, 0.5), parameters={"lam": 0.1})
    uniform = nets.uniform_residual_branch(1.5 * np.exp(0.8j), 4)
    x, y = uniform.solve([0.4, 0.8], {"lam": 0.1}).state
    made["uniform_residual_branch: 4 layers"] = partial(
        trace, uniform, [x, y], "lam", (0.02, 1.0), parameters={"lam": 0.1}
    )
    residual = nets.residual_network(1.5 * rotation(0.8), 4)
    made["residual_network: 4 layers"] = partial(
        trace, residual, np.tile([x, -y, y, x], 4), "lam", (0.02, 1.0), parameters={"lam": 0.1}
    )
    for n in CLASSES:
        made[f"residual_network: {LAYERS} layers, class {n}"] = partial(layered_branch, n)
    return made


def layered_branch(n):
    """Trace the network of `LAYERS` layers whose limit is the normal solution of class n."""
    residual, begin = nets.residual_network(rotation(ANGLE), LAYERS), {"lam": SPAN[0]}
    C = rotation_family(ANGLE).solve(normal_logarithm(rotation(ANGLE), n).ravel(), begin).state.reshape(2, 2)
    start = residual.solve(np.ravel(start_weights(C, 1.0, LAYERS)), begin)
    return trace(residual, start, "lam", SPAN, parameters=begin)


def characteristic_branch(n):
    """Trace the normal solution of class n in the limit, with the Morse index of its cost."""
    problem, begin = rotation_family(ANGLE), {"lam": SPAN[0]}
    start = problem.solve(normal_logarithm(rotation(ANGLE), n).ravel(), begin)
    return trace(problem, start, "lam", SPAN, parameters=begin)


def factorizations() -> dict:
    """Trace balanced branches of a factorization: minimum and saddles."""
    made, problem = {}, fac.factorization(M, 2, gauge=True)
    for kept in ([0, 1], [0, 2], [1, 2], [0], [2]):
        point = fac.balanced_point(M, 2, kept, 0.2).state
        branch = partial(trace, problem.isolated(point), point, "lam", (0.1, 0.8), parameters={"lam": 0.2})
        made[f"factorization: kept {kept}"] = branch
    return made


def regressions() -> dict:
    """Trace l_p regression times a scalar."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(12, 2)), rng.normal(size=12)
    problem, critical = reg.overparameterized_regression(X, y, 4.0), reg.critical_decay(X, y, 4.0)
    span, given = (0.3 * critical, 2 * critical), {"lam": 0.4 * critical}
    made = {
        "overparameterized_regression: zero, p = 4": partial(trace, problem, np.zeros(3), "lam", span, parameters=given)
    }
    fold, scalar = reg.scalar_fold(3, 1.0, 4.0), reg.scalar_regression(3, 1.0, 4.0)
    given = {"lam": 0.3 * fold.lam}
    span = (0.2 * fold.lam, 2 * fold.lam)
    made["scalar_regression: p = 4"] = partial(trace, scalar, scalar.solve([0.9], given), "lam", span, parameters=given)
    return made


def relu_networks() -> dict:
    """Trace students of ReLU teachers: weights, families of teachers, the plane of Theorem 7, the reduction."""
    decay = {"lam": 0.1}
    two, even, plane = relu.two_teachers(lam=0.1), relu.even_teachers(3, lam=0.1), relu.plane(5.0)
    both = relu.normal_equations(np.eye(2), 2, lam=0.1)
    saddle = [collinear_value(5)] * 2
    half = math.cos(math.pi / 4)
    return {
        "normal_equations: learnt": partial(
            trace, both, both.solve(np.eye(2).ravel()), "lam", (0.05, 1.4), parameters=decay
        ),
        "two_teachers: learnt": partial(trace, two, two.solve([half, half, half, -half]), "angle", (0.5, 2.5)),
        "even_teachers: learnt": partial(trace, even, even.solve(np.eye(3).ravel()), "cosine", (-0.4, 0.8)),
        "plane: type A": partial(trace, plane, plane.solve(type_a_guess(5.0)), "K", (3.0, 20.0)),
        "plane: collinear": partial(trace, plane, saddle, "K", (3.0, 20.0)),
        REDUCED: reduced_branch,
    }


def reduced_branch():
    """Trace the type II point of the reduction in all weights, against the decay."""
    reduced = relu.symmetric_reduction(SIZE, lam=0.0).solve(type_ii_guess(SIZE), {"lam": 0.005})
    full = relu.normal_equations(np.eye(SIZE), SIZE).with_symmetries(())
    start = full.solve(reduced_weights(reduced, SIZE).ravel(), {"lam": 0.005})
    return trace(full, start, "lam", REDUCED_SPAN, parameters={"lam": 0.005})


def normal_forms() -> dict:
    """Trace one branch of every textbook problem of one or two states."""
    return {
        "fold: both halves": partial(trace, textbook.fold(), [1.0], "p", (-0.5, 2.0)),
        "transcritical: zero": partial(trace, textbook.transcritical(), [0.0], "p", (-1.0, 1.0)),
        "pitchfork: zero": partial(trace, textbook.pitchfork(), [0.0], "p", (-1.0, 1.0)),
        "pitchfork: zero, subcritical": partial(trace, textbook.pitchfork(False), [0.0], "p", (-1.0, 1.0)),
        "cusp: hysteresis": partial(trace, textbook.cusp(mu=1.0), [1.3], "mu", (-1.0, 1.0)),
        "hopf: zero": partial(trace, textbook.hopf(), [0.0, 0.0], "mu", (-1.0, 1.0)),
        "circle: all of it": partial(trace, textbook.circle(), [1.0], "p", (-2.0, 2.0)),
        "snake: three turns": partial(trace, textbook.snake(), [0.0], "p", (-1.0, 2.0)),
        "snake_pair: three turns": partial(trace, textbook.snake_pair(), [0.0, 0.0], "p", (-1.0, 2.0)),
    }


def models() -> dict:
    """Trace models of chemistry, convection, combustion and the atmosphere."""
    heated = {"rho": 5.0}
    aloft = textbook.lorenz().solve([3.0, 3.0, 4.0], heated)
    warm, bratu = {"lam": 0.5}, textbook.bratu(12)
    return {
        "brusselator: the equilibrium": partial(trace, textbook.brusselator(), [1.0, 1.0], "b", (0.5, 4.0)),
        "lorenz: origin": partial(trace, textbook.lorenz(), [0.0] * 3, "rho", (0.2, 5.0)),
        "lorenz: convection": partial(trace, textbook.lorenz(), aloft, "rho", (1.2, 30.0), parameters=heated),
        "bratu: both halves": partial(
            trace, bratu, bratu.solve(np.zeros(12), warm), "lam", (0.5, 4.0), parameters=warm
        ),
        "lorenz84: no coupling": partial(
            trace, atmosphere.lorenz84(T=0.0), [0.5, 0.0, 0.0, 0.0], "F", (0.5, 2.5), parameters={"F": 0.5}
        ),
    }


def rotation(angle) -> np.ndarray:
    """Return a rotation of the plane."""
    return np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
