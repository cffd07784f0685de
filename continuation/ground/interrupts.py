"""Ctrl-C noted instead of raised, so that what is being put together is finished first.

Python runs handlers of signals between two of its instructions, and none come while compiled code holds the thread.
What it does at once, from the signal itself, is write a byte to a file descriptor (`signal.set_wakeup_fd`); a thread
that waits for it sets the flags which the compiled loop looks at.  The thread lives as long as something is traced, and
passes the bytes on to the descriptor that was in use before (event loops have one).

Nothing here acts outside the main thread, where Python delivers no signals, or where the caller handles SIGINT.
"""

import _thread
import contextlib
import os
import signal
import socket
import threading

END = b"\0"  # a byte that is no signal's number: ends the thread
PATIENCE = 1.0  # seconds that a thread may take to end


class Listener:
    """A handler of SIGINT: the first Ctrl-C sets `heard`, the next raises KeyboardInterrupt."""

    def __init__(self):
        self.heard = False

    def __call__(self, number, frame):
        """Note the signal, or raise."""
        if self.heard:
            raise KeyboardInterrupt
        self.heard = True


class FlagSetter(Listener):
    """A `Listener` that sets ``flag[0]`` too, and tells another one that is at work."""

    def __init__(self, flag, other):
        super().__init__()
        self.flag, self.other = flag, other
        if isinstance(other, Listener) and other.heard:  # before this trace began
            flag[0] = 1

    def __call__(self, number, frame):
        """Set the flag; tell the other listener, or raise."""
        self.flag[0] = 1
        if isinstance(self.other, Listener):
            self.other(number, frame)
        else:
            super().__call__(number, frame)


_local = threading.local()  # `flags`: those of the traces that run in this thread, the innermost last


def flags_here() -> list:
    """Flags of the traces that run in this thread."""
    if not hasattr(_local, "flags"):
        _local.flags = []
    return _local.flags


def is_stopping() -> bool:
    """Whether the trace that runs in this thread has been asked to stop."""
    flags = flags_here()
    return bool(flags) and flags[-1][0] != 0


def stop_here():
    """Stop what runs in this thread, where a function of the user's raised KeyboardInterrupt inside compiled code.

    It can't cross that: a trace is asked to stop, anything else is told by `raise_if_stopped`.
    """
    flags = flags_here()
    _local.stopped = not flags
    for flag in flags:
        flag[0] = 1


def raise_if_stopped():
    """Raise the KeyboardInterrupt that compiled code swallowed in this thread, if there was one."""
    if getattr(_local, "stopped", False):
        _local.stopped = False
        raise KeyboardInterrupt


def raise_if_heard():
    """Raise KeyboardInterrupt where a `Listener` at work in this thread has heard: for long work outside of traces."""
    if in_main_thread():
        handler = signal.getsignal(signal.SIGINT)
        if isinstance(handler, Listener) and handler.heard:
            raise KeyboardInterrupt


@contextlib.contextmanager
def listening():
    """Yield a `Listener`; it does nothing outside the main thread or where the caller handles SIGINT himself.

    Inside another `listening` it is that one's listener.
    """
    others = signal.getsignal(signal.SIGINT)
    if in_main_thread() and isinstance(others, Listener):
        yield others
        return
    listener = Listener()
    if not (in_main_thread() and others is signal.default_int_handler):
        yield listener
        return
    with handling(listener):
        yield listener


@contextlib.contextmanager
def interrupt_sets(flag):
    """Let Ctrl-C set ``flag[0]`` (and tell a `Listener` that is at work) instead of raising, also in compiled code.

    The next Ctrl-C raises.  Does nothing outside the main thread or where the caller handles SIGINT himself.
    """
    flags = flags_here()
    flags.append(flag)
    try:
        others = signal.getsignal(signal.SIGINT)
        if in_main_thread() and (others is signal.default_int_handler or isinstance(others, Listener)):
            with handling(FlagSetter(flag, others)), waking(flags):
                yield
        else:
            yield
    finally:
        flags.pop()


@contextlib.contextmanager
def handling(handler):
    """Handle SIGINT so; the handler before is back at the end, whatever happens."""
    before = signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def waking(flags):
    """Let a thread set all `flags` as soon as SIGINT arrives; the descriptor in use before is told of every signal.

    Where no such descriptor or no thread is to be had, or it can't be told (on Windows), signals wait for Python.
    """
    pipe = _pipe()
    if len(flags) > 1 or pipe is None:  # the thread of the outer trace sets the inner ones' flags as well
        yield
        return
    reader, writer = pipe
    before, running = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False), None
    try:
        if before == -1 or os.name != "nt":
            running = _start_watching(reader, flags, before)
        if running is None:
            signal.set_wakeup_fd(before, warn_on_full_buffer=False)
        yield
    finally:
        signal.set_wakeup_fd(before, warn_on_full_buffer=False)
        if running is not None:
            with contextlib.suppress(OSError):  # full of signals: the thread has enough to wake up for
                writer.send(END)
            running.acquire(timeout=PATIENCE)  # a signal that it has not read yet is none of the next trace's


def _start_watching(reader, flags, before):
    """Start the thread of `_watch`; the lock that it releases at its end, None where the system has no thread left."""
    running = _thread.allocate_lock()
    running.acquire()
    try:
        _thread.start_new_thread(_watch, (reader, flags, before, running))
    except RuntimeError:
        return None
    return running


def _watch(reader, flags, before, running):
    """Set the flags at each SIGINT, pass every signal on, until the end; then release the lock."""
    while True:
        numbers = reader.recv(1)
        if numbers in (END, b""):
            running.release()
            return
        if numbers[0] == signal.SIGINT:
            for flag in list(flags):
                flag[0] = 1
        if before != -1:
            with contextlib.suppress(OSError):
                os.write(before, numbers)


_pipes = {}  # process -> its pair of sockets; a child made by fork has one of its own


def _pipe():
    """Make the two ends of this process's own pipe, once; None where the system refuses."""
    if os.getpid() not in _pipes:
        try:
            reader, writer = socket.socketpair()
            writer.setblocking(False)
        except OSError:
            return None
        _pipes.clear()
        _pipes[os.getpid()] = reader, writer
    return _pipes[os.getpid()]


def in_main_thread() -> bool:
    """Whether this is the thread to which Python delivers signals."""
    return threading.current_thread() is threading.main_thread()
