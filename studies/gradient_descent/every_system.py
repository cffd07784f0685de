"""Gradient descent judges every branch: rates, basins and sweeps through folds, over all systems that are flows.

Systems that are no flow (the matrix characteristic equation: its Jacobian isn't the Hessian of a loss) are named with
the reason; their networks are judged through `residual_network`.

Run: ``python -m studies.gradient_descent.every_system``.
"""

import pathlib

import numpy as np

from continuation import trace
from studies.claims import Claim, table, verdicts
from studies.command import options
from systems import factorization as fac
from systems import linear_networks as nets
from systems import regression as reg
from systems import textbook
from systems.characteristic import characteristic_equation
from systems.training.checks import check_branch

OUT = "out/gradient_descent"
POINTS, FEW = 20, 6
M = np.diag([3.0, 2.0, 1.0])


def main(fast=False, out=OUT) -> dict:
    """Check every branch, draw those of depth-3 networks, write ``every_system.txt``, return numbers and verdicts.

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
        ``sweep[...]`` errors of fitted folds in natural units; verdicts by claim.
    """
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    checks = {name: check_branch(branch, points=FEW if fast else POINTS) for name, branch in branches().items()}
    found = numbers(checks)
    rows = claims(found, fast)
    report = "\n\n".join([*(f"# {name}\n{check.table()}" for name, check in checks.items()), table(rows)])
    (out / "every_system.txt").write_text(report + "\n", "utf-8")
    draw(checks, out / "every_system.png", 80 if fast else 160)
    return {**found, **verdicts(rows)}


def branches() -> dict:
    """One branch or several of every system that is a flow."""
    return {**_networks(), **_factorizations(), **_regressions(), **_textbook()}


def numbers(checks) -> dict:
    """Counts and errors over all checks."""
    sweeps = {f"sweep[{name}]": _sweep_error(check) for name, check in checks.items() if check.sweeps}
    points = [point for check in checks.values() for point in check.points]
    return {
        "systems": len({check.branch.problem_name.removesuffix(" (isolated)") for check in checks.values()}),
        "points": sum(point.judged for point in points),
        "failed": sum(not point.passed for point in points),
        "stable": sum(point.judged and point.unstable == 0 for point in points),
        "worst": max(check.worst for check in checks.values()),
        **sweeps,
    }


def claims(found, fast=False) -> list:
    """What the checks are to show."""
    worst = max(value for key, value in found.items() if key.startswith("sweep["))
    return [
        Claim("check 1", "rates are ln|1 + eta mu|", found["worst"], high=1e-3, note="worst relative error"),
        Claim("check 1", "counts and basins as the branch says", found["failed"], high=0, note="failed points"),
        Claim("check 1", "points judged", found["points"], low=40 if fast else 100),
        Claim("check 1", "systems judged", found["systems"], low=5),
        Claim("check 2", "sweeps tell the fold", worst, high=1e-4, note="natural units of the parameter"),
        Claim("characteristic equation", "no flow", note=_reason()),
    ]


def draw(checks, path, dpi):
    """Draw four of the branches with arrows of descent."""
    from matplotlib.figure import Figure

    wanted = {"scalar network, depth 3": "a", "scalar network, depth 2": "a", "scalar regression, p = 4": "a"}
    figure = Figure(figsize=(5 * len(wanted), 4), layout="constrained")
    for ax, (name, y) in zip(figure.subplots(1, len(wanted)), wanted.items()):
        checks[name].plot(y=y, ax=ax)
        ax.set_title(name)
    figure.savefig(path, dpi=dpi, metadata={"Software": None})


def _networks():
    """Deep linear networks: scalar, scalar layers, matrices with gauge, residual."""
    made = {}
    for depth in (2, 3, 4, 6):
        problem = nets.scalar_network(depth, 1.0)
        made[f"scalar network, depth {depth}"] = trace(problem, [1.0], "lam", (0.05, 1.2), parameters={"lam": 0.05})
    zero = trace(nets.scalar_network(2, 1.0), [0.0], "lam", (0.1, 2.0), parameters={"lam": 0.1})
    made["scalar network, depth 2, zero"] = zero
    layers = nets.deep_linear_network([1, 1, 1, 1], [[1.0]])
    made["three scalar layers"] = trace(layers, [1.0] * 3, "lam", (0.05, 0.6), parameters={"lam": 0.05})
    a = [nets.scalar_network(3, s).solve([1.0], {"lam": 0.1})["a"] for s in (1.0, 0.8)]
    start = np.tile(np.diag(a).ravel(), 3)
    problem = nets.deep_linear_network([2, 2, 2, 2], np.diag([1.0, 0.8]), gauge=True).isolated(start)
    made["matrix network 2-2-2-2"] = trace(problem, start, "lam", (0.05, 0.5), parameters={"lam": 0.1})
    uniform = nets.uniform_residual_branch(1.5 * np.exp(0.8j), 4).solve([0.4, 0.8], {"lam": 0.1}).state
    x, y = uniform
    rotation = 1.5 * np.array([[np.cos(0.8), -np.sin(0.8)], [np.sin(0.8), np.cos(0.8)]])
    residual = nets.residual_network(rotation, 4)
    start = np.tile([x, -y, y, x], 4)
    made["residual network, 4 layers"] = trace(residual, start, "lam", (0.02, 1.0), parameters={"lam": 0.1})
    return made


def _factorizations():
    """Balanced branches of a factorization: minimum and saddles."""
    made, problem = {}, fac.factorization(M, 2, gauge=True)
    for kept in ([0, 1], [0, 2], [1, 2], [0], [2]):
        point = fac.balanced_point(M, 2, kept, 0.2).state
        branch = trace(problem.isolated(point), point, "lam", (0.1, 0.8), parameters={"lam": 0.2})
        made[f"factorization, kept {kept}"] = branch
    return made


def _regressions():
    """l_p regression times a scalar."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(12, 2)), rng.normal(size=12)
    problem, critical = reg.overparameterized_regression(X, y, 4.0), reg.critical_decay(X, y, 4.0)
    span, given = (0.3 * critical, 2 * critical), {"lam": 0.4 * critical}
    made = {"regression at zero, p = 4": trace(problem, np.zeros(3), "lam", span, parameters=given)}
    fold, scalar = reg.scalar_fold(3, 1.0, 4.0), reg.scalar_regression(3, 1.0, 4.0)
    given = {"lam": 0.3 * fold.lam}
    start = scalar.solve([0.9], given)
    span = (0.2 * fold.lam, 2 * fold.lam)
    made["scalar regression, p = 4"] = trace(scalar, start, "lam", span, parameters=given)
    return made


def _textbook():
    """Normal forms."""
    return {
        "fold": trace(textbook.fold(), [1.0], "p", (-0.5, 2.0)),
        "pitchfork": trace(textbook.pitchfork(), [0.0], "p", (-1.0, 1.0)),
        "Hopf": trace(textbook.hopf(), [0.0, 0.0], "mu", (-1.0, 1.0)),
    }


def _sweep_error(check) -> float:
    """Largest error of a fitted fold, in natural units; 0 where none was swept."""
    errors = [abs(sweep.fitted - sweep.fold) / sweep.unit for sweep in check.sweeps if not sweep.note]
    return max(errors, default=0.0)


def _reason() -> str:
    """Why a branch of the characteristic equation is not judged."""
    branch = trace(characteristic_equation([[2.0]]), [0.5], "lam", (0.0, 1.0))
    try:
        check_branch(branch)
    except ValueError as refusal:
        return str(refusal)
    return "it was judged"


def _command():
    """Run from the command line."""
    given = options(__doc__, OUT)
    print(table(claims(main(fast=given.fast, out=given.out), given.fast)))


if __name__ == "__main__":
    _command()
