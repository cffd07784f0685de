"""Example 1 of Taghvaei, Kim, Mehta: its turning points against the scalar reduction, its claims, its files."""

import math
import pathlib
import subprocess
import sys

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose

from continuation import Branch, Status
from studies.linear_regularization import example1

ROOT = pathlib.Path(__file__).parents[2]
THETA = math.pi / 2
# n: lam_bar, a, C[1,0], J, all printed digits right: see the first test
TURNING_POINTS = {
    -1: ("0.1453871092987150", "-0.46400460043702", "-3.69016522313694", "2.75066518914611"),
    1: ("0.07515760234009555", "-0.40073830331170", "6.95813824827996", "4.26244775398111"),
    -2: ("0.05093011658287293", "-0.38206002356894", "-10.13756094180471", "5.81470270764182"),
    2: ("0.03854907756939339", "-0.37299670660666", "13.29760440322800", "7.37634772552990"),
}


def exact_turning_point(n):
    """lam_bar, a, w, J of class n to 40 digits.

    ``lam a = e^a cos(th - w) - e^{2a}``, ``lam w = e^a sin(th - w)``, fold where ``|a + iw| = 1 + e^{2a} / lam``.
    """
    guess = [mpmath.mpf(text[:8]) for text in TURNING_POINTS[n][:3]]
    with mpmath.workdps(40):
        theta = mpmath.pi / 2

        def equations(lam, a, w):
            f = mpmath.exp(a)
            return (
                lam * a - f * mpmath.cos(theta - w) + f**2,
                lam * w - f * mpmath.sin(theta - w),
                mpmath.hypot(a, w) - 1 - f**2 / lam,
            )

        lam, a, w = mpmath.findroot(equations, guess)
        gap = mpmath.exp(mpmath.mpc(a, w)) - mpmath.expj(theta)
        return lam, a, w, lam * (a**2 + w**2) + abs(gap) ** 2


@pytest.mark.parametrize("n", TURNING_POINTS)
def test_every_printed_digit_of_the_table_is_right(n):
    for text, exact in zip(TURNING_POINTS[n], exact_turning_point(n)):
        digits = len(text.split(".")[1])
        with mpmath.workdps(40):
            assert abs(mpmath.mpf(text) - exact) <= mpmath.mpf(10) ** -digits * 0.51, (text, mpmath.nstr(exact, 20))


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("example1")


@pytest.fixture(scope="module")
def numbers(out):
    return example1.main(fast=True, out=out)


@pytest.fixture(scope="module")
def branches(numbers, out):
    """The branches as saved, by class."""
    return {n: Branch.load(out / f"example1_n={n}.nc") for n in example1.CLASSES}


@pytest.mark.parametrize("n", TURNING_POINTS)
def test_turning_points(numbers, n):
    lam, a, w, cost = map(float, exact_turning_point(n))
    assert_allclose(numbers[f"lam_bar[{n}]"], lam, rtol=1e-12)
    assert_allclose([numbers[f"{name}[{n}]"] for name in ("a", "C10", "J")], [a, w, cost], rtol=1e-10)


def test_the_principal_branch_has_no_turning_point(numbers, branches):
    assert "lam_bar[0]" not in numbers
    assert np.all(np.diff(branches[0]["lam"]) > 0)
    assert branches[0].ends[1] is Status.LIMIT
    assert branches[0]["lam"][-1] == example1.SPAN[1]


def test_observations(numbers):
    assert numbers["wrong_turns"] == 0
    assert numbers["beyond_first"] == 0
    assert numbers["lam_bar_ratio"] == pytest.approx(0.03854907756939339 / 0.05093011658287293, rel=1e-9)
    assert numbers["printed_angle_error"] == pytest.approx(2 * math.pi, abs=1e-6)
    assert numbers["largest_departure_from_normal"] < 1e-9
    assert numbers["lowest_excess"] > 0


@pytest.mark.parametrize("n", example1.CLASSES)
def test_every_row_solves_the_scalar_reduction(branches, n):
    """``lam mu = conj(f) (r - f)``, ``f = e^mu``, ``r = e^{i th}``: complex numbers instead of matrices."""
    branch = branches[n]
    mu = branch["C[0,0]"] + 1j * branch["C[1,0]"]
    f, r = np.exp(mu), np.exp(1j * THETA)
    assert_allclose(branch["lam"] * mu - f.conj() * (r - f), 0, atol=1e-10)
    assert_allclose(branch["J"], branch["lam"] * abs(mu) ** 2 + abs(f - r) ** 2, atol=1e-10)


@pytest.mark.parametrize("n", example1.CLASSES)
def test_branches_start_at_the_logarithm(branches, n):
    angle = THETA + 2 * math.pi * n
    assert_allclose(branches[n].states[0], [0, -angle, angle, 0], atol=1e-12)
    assert branches[n]["lam"][0] == 0


@pytest.mark.parametrize("n", TURNING_POINTS)
def test_saddles_end_far_out_and_say_so(branches, n):
    branch = branches[n]
    assert branch.ends[1] in (Status.UNRESOLVED, Status.LIMIT)
    assert len(branch.folds) == 1
    for point in branch.branch_points:  # circles of solutions that aren't normal leave
        a, w, lam = point["C[0,0]"], point["C[1,0]"], point["lam"]
        assert point.nullity == 2
        assert_allclose(lam * w * math.cos(w), (lam * a - math.exp(2 * a)) * math.sin(w), atol=1e-9 * lam)
    end = example1.saddle_end(branch, n)
    assert end["lam"] < 1e-3
    assert end["a"] < -5
    # lam a = -e^a up to e^{2a}: how fast a escapes
    assert_allclose(math.exp(end["a"]) * math.cos(THETA - branch["C[1,0]"][-1]), end["lam"] * end["a"], rtol=1e-2)


def test_a_branch_that_is_wrong_changes_the_numbers(branches):
    """With the classes 1 and -1 exchanged none of the observations they enter may hold."""
    found = example1.observations({**branches, 1: branches[-1], -1: branches[1]})
    assert found["lam_bar_ratio"] > 1
    assert found["saddle_angle_error"] > 1
    lower = {"lam": branches[0]["lam"], "J": 0.99 * branches[0]["J"]}
    assert example1.lowest_excess(branches[0], lower) < 0 < example1.lowest_excess(branches[0], branches[2])


def test_repeats_to_the_last_bit(numbers, tmp_path):
    assert example1.main(fast=True, out=tmp_path) == numbers


def test_picture(numbers, out):
    picture = (out / "example1.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert len(picture) > 10_000


def test_table_shows_fourteen_digits(numbers):
    lines = example1.table(numbers).splitlines()
    row = next(line.split() for line in lines if line.split()[:1] == ["-1"])
    assert row[1].startswith("0.14538710929872")
    assert any(line.startswith("wrong_turns = 0") for line in lines)


@pytest.mark.slow
def test_command(tmp_path):
    command = [sys.executable, "-m", "studies.linear_regularization.example1", "--fast", "--out", str(tmp_path / "new")]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "0.14538710929872" in run.stdout
    assert "\x1b" not in run.stdout
    assert sorted(file.suffix for file in (tmp_path / "new").iterdir()) == [".nc"] * 5 + [".png"]
