"""Location of branch points of symmetric problems, whose kernels have several dimensions."""

from dataclasses import replace

import numpy as np

from continuation.compiled.interface import OK, call_from_python, python_callback
from continuation.engine import KIND_CODES
from continuation.operations import Operations
from continuation.status import Kind

LARGEST = 6  # kernels of more dimensions are only tried where the count of unstable eigenvalues asks for them


def patient(made: Operations) -> Operations:
    """The same operations, but a location that also tries kernels of other dimensions.

    The engine expects as many dimensions as the unstable count changes by, one where nothing is counted.  With a
    symmetry that may be too few (two eigenvalues cross together and every determinant keeps its sign) or too many
    (a phase condition leaves one of two directions).
    """
    n, k = made.size - 1, len(made.p)

    def run(request, p, out):
        given, status = request.copy(), OK
        for size in sizes(given, n):
            request[:] = given
            request[-1] = size
            status = call_from_python(made.refine, made.refine.data, request, p, out)
            if status == OK:
                break
        return status

    return replace(made, refine=python_callback(run, (2 * n + 4, k, 2 * n + 6)))


def sizes(request, n) -> list:
    """Dimensions to try, the one asked for first."""
    asked = max(1, int(request[-1]))
    if int(request[-2]) != KIND_CODES[Kind.BRANCH_POINT] or not np.all(np.isfinite(request)):
        return [asked]
    return list(dict.fromkeys([asked, *range(asked + 1, min(n, LARGEST) + 1), *range(asked - 1, 0, -1)]))
