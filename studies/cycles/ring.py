"""A ring of FitzHugh-Nagumo cells: where several pairs cross at once, and the waves that begin there.

In each of N cells ``v' = v - v**3/3 - w + I + D (v_left + v_right - 2 v)``, ``w' = eps (v + a - b w)``, with a = 0.7,
b = eps = 0.5.  They repel each other: D = -0.1.  The ring is the same turned and reflected, and F_u block-circulant: on
waves of number k it is ``[[1 - v**2 + d, -1], [eps, -eps b]]``, ``d = D (2 cos(2 pi k/N) - 2)``.  So Hopf points are at
``v**2 = 1 - b eps + d``, with two pairs at once unless k = 0 or N/2.  Three families begin at a double pair, a rotating
wave and two standing ones: M. Golubitsky and I. Stewart, "Hopf bifurcation with dihedral group symmetry: coupled
nonlinear oscillators", Contemp. Math. 56 (1986) 131-173.  Everything is mirrored at I = a/b = 1.4, so that smaller I
do.  The branches of standing waves end just before their Hopf point: so small they are all but a circle of solutions,
as terms of third order do not tell the two apart.
Run: ``python -m studies.cycles.ring``.
"""

import math

import numpy as np
from scipy.integrate import solve_ivp

from continuation import Kind, Orbit, Problem, emanating_orbits, periodic_orbits, trace
from studies.claims import Claim, exceptions, verdicts, worst
from studies.command import announce, command, folder
from studies.figures import COLOURS, add_legend, draw_branch, figure_of, legend, save

A, B, EPS, D = 0.7, 0.5, 0.5, -0.1
SPAN = (-0.3, A / B)
REST = (-1.168364588, -0.936729176)  # of one cell at I = -0.3
RINGS, FAST_RINGS = (3, 4, 5, 6), (3, 4)
CELLS = 3  # of the ring whose orbits are followed
INTERVALS = 30
BEGIN = 0.1  # amplitude of the orbit that a family begins with; the expansion there is good to a few percent
SMALL = 0.1  # amplitude up to which orbits tell the law at the Hopf point
LEAST = 0.02  # amplitude from which symmetries are looked at: smaller standing waves are all but a circle of solutions
POINTS = 81  # of a wave in the frame that travels with it: odd and a multiple of three
WORDS = {
    "in phase": "all three in phase",
    "rotating": "rotating: a third of a period apart",
    "two alike": "standing: two alike",
    "two opposite": "standing: two half a period apart",
}
SHIFTS = {"in phase": {"0"}, "rotating": {"0", "1/3", "2/3"}, "two alike": {"0"}, "two opposite": {"0", "1/2"}}
ELEMENTS = {"in phase": 6, "rotating": 3, "two alike": 2, "two opposite": 2}
OUT = "out/cycles"


def main(fast=False, out=OUT) -> dict:
    """Find the Hopf points of rings, follow all orbits of one of them, draw them, return numbers and verdicts.

    Parameters
    ----------
    fast : bool
        Two sizes of rings instead of four.
    out : path-like
        Folder of ``ring.png``; made if missing.

    Returns
    -------
    dict
        Distances from closed forms and from reduced problems, what is stable where, verdicts by claim.
    """
    out = folder(out)
    found = hopf_numbers(FAST_RINGS if fast else RINGS)
    rest, families = waves_of_a_ring()
    found |= symmetry_numbers(families) | law_numbers(families) | synchronous_numbers(families["in phase"])
    found |= travelling_numbers(families["rotating"]) | standing_numbers(families["two alike"])
    found |= stability_numbers(families)
    draw(families, out / "ring.png", fast)
    return {**found, **verdicts(claims(found))}


# The ring, and what is known of it in closed form


def ring(cells) -> Problem:
    """A ring of cells with its turns and reflections; one cell is alone."""
    texts = {}
    for j in range(cells):
        coupling = f" + D*(v{(j - 1) % cells} + v{(j + 1) % cells} - 2*v{j})" if cells > 1 else ""
        texts[f"v{j}"] = f"v{j} - v{j}**3/3 - w{j} + I{coupling}"
        texts[f"w{j}"] = f"eps*(v{j} + a - b*w{j})"
    moves = [[f"{c}{move(j) % cells}" for j in range(cells) for c in "vw"] for move in (lambda j: j + 1, lambda j: -j)]
    values = {"I": SPAN[0], "D": D, "a": A, "b": B, "eps": EPS}
    name = f"ring of {cells} FitzHugh-Nagumo cells"
    return Problem.from_expressions(texts, values, symmetries=moves if cells > 1 else (), name=name)


def two_alike() -> Problem:
    """The ring of three where two cells are alike: cell 0, and cell 1 for both of the others."""
    texts = {
        "v0": "v0 - v0**3/3 - w0 + I + 2*D*(v1 - v0)",
        "w0": "eps*(v0 + a - b*w0)",
        "v1": "v1 - v1**3/3 - w1 + I + D*(v0 - v1)",
        "w1": "eps*(v1 + a - b*w1)",
    }
    return Problem.from_expressions(texts, {"I": SPAN[0], "D": D, "a": A, "b": B, "eps": EPS}, name="two cells alike")


def coupling_of(cells, k) -> float:
    """What the coupling makes of a wave of number k."""
    return D * (2 * math.cos(2 * math.pi * k / cells) - 2)


def hopf_voltage(cells, k) -> float:
    """Voltage at the Hopf point of waves of number k, that with I < a/b."""
    return -math.sqrt(1 - B * EPS + coupling_of(cells, k))


def hopf_current(cells, k) -> float:
    """Current at the same point."""
    v = hopf_voltage(cells, k)
    return (v + A) / B - v + v**3 / 3


def lyapunov(cells, k, pattern) -> float:
    """``Re c1/omega`` of a family at the Hopf point of waves of number k, by linear equations of order two.

    F has no second derivatives but ``-2 v`` and no third ones but -2, each of a cell's voltage by itself, so that
    all harmonics are waves again; see `continuation.branching.emanating.emanating_orbit` for c1.

    Parameters
    ----------
    pattern : (cells,) complex array
        Of the cells' oscillation; its scale cancels.
    """
    v, omega = hopf_voltage(cells, k), math.sqrt(EPS - (EPS * B) ** 2)
    recovery = EPS / (1j * omega + EPS * B)  # w/v in the mode
    first = 1 / (1 - recovery / (1j * omega + EPS * B))  # of the adjoint, scaled to 1 with the mode
    a = pattern / np.linalg.norm(pattern) / math.sqrt(1 + abs(recovery) ** 2)

    def response(rate, forcing):
        """Voltages (cells,) of ``(rate - F_u) h = forcing`` in the voltages."""
        waves = np.fft.fft(forcing)
        gains = [1 / (rate - (1 - v * v + coupling_of(cells, m)) + EPS / (rate + EPS * B)) for m in range(cells)]
        return np.fft.ifft(np.where(np.abs(waves) > 1e-12 * np.max(np.abs(waves)), gains, 0) * waves)

    mean, second = response(0.0, -2 * v * np.abs(a) ** 2), response(2j * omega, -2 * v * a * a)
    cubic = -2 * a * np.abs(a) ** 2 - 4 * v * a * mean - 2 * v * a.conj() * second
    return float((0.5 * first * np.vdot(a, cubic) / np.vdot(a, a)).real / omega)


def patterns(cells, k, name) -> list:
    """Patterns of the cells that a family of waves of number k may have."""
    turn = np.exp(2j * math.pi * k * np.arange(cells) / cells)
    if name != "standing wave":
        return [turn]
    return [np.exp(1j * shift) * turn + np.exp(-1j * shift) / turn for shift in (0, math.pi * k / cells)]


# Branches


def equilibria(problem, cells):
    """All cells at rest alike, from I = -0.3 to where everything is mirrored."""
    return trace(problem, np.tile(REST, cells), "I", SPAN)


def waves_of_a_ring() -> tuple:
    """The equilibria, and one branch of orbits for each family that begins at their Hopf points."""
    problem = ring(CELLS)
    rest, cycles, families = equilibria(problem, CELLS), periodic_orbits(problem, INTERVALS), {}
    for orbit, point in [(orbit, hopf) for hopf in rest.hopfs for orbit in emanating_orbits(problem, hopf)]:
        times, states = orbit.sample(BEGIN, points=48)
        values = {**point.parameters, "I": orbit.parameter_at(BEGIN)}
        small = Orbit(times, states, orbit.period_at(BEGIN), values, state_names=problem.states)
        families[name_of(orbit)] = (orbit, trace(cycles, small, "I", SPAN))
    return rest, families


def name_of(orbit) -> str:
    """Key in `WORDS` of an expanded family."""
    if orbit.name == "standing wave":
        return "two alike" if len(orbit.spatial) > 1 else "two opposite"
    return "rotating" if orbit.name == "rotating wave" else "in phase"


# Numbers


def hopf_numbers(rings) -> dict:
    """Hopf points, families and coefficients of several rings against closed forms."""
    off, wrong, listed, coefficients = [], [], [], []
    for cells in announce(rings, "ring of cells"):
        branch = equilibria(ring(cells), cells)
        known = sorted((hopf_current(cells, k), k) for k in range(cells // 2 + 1))
        found = [point for point in branch.hopfs if point["I"] < A / B]
        wrong.append(len(found) == len(known))
        for point, (current, k) in zip(found, known):
            double = 0 < 2 * k < cells
            off.append(abs(point["I"] - current))
            wrong.append(point.normal_form["multiplicity"] == 1 + double)
            orbits = emanating_orbits(branch.problem, point)
            names = sorted(orbit.name for orbit in orbits)
            if double:
                listed.append(names == ["rotating wave", "standing wave", "standing wave"])
            for orbit in orbits:
                own = [lyapunov(cells, k, pattern) for pattern in patterns(cells, k, orbit.name)]
                coefficients.append(min(abs(orbit.lyapunov / value - 1) for value in own))
    return {
        "Hopf points": worst(off),
        "wrong multiplicities": exceptions(wrong),
        "other families": exceptions(listed),
        "coefficients": worst(coefficients),
    }


def symmetry_numbers(families) -> dict:
    """Whether each family keeps its symmetry in space and time, all along its branch."""
    kept, twice = [], []
    for name, (_, branch) in families.items():
        large = np.flatnonzero(branch["amplitude"] > LEAST)
        for row in large[np.linspace(0, len(large) - 1, 5).astype(int)]:
            wave = branch.orbit_symmetry(row)
            shifts = {str(shift) for shift in wave.shifts}
            kept.append(shifts == SHIFTS[name] and len(wave.elements) == ELEMENTS[name])
            if name == "two opposite":
                twice.append(return_of_one(branch.orbit(row)))
    return {"symmetries lost": exceptions(kept), "third cell": worst(twice)}


def return_of_one(orbit) -> float:
    """How far the cell that is most so is from having half the period, relative to the largest range of a cell."""
    t = np.linspace(0, orbit.period, 200)
    before, after = orbit(t)[:, ::2], orbit(t + 0.5 * orbit.period)[:, ::2]
    return float(np.min(np.max(np.abs(after - before), axis=0)) / np.max(np.ptp(before, axis=0)))


def law_numbers(families) -> dict:
    """How ``(I - I_0)/eps**2`` begins, against the normal form.

    Squares of amplitudes are means over time and the ring's states, so that there are ``2 eps**2`` in all.
    """
    errors = []
    for orbit, branch in families.values():
        square = CELLS * branch["amplitude"] ** 2
        few = (square > 1e-4) & (square < CELLS * SMALL**2)
        ratio = (branch["I"][few] - orbit.parameter) / square[few]
        errors.append(abs(np.polyfit(square[few], ratio, 2)[-1] / orbit.parameter2 - 1))
    return {"law": worst(errors)}


def synchronous_numbers(family) -> dict:
    """Orbits in phase against those of one cell, and their multipliers against those of equations of order two."""
    branch = family[1]
    alone = ring(1)
    cell = trace(periodic_orbits(alone, INTERVALS), equilibria(alone, 1)["HB1"], "I", SPAN)
    periods, multipliers = [], []
    for current in (0.6, 1.2):
        (one,), (all_,) = cell.at(I=current), branch.at(I=current)
        periods.append(abs(all_.period / one.period - 1))
        row = np.argmin(np.abs(branch["I"] - current))
        own = branch.multipliers[row]
        across = transverse_multipliers(branch.orbit(row))
        multipliers += [np.sort(np.abs(own - value))[1] for value in across]  # each twice
    lost = [point for point in branch.special if point.kind in (Kind.PERIOD_DOUBLING, Kind.BRANCH_POINT)]
    signs = {Kind.PERIOD_DOUBLING: -1.0, Kind.BRANCH_POINT: 1.0}
    critical = [np.min(np.abs(transverse_multipliers(branch.orbit(p.index)) - signs[p.kind])) for p in lost]
    stable = branch["I"][branch.unstable == 0]
    return {
        "periods in phase": worst(periods),
        "multipliers in phase": worst(multipliers),
        "where symmetry is lost": worst(critical),
        "points with two multipliers": sum(point.nullity == 2 for point in lost),
        "in phase, stable from": float(np.min(stable, initial=math.inf)),
        "in phase, stable to": float(np.max(stable, initial=-math.inf)),
    }


def transverse_multipliers(orbit) -> np.ndarray:
    """Multipliers (2,) of disturbances of sum zero of an orbit in phase, by integrating their equations in one cell."""
    added, current = coupling_of(CELLS, 1), orbit.parameters["I"]

    def flow(t, y):
        v, w = y[:2]
        slope = np.array([[1 - v * v + added, -1], [EPS, -EPS * B]])
        return np.concatenate(
            [[v - v**3 / 3 - w + current, EPS * (v + A - B * w)], (slope @ y[2:].reshape(2, 2)).ravel()]
        )

    begin = np.concatenate([orbit(0.0)[:2], [1, 0, 0, 1]])
    run = solve_ivp(flow, (0, orbit.period), begin, method="DOP853", rtol=1e-11, atol=1e-12)
    return np.linalg.eigvals(run.y[2:, -1].reshape(2, 2))


def travelling_numbers(family) -> dict:
    """The rotating wave against that of one cell in the frame that travels with it."""
    (orbit,) = family[1].at(I=1.0)
    wave, period = travelling_wave(orbit)
    profile = orbit(np.arange(POINTS) / POINTS * orbit.period)[:, 0]
    return {
        "travelling period": abs(period / orbit.period - 1),
        "travelling wave": float(abs(np.max(wave) - np.max(profile))),
    }


def travelling_wave(orbit) -> tuple:
    """Voltage (POINTS,) and period of ``v(t)`` whose neighbours are ``v(t + T/3)`` and ``v(t - T/3)``.

    Newton's method on trigonometric polynomials, from an orbit that is disturbed by a percent.
    """
    steps, third = np.arange(POINTS), POINTS // CELLS
    waves = np.fft.fftfreq(POINTS, 1 / POINTS)
    slope = np.fft.ifft(2j * math.pi * waves[:, None] * np.fft.fft(np.eye(POINTS), axis=0), axis=0).real
    eye = np.eye(POINTS)
    neighbours = D * (np.roll(eye, third, axis=0) + np.roll(eye, -third, axis=0) - 2 * eye)
    states = orbit(steps / POINTS * orbit.period)
    x = np.concatenate([1.01 * states[:, 0], 0.99 * states[:, 1], [orbit.period]])
    phase = slope @ states[:, 0]
    for _ in range(12):
        v, w, period = x[:POINTS], x[POINTS:-1], x[-1]
        rates = v - v**3 / 3 - w + orbit.parameters["I"] + neighbours @ v, EPS * (v + A - B * w)
        gaps = np.concatenate(
            [slope @ v - period * rates[0], slope @ w - period * rates[1], [phase @ (v - states[:, 0])]]
        )
        voltages = [slope - period * (np.diag(1 - v * v) + neighbours), period * eye, -rates[0][:, None]]
        recoveries = [-period * EPS * eye, slope + period * EPS * B * eye, -rates[1][:, None]]
        x -= np.linalg.solve(np.block([voltages, recoveries, [phase, np.zeros(POINTS + 1)]]), gaps)
    return x[:POINTS], x[-1]


def standing_numbers(family) -> dict:
    """The wave with two cells alike against that in the space where they are."""
    branch, smaller = family[1], two_alike()
    inside = trace(periodic_orbits(smaller, INTERVALS), equilibria(smaller, 2)["HB1"], "I", SPAN)
    (whole,), (part,) = branch.at(I=1.0), inside.at(I=1.0)
    folds = [sorted(point["I"] for point in b.folds) for b in (branch, inside)]
    return {
        "restricted period": abs(whole.period / part.period - 1),
        "restricted folds": worst(abs(a - b) for a, b in zip(*folds)) if len(folds[0]) == len(folds[1]) else math.nan,
    }


def stability_numbers(families) -> dict:
    """Which families are stable where, and whether a simulation beside a stable orbit comes back to it."""
    stable, closing = {}, []
    for current in (0.1, 0.42, 1.0):
        stable[current] = [name for name, (_, branch) in families.items() if stable_at(branch, current)]
    for name, current in (("two alike", 0.1), ("two opposite", 0.1), ("rotating", 1.0)):
        branch = families[name][1]
        orbit = min(branch.at(I=current), key=lambda orbit: unstable_near(branch, orbit))
        nudged = orbit(0.0) + 0.02 * np.sin(np.arange(2 * CELLS))
        again = Orbit.from_simulation(branch.problem.vector_field, nudged, {"I": current})
        closing.append(abs(again.period / orbit.period - 1))
    rotating = families["rotating"][1]
    return {
        "stable at I = 0.1": ", ".join(stable[0.1]),
        "stable at I = 0.42": ", ".join(stable[0.42]),
        "stable at I = 1": ", ".join(stable[1.0]),
        "standing waves stable at 0.1": sum(name.startswith("two") for name in stable[0.1]),
        "waves stable at 0.42": int(stable[0.42] == ["rotating", "in phase"]),
        "waves stable at 1": int(stable[1.0] == ["rotating"]),
        "rotating, stable from": float(np.min(rotating["I"][rotating.unstable == 0], initial=math.inf)),
        "simulated periods": worst(closing),
    }


def stable_at(branch, current) -> bool:
    """Whether a branch has a stable orbit at a current."""
    rows = np.flatnonzero(np.diff(np.sign(branch["I"] - current)) != 0)
    return bool(np.any((branch.unstable[rows] == 0) & (branch.unstable[rows + 1] == 0)))


def unstable_near(branch, orbit) -> int:
    """Unstable multipliers of the row of a branch next to an orbit."""
    gaps = np.abs(branch["I"] - orbit.parameters["I"]) + np.abs(branch["period"] / orbit.period - 1)
    return int(branch.unstable[np.argmin(gaps)])


# What is shown


def claims(found) -> list:
    """What is known of rings of oscillators, and what reduced problems say."""
    theorem = "Golubitsky 1986"
    return [
        Claim("block-circulant", "Hopf points in closed form", found["Hopf points"], high=1e-10, note="distance in I"),
        Claim("block-circulant", "two pairs at once but at k = 0, N/2", found["wrong multiplicities"], high=0),
        Claim(theorem, "then one rotating, two standing waves", found["other families"], high=0, note="other points"),
        Claim("normal form", "coefficients in closed form", found["coefficients"], high=1e-8, note="relative error"),
        Claim("normal form", "I moves by the square of amplitude", found["law"], high=1e-2, note="relative error"),
        Claim(theorem, "each keeps its symmetry all along", found["symmetries lost"], high=0, note="rows"),
        Claim(
            theorem, "opposite cells: a third, twice as fast", found["third cell"], high=1e-3, note="off, of its range"
        ),
        Claim(
            "one cell", "in phase: the orbits of a cell", found["periods in phase"], high=1e-9, note="relative error"
        ),
        Claim("one cell", "... each multiplier across twice", found["multipliers in phase"], high=1e-5, note="error"),
        Claim("one cell", "... lose symmetry where they pass 1, -1", found["where symmetry is lost"], high=1e-4),
        Claim("one cell", "... two multipliers at once, 3 times", found["points with two multipliers"], 3, 3),
        Claim(
            "travelling frame", "the rotating wave is one cell's", found["travelling period"], high=1e-7, note="period"
        ),
        Claim("travelling frame", "... with the same voltage", found["travelling wave"], high=1e-6, note="largest"),
        Claim(
            "two cells", "alike: the orbits of two cells", found["restricted period"], high=1e-9, note="relative error"
        ),
        Claim("two cells", "... with the same folds", found["restricted folds"], high=1e-6, note="distance in I"),
        Claim("multipliers", "both standing waves stable at I = 0.1", found["standing waves stable at 0.1"], 2, 2),
        Claim("multipliers", "rotating or in phase at I = 0.42", found["waves stable at 0.42"], 1),
        Claim("multipliers", "at I = 1 the rotating wave only", found["waves stable at 1"], 1),
        Claim("simulation", "beside stable waves comes back", found["simulated periods"], high=1e-7, note="period"),
    ]


def draw(families, path, fast=False):
    """Draw amplitude and period of all families, and one wave of each."""
    figure, axes = figure_of(2, 3, (15, 8.6))
    for ax, column in zip(axes[:, 0], ("amplitude", "period")):
        for colour, (name, (_, branch)) in zip(COLOURS, families.items()):
            draw_branch(ax, branch, "I", column, colour, WORDS[name])
        ax.set(title=f"all orbits: {column}", xlabel="current I", ylabel=f"{column} of the orbit")
    legend(axes[0, 0], "stable", "unstable", ("LP", "BP", "HB", "PD", "NS"), fontsize=7)
    shown = {"in phase": (0.42, axes[0, 1]), "rotating": (1.0, axes[0, 2]), "two alike": (0.1, axes[1, 1])}
    for name, (current, ax) in (shown | {"two opposite": (0.1, axes[1, 2])}).items():
        branch = families[name][1]
        orbit = min(branch.at(I=current), key=lambda orbit: unstable_near(branch, orbit))
        t = np.linspace(0, orbit.period, 400)
        for cell, style in enumerate(("-", "--", ":")):
            ax.plot(t / orbit.period, orbit(t)[:, 2 * cell], style, lw=2, color=COLOURS[cell], label=f"cell {cell}")
        ax.set(title=f"{WORDS[name]}, I = {current:g}", xlabel="time, periods", ylabel="voltage v")
        add_legend(ax)
    save(figure, path, fast)


if __name__ == "__main__":
    command(globals(), OUT)
