"""Special points of a finished branch: spectra, null vectors and labels of its marked rows."""

import functools
from typing import NamedTuple

import numpy as np

from continuation.compiled.dense.spectrum import ZERO_EIGENVALUE
from continuation.compiled.state import trace_state as S
from continuation.engine.assembly.level_pieces import level_pieces
from continuation.engine.run import KINDS
from continuation.equations.measures.measure import measure_of
from continuation.ground import canonical
from continuation.ground.points import SpecialPoint
from continuation.ground.status import Kind
from continuation.kinds import registry
from continuation.kinds.normal_forms.coefficients import of_point
from continuation.kinds.special_kind import AtStart, Linear, Locator
from continuation.results.spectra import jacobians_at

# Zeros of test functions first: kinds that the start may be, in the order in which they are listed where it is several.
STARTS = sorted((r for r in registry.EVERY if r.is_at_start), key=lambda r: r.locator is not Locator.BRACKET)


class Marks(NamedTuple):
    """What the engine noted of the rows."""

    scalars: np.ndarray  # (m, state.SCALARS)
    brackets: dict  # row -> (2, N)
    tests: tuple  # of `Test`, as numbered by the scalar TEST
    at_start: list  # names of the user's that vanish at the start


def describe(problem, begun, branch, detect, marks: Marks) -> tuple:
    """Special points in row order, ends included, numbered by kind."""
    numbers = marks.scalars[:, S.KIND].astype(int)
    marked = {int(row): kind_of(numbers[row], row, marks) for row in np.flatnonzero(numbers != S.REGULAR)}
    marked = {row: problem.kind_at(branch, row, kind) for row, kind in marked.items()}
    rows = [*marked.items(), *((branch.start, kind) for kind in kinds_at_start(problem, begun, branch, detect, marks))]
    rows += [(0, Kind.END), (len(branch) - 1, Kind.END)]
    rows.sort(key=place_in_table)
    linear = linear_parts(jacobians_at(problem, branch, sorted({row for row, _ in rows})), measure_of(problem))
    counts, points = {}, []
    for row, kind in rows:
        if not is_met(kind, linear.get(row), marks.scalars[row]):
            continue
        counts[kind] = counts.get(kind, 0) + 1
        label = f"{kind.label}{counts[kind]}"
        points.append(special_point(problem, branch, row, kind, label, marks, linear.get(row)))
    return tuple(points)


def place_in_table(pair) -> tuple:
    """Order of (row, kind): by row, the first end before all that lies on its row, the last end behind it."""
    row, kind = pair
    return row, (kind is not Kind.END) if row == 0 else (kind is Kind.END)


def kind_of(number, row, marks) -> Kind:
    """Kind of a marked row: kinds on request have the number of the user's zeros, and tests of their own."""
    test = int(marks.scalars[row, S.TEST])
    kind = KINDS[number]
    return marks.tests[test].kind if kind is Kind.USER and test >= 0 else kind


def is_met(kind, linear, scalars) -> bool:
    """Whether a row is what its test function was watched for, if points of other kinds make it vanish too."""
    wanted = registry.of(kind).is_met
    if wanted is None or not scalars[S.LOCATED]:
        return True
    return linear is not None and wanted(linear.jacobian)


def linear_parts(jacobians: dict, measure) -> dict:
    """Row -> `Linear`, all rows in one call of LAPACK each; null vectors are found in units of the states."""
    if not jacobians:
        return {}
    stack = np.array(list(jacobians.values()))
    values = np.linalg.eigvals(stack).astype(complex)
    values = canonical.descending(values)
    right = right_vectors(stack, measure)
    return {row: Linear(*parts) for row, parts in zip(jacobians, zip(stack, values, right))}


def right_vectors(stack, measure) -> np.ndarray:
    """(m, n, n) right singular vectors, the smallest last, of matrices in units, as orthonormal ones of the states."""
    units, n = measure.units[:-1], stack.shape[-1]
    if len(units) != n or (np.all(units == 1.0) and np.all(measure.equations == 1.0)):
        return np.linalg.svd(stack)[2]
    right = np.linalg.svd(stack * units / measure.equations[:, None])[2]
    turned = [np.linalg.qr((vt[::-1] * units).T)[0].T[::-1] for vt in right]  # each last few span what they did
    return np.array(turned)


def special_point(problem, branch, row, kind, label, marks, linear) -> SpecialPoint:
    """One special point of a row; `linear` is None where F_u can't be had."""
    scalars, null_vectors = marks.scalars[row], registry.of(kind).null_vectors
    located = kind is Kind.END or bool(scalars[S.LOCATED])
    spectrum, vectors = problem.row_spectrum(branch, row), None
    if linear is not None:
        spectrum = linear.eigenvalues if problem.stability == "flow" else np.empty(0, complex)
        if located and null_vectors is not None:
            vectors = null_vectors(linear, int(branch.nullity[row]))
    return SpecialPoint(
        state=branch.states[row].copy(),
        parameters=branch.parameters_at(row),
        state_names=branch.state_names,
        outputs={name: float(column[row]) for name, column in branch.outputs.items()},
        unstable=int(branch.unstable[row]),
        nullity=int(branch.nullity[row]),
        tangent=branch.tangents[row].copy(),
        unknowns=branch.unknowns[row].copy(),
        weights=branch.weights_at(row),
        context=branch.own_context(row),
        vary=branch.vary,
        index=row,
        kind=kind,
        label=label,
        name=name_of(row, marks) if kind is Kind.USER else "",
        located=located,
        bracket=None if located else marks.brackets.get(row),
        null_vectors=vectors,
        eigenvalues=spectrum,
        residual=float(branch.residuals[row]),
        error=float(scalars[S.ERROR]),
        normal_form=functools.partial(of_point, problem),
    )


def name_of(row, marks) -> str:
    """Name of the user's test function that vanishes at a row."""
    index = int(marks.scalars[row, S.TEST])
    return marks.tests[index].name if index >= 0 else marks.at_start[0]


def kinds_at_start(problem, begun, branch, wanted, marks) -> list:
    """Kinds of special points that the start itself is: a fold, a Hopf point, the branch point switched at."""
    row, marked = branch.start, marks.scalars[:, S.KIND] != S.REGULAR
    if begun.outward:
        return [Kind.BRANCH_POINT if begun.origin is None else begun.origin.kind]
    if marked[row]:
        return []
    beside = branch.tangents[row - 1 : row + 2, -1] if row > 0 else np.zeros(0)
    start = AtStart(
        tangent=begun.tangent * np.sqrt(branch.weights[-1]),
        vanishing=marks.at_start,
        is_flow=problem.stability == "flow",
        zero=ZERO_EIGENVALUE,
        is_alone=not np.any(marked[max(row - 1, 0) : row + 2]),
        is_level=any(first <= row <= last for first, last in level_pieces(branch)),
        goes_on=len(beside) == 3 and bool(beside[0] * beside[-1] > 0),
        jacobian=lambda: jacobians_at(problem, branch, [row]).get(row),
    )
    return [record.kind for record in STARTS if record.kind in wanted and record.is_at_start(start)]
