"""The bordered monodromy problem of a multiplier sigma, and its adjoint, on the nodes between the mesh intervals.

Right vectors solve ``x_{i+1} = M_i x_i + t_i tau + b_i g`` with the twisted closing ``x_L = sigma x_0``, the phase
condition ``sum ph_i' x_i + ph_T tau = 0`` and the border ``sum c_i' x_i = 1``.  M_i and t_i are what an interval makes
of u and T.  With T and the phase condition the trivial multiplier 1 is no solution, so that g is a regular function of
sigma also where others come to 1; it vanishes where sigma is one of the others.  The adjoint problem goes through the
intervals in the opposite order, ``w_{i-1} = M_i' w_i - ph_i psi - c_i chi``, with the same closing; both have the form
of the orbits' own reduction and are solved by it (Govaerts, *Numerical Methods for Bifurcations of Dynamical
Equilibria*, SIAM 2000, chapter 3; Doedel, Govaerts and Kuznetsov, SIAM J. Numer. Anal. 41, 2003).
"""

from continuation.compiled.calls.arrays import fixed, int32s, integers, new_complexes, new_int32s
from continuation.compiled.calls.kernel import internal
from continuation.compiled.matrices import linalg
from continuation.orbits.cycle_curves import curve_table as K
from continuation.orbits.kernels import table as T
from continuation.orbits.kernels.merging import find_joints, find_nodes, merge_all


@internal
def fill_right(c):
    """Write the maps and borders of the right problem and reduce them; needs the orbits' condensed intervals."""
    w, s = fixed(c, K.ORBITS), fixed(c, K.RIGHT)
    n, _, intervals, groups = T.sizes(w)
    maps, borders = T.array(w, T.MAPS, (groups, n, n + 4, 8)), T.array(w, T.BORDERS, (groups, 2, n + 4, 8))
    own, edges = T.array(s, T.MAPS, (groups, n, n + 4, 8)), T.array(s, T.BORDERS, (groups, 2, n + 4, 8))
    b, f, places = T.array(c, K.LEFT_BORDERS, (intervals, n)), T.array(c, K.RIGHT_BORDERS, (intervals, n)), T.places(w)
    for g in range(groups):
        for lane in range(8):
            i = places[g, lane]
            for k in range(n):
                for j in range(n + 1):
                    own[g, k, j, lane] = maps[g, k, j, lane]
                own[g, k, n + 1, lane] = b[i, k] if i >= 0 else 0.0
                edges[g, 0, k, lane] = borders[g, 0, k, lane]
                edges[g, 1, k, lane] = f[i, k] if i >= 0 else 0.0
            edges[g, 0, n, lane] = borders[g, 0, n, lane]
    merge_all(s)


@internal
def fill_adjoint(c):
    """`fill_right` for the adjoint problem."""
    w, s = fixed(c, K.ORBITS), fixed(c, K.ADJOINT)
    n, _, intervals, groups = T.sizes(w)
    maps, borders = T.array(w, T.MAPS, (groups, n, n + 4, 8)), T.array(w, T.BORDERS, (groups, 2, n + 4, 8))
    own, edges = T.array(s, T.MAPS, (groups, n, n + 4, 8)), T.array(s, T.BORDERS, (groups, 2, n + 4, 8))
    b, f, places = T.array(c, K.LEFT_BORDERS, (intervals, n)), T.array(c, K.RIGHT_BORDERS, (intervals, n)), T.places(w)
    place_of = K.place_of(c)
    for g in range(groups):
        for lane in range(8):
            if places[g, lane] < 0:
                for k in range(n):
                    for j in range(n):
                        own[g, k, j, lane] = 1.0 if j == k else 0.0
                continue
            i = intervals - 1 - places[g, lane]
            h, there = place_of[i] // 8, place_of[i] % 8
            for k in range(n):
                for j in range(n):
                    own[g, k, j, lane] = maps[h, j, k, there]
                own[g, k, n, lane], own[g, k, n + 1, lane] = -borders[h, 0, k, there], -f[i, k]
                edges[g, 0, k, lane], edges[g, 1, k, lane] = -maps[h, k, n, there], -b[i, k]
            edges[g, 0, n, lane] = borders[h, 0, n, there]
    merge_all(s)


@internal
def solve_twisted(s, sigma, shift, unit):
    """Solve the reduced problem with the closing ``x_L = sigma x_0 - shift`` and `unit` at its border.

    Returns (whether it is regular, (x_0, T's unknown, the border's unknown), complex (n + 2,)).
    """
    n = fixed(s, T.STATES)
    whole, a, out = T.array(s, T.WHOLE, (n + 2, 2 * n + 4)), new_complexes((n + 2, n + 2)), new_complexes(n + 2)
    for k in range(n + 2):
        for j in range(n):
            a[k, j] = whole[k, j] + sigma * whole[k, n + j]
            out[k] += whole[k, n + j] * shift[j]
        a[k, n], a[k, n + 1] = whole[k, 2 * n], whole[k, 2 * n + 1]
    out[n + 1] += unit
    lapack, ints = integers(fixed(s, T.LAPACK), len(linalg.LAPACK)), int32s(fixed(s, T.INTS), 8)
    return linalg.solve_complex(lapack, a, new_int32s(n + 2), ints, out), out


@internal
def put_side(s, side, solution, sigma, shift, imaginary):
    """Make the real or imaginary part of a solution one of the two that `find_all` finds at all nodes."""
    n, _, _, groups = T.sizes(s)
    sides, nodes = T.array(s, T.SIDES, 2 * (n + 2)), K.nodes_of(s)
    for k in range(n + 2):
        sides[side * (n + 2) + k] = solution[k].imag if imaginary else solution[k].real
    for k in range(n):
        last = sigma * solution[k] - shift[k]
        nodes[side, 0, k, 0] = sides[side * (n + 2) + k]
        nodes[side, groups, k, 7] = last.imag if imaginary else last.real


@internal
def find_all(s):
    """Write both sides at all nodes between the intervals."""
    find_joints(s)
    find_nodes(s)


@internal
def product(left, right):
    """``w' E x`` of the first vectors of a left and a right solution: E is the derivative of the problem by sigma."""
    total = 0.0j
    for k in range(left.shape[0] - 2):
        total += left[k] * right[k]
    return total
