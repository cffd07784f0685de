"""Names of special points and of the ways a branch ends."""

from enum import Enum


class Kind(Enum):
    """Kinds of special points: the label the field uses, and what rooms below `continuation.kinds` ask.

    Everything else about a kind is in its file, see `continuation.kinds.registry`.

    Attributes
    ----------
    crossing : int
        How many eigenvalues cross the imaginary axis at such a point (multipliers of an orbit the unit circle), or the
        dimension of a larger kernel of F_u; 0 where none need to, the least where it depends on the curve.  Those that
        are critical all along a curve of special points are not counted.
    on_request : bool
        Whether it is looked for only where `detect` names it.
    """

    FOLD = "LP", 1
    BRANCH_POINT = "BP", 1
    HOPF = "HB", 2
    CUSP = "CP", 0
    BOGDANOV_TAKENS = "BT", 1
    BAUTIN = "GH", 0
    ZERO_HOPF = "ZH", 1
    HOPF_HOPF = "HH", 2
    DEGENERATE_BRANCH_POINT = "DB", 0
    NEUTRAL_SADDLE = "NE", 0, True
    CORNER = "CO", 0
    PERIOD_DOUBLING = "PD", 1
    NEIMARK_SACKER = "NS", 2
    CUSP_OF_CYCLES = "CPC", 0
    DEGENERATE_DOUBLING = "GPD", 0
    CHENCINER = "CH", 0
    RESONANCE_ONE = "R1", 1
    RESONANCE_TWO = "R2", 1
    RESONANCE_THREE = "R3", 0
    RESONANCE_FOUR = "R4", 0
    FOLD_FLIP = "LPPD", 1
    FOLD_TORUS = "LPNS", 1
    FLIP_TORUS = "PDNS", 1
    DOUBLE_TORUS = "NSNS", 2
    USER = "UZ", 0
    END = "EP", 0

    def __new__(cls, label, crossing, on_request=False):
        """Make the label the value: ``Kind("LP")`` is the fold."""
        member = object.__new__(cls)
        member._value_, member.crossing, member.on_request = label, crossing, on_request
        return member

    @property
    def label(self) -> str:
        """Two to four letters, as printed in tables and diagrams (``LP``, ``BP``, ``LPPD`` ...)."""
        return self.value


class Status(Enum):
    """Why one end of a branch stops there; the value is the advice given to the reader."""

    LIMIT = "reached a limit of the span; widen `span` to go on"
    INFINITY = (
        "leaves to infinity: nothing is left but the growth of what the remarks name; a limit of it in `span` ends "
        "the branch elsewhere, `branch.extend()` goes on"
    )
    HOPF = "the periodic orbits shrink to a point here: a Hopf point of the equilibria, where their branch ends"
    LONG_PERIOD = (
        "the period grows without bound; the remark says towards what, `Settings(max_period=...)` where it is stopped"
    )
    CLOSED = "returned to its start: the branch is a closed curve and complete"
    MAX_POINTS = "stored `max_points` points; `branch.extend()` goes on from here"
    STOPPED = "stopped as asked by `stop` or `direction`; `branch.extend()` goes on from here"
    TIME_LIMIT = "the time limit was reached; `branch.extend()` goes on from here"
    INTERRUPTED = "interrupted; what was traced is kept, `branch.extend()` goes on from here"
    STEP_TOO_SMALL = (
        "no step down to `min_step` was accepted: the branch may end or have a corner here (if F has kinks, say "
        "`Problem(smoothness=1)`); look at the last points, try problem.check(), a smaller `min_step` or a larger "
        "`tolerance`"
    )
    SINGULAR = (
        "the bordered matrix is singular at every step size: branches meet at a corner or tangentially here "
        "(`switch` at a branch point gives them), or an equation is missing or repeated; try problem.check()"
    )
    NONFINITE = (
        "the residual or its derivatives became NaN or infinite beyond this point; "
        "check the domain of the functions used, or end `span` before it"
    )
    UNRESOLVED = (
        "residual and Jacobian vanish together or rounding hides them: points beyond here would not be "
        "meaningful; rescale the equations or use other unknowns"
    )
    CALLBACK_FAILED = "one of the problem's functions raised an exception; see the traceback in the log"
    BAD_START = "the start could not be corrected to a solution; give a better start or other parameters"

    @property
    def advice(self) -> str:
        """The value: what happened and what to try."""
        return self.value

    @property
    def is_failure(self) -> bool:
        """Whether the branch ends there for numerical reasons, against what was asked for."""
        return self in _FAILURES


_FAILURES = (
    Status.STEP_TOO_SMALL,
    Status.SINGULAR,
    Status.NONFINITE,
    Status.CALLBACK_FAILED,
    Status.BAD_START,
)


class ContinuationError(RuntimeError):
    """A trace with ``strict=True`` ended early; ``error.branch`` holds what was found."""

    def __init__(self, message, branch=None):
        super().__init__(message)
        self.branch = branch


class StartError(ValueError):
    """The start can't be used; the message says why and what to try, ``status`` is its code."""

    def __init__(self, message, status=Status.BAD_START):
        super().__init__(message)
        self.status = status
