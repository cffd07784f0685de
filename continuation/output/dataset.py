"""A branch as an xarray dataset or a table of columns, and back.

Along dimension ``point``: one variable for each varied parameter, state and output (the states as one matrix
``states`` if there are more than 100), ``norm``, ``arclength``, the branch's own columns (``unstable``, ``nullity``,
``residual``, once it is certified ``radius`` and ``connected``), the matrices ``unknowns`` and ``tangents``;
``weights`` of the inner product.  Of periodic orbits (format version 2) these matrices run along ``kept``, the rows
``kept_point`` whose profiles are kept, and ``context`` holds meshes and multipliers.  Along ``special``:
``special_row``, ``special_kind`` and the other fields of a special point, arrays padded with NaN to the longest and
their true lengths in ``..._count`` (-1: none).  Dimension ``part`` is the real and the imaginary part.  What is no
array is JSON text.
"""

import contextlib
import platform
from dataclasses import replace
from datetime import datetime, timezone
from importlib import metadata

import numpy as np

from continuation.ground.names import check_whole
from continuation.ground.points import SpecialPoint
from continuation.ground.settings import Settings
from continuation.ground.status import Kind, Status
from continuation.orbits.profiles.layout import ProfileLayout
from continuation.output.encoding import decode, encode
from continuation.output.orbit_variables import with_orbits
from continuation.results.remarks import Remark
from continuation.results.request import Bound, Request
from continuation.results.rows import OWN_COLUMNS, UNASKED, Rows

FORMAT = "pseudoarc branch"
VERSION = 2
FLAT_VERSION = 1  # of branches that are none of periodic orbits: as earlier versions wrote and read them
MANY = 100  # of more states no variable each
MATRICES = ("unknowns", "tangents", "weights")  # arrays stored under the field's name
RAGGED = {  # arrays of a special point that may be missing or of different lengths, and their dimensions
    "bracket": ("bracket_side", "bracket_entry"),
    "tangent": ("tangent_entry",),
    "unknowns": ("unknown_entry",),
    "null_vectors": ("null_vector", "null_entry"),
    "eigenvalues": ("special_eigenvalue", "part"),
}
TEXTS = ("label", "name")
NUMBERS = ("unstable", "nullity", "located", "residual", "error")
TABLES = ("parameters", "outputs", "normal_form")  # dicts, as JSON text


def to_xarray(branch):
    """Give the branch as an `xarray.Dataset`: what `save` writes, under the true names of its columns.

    A column called like one of the dataset's own variables or dimensions (``unstable``, say) has a ``_`` appended.  Of
    periodic orbits there are, beside, the profile of each state (point, node) with the coordinate ``time`` (point,
    node), in units of the period, and ``multipliers`` (point, multiplier, part).
    """
    stored = to_stored(branch, slice(None))
    return stored if branch.layout is None else with_orbits(stored, branch)


def to_stored(branch, profiles):
    """The dataset that `save` writes; `profiles` are the rows whose unknowns and tangents it has."""
    import xarray

    fixed = _point_variables(branch, profiles) | _special_variables(branch.special)
    taken = {*fixed, "state", "part"}.union(*(dims for dims, _ in fixed.values() if isinstance(dims, tuple)))
    columns = {}
    for name, role, values in _columns(branch, len(branch.state_names) <= MANY):
        columns[unique(name, taken)] = ("point", values, {"name": name, "role": role})
    coordinates = {"state": list(branch.state_names), "part": ["real", "imag"]}
    return xarray.Dataset(columns | fixed, coordinates, _attributes(branch))


def to_dataframe(branch):
    """Give the branch as a `pandas.DataFrame`: one row a point, ``special`` holding the labels of special points."""
    import pandas

    labels = np.full(len(branch), "", dtype=object)
    for point in branch.special:
        labels[point.index] = f"{labels[point.index]} {point.label}".strip()
    own = {"norm": branch.norm, "arclength": branch.arclength}
    own |= branch.own_columns | {"special": labels}
    taken = set(own)
    columns = {unique(name, taken): values for name, _, values in _columns(branch)}
    return pandas.DataFrame({**columns, **own}, index=pandas.RangeIndex(len(branch), name="point"))


def _columns(branch, states=True):
    """Triples (name, role, values) of the varied parameters, the states and the outputs."""
    yield from ((name, "parameter", values) for name, values in zip(branch.vary, branch.varied.T))
    if states:
        yield from ((name, "state", values) for name, values in zip(branch.state_names, branch.states.T))
    yield from ((name, "output", values) for name, values in branch.outputs.items())


def _point_variables(branch, profiles) -> dict:
    """Variables along ``point`` that are no columns of the problem, and the weights."""
    along = "point" if branch.layout is None else "kept"
    variables = {
        "norm": ("point", branch.norm),
        "arclength": ("point", branch.arclength),
        **{column: ("point", values) for column, values in branch.own_columns.items()},
        "unknowns": ((along, "unknown"), branch.unknowns[profiles]),
        "tangents": ((along, "unknown"), branch.tangents[profiles]),
        "weights": (("unknown",), branch.weights),
    }
    if branch.layout is not None:
        variables["kept_point"] = ("kept", np.arange(len(branch))[profiles])
        variables["context"] = (("point", "context_entry"), branch.context)
    if branch.state_weights is not None:
        variables["state_weights"] = (("state",), branch.state_weights)
    if len(branch.state_names) > MANY:
        variables["states"] = (("point", "state"), branch.states)
    if "eigenvalues" in vars(branch):  # they have been asked for; they are not computed only to be saved
        variables["eigenvalues"] = (("point", "eigenvalue", "part"), _parts([branch.eigenvalues])[0])
    return variables


def _special_variables(special) -> dict:
    """Variables along ``special``, one for each field of a special point."""
    variables = {
        "special_row": ("special", np.array([point.index for point in special])),
        "special_kind": ("special", [point.kind.label for point in special]),
        "special_state": (("special", "state"), np.array([point.state for point in special])),
    }
    for name in (*TEXTS, *NUMBERS):
        variables[f"special_{name}"] = ("special", [getattr(point, name) for point in special])
    for name in TABLES:
        variables[f"special_{name}"] = ("special", [encode(getattr(point, name)) for point in special])
    for name, dims in RAGGED.items():
        values = [getattr(point, name) for point in special]
        variables |= _pad(f"special_{name}", dims, _parts(values) if "part" in dims else values)
    return variables


def _parts(values) -> list:
    """Complex arrays (or None) as real ones with a last axis of two, the real and the imaginary part."""
    given = (None if value is None else np.ascontiguousarray(value, complex) for value in values)
    return [None if value is None else value.view(float).reshape(*value.shape, 2) for value in given]


def _join_parts(parts):
    """Undo `_parts` for one array or None."""
    return None if parts is None else np.ascontiguousarray(parts).view(complex)[..., 0]


def _pad(name, dims, values) -> dict:
    """Arrays of different lengths as one, NaN beyond their ends, and their lengths; nothing if there is none."""
    given = [np.asarray(value, float) for value in values if value is not None]
    if not given:
        return {}
    padded = np.full((len(values), *np.maximum(1, np.max([value.shape for value in given], axis=0))), np.nan)
    for row, value in zip(padded, values):
        if value is not None:
            row[tuple(slice(size) for size in np.shape(value))] = value
    counts = np.array([-1 if value is None else len(value) for value in values])
    return {name: (("special", *dims), padded), f"{name}_count": ("special", counts)}


def _attributes(branch) -> dict:
    """What is no array, as text and numbers."""
    record = {
        "parameters": branch.parameters,
        "vary": list(branch.vary),
        "outputs": list(branch.outputs),
        "settings": branch.settings.as_dict(),
        "effort": branch.effort,
        "span": branch.span,
        "bounds": branch.request.bounds,
        "signs": branch.request.signs,
        "detect": sorted(kind.name for kind in branch.request.detect),
        "ends": [status.name for status in branch.ends],
        "remarks": [list(remark) for remark in branch.remarks],
        "versions": _versions(),
    }
    texts = {name: encode(value) for name, value in record.items()} | source_text(branch.problem)
    if branch.layout is not None:
        texts["layout"] = encode(branch.layout._asdict())
    time = datetime.now(timezone.utc).isoformat(timespec="seconds")
    version = FLAT_VERSION if branch.layout is None else VERSION
    return {
        "format": FORMAT, "format_version": version, "problem": branch.problem_name, "start": branch.start,
        "created": time, **texts,
    }  # fmt: skip


def source_text(problem) -> dict:
    """The equations of a problem that was given as text, if text says all of it."""
    source = getattr(problem, "source", None)
    try:
        return {"source": encode(source)} if source else {}
    except TypeError:  # it holds a function, such as a count of unstable eigenvalues
        return {}


def _versions() -> dict:
    """Versions of what computed the branch."""
    found = {"python": platform.python_version()}
    for package in ("pseudoarc", "numpy", "numba"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[package] = metadata.version(package)
    return found


def rows_of(dataset, problem) -> Rows:
    """The rows that a dataset holds, for a problem or None."""
    texts = {name: decode(dataset.attrs[name]) for name in ("parameters", "vary", "outputs", "effort", "span", "ends")}
    columns = {(v.attrs["role"], v.attrs["name"]): v.values for v in dataset.data_vars.values() if "role" in v.attrs}
    names = tuple(map(str, dataset["state"].values))
    layout = layout_of(dataset.attrs)
    arrays = {name: dataset[name].values for name in MATRICES} | _along_points(dataset, layout)
    arrays |= {name: own_column(dataset, column, len(arrays["unknowns"])) for column, name in OWN_COLUMNS.items()}
    arrays["varied"] = np.column_stack([columns["parameter", name] for name in texts["vary"]])
    if "states" in dataset:
        arrays["states"] = dataset["states"].values
    else:
        arrays["states"] = np.column_stack([columns["state", name] for name in names])
    if "state_weights" in dataset:
        arrays["state_weights"] = dataset["state_weights"].values
    outputs = {name: _freeze(columns["output", name]) for name in texts["outputs"]}
    first, last = (Status[name] for name in texts["ends"])
    vary = tuple(texts["vary"])
    rows = Rows(
        problem_name=str(dataset.attrs["problem"]), state_names=names, parameters=texts["parameters"],
        vary=vary, outputs=outputs, special=_special_points(dataset, names, vary), ends=(first, last),
        effort=texts["effort"], request=request_of(dataset.attrs, vary[0], texts["span"]),
        start=int(dataset.attrs["start"]), problem=problem, remarks=remarks_of(dataset.attrs), layout=layout,
        **{name: _freeze(a) for name, a in arrays.items()},
    )  # fmt: skip
    if rows.own_weights is not None:
        rows = replace(rows, special=tuple(p.moved(weights=rows.weights_at(p.index)) for p in rows.special))
    rows = replace(rows, special=tuple(p.moved(context=rows.own_context(p.index)) for p in rows.special))
    if layout is not None:  # not to be had again from the profiles that are kept
        vars(rows).update({name: _freeze(dataset[name].values) for name in ("norm", "arclength")})
    if "eigenvalues" in dataset:
        vars(rows)["eigenvalues"] = _freeze(_join_parts(dataset["eigenvalues"].values))
    return rows


def own_column(dataset, column, rows):
    """A column of the branch itself; where the file has none nobody asked for it, or its version did not know it."""
    if column in dataset and "role" not in dataset[column].attrs:
        return dataset[column].values
    return np.full(rows, UNASKED.get(column, np.nan))


def layout_of(attrs):
    """How rows of periodic orbits are laid out; None of other branches."""
    told = decode(attrs.get("layout", "null"))
    if told is None:
        return None
    intervals, degree = (check_whole(name, told[name]) for name in ("intervals", "degree"))
    return ProfileLayout(tuple(told["names"]), intervals, degree, check_whole("more", told.get("more", 0), least=0))


def _along_points(dataset, layout) -> dict:
    """Context, unknowns and tangents for all rows, NaN where profiles are left out."""
    if layout is None:
        return {"context": np.zeros((dataset.sizes["point"], 0))}
    rows, kept = dataset.sizes["point"], dataset["kept_point"].values
    found = {"context": dataset["context"].values}
    for name in ("unknowns", "tangents"):
        found[name] = np.full((rows, layout.size), np.nan)
        found[name][kept] = dataset[name].values
    return found


def remarks_of(attrs) -> tuple:
    """The remarks; files of earlier versions have none."""
    return tuple(Remark(str(text), row) for text, row in decode(attrs.get("remarks", "[]")))


def request_of(attrs, vary, span) -> Request:
    """What was asked for; files of earlier versions do not tell all of it: what is usual then."""
    told = {name: decode(attrs[name]) for name in ("detect", "bounds", "signs") if name in attrs}
    read = {
        "detect": lambda names: frozenset(Kind[name] for name in names),
        "bounds": lambda bounds: tuple(Bound(*bound) for bound in bounds),
        "signs": tuple,
    }
    more = {name: read[name](value) for name, value in told.items()}
    return Request(vary, span, Settings(**decode(attrs["settings"])), **more)


def _special_points(dataset, names, vary) -> tuple:
    """Special points of a dataset."""
    columns = {name.removeprefix("special_"): v.values for name, v in dataset.items() if "special" in v.dims}
    records = ({name: values[k] for name, values in columns.items()} for k in range(dataset.sizes["special"]))
    return tuple(_special_point(record, names, vary) for record in records)


def _special_point(record, names, vary) -> SpecialPoint:
    """The special point one record along ``special`` holds."""
    arrays = {name: _cut(record, name) for name in RAGGED}
    arrays["eigenvalues"] = _join_parts(arrays["eigenvalues"])
    return SpecialPoint(
        state=_freeze(record["state"]),
        state_names=names,
        vary=vary,
        index=int(record["row"]),
        kind=Kind(str(record["kind"])),
        **{name: str(record[name]) for name in TEXTS},
        **{name: record[name].item() for name in NUMBERS},
        **{name: decode(str(record[name])) for name in TABLES},
        **{name: _freeze(array) for name, array in arrays.items()},
    )


def _cut(record, name):
    """Undo `_pad` for one special point."""
    count = int(record.get(f"{name}_count", -1))
    return None if count < 0 else record[name][:count].copy()


def _freeze(array):
    """The array, read-only from now on."""
    if array is not None:
        array.flags.writeable = False
    return array


def unique(name, taken) -> str:
    """The name, with ``_`` appended until it is not taken; it is from now on."""
    while name in taken:
        name += "_"
    taken.add(name)
    return name
