"""Where things stand in what the engine and a problem's operations write to each other.

All messages begin with a point: its unknowns x (N,) and a tangent (N,).  The names here are positions *behind*
these, to be added to 2 N; `Operations` says what each operation does.
"""

DETERMINANT, EXPONENT, SOLVED = range(3)  # into `monitor` and out of `solve` (two solutions, then the determinant)
ASKED_KIND, ASKED_CHANGE, ASKED = range(3)  # into `refine`: kind, and the change of the unstable count
# Out of `refine`.  EXPECTED is by how much the unstable count changes along the tangent, TURNS whether the varied
# parameter turns (1 or 0): both NaN where that is not known, as they are before `refine` is called.
FOUND_KIND, FOUND_NULLITY, FOUND_ERROR, FOUND_RESIDUAL, FOUND_EXPECTED, FOUND_TURNS, FOUND = range(7)

# Into `adapt`: slots of the last point but one (-1: none), of the last and of the start; whether the last move is to be
# taken back; whether the mesh is to stay as it is.
MOVED_PREVIOUS, MOVED_LEFT, MOVED_START, MOVED_BACK, MOVED_HELD, MOVED = range(6)

ROOM = 8  # floats behind a point in a vector that may hold a message
if max(SOLVED, ASKED, FOUND, MOVED) > ROOM:
    raise ValueError("a message does not fit into the vectors it is written to")
