"""Where a squid's axon spikes: all orbits between the Hopf points of the Hodgkin-Huxley equations.

Voltages from rest at -65 mV, leak at -54.387 mV.  Hassard, J. Theor. Biol. 71 (1978) 401-420, found the Hopf points,
Rinzel and Miller, Math. Biosci. 49 (1980) 27-59, the branch of orbits with its folds and up to four orbits at once, one
of them stable; doi:10.3934/mbe.2018036 has the same and the first spikes at 6.265, with the leak at -54.401 mV.
Run: ``python -m studies.cycles.hodgkin_huxley``.
"""

import numpy as np

from continuation import Problem, periodic_orbits, trace
from studies.claims import Claim, exceptions, verdicts
from studies.command import command, folder
from studies.figures import figure_of, save

EQUATIONS = {
    "V": "I - 120*m**3*h*(V - 50) - 36*n**4*(V + 77) - 0.3*(V + 54.387)",
    "m": "0.1*(V + 40)/(1 - exp(-(V + 40)/10))*(1 - m) - 4*exp(-(V + 65)/18)*m",
    "h": "0.07*exp(-(V + 65)/20)*(1 - h) - h/(1 + exp(-(V + 35)/10))",
    "n": "0.01*(V + 55)/(1 - exp(-(V + 55)/10))*(1 - n) - 0.125*exp(-(V + 65)/80)*n",
}
START, SPAN = [-65.0, 0.05, 0.6, 0.32], (0.0, 200.0)
INTERVALS, FAST = 100, 50
PERIOD, MULTIPLIER = 14.63620998983165, 0.07406025968628  # at I = 10, by multiple shooting with another program
OUT = "out/cycles"


def main(fast=False, out=OUT) -> dict:
    """Trace rest and orbits, draw them, return numbers and verdicts.

    Parameters
    ----------
    fast : bool
        Half the intervals.
    out : path-like
        Folder of ``hodgkin_huxley.png``; made if missing.

    Returns
    -------
    dict
        Hopf points, folds and period doublings in I, what is stable between them, and verdicts by claim.
    """
    out = folder(out)
    rest, orbits = branches(FAST if fast else INTERVALS)
    found = numbers(rest, orbits)
    draw(rest, orbits, out / "hodgkin_huxley.png", fast)
    return {**found, **verdicts(claims(found))}


def branches(intervals) -> tuple:
    """Trace the equilibria, and the orbits from the first Hopf point to where they end."""
    problem = Problem.from_expressions(EQUATIONS, {"I": 0.0}, name="Hodgkin-Huxley")
    rest = trace(problem, START, "I", SPAN)
    return rest, trace(periodic_orbits(problem, intervals), rest["HB1"], "I", SPAN)


def numbers(rest, orbits) -> dict:
    """Values of the current at the special points, orbits at some values, and how well one is known."""
    first, second = rest.hopfs
    folds = [point["I"] for point in orbits.folds]
    onset = min(orbits.folds, key=lambda point: point["I"])
    found = {f"fold {k}": value for k, value in enumerate(folds, 1)}
    found |= {f"doubling {k}": p["I"] for k, p in enumerate(_doublings(orbits), 1)}
    spiking = orbits.unstable[onset.index + 1 : -1]
    orbit = max(orbits.at(I=10.0), key=lambda orbit: orbit.maximum[0])
    return found | {
        "first Hopf point": first["I"],
        "second Hopf point": second["I"],
        "l1 of the first": first.normal_form["l1"],
        "l1 of the second": second.normal_form["l1"],
        "folds": len(folds),
        "onset": onset["I"],
        "frequency at onset": 1000 / onset["period"],
        "orbits at once": len(orbits.at(I=7.9)),
        "unstable ones that spike": exceptions(spiking == 0),
        "end": abs(orbits["I"][-1] - second["I"]),
        "both stable, width": first["I"] - onset["I"],
        "period at 10": abs(orbit.period / PERIOD - 1),
        "multiplier at 10": abs(_leading(orbits.problem, orbit) - MULTIPLIER),
    }


def claims(found) -> list:
    """What is known of these orbits."""
    hassard, rinzel = "Hassard 1978", "Rinzel, Miller 1980"
    return [
        Claim(hassard, "rest is unstable from 9.78 on", found["first Hopf point"], 9.77, 9.79),
        Claim(hassard, "... up to 154.5", found["second Hopf point"], 154.45, 154.55),
        Claim(rinzel, "small orbits at 9.78 are unstable", found["l1 of the first"], low=1e-12, note="l1"),
        Claim(rinzel, "small orbits at 154.5 are stable", found["l1 of the second"], high=-1e-12, note="l1"),
        Claim(rinzel, "one branch joins the Hopf points", found["end"], high=1e-6, note="distance of its end"),
        Claim(rinzel, "three folds", found["folds"], 3, 3),
        Claim(rinzel, "up to four orbits at once", found["orbits at once"], 4, 4, note="at I = 7.9"),
        Claim(rinzel, "spiking begins at 6.26", found["onset"], 6.25, 6.27),
        Claim(rinzel, "spikes are stable beyond", found["unstable ones that spike"], high=0, note="rows"),
        Claim(rinzel, "rest or spikes, as it starts", found["both stable, width"], 3.4, 3.6, note="width in I"),
        Claim("Hodgkin 1948", "class 2: begins fast", found["frequency at onset"], low=40, note="Hz"),
        Claim("shooting", "period at I = 10", found["period at 10"], high=1e-7, note="relative error"),
        Claim("shooting", "multiplier at I = 10", found["multiplier at 10"], high=1e-5, note="error"),
    ]


def draw(rest, orbits, path, fast=False):
    """Draw the voltage of rest and orbits, all of it and where several orbits exist, and the period."""
    figure, axes = figure_of(1, 3, (15, 4.6))
    for ax, title in zip(axes, ("rest and orbits", "where rest and spiking are both stable")):
        rest.plot("I", "V", ax=ax)
        orbits.plot("I", "V", ax=ax)
        ax.set(title=title, xlabel="current I, µA/cm²", ylabel="voltage V, largest and least, mV")
    axes[1].set_xlim(5.8, 10.4)
    axes[1].get_legend().set_loc("center right")
    orbits.plot("I", "period", ax=axes[2])
    axes[2].set(title="period", xlabel="current I, µA/cm²", ylabel="period, ms", xlim=(5.8, 10.4))
    save(figure, path, fast)


def _doublings(orbits) -> list:
    """Period doublings of a branch."""
    return [point for point in orbits.special if point.label.startswith("PD")]


def _leading(cycles, orbit) -> float:
    """Modulus of the largest multiplier of an orbit beside the trivial one: rows of a trace have multipliers."""
    current = orbit.parameters["I"]
    branch = trace(cycles, orbit, "I", (current - 0.1, current + 0.1))
    row = np.argmin(np.abs(branch["I"] - current))
    return float(np.sort(np.abs(branch.multipliers[row]))[-2])


if __name__ == "__main__":
    command(globals(), OUT)
