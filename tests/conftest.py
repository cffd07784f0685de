"""What every test has: repeatable random numbers, pictures without a display, no figures left open."""

import os
import signal
import sys
import zlib

import hypothesis
import numpy as np
import pytest

os.environ["MPLBACKEND"] = "Agg"  # before anything imports matplotlib; inherited by subprocesses
hypothesis.settings.register_profile("repeatable", derandomize=True, database=None, deadline=None)
hypothesis.settings.load_profile("repeatable")


@pytest.fixture
def rng(request):
    """Random numbers whose seed is the test's name: the same in every run and on every machine."""
    return np.random.default_rng(zlib.crc32(request.node.nodeid.encode()))


@pytest.fixture(autouse=True)
def ctrl_c():
    """Let Ctrl-C raise, here and in programs started from here, also where SIGINT was ignored (by nohup, or `&`)."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    if before is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


@pytest.fixture(autouse=True)
def close_figures():
    """Close the figures a test opened, if it opened any."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
