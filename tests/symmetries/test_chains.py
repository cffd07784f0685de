"""Groups known by generators: orders by formula, elements that take one state to another, never a list."""

import itertools
import math

import numpy as np
import pytest

from continuation.symmetries.chains import Chain, list_orbits
from continuation.symmetries.symmetry import Symmetry


def units(m, d, signs=True):
    """Codes of exchanges, a turn, and a change of sign of m rows of d entries."""
    rows = np.arange(m * d).reshape(m, d)
    moves = [np.r_[1, 0, 2:m], np.r_[1:m, 0]]
    codes = [rows[move].ravel() for move in moves]
    return np.array(codes + ([np.r_[rows[0] + m * d, rows[1:].ravel()]] if signs else []))


@pytest.mark.parametrize(("m", "signs"), [(3, True), (8, False), (12, True)])
def test_orders(m, signs):
    assert Chain(units(m, 3, signs)).order == math.factorial(m) * (2**m if signs else 1)


def test_all_weights_of_a_unit_are_one_point():
    assert [block.shape for block in Chain(units(6, 5)).blocks] == [(5, 12)]


def test_elements_found_are_those_of_the_list():
    codes = units(3, 2)
    names = [f"x{k}" for k in range(6)]
    full = Symmetry(names, [[("-" if c >= 6 else "") + names[c % 6] for c in code] for code in codes])
    chain, u = Chain(codes), np.array([1.0, 2.0, 3.0, 4.0, 3.0, 4.0])
    for signs in itertools.product([1, -1], repeat=6):
        v = np.array(signs) * u[[2, 3, 0, 1, 4, 5]]
        code, element = chain.taking(u, v, 1e-9), full.conjugate(u, v)
        assert (code is None) == (element is None)
        if code is not None:
            assert np.array_equal(np.concatenate([u, -u])[code], v)


def test_equal_units_do_not_multiply_the_search(rng):
    m, d = 16, 4
    u = np.repeat(rng.normal(size=(2, d)), m // 2, axis=0)
    v = u[rng.permutation(m)] * rng.choice([-1, 1], m)[:, None]
    code = Chain(units(m, d)).taking(u.ravel(), v.ravel(), 1e-9)
    assert np.array_equal(np.concatenate([u.ravel(), -u.ravel()])[code], v.ravel())


def test_a_group_of_matrices_is_listed_in_part():
    names = [f"x{k}" for k in range(9)]
    swaps = [[*names[:k], names[k + 1], names[k], *names[k + 2 :]] for k in range(8)]
    symmetry = Symmetry(names, swaps)
    assert symmetry.order == math.factorial(9)
    assert len(symmetry.elements) == math.factorial(7)
    assert "5040 elements listed" in repr(symmetry)
    assert symmetry.fixed_space.shape == (9, 1)
    assert symmetry.conjugate(np.arange(9.0), np.arange(9.0)[::-1]) is not None
    assert symmetry.conjugate(np.arange(9.0), np.arange(9.0) + 1e-3) is None


def test_orbits_of_points():
    assert [orbit.tolist() for orbit in list_orbits(np.array([[1, 0, 2, 4, 3]]))] == [[0, 1], [2], [3, 4]]
