"""Check rows of a branch of periodic orbits by integrating the flow along them: independent of collocation."""

from dataclasses import dataclass

import numpy as np

from continuation.orbits.integrating.shooting import shoot
from continuation.orbits.orbit_rows import layout_of, orbit_of
from continuation.orbits.profiles.profile import is_point

ROWS = 8  # beside special points and ends: each takes some ten thousand evaluations of F
# Closing error relative to the range, and difference of the logarithms of multipliers near the unit circle, that pass:
# those of 50 intervals of degree 4 on orbits that they resolve, ten times over.
CLOSING, EXPONENTS = 1e-5, 1e-4
PERIODS = 4  # that the flow is followed from the first point of each orbit
TOLD = 5.0  # logarithms of multipliers beyond this are not compared: far from the unit circle they decide nothing


@dataclass(frozen=True, eq=False)
class OrbitsReport:
    """Result of `Branch.check` for periodic orbits: true where the flow closes along each and its counts agree.

    Attributes
    ----------
    rows : (k,) array
        Rows that were integrated: special points, ends and some between.
    closing : (k,) array
        By how much the flow misses the orbit, piece by piece, the largest relative to the states' ranges; NaN where the
        integration came to no end.
    period_errors : (k,) array
        How much longer the period is by integration, relative.
    exponent_errors : (k,) array
        Largest difference of the logarithms of the multipliers' moduli, of those near the unit circle.
    counts : (k,) bool array
        Whether the branch's number of unstable multipliers is that of the integration; one nearer to the unit circle
        than `EXPONENTS` may count or not.
    reports : tuple of ShootingReport
        All that the integration says of each.
    """

    rows: np.ndarray
    closing: np.ndarray
    period_errors: np.ndarray
    exponent_errors: np.ndarray
    counts: np.ndarray
    reports: tuple

    @property
    def ok(self) -> bool:
        """Whether there are rows and all of them pass."""
        close = np.all(self.closing <= CLOSING) and np.all(self.exponent_errors <= EXPONENTS)
        return bool(len(self.rows) and close and np.all(self.counts))

    def __bool__(self):
        return self.ok

    def __str__(self):
        if not len(self.rows):
            return "FAILED: no row has an orbit that could be integrated"
        verdict = "all rows pass" if self.ok else "FAILED"
        wrong = self.rows[~self.counts].tolist()
        wrong = f"; unstable multipliers are miscounted in rows {wrong}" if wrong else ""
        a, b = (int(np.argmax(np.nan_to_num(e, nan=np.inf))) for e in (self.closing, self.exponent_errors))
        return (
            f"{verdict}: {len(self.rows)} orbits integrated; they close to {self.closing[a]:.2g} "
            f"(row {self.rows[a]}, bound {CLOSING:g}), logarithms of multipliers agree to "
            f"{self.exponent_errors[b]:.2g} (row {self.rows[b]}, bound {EXPONENTS:g}){wrong}"
        )


def check_orbits(branch) -> OrbitsReport:
    """Integrate the orbits of a branch's special points and ends, and of up to `ROWS` rows between, in pieces.

    Raises
    ------
    ValueError
        The rows are no periodic orbits, or the branch's problem is not known.

    Notes
    -----
    Cost: some ten thousand evaluations of F and F_u an orbit, from Python.
    """
    problem = branch.problem.vector_field
    profiles = layout_of(branch).profiles(branch.unknowns)
    rows = [row for row in chosen_rows(branch) if not is_point(profiles[row])]
    reports = tuple(shoot(problem, orbit_of(branch, row), periods=PERIODS) for row in rows)
    logs = layout_of(branch).exponents(branch.context).real
    errors = [exponent_error(report.exponents.real, np.sort(logs[row])[::-1]) for report, row in zip(reports, rows)]
    closing, periods = (np.array([getattr(r, name) for r in reports]) for name in ("closing", "period_error"))
    counts = [is_count(report, branch.unstable[row]) for report, row in zip(reports, rows)]
    return OrbitsReport(
        np.array(rows, int), closing, np.abs(periods), np.array(errors), np.array(counts, bool), reports
    )


def chosen_rows(branch) -> list:
    """Rows to be integrated, in order; of those that a file kept."""
    kept = np.flatnonzero(branch.has_profile)
    between = kept[np.linspace(0, len(kept) - 1, min(ROWS, len(kept))).astype(int)]
    return sorted({*between.tolist(), *(point.index for point in branch.special if branch.has_profile[point.index])})


def is_count(report, unstable) -> bool:
    """Whether a number of unstable multipliers (-1: not counted) is that of an integration, as far as it is exact."""
    trivial = np.argmin(np.abs(report.exponents - np.log(complex(report.trivial))))
    sizes = np.delete(report.exponents.real, trivial)
    return unstable < 0 or bool(np.sum(sizes > EXPONENTS) <= unstable <= np.sum(sizes > -EXPONENTS))


def exponent_error(found, known) -> float:
    """Largest difference of logarithms of moduli, both (n,) by falling size, of those that are near 0."""
    near = np.abs(known) <= TOLD
    return float(np.max(np.abs(found - known)[near], initial=0.0))
