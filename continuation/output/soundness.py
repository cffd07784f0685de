"""Is what a file says a branch?  Files come from anywhere: sizes, numbers and places are checked before their use."""

import math
from numbers import Real

import numpy as np

from continuation.orbits.profiles.layout import AMPLITUDE, PERIOD

DOUBTFUL_COLUMNS = ("residuals", "log_determinants")  # NaN in files of versions that did not have them, -inf allowed
WHOLE = 1e-9  # by how much lengths of intervals may fail to add up to 1: rounding of thousands of them leaves 1e-13
# Numbers a file may declare for each byte that it has, and at least: compressed columns of equal numbers reach some
# hundred to one.  Ten times more and a file of 40 kB claims 300 MB, ten times less refuses compressed files.
PER_BYTE, LEAST = 25, 1_000_000


def check_rows(rows):
    """Raise a ValueError that says what is wrong with the rows of a file."""
    m, size = rows.unknowns.shape
    n, k = len(rows.state_names), len(rows.vary)
    _need(m >= 1 and size >= 2, "there are no rows")
    _need(0 <= rows.start < m, f"the row of the start is {rows.start}, of {m}")
    shapes = {"unknowns": (m, size), "tangents": (m, size), "states": (m, n), "varied": (m, k), "weights": (size,)}
    shapes |= dict.fromkeys(("unstable", "nullity", "radii", "connections", *DOUBTFUL_COLUMNS), (m,))
    shapes |= {} if rows.state_weights is None else {"state_weights": (n,)}
    shapes["context"] = (m, 0 if rows.layout is None else rows.layout.context)
    partly = () if rows.layout is None else ("unknowns", "tangents")
    for name, shape in shapes.items():
        check_array(name, getattr(rows, name), shape, name not in (*DOUBTFUL_COLUMNS, *partly))
    if rows.layout is not None:
        check_orbits(rows)
    for name, column in rows.outputs.items():
        check_array(name, column, (m,), finite=False)
    for name in ("weights", "state_weights"):
        _need(getattr(rows, name) is None or bool(np.all(getattr(rows, name) > 0)), f"{name} are not all positive")
    with np.errstate(all="ignore"):
        lengths = np.sqrt(np.sum(rows.weights * rows.tangents[rows.has_profile] ** 2, axis=1))
    _need(bool(np.all(np.isfinite(lengths))), "tangents have no lengths")
    _need(bool(np.all(rows.unstable >= -1)) and bool(np.all(rows.nullity >= 0)), "counts of eigenvalues are negative")
    _need(bool(np.all(np.abs(rows.connections) <= 1)), "rows are neither connected nor not")
    _need(bool(np.all((rows.radii >= 0) | (rows.radii == -1))), "radii are negative")
    check_words(rows)
    for point in rows.special:
        check_special(point, m, n)


def check_orbits(rows):
    """Profiles, meshes and multipliers of rows that are periodic orbits."""
    layout, kept = rows.layout, rows.has_profile
    _need(
        layout.degree > 1 and n_distinct(list(layout.names)) == len(rows.state_names),
        "degree or names of the layout can't be right",
    )
    _need(layout.size == rows.unknowns.shape[1], "profiles are of another size than the layout says")
    own = {PERIOD, AMPLITUDE, *layout.mean_names, *(least for _, least in layout.extreme_names)}
    _need(own <= rows.outputs.keys(), f"columns are missing: {sorted(own - rows.outputs.keys())}")
    _need(
        tuple(rows.state_names) == tuple(largest for largest, _ in layout.extreme_names),
        "the columns of the states are not those of the layout",
    )
    _need(rows.state_weights is not None, "there are no state_weights")
    for name in ("unknowns", "tangents"):
        whole = np.isfinite(getattr(rows, name)).all(axis=1)
        _need(bool(np.all(whole == kept)), f"{name} are not finite")
    places = [0, len(kept) - 1, *(point.index for point in rows.special if 0 <= point.index < len(kept))]
    _need(bool(np.all(kept[places])), "profiles of special points or ends are missing")
    meshes = layout.meshes(rows.context)
    _need(
        bool(np.all(meshes > 0) and np.all(np.abs(meshes.sum(axis=1) - 1) < WHOLE)),
        "lengths of mesh intervals are not positive or don't add up to 1",
    )
    for name in ("norm", "arclength"):
        check_array(name, vars(rows)[name], (len(kept),), finite=True)


def check_words(rows):
    """Names, parameters and request of the rows of a file."""
    names = [*rows.state_names, *rows.outputs]
    _need(n_distinct(names) == len(names), "names stand twice")
    _need(len(rows.vary) >= 1 and all(isinstance(name, str) for name in rows.vary), "nothing is varied")
    check_numbers_by_name("parameters", rows.parameters)
    _need(isinstance(rows.effort, dict), "effort is no mapping")
    spans = rows.request.span.values() if isinstance(rows.request.span, dict) else [rows.request.span]
    for low, high in spans:
        _need(
            all(isinstance(limit, Real) for limit in (low, high)) and low < high,
            "a span has no two numbers in ascending order",
        )
    _need(bool(rows.request.signs) and set(rows.request.signs) <= {1, -1}, "the directions are not +1, -1 or both")
    for bound in rows.request.bounds:
        _need(
            isinstance(bound.name, str) and bound.low < bound.high,
            "a limit has no name or no two numbers in ascending order",
        )


def check_special(point, m, n):
    """Place and numbers of a special point of m rows with n states."""
    _need(0 <= point.index < m, f"the special point {point.label} is in row {point.index}, of {m}")
    check_array(f"state of {point.label}", point.state, (n,), finite=True)
    check_numbers_by_name(f"parameters of {point.label}", point.parameters)
    for name in ("tangent", "unknowns", "null_vectors", "bracket", "eigenvalues"):
        value = getattr(point, name)
        _need(value is None or bool(np.all(np.isfinite(value))), f"{name} of {point.label} are not finite")


def check_array(name, value, shape, finite):
    """An array of real numbers of a shape."""
    _need(isinstance(value, np.ndarray) and value.dtype.kind in "iuf", f"{name} are no numbers")
    _need(value.shape == shape, f"{name} have shape {value.shape}, wanted {shape}")
    _need(not finite or bool(np.all(np.isfinite(value))), f"{name} are not finite")


def check_numbers_by_name(what, table):
    """A dict of finite numbers."""
    _need(isinstance(table, dict), f"{what} are no mapping")
    for name, value in table.items():
        _need(isinstance(name, str) and isinstance(value, Real) and math.isfinite(value), f"{what}: {name!r:.50}")


def check_declared(file, bytes_of_file):
    """Refuse an HDF5 file that declares more numbers than it can hold, or leads out of itself (links, other files)."""
    import h5py

    left = max(LEAST, PER_BYTE * bytes_of_file)
    waiting, seen, places = [file], 0, {h5py.h5o.get_info(file["/"].id).addr}
    while waiting:
        group = waiting.pop()
        for name in group:
            seen += 1
            _need(seen <= bytes_of_file, "more things are declared than the file has bytes")
            _need(isinstance(group.get(name, getlink=True), h5py.HardLink), f"{name!r:.50} is a link")
            item = group[name]
            if isinstance(item, h5py.Group):
                place = h5py.h5o.get_info(item.id).addr
                _need(place not in places, f"the group {name!r:.50} stands twice")
                places.add(place)
                waiting.append(item)
            elif isinstance(item, h5py.Dataset):
                _need(not item.is_virtual and not item.external, f"{name!r:.50} is kept in another file")
                left -= item.size * max(1, item.dtype.itemsize // 8)
                _need(left >= 0, f"{name!r:.50} declares more numbers than the file can hold")


def n_distinct(names) -> int:
    """Number of different names, all of them texts."""
    _need(all(isinstance(name, str) for name in names), "names are no texts")
    return len(set(names))


def _need(right, words):
    """Raise a ValueError with these words unless something is right."""
    if not right:
        raise ValueError(words)
