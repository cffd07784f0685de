"""Weights as users hold them, arrays in mappings and lists, and the one vector of named states that the engine sees."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from continuation.ground.arguments import shown
from continuation.ground.names import check_numbers
from continuation.ground.ranges import has_range

ROOT = "w"  # what weights are called that are a single array


class Leaf(NamedTuple):
    """An array of the weights: its name, what it is."""

    name: str
    value: Any


@dataclass(frozen=True, eq=False)
class WeightTree:
    """Where the entries of a vector of states stand in weights like an example.

    Attributes
    ----------
    leaves : tuple of str
        Names of the arrays: keys and places joined by points, ``layers.0.W``; ``w`` for a single array.
    shapes : tuple of tuple
        Their shapes.
    rebuild : callable
        ``rebuild(arrays) -> weights`` like the example.
    take : callable
        ``take(weights) -> list of Leaf``.
    to_numpy, from_numpy : callable
        Between the backend's arrays and numpy's.

    Examples
    --------
    >>> tree = tree_of({"W": np.zeros((1, 2)), "b": 0.5})
    >>> tree.names
    ('W[0,0]', 'W[0,1]', 'b')
    >>> tree.flat({"W": [[1.0, 2.0]], "b": 3.0}), tree.weights(np.arange(3.0))["W"]
    (array([1., 2., 3.]), array([[0., 1.]]))
    """

    leaves: tuple
    shapes: tuple
    rebuild: Any
    take: Any
    to_numpy: Any = np.asarray
    from_numpy: Any = np.array

    @property
    def names(self) -> tuple:
        """Names of the states: ``W1[0,2]``, row by row."""
        return tuple(
            name + (f"[{','.join(map(str, place))}]" if shape else "")
            for name, shape in zip(self.leaves, self.shapes)
            for place in itertools.product(*map(range, shape))
        )

    @property
    def size(self) -> int:
        """Number of weights."""
        return sum(int(np.prod(shape)) for shape in self.shapes)

    def places(self) -> list:
        """Arrays of the example's shapes that hold the places of their entries in the vector."""
        ends = np.cumsum([int(np.prod(shape)) for shape in self.shapes]).tolist()
        return [np.arange(a, b).reshape(shape) for a, b, shape in zip([0, *ends], ends, self.shapes)]

    def build(self, u):
        """Weights like the example from a vector (n,) of any backend, by slicing and ``reshape`` alone."""
        ends = np.cumsum([int(np.prod(shape)) for shape in self.shapes]).tolist()
        pieces = zip([0, *ends], ends, self.shapes)
        return self.rebuild([u[first:last].reshape(shape) for first, last, shape in pieces])

    def weights(self, u):
        """Weights like the example from a vector (n,) of numpy, in the backend's arrays of float64."""
        return self.build(self.from_numpy(np.asarray(u, float)))

    def flat(self, weights, label="weights") -> np.ndarray:
        """The vector (n,) of some weights.

        Raises
        ------
        ValueError
            They are arranged otherwise than the example, or hold what are no finite numbers.
        """
        return np.concatenate(
            [check_numbers(f"{label}: {name}", part, 1) for name, part in zip(self.leaves, self.parts(weights, label))]
        )

    def parts(self, weights, label) -> list:
        """The arrays of some weights, each in a row, NaN and all; refused where they are arranged otherwise."""
        given = {leaf.name: self.to_numpy(leaf.value) for leaf in self.take(weights)}
        wanted = dict(zip(self.leaves, self.shapes))
        if given.keys() != wanted.keys() or any(np.shape(given[name]) != shape for name, shape in wanted.items()):
            raise ValueError(
                f"{label}: wanted weights like the example, {_listed(wanted)}; got "
                f"{_listed({name: np.shape(value) for name, value in given.items()})}"
            )
        return [np.ravel(given[name]) for name in self.leaves]

    def is_like(self, weights) -> bool:
        """Whether something is to be read as weights: not as a flat vector, nor as a mapping of the states' names."""
        if isinstance(weights, Mapping):
            tops = {name.partition(".")[0] for name in self.leaves}
            of_entries = {*self.names} - {*self.leaves}
            return any(str(key) in tops for key in weights) and not any(
                key in of_entries or has_range(key) for key in weights
            )
        return np.ndim(weights) != 1 if hasattr(weights, "shape") else not _is_vector(weights)


def tree_of(example, other=None, to_numpy=np.asarray, from_numpy=np.array) -> WeightTree:
    """How weights like an example are arranged: an array, or mappings, lists and tuples of them.

    Parameters
    ----------
    example : array or tree
    other : callable, optional
        ``other(value) -> (list of Leaf, rebuild)`` for things of other kinds, None where they are arrays.
    to_numpy, from_numpy : callable
        Between the backend's arrays and numpy's.

    Raises
    ------
    ValueError
        It holds no array, or something that is none.
    """
    leaves, rebuild = split(example, "", other)
    if not leaves:
        raise ValueError(f"example: wanted weights, an array or a tree of arrays, got {shown(example)}")
    shapes = []
    for leaf in leaves:
        check_numbers(f"example: {leaf.name}", np.ravel(to_numpy(leaf.value)), 1)
        shapes.append(tuple(np.shape(to_numpy(leaf.value))))

    def take(weights):
        return split(weights, "", other)[0]

    tree = WeightTree(tuple(leaf.name for leaf in leaves), tuple(shapes), rebuild, take, to_numpy, from_numpy)
    if not tree.size:
        raise ValueError(f"example: wanted at least one weight, got {_listed(dict(zip(tree.leaves, tree.shapes)))}")
    return tree


def split(value, path, other=None) -> tuple:
    """The leaves of a tree and what makes such a tree of a list of arrays."""
    if value is None:
        return [], lambda arrays: None
    if isinstance(value, Mapping):
        parts = [split(part, _joined(path, key), other) for key, part in value.items()]
        keys = list(value)
        return _gathered(parts, lambda made: dict(zip(keys, made)))
    if isinstance(value, (list, tuple)) and not _is_nested_numbers(value):
        parts = [split(part, _joined(path, key), other) for key, part in enumerate(value)]
        kind = type(value)
        return _gathered(parts, (lambda made: kind(*made)) if hasattr(value, "_fields") else kind)
    found = other(value, path) if other is not None and not isinstance(value, (list, tuple)) else None
    return found if found is not None else ([Leaf(path or ROOT, value)], lambda arrays: arrays[0])


def _gathered(parts, make) -> tuple:
    """Leaves of the parts of a node in order, and what makes the node of their arrays."""
    counts = [len(leaves) for leaves, _ in parts]

    def rebuild(arrays):
        ends = np.cumsum(counts).tolist()
        return make([part(arrays[first:last]) for (_, part), first, last in zip(parts, [0, *ends], ends)])

    return [leaf for leaves, _ in parts for leaf in leaves], rebuild


def _joined(path, key) -> str:
    return f"{path}.{key}" if path else str(key)


def _is_nested_numbers(value) -> bool:
    """Whether a list is an array written out: numbers, or lists of them."""
    return bool(value) and all(
        _is_nested_numbers(part) if isinstance(part, (list, tuple)) else isinstance(part, (int, float, np.number))
        for part in value
    )


def _is_vector(value) -> bool:
    """Whether a list holds numbers alone."""
    return isinstance(value, (list, tuple)) and all(isinstance(part, (int, float, np.number)) for part in value)


def _listed(shapes) -> str:
    """Names and shapes in a line."""
    return shown(", ".join(f"{name} {tuple(shape)}" for name, shape in shapes.items()) or "nothing")[1:-1]
