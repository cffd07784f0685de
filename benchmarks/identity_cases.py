"""The fixed computations whose results `benchmarks.identity` compares bit for bit, by name.

They call the public interface only, so that they run unchanged on any arrangement of the code.  A case returns a result
or a dict of results; what it raises is its result too.
"""

import functools
import math
import pathlib
import signal
import tempfile

import numpy as np

from continuation import (
    Branch,
    Kind,
    Problem,
    Settings,
    deflated_branches,
    diagram,
    distinct_starts,
    emanating_orbit,
    find_solutions,
    switch,
    trace,
    unconnected,
)
from systems import factorization, linear_networks, regression, textbook
from systems.characteristic import characteristic_equation, normal_logarithm
from systems.relu import even_teachers, normal_equations, plane, polar_equations, symmetric_reduction, two_teachers

CASES = {}
PITCHFORK = {"x": "mu*x - x**3"}
PAIR = {"x": "mu*x - x**3", "y": "mu*y - y**3"}
TRIPLE = {**PAIR, "z": "mu*z - z**3"}
TWO_MODES = {"x": "x*(mu - x**2 - 2*y**2)", "y": "y*(2*mu - 0.3 - y**2 - 1.5*x**2)"}
ISOLA = {"x": "(x + 0.1*lam)*((x - 2)**2 + lam**2 - 0.25)"}
RING = {"x": "(mu - x**2 - y**2)*x - w*y", "y": "(mu - x**2 - y**2)*y + w*x"}
CELLS = {
    "x": "mu*x + x**2 - x**3 + eps*(y + z)",
    "y": "mu*y + y**2 - y**3 + eps*(x + z)",
    "z": "mu*z + z**2 - z**3 + eps*(x + y) + d",
}
COUPLED = {"mu": 1.0, "eps": 0.02, "d": 0.0}
SWAP, CYCLE = ("y", "x", "z"), (1, 2, 0)
LORENZ84 = {
    "X": "-Y**2 - Z**2 - alpha*X + alpha*F - gamma*U**2",
    "Y": "X*Y - beta*X*Z - Y + G",
    "Z": "beta*X*Y + X*Z - Z",
    "U": "-delta*U + gamma*U*X + T",
}
SIZES = {"F": 3.0, "T": 0.04, "alpha": 0.25, "beta": 1.0, "gamma": 0.987, "delta": 1.04, "G": 0.25}
QUARTER_TURN = np.array([[0.0, -1.0], [1.0, 0.0]])
FINE = Settings(max_step=0.02)


def case(function):
    """Add a function to the cases, named by its own name."""
    CASES[function.__name__.replace("_", "-")] = function
    return function


def text(equations, parameters, **options):
    """Make a problem from text."""
    return Problem.from_expressions(equations, parameters, **options)


def add_traces(**cases):
    """Add traces: a function that makes the problem, start, parameter and span, then options of `trace`."""
    for name, (make, start, vary, span, *options) in cases.items():
        more = options[0] if options else {}
        CASES[name.replace("_", "-")] = functools.partial(traced, make, start, vary, span, more)


def traced(make, start, vary, span, options):
    """Trace, reading the start from the problem where it is a function."""
    problem = make()
    return trace(problem, start(problem) if callable(start) else start, vary, span, **options)


# Branches in one parameter

BOTH = (-math.inf, math.inf)
add_traces(
    fold=(textbook.fold, [1.0], "p", (-1, 4)),
    transcritical=(textbook.transcritical, [0.0], "p", (-1, 1)),
    pitchfork=(textbook.pitchfork, [0.0], "p", (-1, 1)),
    pitchfork_subcritical=(lambda: textbook.pitchfork(False), [0.0], "p", (-1, 1)),
    cusp=(textbook.cusp, [1.0], "mu", (-2, 2)),
    hopf=(textbook.hopf, [0.0, 0.0], "mu", (-1, 1)),
    closed=(textbook.circle, [1.0], "p", BOTH),
    snake=(textbook.snake, [0.0], "p", BOTH, {"settings": Settings(max_step=0.1, max_points=1500)}),
    snake_pair=(textbook.snake_pair, [0.0, 0.0], "p", (-2, 2), {"settings": Settings(max_points=1000)}),
    brusselator=(textbook.brusselator, [1.0, 1.0], "b", (0.5, 4)),
    lorenz=(textbook.lorenz, [0.0, 0.0, 0.0], "rho", (0, 30)),
    lorenz_off_zero=(textbook.lorenz, [6.0, 6.0, 15.0], "rho", (0, 30), {"parameters": {"rho": 16.0}}),
    lorenz84=(lambda: text(LORENZ84, SIZES), [2.9787, -0.0387, 0.0582, -0.021], "F", (-1.5, 3.2)),
    bratu_2=(lambda: textbook.bratu(2), np.zeros(2), "lam", BOTH, {"settings": Settings(max_points=300)}),
    bratu_8=(lambda: textbook.bratu(8), np.zeros(8), "lam", (0, 4)),
    bratu_32=(lambda: textbook.bratu(32), np.zeros(32), "lam", (0, 4), {"settings": Settings(max_points=200)}),
    convection_8=(lambda: textbook.bratu(8, convection=1.0), np.zeros(8), "lam", (0, 4)),
    prescribed_steps=(
        lambda: textbook.bratu(8), np.zeros(8), "lam", BOTH,
        {"settings": Settings(step=0.05, max_step=0.05, tolerance=1e-7, max_points=201), "direction": 1},
    ),
    upwards=(textbook.cusp, [1.0], "mu", (-2, 2), {"direction": 1}),
    downwards=(textbook.cusp, [1.0], "mu", (-2, 2), {"direction": -1}),
    from_a_fold=(textbook.cusp, [-math.sqrt(1 / 3)], "mu", (-2, 2), {"parameters": {"mu": 2 / math.sqrt(27)}}),
    beside_a_fold=(textbook.fold, [0.01], "p", (-1, 4), {"parameters": {"p": -1e-3}}),
    stop_at_a_kind=(textbook.cusp, [1.0], "mu", (-2, 2), {"stop": Kind.FOLD}),
    stop_at_a_count=(textbook.snake, [0.0], "p", BOTH, {"stop": 3}),
    stop_where_true=(textbook.snake, [0.0], "p", BOTH, {"stop": lambda point: abs(point["u"]) > 5}),
    detect_folds=(lambda: textbook.bratu(8), np.zeros(8), "lam", (0, 4), {"detect": {Kind.FOLD}}),
    detect_hopf=(textbook.brusselator, [1.0, 1.0], "b", (0.5, 4), {"detect": {Kind.HOPF, Kind.USER}}),
    detect_nothing=(lambda: textbook.bratu(8), np.zeros(8), "lam", (0, 4), {"detect": set()}),
    coarse=(textbook.snake_pair, [0.0, 0.0], "p", (-2, 2), {"settings": Settings(step=0.5, max_step=2.0, max_angle=1)}),
)  # fmt: skip


# The papers' systems

add_traces(
    characteristic_turn=(
        lambda: characteristic_equation(QUARTER_TURN), lambda _: normal_logarithm(QUARTER_TURN, -1).ravel(),
        "lam", (0, 1),
    ),
    characteristic_other_turn=(
        lambda: characteristic_equation(QUARTER_TURN), lambda _: normal_logarithm(QUARTER_TURN, 1).ravel(),
        "lam", (0, 1),
    ),
    characteristic_general=(
        lambda: characteristic_equation(np.diag([2.0, 1.0, 0.5])), np.diag(np.log([2.0, 1.0, 0.5])).ravel(),
        "lam", (0, 1), {"settings": Settings(max_points=60)},
    ),
    relu_plane=(lambda: plane(2), [1.0, 0.0], "K", (2, 100)),
    relu_reduction=(
        lambda: symmetric_reduction(6), lambda problem: problem.solve([1.0, 0.0, 1 / 3, 1 / 3, -2 / 3]), "K", (3, 40),
    ),
    relu_reduction_leaky=(
        lambda: symmetric_reduction(8, alpha=0.0, lam=0.0),
        lambda problem: problem.solve([1.0, 0.0, 0.25, 0.25, -0.75]), "alpha", (0, 0.5),
    ),
    relu_normal=(lambda: normal_equations(np.eye(2), 2), [1, 0, 0, 1], "v[1,0]", (-0.5, 3.0)),
    relu_polar=(lambda: polar_equations([[2.0, 0.0]], 1), lambda problem: [2.0, 1.0, 0.0], "lam", (0, 5)),
    relu_two=(lambda: two_teachers(b2=0.05), [0.0, 0.019, 0.7365, 0.6835], "b2", (0.01, 1)),
    relu_even=(lambda: even_teachers(3), np.eye(3).ravel(), "cosine", (-0.45, 0.95)),
    scalar_network_3=(lambda: linear_networks.scalar_network(3, 1.7), [1.7 ** (1 / 3)], "lam", (0, 2)),
    modes=(lambda: linear_networks.modes(2, [1.0, 2.0]), [1.0, 2**0.5], "lam", (0, 3)),
    residual_network=(
        lambda: linear_networks.residual_network([[0.1]], 2), lambda problem: problem.solve([-0.6, -0.6], {"lam": 0.1}),
        "lam", (0.01, 0.5), {"parameters": {"lam": 0.1}, "settings": Settings(max_step=0.02, max_points=300)},
    ),
    factorization_in_mu=(
        lambda: factorization.factorization([[3.0]], 1), [1.0, 1.0], "mu", (-4.0, 1.0), {"parameters": {"lam": 2.0}},
    ),
    regression_in_p=(
        lambda: regression.overparameterized_regression([[1.0]], [2.0], 3.0), [0.0, 0.0], "p", (2.1, 4.0),
        {"parameters": {"lam": 3.0}},
    ),
    scalar_regression=(
        lambda: regression.scalar_regression(4, 3.0, 1.5),
        lambda problem: problem.solve([1.2], {"lam": 0.2}), "lam", (0.05, 2.0), {"parameters": {"lam": 0.2}},
    ),
)  # fmt: skip


# What a problem may be


def uncompiled(u, p, out):
    """Brusselator, with a list that numba is not asked to understand."""
    rates = [p[0], (p[1] + 1.0) * u[0], u[0] ** 2 * u[1], p[1] * u[0]]
    out[0], out[1] = rates[0] - rates[1] + rates[2], rates[3] - rates[2]


def differences_only(u, p, out):
    """Two crossing lines beside a third, without given derivatives."""
    out[0] = (u[0] - p[0]) * (u[0] - 2 * p[0]) * (1 + u[0])


add_traces(
    plain_python=(
        lambda: Problem(uncompiled, ("x", "y"), {"a": 1.0, "b": 1.0}, compiled=False), [1.0, 1.0], "b", (0.5, 4),
    ),
    no_derivatives=(lambda: Problem(differences_only, ("u",), {"p": -0.3}), [-0.3], "p", (-0.4, 0.5)),
    zeros_and_outputs=(
        lambda: text(CELLS, COUPLED, zeros={"level": "x + y + z - 3"}, outputs={"sum": "x + y + z"}),
        [1.6, 1.6, -0.07], "mu", (-1, 2),
    ),
    zero_at_the_start=(
        lambda: text(PITCHFORK, {"mu": 1.0}, zeros={"one": "x - 1"}), [1.0], "mu", (0.2, 3),
    ),
    no_flow=(lambda: text(PITCHFORK, {"mu": -1.0}, stability=None), [0.0], "mu", (-1, 1)),
    own_count=(
        lambda: text(PITCHFORK, {"mu": -1.0}, stability=lambda u, p: 1.0 if p[0] > 0.5 else 0.0), [0.0], "mu", (-1, 1),
    ),
    own_weights=(lambda: text(CELLS, COUPLED, weights=[1, 2, 3, 4]), [1.6] * 3, "mu", (0, 2)),
    arm_to_a_corner=(lambda: text({"x": "-x*(mu + abs(x))"}, {"mu": -1.0}, smoothness=2), [1.0], "mu", (-1, 1)),
)  # fmt: skip


# Failures


def line(function, **options):
    """One state as plain Python."""
    return Problem(function, ("u",), {"p": 0.0}, compiled=False, **options)


def not_a_number(u, p, out):
    """Leave the domain at u = 1."""
    out[0] = p[0] - u[0] if u[0] < 1 else math.nan


def corner(u, p, out):
    """Turn at a corner, without a word about it."""
    out[0] = p[0] - abs(u[0])


def raising(u, p, out):
    """Raise beyond u = 1."""
    out[0] = p[0] - u[0]
    if u[0] > 1:
        raise ArithmeticError("no value above one")


def losing_an_equation(u, p, out):
    """Lose the second equation at u = 1."""
    out[0], out[1] = p[0] - u[0], u[1] * max(0.0, 1.0 - u[0])


def fading(u, p, out):
    """Run into rounding."""
    out[0] = p[0] - math.exp(-u[0])


def nowhere(u, p, out):
    """Have no solution."""
    out[0] = 1 + u[0] ** 2


def kink(u, p, out):
    """Turn at a kink that can't be located."""
    out[0] = p[0] - 0.1 * abs(u[0])


def kink_u(u, p, out):
    """Differentiate `kink`."""
    out[0, 0] = -0.1 * np.sign(u[0])


def interrupting(point):
    """Press Ctrl-C."""
    signal.raise_signal(signal.SIGINT)
    return False


SHORT = {"settings": Settings(max_step=0.1)}
add_traces(
    ends_nonfinite=(lambda: line(not_a_number), [0.0], "p", (-1, 3), SHORT),
    ends_step_too_small=(lambda: line(corner), [1.0], "p", (-1, 2), {"parameters": {"p": 1.0}}),
    ends_singular=(
        lambda: Problem(losing_an_equation, ("u", "v"), {"p": 0.0}, compiled=False), [0.0, 0.0], "p", (-1, 3),
    ),
    ends_unresolved=(lambda: line(fading), [0.0], "p", (-1, 2), {"parameters": {"p": 1.0}}),
    ends_callback_failed=(lambda: line(raising), [0.0], "p", (-1, 3), SHORT),
    ends_max_points=(textbook.fold, [1.0], "p", (-1, 4), {"settings": Settings(max_points=5)}),
    ends_interrupted=(textbook.fold, [1.0], "p", (-1, 4), {"stop": interrupting}),
    not_located=(
        lambda: line(kink, jacobian=kink_u), [1.0], "p", (-1.0, 0.2),
        {"settings": Settings(step=0.07), "parameters": {"p": 0.1}},
    ),
    bad_start=(lambda: line(nowhere), [0.5], "p", (-1, 1)),
    start_at_a_branch_point=(textbook.pitchfork, [0.0], "p", (-1, 1), {"parameters": {"p": 0.0}}),
    refused_span=(textbook.cusp, [1.0], "mu", (2, -2)),
    refused_start=(textbook.cusp, {"y": 1.0}, "mu", (-2, 2)),
)  # fmt: skip


# Curves in two parameters


@functools.cache
def atmosphere():
    """Lorenz-84 and its branch in F."""
    problem = text(LORENZ84, SIZES, name="lorenz84")
    start = [2.9787, -0.0387, 0.0582, -0.021]
    return problem, trace(problem, start, "F", (-1.5, 3.2), settings=Settings(max_step=0.05))


def atmosphere_curve(label):
    """A curve of Lorenz-84 in (F, T) through a special point of its branch."""
    problem, branch = atmosphere()
    return trace(problem, branch[label], ("F", "T"), {"F": (-1.5, 3.5), "T": (-0.1, 0.1)}, settings=FINE)


CASES |= {
    f"lorenz84-curve-{label}": functools.partial(atmosphere_curve, label) for label in ("LP1", "HB1", "HB2", "HB3")
}


@case
def curve_of_folds():
    problem = textbook.cusp(mu=-1.0)
    fold = trace(problem, [-1.3], "mu", (-2, 2))["LP1"]
    spans = {"mu": (-2, 2), "nu": (-1, 2)}
    return {"one": trace(problem, fold, ("mu", "nu"), spans), "other": trace(problem, fold, ("nu", "mu"), spans)}


@case
def curve_of_hopf_points():
    problem = textbook.brusselator()
    point = trace(problem, [1.0, 1.0], "b", (0, 5))["HB1"]
    return trace(problem, point, ("b", "a"), {"b": (1.2, 6), "a": (0.1, 3)})


@case
def curve_of_branch_points():
    problem = text({"x": "(mu - nu**2)*x - x**3", "y": "x - 2*y"}, {"mu": -1.0, "nu": 1.0})
    point = trace(problem, [0.0, 0.0], "mu", (-2, 2))["BP1"]
    return trace(problem, point, ("mu", "nu"), {"mu": (-1, 2), "nu": (-2, 2)})


@case
def curve_that_is_destroyed():
    problem = text({"x": "mu*x - x**3 + nu"}, {"mu": -1.0, "nu": 0.0})
    point = trace(problem, [0.0], "mu", (-2, 2))["BP1"]
    return trace(problem, point, ("mu", "nu"))


# Switching


def switched(problem, start, vary, span, label="BP1", **options):
    """Starts at a branch point, the classes they form, and the branches from them."""
    trunk = trace(problem, start, vary, span, **options)
    starts = switch(problem, trunk[label])
    arms = [trace(problem, one, vary, span, settings=Settings(max_points=120)) for one in starts]
    found = {"trunk": trunk, "starts": list(starts), "complete": starts.complete, "notes": starts.notes, "arms": arms}
    return found | {"distinct": distinct_starts(problem, starts)}


CASES |= {
    "switch-pitchfork": lambda: switched(textbook.pitchfork(), [0.0], "p", (-1, 1)),
    "switch-transcritical": lambda: switched(textbook.transcritical(), [0.0], "p", (-1, 1)),
    "switch-bratu-8": lambda: switched(
        textbook.bratu(8), np.zeros(8), "lam", (0, 4), direction=1, stop=Kind.BRANCH_POINT
    ),
    "switch-kernel-2": lambda: switched(text(PAIR, {"mu": -1.0}), [0.0] * 2, "mu", (-1, 1)),
    "switch-kernel-3": lambda: switched(text(TRIPLE, {"mu": -1.0}), [0.0] * 3, "mu", (-1, 1)),
    "switch-smoothness-2": lambda: switched(
        text({"x": "mu*x - abs(x)*x + x*y", "y": "x**2 - y"}, {"mu": -1.0}, smoothness=2), [0.0] * 2, "mu", (-1, 1)
    ),
    "switch-symmetric": lambda: switched(
        text(PAIR, {"mu": -1.0}, symmetries=[("-x", "y"), ("y", "x")]), [0.0] * 2, "mu", (-1, 1)
    ),
}


@case
def switch_at_a_fold():
    problem = textbook.cusp()
    return switch(problem, trace(problem, [1.0], "mu", (-2, 2))["LP1"])


# Diagrams

CASES |= {
    "diagram-pitchfork": lambda: diagram(textbook.pitchfork(), [0.0], "p", (-1, 1)),
    "diagram-transcritical": lambda: diagram(textbook.transcritical(), [0.0], "p", (-1, 1)),
    "diagram-bratu-8": lambda: diagram(textbook.bratu(8), np.zeros(8), "lam", (0, 4)),
    "diagram-two-modes": lambda: diagram(text(TWO_MODES, {"mu": -1.0}), [0.0, 0.0], "mu", (-1, 2)),
    "diagram-deflated": lambda: diagram(text(ISOLA, {"lam": -1.0}), [0.1], "lam", (-1, 1), deflate=3),
}


@case
def diagram_with_symmetries():
    problem = text(CELLS, {"mu": -1.0, "eps": 0.02, "d": 0.0}, symmetries=[SWAP, CYCLE])
    return diagram(problem, [0.0] * 3, "mu", (-1, 0.6), depth=1, settings=Settings(max_points=300))


@case
def diagram_resumed():
    found = diagram(text(TWO_MODES, {"mu": -1.0}), [0.0, 0.0], "mu", (-1, 2), max_branches=2)
    return {"first": found, "then": found.resume(max_branches=100), "at": found.at(mu=0.5)}


# Searches


@case
def find():
    problem = text(CELLS, COUPLED)
    symmetric = problem.with_symmetries([SWAP, CYCLE])
    found = {name: find_solutions(one, budget=600) for name, one in (("all", problem), ("orbits", symmetric))}
    guessed = find_solutions(problem, {"mu": 0.5}, guesses=[[0.5] * 3, [1.0, 0.0, 0.0]])
    return {**found, "guessed": guessed, "lorenz": find_solutions(textbook.lorenz(), {"rho": 20.0}, budget=200)}


@case
def deflated():
    problem = text(ISOLA, {"lam": -1.0})
    trunk = trace(problem, [0.1], "lam", (-1, 1))
    values = unconnected(problem, trunk, "lam", [-0.3, 0.1, 0.6], budget=200)
    rings = deflated_branches(problem, trunk, "lam", (-1, 1), values=5, budget=200)
    return {"trunk": trunk, "values": list(values), "rings": list(rings), "reports": rings.reports}


# Other problems made of a problem


def turn(u):
    """Rotate the plane."""
    return np.array([-u[1], u[0]])


@case
def isolated_circles():
    problem = text(RING, {"mu": 1.0, "w": 0.0}, symmetries=[turn]).isolated([0.6, 0.8])
    branch = trace(problem, [0.6, 0.8], "mu", (0.01, 4.0))
    return {"circles": branch, "drifting": trace(problem, [0.6, 0.8], "w", (-1.0, 2.0)), "check": branch.check()}


@case
def isolated_gauge():
    problem = linear_networks.deep_linear_network([2, 2, 2], np.diag([1.0, 0.6]), gauge=True)
    root = np.diag(np.sqrt([0.9, 0.5])).ravel()
    start = np.concatenate([root, root])
    return trace(problem.isolated(start), start, "lam", (0.1, 0.5), parameters={"lam": 0.1})


@case
def restricted():
    problem = text(CELLS, COUPLED, symmetries=[SWAP, CYCLE], outputs={"sum": "x + y + z"})
    small = problem.restricted([SWAP])
    start = small.solve([1.6, 1.6, -0.07])
    whole, full = (trace(one, start, "mu", (0.2, 2.0)) for one in (small, problem.restricted([SWAP], stability="full")))
    return {"subspace": whole, "full": full, "check": whole.check(), "at": whole.at(mu=1.1)}


@case
def derivatives():
    problems = {"bratu": textbook.bratu(4), "lorenz": textbook.lorenz(), "text": text(LORENZ84, SIZES)}
    found = {name: problem.check() for name, problem in problems.items()}
    for name, problem in problems.items():
        u, vary = np.linspace(0.3, 0.9, len(problem.states)), next(iter(problem.parameters))
        values = problem.residual(u), problem.jacobian(u), problem.parameter_derivative(u, vary)
        found |= {f"{name} at u": values}
    return found


# What a branch can be asked


@case
def orbits():
    problem = textbook.brusselator()
    orbit = emanating_orbit(problem, trace(problem, [1.0, 1.0], "b", (0.5, 4))["HB1"])
    problem, branch = atmosphere()
    second = emanating_orbit(problem, branch["HB1"])
    return {"brusselator": orbit, "sample": orbit.sample(0.1), "lorenz84": second, "period": second.period_at(0.01)}


@case
def extended():
    branch = trace(textbook.snake(), [0.0], "p", (-2, 2), settings=Settings(max_step=0.1, max_points=100))
    longer = branch.extend(max_points=500)
    return {"points": longer, "span": longer.extend(span=(-3, 3)), "at": longer.at(p=0.1), "check": longer.check()}


@case
def asked():
    problem = textbook.bratu(8)
    branch = trace(problem, np.zeros(8), "lam", (0, 4))
    rows = {"point": branch.point(5), "norm": branch["norm"], "arclength": branch.arclength}
    solved = problem.solve(np.zeros(8), {"lam": 1.0})
    values = {"lam": branch.at(lam=1.0), "u1": branch.at(u1=0.3), "solve": solved, "eigenvalues": branch.eigenvalues}
    return {**rows, **values, "segments": branch.segments(), "frame": branch.to_dataframe().to_numpy()}


@case
def kept():
    problem = text(CELLS, COUPLED, outputs={"sum": "x + y + z"}, symmetries=[SWAP, CYCLE])
    branch = trace(problem, [1.6, 1.6, -0.07], "mu", (-1, 2))
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "branch.nc"
        branch.save(file)
        back = Branch.load(file)
    columns = {str(name): np.asarray(column) for name, column in branch.to_xarray().variables.items()}
    return {"back": back, "longer": back.extend(span=(-1, 2.5)), "columns": columns, "isotropy": str(branch.isotropy)}
