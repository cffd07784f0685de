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

from benchmarks.disguise import Disguise
from continuation import Settings, trace

GEOMETRIES = ("over-under", "left-right", "pitchfork", "parallel", "three")
OVER_UNDER, LEFT_RIGHT, PITCHFORK, PARALLEL, THREE = range(5)
GAPS = (1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 1e-4, 1e-5, 1e-6)
NEAREST = {"three": 1e-3}  # where F_u, gap**2 between three branches, is zero to rounding the start is refused
HIGH = 1.0  # end of each span
EQUATIONS = (
    "p^2 + a^2 - y0^2",
    "p^2 - a^2 - y0^2",
    "p*y0 - y0^3 + a",
    "(y0 - sin(w*p))*(y0 - sin(w*p) - a)",
    "-(y0 - sin(w*p))*(y0 - sin(w*p) - a)*(y0 - sin(w*p) + a)",
)


class Hidden:
    """One geometry with a gap, in one of its random coordinates; traced from `low` to HIGH."""

    def __init__(self, kind, gap, seed, n=None):
        rng = np.random.default_rng(seed)
        self.kind, self.gap, self.n = kind, gap, n or int(rng.choice([1, 2, 5]))
        self.low, self.w = -1.0 - rng.uniform(0.0, 0.3), rng.uniform(1.0, 4.0)
        self.a = gap if kind >= PITCHFORK else gap / 2
        parameters = {"p": self.low, "a": self.a, "w": self.w}
        self.system = Disguise([EQUATIONS[kind]], parameters, rng, more=self.n - 1)
        weights = np.append(np.full(self.n, 1 / self.n), 1.0)  # fixed units: the gap is told in them
        self.problem = self.system.problem(weights=weights)

    def start(self):
        """The first straight state at `low`, on the branch that is traced."""
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
        return y

    def trace(self, **settings):
        """The branch."""
        start = self.system.states([self.start()], self.low)
        return trace(self.problem, start, "p", (self.low, HIGH), settings=Settings(**settings))

    def has_jumped(self, branch) -> bool:
        """Whether a row of the branch lies on another one."""
        return self.is_off(self.system.straight(branch.states), branch.parameter)

    def is_off(self, straight, values) -> bool:
        """The same of straight states (m, n) at values (m,) of p."""
        y = straight[:, 0]
        if self.kind == LEFT_RIGHT:
            return bool(np.any(values > 0.0))
        if self.kind in (PARALLEL, THREE):
            return bool(np.any(np.abs(y - np.sin(self.w * values)) > self.a / 2))
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
