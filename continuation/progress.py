"""Progress of a trace on the terminal."""

import contextlib

from continuation.compiled import state as S


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
            last = state.rows[state.i[S.ROWS] - 1]
            value = last[state.i[S.SIZE] - 1]
            line.update(f"tracing: {state.i[S.ROWS]} points, {begun.vary} = {value:.6g}, step {state.f[S.H]:.2g}")

        yield show
