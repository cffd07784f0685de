"""A branch as a table of its special points: plain text, HTML, or for a terminal."""

import numpy as np

from continuation.ground.canonical import cleared
from continuation.ground.status import Kind, Status
from continuation.kinds import registry
from continuation.orbits.profiles.layout import PERIOD, multipliers_of
from continuation.output.text_table import TextTable, html_page, text_page
from continuation.results.limit_reached import limit_reached
from continuation.symmetries.conjugacy import breaking

FEW = 4  # up to so many states all are listed
SHOWN = 3  # of more states, the norm and so many
MANY = 50  # of more special points no normal forms
SAME = 1e-9  # relative and absolute: the end lies on a special point; location leaves 1e-10, steps beside it 1e-4


def table(branch) -> str:
    """Write the special points of a branch as plain text, one line each.

    Parameters
    ----------
    branch : Branch
        Any branch; its ends are among its special points.

    Returns
    -------
    str
        A heading (problem, varied parameters, number of points), a line of advice for each end, then the
        table: label, row, varied parameters (14 significant digits), states (10 digits; all of up to 4,
        else the norm and the first 3), number of unstable eigenvalues (``-`` where the problem is no
        flow) and the type in words.  Of periodic orbits the period stands before the states' largest values, the
        multiplier next to the unit circle (the trivial one left out) behind them.
        What is rounding at the size of its column reads 0.  ``~`` marks values
        of a point that was not located.  No line ends in a newline or is shortened, however long.  Of up to
        50 special points the type tells what the normal forms of branch points and Hopf points say, which are
        computed for it.

    Examples
    --------
    >>> from continuation.output.tables import number
    >>> number(1 / 3), number(-0.0), number(2.5e-11, digits=3)
    ('0.33333333333333', '0', '2.5e-11')
    """
    return text_page(*parts(branch))


def html(branch) -> str:
    """Write the same table as HTML, every name and number escaped; what a notebook shows."""
    return html_page(*parts(branch))


def parts(branch) -> tuple:
    """Lines above the table, and the table."""
    return summary(branch), TextTable(header(branch), [cells(branch, point) for point in branch.special])


def rich_table(branch):
    """Build the same table as a `rich.table.Table`, for a terminal wide enough to hold it."""
    from rich.table import Table
    from rich.text import Text

    (title, *notes), written = parts(branch)
    result = Table(title=Text(title), caption=Text("\n".join(notes)), title_justify="left", caption_justify="left")
    for k, name in enumerate(written.head):
        result.add_column(Text(name), justify="right" if 0 < k < len(written.head) - 1 else "left", no_wrap=True)
    for row in written.rows:
        result.add_row(*(Text(cell) for cell in row))
    return result


def number(value, digits=14) -> str:
    """Write a real number with so many significant digits, zero without a sign."""
    return format(float(value) + 0.0, f".{digits}g")


def summary(branch) -> list[str]:
    """Lines above the table: what was traced, how each end came about, what is left out."""
    varied = ", ".join(branch.vary)
    count = f"{len(branch)} point{'' if len(branch) == 1 else 's'}"
    lines = [f"{branch.problem_name}: {count} along {varied}"]
    for word, row, status in zip(("first", "last"), (0, -1), branch.ends):
        values = zip(branch.vary, branch.varied[row])
        place = ", ".join(f"{name} = {number(cleared(value, branch.sizes[name]))}" for name, value in values)
        lines.append(f"{word} end, {place}: {_why(branch, row % len(branch), status)}")
    if np.any(branch.connections >= 0):
        joined, asked = np.sum(branch.connections == 1), np.sum(branch.connections >= 0)
        lines.append(f"certified: {joined} of {asked} steps, by samples")
    lines += remark_lines(branch)
    if branch.isotropy is not None:
        symmetry = branch.problem.symmetry
        lines.append(f"isotropy: {symmetry.describe(branch.isotropy)}, of a symmetry of order {symmetry.order}")
    n = len(branch.state_names)
    if not _few(branch):
        lines.append(f"the norm and the first {SHOWN} of {n} states are listed")
    return lines


def remark_lines(branch) -> list[str]:
    """What the reader should know beside the points, a line each."""
    rows = ["" if remark.row is None else f", row {remark.row}" for remark in branch.remarks]
    return [f"remark{row}: {remark}" for row, remark in zip(rows, branch.remarks)]


def header(branch) -> list[str]:
    """Names of the table's columns."""
    return ["label", "row", *branch.vary, *_columns(branch), *_multiplier_column(branch), "unstable", "type"]


def describe(branch, point) -> str:
    """Say in words what a special point is: its kind, its name, how an end came about, where it is looked for."""
    words = registry.of(point.kind).words
    if point.kind is Kind.END:
        words += f": {_why(branch, point.index, _end_status(branch, point)).split(';')[0].split(':')[0]}"
    if point.kind is Kind.USER and point.name:
        words += f" {point.name}"
    words += _verdict(branch, point)
    if (broken := breaking(branch.problem, point)) is not None:
        words += ", symmetry-breaking" if broken else ", symmetric"
    if not point.located:
        words += ", not located" + _between(branch, point)
    return words


def _why(branch, row, status) -> str:
    """Why a branch ends on a row: the advice, unless a curve of special points has its own end there."""
    ends = (point for point in branch.special if registry.of(point.kind).ends_curve)
    here = (point for point in ends if np.allclose(branch.unknowns[point.index], branch.unknowns[row], SAME, SAME))
    if status is Status.LIMIT and (point := next(here, None)):
        return f"at the {registry.of(point.kind).words} {point.label}, where the curve ends"
    if status is Status.LIMIT and (name := limit_reached(branch, row)):
        return f"reached a limit of {name}; widen `span` to go on"
    return status.advice


def _verdict(branch, point) -> str:
    """What the normal form says, for kinds that have a verdict; nothing where there are many to compute."""
    if not registry.of(point.kind).verdict or len(branch.special) > MANY:
        return ""
    form = point.normal_form
    words = [form[key] for key in ("criticality", "kind") if key in form]
    if form.get("dimension", 1) > 1:
        words.append(f"kernel of dimension {form['dimension']}")
    if form.get("multiplicity", 1) > 1:
        words.append(f"{form['multiplicity']} equal pairs")
    words += [f"another pair with omega = {number(omega)}" for omega, _ in form.get("others", ())]
    omega = [f"omega = {number(form['omega'])}"] if "omega" in form else []
    return "".join(f", {part}" for part in [" ".join(words), *omega] if part)


def _end_status(branch, point):
    """Status of the end that `point` is."""
    first = next(other for other in branch.special if other.kind is Kind.END)
    return branch.ends[0] if point is first and point.index == 0 else branch.ends[1]


def _between(branch, point) -> str:
    """Words for the bracket of a point that was not located."""
    if point.bracket is None:
        return ""
    low, high = sorted(float(row[-1]) for row in point.bracket)
    return f": between {branch.vary[0]} = {number(low)} and {branch.vary[0]} = {number(high)}"


def _columns(branch) -> tuple:
    """Names of the columns that stand for the state."""
    names = tuple(branch.state_names)
    shown = (*names, *_hidden(branch)) if _few(branch) else ("norm", *names[:SHOWN])
    return shown if branch.layout is None else (PERIOD, *shown)


def _multiplier_column(branch) -> tuple:
    """Head of the column of the multiplier next to the unit circle, of periodic orbits of two states and more."""
    return () if branch.layout is None or len(branch.layout.names) < 2 else ("multiplier",)


def _multiplier(branch, point) -> list:
    """Text of the multiplier next to the unit circle, without the trivial one, that of a pair with positive angle."""
    if not _multiplier_column(branch):
        return []
    exponents = branch.layout.exponents(branch.context[[point.index]])[0, :-1]
    nearest = np.min(np.abs(exponents.real))
    near = exponents[np.abs(exponents.real) <= nearest + SAME * (1 + nearest)]
    value = complex(multipliers_of(near[np.argmax(near.imag)]))
    if not np.isfinite(value):
        return [number(np.inf)]
    real, imaginary = cleared(np.array([value.real, value.imag]), abs(value))
    return [number(real, digits=6) + (f"{imaginary:+.6g}j" if imaginary != 0.0 else "")]


def _few(branch) -> bool:
    """Whether all states are listed."""
    return len(branch.state_names) <= FEW


def _hidden(branch) -> tuple:
    """States that equations made from others show as outputs."""
    return () if branch.problem is None else branch.problem.hidden_states


def cells(branch, point) -> list[str]:
    """Text of one line: label, row, parameters, state, number of unstable eigenvalues, type."""
    about = "" if point.located else "~"
    parameters = [about + number(cleared(point.parameters[name], branch.sizes[name])) for name in branch.vary]
    values = [about + number(value, digits=10) for value in _values(branch, point)]
    unstable = "-" if point.unstable < 0 else str(int(point.unstable))
    shown = [*parameters, *values, *_multiplier(branch, point), unstable]
    return [point.label, str(int(point.index)), *shown, describe(branch, point)]


def _values(branch, point):
    """Numbers under `_columns`: the states, or the norm of its row and the first states; of orbits the period first."""
    period = [] if branch.layout is None else [branch.outputs[PERIOD][point.index]]
    return [*period, *_state_values(branch, point)]


def _state_values(branch, point):
    """Numbers of the states among `_columns`."""
    states = cleared(point.state, np.array([branch.sizes[name] for name in branch.state_names]))
    if _few(branch):
        hidden = _hidden(branch)
        return [*states, *(cleared(point.outputs[name], np.max(np.abs(branch.outputs[name]))) for name in hidden)]
    return [cleared(branch["norm"][point.index], 1.0), *states[:SHOWN]]
