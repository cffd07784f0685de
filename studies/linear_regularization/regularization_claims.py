"""All figures and claims of the paper on linear networks in one table: claim, computed here, verdict.

Runs every study of this folder.  Run: ``python -m studies.linear_regularization.regularization_claims``.
"""

import importlib

from studies.claims import table, verdicts
from studies.command import announced, folder, summary
from studies.linear_regularization import OUT

STUDIES = (
    "first_order",
    "example1",
    "example2",
    "scalar",
    "theorem2",
    "circles",
    "nonnormal",
    "second_order",
    "learning",
    "sensitivity",
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
    for name in announced(STUDIES, "study"):
        module = importlib.import_module(f"studies.linear_regularization.{name}")
        made = module.claims(module.main(fast=fast, out=out))
        rows += made
        found |= {f"{name}, {key}": value for key, value in verdicts(made).items()}
    (folder(out) / "claims.txt").write_text(table(rows) + "\n", "utf-8")
    return found


if __name__ == "__main__":
    summary(globals(), OUT)
