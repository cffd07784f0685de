"""Symmetries of a loss that come from hidden units: permutations, changes of sign, exchange of scale.

They are proposed by the shapes of the layers and kept where the loss at random weights does not change: which axes
belong to one layer's units, whether the activation is odd and whether it is homogeneous are seen there, not asked.
A. M. Chen, H. Lu, R. Hecht-Nielsen, "On the geometry of feedforward neural network error surfaces", Neural Computation
5 (1993) 910.
"""

import itertools

import numpy as np

HIDDEN_UNITS = "hidden units"
SAME = 1e-9  # relative change of the loss that is rounding; another function changes it by 0.1
MOST_AXES = 4  # arrays that a layer's units have a row or column of: weights in, bias, weights out, one more
LISTED = 6  # exchanges of neighbouring units among the generators: S_7 is listed where the whole group is too large
SIZE = 0.7  # of the random weights: activations are neither linear nor saturated there


def hidden_unit_symmetries(tree, loss, seed=0) -> list:
    """Generators of the symmetries that a loss has by its layers' units, as entries of `symmetries`.

    Parameters
    ----------
    tree : WeightTree
    loss : callable
        ``loss(u) -> float`` at a vector (n,).
    seed : int
        Of the random weights.

    Returns
    -------
    list
        Lists of state names (with ``-`` for a sign) that exchange units or change the sign of one, and functions
        K(u), which scale what goes into a unit and shrink what comes out.

    Raises
    ------
    ValueError
        There are none: no two units can be exchanged, nor signs changed.

    Notes
    -----
    Units are those positions of an axis, or of one axis each of up to 4 arrays, whose exchange leaves the loss alone.
    Costs some ten losses for each such set of axes of one length.

    Examples
    --------
    >>> from continuation.losses.weight_trees import tree_of
    >>> tree = tree_of({"in": np.zeros(2), "out": np.zeros(2)})
    >>> def loss(u):
    ...     return (np.tanh(u[:2]) @ u[2:] - 1.0) ** 2
    >>> hidden_unit_symmetries(tree, loss)
    [['in[1]', 'in[0]', 'out[1]', 'out[0]'], ['-in[0]', 'in[1]', '-out[0]', 'out[1]']]
    """
    u = SIZE * np.random.default_rng(seed).normal(size=tree.size)
    value = loss(u)

    def keeps(image):
        return bool(abs(loss(image) - value) <= SAME * abs(value))

    places, entries = tree.places(), []
    for axes in _layers(places, u, keeps):
        entries += _of_layer(axes, u, keeps, tree.names)
    if not entries:
        raise ValueError(
            f'symmetries: "{HIDDEN_UNITS}" found none: no two positions along an axis of {", ".join(tree.leaves)} can '
            "be exchanged without changing the loss; give the symmetries one by one, or none"
        )
    return entries


def _layers(places, u, keeps):
    """Sets of axes along which units stand, each a list of arrays (m, ...) of places in u, units first."""
    axes = [np.moveaxis(array, axis, 0) for array in places for axis in range(array.ndim)]
    owners = [k for k, array in enumerate(places) for _ in range(array.ndim)]
    used = set()
    for size in range(1, MOST_AXES + 1):
        for chosen in itertools.combinations(range(len(axes)), size):
            lengths = {len(axes[k]) for k in chosen}
            if used & {*chosen} or len({owners[k] for k in chosen}) < size or len(lengths) > 1 or lengths == {1}:
                continue
            layer = [axes[k] for k in chosen]
            if all(keeps(_exchanged(u, layer, k, k + 1)) for k in range(len(layer[0]) - 1)):
                used |= {*chosen}
                yield layer


def _exchanged(u, layer, one, two):
    """Weights with two units exchanged."""
    image = u.copy()
    for axis in layer:
        image[axis[one]], image[axis[two]] = u[axis[two]], u[axis[one]]
    return image


def _of_layer(layer, u, keeps, names):
    """Entries of one layer: exchanges, a turn of all units, a sign, a scale for each unit."""
    m, own = len(layer[0]), np.arange(len(u))
    neighbours = [_exchanged(own, layer, k, k + 1) for k in range(min(m - 1, LISTED))]
    moves = neighbours if m <= LISTED + 1 else [*neighbours, _turned(own, layer)]
    entries = [[names[k] for k in move] for move in moves]
    for some in _subsets(layer):
        if keeps(_scaled(u, some, -1.0)):
            changed = {int(k) for axis in some for k in axis[0].ravel()}
            entries.append([("-" if k in changed else "") + name for k, name in enumerate(names)])
    for some in _subsets(layer):
        rest = [axis for axis in layer if not any(axis is one for one in some)]
        if rest and keeps(_scaled(_scaled(u, some, 1.5), rest, 1 / 1.5)):
            entries += [scaling(some, rest, unit, len(u)) for unit in range(m)]
            break
    return entries


def _turned(own, layer):
    """The units one place further."""
    image = own.copy()
    for axis in layer:
        image[axis] = np.roll(own[axis], 1, axis=0)
    return image


def _subsets(layer):
    """Non-empty sets of a layer's axes, small ones first."""
    return (some for size in range(1, len(layer) + 1) for some in itertools.combinations(layer, size))


def _scaled(u, axes, factor):
    """Weights with the entries of the first unit along some axes multiplied."""
    image = u.copy()
    for axis in axes:
        image[axis[0]] *= factor
    return image


def scaling(grows, shrinks, unit, n):
    """Infinitesimal generator K(u) of the scaling that makes some weights of a unit larger and the others smaller."""
    signs = np.zeros(n)
    for axes, sign in ((grows, 1.0), (shrinks, -1.0)):
        for axis in axes:
            signs[axis[unit]] = sign

    def scale_of_unit(u):
        return signs * u

    return scale_of_unit
