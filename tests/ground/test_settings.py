"""Settings: what can't work is refused where it is written, with the option's name."""

import dataclasses
import math

import numpy as np
import pytest

from continuation.ground.settings import Settings


@pytest.mark.parametrize("name", ["step", "min_step", "max_step", "tolerance", "max_angle"])
@pytest.mark.parametrize("value", [0, -1.0, math.nan, math.inf, "0.1", True, 1j])
def test_lengths_are_positive_numbers(name, value):
    with pytest.raises(ValueError, match=rf"^Settings\({name}=\.\.\.\): wanted a positive number, got "):
        Settings(**{name: value})


@pytest.mark.parametrize("name", ["max_points", "newton_iterations"])
@pytest.mark.parametrize("value", [0, -3, 2.0, True, "5", None])
def test_counts_are_whole_numbers(name, value):
    with pytest.raises(ValueError, match=rf"^Settings\({name}=\.\.\.\): wanted a whole number of at least 1, got "):
        Settings(**{name: value})


def test_numpy_numbers_are_numbers():
    settings = Settings(max_points=np.int64(7), step=np.float32(0.25), max_step=np.float64(0.5))
    assert type(settings.max_points) is int
    assert settings == Settings(max_points=7, step=0.25, max_step=0.5)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"step": 0.2, "max_step": 0.1}, "Settings: step=0.2 is larger than max_step=0.1"),
        ({"min_step": 0.2, "step": 0.1}, "Settings: min_step=0.2 is larger than step=0.1"),
        ({"min_step": 0.2, "max_step": 0.1}, "Settings: min_step=0.2 is larger than max_step=0.1"),
        ({"max_angle": 2.0}, "Settings(max_angle=...): wanted at most pi/2 (radians), got 2.0"),
    ],
)
def test_options_that_contradict_each_other_are_refused(options, words):
    with pytest.raises(ValueError, match="Settings") as error:
        Settings(**options)
    assert str(error.value) == words


def test_equal_steps_are_a_prescribed_step():
    assert Settings(min_step=0.1, step=0.1, max_step=0.1).step == 0.1


def test_unset_options_are_left_out_and_all_survive_a_round_trip():
    settings = Settings(max_step=0.1, max_points=5)
    kept = settings.as_dict()
    assert "step" not in kept
    assert Settings(**kept) == settings
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.step = 1.0
    with pytest.raises(TypeError):
        Settings(0.1)  # by name only: ten numbers in a row say nothing
