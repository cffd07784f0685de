"""What a certificate states, as data: everything a proof needs, and nothing that it would have to believe."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Step:
    """A segment between two points of a curve: the coordinate that measures it, radii (N hexadecimal floats).

    `hopf`: whether it says how many points there are on it where two eigenvalues have the sum 0.
    """

    along: str
    radii: tuple
    hopf: bool = False


@dataclass(frozen=True)
class Curve:
    """Points (each N decimals) that a curve passes within its tube, a step between each two; rows of the branch."""

    points: tuple
    steps: tuple
    rows: tuple


@dataclass(frozen=True)
class Candidate:
    """A box for a special point: its label, kind, the name of its pivot, (middle, radius) of every unknown."""

    label: str
    kind: str
    pivot: str
    box: tuple


@dataclass(frozen=True)
class Statement:
    """A problem as text, the varied parameter, states that are 0 on the branch, curves and special points.

    ``gaps`` are words on what was not proven; they are shown and claim nothing.
    """

    name: str
    equations: dict
    definitions: dict
    parameters: dict
    vary: str
    zero: tuple = ()
    curves: tuple = ()
    points: tuple = ()
    gaps: tuple = ()
    made_with: dict = field(default_factory=dict)

    @property
    def source(self) -> dict:
        """What `ExactEquations` takes."""
        return {"equations": self.equations, "definitions": self.definitions, "parameters": self.parameters}
