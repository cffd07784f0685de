"""Location of special points of dense problems by Newton on their extended systems, one file a kind."""

import math

from continuation.compiled.calls.arrays import doubles, fixed, new_doubles
from continuation.compiled.calls.interface import FAILED, NONFINITE, OK, callback
from continuation.compiled.dense import workspace as D
from continuation.compiled.dense.branch_point import ATTAINED, locate_kernel_of_any_size
from continuation.compiled.dense.extended import at
from continuation.compiled.dense.fold_point import locate_fold
from continuation.compiled.dense.hopf_point import locate_hopf
from continuation.compiled.state import trace_state as S


@callback
def refine(w, request, p, out):
    """Locate a point of the kind asked for near the one given.

    request : x (n + 1), tangent (n + 1), kind (index in `state.KINDS`), change of the unstable count.
    out : x, tangent (not normalised), kind, nullity of F_u, attained relative error, largest component of F.
    """
    n = fixed(w, D.N_STATES)
    given = doubles(request, 2 * n + 4)
    parameters, found = doubles(p, fixed(w, D.N_PARAMETERS)), doubles(out, 2 * n + 6)
    x, t, f = given[: n + 1].copy(), given[n + 1 : 2 * n + 2].copy(), new_doubles(n)
    kind, error = int(given[2 * n + 2]), math.inf
    nullity = 0
    if kind == S.FOLD:
        error, nullity = locate_fold(w, x, t, parameters, f), 1
    elif kind == S.HOPF:
        error = locate_hopf(w, x, parameters, f)
    else:
        error, nullity = locate_kernel_of_any_size(w, x, t, parameters, f, max(1, int(given[2 * n + 3])))
    if not (error <= ATTAINED):
        return FAILED
    if at(w, x, parameters, f) != OK:
        return NONFINITE
    largest = 0.0
    for i in range(n):
        largest = max(largest, abs(f[i]))
    for j in range(n + 1):
        found[j], found[n + 1 + j] = x[j], t[j]
    found[2 * n + 2], found[2 * n + 3], found[2 * n + 4], found[2 * n + 5] = kind, nullity, error, largest
    return OK
