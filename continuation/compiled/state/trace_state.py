"""The whole state of a running trace, in arrays: the loop can stop anywhere and go on bit for bit.

A *record* is a row of floats that describes one point: its unknowns x (N), unit tangent t (N), the test
functions (K mantissas, K exponents) and the scalars named below.  Rows of the branch, the points between
which an event is sought and the accepted point are all records.
"""

from typing import NamedTuple

import numpy as np

from continuation.compiled.calls.arrays import doubles, fixed, integers
from continuation.compiled.calls.interface import address_of
from continuation.compiled.calls.kernel import internal

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
    PREVIOUS,  # slot of the point before the last
    LEFT,  # slot of what is settled last, the left end of what is not
    NEXT,  # slot of the next point
    INTEGERS,
) = range(27)

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
# the distance from PREVIOUS to LEFT, CORRECTION the squared length of Newton's last correction, LENGTH the distance
# from LEFT to the next point (negative: to be found out), CLEAR a lower bound of that from LEFT to the start.
H, MIN_H, MAX_H, TOLERANCE, MAX_ANGLE, ARGUMENT, RESULT, BASE, BEFORE, CORRECTION, LENGTH, CLEAR, FLOATS = range(13)

# Codes: of a correction, and of a loop that returns.
CONVERGED, DIVERGED, TURNED, JUMPED = 0, 11, 12, 13
FULL, PAUSED, LIMIT, CLOSED, MAX_REACHED, STOPPED, INTERRUPTED = 101, 102, 103, 104, 105, 106, 107
TOO_SMALL, IS_SINGULAR, IS_NONFINITE, UNRESOLVED, CALLBACK_FAILED = 108, 109, 110, 111, 112

# Slots of `slots`: the start, one to make records in, and three that take turns as the last point but one, the last
# and the next, which is the bottom of the stack: an accepted point stays where it was made.
START, MADE, FIRST_PREVIOUS, FIRST_LEFT, FIRST_NEXT, SLOTS = range(6)
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
    scratch: np.ndarray  # out of `refine`
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
def size(s):
    """N."""
    return fixed(s, 10)


@internal
def tests(s):
    """K."""
    return fixed(s, 4)


@internal
def active(s):
    """Index in p of the active parameter."""
    return fixed(fixed(s, 12), ACTIVE)


@internal
def ops(s):
    """(OPS,): operations as (address, data), then the engine's own."""
    return integers(fixed(s, 0), fixed(s, 1))


@internal
def kinds(s):
    """(K,): kind of each test function's sign change."""
    return integers(fixed(s, 3), fixed(s, 4))


@internal
def p(s):
    """Parameters, the active one is written by the loop."""
    return doubles(fixed(s, 6), fixed(s, 7))


@internal
def weights(s):
    """(N,)."""
    return doubles(fixed(s, 9), fixed(s, 10))


@internal
def i(s):
    """(INTEGERS,)."""
    return integers(fixed(s, 12), fixed(s, 13))


@internal
def f(s):
    """(FLOATS,)."""
    return doubles(fixed(s, 15), fixed(s, 16))


@internal
def effort(s):
    """(EFFORTS,)."""
    return integers(fixed(s, 18), fixed(s, 19))


@internal
def work(s):
    """(WORK_ROWS, ...): vectors of the corrector."""
    return doubles(fixed(s, 21), (fixed(s, 22), fixed(s, 23)))


@internal
def scratch(s):
    """Out of `refine`."""
    return doubles(fixed(s, 24), fixed(s, 25))


@internal
def slots(s):
    """(SLOTS, width): records."""
    return doubles(fixed(s, 27), (fixed(s, 28), fixed(s, 29)))


@internal
def slot(s, which):
    """Record in the slot that the integer PREVIOUS, LEFT or NEXT of the state names."""
    return doubles(fixed(s, 27) + 8 * fixed(s, 29) * i(s)[which], fixed(s, 29))


@internal
def stack(s):
    """(STACK_DEPTH, width): records above the bottom, which is in the slot NEXT."""
    return doubles(fixed(s, 30), (fixed(s, 31), fixed(s, 32)))


@internal
def above(s, depth):
    """Record on the stack above `depth` others."""
    bottom = fixed(s, 27) + 8 * fixed(s, 29) * i(s)[NEXT]
    return doubles(bottom if depth == 0 else fixed(s, 30) + 8 * fixed(s, 29) * depth, fixed(s, 29))


@internal
def top(s):
    """Record on top of the stack."""
    return above(s, i(s)[DEPTH] - 1)


@internal
def rows(s):
    """(capacity, width): records."""
    return doubles(fixed(s, 33), (fixed(s, 34), fixed(s, 35)))


@internal
def brackets(s):
    """(capacity, 2 N): two points each."""
    return doubles(fixed(s, 36), (fixed(s, 37), fixed(s, 38)))


@internal
def limits(s):
    """(M, 3): index of an unknown, the least and the largest value it may take."""
    return doubles(fixed(s, 39), (fixed(s, 40), fixed(s, 41)))
