"""Training with AdamW as a flow: oscillations begin at an edge of stability, in Hopf points.

The loss and the flow are those of `studies.cycles.adam`, with a decay ``- w x`` in x' (I. Loshchilov and F. Hutter,
2019).  Where it rests ``g = -w x S``: the gradient does not vanish, and q follows its square.  With ``K = g'/S`` and
``rho = (w x)**2`` the eigenvalues l solve ``(l + w)(l + a1)(l + a2) + K (a1 (l + a2) - rho a2 (l + a1)) = 0``.  By
Hurwitz a pair is on the axis where ``(a1 + a2 + w)(a1 a2 + w (a1 + a2) + K (a1 - rho a2)) = a1 a2 (w + K (1 - rho))``.
It needs rho a2 > a1, so beta2 < beta1, and enough sharpness K: an edge of stability that the step has no part in.  Here
a2 = 4 a1, where Adam itself comes to rest (A. Barakat and P. Bianchi, SIAM J. Optim. 31 (2021) 244-274).

Run: ``python -m studies.cycles.adamw``.
"""

import math

import numpy as np
from scipy.optimize import brentq

from continuation import Orbit, Problem, Status, periodic_orbits, trace
from continuation.ground.status import StartError
from studies.claims import Claim, verdicts, worst
from studies.command import command, folder
from studies.cycles.adam import adam, optimiser
from studies.figures import COLOURS, add_legend, draw_branch, figure_of, legend, save

FORGETS, DECAY, FLOOR = 4.0, 0.5, 0.5  # a2 (of a1 = 1), w and eps
SPAN = (0.0, 8.0)  # of s
INTERVALS = 60
STEP, FAST_STEP = 0.002, 0.01  # learning rates of the optimiser beside the flow: it errs in proportion
OUT = "out/cycles"


def main(fast=False, out=OUT) -> dict:
    """Find the Hopf points of AdamW, follow its cycles, draw them, return numbers and verdicts.

    Parameters
    ----------
    fast : bool
        Larger steps of the optimiser.
    out : path-like
        Folder of ``adamw.png``; made if missing.

    Returns
    -------
    dict
        Hopf points against a closed form, the cycles between them, verdicts by claim.
    """
    out = folder(out)
    rest, cycles = adamw_branches()
    found = threshold_numbers(rest) | cycle_numbers(rest, cycles, FAST_STEP if fast else STEP)
    draw(rest, cycles, out / "adamw.png", fast)
    return {**found, **verdicts(claims(found))}


# The flow, and where its Hopf points are


def adamw(a2=FORGETS, floor=FLOOR) -> Problem:
    """AdamW with a1 = 1 and the decay of this study."""
    return adam(a2, floor, DECAY)


def two_layers() -> Problem:
    """AdamW for the same network, each of its two weights free."""
    texts, gradients = {}, {}
    for k, other in ((0, 1), (1, 0)):
        texts |= {f"x{k}": f"-m{k}/sqrt(q{k} + eps**2) - w*x{k}", f"m{k}": f"a1*(g{k} - m{k})"}
        texts |= {f"q{k}": f"a2*(g{k}**2 - q{k})"}
        gradients[f"g{k}"] = f"x{other}*(x0*x1 - s)"
    values = {"s": SPAN[1], "a1": 1.0, "a2": FORGETS, "w": DECAY, "eps": FLOOR}
    exchange = ["x1", "m1", "q1", "x0", "m0", "q0"]
    return Problem.from_expressions(
        texts, values, definitions=gradients, symmetries=[exchange], name="AdamW, two layers"
    )


def target_of(x, floor=FLOOR) -> float:
    """The s at which x is an equilibrium of AdamW: ``g = -w x S`` means ``g = -eps w x/sqrt(1 - (w x)**2)``."""
    return x * x + floor * DECAY / math.sqrt(1 - (DECAY * x) ** 2)


def hurwitz(x, a2=FORGETS, floor=FLOOR) -> float:
    """What vanishes at Hopf points of AdamW: the Hurwitz determinant at the equilibrium x > 0."""
    size = floor / math.sqrt(1 - (DECAY * x) ** 2)
    sharpness, rho = (3 * x * x - target_of(x, floor)) / size, (DECAY * x) ** 2
    slope = a2 + DECAY * (1 + a2) + sharpness * (1 - rho * a2)
    return (1 + a2 + DECAY) * slope - a2 * (DECAY + sharpness * (1 - rho))


def hopf_targets(a2=FORGETS, floor=FLOOR) -> list:
    """The s of all Hopf points of AdamW with x > 0, by sign changes of `hurwitz`."""
    # Next to 1/w, where g is large, x tells little of s: it is taken by the logarithm of the distance.
    grid = (1 - np.logspace(0, -10, 2000)[1:]) / DECAY
    values = [hurwitz(x, a2, floor) for x in grid]
    roots = [k for k in range(len(grid) - 1) if values[k] * values[k + 1] < 0]
    places = [brentq(hurwitz, grid[k], grid[k + 1], (a2, floor), xtol=1e-15) for k in roots]
    return sorted(target_of(x, floor) for x in places)


# Branches


def start_at(x, target=SPAN[1]) -> np.ndarray:
    """(3,) state beside the equilibrium that is next to x."""
    g = x * (x * x - target)
    return np.array([x, g, g * g])


def adamw_branches() -> tuple:
    """Equilibria of AdamW, and the orbits from one Hopf point with x > 0 to the other."""
    problem = adamw()
    rest = trace(problem, start_at(1.98), "s", SPAN, parameters={"s": SPAN[1]})
    return rest, trace(periodic_orbits(problem, INTERVALS), hopf_points(rest)[-1], "s", SPAN)


def hopf_points(rest) -> list:
    """Those with x > 0, by s."""
    return sorted((point for point in rest.hopfs if point.state[0] > 0), key=lambda point: point["s"])


# Numbers


def threshold_numbers(rest) -> dict:
    """Hopf points of AdamW against the Hurwitz determinant, and where there are none."""
    found, known = [point["s"] for point in hopf_points(rest)], hopf_targets()
    equal = trace(adamw(1.0, 0.01), start_at(1.99999), "s", SPAN, parameters={"s": SPAN[1]})
    sharpness = (FORGETS + DECAY * (1 + FORGETS) - FORGETS * DECAY / (1 + FORGETS + DECAY)) / (FORGETS - 1)
    limit = (3 / DECAY**2 + sharpness / DECAY**3) / (1 + sharpness / DECAY)  # eps = 0: rho = 1, x = 1/w
    return {
        "lower Hopf point": found[0],
        "upper Hopf point": found[-1],
        "other than two": abs(len(found) - 2) + abs(len(known) - 2),
        "distance from Hurwitz": worst(abs(a - b) for a, b in zip(found, known)),
        "Hopf points of equal betas": len(equal.hopfs),
        "edge without eps": abs(hopf_targets(floor=1e-4)[-1] / limit - 1),
    }


def cycle_numbers(rest, cycles, step) -> dict:
    """The cycles between the Hopf points, simulations and the optimiser beside them."""
    lower, upper = hopf_points(rest)
    fold = max(point["s"] for point in cycles.folds)
    problem = rest.problem
    (cycle,) = cycles.at(s=4.0)
    simulated = Orbit.from_simulation(problem, cycle(0.0) * 1.05, {"s": 4.0})
    both = unstable_at(cycles, 0.5 * (upper["s"] + fold)).tolist()
    late = optimiser(FORGETS, FLOOR, DECAY, 4.0, step, cycle(0.0), 80.0)[int(60 / step) :, 0]
    errors = np.min(late) - cycle.minimum[0], np.max(late) - cycle.maximum[0]
    period, unstable = network_orbits()
    return {
        "l1 of the upper": upper.normal_form["l1"],
        "l1 of the lower": lower.normal_form["l1"],
        "end of the cycles": abs(cycles["s"][-1] - lower["s"]) if cycles.ends[-1] is Status.HOPF else math.nan,
        "fold": fold,
        "width of hysteresis": fold - upper["s"],
        "cycles in hysteresis": len(both),
        "stable cycles in hysteresis": both.count(0),
        "rest beyond the fold": int(comes_to_rest(problem, [0.5, 0.0, 1.0], fold + 0.2)),
        "rest within hysteresis": int(comes_to_rest(problem, rest_at(rest, 5.5) * 1.001, 5.5)),
        "simulated period": abs(simulated.period / cycle.period - 1),
        "optimiser": float(np.max(np.abs(errors)) / step),
        "two layers": abs(period / cycle.period - 1),
        "two layers, unstable": unstable,
    }


def unstable_at(branch, value) -> np.ndarray:
    """Unstable multipliers beside each place where a branch passes a value of s."""
    rows = np.flatnonzero(np.diff(np.sign(branch["s"] - value)) != 0)
    return branch.unstable[rows]


def rest_at(rest, value) -> np.ndarray:
    """AdamW's equilibrium with x > 0 at a value of s."""
    return max(rest.at(s=value), key=lambda point: point["x"]).state


def comes_to_rest(problem, state, value) -> bool:
    """Whether a simulation finds no cycle but an equilibrium."""
    try:
        Orbit.from_simulation(problem, state, {"s": value})
    except StartError as error:
        return "rests at an equilibrium" in str(error)
    return False


def network_orbits() -> tuple:
    """Period of the orbit at s = 4 of the network with both weights free, and its unstable multipliers."""
    network = two_layers()
    rest = trace(network, np.tile(start_at(1.98), 2), "s", SPAN)
    branch = trace(periodic_orbits(network, INTERVALS), hopf_points(rest)[-1], "s", SPAN)
    (orbit,) = branch.at(s=4.0)
    return orbit.period, int(np.max(unstable_at(branch, 4.0)))


# What is shown


def claims(found) -> list:
    """What the characteristic equation says, and what is found of the cycles."""
    return [
        Claim("Hurwitz", "two Hopf points", found["other than two"], high=0, note="others"),
        Claim("Hurwitz", "... in closed form", found["distance from Hurwitz"], high=1e-8, note="distance in s"),
        Claim("Hurwitz", "... none of equal betas", found["Hopf points of equal betas"], high=0),
        Claim("Hurwitz", "... an edge that eps leaves", found["edge without eps"], high=1e-3, note="relative"),
        Claim("normal form", "the upper one is subcritical", found["l1 of the upper"], low=1e-6, note="l1"),
        Claim("normal form", "the lower one is supercritical", found["l1 of the lower"], high=-1e-6, note="l1"),
        Claim("cycles", "one branch joins them", found["end of the cycles"], high=1e-6, note="distance of its end"),
        Claim("cycles", "... with a fold beyond", found["width of hysteresis"], 0.28, 0.31, note="width in s"),
        Claim("cycles", "there: two cycles", found["cycles in hysteresis"], 2, 2),
        Claim("cycles", "... of which one is stable", found["stable cycles in hysteresis"], 1, 1),
        Claim("simulation", "... or training comes to rest", found["rest within hysteresis"], 1),
        Claim("simulation", "beyond the fold it always does", found["rest beyond the fold"], 1),
        Claim("simulation", "between it oscillates", found["simulated period"], high=1e-7, note="period"),
        Claim("optimiser", "so does AdamW itself, to order h", found["optimiser"], high=1, note="error over h"),
        Claim("two layers", "the same orbits", found["two layers"], high=1e-7, note="period"),
        Claim("two layers", "... stable with both weights free", found["two layers, unstable"], high=0),
    ]


def draw(rest, cycles, path, fast=False):
    """Draw rest and cycles, one cycle with the optimiser, and where Hopf points are."""
    figure, (diagram, wave, plane) = figure_of(1, 3, (15, 4.6))
    draw_branch(diagram, rest, "s", "x", COLOURS[6], "rest")
    for name, label in (("x_max", "cycles, largest and least x"), ("x_min", None)):
        draw_branch(diagram, cycles, "s", name, COLOURS[0], label)
    diagram.set(title="AdamW: rest and cycles", xlabel="target s", ylabel="weight x", xlim=SPAN, ylim=(0.0, 2.8))
    legend(diagram, "stable", "unstable", ("LP", "HB", "PD"), loc="lower right", ncols=2)
    (cycle,) = cycles.at(s=4.0)
    t, step = np.linspace(0, 2 * cycle.period, 600), 0.05
    wave.plot(t, cycle(t)[:, 0], lw=2.4, color=COLOURS[0], label="cycle of the flow")
    run = optimiser(FORGETS, FLOOR, DECAY, 4.0, step, cycle(0.0), t[-1])[:, 0]
    label = f"AdamW, beta1 = {1 - step:g}, beta2 = {1 - FORGETS * step:g}"
    wave.plot(step * np.arange(len(run)), run, ".", ms=4, color=COLOURS[1], label=label)
    wave.set(title="the optimiser follows the flow, s = 4", xlabel="time, 1/a1", ylabel="weight x", ylim=(1.4, 2.25))
    add_legend(wave, loc="upper center")
    ratios = np.linspace(1.02, 10, 60 if fast else 180)
    for floor, colour in zip((0.5, 0.1, 0.01), COLOURS):
        pairs = np.array([hopf_pair(a2, floor) for a2 in ratios])
        for column, label in zip(pairs.T, (f"eps = {floor:g}", None)):
            plane.plot(ratios, column, lw=2, color=colour, label=label)
    plane.axvline(1.0, color="0.5", lw=1, ls="--", label="equal betas")
    plane.set(
        title="Hopf points: rest is unstable inside", xlabel="(1 - beta2)/(1 - beta1)", ylabel="target s", ylim=(0, 8)
    )
    add_legend(plane, loc="upper right", ncols=2)
    save(figure, path, fast)


def hopf_pair(a2, floor) -> tuple:
    """The least and the largest s of Hopf points, NaN where there are none."""
    found = hopf_targets(a2, floor)
    return (found[0], found[-1]) if found else (math.nan, math.nan)


if __name__ == "__main__":
    command(globals(), OUT)
