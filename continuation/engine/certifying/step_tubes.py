"""Is there one solution curve along a step, and no other near it?  Newton's simplified method on a tube, in kernels.

Lengths are those of the branch's inner product.  Let c(s) be the cubic between two rows a and b with their tangents, v
the unit chord, and M the inverse of the derivative at a point m on c of ``G_s(x) = (F(x), <v, x - c(s)>)``.  Where

    |1 - M G'(x)| <= q < 1  for all x within r of c(s),   |M F(c(s))| <= (1 - q) r,

``x - M G_s(x)`` contracts the ball around c(s) into itself (Ortega and Rheinboldt, *Iterative Solution of Nonlinear
Equations in Several Variables*, 1970, section 12.1; along curves: van den Berg, Lessard and Mischaikow, "Global smooth
solution curves using rigorous branch following", Math. Comp. 79 (2010) 1565-1584).  So it has one solution in each of
these balls, which are cut by hyperplanes across the chord; for all s they make one curve, and a and b, each the
solution in its own ball, lie on it.  c may be cut into pieces, each with an m in its middle: since v is the same for
all, neighbours agree where they meet.  Near a branch point the balls shrink like the distance from it, and over it no
piece, however short, can be vouched for: there G' is singular.

What is computed are samples: the residual at three points of a piece and its derivative along c at m, the change of the
Jacobian from m to the ends of the piece, that and the change of F to points r beside m, along the weakest direction and
a generic one; norms by the power method.  Rounding is not bounded.  `SPARE` makes up for what lies between the samples;
it proves nothing.
"""

import math

from continuation.compiled.calls.arrays import doubles, fixed, int32s, new_doubles, part
from continuation.compiled.calls.interface import OK, call
from continuation.compiled.calls.kernel import internal, kernel
from continuation.compiled.dense import workspace as D
from continuation.engine.certifying.factors import (
    factor,
    length,
    multiply,
    norm_of_quotient,
    solve,
    solve_transposed,
)

# Verdicts.
VOUCHED, CHANGES, FAR, ACROSS, UNKNOWN = range(5)
# Contraction allowed: with less than half of it most steps need pieces, near 1 samples must be exact.
MOST = 0.6
SPARE = 1.5  # by which what was sampled is taken larger: 1 takes the samples for bounds, 3 cuts most steps into pieces
# Least cosine between chord and tangents: a step that goes more across than along joins no neighbours on a curve.
ALONG = 0.1
SAME = 1e-11  # relative to 1 + |x|: rows nearer than this differ by rounding, and so does their chord
# Where the parameter's part of the chord is below LEVEL, what is nearby is told apart in p by small distances only (on
# exponential tails, say): a step that fails is looked at in a norm that stretches p by that part, if p changes by more
# than DIGITS of itself.  Of smaller changes rounding leaves few digits.
LEVEL, DIGITS = 0.1, 1e-6
# Times a piece is halved: ordinary steps, and those that end where branches meet, of which all but 1/256 is looked at.
LEVELS, MORE_LEVELS = 4, 8
PIECES = 64  # of one step: the way to a branch point takes 30 or so, lines of singular points would take 500
# Radii tried around a piece.  A change at one is no bound nearer by: the radius that it allows if it grows like the
# distance, taken shorter by SHORTER and by no less than LEAST, is tried in turn.
TRIES, SHORTER, LEAST = 8, 0.9, 0.01

# The table: addresses of arrays and callbacks, and sizes.
(
    DENSE,  # the problem's own, see compiled.dense.workspace
    RESIDUAL,
    RESIDUAL_DATA,
    LINEARISE,
    LINEARISE_DATA,
    SIZE,  # N
    PARAMETERS,
    N_PARAMETERS,
    ACTIVE,
    UNITS,  # (N,): lengths that the inner product calls 1
    MATRICES,
    VECTORS,
    PIVOTS,
    TABLE,
) = range(14)
# Matrices (N, N): factors at m, derivative at m, change of it; only n rows of the last two.
FACTORS, BASE, CHANGE, N_MATRICES = range(4)
# Vectors (N,): ends of the step, their tangents, the chord, a point, its unknowns, sizes of the equations, scratch.
FROM, TO, SLOPE, LAST_SLOPE, CHORD, POINT, X, ROWS, SIDE, HERE, WEAK, OTHER, ONE, TWO, N_VECTORS = range(15)
CODE, RADIUS, LEFT_OVER, RESULTS = range(4)  # columns of the results: verdict, radius, length not vouched for


@internal
def matrix(t, k):
    """View of one of the matrices (N, N)."""
    n = fixed(t, SIZE)
    return doubles(fixed(t, MATRICES) + 8 * k * n * n, (n, n))


@internal
def vector(t, k):
    """View of one of the vectors (N,)."""
    n = fixed(t, SIZE)
    return doubles(fixed(t, VECTORS) + 8 * k * n, n)


@internal
def units(t):
    """View of the lengths that the inner product calls 1 (N,)."""
    return doubles(fixed(t, UNITS), fixed(t, SIZE))


@internal
def lapack(t):
    """View of addresses of LAPACK's routines."""
    return D.lapack(fixed(t, DENSE))


@internal
def ints(t):
    """View of integers to talk to LAPACK."""
    return D.ints(fixed(t, DENSE))


@internal
def pivots(t):
    """View of pivots (N,)."""
    return int32s(fixed(t, PIVOTS), fixed(t, SIZE))


@internal
def parameters(t):
    """View of the parameters."""
    return doubles(fixed(t, PARAMETERS), fixed(t, N_PARAMETERS))


@internal
def unscale(t, z):
    """Write the unknowns of a point z in units into X, and the active parameter where it belongs."""
    x, unit, n = vector(t, X), units(t), fixed(t, SIZE)
    for j in range(n):
        x[j] = z[j] * unit[j]
    parameters(t)[fixed(t, ACTIVE)] = x[n - 1]


@internal
def residual_at(t, z, out):
    """F at z into `out` (N,), the last entry 0; returns a status."""
    unscale(t, z)
    status = call(fixed(t, RESIDUAL), fixed(t, RESIDUAL_DATA), vector(t, X), parameters(t), out)
    out[fixed(t, SIZE) - 1] = 0.0
    return status


@internal
def derivative_at(t, z, out):
    """``[F_u F_p]`` at z in units into the first rows of `out`; returns a status."""
    unscale(t, z)
    w, n, unit = fixed(t, DENSE), fixed(t, SIZE) - 1, units(t)
    status = call(fixed(t, LINEARISE), fixed(t, LINEARISE_DATA), vector(t, X), parameters(t), vector(t, X))
    a, b = D.jacobian(w), D.derivative(w)
    for i in range(n):
        for j in range(n):
            out[i, j] = a[i, j] * unit[j]
        out[i, n] = b[i] * unit[n]
    return status


@internal
def divide_rows(t, x):
    """Divide the equations of a right-hand side by their sizes."""
    rows = vector(t, ROWS)
    for i in range(fixed(t, SIZE) - 1):
        x[i] /= rows[i]


@internal
def correction_of(t, x):
    """Overwrite residuals x by M x; returns its length."""
    divide_rows(t, x)
    return solved_length(t, x)


@internal
def solved_length(t, x):
    """The same of residuals that have been divided by the sizes of the equations."""
    solve(lapack(t), matrix(t, FACTORS), pivots(t), ints(t), x)
    return length(x)


@internal
def put_on_curve(t, s, h):
    """Write c(s) into POINT: the cubic between the ends, or one of them where they are one."""
    a, b, from_a, from_b, z = vector(t, FROM), vector(t, TO), vector(t, SLOPE), vector(t, LAST_SLOPE), vector(t, POINT)
    r = 1.0 - s
    p, q, k, m = r * r * (1.0 + 2.0 * s), s * s * (3.0 - 2.0 * s), s * r * r * h, -s * s * r * h
    for j in range(fixed(t, SIZE)):
        z[j] = p * a[j] + q * b[j] + k * from_a[j] + m * from_b[j]


@internal
def put_slope(t, s, h, out):
    """Write the derivative of c at s into `out`."""
    a, b, from_a, from_b, r = vector(t, FROM), vector(t, TO), vector(t, SLOPE), vector(t, LAST_SLOPE), 1.0 - s
    p, k, m = 6.0 * s * r, r * (1.0 - 3.0 * s) * h, s * (3.0 * s - 2.0) * h
    for j in range(fixed(t, SIZE)):
        out[j] = p * (b[j] - a[j]) + k * from_a[j] + m * from_b[j]


@internal
def factorise_here(t):
    """Factorise G' at POINT, equations divided by their sizes; returns a status."""
    base, a, rows, v, n = matrix(t, BASE), matrix(t, FACTORS), vector(t, ROWS), vector(t, CHORD), fixed(t, SIZE) - 1
    if derivative_at(t, vector(t, POINT), base) != OK:
        return UNKNOWN
    for i in range(n):
        largest, total = 0.0, 0.0
        for j in range(n + 1):
            largest = max(largest, abs(base[i, j]))
            total += abs(base[i, j])
        if not total < math.inf:
            return UNKNOWN
        rows[i] = largest if largest > 0.0 else 1.0
        for j in range(n + 1):
            base[i, j] /= rows[i]
            a[i, j] = base[i, j]
    for j in range(n + 1):
        a[n, j] = v[j]
    return VOUCHED if factor(lapack(t), a, pivots(t), ints(t)) else CHANGES


@internal
def change_at(t, z):
    """Norm of ``M (G'(z) - G'(m))``; infinite where it can't be had."""
    change, base, rows, n = matrix(t, CHANGE), matrix(t, BASE), vector(t, ROWS), fixed(t, SIZE) - 1
    if derivative_at(t, z, change) != OK:
        return math.inf
    for i in range(n):
        for j in range(n + 1):
            change[i, j] = change[i, j] / rows[i] - base[i, j]
    for j in range(n + 1):
        change[n, j] = 0.0
    return norm_of_quotient(lapack(t), matrix(t, FACTORS), pivots(t), ints(t), change, vector(t, ONE), vector(t, TWO))


@internal
def make_unit(x):
    """Give x unit length; returns its length before."""
    size = length(x)
    for j in range(x.shape[0]):
        x[j] = x[j] / size if size > 0.0 else 0.0
    return size


@internal
def take_out(x, v):
    """Take the part along the unit vector v out of x and make the rest a unit vector; returns its length before."""
    along = 0.0
    for j in range(x.shape[0]):
        along += v[j] * x[j]
    for j in range(x.shape[0]):
        x[j] -= along * v[j]
    return make_unit(x)


@internal
def choose_sides(t):
    """Write two unit vectors across the chord: the weakest direction of G', and a generic one beside it.

    Returns whether there is a second one.
    """
    n, weak, other, v = fixed(t, SIZE), vector(t, WEAK), vector(t, OTHER), vector(t, CHORD)
    for j in range(n):
        weak[j], other[j] = math.cos(1.0 + 2.0 * j * math.sqrt(j)), math.sin(3.0 + 2.0 * j * math.sqrt(j))
    solve_transposed(lapack(t), matrix(t, FACTORS), pivots(t), ints(t), weak)
    weak[n - 1] = 0.0
    solve(lapack(t), matrix(t, FACTORS), pivots(t), ints(t), weak)
    take_out(weak, v)
    take_out(other, v)
    return n > 2 and take_out(other, weak) > 0.0


@internal
def bend_to(t, z, here, reach):
    """How far M (F(z) - F(m)) is from ``z - m``, relative to `reach`, their distance; `here` is M F(m)."""
    there, point = vector(t, ONE), vector(t, POINT)
    if residual_at(t, z, there) != OK:
        return math.inf
    correction_of(t, there)
    for j in range(fixed(t, SIZE)):
        there[j] += point[j] - z[j] - here[j]
    return length(there) / reach


@internal
def change_beside(t, reach, both, here):
    """Largest change of G' up to `reach` beside POINT, of norm or of its mean, from points that far away."""
    z, point, weak, other, n = vector(t, SIDE), vector(t, POINT), vector(t, WEAK), vector(t, OTHER), fixed(t, SIZE)
    share, largest = math.sqrt(0.5) if both else 1.0, 0.0
    for k in range(2):
        sign = 1.0 - 2.0 * k
        for j in range(n):
            aside = sign * weak[j] + other[j] if both else sign * weak[j]
            z[j] = point[j] + reach * share * aside
        largest = max(largest, change_at(t, z), bend_to(t, z, here, reach))
    return largest / share


@internal
def check_piece(t, begin, end, h, reach):
    """Verdict on the piece of c from `begin` to `end`, and the radius of its tube, at most `reach`."""
    middle, point = 0.5 * (begin + end), vector(t, POINT)
    put_on_curve(t, middle, h)
    code = factorise_here(t)
    if code != VOUCHED:
        return code, 0.0
    contraction, side, here = 0.0, vector(t, SIDE), vector(t, HERE)
    if residual_at(t, point, here) != OK:
        return UNKNOWN, 0.0
    lack = correction_of(t, here)
    if h > 0.0:
        put_slope(t, middle, h, side)
        multiply(matrix(t, BASE), side, vector(t, ONE))
        lack = max(lack, 0.25 * (end - begin) * solved_length(t, vector(t, ONE)))
        for k in range(2):
            put_on_curve(t, middle + (0.5 * k - 0.25) * (end - begin), h)
            if residual_at(t, point, side) != OK:
                return UNKNOWN, 0.0
            lack = max(lack, correction_of(t, side))
        for k in range(2):
            put_on_curve(t, begin if k == 0 else end, h)
            contraction = max(contraction, SPARE * change_at(t, point))
    lack *= SPARE
    if not (contraction < MOST and lack < math.inf):
        return CHANGES, 0.0
    put_on_curve(t, middle, h)
    both = choose_sides(t)
    for _ in range(TRIES):
        if not lack <= (1.0 - MOST) * reach:
            break
        change = SPARE * change_beside(t, reach, both, here)
        if contraction + change <= MOST:
            return VOUCHED, reach
        reach *= max(SHORTER * (MOST - contraction) / change, LEAST)
    return FAR, 0.0


@internal
def set_ends(t, a, b, from_a, from_b):
    """Put the ends of a step into units; returns its length, whether they are one to rounding, and if it goes along."""
    n, unit, v, h, size = fixed(t, SIZE), units(t), vector(t, CHORD), 0.0, 0.0
    z, y, first, last = vector(t, FROM), vector(t, TO), vector(t, SLOPE), vector(t, LAST_SLOPE)
    for j in range(n):
        z[j], y[j], first[j], last[j] = a[j] / unit[j], b[j] / unit[j], from_a[j] / unit[j], from_b[j] / unit[j]
        v[j] = y[j] - z[j]
        size += z[j] * z[j]
    make_unit(first)
    make_unit(last)
    h = length(v)
    if h <= SAME * (1.0 + math.sqrt(size)):
        for j in range(n):
            v[j], y[j], last[j] = first[j], z[j], first[j]
        return h, True, True
    ahead, behind = 0.0, 0.0
    for j in range(n):
        v[j] /= h
        ahead += v[j] * first[j]
        behind += v[j] * last[j]
    return h, False, ahead > ALONG and behind > ALONG


@internal
def check_pieces(t, h, most, results):
    """Halve the step until all pieces are vouched for, at most `most` times; write `results`.

    Where that is `MORE_LEVELS` all pieces are looked at, up to PIECES of them, else none behind the first that fails.
    """
    begins, ends, levels, depth = new_doubles(most + 2), new_doubles(most + 2), new_doubles(most + 2), 1
    ends[0], code, radius, left, pieces = 1.0, VOUCHED, math.inf, 0.0, 0
    while depth > 0:
        depth -= 1
        begin, end, level = begins[depth], ends[depth], levels[depth]
        verdict, within = check_piece(t, begin, end, h, h)
        pieces += 1
        if verdict == VOUCHED:
            radius = min(radius, within)
        elif level < most and pieces < PIECES:
            middle = 0.5 * (begin + end)
            begins[depth], ends[depth], levels[depth] = middle, end, level + 1
            begins[depth + 1], ends[depth + 1], levels[depth + 1] = begin, middle, level + 1
            depth += 2
        else:
            code = verdict
            left += (end - begin) * h
            if most < MORE_LEVELS or pieces >= PIECES:  # the rest is not looked at
                left += (1.0 - end) * h
                break
    results[CODE], results[RADIUS], results[LEFT_OVER] = code, radius if code == VOUCHED else 0.0, left


@internal
def level_of(t, a, b):
    """Part of the parameter in the unit chord."""
    n, unit, total, last = fixed(t, SIZE), units(t), 0.0, 0.0
    for j in range(n):
        last = (b[j] - a[j]) / unit[j]
        total += last * last
    return abs(last) / math.sqrt(total) if total > 0.0 else 0.0


@internal
def check_step(t, a, b, from_a, from_b, share, reach, most, again, results):
    """Write the verdict on a step, in a norm where the parameter's unit is this share of its own.

    again : whether `results` tell already what another norm leaves of it.
    """
    unit, n = units(t), fixed(t, SIZE) - 1
    own, old = unit[n], results[LEFT_OVER]
    unit[n] = own * share
    h, is_one, along = set_ends(t, a, b, from_a, from_b)
    results[CODE], results[RADIUS], results[LEFT_OVER] = ACROSS, 0.0, h
    if is_one:
        code, radius = check_piece(t, 0.0, 0.0, 0.0, reach)
        results[CODE], results[RADIUS] = code if radius > h or code != VOUCHED else FAR, radius if radius > h else 0.0
    elif along:
        check_pieces(t, h, most, results)
    results[RADIUS] *= share  # the ball within the ellipsoid
    if again and results[CODE] != VOUCHED:
        results[LEFT_OVER] = min(old, results[LEFT_OVER])
    unit[n] = own


@kernel
def certify_steps(t, first, second, tangents, seconds, reaches, thorough, results):
    """Look at steps from rows to others: write verdict, radius and length not vouched for, (k, RESULTS).

    first, second, tangents, seconds : (k, N)
        Rows and their unit tangents along the branch; a step from a row to itself is a look at that row alone.
    reaches : (k,)
        Largest radius to be looked for around a row alone.
    thorough : (k,) bool
        Whether all of the step is to be looked at although something of it can't be vouched for.
    """
    stretches = 0.0  # whether the last step was vouched for in the norm that stretches p: the next begins with it
    n = first.shape[1] - 1
    for k in range(first.shape[0]):
        row, most = part(results[k], 0, RESULTS), MORE_LEVELS if thorough[k] else LEVELS
        level = level_of(t, first[k], second[k])
        may_stretch = LEVEL > level > 0.0 and abs(second[k, n] - first[k, n]) > DIGITS * abs(first[k, n])
        for turn in range(2):
            stretched = may_stretch and (turn > 0) != (stretches > 0.0)
            if turn == 0 or row[CODE] != VOUCHED and may_stretch:
                share = level if stretched else 1.0
                check_step(t, first[k], second[k], tangents[k], seconds[k], share, reaches[k], most, turn > 0, row)
                if row[CODE] == VOUCHED:
                    stretches = 1.0 if stretched else 0.0
