"""Outputs of a vector field along its periodic orbits: their largest, least and mean values over a period.

An output is evaluated at the nodes and taken for the polynomials through these values, as the states are.
"""

import numpy as np

from continuation.orbits.profiles.profile import extrema, means

EXTREMES = ("min", "max")
ZEROS = ("max", "min", "mean")  # of the user's zeros, in the order of `continuation.orbits.kernels.monitoring`


def name_along(name, what) -> str:
    """Name of a column: ``energy_max`` of the output ``energy``."""
    return f"{name}_{what}"


def values_along(outputs, profiles, p) -> np.ndarray:
    """(rows, L m, k) values of k outputs at the nodes of profiles (rows, L m, n), at the parameters p (rows, ...).

    Cost: one call of each output a node.
    """
    rows, count, _ = profiles.shape
    found = np.empty((rows, count, len(outputs)))
    with np.errstate(all="ignore"):
        for k, output in enumerate(outputs.values()):
            for row, (profile, own) in enumerate(zip(profiles, p)):
                found[row, :, k] = [output(np.ascontiguousarray(u), own) for u in profile]
    return found


def value_along(function, profile, mesh, degree, p, what) -> float:
    """The ``"min"``, ``"max"`` or ``"mean"`` of a function along one orbit (L m, n) on its mesh (L,)."""
    values = values_along({"": function}, profile[None], p[None])
    if what == "mean":
        return float(means(values, mesh[None], degree)[0, 0])
    return float(extrema(values, degree)[EXTREMES.index(what)][0, 0])


def columns_along(outputs, profiles, meshes, degree, p) -> dict:
    """Name -> (rows,) of the largest, least and mean values of each output; meshes (rows, L)."""
    if not outputs:
        return {}
    values = values_along(outputs, profiles, p)
    least, largest = extrema(values, degree)
    every = {"max": largest, "min": least, "mean": means(values, meshes, degree)}
    return {name_along(name, what): found[:, k] for k, name in enumerate(outputs) for what, found in every.items()}
