"""Training with momentum and with Adam as flows: which oscillations last, and where they begin.

The loss is that of a scalar linear network of two equal layers, ``f = (x**2 - s)**2/4``, g = f', which is
`systems.factorization` of the number s on its balanced line.  At small learning rates h the optimisers follow flows,
a1 = (1 - beta1)/h, a2 = (1 - beta2)/h, epsilon inside the root (A. B. da Silva and M. Gazeau, JMLR 21 (2020), at late
times).

- Momentum, ``x' = p, p' = -gamma p - g``.  ``p**2/2 + f`` falls at the rate ``gamma p**2``: with friction nothing
  oscillates for ever.  Eigenvalues are on the axis at minima where gamma = 0, and nowhere else.
- Adam, ``x' = -m/S, m' = a1 (g - m), q' = a2 (g**2 - q)``, S = sqrt(q + eps**2).  Where it rests, g = m = q = 0, it is
  momentum in other units: no Hopf points for any betas.  ``f + m**2/(2 a1 S)`` changes by
  ``-m**2/S (1 + a2 (g**2 - q)/(4 a1 S**2))``, and so falls if a2 <= 4 a1 (A. Barakat and P. Bianchi, SIAM J. Optim. 31
  (2021) 244-274), which is ``beta1**2 <= sqrt(beta2)``, the condition of D. P. Kingma and J. Ba (2015), to first order
  in h: no cycles there.
- Beyond, small fast oscillations on a bowl ``|x|**n`` with eps = 0 have ``r = <g**2>/q`` settle, where q follows g**2
  and ``<m**2 g**2> = (n + 2)/(5 n - 2) <m**2> <g**2>``.  Averaged over one of them (derived here) the energy grows at
  the rate ``2 n ((n - 1) a2 - (5 n - 2) a1)/(3 (n + 2)(2 n - 1))``: at a minimum, n = 2, that is (a2 - 8 a1)/9.  What
  is far smaller than eps dies, what is large as well: between are a stable and an unstable cycle, born in a fold.
  No Hopf point leads to them: their branches are closed curves between two folds, the first of which goes to a2 = 8 a1
  as eps falls.

Run: ``python -m studies.cycles.adam``.
"""

import math

import numpy as np
from scipy.integrate import solve_ivp
from scipy.special import ellipk

from continuation import Orbit, Problem, Settings, Status, periodic_orbits, trace
from studies.claims import Claim, exceptions, verdicts, worst
from studies.command import command, folder
from studies.figures import COLOURS, add_legend, draw_branch, figure_of, legend, save
from systems.factorization import balanced_point, factorization

FORGETS, FLOOR = 16.0, 0.01  # a2 (of a1 = 1) and eps where a cycle is looked for
BESIDE = (1.03, 0.0, 0.0025)  # a state that a simulation there leads from to the cycle
SPAN = (1.0, 60.0)  # of a2
LIMITS, FAST_LIMITS = (1e-5, 0.1), (1e-4, 0.1)  # of eps, on the curve of folds
INTERVALS = 40
SEED = 20261201
FULL, FAST = (200, (2, 4)), (30, (2,))  # runs, and powers n of bowls
STEP, FAST_STEP = 5e-5, 2e-4  # learning rates of the optimiser beside the flow: it errs in proportion
OUT = "out/cycles"


def main(fast=False, out=OUT) -> dict:
    """Look for oscillations of both flows, follow those of Adam, draw them, return numbers and verdicts.

    Parameters
    ----------
    fast : bool
        Fewer runs, larger steps of the optimiser, a shorter curve of folds.
    out : path-like
        Folder of ``adam.png``; made if missing.

    Returns
    -------
    dict
        Hopf points, what laws say of friction and energies, the cycles of Adam and their folds, verdicts by claim.
    """
    out = folder(out)
    vibrations = conservative_family()
    cycles, folds = adam_branches(FAST_LIMITS if fast else LIMITS)
    found = momentum_numbers(*vibrations) | adam_numbers(*FAST if fast else FULL)
    found |= cycle_numbers(cycles, folds, FAST_STEP if fast else STEP)
    draw(cycles, folds, out / "adam.png", fast)
    return {**found, **verdicts(claims(found))}


# The flows, and the optimiser


def momentum() -> Problem:
    """Momentum with friction gamma."""
    return Problem.from_expressions(
        {"x": "p", "p": "-gamma*p - x*(x**2 - s)"}, {"gamma": -0.5, "s": 1.0}, name="momentum"
    )


def adam(a2, floor, w=0.0) -> Problem:
    """Adam with a1 = 1, or AdamW, its decoupled decay w."""
    return Problem.from_expressions(
        {"x": "-m/sqrt(q + eps**2) - w*x", "m": "a1*(g - m)", "q": "a2*(g**2 - q)"},
        {"s": 1.0, "a1": 1.0, "a2": a2, "w": w, "eps": floor},
        definitions={"g": "x*(x**2 - s)"},
        name="AdamW" if w else "Adam",
    )


def optimiser(a2, floor, w, target, step, state, length) -> np.ndarray:
    """(k, 3) states x, m, q of Adam or AdamW itself from a state on, with learning rate `step`, for a time `length`."""
    beta1, beta2 = 1 - step, 1 - a2 * step
    x, m, q = state
    found = np.empty((int(length / step), 3))
    for k in range(len(found)):
        found[k] = x, m, q
        g = x * (x * x - target)
        m, q = beta1 * m + (1 - beta1) * g, beta2 * q + (1 - beta2) * g * g
        x -= step * (m / math.sqrt(q + floor * floor) + w * x)
    return found


# Branches


def conservative_family():
    """Orbits of the Hopf point without friction: they leave it at gamma = 0, all of them."""
    problem = momentum()
    rest = trace(problem, [1.0, 0.0], "gamma", (-0.5, 0.5))
    few = Settings(max_points=40)
    return rest, trace(periodic_orbits(problem, 40), rest["HB1"], "gamma", (-0.5, 0.5), detect=(), settings=few)


def adam_branches(limits) -> tuple:
    """Cycles of Adam through one that was simulated, and the curve of their folds in a2 and eps."""
    problem = adam(FORGETS, FLOOR)
    cycles = periodic_orbits(problem, INTERVALS)
    branch = trace(cycles, Orbit.from_simulation(problem, BESIDE), "a2", SPAN)
    first = min(branch.folds, key=lambda point: point["a2"])
    return branch, trace(cycles, first, ("a2", "eps"), {"a2": SPAN, "eps": limits})


# Numbers


def momentum_numbers(rest, family) -> dict:
    """Where eigenvalues of momentum are on the axis, what leaves there, and what friction does."""
    largest = family["x_max"][1:]
    modulus = 2 * (largest**2 - 1) / largest**2  # x = A dn(A t/sqrt(2)) solves x'' = x - x**3
    periods = 2 * math.sqrt(2) * ellipk(modulus) / largest
    counts, axis = [], math.inf
    for kept in ([], [0], [1], [0, 1]):
        target = np.diag([3.0, 2.0])
        problem, point = factorization(target, 2), balanced_point(target, 2, kept, 0.5)
        hessian = -problem.jacobian(point.state, {"lam": 0.5})
        index = np.sum(np.linalg.eigvalsh(hessian) < -1e-9)
        for friction in (0.01, 0.3, 3.0):
            eye, zero = np.eye(len(hessian)), np.zeros_like(hessian)
            values = np.linalg.eigvals(np.block([[zero, eye], [-hessian, -friction * eye]]))
            counts.append(np.sum(values.real > 1e-9) == index)
            axis = min(axis, np.min(np.abs(values.real)[np.abs(values.imag) > 1e-6], initial=math.inf) / friction)
    return {
        "Hopf points of momentum": len(rest.hopfs),
        "friction there": float(abs(rest["HB1"]["gamma"])),
        "friction of orbits": float(np.max(np.abs(family["gamma"]))),
        "periods without friction": float(np.max(np.abs(family["period"][1:] / periods - 1))),
        "other counts with friction": exceptions(counts),
        "real parts over friction": float(axis),
    }


def adam_numbers(runs, powers) -> dict:
    """Hopf points of Adam, energies along its motions, and rates at which small fast oscillations grow."""
    hopfs = 0
    for a2 in (0.25, 1.0, 4.0, 16.0):
        branch = trace(adam(a2, 0.1), [1.0, 0.0, 0.0], "s", (0.1, 4.0), parameters={"s": 1.0})
        hopfs += len(branch.hopfs)
    uphill = adam(1.0, 0.1).residual([0.7, 0.0, 0.0], {"s": 2.0})[1]
    rng = np.random.default_rng(SEED)
    starts = rng.normal(size=(runs, 3)) * [2, 2, 1]
    rates = [abs(growth_rate(n, a2) / averaged_rate(n, a2) - 1) for n in powers for a2 in (5.0, 16.0)]
    return {
        "gradients": abs(uphill + factorization([[2.0]], 1).residual([0.7, 0.7])[0]),
        "Hopf points of Adam": hopfs,
        "rises up to a2 = 4 a1": worst(rise_of_energy(4.0, start) for start in starts),
        "rises beyond": worst(rise_of_energy(64.0, start) for start in starts[:10]),
        "averaged rates": worst(rates),
    }


def rise_of_energy(a2, start) -> float:
    """Largest rise of ``f + m**2/(2 a1 S)`` along a motion of Adam, relative to what it is at first."""
    problem = adam(a2, 0.1)
    values = {"s": 1.0}
    begin = [start[0], start[1], start[2] ** 2]
    run = solve_ivp(lambda t, u: problem.residual(u, values), (0, 10), begin, "LSODA", rtol=1e-9, atol=1e-11)
    x, m, q = run.y
    energy = (x * x - 1) ** 2 / 4 + m * m / (2 * np.sqrt(q + 0.01))
    return float(np.max(np.diff(energy), initial=0.0) / energy[0])


def averaged_rate(n, a2) -> float:
    """Rate at which averaging has the energy of small fast oscillations on ``|x|**n/n`` grow."""
    return 2 * n * ((n - 1) * a2 - (5 * n - 2)) / (3 * (n + 2) * (2 * n - 1))


def growth_rate(n, a2) -> float:
    """The same from a motion, with eps = 0: oscillations that take a hundredth or less of 1/a1."""

    def flow(t, u):
        x, m, q = u
        g = np.sign(x) * abs(x) ** (n - 1)
        return [-m / math.sqrt(q), g - m, a2 * (g * g - q)]

    size = 1e-6
    g = size ** (n - 1)
    run = solve_ivp(flow, (0, 1.5), [size, 0.0, g * g / 2], "DOP853", rtol=1e-8, atol=1e-60)
    x, m, q = run.y
    energy, late = np.abs(x) ** n / n + m * m / (2 * np.sqrt(q)), run.t > 1.0
    return float(np.polyfit(run.t[late], np.log(energy[late]), 1)[0])


def cycle_numbers(cycles, folds, step) -> dict:
    """The closed curve of Adam's cycles, how its first fold moves as eps falls, and the optimiser on a cycle."""
    places = sorted(point["a2"] for point in cycles.folds)
    few = folds["eps"] < 4e-4
    powers = folds["eps"][few] ** (2 / 3)
    limit = np.polyfit(powers, folds["a2"][few], 2)[-1]
    orbit = stable_cycle(cycles)
    late = optimiser(FORGETS, FLOOR, 0.0, 1.0, step, orbit(0.0), 12.0)[int(10 / step) :, 0]
    errors = np.min(late) - orbit.minimum[0], np.max(late) - orbit.maximum[0]
    return {
        "first fold": places[0],
        "second fold": places[-1],
        "folds": len(places),
        "closed": int(cycles.ends == (Status.CLOSED, Status.CLOSED)),
        "period": orbit.period,
        "counts": len(set(cycles.unstable.tolist()) ^ {0, 1}),
        "first fold without eps": float(limit),
        "least a2 of a fold": float(np.min(folds["a2"])),
        "largest eps of a fold": float(np.max(folds["eps"])),
        "optimiser": float(np.max(np.abs(errors)) / np.ptp(orbit(np.linspace(0, orbit.period, 99))[:, 0])),
    }


def stable_cycle(cycles):
    """The stable one of the cycles at the a2 where they were looked for."""
    rows = np.flatnonzero(np.diff(np.sign(cycles["a2"] - FORGETS)) != 0)
    row = next(row for row in rows if cycles.unstable[row] == 0)
    return min(cycles.at(a2=FORGETS), key=lambda orbit: abs(orbit.maximum[0] - cycles["x_max"][row]))


# What is shown


def claims(found) -> list:
    """What theorems say of oscillations in training, what averaging says, and what is found."""
    energy, barakat = "energy", "Barakat 2021"
    return [
        Claim("momentum", "one Hopf point at a minimum", found["Hopf points of momentum"], 1, 1),
        Claim("momentum", "... without friction", found["friction there"], high=1e-12, note="friction"),
        Claim(energy, "orbits have no friction", found["friction of orbits"], high=1e-10, note="largest friction"),
        Claim("Jacobi", "their periods by elliptic integrals", found["periods without friction"], high=1e-10),
        Claim(energy, "friction: the loss counts unstable ones", found["other counts with friction"], high=0),
        Claim(energy, "... and damps all that turns", found["real parts over friction"], low=0.1, note="least rate"),
        Claim("systems", "the loss is that of factorization", found["gradients"], high=1e-12, note="gradients"),
        Claim("Adam", "no Hopf points, whatever the betas", found["Hopf points of Adam"], high=0),
        Claim(barakat, "energy falls if a2 <= 4 a1", found["rises up to a2 = 4 a1"], high=1e-7, note="largest rise"),
        Claim(barakat, "... and may rise beyond", found["rises beyond"], low=1e-4, note="largest rise"),
        Claim(barakat, "... where alone cycles are", found["least a2 of a fold"], low=4.0, note="least a2"),
        Claim("averaging", "small oscillations grow or die", found["averaged rates"], high=1e-2, note="of rates"),
        Claim("cycles", "closed curves of them", found["closed"], 1),
        Claim("cycles", "... between two folds", found["folds"], 2, 2),
        Claim("cycles", "... one half stable, one not", found["counts"], high=0),
        Claim("averaging", "without eps they begin at 8 a1", found["first fold without eps"], 7.99, 8.01, note="a2"),
        Claim("optimiser", "Adam itself stays on its cycle", found["optimiser"], high=0.1, note="error over range"),
    ]


def draw(cycles, folds, path, fast=False):
    """Draw the cycles of Adam over a2, one of them with the optimiser, and the curve of their folds."""
    figure, (curve, wave, plane) = figure_of(1, 3, (15, 4.6))
    for name, label in (("x_max", "cycles, largest and least x"), ("x_min", None)):
        draw_branch(curve, cycles, "a2", name, COLOURS[0], label)
    curve.axhline(1.0, color=COLOURS[6], lw=2.4, label="rest, stable")
    curve.set(title=f"Adam: a closed curve of cycles, eps = {FLOOR:g}", xlabel="a2/a1", ylabel="weight x")
    curve.set_ylim(0.945, 1.035)
    legend(curve, "stable", "unstable", ("LP",), loc="lower center", ncols=2)
    orbit, step = stable_cycle(cycles), 0.005
    t = np.linspace(0, 3 * orbit.period, 600)
    wave.plot(t, orbit(t)[:, 0], lw=2.4, color=COLOURS[0], label="a cycle of the flow")
    run = optimiser(FORGETS, FLOOR, 0.0, 1.0, step, orbit(0.0), t[-1])[:, 0]
    label = f"Adam, beta1 = {1 - step:g}, beta2 = {1 - FORGETS * step:g}"
    wave.plot(step * np.arange(len(run)), run, ".", ms=3, color=COLOURS[1], label=label)
    wave.set(title=f"a cycle at a2 = {FORGETS:g} a1", xlabel="time, 1/a1", ylabel="weight x")
    wave.set_ylim(0.965, 1.045)
    add_legend(wave, loc="upper center")
    plane.semilogy(folds["a2"], folds["eps"], lw=2, color=COLOURS[0], label="folds: cycles on the right below")
    for place, text, style in ((4.0, "energy falls up to 4", "--"), (8.0, "averaging: 8", ":")):
        plane.axvline(place, color="0.4", lw=1.2, ls=style, label=text)
    plane.set(title="Adam: where its cycles are", xlabel="a2/a1 = (1 - beta2)/(1 - beta1)", ylabel="eps", xlim=(0, 60))
    add_legend(plane)
    save(figure, path, fast)


if __name__ == "__main__":
    command(globals(), OUT)
