"""Special points of a finished branch: spectra, null vectors and labels of its marked rows."""

import functools
from typing import NamedTuple

import numpy as np

from continuation.compiled.dense.spectrum import ZERO_EIGENVALUE
from continuation.compiled.state import trace_state as S
from continuation.engine.run import KINDS
from continuation.ground import canonical
from continuation.ground.points import SpecialPoint
from continuation.ground.status import Kind
from continuation.kinds.normal_forms.coefficients import of_point
from continuation.kinds.normal_forms.linear import nearest_pairs
from continuation.results.spectra import jacobians_at

AT_START = 1e-9  # a test function smaller than this vanishes at the start


class Marks(NamedTuple):
    """What the engine noted of the rows."""

    scalars: np.ndarray  # (m, state.SCALARS)
    brackets: dict  # row -> (2, N)
    tests: list  # names of the test functions
    at_start: list  # names of the user's that vanish at the start


def describe(problem, begun, branch, detect, marks: Marks) -> tuple:
    """Special points in row order, ends included, numbered by kind."""
    kinds = marks.scalars[:, S.KIND].astype(int)
    rows = [(int(row), KINDS[kinds[row]]) for row in np.flatnonzero(kinds != S.REGULAR)]
    rows += kinds_at_start(problem, begun, branch, (detect, {row for row, _ in rows}, marks.at_start))
    rows += [(0, Kind.END), (len(branch) - 1, Kind.END)]
    first_then_last = {0: lambda kind: kind is not Kind.END}
    rows.sort(key=lambda pair: (pair[0], first_then_last.get(pair[0], lambda kind: kind is Kind.END)(pair[1])))
    local = linear_parts(jacobians_at(problem, branch, sorted({row for row, _ in rows})))
    numbers, points = {}, []
    for row, kind in rows:
        numbers[kind] = numbers.get(kind, 0) + 1
        label = f"{kind.label}{numbers[kind]}"
        points.append(special_point(problem, branch, (row, kind, label), marks, local.get(row)))
    return tuple(points)


class Linear(NamedTuple):
    """F_u at one row, its eigenvalues by descending real part and its right singular vectors."""

    jacobian: np.ndarray
    eigenvalues: np.ndarray
    right: np.ndarray


def linear_parts(jacobians: dict) -> dict:
    """Row -> `Linear`, all rows in one call of LAPACK each."""
    if not jacobians:
        return {}
    stack = np.array(list(jacobians.values()))
    values = np.linalg.eigvals(stack).astype(complex)
    values = np.array([canonical.descending(row) for row in values])
    right = np.linalg.svd(stack)[2]
    return {row: Linear(*parts) for row, parts in zip(jacobians, zip(stack, values, right))}


def special_point(problem, branch, identity, marks, local) -> SpecialPoint:
    """One special point of a row; `identity` is (row, kind, label)."""
    row, kind, label = identity
    scalars = marks.scalars[row]
    located = kind is Kind.END or bool(scalars[S.LOCATED])
    spectrum, vectors = None, None
    if local is not None:
        spectrum = local.eigenvalues if problem.stability == "flow" else np.empty(0, complex)
        if located and kind in (Kind.FOLD, Kind.BRANCH_POINT):
            vectors = kernel_of(local.right, int(branch.nullity[row]))
        elif located and kind is Kind.HOPF:
            vectors = hopf_vectors(local.jacobian)
    return SpecialPoint(
        state=branch.states[row].copy(),
        parameters=branch.parameters_at(row),
        state_names=branch.state_names,
        outputs={name: float(column[row]) for name, column in branch.outputs.items()},
        unstable=int(branch.unstable[row]),
        nullity=int(branch.nullity[row]),
        tangent=branch.tangents[row].copy(),
        unknowns=branch.unknowns[row].copy(),
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


def kernel_of(right, nullity) -> np.ndarray:
    """(k, n) orthonormal kernel of F_u from its right singular vectors, nearest to the axes."""
    k = max(1, nullity)
    return canonical.basis(right[len(right) - k :].T).T


def hopf_vectors(jacobian):
    """Real and imaginary part of q (2, n), ``F_u q = i omega q``, unit; None without a complex pair."""
    values, vectors = np.linalg.eig(jacobian)
    pairs = nearest_pairs(values)
    if not len(pairs):
        return None
    q = canonical.turned(vectors[:, pairs[0]])
    return np.array([q.real, q.imag])


def name_of(row, marks) -> str:
    """Name of the user's test function that vanishes at a row."""
    index = int(marks.scalars[row, S.TEST])
    return marks.tests[index] if index >= 0 else marks.at_start[0]


def kinds_at_start(problem, begun, branch, hunt) -> list:
    """Kinds of special points that the start itself is: a fold, a Hopf point, the branch point switched at."""
    row, (wanted, taken, vanishing) = branch.start, hunt
    if begun.outward:
        return [(row, Kind.BRANCH_POINT)]
    if row in taken:
        return []
    found = []
    if Kind.USER in wanted and vanishing:
        found.append((row, Kind.USER))
    if Kind.FOLD in wanted and abs(begun.tangent[-1]) <= AT_START:
        found.append((row, Kind.FOLD))
    if Kind.HOPF in wanted and problem.stability == "flow" and row - 1 not in taken and row + 1 not in taken:
        a = jacobians_at(problem, branch, [row]).get(row)
        values = np.linalg.eigvals(a) if a is not None else np.empty(0)
        zero = ZERO_EIGENVALUE * np.max(np.sum(np.abs(a), axis=1)) if a is not None else 0.0
        if np.any((np.abs(values.real) <= zero) & (values.imag > zero)):
            found.append((row, Kind.HOPF))
    return found
