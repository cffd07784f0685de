"""A theorem in words."""

from decimal import ROUND_CEILING, Decimal

from continuation.proofs.arithmetic import precision
from continuation.proofs.proven_points import CROSSING, FOLD, HOPF, UNFOLDED

SHOWN = 21  # digits of balls; those that are not proven are left out


def report(statement, theorem) -> str:
    """All that is proven, and what is not."""
    with precision():
        parts = [_problem(statement), *(_curve(statement, theorem, curve) for curve in theorem.curves)]
        parts += [_point(theorem, point) for point in theorem.points]
    if open_ := [*statement.gaps, *theorem.failures]:
        parts.append("\n".join(["Not proven:", *(f"  {words}" for words in open_)]))
    return "\n\n".join(parts)


def _problem(statement) -> str:
    """The equations and constants."""
    lines = [f"{name}' = {text}" for name, text in statement.equations.items()]
    lines += [f"{name} = {text}" for name, text in statement.definitions.items()]
    fixed = [f"{name} = {value}" for name, value in statement.parameters.items() if name != statement.vary]
    title = f"Proven for {statement.name}, solutions (u, {statement.vary}) of F = 0, all decimals exact"
    return "\n".join([title, *(f"  {line}" for line in lines), *([f"  {', '.join(fixed)}"] if fixed else [])])


def _curve(statement, theorem, curve) -> str:
    """What is proven of one curve."""
    inside = f" with {', '.join(statement.zero)} = 0" if statement.zero else ""
    around = f"in the tube of radius up to {upwards(curve.width, 2)} around {curve.segments} segments"
    tube = around if curve.width else "inside"
    lines = [
        f"Rows {curve.rows[0]} to {curve.rows[1]}: {tube} there is exactly one curve of solutions{inside},",
        f"  past all points at no more than {upwards(curve.off, 1)},",
        f"  from {_place(theorem, curve.first)}",
        f"  to {_place(theorem, curve.last)}.",
        f"  Folds along it: {_listed(curve.events, FOLD)}.",
    ]
    if statement.zero:
        lines.append(f"  Branch points along it, where one other curve crosses: {_listed(curve.events, CROSSING)}.")
    else:
        lines.append("  Branch points: none, F' has full rank in the tube.")
    if not curve.undecided:
        lines.append(f"  Hopf points along it: {_listed(curve.events, HOPF)}.")
    elif curve.undecided < curve.segments:
        lines.append(f"  Hopf points: {_listed(curve.events, HOPF)}, but on {curve.undecided} segments that is open.")
    else:
        lines.append("  Hopf points: not looked at.")
    return "\n".join(lines)


def upwards(value, digits) -> str:
    """A bound with few digits that is not below it.

    Examples
    --------
    >>> upwards(0.0241, 2), upwards(1e-17, 1), upwards(0.0, 1)
    ('0.025', '2e-17', '0')
    """
    if value == 0:
        return "0"
    exact = Decimal(value)
    last = Decimal(1).scaleb(exact.adjusted() - digits + 1)
    return f"{float(exact.quantize(last, rounding=ROUND_CEILING)):.{digits}g}"


def _listed(events, kind) -> str:
    """``exactly 2: LP1, LP2``."""
    labels = [label or UNKNOWN[kind] for found, label in events if found == kind]
    return f"exactly {len(labels)}: {', '.join(labels)}" if labels else "none"


def _place(theorem, box) -> str:
    """A point to ten digits."""
    return ", ".join(f"{name} = {value.str(10, radius=False)}" for name, value in zip(theorem.names, box))


UNKNOWN = {  # what is there but not among the points
    FOLD: "one that is not enclosed",
    CROSSING: "one that is not enclosed",
    HOPF: "a neutral saddle, or a Hopf point that is not enclosed",
}
TITLES = {
    FOLD: "a simple fold",
    CROSSING: "a simple branch point",
    HOPF: "a Hopf point: one pair of eigenvalues on the imaginary axis, which crosses it",
    UNFOLDED: "a branch point if beta = 0, which no enclosure can show: one of F with beta added to an equation",
}


def _point(theorem, point) -> str:
    """What is proven of a special point."""
    values = [*zip(theorem.names, point.box), *point.facts.items()]
    lines = [f"  {name} = {value if isinstance(value, int) else value.str(SHOWN)}" for name, value in values]
    return "\n".join([f"{point.label}: {TITLES[point.kind]}", *lines])
