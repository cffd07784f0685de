"""What every study run from the command line shares: its options, its folder, its numbers as text."""

import argparse
import pathlib


def options(description, out, data=None, **choices):
    """Options of a study: ``out`` (a folder), ``fast``, and where asked for ``data`` (a folder, described) and choices.

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
    """The folder, made if missing."""
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    return out


def numbers_table(numbers) -> str:
    """Numbers of a study, one a line.

    Examples
    --------
    >>> print(numbers_table({"fold": 0.1 + 0.2, "holds": True}))
    fold = 0.3
    holds = True
    """
    lines = (f"{key} = {format(v, '.14g') if isinstance(v, float) else v}" for key, v in numbers.items())
    return "\n".join(lines)
