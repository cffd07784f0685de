"""Images of solutions under the symmetries of their problem."""

import numpy as np

from continuation.ground import canonical


def list_images(problem, x) -> np.ndarray:
    """(m, N) distinct images of the unknowns x (N,), itself first; the parameter stays as it is.

    One row where the problem has no symmetries, or its unknowns are not the states they act on.
    """
    symmetry = getattr(problem, "symmetry", None)
    if symmetry is None or len(symmetry.names) != len(x) - 1:  # or its unknowns are not the states
        return np.array([x])
    images = np.asarray(symmetry.orbit(x[:-1]), float)
    gaps = np.max(np.abs(images - x[:-1]), axis=1)
    nearest_first = canonical.order(gaps[:, None], canonical.TIE * np.max(gaps, initial=0.0))
    return np.column_stack([images[nearest_first], np.full(len(images), x[-1])])


def count_distinct_images(problem, branch, lies_on) -> int:
    """Number of different images of a branch; ``lies_on(branch, x)`` tells whether a point lies on it."""
    x = branch.unknowns[choose_generic_row(branch)]
    others = list_images(problem, x)[1:]
    on_itself = sum(bool(lies_on(branch, y)) for y in others)
    return (1 + len(others)) // (1 + on_itself)


def choose_generic_row(branch) -> int:
    """A row away from the middle, the ends and the special points, where it can be had."""
    taken = {point.index for point in branch.special}
    rows = sorted(range(len(branch)), key=lambda row: abs(row - 0.7 * (len(branch) - 1)))
    return next((row for row in rows if row not in taken), rows[0])


def images_of_branch(problem, branch) -> list:
    """Columns by name of the images of a branch under the finite group, the branch itself left out."""
    elements = getattr(getattr(problem, "symmetry", None), "elements", None)
    if elements is None or len(problem.symmetry.names) != branch.states.shape[1]:
        return []
    images = np.asarray(elements.act(branch.states), float)  # (rows, elements, n)
    found = []
    for k in range(images.shape[1]):
        states = images[:, k]
        size = 1e-8 * (1 + np.max(np.abs(states)))
        if all(np.max(np.abs(states - other)) > size for other in [branch.states, *found]):
            found.append(states)
    return [columns_of(branch, states) for states in found]


def columns_of(branch, states) -> dict:
    """Columns of a branch with other states; outputs, which the symmetry may change, left as NaN."""
    columns = {name: branch[name] for name in (*branch.parameters, *branch.vary, "norm", "arclength")}
    columns |= {name: np.full(len(branch), np.nan) for name in branch.outputs}
    return columns | dict(zip(branch.state_names, states.T))
