"""The whole state of a running trace, in arrays: the loop can stop anywhere and go on bit for bit.

A *record* is a row of floats that describes one point: its unknowns x (N), unit tangent t (N), the test
functions (K mantissas, K exponents) and the scalars named below.  Rows of the branch, the points between
which an event is sought and the accepted point are all records.
"""

from typing import NamedTuple

import numpy as np

from continuation.compiled.arrays import doubles, integers
from continuation.compiled.interface import address_of
from continuation.compiled.kernel import internal

# Scalars of a record, after x, t and the test functions.
UNSTABLE, NULLITY, VANISHED, RESIDUAL, DET, DET_EXPONENT, KIND, TEST, LOCATED, ERROR, ROLE, SCALARS = range(12)

# Roles of a record on the stack.
POINT, PROBE, EVENT = range(3)  # stored; compared only; special

REGULAR = -1  # KIND of a row that is no event
UNKNOWN = -2.0  # UNSTABLE of a start whose critical eigenvalues can't be counted to one side
# KIND of an event is an index of these.
KINDS = (
    "FOLD",
    "BRANCH_POINT",
    "HOPF",
    "USER",
    "CUSP",
    "BOGDANOV_TAKENS",
    "BAUTIN",
    "ZERO_HOPF",
    "HOPF_HOPF",
)
FOLD, BRANCH_POINT, HOPF, USER = range(4)
PROBE_ONLY = -1  # kind of a test function whose sign changes mean nothing

# Operations of the problem: index of the pair (address, data) in `ops`; REFINE is optional.
OP_RESIDUAL, OP_LINEARISE, OP_SOLVE, OP_MONITOR, OP_REFINE = 0, 2, 4, 6, 8
OP_RARE, OPS = 10, 11  # the engine's own rare work is called by address too, see tasks.py

# Integers of the state.
(
    SIZE,  # N
    TESTS,  # K
    ACTIVE,  # index in p of the active parameter
    DEPTH,  # records on the stack
    ROWS,  # rows stored
    POINTS,  # points stored, events left out
    MAX_POINTS,
    MAX_NEWTON,
    HISTORY,  # whether `previous` is a point to extrapolate from
    PENDING,  # code to end with once the stack is empty
    CAUSE,  # reason of the last rejection
    EMPTY,  # accepted points in a row where F_u was lost in rounding
    FRESH,  # accepted steps since the last rejection
    DETECT,  # bits of the kinds to look for
    STOP_KINDS,  # bits of the kinds to stop at
    STOP_COUNT,  # special points after which to stop, 0: none
    EVENTS,  # special points stored
    BRACKETS,  # brackets stored
    FLAG,  # set from outside: stop at the next point
    COUNT_KIND,  # kind of event that a change of the unstable count is, -1: none
    PRESCRIBED,  # whether the step only changes when it is rejected
    TASK,  # what `rare` is asked to do
    BUDGET,  # points that `run` may accept
    INTEGERS,
) = range(24)

# Work counts: an own array, so that every reason has its place.
(
    STEPS,
    NEWTON,
    RESIDUALS,
    REJECTED_NEWTON,
    REJECTED_ANGLE,
    REJECTED_JUMP,
    REJECTED_NONFINITE,
    REJECTED_SINGULAR,
    REJECTED_FAILED,
    PROBES,
    EFFORTS,
) = range(11)

# Rows of `work`.
GUESS, ROW, RHS, SOLUTION, F, DIRECTION, MONITORED, REQUEST, SPARE, SPARE_DIRECTION, WORK_ROWS = range(11)

# Floats of the state.
# ARGUMENT and RESULT are those of `rare`, BASE is the parameter at the record that a correction starts from, BEFORE
# the distance from PREVIOUS to LEFT, CORRECTION the length of Newton's last correction.
H, MIN_H, MAX_H, TOLERANCE, MAX_ANGLE, ARGUMENT, RESULT, BASE, BEFORE, CORRECTION, FLOATS = range(11)

# Codes: of a correction, and of a loop that returns.
CONVERGED, DIVERGED, TURNED, JUMPED = 0, 11, 12, 13
FULL, PAUSED, LIMIT, CLOSED, MAX_REACHED, STOPPED, INTERRUPTED = 101, 102, 103, 104, 105, 106, 107
TOO_SMALL, IS_SINGULAR, IS_NONFINITE, UNRESOLVED, CALLBACK_FAILED = 108, 109, 110, 111, 112

# Slots of `slots`: the records that are not on the stack.
START, PREVIOUS, LEFT, MADE, SLOTS = range(5)
STACK_DEPTH = 96


class State(NamedTuple):
    """Everything the loop knows; compiled code gets the address of its table."""

    table: np.ndarray  # int64 (TABLE,): addresses and shapes of all that follows
    ops: np.ndarray  # int64 (OPS,)
    kinds: np.ndarray  # int64 (K,): kind of each test function's sign change
    p: np.ndarray  # parameters, the active one is written by the loop
    weights: np.ndarray  # (N,)
    i: np.ndarray  # int64 (INTEGERS,)
    f: np.ndarray  # (FLOATS,)
    effort: np.ndarray  # int64 (EFFORTS,)
    work: np.ndarray  # (WORK_ROWS, 2 N + 8) vectors of the corrector
    scratch: np.ndarray  # out of `monitor` and of `refine`
    slots: np.ndarray  # (SLOTS, width) records
    stack: np.ndarray  # (STACK_DEPTH, width) records
    rows: np.ndarray  # (capacity, width) records
    brackets: np.ndarray  # (capacity, 2 N): two points each
    limits: np.ndarray  # (M, 3): index of an unknown, the least and the largest value it may take

    @property
    def address(self) -> int:
        """Address of the table; the state must be kept while it is in use."""
        return self.table.ctypes.data


def width(n_unknowns: int, tests: int) -> int:
    """Floats in a record."""
    return 2 * n_unknowns + 2 * tests + SCALARS


TABLE = 42  # three entries for each array: address, rows, columns


def with_table(state: State) -> State:
    """The state with its table filled in; to be done again whenever one of its arrays is replaced."""
    table = np.zeros(TABLE, np.int64)
    for k, array in enumerate(state[1:]):
        table[3 * k : 3 * k + 3] = address_of(array), len(array), array.shape[-1]
    return state._replace(table=table)


# Views of the arrays for compiled code, which has the address of the table: one word to pass, no references counted.


@internal
def table(s):
    """(TABLE,): address, rows and columns of each array."""
    return integers(s, TABLE)


@internal
def ops(s):
    """(OPS,): operations as (address, data), then the engine's own."""
    t = table(s)
    return integers(t[0], t[1])


@internal
def kinds(s):
    """(K,): kind of each test function's sign change."""
    t = table(s)
    return integers(t[3], t[4])


@internal
def p(s):
    """Parameters, the active one is written by the loop."""
    t = table(s)
    return doubles(t[6], t[7])


@internal
def weights(s):
    """(N,)."""
    t = table(s)
    return doubles(t[9], t[10])


@internal
def i(s):
    """(INTEGERS,)."""
    t = table(s)
    return integers(t[12], t[13])


@internal
def f(s):
    """(FLOATS,)."""
    t = table(s)
    return doubles(t[15], t[16])


@internal
def effort(s):
    """(EFFORTS,)."""
    t = table(s)
    return integers(t[18], t[19])


@internal
def work(s):
    """(WORK_ROWS, ...): vectors of the corrector."""
    t = table(s)
    return doubles(t[21], (t[22], t[23]))


@internal
def scratch(s):
    """Out of `monitor` and of `refine`."""
    t = table(s)
    return doubles(t[24], t[25])


@internal
def slots(s):
    """(SLOTS, width): records."""
    t = table(s)
    return doubles(t[27], (t[28], t[29]))


@internal
def stack(s):
    """(STACK_DEPTH, width): records."""
    t = table(s)
    return doubles(t[30], (t[31], t[32]))


@internal
def rows(s):
    """(capacity, width): records."""
    t = table(s)
    return doubles(t[33], (t[34], t[35]))


@internal
def brackets(s):
    """(capacity, 2 N): two points each."""
    t = table(s)
    return doubles(t[36], (t[37], t[38]))


@internal
def limits(s):
    """(M, 3): index of an unknown, the least and the largest value it may take."""
    t = table(s)
    return doubles(t[39], (t[40], t[41]))
