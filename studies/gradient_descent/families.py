"""Critical points of four families of training problems as branches: what the toolkit finds against closed forms.

(a) deep linear networks with weight decay, mode by mode and as matrices; (b) matrix factorization with decay and
balancing regulariser; (c) l_p regression with the weight overparameterised; (d) residual networks, whose limit is the
characteristic equation.  Run: ``python -m studies.gradient_descent.families``.
"""

import itertools
import math

import numpy as np
from scipy.optimize import brentq

from continuation import Settings, find_solutions, switch, trace
from continuation.output.plotting import draw_legend
from studies.claims import Claim, write_claims
from studies.command import command, folder
from studies.figures import COLOURS, add_legend, figure_of, save
from systems import factorization as fac
from systems import linear_networks as nets
from systems import regression as reg
from systems.characteristic import characteristic_equation

OUT = "out/gradient_descent"
DEPTHS, TARGETS = (3, 4, 5, 8), (1.0, 0.3, 2.0)
M = np.diag([3.0, 2.0, 1.2])  # singular values apart, so that no two branch points coincide
R, DECAY = 1.5 * np.exp(0.8j), 0.3  # of the residual networks
BREAKING = ((-0.2, 2), (0.05, 3), (-0.5, 4))  # R and layers


def main(fast=False, out=OUT) -> dict:
    """Compute every number, draw a diagram of each family, return numbers and verdicts.

    Parameters
    ----------
    fast : bool
        Fewer depths, targets and layers.
    out : path-like
        Folder of ``families.png`` and ``families.txt``; made if missing.

    Returns
    -------
    dict
        Relative errors by name, counts, and verdicts by claim.
    """
    out = folder(out)
    found = {**linear(fast), **counts(fast), **factorized(), **regressions(), **residual(fast)}
    draw(out / "families.png", fast)
    return {**found, **write_claims(claims(found), out / "families.txt")}


def linear(fast=False) -> dict:
    """Check family (a): pitchfork of two layers, folds, equal cost and Hessians of more."""
    folds, costs, hessians = [], [], []
    for n, s in itertools.product(DEPTHS[:2] if fast else DEPTHS, TARGETS[:2] if fast else TARGETS):
        place, branch = nets.fold_point(n, s), learnt_branch(n, s)
        folds.append(abs(branch.folds[0]["lam"] / place.lam - 1))
        costs.append(abs(equal_cost(branch, s) / nets.equal_cost_point(n, s).lam - 1))
        layers = nets.deep_linear_network([1] * (n + 1), [[s]])
        for point in branch.at(lam=0.5 * place.lam):
            values = np.linalg.eigvalsh(-layers.jacobian(np.full(n, point["a"]), {"lam": point["lam"]}))
            hessians.append(np.max(np.abs(values - nets.hessian_eigenvalues(n, s, point["lam"], point["a"]))))
    forks = []
    for s in TARGETS:
        zero = trace(nets.scalar_network(2, s), [0.0], "lam", (0.2 * s, 2 * s), parameters={"lam": 0.3 * s})
        forks.append(abs(zero.branch_points[0]["lam"] / s - 1))
    return {"pitchfork": max(forks), "folds": max(folds), "equal cost": max(costs), "Hessians": float(max(hessians))}


def learnt_branch(depth, target):
    """Trace both solutions that aren't zero, from a tenth of the fold's decay."""
    fold = nets.fold_point(depth, target)
    low = 0.1 * fold.lam
    return trace(
        nets.scalar_network(depth, target), [target ** (1 / depth)], "lam", (low, 2 * fold.lam), parameters={"lam": low}
    )


def equal_cost(branch, target) -> float:
    """Find the decay at which the stable solution costs as much as zero, by bisection along the branch."""

    def excess(lam):
        return min(point["loss"] for point in branch.at(lam=lam)) - 0.5 * target**2

    fold = branch.folds[0]["lam"]
    return brentq(excess, 0.2 * fold, (1 - 1e-9) * fold, xtol=1e-15, rtol=1e-14)


def counts(fast=False) -> dict:
    """Count critical points found by deflation less those by formula, modulo sign or gauge."""
    missing = []
    for depth, targets, lam in ((3, (1.0, 0.5), 0.1), (3, (1.0, 0.5), 0.3), (4, (1.0, 0.6), 0.2), (2, (1.0, 0.4), 0.5)):
        found = find_solutions(nets.modes(depth, targets), {"lam": lam}, bounds=(-1.5, 1.5))
        kinds = {tuple(np.round(np.abs(point.state), 7)) for point in found}
        missing.append(len(kinds) - nets.critical_count(depth, targets, lam))
    for widths, lam in (([2, 2, 2], 0.3), ([2, 2, 2, 2], 0.25))[: 1 if fast else 2]:
        missing.append(len(_products(widths, lam)) - nets.critical_count(len(widths) - 1, (1.0, 0.7), lam))
    return {"counts": sum(abs(number) for number in missing), "counted": len(missing)}


def factorized() -> dict:
    """Check family (b): branch points of the balanced branch in mu, curvature, nullity, the secondary branch."""
    curvatures, nullities = [], []
    for kept in itertools.chain.from_iterable(itertools.combinations(range(3), k) for k in range(4)):
        values = np.linalg.eigvalsh(-fac.factorization(M, 3).jacobian(*_balanced(3, kept, 0.4)))
        curvatures.append(abs(values[0] - fac.most_negative_curvature(M, 3, kept, 0.4)))
        nullities.append(abs(int(np.sum(np.abs(values) < 1e-10)) - fac.gauge_dimension(3, len(kept))))
    point, expected = fac.balanced_point(M, 2, [0, 2], 0.4).state, fac.branch_points_in_mu(M, 2, [0, 2], 0.4)
    problem = fac.factorization(M, 2, gauge=True).isolated(point)
    branch = trace(problem, point, "mu", (-2.0, 0.5), parameters={"lam": 0.4}, settings=Settings(max_step=0.02))
    met = np.sort([place["mu"] for place in branch.branch_points])
    errors = [np.min(np.abs(met - mu)) if len(met) else math.inf for mu in expected]
    secondary = secondary_branch()
    u, v, mu = secondary["U[0,0]"], secondary["V[0,0]"], secondary["mu"]
    laws = np.max(np.abs([u * v * (1 - mu) / 3 - 1, (u**2 + v**2) * mu / -4 - 1]))
    return {
        "curvatures": float(max(curvatures)),
        "nullities": sum(nullities),
        "mu": float(max(errors)),
        "secondary": float(laws),
    }


def secondary_branch():
    """Trace the unbalanced factors of the number 3 at lam = 2, from the branch point in mu."""
    problem = fac.factorization([[3.0]], 1)
    balanced = trace(problem, [1.0, 1.0], "mu", (-4.0, 1.0), parameters={"lam": 2.0})
    starts = [start for start in switch(problem, balanced["BP1"]) if not start.known]
    halves = [trace(problem, start, "mu", (-4.0, -0.2)) for start in starts]
    return max(halves, key=lambda half: np.max(np.abs(half["U[0,0]"] - half["V[0,0]"])))


def regressions() -> dict:
    """Check family (c): pitchforks in the decay and in the power, folds of more layers."""
    rng, forks, powers, folds = np.random.default_rng(0), [], [], []
    for p in (2.0, 3.0, 4.0):
        X, y = rng.normal(size=(6, 2)), rng.normal(size=6)
        critical = reg.critical_decay(X, y, p)
        span, begin = (0.5 * critical, 2 * critical), {"lam": 0.6 * critical}
        zero = trace(reg.overparameterized_regression(X, y, p), np.zeros(3), "lam", span, parameters=begin)
        forks.append(abs(zero.branch_points[0]["lam"] / critical - 1))
    for y, lam in ((2.0, 3.0), (3.0, 5.0)):
        problem = reg.overparameterized_regression([[1.0]], [y], 3.5)
        zero = trace(problem, np.zeros(2), "p", (2.1, 4.5), parameters={"lam": lam})
        powers.append(abs(zero.branch_points[0]["p"] - reg.critical_power(y, lam)))
    for depth, y, p in ((3, 1.0, 2.0), (3, 2.0, 3.0), (4, 1.5, 2.5), (5, 1.0, 4.0)):
        problem, fold = reg.scalar_regression(depth, y, p), reg.scalar_fold(depth, y, p)
        begin = {"lam": 0.5 * fold.lam}
        start = problem.solve([(0.5 * (y + fold.sigma)) ** (1 / depth)], begin)
        branch = trace(problem, start, "lam", (0.2 * fold.lam, 2 * fold.lam), parameters=begin)
        folds.append(abs(branch.folds[0]["lam"] / fold.lam - 1))
    return {"l_p pitchforks": max(forks), "l_p powers": max(powers), "l_p folds": max(folds)}


def residual(fast=False) -> dict:
    """Check family (d): distance to the characteristic equation as N doubles; where layers stop being equal."""
    limit, errors = limit_of(DECAY), []
    for n in (20, 40) if fast else (20, 40, 80, 160):
        state = nets.uniform_residual_branch(R, n).solve([limit.real, limit.imag], {"lam": DECAY}).state
        errors.append(abs(complex(*state) - limit))
    breaks = []
    for real, n in BREAKING:
        place = nets.permutation_breaking_point(real, n)
        lams = [point["lam"] for point in equal_layers(real, n).branch_points]
        breaks.append(min((abs(lam / place.lam - 1) for lam in lams), default=math.inf))
    return {"limit": errors[-2] / errors[-1], "breaking": max(breaks)}


def limit_of(lam) -> complex:
    """Return the solution a of the characteristic equation that starts at the principal logarithm."""
    matrix = np.array([[R.real, -R.imag], [R.imag, R.real]])
    point = characteristic_equation(matrix).solve([0.4, -0.8, 0.8, 0.4], {"lam": lam})
    return complex(point["C[0,0]"], point["C[1,0]"])


def equal_layers(real, layers):
    """Trace the branch of equal layers through the point where they stop being equal."""
    place, full = nets.permutation_breaking_point(real, layers), nets.residual_network([[real]], layers)
    begin = {"lam": 1.3 * place.lam}
    uniform = nets.uniform_residual_branch(real, layers).solve([1.1 * place.a, 0.0], begin)
    start, span = np.full(layers, uniform["x"]), (0.5 * place.lam, 2 * place.lam)
    return trace(full, start, "lam", span, parameters=begin, settings=Settings(max_step=0.02))


def claims(found) -> list:
    """List the claims: closed forms of the families."""
    counted = f"differences in {found['counted']} cases"
    return [
        Claim("(a)", "N = 2: pitchfork at lam = s", found["pitchfork"], high=1e-9, note="relative"),
        Claim("(a)", "N >= 3: folds", found["folds"], high=1e-9, note="relative"),
        Claim("(a)", "N >= 3: equal cost at 2 sigma_c", found["equal cost"], high=1e-9, note="relative"),
        Claim("(a)", "Hessians 2 lam, N a^(2N-2) - (N-2) lam", found["Hessians"], high=1e-10),
        Claim("(a)", "number of critical points, by deflation", found["counts"], high=0, note=counted),
        Claim("(b)", "branch points mu_ij", found["mu"], high=1e-7),
        Claim("(b)", "most negative curvatures", found["curvatures"], high=1e-10),
        Claim("(b)", "nullity is the gauge orbit", found["nullities"], high=0, note="differences"),
        Claim("(b)", "unbalanced branch of a number", found["secondary"], high=1e-7, note="relative"),
        Claim("(c)", "pitchfork at |grad L(0)|", found["l_p pitchforks"], high=1e-9, note="relative"),
        Claim("(c)", "pitchfork at p_c", found["l_p powers"], high=1e-9),
        Claim("(c)", "folds of N >= 3 layers", found["l_p folds"], high=1e-9, note="relative"),
        Claim("(d)", "limit reached as 1/N", found["limit"], 1.9, 2.1, note="error over that of 2N layers"),
        Claim("(d)", "equal layers break at lam_b", found["breaking"], high=1e-7, note="relative"),
    ]


def draw(path, fast):
    """Draw a diagram of each family."""
    figure, (one, two, three, four) = figure_of(1, 4, (18, 4))
    titles = ("(a) networks, s = 1", "(b) factorization of 3, lam = 2", "(c) l_p regression, 3 layers")
    for ax, title in zip((one, two, three), titles):
        ax.set_title(title)
    for n, colour in zip((3, 4), COLOURS):
        learnt_branch(n, 1.0).plot("lam", "a", one, color=colour, label=f"N = {n},")
        equal = nets.equal_cost_point(n, 1.0)
        one.plot(equal.lam, equal.a, "kx", label="costs as much as zero")
    draw_legend(one)
    balanced = trace(fac.factorization([[3.0]], 1), [1.0, 1.0], "mu", (-4.0, 1.0), parameters={"lam": 2.0})
    balanced.plot("mu", "U[0,0]", two)
    secondary_branch().plot("mu", "U[0,0]", two)
    for p, colour in zip((2.0, 4.0), COLOURS):
        fold, problem = reg.scalar_fold(3, 1.0, p), reg.scalar_regression(3, 1.0, p)
        begin = {"lam": 0.2 * fold.lam}
        branch = trace(problem, problem.solve([0.95], begin), "lam", (0.1 * fold.lam, 1.0), parameters=begin)
        branch.plot(ax=three, color=colour, label=f"p = {p:g},")
    lams = np.linspace(0.02, 1.0, 40)
    for n in (2, 4, 16):
        problem = nets.uniform_residual_branch(R, n)
        branch = trace(problem, problem.solve([0.4, 0.8], {"lam": 0.1}), "lam", (0.02, 1.0), parameters={"lam": 0.1})
        four.plot(branch["lam"], np.hypot(branch["x"], branch["y"]), label=f"{n} layers")
    four.plot(lams, [abs(limit_of(lam)) for lam in lams], "k--", label="characteristic equation")
    four.set(title="(d) residual networks", xlabel="lam", ylabel="|a|")
    add_legend(four, fontsize=8)
    save(figure, path, fast)


def _balanced(rank, kept, lam) -> tuple:
    """State and parameters of a balanced point."""
    return fac.balanced_point(M, rank, kept, lam).state, {"lam": lam}


def _products(widths, lam) -> set:
    """End-to-end singular values of all critical points of a matrix network with the targets 1 and 0.7."""
    problem, found = nets.deep_linear_network(widths, np.diag([1.0, 0.7]), gauge=True), set()
    for point in find_solutions(problem, {"lam": lam}, bounds=(-1.2, 1.2), limit=40, budget=20_000):
        product = np.eye(2)
        for w in nets.split_layers(widths, point.state):
            product = w @ product
        found.add(tuple(np.round(np.diag(product), 6) + 0.0))
    return found


if __name__ == "__main__":
    command(globals(), OUT)
