"""Studies of periodic orbits: what they find in short, and verdicts that follow the numbers."""

import pytest

from studies.claims import verdicts
from studies.cycles import adam, adamw, hodgkin_huxley, lorenz, ring

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
WAVES = {
    "Hopf points": 1e-3, "wrong multiplicities": 1, "other families": 1, "coefficients": 1e-3, "law": 0.1,
    "symmetries lost": 1, "third cell": 0.1, "periods in phase": 1e-3, "multipliers in phase": 0.1,
    "where symmetry is lost": 0.1, "points with two multipliers": 0, "travelling period": 1e-3, "travelling wave": 0.1,
    "restricted period": 1e-3, "restricted folds": 0.1, "standing waves stable at 0.1": 1, "waves stable at 0.42": 0,
    "waves stable at 1": 0, "simulated periods": 1e-3,
}  # fmt: skip
ADAM = {
    "Hopf points of momentum": 2, "friction there": 0.1, "friction of orbits": 0.1, "periods without friction": 1e-3,
    "other counts with friction": 1, "real parts over friction": 0.0, "gradients": 0.1, "Hopf points of Adam": 1,
    "rises up to a2 = 4 a1": 0.1, "rises beyond": 0.0, "least a2 of a fold": 3.9, "averaged rates": 0.1, "closed": 0,
    "folds": 3, "counts": 1, "first fold without eps": 8.1, "optimiser": 0.5,
}  # fmt: skip
ADAMW = {
    "other than two": 1, "distance from Hurwitz": 1e-3, "Hopf points of equal betas": 1, "edge without eps": 0.1,
    "l1 of the upper": -0.1, "l1 of the lower": 0.1, "end of the cycles": 0.1, "width of hysteresis": 0.2,
    "cycles in hysteresis": 3, "stable cycles in hysteresis": 2, "rest within hysteresis": 0, "rest beyond the fold": 0,
    "simulated period": 1e-3, "optimiser": 5.0, "two layers": 1e-3, "two layers, unstable": 1,
}  # fmt: skip
STUDIES = {"ring": (ring, WAVES), "adam": (adam, ADAM), "adamw": (adamw, ADAMW)}


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


@pytest.fixture(scope="module", params=STUDIES)
def study(request, tmp_path_factory):
    """A study, its numbers, and of each claim the number that it rests on with a wrong one."""
    module, wrong = STUDIES[request.param]
    folder = tmp_path_factory.mktemp(request.param)
    found = module.main(fast=True, out=folder)
    assert (folder / f"{request.param}.png").exists()
    return module, found, wrong


def test_all_claims_of_a_study_hold_and_rest_on_their_numbers(study):
    module, found, wrong = study
    assert set(verdicts(module.claims(found)).values()) == {"holds"}
    turned = {key: changed(module, found, key, value) for key, value in wrong.items()}
    assert sorted(turned.values()) == [[k] for k in range(len(module.claims(found)))]
    assert turned == {key: changed(module, found, key, float("nan")) for key in wrong}
