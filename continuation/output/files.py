"""A branch in a netCDF-4 file: every number to the last bit, readable by xarray, ncdump and others.

Layout (format version 1, of orbits 2): that of `continuation.output.dataset`.  A column whose name netCDF would not
take, or that another variable has, is renamed; its attribute ``name`` keeps the true one.
"""

import contextlib
import hashlib
import os
import re
import unicodedata

import numpy as np

from continuation.ground.arguments import check_path
from continuation.output.dataset import FORMAT, VERSION, rows_of, to_stored, unique
from continuation.output.encoding import decode
from continuation.output.orbit_variables import profiles_to_keep
from continuation.output.soundness import check_declared, check_rows
from continuation.output.temporaries import remove_stale, temporary_name
from continuation.results.rows import Rows

COMPRESSED = {"zlib": True, "complevel": 4, "shuffle": True}  # of profiles: beyond 4 it takes longer for nothing
SEAL = b"\n# pseudoarc sha256 "  # before the checksum that ends a file


class StorageError(ValueError):
    """A file that is no branch, or a damaged one, or one this version can't read; the message names the path."""


def save(branch, path):
    """Write a branch to a netCDF-4 file, whole or not at all.

    Parameters
    ----------
    branch : Branch
        Saved with its settings, effort, special points and, if text says all of its problem, equations.  Of periodic
        orbits every ``settings.profiles``-th profile is kept, those of special points and ends always.
    path : str or path-like
        Overwritten if it exists.  The file is written beside it under another name first: whatever goes
        wrong, an older file stays as it was.

    Raises
    ------
    OSError
        If the place can't be written to.
    """
    write_whole(path, lambda temporary: write(branch, temporary))


def write(branch, path, profiles=None, **place):
    """Write a branch to a file; `profiles` as for `to_stored`, `place` may say the group and the mode of opening."""
    dataset = _legal(to_stored(branch, profiles_to_keep(branch) if profiles is None else profiles))
    bare = {name: {"_FillValue": None} for name, column in dataset.variables.items() if column.dtype.kind == "f"}
    for name in ("unknowns", "tangents", "context") if branch.layout is not None else ():
        bare[name] |= COMPRESSED
    dataset.to_netcdf(path, engine="h5netcdf", encoding=bare, **place)


def write_whole(path, write_to):
    """Let ``write_to(temporary)`` write a file, add the checksum and put it in its place; see `save`."""
    path = check_path("path", path)
    check_target(path)
    target = os.path.realpath(path)
    remove_stale(os.path.dirname(target))
    temporary = os.path.join(os.path.dirname(target), temporary_name())
    try:
        write_to(temporary)
        seal(temporary)
        os.replace(temporary, target)
    except (OSError, RuntimeError) as error:
        raise OSError(f"{path}: could not be written: {first_line(error)}") from error
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)


def load(path, make_problem=None) -> Rows:
    """Read a branch that `save` wrote; every number is the same to the last bit.

    Parameters
    ----------
    path : str or path-like
        The file.
    make_problem : callable, optional
        ``make_problem(source)`` builds the problem again from the equations that the file holds.  Without them (it
        was given as a function) the problem is None.

    Raises
    ------
    OSError
        If there is no such file or it can't be read.
    StorageError
        If it is no branch, damaged, or written by a newer version.
    """
    dataset = _read(path)
    with whole(path):
        return sound_rows(dataset, rebuilt(dataset.attrs, make_problem))


def sound_rows(dataset, problem) -> Rows:
    """The rows of a dataset, checked."""
    rows = rows_of(dataset, problem)
    check_rows(rows)
    return rows


@contextlib.contextmanager
def whole(path):
    """Whatever is missing or wrong in a file is told with its path."""
    try:
        yield
    except StorageError:
        raise
    except (LookupError, ValueError, TypeError, AttributeError, ArithmeticError, RecursionError, MemoryError) as error:
        raise StorageError(f"{path}: damaged or incomplete: {first_line(error)}") from error


def rebuilt(attrs, make_problem):
    """The problem whose equations the attributes of a file hold; None where there are none, or nothing makes it."""
    source = decode(attrs.get("source", "null"))
    return make_problem(source) if make_problem and source else None


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


def _legal(dataset):
    """Rename columns so that netCDF takes their names."""
    columns = [name for name, variable in dataset.data_vars.items() if "role" in variable.attrs]
    taken = {*dataset.variables, *dataset.dims} - set(columns)
    return dataset.rename_vars({name: unique(_word(name), taken) for name in columns})


def _word(name) -> str:
    """The name with letters, digits and underscores only, a letter first."""
    plain = re.sub(r"\W+", "_", unicodedata.normalize("NFC", name)).strip("_")
    return plain if plain[:1].isalpha() else f"v{plain}"


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
            check_declared(file, os.path.getsize(path))
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
    path = check_path("path", path)
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


def first_line(error) -> str:
    """First line of what an exception says."""
    return (str(error).splitlines() or [type(error).__name__])[0]
