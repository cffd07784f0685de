"""Another program that is asked the same, in a Python of its own: what it answers, or why it does not."""

import json
import subprocess
from typing import NamedTuple


class Answer(NamedTuple):
    """What was printed last, read as JSON; or ``failure``, in words."""

    said: object = None
    failure: str = ""


def ask(python, code, words, seconds) -> Answer:
    """Run code in another Python, with one argument; it answers by its last line.

    Parameters
    ----------
    python : str
        The interpreter.
    code, words : str
        What it runs, and its argument.
    seconds : float
        Of wall time that it may take in all, loading and the writing of files with it.

    Returns
    -------
    Answer
        A crash, an end that did not come and an answer that is none are failures, not errors.

    Examples
    --------
    >>> import sys
    >>> ask(sys.executable, "import sys; print(2 * int(sys.argv[1]))", "21", 60.0).said
    42
    """
    try:
        done = subprocess.run([python, "-c", code, words], capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        return Answer(failure=f"did not end within {seconds:g} s")
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return Answer(failure=f"crashed with exit status {done.returncode} ({last})")
    try:
        return Answer(json.loads(done.stdout.splitlines()[-1]))
    except (IndexError, ValueError):
        return Answer(failure=f"answered {done.stdout[-40:]!r}")
