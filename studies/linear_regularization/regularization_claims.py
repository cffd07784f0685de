"""All figures and claims of the paper on linear networks in one table: claim, computed here, verdict.

Runs every study of this folder.  Run: ``python -m studies.linear_regularization.regularization_claims``.
"""

from studies.claims import verdicts, write_claims
from studies.command import announce, folder, summary
from studies.linear_regularization import (
    OUT,
    circles,
    example1,
    example2,
    first_order,
    learning,
    nonnormal,
    scalar,
    second_order,
    sensitivity,
    theorem2,
)

STUDIES = (
    first_order,
    example1,
    example2,
    scalar,
    theorem2,
    circles,
    nonnormal,
    second_order,
    learning,
    sensitivity,
)


def main(fast=False, out=OUT) -> dict:
    """Run the studies, write ``claims.txt``, return the verdicts.

    Parameters
    ----------
    fast : bool
        Passed on: the same studies with fewer points.

    Returns
    -------
    dict
        Verdicts by study, place and claim.
    """
    rows, found = [], {}
    for study in announce(STUDIES, "study"):
        made = study.claims(study.main(fast=fast, out=out))
        rows += made
        name = study.__name__.rpartition(".")[2]
        found |= {f"{name}, {key}": value for key, value in verdicts(made).items()}
    write_claims(rows, folder(out) / "claims.txt")
    return found


if __name__ == "__main__":
    summary(globals(), OUT)
