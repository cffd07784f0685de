"""From a branch to a `Statement`: points and radii that a proof is likely to succeed with.

Nothing here is part of a proof: what is chosen badly is not proven.
"""

import numpy as np

from continuation.ground.status import Kind
from continuation.proofs.arithmetic import NotProven, ProofError, flint, is_finite, precision
from continuation.proofs.certificates.claims_to_prove import Candidate, Curve, Statement, Step
from continuation.proofs.choosing.walk import Walk
from continuation.proofs.events_along import MOST_STATES
from continuation.proofs.exact import ExactEquations
from continuation.proofs.proven_points import CROSSING, FOLD, HOPF, KINDS, UNFOLDED
from continuation.proofs.systems_of_points import as_decimal, box_radii, refine

NEGLIGIBLE = 1e-9  # of the largest state: what stays below all along may be 0, which the equations then must confirm
SIDES = {Kind.FOLD: FOLD, Kind.HOPF: HOPF}


def statement_of(branch) -> Statement:
    """Choose points, tubes and boxes for all rows and special points of a branch.

    Raises
    ------
    ProofError
        A branch of periodic orbits, or of a problem that was not given as text.
    """
    if branch.layout is not None or len(branch.vary) != 1:
        raise ProofError("wanted a branch of equilibria in one parameter; periodic orbits and curves are not proven")
    source = source_of(branch.problem, branch.parameters)
    with precision():
        equations = ExactEquations(source, branch.vary[0], ())
        zero = _invariant(branch, equations)
        equations = ExactEquations(source, branch.vary[0], zero) if zero else equations
        builder = _Builder(equations, branch)
        points, missed = builder.candidates()
        curves, gaps = builder.curves()
    return Statement(
        branch.problem_name, source["equations"], source["definitions"], source["parameters"], branch.vary[0],
        zero, tuple(curves), tuple(points), (*gaps, *missed),
    )  # fmt: skip


def source_of(problem, parameters) -> dict:
    """Texts of a problem's equations with values of the parameters, as `ExactEquations` takes them.

    Raises
    ------
    ProofError
        A problem that is not all given as text, or one with a mass matrix.
    """
    source = getattr(problem, "source", None)
    if not source or source.keys() & {"conserve", "cycles"}:
        raise ProofError("wanted equilibria of a problem that is all text, as Problem.from_expressions makes it")
    if source.get("mass") is not None:
        raise ProofError("proofs are for u' = F; a problem with a mass matrix has other spectra")
    parameters = {name: repr(float(value)) for name, value in parameters.items()}
    return {"equations": source["equations"], "definitions": source.get("definitions", {}), "parameters": parameters}


def _invariant(branch, equations) -> tuple:
    """States that are 0 all along and stay 0 where they are, by their equations."""
    largest = np.max(np.abs(branch.unknowns))
    small = np.max(np.abs(branch.states), axis=0) <= NEGLIGIBLE * largest
    zero = [name for name, tiny in zip(branch.state_names, small) if tiny]
    while zero:
        equations.zero = tuple(equations.states.index(name) for name in zero)
        nodes = dict.fromkeys(equations.zero, equations.graph.number(0))
        found = equations.substituted([equations.roots[i] for i in equations.zero], nodes)
        kept = [name for name, node in zip(zero, found) if equations.graph.value(node) == 0]
        if kept == zero:
            break
        zero = kept
    equations.zero = ()
    return tuple(zero)


class _Builder:
    """What is chosen for one branch."""

    def __init__(self, equations, branch):
        self.equations, self.branch = equations, branch
        self.rows = np.array(branch.unknowns, float)
        self.rows[:, list(equations.zero)] = 0.0
        self.scale = np.sqrt(branch.weights)

    # Special points

    def candidates(self) -> tuple:
        """Boxes of the located folds, branch points and Hopf points, and words on those without."""
        found, missed = [], []
        for point in self.branch.special:
            if point.located and point.kind in (Kind.FOLD, Kind.BRANCH_POINT, Kind.HOPF):
                try:
                    found.append(self._candidate(point))
                except NotProven as error:
                    missed.append(f"{point.label}: {error}")
        return found, missed

    def _candidate(self, point) -> Candidate:
        """A box around a refined point."""
        e, x = self.equations, self.rows[point.index]
        kind = SIDES.get(point.kind, CROSSING if e.zero else UNFOLDED)
        if kind == UNFOLDED:
            pivot, guess = self._unfolded_guess(x)
        elif kind == HOPF:
            pivot, guess = self._hopf_guess(point, x)
        else:
            pivot, guess = self._kernel_guess(point, x, e.zero if kind == CROSSING else e.within)
        middle = refine(KINDS[kind][0](e, pivot), guess)
        if not is_finite(middle):
            raise NotProven("it is no regular zero of its system")
        radii = [float(r).hex() for r in box_radii(middle)]
        return Candidate(point.label, kind, e.states[pivot], tuple(zip(map(as_decimal, middle), radii)))

    def _kernel_guess(self, point, x, states) -> tuple:
        """(u, p, v) where v is the null vector among some states, 1 at the pivot."""
        vectors = np.atleast_2d(point.null_vectors)[:, list(states)]
        v = vectors[np.argmax(np.linalg.norm(vectors, axis=1))]
        best = int(np.argmax(np.abs(v)))
        v = v / v[best]
        own = [*self.equations.within, self.equations.n]
        return states[best], [*x[own], *np.delete(v, best)]

    def _hopf_guess(self, point, x) -> tuple:
        """(u, p, a, b, omega)."""
        q = point.null_vectors[0] + 1j * point.null_vectors[1]
        best = int(np.argmax(np.abs(q)))
        q = q / q[best]
        omega = float(self._rayleigh(x, q))
        own = [*self.equations.within, self.equations.n]
        return best, [*x[own], *np.delete(q.real, best), *np.delete(q.imag, best), omega]

    def _rayleigh(self, x, q) -> float:
        """Imaginary part of the eigenvalue that belongs to an eigenvector."""
        n = self.equations.n
        jacobian = self._matrix(x)[:, :n]
        return (np.conj(q) @ jacobian @ q / (np.conj(q) @ q)).imag

    def _matrix(self, x):
        """F' (n, N) in floats."""
        n = self.equations.n
        found = self.equations.jacobian([flint.arb(float(value)) for value in x], range(n), range(n + 1))
        return np.array([[float(value.mid()) for value in row] for row in found.tolist()])

    def _unfolded_guess(self, x) -> tuple:
        """(u, p, psi, beta)."""
        psi = np.linalg.svd(self._matrix(x))[0][:, -1]
        best = int(np.argmax(np.abs(psi)))
        return best, [*x, *np.delete(psi / psi[best], best), 0.0]

    # The curve

    def curves(self) -> tuple:
        """Runs of segments that are proven, and words on the gaps between them."""
        skipped = {p.index for p in self.branch.special if p.kind is not Kind.END}
        kept = [row for row in range(len(self.rows)) if row not in skipped]
        if len(kept) < 2:
            return [], ["a branch of two rows or more is wanted"]
        flow = self.branch.problem.stability == "flow" and self.equations.n <= MOST_STATES
        walk, runs, gaps, last = Walk(self.equations, self.rows[kept], self.scale, flow), [[]], [], None
        for row, after in zip(kept, kept[1:]):
            found = walk.between(self.rows[row], self.rows[after], last)
            first, behind = _outer(found)
            runs[-1] += [(row, after, piece) for piece in first]
            if behind is not None:
                runs.append([(row, after, piece) for piece in behind])
                gaps.append(f"between rows {row} and {after}{self._near(row, after)}")
            last = found[-1]
        ends = [(0, kept[0]), (kept[-1], len(self.rows) - 1)]
        gaps += [f"between rows {row} and {after}{self._near(row, after)}" for row, after in ends if row != after]
        return [_curve(self.equations.names, run) for run in runs if run], gaps

    def _near(self, row, after) -> str:
        """Special points between two rows, in words."""
        labels = [p.label for p in self.branch.special if row <= p.index <= after and p.kind is not Kind.END]
        return f" ({', '.join(labels)})" if labels else ""


def _outer(found) -> tuple:
    """Pieces before the first gap and behind the last, None if there is no gap; what lies between hangs on no row."""
    if None not in found:
        return found, None
    last = len(found) - found[::-1].index(None)
    return found[: found.index(None)], found[last:]


def _curve(names, run) -> Curve:
    """A run of (row, next row, piece) as text."""
    pieces = [piece for *_, piece in run]
    points = [pieces[0].start, *(piece.end for piece in pieces)]
    steps = [Step(names[p.segment.k], tuple(float(r).hex() for r in p.segment.radii), p.hopf) for p in pieces]
    return Curve(tuple(tuple(repr(float(v)) for v in x) for x in points), tuple(steps), (run[0][0], run[-1][1]))
