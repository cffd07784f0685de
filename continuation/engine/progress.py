"""Progress of a trace on the terminal."""

import contextlib

from continuation.compiled.state import trace_state as S


def display(progress):
    """What `trace` shows its progress with: nothing, the terminal, or a context of the caller's.

    Such a context is made for each direction from its `Start` and yields ``show(state)``, called after each portion
    of points; where that returns true the direction ends with ``Status.STOPPED``.
    """
    if callable(progress):
        return progress
    return terminal if progress else silent


@contextlib.contextmanager
def silent(begun):
    """Show nothing."""
    yield None


@contextlib.contextmanager
def terminal(begun):
    """Show points, parameter and step on stderr, one line that is rewritten; nothing where that is no terminal."""
    from rich.console import Console
    from rich.status import Status

    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    with Status("tracing", console=console) as line:

        def show(state):
            last = state.rows[state.integers[S.ROWS] - 1]
            value = last[state.integers[S.SIZE] - 1]
            line.update(
                f"tracing: {state.integers[S.ROWS]} points, {begun.vary} = {value:.6g}, step {state.floats[S.H]:.2g}"
            )

        yield show


@contextlib.contextmanager
def board(wanted):
    """Yield ``update(text)``, which rewrites one line on stderr; None unless `wanted` and that is a terminal."""
    from rich.console import Console
    from rich.status import Status

    console = Console(stderr=True) if wanted else None
    if console is None or not console.is_terminal:
        yield None
        return
    with Status("diagram", console=console) as line:
        yield line.update
