"""Critical points of a linear network that learns a quarter turn, against weight decay (Example 1, Fig. 1).

Each winding number n of the logarithm of R gives a branch of the characteristic equation that starts at
lam = 0.  The principal one, n = 0, goes on for ever; every other one turns back at some lam_bar and ends at a
saddle that escapes to infinity as lam -> 0.

Taghvaei, Kim, Mehta, "How regularization affects the critical points in linear networks", NeurIPS 2017,
arXiv:1709.09625, Example 1 and Fig. 1.  Run: ``python -m studies.linear_regularization.example1``.
"""

import pathlib
import sys

import numpy as np

from continuation import Settings, trace
from studies.command import options
from studies.linear_regularization.claims import Claim, claims_table, draw_by_index
from systems.characteristic import characteristic_equation, normal_logarithm

ANGLE = np.pi / 2
R = np.array([[0.0, -1.0], [1.0, 0.0]])
CLASSES = (0, -1, 1, -2, 2)
SPAN = (0.0, 0.5)  # of lam; the outermost turning point is at 0.145
OUT = "out/linear_regularization"
COLOURS = {0: "#222222", -1: "#0072B2", 1: "#D55E00", -2: "#56B4E9", 2: "#E69F00"}  # Okabe and Ito


def main(fast=False, out=OUT) -> dict:
    """Trace the classes n = 0, +-1, +-2, draw Fig. 1 (a) and (b), and return the numbers.

    Parameters
    ----------
    fast : bool
        Three times longer steps and a coarser picture; the turning points are the same.
    out : path-like
        Folder of the picture ``example1.png`` and the branches ``example1_n=0.nc`` ...; made if missing.

    Returns
    -------
    dict
        For n = +-1, +-2 the turning point ``lam_bar[n]``, ``a[n]`` (the entry C[0,0]), ``C10[n]`` (the entry
        C[1,0], in radians) and ``J[n]``; see `verdicts` for the claims and the numbers they rest on, `indices` for
        the Morse indices on both sides of the turning points.
    """
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    branches = trace_classes(CLASSES, Settings(max_step=0.15 if fast else 0.05, max_points=20_000))
    for n, branch in branches.items():
        branch.save(out / f"example1_n={n}.nc")
    draw(branches, out / "example1.png", dpi=80 if fast else 200)
    return {**turning_points(branches), **verdicts(branches), **indices(branches)}


def trace_classes(classes, settings) -> dict:
    """Trace the branch of every class from the logarithm of R at lam = 0 on, towards larger lam."""
    problem = characteristic_equation(R)
    return {n: trace(problem, _start(n), "lam", SPAN, settings=settings, direction=+1) for n in _announced(classes)}


def turning_points(branches) -> dict[str, float]:
    """Numbers of the first fold of each branch that has one."""
    numbers = {}
    for n, branch in branches.items():
        for fold in branch.folds[:1]:
            numbers[f"lam_bar[{n}]"] = fold["lam"]
            numbers[f"a[{n}]"] = fold["C[0,0]"]
            numbers[f"C10[{n}]"] = fold["C[1,0]"]
            numbers[f"J[{n}]"] = fold["J"]
    return numbers


def verdicts(branches) -> dict:
    """Check the paper's observations (i) to (iv) on the computed branches.

    Returns
    -------
    dict
        ``one_turning_point``: each class but n = 0 turns once, n = 0 never (i).
        ``lam_bar_falls``: the further the total angle ``|pi/2 + 2 pi n|``, the smaller lam_bar (ii).
        ``saddles_escape``: at their ends C[0,0] < -5 while the angle and the cost are as the limit demands (iii);
        ``saddle_angle_error`` and ``saddle_cost_error`` are the largest deviations of `saddle_end`.
        ``principal_lowest``: on every row of every branch J exceeds that of n = 0 at the same lam (iv);
        ``lowest_excess`` is the smallest excess, divided by lam.
        ``largest_departure_from_normal``: of any C on any branch from the form ``[[a, -w], [w, a]]``.
    """
    others = [n for n in branches if n != 0]
    folds = {n: [fold["lam"] for fold in branch.folds] for n, branch in branches.items()}
    outward = sorted(others, key=lambda n: abs(ANGLE + 2 * np.pi * n))
    first = [folds[n][0] if folds[n] else np.nan for n in outward]
    ends = [saddle_end(branches[n], n) for n in others]
    angle_error, cost_error = (max(abs(end[key]) for end in ends) for key in ("angle_error", "cost_error"))
    excess = min(lowest_excess(branches[0], branches[n]) for n in others)
    return {
        "one_turning_point": all(len(folds[n]) == (n != 0) for n in branches),
        "lam_bar_falls": bool(np.all(np.diff(first) < 0)),
        "saddles_escape": bool(max(end["a"] for end in ends) < -5 and angle_error < 0.01 and cost_error < 0.01),
        "saddle_angle_error": angle_error,
        "saddle_cost_error": cost_error,
        "principal_lowest": bool(excess > 0),
        "lowest_excess": excess,
        "largest_departure_from_normal": max(departure_from_normal(branch) for branch in branches.values()),
    }


def indices(branches) -> dict:
    """Morse index of J beside each turning point: ``index_upper[n]`` before it, ``index_saddle[n]`` after it."""
    numbers = {}
    for n, branch in branches.items():
        row = branch.folds[0].index if branch.folds else len(branch) - 2
        numbers[f"index_upper[{n}]"] = int(branch.unstable[row - 1])
        if branch.folds:
            numbers[f"index_saddle[{n}]"] = int(branch.unstable[row + 1])
    return numbers


def claims(numbers) -> list[Claim]:
    """Observations (i) to (iv) of the paper as rows: claimed, computed, verdict."""
    others = [n for n in CLASSES if n != 0]
    upper, saddle = ([numbers[f"index_{side}[{n}]"] for n in others] for side in ("upper", "saddle"))
    lams = ", ".join(f"{numbers[f'lam_bar[{n}]']:.6f}" for n in others)
    return [
        Claim(
            "(i)", "each n != 0 has a turning point", f"lam_bar = {lams} for n = {others}", numbers["one_turning_point"]
        ),
        Claim(
            "(i)",
            "there a local minimum turns into a saddle",
            f"indices {upper} before, {saddle} after it: saddles on both sides",
            bool(max(upper) == 0 and min(saddle) > 0),
        ),
        Claim("(ii)", "lam_bar falls with the total angle", f"lam_bar = {lams}", numbers["lam_bar_falls"]),
        Claim(
            "(iii)",
            "the saddle escapes to infinity with J -> 1 as lam -> 0",
            f"angle within {numbers['saddle_angle_error']:.1e}, cost within {numbers['saddle_cost_error']:.1e}",
            numbers["saddles_escape"],
        ),
        Claim(
            "(iv)",
            "the principal branch has the lowest cost",
            f"lower by at least {numbers['lowest_excess']:.4f} lam",
            numbers["principal_lowest"],
        ),
    ]


def saddle_end(branch, n) -> dict[str, float]:
    """Compare the last row with the limit lam -> 0 of the saddle of class n.

    The two real equations give ``tan(pi/2 - w) = w / (a + e^{2a} / lam)``: w tends to ``pi/2 + (2n -+ 1) pi``
    (upper sign for n > 0), but only like ``w / a``, and a only like ``log(lam)``.  ``angle_error`` is what w
    misses of the limit after this known ``atan(w / a)``; ``cost_error`` is ``J - 1``.
    """
    a, w = branch["C[0,0]"][-1], branch["C[1,0]"][-1]
    limit = ANGLE + (2 * n - np.sign(n)) * np.pi
    error = w + np.arctan(w / a) - limit
    return {"lam": branch["lam"][-1], "a": a, "angle_error": error, "cost_error": branch["J"][-1] - 1.0}


def lowest_excess(principal, branch) -> float:
    """Smallest ``(J - J_principal) / lam`` at equal lam, over the rows of `branch` with lam > 0."""
    lam, cost = branch["lam"], branch["J"]
    rows = lam > 0
    return float(np.min((cost[rows] - np.interp(lam[rows], principal["lam"], principal["J"])) / lam[rows]))


def departure_from_normal(branch) -> float:
    """Largest ``|C[0,0] - C[1,1]|`` or ``|C[0,1] + C[1,0]|`` on a branch."""
    return float(
        max(np.abs(branch["C[0,0]"] - branch["C[1,1]"]).max(), np.abs(branch["C[0,1]"] + branch["C[1,0]"]).max())
    )


def draw(branches, path, dpi=200):
    """Draw Fig. 1: (a) the entry C[1,0] and (b) the cost J against lam."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4.6), layout="constrained")
    axes = figure.subplots(1, 2, sharex=True)
    for ax, name, label in zip(axes, ("C[1,0]", "J"), ("entry C[1,0] (radians)", "cost J")):
        for n, branch in sorted(branches.items(), reverse=True):
            draw_by_index(ax, branch, "lam", name, COLOURS[n], f"n = {n:+d}" if n else "n = 0 (principal)")
            for fold in branch.folds:
                _mark(ax, fold, name, COLOURS[n])
        ax.set(xlabel="weight decay λ", ylabel=label, xlim=(0.0, 0.2))
        ax.grid(alpha=0.25)
    axes[0].set_title("(a) solutions; thick: minima, dashed: saddles", loc="left")
    axes[1].set_title("(b) their cost, without the constant of the noise", loc="left")
    axes[0].legend(loc="upper right", title="winding of log R")
    figure.suptitle("Learning a quarter turn: critical points, computed from the characteristic equation (no data)")
    figure.savefig(path, dpi=dpi, metadata={"Software": None})


def _mark(ax, fold, name, colour):
    """Mark a turning point and write its lam beside it."""
    ax.plot(fold["lam"], fold[name], "o", color=colour, ms=6, mec="white", mew=0.8)
    ax.annotate(
        f"{fold['lam']:.5f}", (fold["lam"], fold[name]), (7, 0), textcoords="offset points", va="center", fontsize=9
    )


def _start(n) -> np.ndarray:
    """C = log R with winding number n, as the vector of states."""
    return normal_logarithm(R, n).ravel()


def _announced(classes):
    """Yield the classes, with a progress bar on a terminal and a line each elsewhere."""
    if sys.stdout.isatty():
        from rich.progress import track

        yield from track(classes, description="Tracing branches")
        return
    for n in classes:
        print(f"tracing n = {n:+d}", flush=True)
        yield n


def table(numbers) -> str:
    """Write the turning points and the verdicts as plain text, 14 significant digits."""
    columns = ("lam_bar", "a", "C10", "J")
    lines = ["turning points", f"{'n':>3}" + "".join(f"{name:>22}" for name in columns)]
    for n in (n for n in CLASSES if f"lam_bar[{n}]" in numbers):
        lines.append(f"{n:>3}" + "".join(f"{numbers[f'{name}[{n}]']:>#22.14g}" for name in columns))
    lines += ["", *(f"{key} = {value}" for key, value in numbers.items() if "[" not in key)]
    return "\n".join(lines)


def _command():
    """Run from the command line."""
    given = options(__doc__, OUT)
    numbers = main(fast=given.fast, out=given.out)
    print(table(numbers) + "\n\n" + claims_table(claims(numbers)))
    print(f"\npicture and data in {given.out}")


if __name__ == "__main__":
    _command()
