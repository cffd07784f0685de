"""Branches written down from closed forms, for tests of what is done with a branch."""

from dataclasses import replace

import numpy as np

from continuation import Branch, SpecialPoint
from continuation.ground.settings import Settings
from continuation.ground.status import Kind, Status
from continuation.results.request import Request
from continuation.results.rows import OWN_COLUMNS

LIMITS = (Status.LIMIT, Status.LIMIT)
ROOT = 1 / np.sqrt(3.0)


def assemble(name, state_names, states, varied, unstable, special=(), ends=LIMITS, **more):
    """Build a branch from its columns; `special` lists (row, kind, changes), the ends are added."""
    states, varied = np.asarray(states, float), np.asarray(varied, float)
    m, n = states.shape
    unknowns = np.column_stack([states, varied])
    weights = np.concatenate([np.full(n, 1 / n), np.ones(varied.shape[1])])
    tangents = np.gradient(unknowns, axis=0) if m > 1 else np.eye(1, unknowns.shape[1])
    tangents /= np.sqrt(np.sum(weights * tangents**2, axis=1))[:, None]
    vary = more.pop("vary", ("p",))
    fixed = {
        "parameters": dict(zip(vary, map(float, varied[0]))),
        **{name: np.arange(m, dtype=float) for name in OWN_COLUMNS.values()},  # those that nothing below sets
        "connections": np.append(-1, np.arange(1, m) % 3 > 0).astype(int),
        "unstable": np.asarray(unstable, dtype=np.int64),
        "nullity": np.zeros(m, dtype=np.int64),
        "residuals": np.full(m, 1e-16),
        "context": np.zeros((m, 0)),
        "outputs": {},
        "effort": {"steps": m - 1, "rejections": {"newton": 1, "angle": 0}},
    }
    span = more.pop("span", (float(varied[:, 0].min()), float(varied[:, 0].max())))
    fixed["request"] = Request(vary[0], span, Settings(max_step=0.1))
    branch = Branch(
        name, tuple(state_names), vary=vary, unknowns=unknowns, states=states, varied=varied, tangents=tangents,
        special=(), ends=ends, weights=weights, **{**fixed, **more},
    )  # fmt: skip
    return replace(branch, special=_special(branch, special))


def _special(branch, listed):
    """Special points in row order, numbered by kind, both ends included."""
    inner = sorted(listed, key=lambda entry: entry[0])
    entries = [(0, Kind.END, {}), *inner, (len(branch) - 1, Kind.END, {})]
    counts, points = {}, []
    for row, kind, changes in entries:
        counts[kind] = counts.get(kind, 0) + 1
        point = SpecialPoint(
            state=branch.states[row],
            parameters={**branch.parameters, **dict(zip(branch.vary, map(float, branch.varied[row])))},
            state_names=branch.state_names,
            vary=branch.vary,
            outputs={name: float(column[row]) for name, column in branch.outputs.items()},
            unstable=int(branch.unstable[row]),
            nullity=int(branch.nullity[row]),
            tangent=branch.tangents[row],
            index=row,
            kind=kind,
            label=f"{kind.label}{counts[kind]}",
        )
        points.append(replace(point, **changes))
    return tuple(points)


def circle():
    """``x**2 + p**2 = 1`` as no flow: a closed curve with folds at p = 1 and p = -1."""
    angle = np.linspace(0, 2 * np.pi, 41)
    states, varied = np.cos(angle)[:, None], np.sin(angle)[:, None]
    folds = [(10, Kind.FOLD, {}), (30, Kind.FOLD, {})]
    closed = (Status.CLOSED, Status.CLOSED)
    return assemble("circle", ("x",), states, varied, np.full(41, -1), folds, closed, span=(-np.inf, np.inf))


def cusp(located=True):
    """``u' = p + u - u**3``: stable for ``|u| > 1/sqrt(3)``, folds at p = -+2/(3 sqrt(3)), a user point at u = 1."""
    left, middle, right = np.linspace(-1.3, -ROOT, 12), np.linspace(-ROOT, ROOT, 10), np.linspace(ROOT, 1.3, 12)
    u = np.unique(np.concatenate([left, middle[1:-1], right if located else right[1:], [1.0]]))
    varied = u**3 - u
    first, second, user = np.searchsorted(u, [-ROOT, ROOT, 1.0]).tolist()
    unstable = (np.abs(u) < ROOT).astype(int)
    unstable[[first, second]] = 0  # at `second` stability is regained, located or not
    kernel = {"null_vectors": np.ones((1, 1)), "nullity": 1, "eigenvalues": np.zeros(1, complex), "error": 3e-12}
    unknown = {
        "located": False,
        "bracket": np.array([[u[second - 1], varied[second - 1]], [u[second], varied[second]]]),
    }
    special = [
        (first, Kind.FOLD, {**kernel, "normal_form": {"a": -3 * ROOT}}),
        (second, Kind.FOLD, kernel if located else unknown),
        (user, Kind.USER, {"name": "u = 1"}),
    ]
    outputs = {"energy": u**4 / 4 - u**2 / 2 - varied * u}
    return assemble("cusp", ("u",), u[:, None], varied[:, None], unstable, special, outputs=outputs)


def brusselator():
    """The equilibrium ``x = 1, y = b`` of the Brusselator with a = 1: a Hopf point with omega = 1 at b = 2."""
    b = np.linspace(0.0, 5.0, 41)
    states, unstable = np.column_stack([np.ones(41), b]), np.where(b > 2, 2, 0)
    hopf = {
        "null_vectors": np.array([[1.0, -1.0], [0.0, 1.0]]) / np.sqrt(3),
        "eigenvalues": np.array([1j, -1j]),
        "normal_form": {"omega": 1.0, "l1": -0.375, "q": np.array([1.0, -1 + 1j])},
        "residual": 1e-17,
    }
    parameters = {"a": 1.0, "b": 0.0}
    special = [(16, Kind.HOPF, hopf)]
    more = {"vary": ("b",), "parameters": parameters, "span": (0.0, 5.0)}
    return assemble("brusselator", ("x", "y"), states, b[:, None], unstable, special, **more)


def snake(folds=300):
    """A curve of 40 states that turns back `folds` times while its norm grows, losing and gaining stability."""
    per = 8
    turn = np.arange((folds + 1) * per + 1) / per  # folds at whole numbers
    states = (0.2 + turn / folds)[:, None] * np.linspace(1.0, 1.5, 40)
    unstable = np.where(turn % 2 < 1, 0, 1)
    rows = [k * per for k in range(1, folds + 1)]
    unstable[rows] = 0
    special = [(row, Kind.FOLD, {}) for row in rows]
    special += [(row + 2, Kind.BRANCH_POINT, {}) for row in rows[::25]]
    ends = (Status.LIMIT, Status.MAX_POINTS)
    names = tuple(f"w[{k},0]" for k in range(40))
    return assemble("snake", names, states, np.sin(np.pi * (turn - 0.5))[:, None], unstable, special, ends)


def fold_curve():
    """The folds of ``p + q*u - u**3`` in (p, q): p = -2 u**3, q = 3 u**2, with the cusp at the origin."""
    u = np.linspace(-1.0, 1.0, 21)
    varied = np.column_stack([-2 * u**3, 3 * u**2])
    special = [(10, Kind.CUSP, {})]
    more = {"vary": ("p", "q"), "span": {"p": (-2.0, 2.0)}, "nullity": np.ones(21, dtype=np.int64)}
    return assemble("folds of cusp", ("u",), u[:, None], varied, np.zeros(21), special, **more)


def matrix():
    """A straight line in the four entries of a matrix whose names are no plain words, ending in trouble."""
    t = np.linspace(-1.0, 0.0, 6)
    names = ("C[0,0]", "C[0,1]", "C[1,0]", "C[1,1]")
    ends = (Status.LIMIT, Status.STEP_TOO_SMALL)
    states = t[:, None] * np.array([1.0, -2.0, np.pi, 1e-300])
    return assemble("<matrix> & co", names, states, t[:, None], np.full(6, -1), (), ends, vary=("lam",))


def single():
    """A branch that could not leave its start: one row."""
    ends = (Status.LIMIT, Status.NONFINITE)
    return assemble("single", ("x",), [[0.0]], [[0.0]], [0], (), ends, span=(0.0, 1.0))


EVERY = {make.__name__: make for make in (circle, cusp, brusselator, snake, fold_curve, matrix, single)}
