"""stub"""
import math
from continuation.compiled.calls.kernel import internal
from continuation.compiled.calls.arrays import new_doubles
from continuation.compiled.matrices import eigen


def scratch_size(n, intervals):
    return 1


@internal
def find_multipliers(lapack, ints, maps, logs, angles, scratch):
    n = maps.shape[1]
    a = maps[0].copy()
    for i in range(1, maps.shape[0]):
        b = new_doubles((n, n))
        for r in range(n):
            for c in range(n):
                for q in range(n):
                    b[r, c] += maps[i, r, q] * a[q, c]
        a = b
    wr, wi = new_doubles(n), new_doubles(n)
    done = eigen.eigenvalues(lapack, a, wr, wi, new_doubles(eigen.work_size(n)), ints)
    for k in range(n):
        logs[k] = math.log(math.hypot(wr[k], wi[k]))
        angles[k] = math.atan2(wi[k], wr[k])
    return done
