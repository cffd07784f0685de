"""The whole state of a running trace, in arrays: the loop can stop anywhere and go on bit for bit.

A *record* is a row of floats that describes one point: its unknowns x (N), unit tangent t (N), the test
functions (K mantissas, K exponents) and the scalars named below.  Rows of the branch, the points between
which an event is sought and the accepted point are all records.
"""

from typing import NamedTuple

import numpy as np
from numba import carray

from continuation.compiled.interface import address_of, doubles_at, integers_at
from continuation.compiled.kernel import internal

# Scalars of a record, after x, t and the test functions.
UNSTABLE, NULLITY, VANISHED, RESIDUAL, DET, DET_EXPONENT, KIND, TEST, LOCATED, ERROR, ROLE, SCALARS = range(12)

# Roles of a record on the stack.
POINT, PROBE, EVENT = range(3)  # stored; compared only; special

REGULAR = -1  # KIND of a row that is no event
UNKNOWN = -2.0  # UNSTABLE of a start whose critical eigenvalues can't be counted to one side
KINDS = ("FOLD", "BRANCH_POINT", "HOPF", "USER")  # KIND of an event is an index of these
FOLD, BRANCH_POINT, HOPF, USER = range(4)
PROBE_ONLY = -1  # kind of a test function whose sign changes mean nothing

# Operations of the problem: index of the pair (address, data) in `ops`; REFINE is optional.
OP_RESIDUAL, OP_LINEARISE, OP_SOLVE, OP_MONITOR, OP_REFINE = 0, 2, 4, 6, 8
# The engine's own rare work, called by address too, so that the hot loop's code stays small (and compiles fast).
OP_BETWEEN, OP_EXAMINE, OP_CLIP, OP_PROBE, OP_CLOSES, OPS = 10, 11, 12, 13, 14, 15

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
    COUNTED,  # whether a change of the unstable count is an event
    PRESCRIBED,  # whether the step only changes when it is rejected
    INTEGERS,
) = range(22)

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
# SIGMA is the argument of a call by address, BASE the parameter at the record that a correction starts from.
H, MIN_H, MAX_H, TOLERANCE, MAX_ANGLE, LOW, HIGH, SIGMA, BASE, FLOATS = range(10)

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

    @property
    def address(self) -> int:
        """Address of the table; the state must be kept while it is in use."""
        return self.table.ctypes.data


def width(n_unknowns: int, tests: int) -> int:
    """Floats in a record."""
    return 2 * n_unknowns + 2 * tests + SCALARS


TABLE = 39  # three entries for each array: address, rows, columns


def with_table(state: State) -> State:
    """The state with its table filled in; to be done again whenever one of its arrays is replaced."""
    table = np.zeros(TABLE, np.int64)
    for k, array in enumerate(state[1:]):
        table[3 * k : 3 * k + 3] = address_of(array), len(array), array.shape[-1]
    return state._replace(table=table)


# Views of the arrays for compiled code, which has the address of the table: one word to pass, no references counted.


@internal
def _entry(s, k):
    """Address, rows and columns of array number k."""
    t = carray(integers_at(s), (TABLE,))
    return t[3 * k], t[3 * k + 1], t[3 * k + 2]


@internal
def ops(s):
    """(OPS,): operations as (address, data), then the engine's own."""
    address, rows_, _ = _entry(s, 0)
    return carray(integers_at(address), (rows_,))


@internal
def kinds(s):
    """(K,): kind of each test function's sign change."""
    address, rows_, _ = _entry(s, 1)
    return carray(integers_at(address), (rows_,))


@internal
def p(s):
    """Parameters, the active one is written by the loop."""
    address, rows_, _ = _entry(s, 2)
    return carray(doubles_at(address), (rows_,))


@internal
def weights(s):
    """(N,)."""
    address, rows_, _ = _entry(s, 3)
    return carray(doubles_at(address), (rows_,))


@internal
def i(s):
    """(INTEGERS,)."""
    address, rows_, _ = _entry(s, 4)
    return carray(integers_at(address), (rows_,))


@internal
def f(s):
    """(FLOATS,)."""
    address, rows_, _ = _entry(s, 5)
    return carray(doubles_at(address), (rows_,))


@internal
def effort(s):
    """(EFFORTS,)."""
    address, rows_, _ = _entry(s, 6)
    return carray(integers_at(address), (rows_,))


@internal
def work(s):
    """(WORK_ROWS, ...): vectors of the corrector."""
    address, rows_, columns = _entry(s, 7)
    return carray(doubles_at(address), (rows_, columns))


@internal
def scratch(s):
    """Out of `monitor` and of `refine`."""
    address, rows_, _ = _entry(s, 8)
    return carray(doubles_at(address), (rows_,))


@internal
def slots(s):
    """(SLOTS, width): records."""
    address, rows_, columns = _entry(s, 9)
    return carray(doubles_at(address), (rows_, columns))


@internal
def stack(s):
    """(STACK_DEPTH, width): records."""
    address, rows_, columns = _entry(s, 10)
    return carray(doubles_at(address), (rows_, columns))


@internal
def rows(s):
    """(capacity, width): records."""
    address, rows_, columns = _entry(s, 11)
    return carray(doubles_at(address), (rows_, columns))


@internal
def brackets(s):
    """(capacity, 2 N): two points each."""
    address, rows_, columns = _entry(s, 12)
    return carray(doubles_at(address), (rows_, columns))
