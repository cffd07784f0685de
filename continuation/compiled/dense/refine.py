"""Location of special points of dense problems by Newton on their extended systems, one file a kind."""

import math

from continuation.compiled.calls.arrays import doubles, fixed, new_complexes, new_doubles
from continuation.compiled.calls.interface import FAILED, NONFINITE, OK, callback
from continuation.compiled.dense import workspace as D
from continuation.compiled.dense.branch_point import locate_kernel_of_any_size
from continuation.compiled.dense.crossing import expect_at_pair
from continuation.compiled.dense.equal_pairs import expect_at_pairs, has_several_pairs, locate_hopf_of_any_size
from continuation.compiled.dense.extended import ATTAINED, evaluate_at
from continuation.compiled.dense.fold_point import locate_fold
from continuation.compiled.state.messages import (
    ASKED,
    ASKED_CHANGE,
    ASKED_KIND,
    FOUND,
    FOUND_ERROR,
    FOUND_EXPECTED,
    FOUND_KIND,
    FOUND_NULLITY,
    FOUND_RESIDUAL,
    FOUND_TURNS,
)
from continuation.compiled.state.trace_state import KINDS

FOLD, HOPF = KINDS.index("FOLD"), KINDS.index("HOPF")  # all else is a branch point


@callback
def refine(w, request, p, out):
    """Locate a point of the kind asked for near the one given.

    request, out : see `messages`; the tangent found is not normalised, the error is relative.  Where branches only pass
    each other, APART, it leads from one to the other.
    """
    n = fixed(w, D.N_STATES)
    behind = 2 * n + 2
    given = doubles(request, behind + ASKED)
    parameters, found = doubles(p, fixed(w, D.N_PARAMETERS)), doubles(out, behind + FOUND)
    kind, error, nullity, status = int(given[behind + ASKED_KIND]), math.inf, 0, OK
    x, t, f, units = given[: n + 1].copy(), given[n + 1 : behind].copy(), new_doubles(n), D.units(w)
    for j in range(n + 1):
        x[j], t[j] = x[j] / units[j], t[j] / units[j]
    similar = kind == HOPF or fixed(w, D.STABILITY) == D.FLOW  # eigenvalues count: a similarity
    for i in range(n):
        D.rows(w)[i] = units[i] if similar else D.equations(w)[i]
    change, turns, drift = math.nan, 0.0, new_complexes(n + 1)
    # A table of locators by kind would need one signature for all and an indirect call each: three lines say it too.
    if kind == FOLD:
        error, change = locate_fold(w, x, t, parameters, f)
        nullity, turns = 1, 1.0
    elif kind == HOPF:
        error, drift = locate_hopf_of_any_size(w, x, t, parameters, f, int(given[behind + ASKED_CHANGE]) // 2)
    else:
        k = max(1, int(given[behind + ASKED_CHANGE]))
        status, error, nullity, change, turns = locate_kernel_of_any_size(w, x, t, parameters, f, k)
    if not (error <= ATTAINED):
        return FAILED
    if evaluate_at(w, x, parameters, f) != OK:
        return NONFINITE
    if kind == HOPF:
        several = has_several_pairs(w)
        change = expect_at_pairs(w, x, t, parameters) if several else expect_at_pair(w, t, drift)
    largest = 0.0
    for i in range(n):
        largest = max(largest, abs(f[i]) * D.rows(w)[i])
    for j in range(n + 1):
        found[j], found[n + 1 + j] = units[j] * x[j], units[j] * t[j]
    found[behind + FOUND_KIND], found[behind + FOUND_NULLITY] = kind, nullity
    found[behind + FOUND_ERROR], found[behind + FOUND_RESIDUAL] = error, largest
    found[behind + FOUND_EXPECTED], found[behind + FOUND_TURNS] = change, turns
    return status
