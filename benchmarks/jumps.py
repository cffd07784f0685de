"""Do traces keep to their branch where another one passes?  ``python -m benchmarks.jumps [--cases N] [geometry ...]``.

Five geometries with a gap between two branches (three for `three`), seen in n = 1, 2 or 5 states behind a random
rotation and a bend of the others, along each of which a branch is traced with three settings.  The table gives, by
geometry and gap, for each setting: on how many branches a row lies on the other one, how many say in a remark that it
is near, the special points that are none, and the steps a trace takes on the mean, rejected ones included.
"""

import argparse
import collections
import logging
import math

import numpy as np

from continuation import Problem, Settings, trace

GEOMETRIES = ("over-under", "left-right", "pitchfork", "parallel", "three")
OVER_UNDER, LEFT_RIGHT, PITCHFORK, PARALLEL, THREE = range(5)
GAPS = (1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 1e-4, 1e-5, 1e-6)
NEAREST = {"three": 1e-3}  # where F_u, gap**2 between three branches, is zero to rounding the start is refused
HIGH = 1.0  # end of each span


def residual(u, p, out):
    """One scalar equation in y, the first of the straight states z = Q u, and the others' bend, turned back by Q'."""
    n, mu, a, w, kind = len(u), p[0], p[1], p[2], int(p[3])
    z, g = np.zeros(n), np.zeros(n)
    for i in range(n):
        for j in range(n):
            z[i] += p[4 + i * n + j] * u[j]
    y, s = z[0], z[0] - math.sin(w * mu)
    if kind == 0:
        g[0] = mu * mu + a * a - y * y
    elif kind == 1:
        g[0] = mu * mu - a * a - y * y
    elif kind == 2:
        g[0] = mu * y - y**3 + a
    elif kind == 3:
        g[0] = s * (s - a)
    else:
        g[0] = -s * (s - a) * (s + a)
    for i in range(1, n):
        g[i] = p[4 + n * n + i] * (y * y + 0.3 * y * mu) - z[i]
    for j in range(n):
        out[j] = 0.0
        for i in range(n):
            out[j] += p[4 + i * n + j] * g[i]


def jacobian(u, p, out):
    """Derivative of `residual` by the states."""
    n, mu, a, w, kind = len(u), p[0], p[1], p[2], int(p[3])
    y, inner = 0.0, np.zeros((n, n))
    for j in range(n):
        y += p[4 + j] * u[j]
    s = y - math.sin(w * mu)
    if kind < 2:
        inner[0, 0] = -2.0 * y
    elif kind == 2:
        inner[0, 0] = mu - 3.0 * y * y
    elif kind == 3:
        inner[0, 0] = 2.0 * s - a
    else:
        inner[0, 0] = a * a - 3.0 * s * s
    for i in range(1, n):
        inner[i, i], inner[i, 0] = -1.0, p[4 + n * n + i] * (2.0 * y + 0.3 * mu)
    for j in range(n):
        for k in range(n):
            out[j, k] = 0.0
            for i in range(n):
                for m in range(n):
                    out[j, k] += p[4 + i * n + j] * inner[i, m] * p[4 + m * n + k]


class Hidden:
    """One geometry with a gap, in one of its random coordinates; traced from `low` to HIGH."""

    def __init__(self, kind, gap, seed, n=None):
        rng = np.random.default_rng(seed)
        self.kind, self.gap, self.n = kind, gap, n or int(rng.choice([1, 2, 5]))
        self.low, self.w, n = -1.0 - rng.uniform(0.0, 0.3), rng.uniform(1.0, 4.0), self.n
        self.a = gap if kind >= PITCHFORK else gap / 2
        self.turned = np.linalg.qr(rng.normal(size=(n, n)))[0] if n > 1 else np.eye(1)
        self.bend = rng.uniform(-0.6, 0.6, n)
        parameters = {"p": self.low, "a": self.a, "w": self.w, "kind": kind}
        constants = np.concatenate([self.turned.ravel(), self.bend])
        names = tuple(f"u{i}" for i in range(n))
        weights = np.append(np.full(n, 1 / n), 1.0)  # fixed units: the gap is told in them
        self.problem = Problem(
            residual, names, parameters, jacobian=jacobian, constants=constants, weights=weights, name="hidden"
        )

    def start(self):
        """The state at `low`, on the branch that is traced."""
        low, a = self.low, self.a
        if self.kind == OVER_UNDER:
            y = math.hypot(low, a)
        elif self.kind == LEFT_RIGHT:
            y = math.sqrt(low * low - a * a)
        elif self.kind == PITCHFORK:
            roots = np.roots([-1.0, 0.0, low, a])
            y = float(roots[np.argmin(np.abs(roots.imag))].real)
        else:
            y = math.sin(self.w * low)
        return self.turned.T @ np.concatenate([[y], self.bend[1:] * (y * y + 0.3 * y * low)])

    def trace(self, **settings):
        """The branch."""
        return trace(self.problem, self.start(), "p", (self.low, HIGH), settings=Settings(**settings))

    def has_jumped(self, branch) -> bool:
        """Whether a row of the branch lies on another one."""
        y = (branch.states @ self.turned.T)[:, 0]
        if self.kind == LEFT_RIGHT:
            return bool(np.any(branch.parameter > 0.0))
        if self.kind in (PARALLEL, THREE):
            return bool(np.any(np.abs(y - np.sin(self.w * branch.parameter)) > self.a / 2))
        return bool(np.any(y <= 0.0))

    def settings(self) -> dict:
        """The three ways to trace, by name."""
        span = HIGH - self.low
        return {
            "default": {},
            "span/100": {"max_step": span / 100, "step": span / 1000},
            "angle 0.1": {"max_angle": 0.1},
        }


def count(kind, gap, cases) -> dict:
    """Setting -> counts over seeds: jumped, told, steps, special points that are no folds."""
    found = collections.defaultdict(collections.Counter)
    for seed in range(cases):
        hidden = Hidden(kind, gap, seed)
        for name, settings in hidden.settings().items():
            branch, tally = hidden.trace(**settings), found[name]
            tally["jumped"] += hidden.has_jumped(branch)
            tally["told"] += bool(branch.remarks)
            tally["steps"] += branch.effort["steps"] + sum(branch.effort["rejections"].values())
            tally["invented"] += sum(point.kind.label not in ("EP", "LP") for point in branch.special)
    return found


def main(arguments=None) -> int:
    """Print the table; exit status 1 if any trace jumped."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.jumps", description=__doc__.partition("\n")[0])
    parser.add_argument("geometries", nargs="*", metavar="geometry", help=f"of {', '.join(GEOMETRIES)} (default: all)")
    parser.add_argument("--cases", type=int, default=10, metavar="N", help="traces of each kind (default 10)")
    asked = parser.parse_args(arguments)
    unknown = [name for name in asked.geometries if name not in GEOMETRIES]
    if unknown or asked.cases < 1:
        parser.error(f"no such geometry: {', '.join(unknown)}" if unknown else "--cases: wanted at least 1")
    logging.getLogger("continuation").setLevel(logging.ERROR)
    jumped = 0
    print(f"of {asked.cases}: jumped / told / special points that are none, steps", flush=True)
    for name in asked.geometries or GEOMETRIES:
        for gap in (gap for gap in GAPS if gap >= NEAREST.get(name, 0.0)):
            found = count(GEOMETRIES.index(name), gap, asked.cases)
            jumped += sum(tally["jumped"] for tally in found.values())
            cells = (
                f"{way} {t['jumped']} / {t['told']} / {t['invented']}, {t['steps'] / asked.cases:.0f}"
                for way, t in found.items()
            )
            print(f"{name:<11}{gap:>7.0e}  {'   '.join(cells)}", flush=True)
    return int(jumped > 0)


if __name__ == "__main__":
    raise SystemExit(main())
