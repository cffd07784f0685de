"""Tables of claims: what a paper says, what was computed here, and a verdict that is a function of the number."""

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Claim:
    """One claim of a paper.

    Parameters
    ----------
    where, says : str
        Place in the paper and what it claims, in short.
    computed : float or None
        The number it rests on here; None where it was not reproduced.
    low, high : float
        The claim holds where ``low <= computed <= high``.
    note : str
        What the number is; for claims that were not reproduced, why.

    Examples
    --------
    >>> Claim("Theorem 2.1", "neurons stay balanced", 1e-9, high=1e-6).verdict
    'holds'
    """

    where: str
    says: str
    computed: float | None = None
    low: float = -math.inf
    high: float = math.inf
    note: str = ""

    @property
    def verdict(self) -> str:
        """``"holds"``, ``"fails"`` (also where the number is NaN: there is none) or ``"not reproduced"``."""
        if self.computed is None:
            return "not reproduced"
        return "holds" if self.low <= self.computed <= self.high else "fails"


def exceptions(as_wanted) -> float:
    """Count the entries of a mask that are False; NaN where there is no entry: of nothing no claim holds.

    Examples
    --------
    >>> exceptions([True, False, True]), exceptions([])
    (1, nan)
    """
    as_wanted = np.asarray(as_wanted, bool)
    return int(np.sum(~as_wanted)) if as_wanted.size else math.nan


def missing(count, reached) -> float:
    """How many of `count` did not reach something; NaN where there were none.

    Examples
    --------
    >>> missing(10, 8), missing(0, 0)
    (2, nan)
    """
    return count - reached if count > 0 else math.nan


def worst(errors) -> float:
    """The largest error; NaN where there is none, or one that is NaN.

    Examples
    --------
    >>> worst([0.1, 0.3]), worst([]), worst([0.1, math.nan])
    (0.3, nan, nan)
    """
    errors = list(errors)
    return float(np.max(errors)) if errors else math.nan


def table(claims) -> str:
    """Write claims as a plain-text table: place, claim, number, wanted, verdict.

    Examples
    --------
    >>> print(table([Claim("Eq 1", "small", 0.5, high=1.0, note="size")]))
    where  claim  computed  wanted  verdict
    Eq 1   small  0.5       <= 1    holds (size)
    """
    rows = [("where", "claim", "computed", "wanted", "verdict"), *(_row(claim) for claim in claims)]
    widths = [max(len(row[k]) for row in rows) for k in range(4)]
    return "\n".join("  ".join([*(row[k].ljust(widths[k]) for k in range(4)), row[4]]).rstrip() for row in rows)


def verdicts(claims) -> dict:
    """Map place and claim to the verdict, for the numbers of a study."""
    return {f"{claim.where}: {claim.says}": claim.verdict for claim in claims}


def write_claims(claims, path) -> dict:
    """Write the table of claims to a file; return their `verdicts`."""
    path.write_text(table(claims) + "\n", "utf-8")
    return verdicts(claims)


def _row(claim):
    """Texts of one claim."""
    number = "-" if claim.computed is None else f"{claim.computed:.4g}"
    note = f" ({claim.note})" if claim.note else ""
    return claim.where, claim.says, number, _wanted(claim), claim.verdict + note


def _wanted(claim) -> str:
    """The bounds in words."""
    if claim.computed is None or (math.isinf(claim.low) and math.isinf(claim.high)):
        return "-"
    if math.isinf(claim.low):
        return f"<= {claim.high:.4g}"
    return f">= {claim.low:.4g}" if math.isinf(claim.high) else f"{claim.low:.4g} to {claim.high:.4g}"
