"""What every study run from the command line shares: its options, its folder, its numbers as text."""

import argparse
import contextlib
import pathlib
import sys
from types import ModuleType

from studies.claims import table


@contextlib.contextmanager
def plainly():
    """Say in one line what is wrong with what was given, not where in the code it was noticed."""
    try:
        yield
    except (ValueError, OSError) as error:
        raise SystemExit(f"{type(error).__name__}: {error}") from error


def options(description, out, data=None, **choices):
    """Read the options of a study: ``out`` (a folder), ``fast``, where asked for ``data`` (a folder) and choices.

    A choice is a name with its values, the default first.
    """
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--out", default=out, help="folder of what it writes (default: %(default)s)")
    parser.add_argument("--fast", action="store_true", help="the same with fewer points")
    if data:
        parser.add_argument("--data", help=data)
    for name, values in choices.items():
        parser.add_argument(f"--{name}", choices=values, default=values[0], help="default: %(default)s")
    return parser.parse_args()


def folder(out) -> pathlib.Path:
    """Make a folder if it is missing."""
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    return out


def numbers_table(numbers) -> str:
    """Write the numbers of a study, one a line.

    Examples
    --------
    >>> print(numbers_table({"fold": 0.1 + 0.2, "holds": True}))
    fold = 0.3
    holds = True
    """
    lines = (f"{key} = {format(v, '.14g') if isinstance(v, float) else v}" for key, v in numbers.items())
    return "\n".join(lines)


def align(rows) -> str:
    """Write rows of texts as columns.

    Examples
    --------
    >>> print(align([("n", "fold"), ("-1", "0.145")]))
    n   fold
    -1  0.145
    """
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    return "\n".join("  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip() for row in rows)


def announce(items, what):
    """Yield the items, with a progress bar on a terminal and a line each on standard error elsewhere."""
    items = list(items)
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import track

        yield from track(items, description=what, console=Console(stderr=True))
        return
    for number, item in enumerate(items, 1):
        name = item.__name__.rpartition(".")[2] if isinstance(item, ModuleType) else item
        print(f"{what} {number}/{len(items)}: {name}", file=sys.stderr, flush=True)
        yield item


def summary(module, out, name="claims.txt"):
    """Run a study that sums up others from the command line, given its ``globals()``: print the table it wrote."""
    given = options(module["__doc__"], out)
    module["main"](fast=given.fast, out=given.out)
    print((folder(given.out) / name).read_text("utf-8"))


def command(module, out):
    """Run a study from the command line, given its ``globals()``: its numbers, then the table of its claims."""
    given = options(module["__doc__"], out)
    numbers = module["main"](fast=given.fast, out=given.out)
    print(numbers_table(numbers) + "\n\n" + table(module["claims"](numbers)) + f"\n\nwritten to {given.out}")
