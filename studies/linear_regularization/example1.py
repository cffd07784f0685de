"""Critical points of a linear network that learns a quarter turn, against weight decay (Example 1, Fig. 1).

Each winding number n of the logarithm of R gives a branch of the characteristic equation that starts at
lam = 0.  The principal one, n = 0, goes on for ever; every other one turns back at some lam_bar and ends at a
saddle that escapes to infinity as lam -> 0.

Taghvaei, Kim, Mehta, "How regularization affects the critical points in linear networks", NeurIPS 2017,
arXiv:1709.09625, Example 1 and Fig. 1.  Run: ``python -m studies.linear_regularization.example1``.
"""

import numpy as np
import scipy.interpolate

from continuation import Settings, trace
from studies.claims import Claim
from studies.claims import table as claims_table
from studies.command import announce, folder, options
from studies.figures import COLOURS, draw_branch, figure_of, legend, save
from studies.linear_regularization import OUT, QUARTER_TURN
from systems.characteristic import characteristic_equation, normal_logarithm

ANGLE = np.pi / 2  # of the quarter turn R
CLASSES = (0, -1, 1, -2, 2)
SPAN = (0.0, 0.5)  # of lam; the outermost turning point is at 0.145


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
        C[1,0], in radians) and ``J[n]``; see `observations` for the numbers behind the paper's observations, `indices`
        for the Morse indices on both sides of the turning points.
    """
    out = folder(out)
    branches = trace_classes(CLASSES, Settings(max_step=0.15 if fast else 0.05, max_points=20_000))
    for n, branch in branches.items():
        branch.save(out / f"example1_n={n}.nc")
    draw(branches, out / "example1.png", fast)
    return {**turning_points(branches), **observations(branches), **indices(branches)}


def trace_classes(classes, settings) -> dict:
    """Trace the branch of every class from the logarithm of R at lam = 0 on, towards larger lam."""
    problem = characteristic_equation(QUARTER_TURN)
    return {
        n: trace(problem, _start(n), "lam", SPAN, settings=settings, direction=+1)
        for n in announce(classes, "branch of class")
    }


def turning_points(branches) -> dict[str, float]:
    """Return the numbers of the first fold of each branch that has one."""
    numbers = {}
    for n, branch in branches.items():
        for fold in branch.folds[:1]:
            numbers[f"lam_bar[{n}]"] = fold["lam"]
            numbers[f"a[{n}]"] = fold["C[0,0]"]
            numbers[f"C10[{n}]"] = fold["C[1,0]"]
            numbers[f"J[{n}]"] = fold["J"]
    return numbers


def observations(branches) -> dict:
    """Return the numbers behind the paper's observations (i) to (iv).

    Returns
    -------
    dict
        ``wrong_turns``: classes with another number of folds than one (none for n = 0).
        ``lam_bar_ratio``: largest ratio of one lam_bar to the one before, by growing total angle ``|pi/2 + 2 pi n|``.
        ``beyond_first``: how far any class but n = 0 goes beyond the lam_bar of n = -1.
        ``saddle_a``, ``saddle_angle_error``, ``saddle_cost_error``: largest C[0,0] and deviations of `saddle_end`;
        ``printed_angle_error``: the same for the limit as printed, ``pi/2 + (2n - 1) pi`` for every n.
        ``lowest_excess``: smallest excess of J over that of n = 0 at the same lam, divided by lam.
        ``largest_departure_from_normal``: of any C on any branch from the form ``[[a, -w], [w, a]]``.
    """
    others = [n for n in branches if n != 0]
    outward = sorted(others, key=lambda n: abs(ANGLE + 2 * np.pi * n))
    lam_bar = [branches[n].folds[0]["lam"] if branches[n].folds else np.nan for n in outward]
    ends = {n: saddle_end(branches[n], n) for n in others}
    turn = {n: (2 * n - np.sign(n)) - (2 * n - 1) for n in others}  # what the printed limit misses, in half turns
    return {
        "wrong_turns": sum(len(branch.folds) != (n != 0) for n, branch in branches.items()),
        "lam_bar_ratio": float(np.max(np.divide(lam_bar[1:], lam_bar[:-1]))),
        "beyond_first": float(max(branches[n]["lam"].max() for n in others) - lam_bar[0]),
        "saddle_a": float(max(end["a"] for end in ends.values())),
        "saddle_angle_error": float(max(abs(end["angle_error"]) for end in ends.values())),
        "printed_angle_error": float(max(abs(end["angle_error"] + np.pi * turn[n]) for n, end in ends.items())),
        "saddle_cost_error": float(max(abs(end["cost_error"]) for end in ends.values())),
        "lowest_excess": min(lowest_excess(branches[0], branches[n]) for n in others),
        "largest_departure_from_normal": max(departure_from_normal(branch) for branch in branches.values()),
    }


def indices(branches) -> dict:
    """Return Morse indices of J beside each turning point: ``index_upper[n]`` before, ``index_saddle[n]`` after it."""
    numbers = {}
    for n, branch in branches.items():
        row = branch.folds[0].index if branch.folds else len(branch) - 2
        numbers[f"index_upper[{n}]"] = int(branch.unstable[row - 1])
        if branch.folds:
            numbers[f"index_saddle[{n}]"] = int(branch.unstable[row + 1])
    return numbers


def claims(numbers) -> list[Claim]:
    """List the claims, observations (i) to (iv) of the paper: claimed, computed, verdict."""
    others = [n for n in CLASSES if n != 0]
    upper, saddle = ([numbers[f"index_{side}[{n}]"] for n in others] for side in ("upper", "saddle"))
    lams = ", ".join(f"{numbers[f'lam_bar[{n}]']:.6f}" for n in others) + f" for n = {others}"
    where, say = "Example 1", numbers.get
    return [
        Claim(f"{where} (i)", "each n != 0 turns once, n = 0 never", say("wrong_turns"), 0, 0, "classes that don't"),
        Claim(f"{where} (i)", "before it there is a local minimum", max(upper, key=abs), 0, 0, f"indices {upper}"),
        Claim(f"{where} (i)", "behind it there is a saddle", min(saddle), 1, note=f"indices {saddle}"),
        Claim(f"{where} (ii)", "lam_bar falls with the total angle", say("lam_bar_ratio"), 0, 1, f"ratio; {lams}"),
        Claim(
            f"{where} (ii)",
            "beyond the lam_bar of n = -1 only n = 0 is left",
            say("beyond_first"),
            high=1e-9,
            note="among normal solutions",
        ),
        Claim(f"{where} (iii)", "the saddle escapes to infinity as lam -> 0", say("saddle_a"), high=-5, note="C[0,0]"),
        Claim(
            f"{where} (iii)",
            "its angle tends to pi/2 + (2n - 1) pi",
            say("printed_angle_error"),
            high=0.01,
            note="for n < 0 it is pi/2 + (2n + 1) pi",
        ),
        Claim(
            f"{where} (iii)",
            "... to pi/2 + (2n - sgn(n)) pi",
            say("saddle_angle_error"),
            high=0.01,
            note="corrected; error",
        ),
        Claim(f"{where} (iii)", "its cost tends to 1", say("saddle_cost_error"), high=0.01, note="error"),
        Claim(f"{where} (iv)", "n = 0 has the lowest cost", say("lowest_excess"), 0, note="least excess over lam"),
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
    """Return the smallest ``(J - J_principal) / lam`` at equal lam, over the rows of `branch` with lam > 0.

    Between rows J of the principal branch is interpolated with its derivative ``dJ/dlam = |C|^2 / 2``.
    """
    lam, cost = branch["lam"], branch["J"]
    rows = lam > 0
    slopes = 0.5 * np.sum(principal.states**2, axis=1)
    lowest = scipy.interpolate.CubicHermiteSpline(principal["lam"], principal["J"], slopes)
    return float(np.min((cost[rows] - lowest(lam[rows])) / lam[rows]))


def departure_from_normal(branch) -> float:
    """Return the largest ``|C[0,0] - C[1,1]|`` or ``|C[0,1] + C[1,0]|`` on a branch."""
    return float(
        max(np.abs(branch["C[0,0]"] - branch["C[1,1]"]).max(), np.abs(branch["C[0,1]"] + branch["C[1,0]"]).max())
    )


def draw(branches, path, fast=False):
    """Draw Fig. 1: (a) the entry C[1,0] and (b) the cost J against lam."""
    figure, axes = figure_of(1, 2, (11.0, 4.8))
    colours = dict(zip((0, -1, 1, -2, 2), (COLOURS[-1], *COLOURS)))
    for ax, name, label in zip(axes, ("C[1,0]", "J"), ("entry C[1,0] (radians)", "cost J")):
        for n, branch in sorted(branches.items(), reverse=True):
            draw_branch(ax, branch, "lam", name, colours[n], f"n = {n:+d}" if n else "n = 0 (principal)")
            for fold in branch.folds:
                place = {"textcoords": "offset points", "va": "center", "fontsize": 9}
                ax.annotate(f"{fold['lam']:.5f}", (fold["lam"], fold[name]), (8, 0), **place)
        ax.set(xlabel="weight decay λ", ylabel=label, xlim=(0.0, 0.2))
        ax.grid(alpha=0.25)
    axes[0].set_title("(a) solutions", loc="left")
    axes[1].set_title("(b) their cost, without the constant of the noise", loc="left")
    legend(axes[0], "minimum (index 0)", kinds=("LP", "BP"), loc="upper right", title="winding of log R")
    figure.suptitle("Learning a quarter turn: critical points, computed from the characteristic equation (no data)")
    save(figure, path, fast)


def _start(n) -> np.ndarray:
    """C = log R with winding number n, as the vector of states."""
    return normal_logarithm(QUARTER_TURN, n).ravel()


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
