"""Orbits of the Lorenz equations: from a Hopf point to the homoclinic orbit, and from symmetry to chaos.

E. N. Lorenz (1963) at s = 10, b = 8/3; C. Sparrow, *The Lorenz Equations* (1982).  Orbits of the Hopf point at
r = 470/19 are unstable and end at the first homoclinic orbit.  From r = 350 down the symmetric orbit loses its
symmetry, then doubles again and again; the distances shrink by Feigenbaum's number.
Run: ``python -m studies.cycles.lorenz``.
"""

import math

import numpy as np

from continuation import Orbit, Status, periodic_orbits, switch, trace
from continuation.orbits.long_periods import limit_of
from studies.claims import Claim, exceptions, verdicts
from studies.command import announce, command, folder
from studies.figures import add_legend, figure_of, save
from systems.textbook import lorenz

HOMOCLINIC = 13.9265574075201  # of r, by another program
SYMMETRIC_PERIOD = 0.3884875818315807  # at r = 350, by multiple shooting with another program
FEIGENBAUM = 4.669201609102990
DOUBLINGS, FAST = 6, 4  # the seventh has 3200 intervals
INTERVALS = 100  # of the orbits that come close to the homoclinic one; 50 know it to 2e-9
PASSES = 1e-2  # least distance of an orbit to the saddle that it passes, against its largest
OUT = "out/cycles"


def main(fast=False, out=OUT) -> dict:
    """Trace both families, draw them, return numbers and verdicts.

    Parameters
    ----------
    fast : bool
        Four doublings instead of six.
    out : path-like
        Folder of ``lorenz.png``; made if missing.

    Returns
    -------
    dict
        Where orbits begin, end, lose their symmetry and double; ratios; verdicts by claim.
    """
    out = folder(out)
    loops = unstable_orbits()
    symmetric, cascade = orbits_from_above(FAST if fast else DOUBLINGS)
    found = {**loop_numbers(loops), **cascade_numbers(symmetric, cascade)}
    draw(loops, symmetric, cascade, out / "lorenz.png", fast)
    return {**found, **verdicts(claims(found))}


def unstable_orbits():
    """Trace the orbits of the Hopf point until their period grows without bound."""
    problem = lorenz(rho=20.0)
    steady = trace(problem, [7.0, 7.0, 19.0], "rho", (2.0, 30.0))
    return trace(periodic_orbits(problem, INTERVALS), steady["HB1"], "rho", (2.0, 30.0))


def orbits_from_above(doublings) -> tuple:
    """Trace the symmetric orbit from r = 350 down, the one that is not symmetric, and its doubled ones."""
    problem = lorenz(rho=350.0)
    cycles = periodic_orbits(problem)
    symmetric = trace(cycles, Orbit.from_simulation(problem, [38.0, -38.0, 398.0]), "rho", (200.0, 350.0))
    start = next(start for start in switch(cycles, symmetric["BP1"]) if not start.known)
    cascade = [trace(cycles, start, "rho", (214.0, 350.0))]
    for _ in announce(range(1, doublings), "doubling"):
        start = next(start for start in switch(cycles, first_doubling(cascade[-1])) if not start.known)
        cascade.append(trace(cycles, start, "rho", (214.0, 230.0), stop=2))
    return symmetric, cascade


def first_doubling(branch):
    """The first period doubling inside a branch, not the one that it begins at."""
    return next(point for point in branch.special if point.label.startswith("PD") and point.index > 0)


def loop_numbers(loops) -> dict:
    """Begin, end and law of the unstable orbits."""
    limit = homoclinic_limit(loops)
    inside = loops.exponents[1:]
    near = (loops["rho"] - HOMOCLINIC < 1e-2) & (loops["rho"] - HOMOCLINIC > 1e-6)
    rate = -np.polyfit(loops["period"][near], np.log(loops["rho"][near] - HOMOCLINIC), 1)[0]
    volume = np.sum(inside.real, axis=1) / loops["period"][1:] + 41 / 3
    return {
        "Hopf point": abs(loops["rho"][0] - 470 / 19),
        "stable orbits": exceptions(loops.unstable[1:] > 0),
        "ends as homoclinic": int(loops.ends[-1] is Status.LONG_PERIOD and not np.isnan(limit)),
        "homoclinic value": limit,
        "rate": float(rate),
        "volume": float(np.max(np.abs(volume[loops["period"][1:] < 3.0]))),
    }


def homoclinic_limit(loops) -> float:
    """The r at which the period is infinite, by the saddle's rates; NaN where the last orbit does not pass the origin.

    The errors of the rows are those of the trivial multipliers, which are 1.
    """
    states = loops.orbit(-1).states
    sizes = np.linalg.norm(states, axis=1)
    if np.min(sizes) > PASSES * np.max(sizes):
        return math.nan
    rates = np.linalg.eigvals(lorenz(rho=loops["rho"][-1]).jacobian(np.zeros(3)))
    rates = rates[np.argsort(np.abs(rates))]
    errors = np.min(np.abs(loops.exponents[1:]), axis=1)
    fit = limit_of(loops["period"][1:], loops["rho"][1:], errors, rates)
    return math.nan if fit is None else fit.value


def cascade_numbers(symmetric, cascade) -> dict:
    """Where symmetry is lost, doublings, and the ratios of their distances."""
    values = [first_doubling(branch)["rho"] for branch in cascade]
    gaps = np.diff(values)
    ratios = gaps[:-1] / gaps[1:]
    errors = np.abs(ratios - FEIGENBAUM)
    lost = symmetric["BP1"]
    doubled = [first_doubling(branch)["period"] for branch in cascade]
    found = {f"doubling {k}": float(value) for k, value in enumerate(values, 1)}
    found |= {f"ratio {k}": float(value) for k, value in enumerate(ratios, 1)}
    return found | {
        "symmetric period": abs(symmetric["period"][-1] / SYMMETRIC_PERIOD - 1),
        "symmetry lost": lost["rho"],
        "asymmetry before": float(np.max(np.abs(symmetric["x_max"] + symmetric["x_min"]))),
        "asymmetry behind": float(abs(cascade[0]["x_max"] + cascade[0]["x_min"])[-1]),
        "last ratio": float(ratios[-1]),
        "errors shrink": float(np.min(errors[:-1] / errors[1:])),
        "period grows": float(doubled[-1] / doubled[-2]),
        "extrapolated": float(values[-1] + gaps[-1] / (FEIGENBAUM - 1)),
    }


def claims(found) -> list:
    """What is known of these orbits."""
    value = abs(found["homoclinic value"] - HOMOCLINIC)
    return [
        Claim("Lorenz 1963", "Hopf point at 470/19", found["Hopf point"], high=1e-9, note="distance"),
        Claim("Sparrow 1982", "its orbits are unstable", found["stable orbits"], high=0, note="stable rows"),
        Claim("Sparrow 1982", "they end at a homoclinic orbit", found["ends as homoclinic"], low=1),
        Claim("shooting", "... at r = 13.92655740752", value, high=1e-9, note="distance"),
        Claim("Shilnikov", "distance falls as exp(-8/3 T)", found["rate"], 2.6, 2.74, note="rate, 8/3 = 2.667"),
        Claim("Liouville", "volumes shrink at the rate 41/3", found["volume"], high=1e-6, note="error, periods to 3"),
        Claim("shooting", "period at r = 350", found["symmetric period"], high=1e-8, note="relative error"),
        Claim("Sparrow 1982", "symmetric orbits down to 313", found["symmetry lost"], 312.5, 313.5),
        Claim("Sparrow 1982", "... then two that are images", found["asymmetry behind"], low=1.0, note="x_max + x_min"),
        Claim("symmetry", "symmetric ones stay so", found["asymmetry before"], high=1e-6, note="x_max + x_min"),
        Claim("Feigenbaum 1978", "each has twice the period", found["period grows"], 1.99, 2.02, note="last ratio"),
        Claim("Feigenbaum 1978", "distances shrink by 4.669", found["last ratio"], 4.6, 4.75, note="last ratio"),
        Claim("Feigenbaum 1978", "ratios converge", found["errors shrink"], low=2.0, note="of errors, least"),
    ]


def draw(loops, symmetric, cascade, path, fast=False):
    """Draw the unstable orbits, how their period grows, and the cascade."""
    figure, axes = figure_of(2, 2, (11, 8.4))
    axes = axes.ravel()
    loops.plot("rho", "x", ax=axes[0])
    axes[0].axvline(HOMOCLINIC, color="0.6", lw=0.8, zorder=0)
    axes[0].set(title="from the Hopf point to the homoclinic orbit", xlabel="r", ylabel="largest and least x")
    distance = loops["rho"] - HOMOCLINIC
    near = (distance > 1e-9) & (distance < 1.0)
    axes[1].semilogx(distance[near], loops["period"][near], ".-", label="orbits")
    line = loops["period"][near][-1] - 3 / 8 * np.log(distance[near] / distance[near][-1])
    axes[1].semilogx(distance[near], line, "--", color="0.4", lw=1, label="slope of the saddle's rate 8/3")
    axes[1].set(title="the period grows as the logarithm", xlabel="distance of r from its limit", ylabel="period")
    add_legend(axes[1])
    symmetric.plot("rho", "x_max", ax=axes[2])
    cascade[0].plot("rho", "x_max", ax=axes[2])
    axes[2].set(title="symmetry is lost", xlabel="r", ylabel="largest x")
    for branch in cascade:
        branch.plot("rho", "x_max", ax=axes[3])
    axes[3].set(title="doublings", xlabel="r", ylabel="largest x", xlim=(214.5, 231.0), ylim=(46.8, 48.9))
    axes[3].get_legend().set_loc("center left")
    save(figure, path, fast)


if __name__ == "__main__":
    command(globals(), OUT)
