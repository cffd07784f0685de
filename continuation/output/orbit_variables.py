"""Periodic orbits in a dataset: profiles against time, multipliers; which profiles a file keeps."""

import numpy as np

LARGE, THINNED = 50_000, 10  # bytes of a row beyond which, unless told, every so many profiles are kept in files


def with_orbits(dataset, branch):
    """The dataset with the states' profiles (point, node), their times and the multipliers, for its reader."""
    layout, taken = branch.layout, {*dataset.variables, *dataset.dims}
    profiles, multipliers = layout.profiles(branch.unknowns), layout.multipliers(branch.context)
    variables = {_free(name, taken): (("point", "node"), profiles[:, :, k]) for k, name in enumerate(layout.names)}
    parts = np.stack([multipliers.real, multipliers.imag], axis=-1)
    variables[_free("multipliers", taken)] = (("point", "multiplier", "part"), parts)
    times = ("point", "node"), layout.phases(branch.context)
    return dataset.assign(variables).assign_coords({_free("time", taken): times})


def _free(name, taken) -> str:
    """The name, with ``_`` appended until it is not taken; it is from now on."""
    while name in taken:
        name += "_"
    taken.add(name)
    return name


def kept_rows(branch) -> np.ndarray:
    """Rows whose profiles a file of the branch keeps: every k-th from its start, special points and ends.

    k is ``Settings(profiles=k)``, by default 1, and 10 where a row exceeds 50 kB.
    """
    every = branch.settings.profiles
    if every is None:
        every = THINNED if 8 * (2 * branch.layout.size + branch.layout.context) > LARGE else 1
    kept = (np.arange(len(branch)) - branch.start) % every == 0
    kept[[0, -1, *(point.index for point in branch.special)]] = True
    return np.flatnonzero(kept & branch.has_profile)


def profiles_to_keep(branch):
    """`kept_rows` of periodic orbits; of other branches all rows."""
    return slice(None) if branch.layout is None else kept_rows(branch)
