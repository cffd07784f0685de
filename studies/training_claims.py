"""One table of every claim on training: what the papers say, what was computed here, the verdict.

Runs the studies of layer balance, overparameterization and of descent as judge, and writes ``training_claims.txt``.
Run: ``python -m studies.training_claims``.
"""

from dataclasses import replace

from studies.claims import Claim, write_claims
from studies.command import folder, summary
from studies.gradient_descent import every_system, families
from studies.layer_balance import flow, wide_network
from studies.layer_balance import two_factors as factorization
from studies.overparameterization import acceleration, end_to_end, images

OUT = "out/training_claims"
LEFT_OUT = [
    Claim("Du, Fig 2", "the printed end norms", note="data, step size and seed are not given; its numbers disagree"),
    Claim("Du, Theorem 3.1", "with the printed step size", note="flow time grows as log T: it can't be run"),
    Claim(
        "Arora, section 8", "on the UCI data", note="the data are not shipped; acceleration --data FOLDER uses a copy"
    ),
]


def main(fast=False, out=OUT) -> dict:
    """Run every study, write the table, return the verdicts.

    Parameters
    ----------
    fast : bool
        Passed on; small sizes turn some verdicts on speed.
    out : path-like
        Folder of everything; made if missing.

    Returns
    -------
    dict
        Verdicts by claim.
    """
    out = folder(out)
    return write_claims([*collect(fast, out), *LEFT_OUT], out / "training_claims.txt")


def collect(fast, out) -> list:
    """Run every study and list its claims, each from the numbers it returned."""
    size = acceleration.FAST if fast else acceleration.FULL
    wide = wide_network.main(fast=fast, out=out)
    return [
        *_of("Du", flow.claims(flow.main(fast=fast, out=out))),
        *_of("Du", factorization.claims(factorization.main(fast=fast, out=out))),
        *_of("Du", wide_network.claims(wide_network.by_start(wide))),
        *_of("Arora", end_to_end.claims(end_to_end.main(fast=fast, out=out))),
        *_of("Arora", acceleration.claims(acceleration.main(fast=fast, out=out), size)),
        *_of("Arora", images.claims(images.main(fast=fast, out=out))),
        *_of("families", families.claims(families.main(fast=fast, out=out))),
        *_of("descent", every_system.claims(every_system.main(fast=fast, out=out))),
    ]


def _of(paper, claims) -> list:
    """Claims with their paper in front of the place."""
    return [replace(claim, where=f"{paper}, {claim.where}") for claim in claims]


if __name__ == "__main__":
    summary(globals(), OUT, "training_claims.txt")
