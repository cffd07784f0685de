"""`Proof`: a statement with what was proven of it; made from a branch, or checked again from a file."""

import platform
from dataclasses import dataclass, replace
from importlib import metadata

from continuation.proofs.arithmetic import BITS, flint
from continuation.proofs.certificates import certificate
from continuation.proofs.certificates.claims_to_prove import Statement
from continuation.proofs.certificates.report import report
from continuation.proofs.choosing.construct import statement_of
from continuation.proofs.verify import Theorem, verify


@dataclass(frozen=True, repr=False)
class Proof:
    """What is proven of a branch; ``print(proof)`` is the theorem, true (``bool(proof)``) where nothing is left open.

    The versions that it prints are those of this proof; those a certificate was made with: ``statement.made_with``.

    Attributes
    ----------
    statement : Statement
        The claim: texts, points, tubes, boxes, and words on gaps.
    theorem : Theorem
        What was proven of it by `continuation.proofs.verify.verify`: curves with their folds and branch points, special
        points with enclosures of 20 digits and their coefficients.
    """

    statement: Statement
    theorem: Theorem

    @property
    def complete(self) -> bool:
        """Whether all of the branch and all of its located folds, branch points and Hopf points are proven.

        Of a certificate: all that the file states, and nothing that it names as open.
        """
        if any(0 < curve.undecided < curve.segments for curve in self.theorem.curves):
            return False
        return bool(self.theorem.curves or self.theorem.points) and not (self.statement.gaps or self.theorem.failures)

    def __bool__(self):
        return self.complete

    def __getitem__(self, label):
        """The special point with a label: its box, and facts."""
        for point in self.theorem.points:
            if point.label == label:
                return point
        raise KeyError(f"no proven point is labelled {label!r}")

    @property
    def words(self) -> str:
        """The theorem in words, and what is open; without who proved it when."""
        return report(self.statement, self.theorem)

    def __str__(self):
        by = ", ".join(f"{name} {version}" for name, version in versions().items())
        return f"{self.words}\n\nproven by {by}; {self.theorem.seconds:.2g} s"

    def __repr__(self):
        return f"<Proof for {self.statement.name}: {'complete' if self else 'with gaps'}>"

    def save(self, path):
        """Write the certificate, JSON text that `check_proof` proves again."""
        certificate.write(path, self.statement)


def prove_branch(branch) -> Proof:
    """Prove a branch: see `continuation.branch.Branch.prove`."""
    statement = replace(statement_of(branch), made_with=versions())
    return Proof(statement, verify(statement))


def check_proof(path) -> Proof:
    """Prove again what a certificate states, from the file alone.

    Parameters
    ----------
    path : str or path-like
        A file that `Proof.save` wrote, or anybody: nothing in it is believed.

    Returns
    -------
    Proof
        ``proof.theorem.failures`` names what the file claims and can't be proven.

    Raises
    ------
    OSError, ProofError
        The file can't be read, or is no certificate.
    """
    statement = certificate.read(path)
    return Proof(statement, verify(statement))


def versions() -> dict:
    """What proves here."""
    return {
        "pseudoarc": metadata.version("pseudoarc"),
        "python-flint": flint.__version__,
        "FLINT": flint.__FLINT_VERSION__,
        "python": platform.python_version(),
        "bits": str(BITS),
    }
