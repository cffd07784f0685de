"""A branch in a netCDF-4 file: every number to the last bit, readable by xarray, ncdump and others.

Layout (format version 1).  Along dimension ``point``: one variable for each varied parameter, state and
output (the states as one matrix ``states`` if there are more than 100), ``norm``, ``arclength``,
``unstable``, ``nullity``, ``residual``, the matrices ``unknowns`` and ``tangents``; ``weights`` of the inner
product.  Along ``special``: ``special_row``, ``special_kind`` and the other fields of a special point,
arrays padded with NaN to the longest and their true lengths in ``..._count`` (-1: none).  Dimension ``part``
is the real and the imaginary part.  What is no array is JSON text.  A column whose name netCDF would not
take, or that another variable has, is renamed; its attribute ``name`` keeps the true one.
"""

import contextlib
import hashlib
import os
import platform
import re
import unicodedata
import uuid
from datetime import datetime, timezone
from importlib import metadata

import numpy as np

from continuation.branch import Branch, SpecialPoint
from continuation.ground.settings import Settings
from continuation.ground.status import Kind, Status
from continuation.output.encoding import decode, encode

FORMAT = "pseudoarc branch"
VERSION = 1
SEAL = b"\n# pseudoarc sha256 "  # before the checksum that ends a file
MANY = 100  # of more states no variable each
PLAIN = ("unknowns", "tangents", "weights", "unstable", "nullity")  # arrays stored under the field's name
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


class StorageError(ValueError):
    """A file that is no branch, or a damaged one, or one this version can't read; the message names the path."""


def save(branch, path):
    """Write a branch to a netCDF-4 file, whole or not at all.

    Parameters
    ----------
    branch : Branch
        Saved with its settings, effort, special points and, if text says all of its problem, equations.
    path : str or path-like
        Overwritten if it exists.  The file is written beside it under another name first: whatever goes
        wrong, an older file stays as it was.

    Raises
    ------
    OSError
        If the place can't be written to.
    """
    write_whole(path, lambda temporary: write(branch, temporary))


def write(branch, path, **place):
    """Write a branch to a file; `place` may say the group and the mode of opening."""
    dataset = _legal(to_xarray(branch))
    bare = {name: {"_FillValue": None} for name, column in dataset.variables.items() if column.dtype.kind == "f"}
    dataset.to_netcdf(path, engine="h5netcdf", encoding=bare, **place)


def write_whole(path, write_to):
    """Let ``write_to(temporary)`` write a file, add the checksum and put it in its place; see `save`."""
    check_target(path)
    target = os.path.realpath(path)
    temporary = os.path.join(os.path.dirname(target), f".pseudoarc-{uuid.uuid4().hex}.tmp")
    try:
        write_to(temporary)
        seal(temporary)
        os.replace(temporary, target)
    except (OSError, RuntimeError) as error:
        raise OSError(f"{path}: could not be written: {first_line(error)}") from error
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)


def load(path, *, problem=True) -> Branch:
    """Read a branch that `save` wrote; every number is the same to the last bit.

    Parameters
    ----------
    path : str or path-like
        The file.
    problem : bool
        Whether to build the problem again, if the file holds its equations.  Without them (it was given
        as a function) ``branch.problem`` is None.

    Raises
    ------
    OSError
        If there is no such file or it can't be read.
    StorageError
        If it is no branch, damaged, or written by a newer version.
    """
    dataset = _read(path)
    try:
        source = decode(dataset.attrs.get("source", "null"))
        branch = branch_of(dataset, rebuilt(source) if problem and source else None)
    except (KeyError, ValueError, TypeError, IndexError, AttributeError) as error:
        raise StorageError(f"{path}: damaged or incomplete: {first_line(error)}") from error
    return branch


def check_target(path):
    """Raise an `OSError` that says why, if a file can't be written at `path`."""
    folder = os.path.dirname(os.path.abspath(path))
    if os.path.isdir(path):
        raise IsADirectoryError(f"{path}: is a folder; give the name of a file")
    if not os.path.exists(folder):
        raise FileNotFoundError(f"{path}: there is no folder {folder}")
    if not os.path.isdir(folder):
        raise NotADirectoryError(f"{path}: {folder} is no folder")
    if os.path.exists(path) and not os.path.isfile(path):
        raise OSError(f"{path}: is no ordinary file")
    if not os.access(path if os.path.exists(path) else folder, os.W_OK):
        raise PermissionError(f"{path}: may not be written here")


def to_xarray(branch):
    """Give the branch as an `xarray.Dataset`: what `save` writes, under the true names of its columns.

    A column called like one of the dataset's own variables or dimensions (``unstable``, say) has a ``_`` appended.
    """
    import xarray

    fixed = _point_variables(branch) | _special_variables(branch.special)
    taken = {*fixed, "state", "part"}.union(*(dims for dims, _ in fixed.values() if isinstance(dims, tuple)))
    columns = {}
    for name, role, values in _columns(branch, len(branch.state_names) <= MANY):
        columns[_unique(name, taken)] = ("point", values, {"name": name, "role": role})
    coordinates = {"state": list(branch.state_names), "part": ["real", "imag"]}
    return xarray.Dataset(columns | fixed, coordinates, _attributes(branch))


def to_dataframe(branch):
    """Give the branch as a `pandas.DataFrame`: one row a point, ``special`` holding the labels of special points."""
    import pandas

    labels = np.full(len(branch), "", dtype=object)
    for point in branch.special:
        labels[point.index] = f"{labels[point.index]} {point.label}".strip()
    own = {"norm": branch["norm"], "arclength": branch.arclength, "unstable": branch.unstable}
    own |= {"nullity": branch.nullity, "residual": branch.residuals, "special": labels}
    taken = set(own)
    columns = {_unique(name, taken): values for name, _, values in _columns(branch)}
    return pandas.DataFrame({**columns, **own}, index=pandas.RangeIndex(len(branch), name="point"))


def _columns(branch, states=True):
    """Triples (name, role, values) of the varied parameters, the states and the outputs."""
    yield from ((name, "parameter", values) for name, values in zip(branch.vary, branch.varied.T))
    if states:
        yield from ((name, "state", values) for name, values in zip(branch.state_names, branch.states.T))
    yield from ((name, "output", values) for name, values in branch.outputs.items())


def _point_variables(branch) -> dict:
    """Variables along ``point`` that are no columns of the problem, and the weights."""
    variables = {
        "norm": ("point", branch["norm"]),
        "arclength": ("point", branch.arclength),
        "unstable": ("point", branch.unstable),
        "nullity": ("point", branch.nullity),
        "residual": ("point", branch.residuals),
        "unknowns": (("point", "unknown"), branch.unknowns),
        "tangents": (("point", "unknown"), branch.tangents),
        "weights": (("unknown",), branch.weights),
    }
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
        variables |= _padded(f"special_{name}", dims, _parts(values) if "part" in dims else values)
    return variables


def _parts(values) -> list:
    """Complex arrays (or None) as real ones with a last axis of two, the real and the imaginary part."""
    given = (None if value is None else np.ascontiguousarray(value, complex) for value in values)
    return [None if value is None else value.view(float).reshape(*value.shape, 2) for value in given]


def _joined(parts):
    """Undo `_parts` for one array or None."""
    return None if parts is None else np.ascontiguousarray(parts).view(complex)[..., 0]


def _padded(name, dims, values) -> dict:
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
        "ends": [status.name for status in branch.ends],
        "versions": _versions(),
    }
    texts = {name: encode(value) for name, value in record.items()} | source_text(branch.problem)
    time = datetime.now(timezone.utc).isoformat(timespec="seconds")
    return {
        "format": FORMAT, "format_version": VERSION, "problem": branch.problem_name, "start": branch.start,
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


def _legal(dataset):
    """Rename columns so that netCDF takes their names."""
    columns = [name for name, variable in dataset.data_vars.items() if "role" in variable.attrs]
    taken = {*dataset.variables, *dataset.dims} - set(columns)
    return dataset.rename_vars({name: _unique(_word(name), taken) for name in columns})


def _word(name) -> str:
    """The name with letters, digits and underscores only, a letter first."""
    plain = re.sub(r"\W+", "_", unicodedata.normalize("NFC", name)).strip("_")
    return plain if plain[:1].isalpha() else f"v{plain}"


def _unique(name, taken) -> str:
    """The name, with ``_`` appended until it is not taken; it is from now on."""
    while name in taken:
        name += "_"
    taken.add(name)
    return name


def _read(path):
    """The dataset of a file, whole in memory."""
    return read_groups(path, FORMAT, VERSION)[None]


def read_groups(path, form, version) -> dict:
    """Datasets of all groups of a file by name, the root's under None, if it is of a form and no later version."""
    import h5py
    import xarray

    check_content(path)
    try:
        with h5py.File(path, "r") as file:
            _check_format(path, file.attrs, form, version)
            groups = [None, *(name for name, item in file.items() if isinstance(item, h5py.Group))]
        found = {}
        for group in groups:
            with xarray.open_dataset(path, engine="h5netcdf", group=group, decode_times=False) as dataset:
                found[group] = dataset.load()
        return found
    except StorageError:
        raise
    except Exception as error:  # what the libraries below raise over a damaged file has no common class
        raise StorageError(f"{path}: damaged or cut short: {first_line(error)}") from error


def check_content(path):
    """Refuse files that can't be read, are no netCDF-4 files or differ from their checksum."""
    try:
        with open(path, "rb") as file:
            signature = file.read(8)
    except OSError as error:
        raise type(error)(f"{path}: {error.strerror}") from error
    if signature != b"\x89HDF\r\n\x1a\n":
        raise StorageError(f"{path}: is no netCDF-4 file")
    if not is_whole(path):
        raise StorageError(f"{path}: damaged or cut short: the content does not match its checksum")


def form_of(path) -> str:
    """What a file says it is: ``"pseudoarc branch"`` or another format; empty where it does not say."""
    import h5py

    check_content(path)
    try:
        with h5py.File(path, "r") as file:
            return str(file.attrs.get("format", ""))
    except Exception as error:  # see `read_groups`
        raise StorageError(f"{path}: damaged or cut short: {first_line(error)}") from error


def seal(path):
    """Append a checksum of the content, which readers of HDF5 pass over, and see it on the disk."""
    with open(path, "rb+") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
        file.write(SEAL + digest.encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def is_whole(path) -> bool:
    """Whether the content matches its checksum; a file rewritten by other programs has none and passes."""
    with open(path, "rb") as file:
        content, seal_found, digest = file.read().rpartition(SEAL)
    return not seal_found or digest.strip() == hashlib.sha256(content).hexdigest().encode()


def _check_format(path, attrs, form, latest):
    """Refuse files of other programs and of later versions."""
    if attrs.get("format") != form:
        raise StorageError(f"{path}: is no {form.removeprefix('pseudoarc ')} saved by pseudoarc")
    version = int(np.ravel(attrs["format_version"])[0])
    if version > latest:
        raise StorageError(f"{path}: has format version {version}, this pseudoarc reads up to {latest}; upgrade it")


def branch_of(dataset, problem) -> Branch:
    """The branch a dataset holds."""
    texts = {name: decode(dataset.attrs[name]) for name in ("parameters", "vary", "outputs", "effort", "span", "ends")}
    columns = {(v.attrs["role"], v.attrs["name"]): v.values for v in dataset.data_vars.values() if "role" in v.attrs}
    names = tuple(map(str, dataset["state"].values))
    arrays = {name: dataset[name].values for name in PLAIN}
    arrays["varied"] = np.column_stack([columns["parameter", name] for name in texts["vary"]])
    if "states" in dataset:
        arrays["states"] = dataset["states"].values
    else:
        arrays["states"] = np.column_stack([columns["state", name] for name in names])
    arrays["residuals"] = dataset["residual"].values
    if "state_weights" in dataset:
        arrays["state_weights"] = dataset["state_weights"].values
    outputs = {name: _frozen(columns["output", name]) for name in texts["outputs"]}
    first, last = (Status[name] for name in texts["ends"])
    vary = tuple(texts["vary"])
    branch = Branch(
        problem_name=str(dataset.attrs["problem"]), state_names=names, parameters=texts["parameters"],
        vary=vary, outputs=outputs, special=_special_points(dataset, names, vary), ends=(first, last),
        effort=texts["effort"], settings=Settings(**decode(dataset.attrs["settings"])), span=texts["span"],
        start=int(dataset.attrs["start"]), problem=problem, **{name: _frozen(a) for name, a in arrays.items()},
    )  # fmt: skip
    if "eigenvalues" in dataset:
        vars(branch)["eigenvalues"] = _frozen(_joined(dataset["eigenvalues"].values))
    return branch


def _special_points(dataset, names, vary) -> tuple:
    """Special points of a dataset."""
    columns = {name.removeprefix("special_"): v.values for name, v in dataset.items() if "special" in v.dims}
    records = ({name: values[k] for name, values in columns.items()} for k in range(dataset.sizes["special"]))
    return tuple(_special_point(record, names, vary) for record in records)


def _special_point(record, names, vary) -> SpecialPoint:
    """The special point one record along ``special`` holds."""
    arrays = {name: _cut(record, name) for name in RAGGED}
    arrays["eigenvalues"] = _joined(arrays["eigenvalues"])
    return SpecialPoint(
        state=_frozen(record["state"]),
        state_names=names,
        vary=vary,
        index=int(record["row"]),
        kind=Kind(str(record["kind"])),
        **{name: str(record[name]) for name in TEXTS},
        **{name: record[name].item() for name in NUMBERS},
        **{name: decode(str(record[name])) for name in TABLES},
        **{name: _frozen(array) for name, array in arrays.items()},
    )


def _cut(record, name):
    """Undo `_padded` for one special point."""
    count = int(record.get(f"{name}_count", -1))
    return None if count < 0 else record[name][:count].copy()


def _frozen(array):
    """The array, read-only from now on."""
    if array is not None:
        array.flags.writeable = False
    return array


def rebuilt(source):
    """The problem whose equations a file holds."""
    from continuation.problem import Problem

    return Problem.from_source(source)


def first_line(error) -> str:
    """First line of what an exception says."""
    return (str(error).splitlines() or [type(error).__name__])[0]
