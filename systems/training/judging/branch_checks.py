"""`check_branch`: gradient descent as the judge of a branch and of what it says about stability."""

import math
from dataclasses import dataclass

import numpy as np

from continuation import Branch
from continuation.output.plotting import draw_legend, usual_y
from systems.number_checks import check_count, check_positive
from systems.training.descent import Field, flow_of
from systems.training.judging.balance import broken_law
from systems.training.judging.endpoint import Endpoint
from systems.training.judging.sweeps import Sweep, stable_side, sweep_through
from systems.training.runs import Stop

ON = 1e-6  # of the state's size: how far an equilibrium may be from the branch's row
ALONG = 1e-3  # relative error of a rate along an eigenvector that passes
LAW = 1e-12  # departure from law I1 at any step, relative
RANDOM = 1e-2  # ... from a random start
ROUNDING = 1e-8  # of the way from a saddle: entries of a destination below are shown as 0


@dataclass(frozen=True, eq=False)
class PointCheck:
    """Experiments at one row of a branch.

    Attributes
    ----------
    row, parameter, unstable : int, float, int
        Row of the branch, value of the varied parameter, what the branch says.
    seen : int
        Unstable modes that descent showed, from signs of measured rates; skipped modes by their eigenvalue.
    rates : list of ModeRate
    random : ModeRate or None
        Of stable points.
    attracted : bool or None
        Of stable points: whether random small perturbations returned.
    destinations : list of Destination
        Of saddles; empty where 2 million steps would not take descent away.
    left : bool
        Of saddles: whether both signs went somewhere else.
    gauge : int
        Dimension of the orbit projected out.
    law : float
        Largest departure from law I1, NaN where no balance was given.
    note : str
        Why the row was not judged, else empty.
    """

    row: int
    parameter: float
    unstable: int
    seen: int = -1
    rates: tuple = ()
    random: object = None
    attracted: bool | None = None
    destinations: tuple = ()
    left: bool = True
    gauge: int = 0
    law: float = math.nan
    note: str = ""

    @property
    def worst(self) -> float:
        """Largest relative error of a rate along an eigenvector; NaN where none was measured."""
        errors = [rate.error for rate in self.rates if not rate.skipped]
        return max(errors) if errors else math.nan

    @property
    def judged(self) -> bool:
        """Whether anything was measured here."""
        return not self.note

    @property
    def passed(self) -> bool:
        """Whether rates, counts and basins are what the branch says (true where nothing was judged)."""
        if not self.judged:
            return True
        rates = not self.worst > ALONG
        random = self.random is None or self.random.skipped != "" or self.random.error <= RANDOM
        return (
            rates
            and random
            and not self.law > LAW
            and self.seen == self.unstable
            and self.attracted is not False
            and self.left
        )


@dataclass(frozen=True, eq=False)
class BranchCheck:
    """Result of `check_branch`: ``points`` (list of `PointCheck`), ``sweeps`` (list of `Sweep`), ``passed``."""

    branch: object
    points: tuple
    sweeps: tuple

    @property
    def passed(self) -> bool:
        """Whether every point judged and every sweep made passed, and some point was judged."""
        swept = all(sweep.passed for sweep in self.sweeps if not sweep.note)
        return swept and self.judged > 0 and all(point.passed for point in self.points)

    @property
    def judged(self) -> int:
        """Number of points at which something was measured."""
        return sum(point.judged for point in self.points)

    @property
    def law(self) -> float:
        """Largest departure from law I1 at any step; NaN where no balance was given."""
        return float(np.fmax.reduce([math.nan, *(point.law for point in self.points)]))

    @property
    def worst(self) -> float:
        """Largest relative error of a rate along an eigenvector; NaN where none was measured."""
        return float(np.fmax.reduce([math.nan, *(point.worst for point in self.points)]))

    def table(self) -> str:
        """Write lines for the reader: one a point, one a sweep, the verdict."""
        return "\n".join([*_point_lines(self), *_sweep_lines(self), *_law_lines(self), f"passed: {self.passed}"])

    def __str__(self):
        return self.table()

    def plot(self, x=None, y=None, ax=None):
        """Draw the branch with arrows of descent; returns the Axes."""
        y = y or usual_y(self.branch)
        ax = self.branch.plot(x, y, ax)
        column = self.branch[y]
        short = 0.08 * (np.ptp(column) or 1.0)
        style = {"arrowstyle": "->", "color": "0.35", "lw": 0.9, "shrinkA": 0, "shrinkB": 0}
        ends = [*ax.get_ylim()]
        for point in self.points:
            for start, end in _arrows(self.branch, point, y, short):
                ax.annotate("", (point.parameter, end), (point.parameter, start), arrowprops=style)
                ends.append(end)
        ax.plot([], [], color="0.35", lw=0.9, marker=9, label="descent")
        draw_legend(ax)
        ax.set_ylim(min(ends) - (min(ends) < ends[0]) * short, max(ends) + (max(ends) > ends[1]) * short)
        return ax


def check_branch(branch, *, points=20, eta=None, sweeps=True, balance=None, seed=0) -> BranchCheck:
    """Check what a branch says about stability by gradient descent ``u+ = u + eta F(u, p)``.

    Parameters
    ----------
    branch : Branch
        Equilibria of a flow, traced in one parameter, with its problem.  Of a derived problem (isolated, restricted)
        descent runs in the equations behind it.
    points : int
        Rows judged, evenly spread; rows of special points are left out.
    eta : float, optional
        Rate of descent; default 0.26 over the largest eigenvalue at each row.
    sweeps : bool
        Also sweep the parameter through every fold that has a stable side.
    balance : callable, optional
        ``balance(u)``: what layers of a homogeneous network keep (`linear_networks.layer_balance`,
        `factorization.balance` ...); law I1 is then checked at every step of descents from near each row.
    seed : int
        Of the random displacements.

    Returns
    -------
    BranchCheck

    Raises
    ------
    ValueError
        A curve in two parameters, a branch without problem, a problem that is no flow.

    Notes
    -----
    1. *Rates.*  From a start displaced along each eigenvector the slope of the logarithm of the displacement, in the
       coordinate of the left eigenvector, is to be ``ln|1 + eta mu|`` (mu an eigenvalue of F_u) to 1e-3 over three
       decades; to 1e-2 from random starts.  Slow modes (below 1e-3 of the fastest) are left out.
    2. *Basins.*  Stable points attract random small perturbations; saddles send both signs of their most unstable
       eigenvector somewhere else, and where is recorded.
    3. *Sweeps*: `systems.training.judging.sweeps.sweep_through`.
    4. *Law I1*, where a balance is given, to 1e-12: `systems.training.judging.balance.broken_law`.

    Null vectors along which solutions go on (gauge orbits, circles) are found and projected out.  Where others remain
    (a bifurcation is near) the row is not judged.

    Examples
    --------
    >>> from continuation import trace
    >>> from systems.linear_networks import scalar_network
    >>> branch = trace(scalar_network(3, 1.0), [1.0], "lam", (0.01, 1), parameters={"lam": 0.1})
    >>> check = check_branch(branch, points=6)
    >>> check.passed, check.judged, abs(check.sweeps[0].fitted - 0.4724703937105774) < 1e-4
    (True, 6, True)
    """
    problem, eta = _checked(branch), None if eta is None else check_positive("eta", eta)
    rng = np.random.default_rng(seed)
    judged = [_judge(problem, branch, row, eta, balance, rng) for row in _rows(branch, check_count("points", points))]
    folds = [fold for fold in branch.folds if stable_side(branch, fold)] if sweeps else []
    return BranchCheck(branch, tuple(judged), tuple(sweep_through(branch, fold) for fold in folds))


def _checked(branch):
    """The problem of a branch that can be judged."""
    if not isinstance(branch, Branch):
        raise ValueError(f"branch: wanted a Branch as `trace` returns it, got {type(branch).__name__}")
    if branch.problem is None:
        raise ValueError("branch: wanted one with its problem; give `Branch.extend` or a trace of your own")
    if len(branch.vary) != 1:
        raise ValueError(f"branch: wanted equilibria traced in one parameter, got a curve in {list(branch.vary)}")
    problem = flow_of(branch.problem)
    if problem.stability != "flow" or tuple(problem.states) != tuple(branch.state_names):
        own = "stability=None" if problem.stability is None else "a stability of its own"
        raise ValueError(f"branch: wanted equilibria of a flow, got {branch.problem_name!r} with {own}")
    return problem


def _rows(branch, count) -> list:
    """Rows evenly spread, without those of special points (ends are kept)."""
    special = {point.index for point in branch.special if point.label[:2] != "EP"}
    rows = [row for row in range(len(branch)) if row not in special]
    places = np.linspace(0, len(rows) - 1, min(count, len(rows)))
    return [rows[k] for k in np.unique(np.round(places).astype(int))]


def _judge(problem, branch, row, eta, balance, rng) -> PointCheck:
    """All experiments at one row."""
    point = branch.point(row)
    field = Field.of(problem, point.parameters)
    place = (row, point[branch.vary[0]], int(branch.unstable[row]))
    experiment = Endpoint(problem, field.function, point.state, field.p, eta)
    modes = experiment.modes
    if not np.linalg.norm(modes.u - point.state) <= ON * modes.size:
        return PointCheck(*place, left=False)
    if modes.critical.shape[1]:
        return PointCheck(*place, gauge=modes.gauge.shape[1], note="singular: a bifurcation is near")
    if len(modes.values) == 0:
        return PointCheck(*place, gauge=modes.gauge.shape[1], note="nothing moves but along the orbit")
    rates = tuple(experiment.mode_rates())
    facts = {"seen": _seen(rates), "rates": rates, "gauge": modes.gauge.shape[1]}
    if balance is not None:
        facts["law"] = broken_law(problem, balance, point, experiment.eta, rng)
    if all(rate.value.real < 0 for rate in rates):
        facts |= {"random": experiment.random_rate(rng), "attracted": experiment.attracts(rng)}
    elif experiment.leaves_in_time():
        found = experiment.destinations()
        facts |= {"destinations": tuple(found), "left": all(end.left for end in found)}
    return PointCheck(*place, **facts)


def _seen(rates) -> int:
    """Unstable modes that descent showed; a pair counts twice."""
    return sum((1 + (r.value.imag > 0)) * ((r.value.real if r.skipped else r.measured) > 0) for r in rates)


def _arrows(branch, point, y, short):
    """Starts and ends of arrows in the plotted column at one point."""
    if not point.judged:
        return []
    here = float(branch[y][point.row])
    if point.attracted:
        return [(here + short, here + 0.2 * short), (here - short, here - 0.2 * short)]
    ends = []
    for destination in point.destinations:
        if destination.status is not Stop.DIVERGED and y in branch.state_names:  # what goes to infinity is not drawn
            ends.append(float(destination.state[branch.state_names.index(y)]))
    return [(here, end) for end in ends if abs(end - here) > 0.1 * short]


def _point_lines(check) -> list:
    """Table of the points."""
    name = check.branch.vary[0]
    lines = [f"{check.branch.problem_name}: descent against the branch in {name}"]
    lines.append(f"{'row':>5} {name:>14} {'unstable':>8} {'seen':>4} {'gauge':>5} {'worst rate':>10}  descent")
    for p in check.points:
        worst = "-" if math.isnan(p.worst) else f"{p.worst:.1e}"
        mark = "" if p.passed else "  FAILED"
        start = f"{p.row:>5} {p.parameter:>14.8g} {p.unstable:>8} {p.seen:>4} {p.gauge:>5} {worst:>10}"
        lines.append(f"{start}  {_words(p)}{mark}")
    return lines


def _words(point) -> str:
    """What descent did at a point."""
    if point.note:
        return point.note
    if not point.rates:
        return "no equilibrium"
    if not point.destinations:
        return {True: "attracts", False: "does not attract", None: "leaves too slowly to be followed"}[point.attracted]
    return "to " + " and ".join(_where(end) for end in point.destinations)


def _where(end) -> str:
    """A destination in words."""
    if end.status is Stop.DIVERGED:
        return "infinity"
    shown = np.where(np.abs(end.state[:4]) > ROUNDING * end.distance, end.state[:4], 0.0)
    state = ", ".join(f"{value:.4g}" for value in shown) + (", ..." if len(end.state) > 4 else "")
    kind = {0: "stable", -1: "not settled"}.get(end.unstable, f"{end.unstable} unstable")
    return f"({state}) [{kind}]"


def _sweep_lines(check) -> list:
    """Lines of the sweeps."""
    return [_sweep_line(sweep) for sweep in check.sweeps]


def _law_lines(check) -> list:
    """Line of law I1."""
    words = "kept" if check.law <= LAW else "broken"
    return [] if math.isnan(check.law) else [f"law of one step: {words} at every step"]


def _sweep_line(sweep: Sweep) -> str:
    """One sweep in words."""
    if sweep.note:
        return f"fold at {sweep.fold:.10g}: {sweep.note}"
    delay = f"delay {sweep.delay:.5g} (law {sweep.predicted:.5g})" + ("" if sweep.passed else "  FAILED")
    return f"fold at {sweep.fold:.10g}: sweeps tell {sweep.fitted:.10g}, {delay}"
