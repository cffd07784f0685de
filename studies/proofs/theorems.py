"""Theorems proven by machine: normal forms, the Brusselator, and what three papers say of critical points.

Taghvaei, Kim, Mehta, "How regularization affects the critical points in linear networks", NeurIPS 2017,
arXiv:1709.09625, Example 1; Tian, ICML 2017, arXiv:1703.00560, Theorem 7; Arora, Cohen, Hazan, ICML 2018,
arXiv:1802.06509, scalar networks.  Needs python-flint.  Run: ``python -m studies.proofs.theorems``.
"""

import math
import time

import numpy as np

from continuation import Problem, Settings, check_proof, trace
from continuation.proofs.arithmetic import flint, precision
from continuation.proofs.everywhere import all_zeros
from studies.claims import Claim
from studies.command import announce, command, folder
from studies.proofs import OUT
from systems.characteristic import characteristic_equation
from systems.characteristic.closed_forms.normal_solutions import fold
from systems.linear_networks import fold_point, scalar_network
from systems.relu.symmetric.plane_dynamics import plane
from systems.text_twins import normal_plane_text, plane_text, quarter_turn_text, scalar_network_text

QUARTER_TURN = np.array([[0.0, -1.0], [1.0, 0.0]])
DEPTHS = (3, 4, 5, 6)


def main(fast=False, out=OUT) -> dict:
    """Prove the theorems, keep their certificates, check these again, and return the numbers.

    Parameters
    ----------
    fast : bool
        Example 1 among the normal matrices alone.
    out : path-like
        Folder of the certificates ``cusp.json`` ...; made if missing.

    Returns
    -------
    dict
        For each theorem ``proven[name]`` (1 or 0), ``seconds[name]`` of the proof and ``again[name]``, whether the file
        alone is enough; of special points their distance to closed forms.
    """
    out, numbers = folder(out), {}
    for name in announce([name for name in BRANCHES if not (fast and name == ALL)], "proof of"):
        branch = BRANCHES[name](fast)
        begin = time.perf_counter()
        proof = branch.prove()
        numbers[f"seconds[{name}]"] = time.perf_counter() - begin
        numbers[f"proven[{name}]"] = int(bool(proof))
        proof.save(out / f"{name}.json")
        again = check_proof(out / f"{name}.json")
        numbers[f"again[{name}]"] = int(bool(again) == bool(proof))
        numbers[f"error[{name}]"] = max(distances(name, proof))
    return {**numbers, **theorem_7(), **twins()}


def cusp(fast):
    """Trace ``x' = p + x - x**3`` round both folds."""
    problem = Problem.from_expressions({"x": "p + q*x - x**3"}, {"p": -1.0, "q": 1.0}, name="cusp")
    return trace(problem, [-1.3], "p", (-1.0, 1.0))


def pitchfork(fast):
    """Trace x = 0 of ``x' = p x - x**3``."""
    return trace(Problem.from_expressions({"x": "p*x - x**3"}, {"p": -1.0}, name="pitchfork"), [0.0], "p", (-1.0, 1.0))


def brusselator(fast):
    """Trace the equilibrium of the Brusselator."""
    equations = {"x": "a - (b + 1)*x + x**2*y", "y": "b*x - x**2*y"}
    problem = Problem.from_expressions(equations, {"a": 1.0, "b": 1.0}, name="Brusselator")
    return trace(problem, [1.0, 1.0], "b", (0.0, 5.0))


def example_1(fast):
    """Trace the class n = -1 of Example 1 among the normal matrices, round its fold and on to a = -2."""
    return trace(normal_plane_text(), [0.0, -1.5 * math.pi], "lam", (0.0, 0.5), direction=+1, stop=beyond)


def beyond(point):
    """Whether the class is well behind its fold, which is at a = -0.46."""
    return point["a"] < -2.0


def all_matrices(fast):
    """Trace the same class through all 2 x 2 matrices; to its fold and little more."""
    start, settings = [0.0, 1.5 * math.pi, -1.5 * math.pi, 0.0], Settings(max_points=60)
    return trace(quarter_turn_text(), start, "lam", (0.0, 0.5), direction=+1, settings=settings)


def network(depth):
    """Make the tracing of the learnt solutions of a scalar network round their fold."""

    def traced(fast):
        return trace(scalar_network_text(depth, 1.0), [1.0], "lam", (0.02, 1.0), parameters={"lam": 0.02})

    return traced


ALL = "Example 1, all matrices"
BRANCHES = {"cusp": cusp, "pitchfork": pitchfork, "Brusselator": brusselator, "Example 1": example_1}
BRANCHES[ALL] = all_matrices
BRANCHES |= {f"depth {depth}": network(depth) for depth in DEPTHS}


def distances(name, proof) -> list:
    """Distances of a proof's special points from closed forms; infinite where a point is not proven."""
    known = {"cusp": {"LP1": 2 / 3**1.5, "LP2": -2 / 3**1.5}, "pitchfork": {"BP1": 0.0}, "Brusselator": {"HB1": 2.0}}
    known |= dict.fromkeys(("Example 1", ALL), {"LP1": fold(-1).lam})
    known |= {f"depth {depth}": {"LP1": fold_point(depth, 1.0).lam} for depth in DEPTHS}
    boxes = {point.label: point.box for point in proof.theorem.points}
    return [abs(float(boxes[k][-1]) - value) if k in boxes else math.inf for k, value in known[name].items()]


def theorem_7() -> dict:
    """All critical points of the plane with K = 2 in the closed sector ``x >= y >= 0``, r up to 1.5.

    Returns
    -------
    dict
        ``critical_points`` and whether these are proven to be all, ``all_proven``; ``teacher`` and ``saddle``: whether
        the enclosures hold (1, 0) and the closed form; ``unstable``: eigenvalues of F_u with positive real part;
        ``seconds[Theorem 7]``.
    """
    begin = time.perf_counter()
    zeros = all_zeros(plane_text(), {"r": (0.0, 1.5), "a": (-0.01, 0.8)})
    seconds = time.perf_counter() - begin
    with precision():
        pi = flint.arb.pi()
        collinear = (1 + 3 * pi / 4) / (2 * pi) * flint.arb(2).sqrt()
        known = {"teacher": (flint.arb(1), flint.arb(0)), "saddle": (collinear, pi / 4)}
        held = {
            name: int(any(all(x.overlaps(y) for x, y in zip(point, value)) for point in zeros.points))
            for name, value in known.items()
        }
    return {
        "critical_points": len(zeros.points),
        "all_proven": int(zeros.complete),
        **held,
        "unstable": sorted(zeros.unstable),
        "seconds[Theorem 7]": seconds,
    }


def twins() -> dict:
    """Largest differences between the texts and the compiled systems, at random states."""
    rng = np.random.default_rng(7)
    found = {"plane": 0.0, "characteristic": 0.0, "scalar": 0.0}
    compiled, text = plane(2), plane_text()
    equation, turn = characteristic_equation(QUARTER_TURN), quarter_turn_text()
    for _ in range(20):
        r, a = rng.uniform(0.2, 1.5), rng.uniform(0.0, math.pi / 4)
        x, y = compiled.residual([r * math.cos(a), r * math.sin(a)])
        polar = np.array([x * math.cos(a) + y * math.sin(a), y * math.cos(a) - x * math.sin(a)])
        found["plane"] = max(found["plane"], np.max(np.abs(polar - text.residual([r, a]))))
        C, lam = rng.normal(size=4) + [0.0, 4.0, -4.0, 0.0], {"lam": rng.uniform()}
        found["characteristic"] = max(
            found["characteristic"], np.max(np.abs(equation.residual(C, lam) - turn.residual(C, lam)))
        )
        a = [rng.uniform(-1.0, 1.0)]
        gap = scalar_network(4, 2.0).residual(a, lam) - scalar_network_text(4, 2.0).residual(a, lam)
        found["scalar"] = max(found["scalar"], abs(gap[0]))
    return {f"twin[{name}]": float(value) for name, value in found.items()}


def claims(numbers) -> list[Claim]:
    """List what is proven beside the numbers of `main`."""
    says = {
        "cusp": ("normal form", "one curve, two folds at +-2/(3 sqrt 3), no branch point"),
        "pitchfork": ("normal form", "x = 0: one branch point, at p = 0"),
        "Brusselator": ("normal form", "one Hopf point, at b = 1 + a**2, no fold"),
        "Example 1": ("Example 1", "n = -1 turns once, among normal matrices"),
        ALL: ("Example 1", "n = -1 turns once, among all matrices"),
    }
    says |= {f"depth {n}": ("scalar network", f"depth {n}: one fold, no branch point") for n in DEPTHS}
    says = {name: words for name, words in says.items() if f"proven[{name}]" in numbers}
    proven = {key: min(numbers[f"proven[{key}]"], numbers[f"again[{key}]"]) for key in says}
    found = [Claim(*words, proven[key], 1, 1, note="proven, twice") for key, words in says.items()]
    errors = max(numbers[f"error[{name}]"] for name in says)
    twin = max(value for key, value in numbers.items() if key.startswith("twin"))
    known = min(numbers["teacher"], numbers["saddle"], numbers["all_proven"])
    return [
        *found,
        Claim("here", "special points are where closed forms say", errors, high=1e-12, note="distance"),
        Claim("Theorem 7", "K = 2: two critical points with x >= y >= 0", numbers["critical_points"], 2, 2, note="all"),
        Claim("Theorem 7", "they are the teacher and the closed form", known, 1, 1, note="proven"),
        Claim("Theorem 7", "a node and a saddle", float(numbers["unstable"] == [0, 1]), 1, 1, note="eigenvalues"),
        Claim("here", "the texts are the compiled systems", twin, high=1e-12, note="largest difference"),
    ]


if __name__ == "__main__":
    command(globals(), OUT)
