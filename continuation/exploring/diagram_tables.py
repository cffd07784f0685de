"""A diagram as tables: its branches, its special points, what failed; plain text or HTML."""

from itertools import groupby

from continuation.exploring.record import count_tasks
from continuation.ground.canonical import cleared
from continuation.ground.status import Kind
from continuation.output.tables import cells, header, number, remark_lines
from continuation.output.text_table import TextTable, html_page, text_page
from continuation.results.segments import segments

MANY = 7  # of more changes of stability only the least and the largest number of unstable eigenvalues are told
HEADS = ["branch", "points", "depth", "from", "to", "unstable", "found, and how it ends"]


def table(diagram) -> str:
    """Write a diagram as plain text.

    Parameters
    ----------
    diagram : DiagramRecord

    Returns
    -------
    str
        A heading, whether it is complete, then a line for each branch: its index, points, depth, values of the
        parameter at its ends, numbers of unstable eigenvalues along it (``0-1-0``; ``-`` where the problem is no
        flow; of periodic orbits, of multipliers), where it was found, how it ends.  Then a line for each special point
        as in the table of a branch, with the branches through it in the place of the row.  Then the remarks on
        branches and the failures.
    """
    return text_page(*parts(diagram))


def html(diagram) -> str:
    """Write the same as HTML, every name and number escaped; what a notebook shows."""
    return html_page(*parts(diagram))


def parts(diagram) -> list:
    """Lines above the tables, the tables of branches and of special points, lines about failures."""
    count = len(diagram.branches) + len(diagram.cycles)
    found = [summary(diagram), TextTable(HEADS, [branch_cells(diagram, k) for k in range(count)])]
    if diagram.special:
        found.append(TextTable(special_head(diagram), special_rows(diagram)))
    if remarks := remark_lines_of_branches(diagram):
        found.append(remarks)
    if diagram.failures:
        found.append(failure_lines(diagram))
    return found


def summary(diagram) -> list[str]:
    """Lines above the tables: what it is, and whether it is complete."""
    low, high = diagram.plan.span
    count = len(diagram.branches)
    orbits = len(diagram.cycles)
    points = sum(map(len, (*diagram.branches, *diagram.cycles)))
    todo = f"; pending: {count_tasks(diagram)}" if count_tasks(diagram) else ""
    return [
        f"{diagram.problem_name}: {count} branch{'' if count == 1 else 'es'}, "
        f"{f'{orbits} of periodic orbits (largest values), ' if orbits else ''}{points} points, "
        f"{diagram.vary} from {number(low)} to {number(high)}",
        f"{diagram.status.advice}{todo}",
    ]


def branch_cells(diagram, index) -> list[str]:
    """Text of the line of one branch."""
    branch, origin = every_branch(diagram)[index]
    ends = [number(cleared(branch.parameter[row], branch.sizes[branch.vary[0]]), 6) for row in (0, -1)]
    words = f"{found(origin, 0 if index < len(diagram.branches) else len(diagram.branches))}; {endings(branch)}"
    return [str(index), str(len(branch)), str(origin.depth), *ends, stability(branch), words]


def every_branch(diagram) -> list:
    """(branch, origin) of all branches, those of periodic orbits last."""
    return list(zip((*diagram.branches, *diagram.cycles), (*diagram.origins, *diagram.cycle_origins)))


def found(origin, before=0) -> str:
    """Where a branch was found, and for how many images it stands; `before` branches are listed before its kind."""
    how = {"start": "start", "deflation": "deflation", "hopf": f"periodic orbits from {origin.label}"}
    how = how.get(origin.found) or f"branch {origin.parent + before} at {origin.label}"
    return how if origin.multiplicity == 1 else f"{how}, one of {origin.multiplicity} conjugates"


def endings(branch) -> str:
    """How the ends of a branch came about, in a word each."""
    first, last = (status.name.lower().replace("_", " ") for status in branch.ends)
    return first if first == last else f"{first} .. {last}"


def stability(branch) -> str:
    """Numbers of unstable eigenvalues along a branch."""
    counts = [count for count, _ in groupby(segment.unstable for segment in segments(branch))]
    if min(counts) < 0:
        return "-"
    if len(counts) > MANY:
        return f"{min(counts)}..{max(counts)}"
    return "-".join(map(str, counts))


def special_head(diagram) -> list[str]:
    """Names of the columns of the special points."""
    names = header(diagram.branches[0])
    return [names[0], "branches", *names[2:]]


def special_rows(diagram) -> list:
    """Text of the lines of the special points, by kind and number."""
    order = list(Kind)
    rows = []
    for point in sorted(diagram.special, key=lambda point: order.index(point.kind)):
        through = diagram.passages(point.label)
        branch = every_branch(diagram)[through[0][0]][0]
        own = next(s for s in branch.special if s.label == point.label)
        label, _, *rest = cells(branch, own)
        rows.append([label, ",".join(str(k) for k in sorted({k for k, _ in through})), *rest])
    return rows


def remark_lines_of_branches(diagram) -> list[str]:
    """The remarks on all branches, a line each."""
    return [
        f"branch {k}, {line}" for k, (branch, _) in enumerate(every_branch(diagram)) for line in remark_lines(branch)
    ]


def failure_lines(diagram) -> list[str]:
    """A line for each failure."""
    return ["not complete:", *(f"  {f.label + ': ' if f.label else ''}{f.reason}" for f in diagram.failures)]
