"""Where the spurious minima come from: from |x| networks (leaky slope -1) to ReLU (slope 0).

At alpha = -1 every sign flip of a student is a global minimum.  The network with the last m of K students flipped is
followed towards ReLU inside the fixed space of S_{K-m} x S_m, and types A, I and II are followed back, for several K.
The diagram of K - 1 flipped students goes on at its branch points: one of them leads to type A.

Run: ``python -m studies.relu_gradient.origins``.
"""

import math

import numpy as np
from scipy.optimize import brentq

from continuation import Kind, Settings, Status, diagram, trace
from studies.claims import Claim, worst
from studies.command import command, folder
from studies.figures import COLOURS, add_legend, draw_branch, figure_of, save
from studies.relu_gradient.common import OUT
from studies.relu_gradient.minima import onset
from systems.relu import normal_equations, symmetric_reduction
from systems.relu.symmetric.plane_dynamics import type_a_guess
from systems.relu.symmetric.reduction import reduced_weights, type_i_guess, type_ii_guess

SIZES, FEW = (5, 6, 7, 8), (5, 6)  # students
SETTINGS = Settings(max_step=0.02, max_points=2000)
SMALL = 1e-10  # of a loss that is zero
SAME = 1e-6  # distance of two critical points that are one


def main(fast=False, out=OUT) -> dict:
    """Follow flips and families, write a table and a picture, and return the numbers.

    Parameters
    ----------
    fast : bool
        K = 5 and 6 only.
    out : path-like
        Folder of ``origins.png`` and ``origins.md``; made if missing.

    Returns
    -------
    dict
        ``K, name: ...`` words of the table's rows; the rest as in `measure`.
    """
    out, sizes = folder(out), FEW if fast else SIZES
    made = {K: {"flips": flips(K), "families": families(K), "joined": join_flipped(K)} for K in sizes}
    (out / "origins.md").write_text(table(made) + "\n", "utf-8")
    draw(made, out / "origins.png", fast)
    rows = {f"{K}, {name}": words for K, branches in made.items() for name, words in describe(K, branches).items()}
    return {**rows, **measure(made)}


def flips(K) -> dict:
    """Trace branches from alpha = -1 with the last m students flipped, by m from 0 to K, to 0 or back to -1."""
    return {m: _from_flip(K, m) for m in range(K + 1)}


def families(K) -> dict:
    """Follow types A, I and II of the ReLU network back to alpha = -1."""
    x, y = type_a_guess(K)
    made = {}
    for name, guess in {"A": np.array([x, y, y, y, x]), "I": type_i_guess(K), "II": type_ii_guess(K)}.items():
        point = symmetric_reduction(K).solve(guess)
        problem = symmetric_reduction(K, alpha=0.0)
        made[name] = trace(problem, point.state, "alpha", (-1, 0), settings=SETTINGS)
    return made


def join_flipped(K):
    """Draw up the diagram of the five unknowns from K - 1 flipped students, with what leaves its branch points."""
    problem = symmetric_reduction(K, alpha=-1.0)
    return diagram(problem, [-1, 0, 0, 0, 1], "alpha", (-1, 0), 1, settings=SETTINGS, max_branches=12)


def meeting(K, branches) -> tuple[float, float]:
    """Find where the diagram of K - 1 flipped students meets type A: alpha, and how near its ReLU end is to type A."""
    family, trunk = branches["families"]["A"], branches["joined"].branches[0]
    target = family.states[int(np.argmax(family["alpha"]))]
    ends = [b.states[r] for b in branches["joined"].branches for r in (0, -1) if b["alpha"][r] == 0.0]
    gap = min((float(np.abs(end - target).max()) for end in ends), default=np.inf)
    at = [point["alpha"] for point in trunk.branch_points if np.ptp(point.state[[0, 4]]) < SAME]
    return (float(at[0]) if at else np.nan), gap


def _from_flip(K, m):
    """The branch of m flipped students; of those with isotropy S_{K-1} x S_1 or S_K in the five unknowns."""
    if m in (0, 1, K - 1, K):
        first, last = (-1 if m >= K - 1 else 1), (-1 if m in (1, K) else 1)
        problem = symmetric_reduction(K, alpha=-1.0)
        return trace(problem, [first, 0, 0, 0, last], "alpha", (-1, 0), settings=SETTINGS)
    signs = np.where(np.arange(K) < K - m, 1.0, -1.0)
    problem = normal_equations(np.eye(K), K, alpha=-1.0).restricted(shuffles(K, m), stability="full")
    return trace(problem, np.diag(signs).ravel(), "alpha", (-1, 0), settings=SETTINGS)


def shuffles(K, m) -> list[list[int]]:
    """List permutations of the weights (K, K) that generate S_{K-m} x S_m, students and teachers alike.

    Examples
    --------
    >>> shuffles(2, 2)
    [[3, 2, 1, 0]]
    """
    index = np.arange(K * K).reshape(K, K)
    orders = [[*range(j), j + 1, j, *range(j + 2, K)] for j in range(K - 1) if j != K - m - 1]
    return [index[np.ix_(order, order)].ravel().tolist() for order in orders]


def weights(state, K) -> np.ndarray:
    """Return the weights (K, K) of a state of either problem."""
    return reduced_weights(state, K) if len(state) == 5 else np.reshape(state, (K, K))


def describe(K, branches) -> dict[str, str]:
    """Say a few words on every branch."""
    rows = {f"{m} flipped": _flip_words(branch) for m, branch in branches["flips"].items()}
    rows |= {f"type {name}": _back_words(K, branch, branches) for name, branch in branches["families"].items()}
    rows["type A"] += f"; meets the branch of {K - 1} flipped at alpha = {meeting(K, branches)[0]:.6f}"
    return rows


def arrives(branch) -> bool:
    """Say whether a branch that started at alpha = -1 arrives at alpha = 0."""
    return branch.ends[1] is Status.LIMIT and abs(branch["alpha"][-1]) < 1e-12


def minimum_until(branch) -> float:
    """Find the alpha at which a branch from alpha = -1 first stops being a minimum; NaN if it never does.

    At a special point of the branch, or where the lowest eigenvalue of the full Hessian, out of the fixed space, is 0.
    """
    rows = np.flatnonzero(branch.unstable > 0)
    if not len(rows):
        return np.nan
    events = [p["alpha"] for p in branch.special if p.kind is not Kind.END and p.index in (rows[0] - 1, rows[0])]
    if events:
        return float(events[0])
    here, size = branch.states[rows[0] - 1], int(np.sqrt(len(branch.state_names)))
    base = normal_equations(np.eye(size), size)

    def lowest(alpha):
        state = branch.problem.solve(here, {"alpha": alpha}).state
        return np.linalg.eigvalsh(-base.jacobian(state, {"alpha": alpha}))[0]

    return float(brentq(lowest, branch["alpha"][rows[0] - 1], branch["alpha"][rows[0]], xtol=1e-14, rtol=1e-14))


def _flip_words(branch) -> str:
    """Where a flip ends."""
    lost = minimum_until(branch)
    stable = "a minimum all the way" if np.isnan(lost) else f"a minimum until alpha = {lost:.6f}"
    if not arrives(branch):
        return f"{stable}; turns back at alpha = {branch['alpha'].max():.6f}"
    return f"{stable}; ReLU: loss {abs(branch['L'][-1]):.6f}, index {branch.unstable[-1]}"


def _back_words(K, branch, branches) -> str:
    """Where a family comes from."""
    first, last = int(np.argmin(branch["alpha"])), int(np.argmax(branch["alpha"]))
    since, index = onset(branch, "alpha"), branch.unstable[last]
    text = "a minimum from |x| on" if not branch.unstable.any() else f"a minimum from alpha = {since:.6f}"
    text = text if index == 0 else f"of index {index} at alpha = 0"
    loss, flips = branch["L"][first], branches["flips"]
    if loss < SMALL:
        return f"{text}; at |x| the global minimum of {_start_of(K, branch.states[first], flips)} flipped"
    twin = turned_into(K, branch, flips)
    more = "" if twin is None else f", where the branch of {twin} flipped comes back to (signs of students aside)"
    return f"{text}; at |x| a critical point of loss {loss:.6f}, index {branch.unstable[first]}{more}"


def _start_of(K, state, flipped):
    """The m whose branch starts at a state."""
    W = weights(state, K)
    return next(m for m, other in flipped.items() if np.abs(weights(other.states[0], K) - W).max() < SAME)


def turned_into(K, branch, flipped):
    """Find the m whose branch comes back, at alpha = -1, to where `branch` arrives, signs aside; else None."""
    W = weights(branch.states[int(np.argmin(branch["alpha"]))], K)
    for m, other in flipped.items():
        back = len(other) - 1
        if other["alpha"][back] == -1.0 and _gap_up_to_signs(W, weights(other.states[back], K)) < SAME:
            return m
    return None


def _gap_up_to_signs(W, other) -> float:
    """Largest difference of two networks of |x| units: the sign of a row means nothing, nor does the rows' order."""
    gaps = np.minimum(*(np.abs(W[:, None] - sign * other[None]).max(axis=2) for sign in (1, -1)))
    return float(max(gaps.min(axis=0).max(), gaps.min(axis=1).max()))


def table(made) -> str:
    """Write all rows as a Markdown table."""
    lines = ["| K | point | what becomes of it |", "| --- | --- | --- |"]
    for K, branches in made.items():
        lines += [f"| {K} | {name} | {words} |" for name, words in describe(K, branches).items()]
    return "\n".join(lines)


def measure(made) -> dict:
    """Compute the numbers behind the claims.

    Returns
    -------
    dict
        ``type_II_gap``: largest distance, over K, of type II to the ReLU end of the branch of one flipped student.
        ``type_II_special``: special points on these branches; ``type_II_unstable[K]``: index at ReLU.
        ``A_loss[K]``, ``I_loss[K]``: loss at |x| of the points where types A and I arrive.
        ``A_from[K]``, ``I_from[K]``: the alpha from which they are minima (NaN where ReLU's is none).
        ``A_joined[K]``: the alpha at which the diagram of K - 1 flipped students branches to type A; ``A_gap``: largest
        distance, over K, of the ReLU end of that branch to type A.  ``A_late``: largest distance of this alpha to the
        one from which type A is a minimum, where it is.
        ``I_gap``: largest distance, over K, of type I at |x| to the other end of the branch of K - 1 flipped students,
        signs of students aside.
        ``turns_back[K, m]``: the alpha at which the branch of m flipped students folds; ``relu_minima[K]``: the
        numbers m of flips that arrive at a minimum of the ReLU network, m = 0 the teacher.
    """
    found, errors = {"type_II_special": 0}, {"type_II_gap": [], "A_gap": [], "A_late": [], "I_gap": []}
    for K, branches in made.items():
        arm = branches["flips"][1]
        gap = np.abs(arm.states[-1] - symmetric_reduction(K).solve(type_ii_guess(K)).state).max()
        errors["type_II_gap"].append(float(gap) if arrives(arm) else np.inf)
        found["type_II_special"] += sum(p.kind in (Kind.FOLD, Kind.BRANCH_POINT) for p in arm.special)
        found[f"type_II_unstable[{K}]"] = int(arm.unstable[-1])
        for name in ("A", "I"):
            branch = branches["families"][name]
            found[f"{name}_loss[{K}]"] = float(branch["L"][np.argmin(branch["alpha"])])
            found[f"{name}_from[{K}]"] = onset(branch, "alpha")
        found[f"A_joined[{K}]"], gap = meeting(K, branches)
        errors["A_gap"].append(gap)
        if not np.isnan(found[f"A_from[{K}]"]):
            errors["A_late"].append(abs(found[f"A_from[{K}]"] - found[f"A_joined[{K}]"]))
        family, partner = branches["families"]["I"], branches["flips"][K - 1]
        arrived = weights(family.states[int(np.argmin(family["alpha"]))], K)
        errors["I_gap"].append(_gap_up_to_signs(arrived, weights(partner.states[-1], K)))
        for m, branch in branches["flips"].items():
            if not arrives(branch):
                found[f"turns_back[{K}, {m}]"] = float(branch["alpha"].max())
        stable = [m for m, branch in branches["flips"].items() if arrives(branch) and branch.unstable[-1] == 0]
        found[f"relu_minima[{K}]"] = stable
    return found | {name: worst(some) for name, some in errors.items()}


def claims(found) -> list[Claim]:
    """List what was found about the origin of the minima, as rows."""
    losses = [value for key, value in found.items() if key[:2] in ("A_", "I_") and "loss" in key]
    few = [len(value) or math.nan for key, value in found.items() if key.startswith("relu_minima")]
    return [
        Claim("type II", "is the |x| minimum of one flipped student", found["type_II_gap"], high=1e-9, note="distance"),
        Claim("type II", "no fold or branch point on the way", found["type_II_special"], high=0, note="special points"),
        Claim("type A", "branches off K - 1 flipped students", found["A_gap"], high=1e-8, note="distance at ReLU"),
        Claim("type A", "is a minimum from there on", found["A_late"], high=1e-9, note="distance of both alpha"),
        Claim("type I", "meets K - 1 flipped at |x|", found["I_gap"], high=1e-8, note="distance, signs aside"),
        Claim("types A, I", "were never global minima", min(losses), low=0.01, note="least loss at |x|"),
        Claim(
            "flips", "most of |x|'s minima are lost before ReLU", worst(few), high=3, note="flips that arrive, at most"
        ),
    ]


def draw(made, path, fast):
    """Draw losses against alpha, one picture for each K."""
    figure, axes = figure_of(-(-len(made) // 2), 2, (14, 5.2 * -(-len(made) // 2)), squeeze=False)
    for ax, (K, branches) in zip(axes.ravel(), made.items()):
        shades = [str(0.15 + 0.6 * m / K) for m in range(K + 1)]
        for m, branch in branches["flips"].items():
            draw_branch(ax, branch, "alpha", "L", shades[m], width=0.5)
            top = int(np.argmax(branch["alpha"]))
            ax.annotate(
                f"{m}", (branch["alpha"][top], branch["L"][top]), (4, 0), textcoords="offset points", fontsize=8
            )
        for colour, (name, branch) in zip(COLOURS, branches["families"].items()):
            draw_branch(ax, branch, "alpha", "L", colour, f"type {name}")
        ax.plot([], [], color="0.4", lw=1.0, label="m students flipped (m at its end)")
        ax.set(
            xlabel="slope alpha for negative inputs", ylabel="loss", title=f"from |x| to ReLU, K = {K}", xlim=(-1, 0.05)
        )
        add_legend(ax, title="solid: minimum of the full network", fontsize=8)
        ax.grid(alpha=0.25)
    save(figure, path, fast)


if __name__ == "__main__":
    command(globals(), OUT)
