"""Progress of a trace or a diagram on the terminal: one line on stderr that is rewritten."""

import contextlib

from continuation.engine.watching import Watcher
from continuation.ground.arguments import check_flag, check_function, shown
from continuation.ground.status import Status


def showing(progress) -> tuple:
    """Watchers for the option `progress`: none, the line on the terminal, or a context of the caller's."""
    if callable(progress):
        return (InContext(check_function("progress", progress, "start")),)
    return (Terminal(),) if check_flag("progress", progress) else ()


class Terminal(Watcher):
    """Show points, parameter and step on the terminal; nothing where stderr is none."""

    def __init__(self):
        self.vary, self.line, self.update = "", contextlib.ExitStack(), None

    def begin(self, problem, start):
        """Open the line."""
        self.vary, self.update = start.vary, self.line.enter_context(open_line("tracing"))

    def after(self, trace):
        """Rewrite the line."""
        if self.update:
            value = trace.unknowns[-1, -1]
            self.update(f"tracing: {len(trace)} points, {self.vary} = {value:.6g}, step {trace.step:.2g}")

    def end(self, status):
        """Close the line."""
        self.line.close()


class InContext(Watcher):
    """Show a trace in a context that ``make(start)`` makes for each direction.

    The context yields ``show(state)``, called with the engine's state after each portion of points; where that
    returns true the direction ends with ``Status.STOPPED``.
    """

    def __init__(self, make):
        self.make, self.context, self.show = make, contextlib.ExitStack(), None

    def begin(self, problem, start):
        """Enter the context."""
        made = self.make(start)
        if not hasattr(made, "__enter__") or not hasattr(made, "__exit__"):
            raise ValueError(f"progress: wanted a function that returns a context, got {shown(made)} from it")
        self.show = self.context.enter_context(made)

    def after(self, trace):
        """Show what there is."""
        return Status.STOPPED if self.show and self.show(trace.state) else None

    def end(self, status):
        """Leave the context."""
        self.context.close()


@contextlib.contextmanager
def open_line(text):
    """Yield ``update(text)``, which rewrites one line on stderr; None where stderr is no terminal."""
    from rich.console import Console
    from rich.status import Status as Line

    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    with Line(text, console=console) as line:
        yield line.update


def board(wanted):
    """The line of a diagram, a context like `open_line`; it yields None unless `wanted`."""
    return open_line("diagram") if check_flag("progress", wanted) else contextlib.nullcontext()
