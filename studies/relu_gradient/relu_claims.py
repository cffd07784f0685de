"""All claims of Tian's paper, and those on spurious minima, in one table: claim, computed here, verdict.

Runs every study of this folder and writes ``claims.txt``.  Run: ``python -m studies.relu_gradient.relu_claims``.
"""

from studies.claims import write_claims
from studies.command import announce, folder, summary
from studies.relu_gradient import many, minima, origins, pairs, plane, separation, single
from studies.relu_gradient.common import OUT

STUDIES = (single, separation, pairs, plane, many, minima, origins)


def main(fast=False, out=OUT) -> dict:
    """Run the studies, write the table, return the verdicts.

    Parameters
    ----------
    fast : bool
        Passed on: fewer points and runs.
    out : path-like
        Folder of everything; made if missing.

    Returns
    -------
    dict
        Verdicts by claim.
    """
    out = folder(out)
    rows = []
    for study in announce(STUDIES, "study"):
        rows += study.claims(study.main(fast=fast, out=out))
    return write_claims(rows, out / "claims.txt")


if __name__ == "__main__":
    summary(globals(), OUT)
