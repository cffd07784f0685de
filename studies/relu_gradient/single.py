"""One ReLU: the formula of the population gradient on samples (Fig. 7), Theorem 5 and Theorem 6 with counts.

Tian, "An analytical formula of population gradient for two-layered ReLU network", ICML 2017, arXiv:1703.00560,
sections 6.1 and 7.1.  Run: ``python -m studies.relu_gradient.single``.
"""

import numpy as np
from scipy.integrate import quad

from studies.claims import Claim, missing
from studies.command import command, folder
from studies.figures import COLOURS, add_legend, figure_of, save
from studies.relu_gradient.common import OUT
from systems.relu.population_loss.loss_descent import descend
from systems.relu.population_loss.population import gradient, network

TEACHER = network([[1.0, 0.0]], 1)  # any other is this one in turned axes
DIMENSIONS = (2, 10, 100)
SHARES = (0.1, 0.3, 0.5, 0.8, 1.0)  # epsilon of Theorem 6


def main(fast=False, out=OUT) -> dict:
    """Sample, run gradient descent, draw Fig. 7 and the curves of Theorem 6, and return the numbers.

    Parameters
    ----------
    fast : bool
        Fewer samples and runs.
    out : path-like
        Folder of ``single.png``; made if missing.

    Returns
    -------
    dict
        As in `measure`.
    """
    rng = np.random.default_rng(2017)
    formula = formula_errors(rng, 40 if fast else 200, 10_000 if fast else 100_000)
    others = {name: other_inputs(rng, name, 20 if fast else 100) for name in ("normal", "uniform", "signs")}
    decrease = lyapunov(60 if fast else 300)
    starts = {(d, share): start_counts(rng, d, share, 200 if fast else 2000) for d in DIMENSIONS for share in SHARES}
    draw(formula, others, decrease, starts, folder(out) / "single.png", fast)
    return measure(formula, others, decrease, starts)


def formula_errors(rng, count, samples, d=10) -> dict:
    """Measure relative errors of ``E F(e, w)`` against samples: by angle (Fig. 7 a) and number of samples (b)."""
    theta = np.pi * (np.arange(count) + 0.5) / count
    by_angle = np.array([sampled_error(rng, t, d, samples, "normal") for t in theta])
    sizes = np.array([10, 30, 100, 300, 1000]) * samples // 1000
    turns = np.linspace(0.05, np.pi / 2, 16)
    by_size = [np.mean([sampled_error(rng, t, d, n, "normal") for t in turns]) for n in sizes]
    return {"theta": theta, "by_angle": by_angle, "sizes": sizes, "by_size": np.array(by_size)}


def sampled_error(rng, theta, d, samples, inputs, scaled=False) -> float:
    """Measure ``|E F - F| / |F|`` for a random pair (e, w) at this angle; `scaled` ignores a common factor."""
    plane, _ = np.linalg.qr(rng.standard_normal((d, 2)))
    e, w = plane[:, 0], np.cos(theta) * plane[:, 0] + np.sin(theta) * plane[:, 1]
    x = draw_inputs(rng, inputs, (samples, d))
    sampled = x.T @ ((x @ e > 0) * np.maximum(x @ w, 0)) / samples
    exact = ((np.pi - theta) * w + np.sin(theta) * e) / (2 * np.pi)
    exact = exact * (sampled @ exact) / (exact @ exact) if scaled else exact
    return float(np.linalg.norm(exact - sampled) / np.linalg.norm(sampled))


def draw_inputs(rng, name, shape) -> np.ndarray:
    """Draw inputs of zero mean: standard normal, uniform in [-1/2, 1/2], random signs."""
    if name == "normal":
        return rng.standard_normal(shape)
    return rng.uniform(-0.5, 0.5, shape) if name == "uniform" else rng.choice([-1.0, 1.0], shape)


def other_inputs(rng, name, count, samples=20_000) -> dict[int, float]:
    """Measure the mean error up to a common factor, angles below pi/2, in growing dimension (Fig. 7 c)."""
    turns = rng.uniform(0, np.pi / 2, count)
    return {d: float(np.mean([sampled_error(rng, t, d, samples, name, True) for t in turns])) for d in (2, 5, 20, 50)}


def lyapunov(count) -> dict:
    """Compute ``dV/dt / V``, ``V = |w - w*|^2 / 2``, over the domain ``|w - w*| < |w*|`` of Theorem 5."""
    theta = np.pi / 2 * (np.arange(count) + 0.5) / count
    share = (np.arange(count) + 0.5) / count
    rates = np.empty((count, count))
    for i, t in enumerate(theta):
        for k, s in enumerate(share):
            w = 2 * s * np.cos(t) * np.array([np.cos(t), np.sin(t)])  # |w - w*| < 1 where |w| < 2 cos(theta)
            gap = w - TEACHER.teachers[0]
            rates[i, k] = -2 * (gap @ gradient(w[None], TEACHER)[0]) / (gap @ gap)
    return {"theta": theta, "share": share, "rates": rates}


def start_counts(rng, d, share, count) -> dict:
    """Sample starts of Theorem 6 in d dimensions: how many lie in its domain, how many arrive at the teacher.

    The flow stays in the plane of start and teacher, so that two coordinates are enough.
    """
    radius = share * np.sqrt(2 * np.pi / (d + 1))
    points = rng.standard_normal((count, d))
    points *= radius * (rng.random(count) ** (1 / d) / np.linalg.norm(points, axis=1))[:, None]
    plane = np.column_stack([points[:, 0], np.linalg.norm(points[:, 1:], axis=1)])
    runs = [descend(w[None], TEACHER, rate=0.5, steps=5000) for w in plane]
    arrived = [np.abs(run.weights - TEACHER.teachers).max() < 1e-6 for run in runs]
    inside = np.linalg.norm(plane - [1, 0], axis=1) < 1
    return {
        "count": count,
        "inside": int(inside.sum()),
        "arrived": int(np.sum(arrived)),
        "inside_arrived": int(np.sum(inside & arrived)),
        "bound": (1 - share) / 2,
    }


def theorem_1_error(count=50) -> float:
    """Compare Theorem 1 with an integral over directions, ``x = r (cos p, sin p)``, ``E r^2 = 2``."""
    worst = 0.0
    for theta in np.linspace(0, np.pi, count):
        span = theta - np.pi / 2, np.pi / 2  # both units are active there
        along = quad(_projected, *span, args=(theta, 0.0), epsabs=1e-14)[0]
        across = quad(_projected, *span, args=(theta, np.pi / 2), epsabs=1e-14)[0]
        exact = (np.pi - theta) * np.array([np.cos(theta), np.sin(theta)]) + [np.sin(theta), 0.0]
        worst = max(worst, float(np.abs([along, across] - exact / (2 * np.pi)).max()))
    return worst


def _projected(p, theta, turn):
    """Integrand of Theorem 1: the component of x at `turn` times that along w, over the directions p of x."""
    return np.cos(p - turn) * np.cos(p - theta) / np.pi


def measure(formula, others, decrease, starts) -> dict:
    """Compute the numbers of sections 6.1 and 7.1.

    Returns
    -------
    dict
        ``theorem_1_error``; ``error_slope``: exponent of the sampled formula's error in the number of samples;
        ``error_growth``: mean error beyond 3 pi/4 over that below pi/4.
        ``error[name, d]``: for other inputs; ``excess[name, d]``: the squared error that sampling does not explain.
        ``largest_rate``: largest ``dV/dt / V`` on the grid of the domain of Theorem 5.
        ``runs[d, epsilon]``; ``inside[...]`` the domain of Theorem 5, ``arrived[...]`` at the teacher.
        ``theorem_6_margin``: least share that arrives less ``(1 - epsilon) / 2``, in standard deviations.
        ``domain_lost``: starts inside the domain that do not arrive; ``lost``: all that do not.
    """
    theta, errors = formula["theta"], formula["by_angle"]
    counts = {}
    for (d, share), found in starts.items():
        place = f"[{d}, {share}]"
        counts |= {f"runs{place}": found["count"], f"inside{place}": found["inside"]}
        counts |= {f"arrived{place}": found["arrived"]}
    return {
        "theorem_1_error": theorem_1_error(),
        "error_slope": float(np.polyfit(np.log(formula["sizes"]), np.log(formula["by_size"]), 1)[0]),
        "error_growth": float(errors[theta > 2.36].mean() / errors[theta < 0.78].mean()),
        **{f"error[{name}, {d}]": value for name, found in others.items() for d, value in found.items()},
        **{f"excess[{name}, {d}]": excess(others, name, d) for name in others for d in (2, 50)},
        "largest_rate": float(decrease["rates"].max()),
        **counts,
        "theorem_6_margin": min(margin(found) for found in starts.values()),
        "domain_lost": missing(*(sum(found[key] for found in starts.values()) for key in ("inside", "inside_arrived"))),
        "lost": missing(*(sum(found[key] for found in starts.values()) for key in ("count", "arrived"))),
    }


def claims(found) -> list[Claim]:
    """List the claims: Theorems 1, 5, 6 and Fig. 7 beside the numbers of `main`."""
    uniform = [found[f"excess[uniform, {d}]"] for d in (2, 50)]
    runs = sum(value for key, value in found.items() if key.startswith("runs"))
    inside = sum(value for key, value in found.items() if key.startswith("inside"))
    return [
        Claim("Theorem 1", "formula of E F(e, w)", found["theorem_1_error"], high=1e-13, note="against quadrature"),
        Claim("Fig 7 (a)", "error grows with the angle", found["error_growth"], low=1.0, note="ratio of mean errors"),
        Claim("Fig 7 (b)", "error falls as 1/sqrt N", found["error_slope"], -0.65, -0.35, note="exponent"),
        Claim("Fig 7 (c)", "uniform inputs: works for large d", uniform[1] - uniform[0], high=0.0, note="excess"),
        Claim("Theorem 5", "dV/dt < 0 in its domain", found["largest_rate"], high=-1e-3, note="largest dV/dt / V"),
        Claim("Theorem 5", "its domain converges", found["domain_lost"], high=0, note=f"lost, of {inside}"),
        Claim("Theorem 6", "probability >= (1 - epsilon)/2", found["theorem_6_margin"], -3, note="margin, sigmas"),
        Claim("Theorem 6", "in fact all converge", found["lost"], high=0, note=f"lost, of {runs}; not in the paper"),
    ]


def excess(others, name, d) -> float:
    """Return the squared error beyond what sampling alone makes, which the normal inputs show."""
    return others[name][d] ** 2 - others["normal"][d] ** 2


def margin(found) -> float:
    """Say how far the share that arrived is above the bound of Theorem 6, in standard deviations of a fair count."""
    return (found["arrived"] / found["count"] - found["bound"]) / np.sqrt(0.25 / found["count"])


def draw(formula, others, decrease, starts, path, fast=False):
    """Draw Fig. 7 (a)-(c), dV/dt, and probabilities against the radius."""
    figure, axes = figure_of(2, 3, (14, 8))
    axes[0, 0].semilogy(formula["theta"], formula["by_angle"], ".", color=COLOURS[0])
    axes[0, 0].set(xlabel="angle", ylabel="relative error", title="Fig 7 (a): by angle")
    axes[0, 1].loglog(formula["sizes"], formula["by_size"], "o-", color=COLOURS[0])
    axes[0, 1].set(xlabel="samples", ylabel="relative error", title="Fig 7 (b): by sample size")
    for colour, (name, found) in zip(COLOURS, others.items()):
        axes[0, 2].semilogy(list(found), list(found.values()), "o-", color=colour, label=name)
    axes[0, 2].set(xlabel="dimension", ylabel="relative error, up to a factor", title="Fig 7 (c): other inputs")
    shown = {"origin": "lower", "aspect": "auto", "extent": (0, 1, 0, np.pi / 2), "cmap": "viridis"}
    image = axes[1, 0].imshow(decrease["rates"], **shown)
    axes[1, 0].set(xlabel="|w| / (2 cos θ)", ylabel="θ", title="dV/dt / V in the domain of Theorem 5")
    figure.colorbar(image, ax=axes[1, 0])
    for colour, d in zip(COLOURS, DIMENSIONS):
        for key, style in (("arrived", "o-"), ("inside", "s:")):
            shares = [starts[d, share][key] / starts[d, share]["count"] for share in SHARES]
            axes[1, 1].plot(SHARES, shares, style, color=colour, label=f"{key}, d = {d}")
    axes[1, 1].plot(SHARES, [(1 - share) / 2 for share in SHARES], color="black", label="bound")
    axes[1, 1].set(xlabel="ε: radius over √(2π / (d + 1))", ylabel="probability", title="Theorem 6", ylim=(0, 1.05))
    _flow(axes[1, 2])
    add_legend(axes[0, 2], fontsize=8)
    axes[1, 1].legend(fontsize=8, loc="center", bbox_to_anchor=(0.6, 0.72), ncols=2)
    save(figure, path, fast)


def _flow(ax):
    """The flow of one student in the plane of the teacher (1, 0), and the domain of Theorem 5."""
    points = np.linspace(-1.49, 1.49, 24)
    field = -np.array([[gradient([[x, y]], TEACHER)[0] for x in points] for y in points])
    ax.streamplot(points, points, field[..., 0], field[..., 1], color="#555555", linewidth=0.6, arrowsize=0.7)
    turn = np.linspace(0, 2 * np.pi, 200)
    ax.plot(1 + np.cos(turn), np.sin(turn), color=COLOURS[1])
    ax.plot(1, 0, "o", color="black")
    ax.set(xlabel="w along the teacher", ylabel="w across", title="flow; domain of Theorem 5", xlim=(-1.5, 1.5))


if __name__ == "__main__":
    command(globals(), OUT)
