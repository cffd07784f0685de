"""What is asked of many profiles at once: extrema of their polynomials, means, distances from the mean.

A profile is (L m, n): values at the m nodes of L intervals that are their own, the last one's end being the first node.
"""

import numpy as np

from continuation.orbits.profiles.basis import basis

CONSTANT = 1e-9  # range of a state, relative to its unit and its values, that is rounding; as where meshes are laid
REFINED = 8  # iterations of Newton's method for an extremum, from the best of the nodes and points between them


def pieces(profiles, degree) -> np.ndarray:
    """(rows, L, m + 1, n) values at all nodes of each interval."""
    rows, count, n = profiles.shape
    values = profiles.reshape(rows, count // degree, degree, n)
    ends = np.roll(values[:, :, :1], -1, axis=1)
    return np.concatenate([values, ends], axis=2)


def extrema(profiles, degree) -> tuple:
    """(rows, n) least and largest values of the piecewise polynomials.

    Examples
    --------
    >>> from continuation.orbits.profiles.basis import basis
    >>> t = (np.arange(5)[:, None] + basis(4).nodes[:-1]).ravel() / 5
    >>> least, largest = extrema(np.sin(2 * np.pi * t + 0.3)[None, :, None], 4)
    >>> bool(abs(largest[0, 0] - 1) < 1e-4 and abs(least[0, 0] + 1) < 1e-4)
    True
    """
    return -largest(-profiles, degree), largest(profiles, degree)


def largest(profiles, degree) -> np.ndarray:
    """(rows, n) largest values: those of the intervals about the largest node value, refined."""
    rows, count, n = profiles.shape
    powers, at = basis(degree).powers, np.argmax(profiles, axis=1)
    best = np.max(profiles, axis=1)
    values, places = pieces(profiles, degree), at // degree
    index = np.arange(rows)[:, None], np.arange(n)[None, :]
    for shift in (0, -1):
        chosen = values[index[0], (places + shift) % (count // degree), :, index[1]]
        coefficients = chosen @ powers.T
        best = np.maximum(best, largest_of(coefficients))
    return best


def largest_of(coefficients) -> np.ndarray:
    """(...) largest values on [0, 1] of polynomials with these coefficients (..., m + 1), of powers from 1 on."""
    m = coefficients.shape[-1] - 1
    grid = np.linspace(0.0, 1.0, 4 * m + 1)
    values = coefficients @ (grid[None, :] ** np.arange(m + 1)[:, None])
    s = grid[np.argmax(values, axis=-1)]
    first, second = coefficients[..., 1:] * np.arange(1, m + 1), np.zeros(coefficients.shape[:-1] + (1,))
    if m > 1:
        second = first[..., 1:] * np.arange(1, m)
    for _ in range(REFINED):
        slope, bend = horner(first, s), horner(second, s)
        with np.errstate(all="ignore"):
            step = np.where(bend < 0.0, -slope / bend, 0.0)
        s = np.clip(s + np.clip(step, -0.25 / m, 0.25 / m), 0.0, 1.0)
    return np.maximum(horner(coefficients, s), np.max(values, axis=-1))


def horner(coefficients, s) -> np.ndarray:
    """Values at s (...) of polynomials (..., k)."""
    total = np.zeros_like(s)
    for k in range(coefficients.shape[-1] - 1, -1, -1):
        total = total * s + coefficients[..., k]
    return total


def extent(x, weights, n, count) -> float:
    """``1 + |x|`` of the unknowns (N,) of an orbit, less the constants about which the `count` values of n states move.

    Examples
    --------
    >>> extent(np.array([1e6, 1e6 + 3.0, 4.0, 0.0]), np.ones(4), 1, 2)
    6.0
    """
    moving = np.array(x, float)
    moving[:count] -= np.resize(moving[:n], count)
    return 1.0 + float(np.sqrt(np.sum(weights * moving**2)))


def varies(profile, metric) -> np.ndarray:
    """(n,) whether a state of an orbit (k, n) is more than a constant and its rounding; metric (n,) of the states.

    Examples
    --------
    >>> varies(np.array([[0.0, 3.0], [1.0, 3.0 + 1e-15]]), np.array([0.5, 0.5])).tolist()
    [True, False]
    """
    return np.ptp(profile, axis=0) > CONSTANT * sizes(profile, metric)


def is_point(profile) -> bool:
    """Whether an orbit (k, n) is a point, to the last bit: a Hopf point, at which a branch begins or ends."""
    return bool(np.all(profile == profile[0]))


def sizes(profile, metric) -> np.ndarray:
    """(n,) what rounding of each state of an orbit (k, n) is relative to: its unit and its largest modulus."""
    return units_of_states(metric) + np.max(np.abs(profile), axis=0)


def units_of_states(metric) -> np.ndarray:
    """(n,) magnitudes of the states that a metric (n,) stands for."""
    return 1 / np.sqrt(len(metric) * metric)


def is_at_rest(profile, metric, part) -> bool:
    """Whether an orbit (k, n) is a point: ranges below a part of the states' units, and the rounding of their values.

    Examples
    --------
    >>> orbit = np.array([[1e6, 0.0], [1e6 + 1, 0.0]])
    >>> is_at_rest(orbit, np.array([0.5, 0.5]), 1e-7), is_at_rest(orbit, np.array([0.5e-16, 0.5]), 1e-7)
    (False, True)
    """
    limit = part * units_of_states(metric) + CONSTANT * np.max(np.abs(profile), axis=0)
    return bool(np.all(np.ptp(profile, axis=0) <= limit))


def allowance(profile, metric, part) -> np.ndarray:
    """(n,) by how much states may differ from an orbit (k, n) and be the same: part of their range, and rounding.

    Examples
    --------
    >>> allowance(np.array([[0.0, 3.0], [2e-6, 3.0]]), np.array([0.5e12, 0.5]), 0.5).round(12).tolist()
    [1e-06, 4e-09]
    """
    return part * np.ptp(profile, axis=0) + CONSTANT * sizes(profile, metric)


def means(profiles, meshes, degree) -> np.ndarray:
    """(rows, n) means over a period; meshes (rows, L)."""
    return np.einsum("rl,q,rlqn->rn", meshes, basis(degree).weights, pieces(profiles, degree), optimize=True)


def amplitudes(profiles, meshes, degree, metric) -> np.ndarray:
    """(rows,) root mean square distance from the mean over a period, in the metric (n,) of the states."""
    apart = profiles - means(profiles, meshes, degree)[:, None, :]
    values = pieces(apart, degree)
    squared = np.einsum("rl,q,rlqn,n->r", meshes, basis(degree).weights, values**2, metric, optimize=True)
    return np.sqrt(np.maximum(squared, 0.0))
