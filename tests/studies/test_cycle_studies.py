"""Studies of periodic orbits: what they find in short, and verdicts that follow the numbers."""

import pytest

from studies.claims import verdicts
from studies.cycles import hodgkin_huxley, lorenz

# Of each claim in order: the number that it rests on, and a wrong one.
NERVE = {
    "first Hopf point": 9.7, "second Hopf point": 154.4, "l1 of the first": -0.1, "l1 of the second": 0.1, "end": 0.1,
    "folds": 2, "orbits at once": 3, "onset": 6.3, "unstable ones that spike": 1, "both stable, width": 3.0,
    "frequency at onset": 10.0, "period at 10": 1e-5, "multiplier at 10": 1e-3,
}  # fmt: skip
CONVECTION = {
    "Hopf point": 1e-6, "stable orbits": 1, "ends as homoclinic": 0, "homoclinic value": 13.92656, "rate": 7.13,
    "volume": 1e-3, "symmetric period": 1e-5, "symmetry lost": 320.0, "asymmetry behind": 0.0, "asymmetry before": 0.1,
    "period grows": 1.0, "last ratio": 4.0, "errors shrink": 1.0,
}  # fmt: skip


@pytest.fixture(scope="module")
def nerve(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nerve")
    found = hodgkin_huxley.main(fast=True, out=folder)
    assert (folder / "hodgkin_huxley.png").exists()
    return found


@pytest.fixture(scope="module")
def convection(tmp_path_factory):
    folder = tmp_path_factory.mktemp("convection")
    found = lorenz.main(fast=True, out=folder)
    assert (folder / "lorenz.png").exists()
    return found


def test_orbits_of_hodgkin_and_huxley_are_those_that_are_known(nerve):
    assert set(verdicts(hodgkin_huxley.claims(nerve)).values()) == {"holds"}
    assert nerve["fold 1"] < nerve["doubling 1"] < nerve["doubling 2"] < nerve["fold 2"]


def test_orbits_of_lorenz_are_those_that_are_known(convection):
    assert set(verdicts(lorenz.claims(convection)).values()) == {"holds"}
    assert convection["ratio 1"] > convection["ratio 2"] > lorenz.FEIGENBAUM
    assert convection["extrapolated"] < convection["doubling 4"]


def changed(study, found, key, wrong):
    """Claims whose verdicts a wrong number turns."""
    before, after = study.claims(found), study.claims({**found, key: wrong})
    return [k for k, (a, b) in enumerate(zip(before, after)) if (a.verdict, b.verdict) == ("holds", "fails")]


@pytest.mark.parametrize("key", NERVE)
def test_a_wrong_number_turns_the_verdict_of_spiking(nerve, key):
    assert changed(hodgkin_huxley, nerve, key, NERVE[key]) == [list(NERVE).index(key)]
    assert changed(hodgkin_huxley, nerve, key, float("nan")) == [list(NERVE).index(key)]


@pytest.mark.parametrize("key", CONVECTION)
def test_a_wrong_number_turns_the_verdict_of_convection(convection, key):
    assert changed(lorenz, convection, key, CONVECTION[key]) == [list(CONVECTION).index(key)]
    assert changed(lorenz, convection, key, float("nan")) == [list(CONVECTION).index(key)]
