"""Progress of long runs: a bar on a terminal, nothing where the output goes elsewhere."""

import contextlib
import sys


@contextlib.contextmanager
def progress(steps, label):
    """Show how many of `steps` are done; yields ``watch(step)``, cheap to call, for the run to report by.

    Examples
    --------
    >>> with progress(10, "nothing to be seen here") as watch:
    ...     watch(5)
    """
    if not sys.stdout.isatty():
        yield lambda step: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(file=sys.stdout)) as bar:
        task = bar.add_task(label, total=steps)
        yield lambda step: bar.update(task, completed=step)
