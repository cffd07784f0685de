"""All figures and claims of the paper on linear networks in one table: claim, computed here, verdict.

Runs every study of this folder.  Run: ``python -m studies.linear_regularization.summary``.
"""

import importlib

from studies.command import folder
from studies.linear_regularization.claims import OUT, Claim, claims_table, command

STUDIES = (
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
QUICK = ("example1", "example2", "scalar", "theorem2", "nonnormal")


def main(fast=False, out=OUT) -> dict:
    """Run the studies, write ``claims.md``, return the verdicts.

    Parameters
    ----------
    fast : bool
        Only the quick studies, with fewer points.

    Returns
    -------
    dict
        Name of each study to its list of claims, as tuples.
    """
    names, rows = QUICK if fast else STUDIES, {}
    for name in names:
        module = importlib.import_module(f"studies.linear_regularization.{name}")
        rows[name] = [tuple(claim) for claim in module.claims(module.main(fast=fast, out=out))]
    (folder(out) / "claims.md").write_text(claims_table(claims(rows)) + "\n")
    return rows


def claims(numbers) -> list[Claim]:
    """The rows of all studies."""
    return [Claim(*row) for rows in numbers.values() for row in rows]


if __name__ == "__main__":
    command(globals())
