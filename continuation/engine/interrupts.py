"""Ctrl-C noted instead of raised, so that what is being put together is finished first."""

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
    """Yield a `Listener`; it hears nothing where Python or the caller has other plans for the signal."""
    listener = Listener()
    ours = threading.current_thread() is threading.main_thread()
    if not (ours and signal.getsignal(signal.SIGINT) is signal.default_int_handler):
        yield listener
        return
    before = signal.signal(signal.SIGINT, listener)
    try:
        yield listener
    finally:
        signal.signal(signal.SIGINT, before)
