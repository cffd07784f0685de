"""Where spurious minima live and come from: critical points of isotropy S_{K-1} x S_1 against K and the leaky slope.

Families A, I and II are traced in the real number K of students; their stability changes in blocks of the Hessian that
the reduction itself does not see.  From |x| networks (slope alpha = -1, where every sign flip of a student is a global
minimum) to ReLU (alpha = 0), flips are followed as branches.  Run: ``python -m studies.relu_gradient.minima``.
"""

import numpy as np

from continuation import Kind, Settings, Status, diagram, trace
from studies.command import folder
from studies.relu_gradient.common import COLOURS, OUT, canvas, command, draw_branch, save
from systems.relu import symmetric_reduction
from systems.relu.descent import judge
from systems.relu.plane_dynamics import type_a_guess
from systems.relu.population import hessian, network
from systems.relu.reduction import reduced_weights, spectrum, type_i_guess, type_ii_guess

START, SPAN = 6.0, (3.0, 100.0)
SIZE = 6  # students of the diagram in alpha


def main(fast=False, out=OUT) -> dict:
    """Trace the families in K and the flips in alpha, draw them, and return the numbers.

    Parameters
    ----------
    fast : bool
        Compare with the full Hessian for fewer K.
    out : path-like
        Folder of ``minima.png``, ``minima_A.nc`` ...; made if missing.

    Returns
    -------
    dict
        ``onset[A]`` ...: the K beyond which the family is a minimum of the full network; ``loss[A, K]``; the rest as
        in `verdicts` and `origins`.
    """
    out = folder(out)
    branches = families()
    for name, branch in branches.items():
        branch.save(out / f"minima_{name}.nc")
    whole = origin(depth=0 if fast else 1)
    draw(branches, whole, out / "minima.png", fast)
    losses = {
        f"loss[{name}, {K}]": branch.at(K=float(K))[0]["L"]
        for name, branch in branches.items()
        for K in (6, 10, 20, 100)
    }
    onsets = {f"onset[{name}]": onset(branch) for name, branch in branches.items()}
    return {**onsets, **losses, **verdicts(branches, (6, 10) if fast else range(4, 21)), **origins(whole)}


def families() -> dict:
    """Trace the families in K from 3 to 100."""
    x, y = type_a_guess(START)
    guesses = {"A": np.array([x, y, y, y, x]), "I": type_i_guess(START), "II": type_ii_guess(START)}
    return {name: trace(symmetric_reduction(START), guess, "K", SPAN) for name, guess in guesses.items()}


def onset(branch, name="K") -> float:
    """Value of `name` at the last event before all rows at larger values are stable; NaN if there is none."""
    order = np.argsort(branch[name], kind="stable")
    values, unstable = branch[name][order], np.flatnonzero(branch.unstable[order] > 0)
    if not len(unstable) or unstable[-1] == len(branch) - 1:
        return np.nan
    last = unstable[-1]
    events = [p[name] for p in branch.special if p.kind is not Kind.END]
    return max((value for value in events if values[last] <= value <= values[last + 1]), default=np.nan)


def verdicts(branches, sizes) -> dict:
    """Compare blocks with the full Hessian, and minima with gradient descent.

    Returns
    -------
    dict
        ``block_error``: largest difference between the blocks' and the full Hessian's eigenvalues, over all families
        and the whole K of `sizes`; ``blocks_agree``: below 1e-12.
        ``descent_agrees``: at every one of them gradient descent attracts or repels as the index says;
        ``judged``: how many.
        ``minima_beyond_onset``: stable for all K beyond the onset, for each family.
        ``above_global``: every loss beyond the onset is positive: the minima are spurious.
    """
    errors, agreed, count = [], 0, 0
    for branch in branches.values():
        for K in sizes:
            (point,) = branch.at(K=float(K))[:1]
            W, net = reduced_weights(point, K), network(np.eye(K), K)
            errors.append(np.abs(spectrum(point.state, K) - np.linalg.eigvalsh(hessian(W, net))).max())
            found = judge(W, net)
            agreed += found.attracts if found.index == 0 else found.repels
            count += 1
    beyond = {name: branch["K"] > onset(branch) for name, branch in branches.items()}
    return {
        "block_error": float(max(errors)),
        "blocks_agree": bool(max(errors) < 1e-12),
        "judged": count,
        "descent_agrees": agreed == count,
        "minima_beyond_onset": all(
            rows.any() and not branches[name].unstable[rows].any() for name, rows in beyond.items()
        ),
        "above_global": all(branches[name]["L"][rows].min() > 1e-4 for name, rows in beyond.items()),
    }


def origin(depth=1) -> dict:
    """Follow the four sign flips of the reduction, and types A and I back, in alpha from -1 to 0."""
    problem, settings = symmetric_reduction(SIZE, alpha=-1.0), Settings(max_step=0.02, max_points=2000)
    flips = {"no flip": (1, 1), "last flipped": (1, -1), "all but the last flipped": (-1, 1), "all flipped": (-1, -1)}
    made = {}
    for name, (first, last) in flips.items():
        start = [first, 0, 0, 0, last]
        made[name] = diagram(problem, start, "alpha", (-1, 0), depth, settings=settings, max_branches=12)
    x, y = type_a_guess(SIZE)
    for name, guess in (("type A", [x, y, y, y, x]), ("type I", type_i_guess(SIZE))):
        point = symmetric_reduction(SIZE).solve(guess)
        made[name] = diagram(problem, point.state, "alpha", (-1, 0), 0, parameters={"alpha": 0.0}, settings=settings)
    return made


def origins(made) -> dict:
    """Say which flip becomes which critical point of the ReLU network.

    Returns
    -------
    dict
        ``type_II_is_the_flipped_student``: the branch of the flip of one student, a global minimum at alpha = -1,
        arrives at alpha = 0 at type II without a special point on its way, stable throughout.
        ``turns_back[...]``: the largest alpha that the branch of another flip reaches.
        ``A_at_minus_one``, ``A_stable_from``: type A, followed back to |x|, ends at no global minimum: its loss there,
        and the alpha from which it is stable.
    """
    arm = made["last flipped"].branches[0]
    minimum = symmetric_reduction(SIZE).solve(type_ii_guess(SIZE)).state
    gap = float(np.abs(arm.states[-1] - minimum).max())
    calm = all(p.kind is Kind.END for p in arm.special) and not arm.unstable.any()
    back = made["type A"].branches[0]
    others = ("all but the last flipped", "all flipped")
    return {
        "type_II_gap": gap,
        "type_II_is_the_flipped_student": bool(gap < 1e-8 and calm and arm.ends[1] is Status.LIMIT),
        **{f"turns_back[{name}]": float(made[name].branches[0]["alpha"].max()) for name in others},
        "A_at_minus_one": float(back["L"][np.argmin(back["alpha"])]),
        "A_stable_from": onset(back, "alpha"),
        "branches": sum(len(d.branches) for d in made.values()),
    }


def draw(branches, made, path, fast):
    """Losses of the families against K; losses of the flips against alpha."""
    figure, axes = canvas(1, 2, (13, 5))
    for colour, (name, branch) in zip(COLOURS, branches.items()):
        draw_branch(axes[0, 0], branch, "K", "L", color=colour, label=f"type {name}")
    for colour, (name, whole) in zip(COLOURS, made.items()):
        for k, branch in enumerate(whole.branches):
            draw_branch(axes[0, 1], branch, "alpha", "L", color=colour, label=None if k else name, lw=1.2)
    axes[0, 0].set(
        xscale="log",
        xlabel="students K (real)",
        ylabel="loss",
        title="families of critical points, orthonormal teachers",
    )
    axes[0, 1].set(xlabel="slope alpha for negative inputs", ylabel="loss", title=f"from |x| to ReLU, K = {SIZE}")
    for ax in axes[0]:
        ax.legend(title="solid: minimum of the full network")
        ax.grid(alpha=0.25)
    save(figure, path, fast)


if __name__ == "__main__":
    command(main, __doc__.splitlines()[0])
