"""Gradient descent judges every branch: rates, basins and sweeps through folds, over all systems of the project.

Systems that are no flow (the characteristic equations: G is no gradient of a loss in C) are named with the reason, and
what they say about stability is judged through the weights of the networks that they stand for.

Run: ``python -m studies.gradient_descent.every_system``.
"""

import numpy as np

from studies.claims import Claim, exceptions, table, verdicts, worst
from studies.command import folder, options
from studies.figures import figure_of, save
from studies.gradient_descent import branches as made
from systems.relu import symmetric_reduction
from systems.relu.symmetric.reduction import type_ii_guess
from systems.training.judging.branch_checks import check_branch

OUT = "out/gradient_descent"
POINTS, FEW = 20, 3  # rows of each branch that are judged
DRAWN = {
    "scalar_network: depth 3": "a",
    "scalar_network: depth 2": "a",
    "scalar_regression: p = 4": "a",
    "snake: three turns": "u",
}


def main(fast=False, out=OUT) -> dict:
    """Check every branch, draw some, write ``every_system.txt``, return numbers and verdicts.

    Parameters
    ----------
    fast : bool
        Fewer points on each branch.
    out : path-like
        Folder of table and picture; made if missing.

    Returns
    -------
    dict
        ``points``, ``systems``, ``worst`` (relative error of a rate along an eigenvector), ``failed`` points,
        ``rates`` measured, ``law`` (largest departure from law I1), ``sweep[...]`` errors of fitted folds in natural
        units, ``index[...]`` rows at which the Morse index of a system that is no flow isn't what descent shows in
        its weights; verdicts by claim.
    """
    out = folder(out)
    count = FEW if fast else POINTS
    checks = {
        name: check_branch(make(), points=count, balance=made.balance_of(name))
        for name, make in made.branches().items()
    }
    found = {**numbers(checks), **indices(checks)}
    rows = claims(found)
    report = "\n\n".join([*(f"# {name}\n{check.table()}" for name, check in checks.items()), left_out(), table(rows)])
    (out / "every_system.txt").write_text(report + "\n", "utf-8")
    draw(checks, out / "every_system.png", fast)
    return {**found, **verdicts(rows)}


def numbers(checks) -> dict:
    """Sum up counts and errors over all checks."""
    points = [point for check in checks.values() for point in check.points]
    rates = [rate for point in points for rate in point.rates if not rate.skipped]
    swept = [sweep for check in checks.values() for sweep in check.sweeps]
    return {
        "systems": len({name.partition(":")[0] for name, check in checks.items() if check.judged}),
        "points": sum(point.judged for point in points),
        "failed": exceptions([point.passed for point in points if point.judged]),
        "stable": sum(point.judged and point.unstable == 0 for point in points),
        "rates": len(rates),
        "worst": worst(rate.error for rate in rates),
        "law": float(np.fmax.reduce([check.law for check in checks.values()])),
        "folds": sum(not sweep.note for sweep in swept),
        "not swept": sum(bool(sweep.note) for sweep in swept),
        **{f"sweep[{name}]": _sweep_error(check) for name, check in checks.items() if has_sweeps(check)},
    }


def indices(checks) -> dict:
    """Count rows at which the index of a system that is no flow isn't what descent showed in the weights."""
    reduced = symmetric_reduction(made.SIZE, lam=0.0)
    found = {}
    for n in made.CLASSES:
        limit, layers = made.characteristic_branch(n), checks[f"residual_network: {made.LAYERS} layers, class {n}"]
        found[f"index[characteristic_equation, class {n}]"] = _differences(layers, limit)
    start, check = reduced.solve(type_ii_guess(made.SIZE), {"lam": 0.005}), checks[made.REDUCED]
    branch = made.trace(reduced, start, "lam", made.REDUCED_SPAN, parameters={"lam": 0.005})
    found["index[symmetric_reduction]"] = _differences(check, branch)
    return found


def claims(found) -> list:
    """List what the checks are to show."""
    swept = worst(value for key, value in found.items() if key.startswith("sweep["))
    differing = sum(value for key, value in found.items() if key.startswith("index["))
    return [
        Claim("check 1", "rates are ln|1 + eta mu|", found["worst"], high=1e-3, note=f"worst of {found['rates']}"),
        Claim("check 1", "counts and basins as the branch says", found["failed"], high=0, note="failed points"),
        Claim("check 1", "points judged", found["points"], low=100),
        Claim("check 1", "systems judged", found["systems"], low=5),
        Claim("check 2", "sweeps tell the fold", swept, high=1e-4, note=f"natural units, {found['folds']} folds"),
        Claim("check 3", "law I1 at every step", found["law"], high=1e-12, note="relative"),
        Claim("Morse indices", "of what is no flow, seen in its weights", differing, high=0, note="rows that differ"),
    ]


def left_out() -> str:
    """Name every system without a branch of its own here, and why."""
    width = max(map(len, made.NOT_JUDGED))
    return "\n".join(["# left out", *(f"{name.ljust(width)}  {why}" for name, why in made.NOT_JUDGED.items())])


def draw(checks, path, fast):
    """Draw some of the branches with arrows of descent."""
    figure, axes = figure_of(1, len(DRAWN), (4.5 * len(DRAWN), 4))
    for ax, (name, y) in zip(axes, DRAWN.items()):
        checks[name].plot(y=y, ax=ax)
        ax.set_title(name, pad=24)  # a legend may stand between
    save(figure, path, fast)


def _differences(check, branch) -> int:
    """Judged points at which descent showed another count than the problem of a branch has at the same decay."""
    return exceptions([point.seen == _index(branch, point.parameter) for point in check.points if point.judged])


def _index(branch, lam) -> int:
    """The problem's own count at a decay: counts of stored rows do not tell on which side of a change they are."""
    problem, near = branch.problem, branch.at(lam=lam)[0]
    parameters = {**near.parameters, "lam": lam}
    state = problem.solve(near.state, parameters).state
    return int(problem.functions["stability"](state, problem.parameter_values(parameters)))


def _sweep_error(check) -> float:
    """Largest error of a fitted fold, in natural units."""
    return worst(abs(sweep.fitted - sweep.fold) / sweep.unit for sweep in check.sweeps if not sweep.note)


def has_sweeps(check) -> bool:
    """Whether a fold of a branch was swept."""
    return any(not sweep.note for sweep in check.sweeps)


def _command():
    """Run from the command line."""
    given = options(__doc__, OUT)
    print(table(claims(main(fast=given.fast, out=given.out))))
    print(left_out())


if __name__ == "__main__":
    _command()
