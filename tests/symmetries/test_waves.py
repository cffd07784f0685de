"""Spatio-temporal symmetries of oscillations against the classifications for dihedral and symmetric groups."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation.symmetries.symmetry import Symmetry
from continuation.symmetries.waves import representation, waves


def names(n):
    return tuple(f"x{i}" for i in range(n))


def dihedral(n):
    x = names(n)
    return Symmetry(x, [x[1:] + x[:1], (x[0],) + x[:0:-1]])


def all_permutations(n):
    x = names(n)
    return Symmetry(x, [x[1:] + x[:1], (x[1], x[0]) + x[2:]])


def fourier(n, k):
    """Orthonormal basis of the waves of number k on a ring."""
    wave = np.exp(2j * np.pi * k * np.arange(n) / n) / np.sqrt(n)
    return np.stack([wave, wave.conj()], axis=1)


def turned(vectors, rng):
    """The same space with another orthonormal basis."""
    m = vectors.shape[1]
    return vectors @ np.linalg.qr(rng.normal(size=(m, m)) + 1j * rng.normal(size=(m, m)))[0]


@pytest.mark.parametrize(("n", "k"), [(3, 1), (4, 1), (5, 1), (5, 2), (6, 1), (6, 2), (8, 3), (24, 9), (24, 11)])
def test_rings_have_one_rotating_and_two_standing_waves(n, k, rng):
    """Golubitsky, Stewart and Schaeffer II, table XVIII.1.1; a wave of number k turns by T/N, N = n/gcd(n, k)."""
    symmetry, order = dihedral(n), n // np.gcd(n, k)
    found, complete = waves(symmetry.elements, turned(fourier(n, k), rng))
    assert complete
    rotating, *standing = sorted(found, key=lambda wave: wave.name)
    assert (rotating.name, rotating.order, len(rotating.elements)) == ("rotating wave", order, n)
    assert [wave.name for wave in standing] == ["standing wave"] * 2
    assert all(wave.order <= 2 for wave in standing)
    reflections = 2 * n // order if order % 2 else 4 * n // order
    assert [len(wave.elements) for wave in standing] == [reflections] * 2


@pytest.mark.parametrize(("n", "kinds"), [(3, 3), (4, 5), (5, 7)])
def test_arrays_coupled_all_to_all(n, kinds):
    """n = k q + p: k groups of q cells in turn and p others; or q < n/2 and n - q.

    The first have ``q!**k k p!`` elements, the second ``q! (n - q)!`` (Dias and Rodrigues, Nonlinearity 19 (2006)).
    """
    from math import factorial

    symmetry = all_permutations(n)
    ones = np.column_stack([np.ones(n), np.eye(n)[:, 1:]])
    found, complete = waves(symmetry.elements, np.linalg.qr(ones)[0][:, 1:].astype(complex))
    wanted = [(k, factorial(q) ** k * k * factorial(n - k * q)) for k in range(2, n + 1) for q in range(1, n // k + 1)]
    wanted += [(1, factorial(q) * factorial(n - q)) for q in range(1, (n + 1) // 2)]
    assert complete
    assert sorted((wave.order, len(wave.elements)) for wave in found) == sorted(wanted)
    assert len(found) == kinds


@pytest.mark.parametrize("symmetry", [dihedral(6), all_permutations(4)])
def test_every_wave_is_what_it_says(symmetry, rng):
    """``rho(g) z = exp(2 pi i shift) z`` for its elements, which are a group, and no line but its own is fixed so."""
    n = len(symmetry.names)
    plane = fourier(n, 1) if symmetry.order == 12 else np.linalg.qr(np.ones((n, 1)), "complete")[0][:, 1:]
    vectors = turned(plane.astype(complex), rng)
    found = waves(symmetry.elements, vectors)[0]
    assert len(found) == (3 if symmetry.order == 12 else 5)  # as classified above
    for wave in found:
        assert len(wave.elements) > 1
        matrices = representation(wave.elements, vectors)
        phases = np.exp(2j * np.pi * np.array([float(shift) for shift in wave.shifts]))
        assert_allclose(matrices @ wave.vector, phases[:, None] * wave.vector, atol=1e-10)
        projector = np.mean(matrices * phases.conj()[:, None, None], axis=0)
        assert np.trace(projector).real == pytest.approx(1.0)
        assert len(symmetry.elements) % len(wave.elements) == 0
        assert str(len(wave.spatial)) in wave.describe(symmetry) or len(wave.spatial) == 1


def test_nothing_is_promised_for_groups_that_are_too_large():
    symmetry = all_permutations(7)
    plane = np.linalg.qr(np.ones((7, 1)), "complete")[0][:, 1:].astype(complex)
    assert waves(symmetry.elements, plane) == ((), False)
    assert waves(symmetry.elements, np.ones((7, 1)) / np.sqrt(7))[1]  # all of the group acts as one element


def test_a_basis_does_not_change_the_words(rng):
    symmetry = all_permutations(4)
    plane = np.linalg.qr(np.ones((4, 1)), "complete")[0][:, 1:].astype(complex)
    words = [[wave.describe(symmetry) for wave in waves(symmetry.elements, turned(plane, rng))[0]] for _ in range(3)]
    assert sorted(words[0]) == sorted(words[1]) == sorted(words[2])
