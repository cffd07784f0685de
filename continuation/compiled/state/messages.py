"""Where things stand in what the engine and a problem's operations write to each other.

All messages begin with a point: its unknowns x (N,) and a tangent (N,).  The names here are positions *behind*
these, to be added to 2 N; `Operations` says what each operation does.
"""

DETERMINANT, EXPONENT, SOLVED = range(3)  # into `monitor` and out of `solve` (two solutions, then the determinant)
ASKED_KIND, ASKED_CHANGE, ASKED = range(3)  # into `refine`: kind, and the change of the unstable count
FOUND_KIND, FOUND_NULLITY, FOUND_ERROR, FOUND_RESIDUAL, FOUND_PAIRS, FOUND = range(6)  # out of `refine`

ROOM = 8  # floats behind a point in a vector that may hold a message
if max(SOLVED, ASKED, FOUND) > ROOM:
    raise ValueError("a message does not fit into the vectors it is written to")
