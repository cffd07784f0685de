"""Ctrl-C noted instead of raised, so that what is being put together is finished first.

Nothing here acts outside the main thread, where Python delivers no signals, or where the caller handles SIGINT.
"""

import contextlib
import signal
import threading


class Listener:
    """A handler of SIGINT: the first Ctrl-C sets `heard`, the next raises KeyboardInterrupt."""

    def __init__(self):
        self.heard = False

    def __call__(self, number, frame):
        """Note the signal, or raise."""
        if self.heard:
            raise KeyboardInterrupt
        self.heard = True


@contextlib.contextmanager
def listening():
    """Yield a `Listener`; it does nothing outside the main thread or where the caller handles SIGINT himself."""
    listener = Listener()
    if not (in_main_thread() and signal.getsignal(signal.SIGINT) is signal.default_int_handler):
        yield listener
        return
    with handling(listener):
        yield listener


@contextlib.contextmanager
def interrupt_sets(flag):
    """Let Ctrl-C set ``flag[0]`` (and tell a `Listener` that is at work) instead of raising.

    Does nothing outside the main thread or where the caller handles SIGINT himself.
    """
    others = signal.getsignal(signal.SIGINT)
    if not (in_main_thread() and (others is signal.default_int_handler or isinstance(others, Listener))):
        yield
        return

    def handler(number, frame):
        flag[0] = 1
        if isinstance(others, Listener):
            others(number, frame)

    with handling(handler):
        yield


@contextlib.contextmanager
def handling(handler):
    """Handle SIGINT so; the handler before is back at the end, whatever happens."""
    before = signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def in_main_thread() -> bool:
    """Whether this is the thread to which Python delivers signals."""
    return threading.current_thread() is threading.main_thread()
