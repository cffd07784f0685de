"""The whole state of a running trace, in arrays: the loop can stop anywhere and go on bit for bit.

A *record* is a row of floats that describes one point: its unknowns x (N), unit tangent t (N), the test
functions (K mantissas, K exponents), what the problem's monitor keeps of it (its context: a mesh, say) and the scalars
named below.  Rows of the branch, the points between which an event is sought and the accepted point are all records.

No position is written by hand: those in the table follow from the order of `State`'s fields, those in records
from the order of the names below.
"""

from typing import NamedTuple

import numpy as np

from continuation.compiled.calls import arrays
from continuation.compiled.calls.arrays import doubles, fixed
from continuation.compiled.calls.interface import address_of
from continuation.compiled.calls.kernel import inlined, internal
from continuation.compiled.state.messages import ROOM

# Scalars of a record, behind all else; the first COUNTS of them are what `monitor` writes there.
UNSTABLE, NULLITY, VANISHED, RESIDUAL, DET, DET_EXPONENT, KIND, TEST, LOCATED, ERROR, ROLE = range(11)
EXPECTED, TURNS, SCALARS = range(ROLE + 1, ROLE + 4)  # of events only, see `messages`
COUNTS = RESIDUAL

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
    "DEGENERATE_BRANCH_POINT",
    "CORNER",
    "PERIOD_DOUBLING",
    "NEIMARK_SACKER",
    "CUSP_OF_CYCLES",
    "DEGENERATE_DOUBLING",
    "CHENCINER",
    "RESONANCE_ONE",
    "RESONANCE_TWO",
    "RESONANCE_THREE",
    "RESONANCE_FOUR",
    "FOLD_FLIP",
    "FOLD_TORUS",
    "FLIP_TORUS",
    "DOUBLE_TORUS",
)
NO_KIND = -1  # kind of a test function whose sign changes mean nothing

# Columns of `traits`, whose rows are the kinds and last, at NO_KIND, nothing.
(
    MARKS,  # the bits named below
    EXPLAINS,  # bits of the other kinds whose sign change a point of this kind accounts for
    BESIDE,  # the same, for changes right at the point only: in a longer piece they may be events of their own
    COUNT_CHANGE,  # largest change of the unstable count that it accounts for
    INSTEAD,  # kind that may be there instead, with more than one null vector; NO_KIND: none
    TRAITS,
) = range(6)
BY_KERNEL = -1  # COUNT_CHANGE that is the point's nullity
# Bits of MARKS.
(
    LOCATED_BY_BISECTION,  # no extended system: a zero of one test function, of which each has points of its own
    COMES_FIRST,  # looked for before what else changed: other changes may belong to it
    MAY_TOUCH,  # its test function may touch zero and keep its sign: other branches touch this one there
    CLOSES_AT_START,  # the branch is closed where it comes back to a start of this kind
) = (1, 2, 4, 8)

# Operations of the problem: index of the pair (address, data) in `ops`; REFINE and ADAPT are optional.  The engine's
# own rare work is called by address too, see tasks.py.
OP_RESIDUAL, OP_LINEARISE, OP_SOLVE, OP_MONITOR, OP_REFINE, OP_ADAPT, OP_RARE = range(0, 14, 2)
OPS = OP_RARE + 1

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
    EMPTY,  # accepted points in a row where F_u was lost in rounding
    FRESH,  # accepted steps since the last rejection
    DETECT,  # bits of the kinds to look for
    STOP_KINDS,  # bits of the kinds to stop at
    STOP_COUNT,  # special points after which to stop, 0: none
    EVENTS,  # special points stored
    BRACKETS,  # brackets stored
    FLAG,  # set from outside: stop at the next point
    COUNT_KIND,  # kind of event that a change of the unstable count is, NO_KIND: none
    MEETING_KIND,  # kind of the points where branches meet: one may end there
    TURN_KINDS,  # bits of the kinds where the varied parameter turns: the tangents tell of two in one step
    PREDICTOR,  # code of the predictor, see predict.py
    PRESCRIBED,  # whether the step only changes when it is rejected
    TASK,  # what `rare` is asked to do
    BUDGET,  # points that `run` may accept
    PREVIOUS,  # slot of the point before the last
    LEFT,  # slot of what is settled last, the left end of what is not
    NEXT,  # slot of the next point
    ADAPTS,  # whether units grow with the states, see growth.py
    LONGEST,  # steps in a row that were as long as they may be
    PATIENCE,  # so many of these before units grow
    LOOKS,  # points in between and locations that this step may still ask for
    NOTES,  # notes made, more than there is room for included
    SMOOTHNESS,  # how often F can be differentiated: below 3 corners are passed, below 2 they are expected anywhere
    KINK_KIND,  # kind of the points where F_u jumps
    GUARDED,  # whether branch points ahead can be told from near-crossings
    CROSSINGS,  # near-crossings noted, also those that found no room
    TURNED_AT,  # accepted steps when a series of steps that were taken back began
    MOVES,  # points after which the problem may choose other unknowns for the same curve, 0: never; see moving.py
    MOVED_AT,  # points stored when it did last
    MESH_HELD,  # whether its mesh is to stay: then it only renews what it measures against
    PASSED,  # test function that changed its sign at the event just passed, -1: none certainly, or not alone
    INTEGERS,
) = range(43)

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
    REJECTED_STRAYED,
    REJECTED_LOST,
    PROBES,
    UNSEARCHED,  # steps whose LOOKS ran out
    EFFORTS,
) = range(14)

# Points in between and locations that one accepted step may ask for.  A step with several special points takes some
# hundreds; ten times less and points of such steps are not located, ten times more and noise takes minutes a step.
MOST_LOOKS = 2000
# Reasons of notes: the step from the row was not searched to the end.
(OUT_OF_LOOKS,) = range(1)
MOST_NOTES = 64  # that are kept

# Rows of `work`.
GUESS, ROW, RHS, SOLUTION, F, DIRECTION, MONITORED, REQUEST, SPARE, SPARE_DIRECTION, WORK_ROWS = range(11)

# Floats of the state.
# ARGUMENT and RESULT are those of `rare`, BEFORE is the distance from PREVIOUS to LEFT, CORRECTION the squared length
# of Newton's last correction, LENGTH the distance from LEFT to the next point (negative: to be found out), CLEAR a
# lower bound of that from LEFT to the start, GROWN the factor by which a state may outgrow its unit.
# The guard's: FIRST is the squared length of Newton's first correction in a step, SLOWLY whether one converged slowly,
# ALLOWED the square that FIRST may have without being looked at, REACH_DET and REACH_EXPONENT the determinant when
# that was measured, WAIVED how far to go without looking ahead, WAIVE_NEXT the steps to waive next, STRAY the first
# correction for which this step was refused last, AHEAD how far ahead branches seemed to meet at the last look, less
# what was gone since, SOUGHT how far ahead one was sought last.
(
    H,
    MIN_H,
    MAX_H,
    TOLERANCE,
    MAX_ANGLE,
    ARGUMENT,
    RESULT,
    BEFORE,
    CORRECTION,
    LENGTH,
    CLEAR,
    GROWN,
    FIRST,
    SLOWLY,
    ALLOWED,
    REACH_DET,
    REACH_EXPONENT,
    WAIVED,
    WAIVE_NEXT,
    STRAY,
    AHEAD,
    SOUGHT,
    FLOATS,
) = range(23)

# Codes: of a correction, and of a loop that returns.
CONVERGED, DIVERGED, TURNED, JUMPED, REFUSED, STRAYED = 0, 11, 12, 13, 14, 15
FULL, PAUSED, LIMIT, CLOSED, MAX_REACHED, STOPPED, INTERRUPTED = 101, 102, 103, 104, 105, 106, 107
TOO_SMALL, IS_SINGULAR, IS_NONFINITE, UNRESOLVED, CALLBACK_FAILED = 108, 109, 110, 111, 112

# Slots of `slots`: the start, one to make records in, three that take turns as the last point but one, the last and
# the next, which is the bottom of the stack (an accepted point stays where it was made); the event just passed and what
# was before it.
START, MADE, FIRST_PREVIOUS, FIRST_LEFT, FIRST_NEXT, BEHIND, ON_EVENT, SLOTS = range(8)
STACK_DEPTH = 96
# Columns of `crossings` behind the unknowns of a place between two branches: how far these are apart there, the rows at
# which the branch met it first and last, how many places it stands for where they go side by side, and whether it is an
# imperfect branch point.
GAP, FIRST_ROW, LAST_ROW, PLACES, IMPERFECT, CROSSING = range(6)
MOST_CROSSINGS = 64  # places kept; what is found beyond is counted


class State(NamedTuple):
    """Everything the loop knows; compiled code gets the address of its table."""

    table: np.ndarray  # int64 (TABLE,): addresses and shapes of all that follows
    ops: np.ndarray  # int64 (OPS,)
    kinds: np.ndarray  # int64 (K,): kind of each test function's sign change
    traits: np.ndarray  # int64 (kinds, TRAITS): what the loop knows of each kind
    parameters: np.ndarray  # the active one is written by the loop
    weights: np.ndarray  # (N,)
    integers: np.ndarray  # int64 (INTEGERS,)
    floats: np.ndarray  # (FLOATS,)
    effort: np.ndarray  # int64 (EFFORTS,)
    work: np.ndarray  # (WORK_ROWS, at least work_width) vectors of the corrector
    scratch: np.ndarray  # out of `refine`
    slots: np.ndarray  # (SLOTS, width) records
    stack: np.ndarray  # (STACK_DEPTH, width) records
    rows: np.ndarray  # (capacity, width) records
    brackets: np.ndarray  # (capacity, 2 N): two points each
    limits: np.ndarray  # (M, 4): index of an unknown, the least and the largest value it may take, its unit
    notes: np.ndarray  # int64 (MOST_NOTES, 2): a row and what is to be said of it
    crossings: np.ndarray  # (MOST_CROSSINGS, N + CROSSING): near-crossings, see `events.near_crossing`

    @property
    def address(self) -> int:
        """Address of the table; the state must be kept while it is in use."""
        return self.table.ctypes.data


def width(n_unknowns: int, tests: int, context: int = 0) -> int:
    """Floats in a record."""
    return 2 * n_unknowns + 2 * tests + context + SCALARS


def work_width(n_unknowns: int) -> int:
    """Floats in a vector of the corrector: two of the size of x, and room for what goes with them."""
    return 2 * n_unknowns + ROOM


ENTRIES = 3  # of each array in the table: address, rows, columns
TABLE = ENTRIES * (len(State._fields) - 1)


def place(field: str) -> int:
    """Index of the first of a field's entries in the table."""
    return ENTRIES * (State._fields.index(field) - 1)


def with_table(state: State) -> State:
    """The state with its table filled in; to be done again whenever one of its arrays is replaced."""
    table = np.zeros(TABLE, np.int64)
    for field, array in zip(State._fields[1:], state[1:]):
        first = place(field)
        table[first : first + ENTRIES] = address_of(array), len(array), array.shape[-1]
    return state._replace(table=table)


# Views of the arrays for compiled code, which has the address of the table: one word to pass, no references counted.
_OPS, _KINDS, _TRAITS, _PARAMETERS = place("ops"), place("kinds"), place("traits"), place("parameters")
_WEIGHTS, _INTEGERS, _FLOATS, _EFFORT = place("weights"), place("integers"), place("floats"), place("effort")
_WORK, _SCRATCH, _SLOTS, _STACK = place("work"), place("scratch"), place("slots"), place("stack")
_ROWS, _BRACKETS, _LIMITS, _NOTES = place("rows"), place("brackets"), place("limits"), place("notes")
_CROSSINGS = place("crossings")


@internal
def size(s):
    """N."""
    return fixed(s, _WEIGHTS + 1)


@internal
def tests(s):
    """K."""
    return fixed(s, _KINDS + 1)


@inlined
def scalars(s):
    """Where the scalars of a record begin."""
    return fixed(s, _SLOTS + 2) - SCALARS


@internal
def active(s):
    """Index of the active parameter."""
    return fixed(fixed(s, _INTEGERS), ACTIVE)


@internal
def ops(s):
    """(OPS,): operations as (address, data), then the engine's own."""
    return arrays.integers(fixed(s, _OPS), fixed(s, _OPS + 1))


@internal
def kinds(s):
    """(K,): kind of each test function's sign change."""
    return arrays.integers(fixed(s, _KINDS), fixed(s, _KINDS + 1))


@internal
def trait(s, kind, which):
    """One entry of `traits`."""
    return arrays.integers(fixed(s, _TRAITS), (fixed(s, _TRAITS + 1), TRAITS))[kind, which]


@internal
def has_mark(s, kind, mark):
    """Whether a kind (NO_KIND has none) has one of the bits of MARKS."""
    return trait(s, kind, MARKS) & mark != 0


@internal
def parameters(s):
    """Parameters, the active one is written by the loop."""
    return doubles(fixed(s, _PARAMETERS), fixed(s, _PARAMETERS + 1))


@internal
def weights(s):
    """(N,)."""
    return doubles(fixed(s, _WEIGHTS), fixed(s, _WEIGHTS + 1))


@internal
def integers(s):
    """(INTEGERS,)."""
    return arrays.integers(fixed(s, _INTEGERS), fixed(s, _INTEGERS + 1))


@internal
def floats(s):
    """(FLOATS,)."""
    return doubles(fixed(s, _FLOATS), fixed(s, _FLOATS + 1))


@internal
def effort(s):
    """(EFFORTS,)."""
    return arrays.integers(fixed(s, _EFFORT), fixed(s, _EFFORT + 1))


@internal
def work(s):
    """(WORK_ROWS, ...): vectors of the corrector."""
    return doubles(fixed(s, _WORK), (fixed(s, _WORK + 1), fixed(s, _WORK + 2)))


@internal
def scratch(s):
    """Out of `refine`."""
    return doubles(fixed(s, _SCRATCH), fixed(s, _SCRATCH + 1))


@internal
def slots(s):
    """(SLOTS, width): records."""
    return doubles(fixed(s, _SLOTS), (fixed(s, _SLOTS + 1), fixed(s, _SLOTS + 2)))


@internal
def slot(s, which):
    """Record in the slot that the integer PREVIOUS, LEFT or NEXT of the state names."""
    return doubles(fixed(s, _SLOTS) + 8 * fixed(s, _SLOTS + 2) * integers(s)[which], fixed(s, _SLOTS + 2))


@internal
def stack(s):
    """(STACK_DEPTH, width): records above the bottom, which is in the slot NEXT."""
    return doubles(fixed(s, _STACK), (fixed(s, _STACK + 1), fixed(s, _STACK + 2)))


@internal
def above(s, depth):
    """Record on the stack above `depth` others."""
    bottom = fixed(s, _SLOTS) + 8 * fixed(s, _SLOTS + 2) * integers(s)[NEXT]
    return doubles(bottom if depth == 0 else fixed(s, _STACK) + 8 * fixed(s, _SLOTS + 2) * depth, fixed(s, _SLOTS + 2))


@internal
def top(s):
    """Record on top of the stack."""
    return above(s, integers(s)[DEPTH] - 1)


@internal
def rows(s):
    """(capacity, width): records."""
    return doubles(fixed(s, _ROWS), (fixed(s, _ROWS + 1), fixed(s, _ROWS + 2)))


@internal
def brackets(s):
    """(capacity, 2 N): two points each."""
    return doubles(fixed(s, _BRACKETS), (fixed(s, _BRACKETS + 1), fixed(s, _BRACKETS + 2)))


@internal
def limits(s):
    """(M, 4): index of an unknown, the least and the largest value it may take, its unit."""
    return doubles(fixed(s, _LIMITS), (fixed(s, _LIMITS + 1), fixed(s, _LIMITS + 2)))


@internal
def notes(s):
    """(MOST_NOTES, 2): a row and what is to be said of it."""
    return arrays.integers(fixed(s, _NOTES), (fixed(s, _NOTES + 1), fixed(s, _NOTES + 2)))


@internal
def crossings(s):
    """(MOST_CROSSINGS, N + CROSSING): near-crossings."""
    return doubles(fixed(s, _CROSSINGS), (fixed(s, _CROSSINGS + 1), fixed(s, _CROSSINGS + 2)))
