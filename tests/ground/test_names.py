"""Checks of names and numbers: what passes comes back as it is used, what does not is told in one line."""

import fractions

import numpy as np
import pytest

from continuation import switch
from continuation.ground.names import check_names, check_numbers, check_seconds, check_whole, suggest


@pytest.mark.parametrize("value", [3, np.int8(3), np.uint64(3), True + 2])
def test_whole_numbers_come_back_as_plain_ints(value):
    found = check_whole("limit", value)
    assert found == 3
    assert type(found) is int


@pytest.mark.parametrize(
    "value", [0, -1, True, False, 3.0, np.float64(2), "3", None, fractions.Fraction(3), [1], np.nan]
)
def test_anything_else_is_no_count(value):
    with pytest.raises(ValueError, match=r"^limit: wanted a whole number of at least 1, got "):
        check_whole("limit", value)


def test_the_least_whole_number_is_asked_for():
    assert check_whole("seed", 0, 0) == 0
    with pytest.raises(ValueError, match=r"^depth: wanted a whole number of at least 2, got 1$"):
        check_whole("depth", 1, 2)


@pytest.mark.parametrize("value", [-1.0, np.nan, "3", True, None, 1j, [1.0]])
def test_what_is_no_number_of_seconds_is_refused_everywhere(value):
    zero = "wanted a number of seconds from 0 on, got "
    for options in ({}, {"zero": True}, {"endless": True}):
        wanted = zero if "zero" in options else "wanted a positive number of seconds, got "
        with pytest.raises(ValueError, match=f"^limit: {wanted}"):
            check_seconds("limit", value, **options)
    with pytest.raises(ValueError, match=f"^seconds: {zero}"):
        switch(None, None, seconds=value)


def test_no_seconds_and_endless_ones_where_they_make_sense():
    assert check_seconds("limit", fractions.Fraction(1, 2)) == 0.5
    assert check_seconds("limit", 0, zero=True) == 0.0
    assert check_seconds("limit", np.inf, endless=True) == np.inf
    for value in (0, np.inf):
        with pytest.raises(ValueError, match="wanted a positive number of seconds"):
            check_seconds("limit", value)


def test_numbers_come_back_as_floats_of_as_many_dimensions():
    assert check_numbers("a", np.int32(2), 0) == 2.0
    assert type(check_numbers("a", 2, 0)) is float
    given = [1, 2]
    found = check_numbers("a", given, 1)
    assert found.dtype == float
    array = np.ones(2)
    assert check_numbers("a", array, 1) is not array  # a copy: nobody's array is written to


@pytest.mark.parametrize(
    ("value", "ndim", "words"),
    [
        ("x", 0, "a: wanted a number, got 'x'"),
        (["x"], 1, "a: wanted numbers, got ['x']"),
        ([1.0], 0, "a: wanted a number, got shape (1,)"),
        (1.0, 1, "a: wanted an array of 1 dimension(s), got shape ()"),
        ([[1.0]], 1, "a: wanted an array of 1 dimension(s), got shape (1, 1)"),
        (np.nan, 0, "a: wanted finite numbers, got nan"),
        ([1.0, np.inf], 1, "a: wanted finite numbers, got inf at index [1]"),
        ([[0.0, 1.0], [-np.inf, 2.0]], 2, "a: wanted finite numbers, got -inf at index [1, 0]"),
        ([[1.0], [1.0, 2.0]], 2, "a: wanted numbers, got [[1.0], [1.0, 2.0]]"),
    ],
)
def test_what_is_no_number_is_named(value, ndim, words):
    with pytest.raises(ValueError, match="a: ") as error:
        check_numbers("a", value, ndim)
    assert str(error.value) == words


def test_names_come_back_with_parameters_as_floats():
    states, parameters = check_names(["x", "y"], {"p": 1, "q": np.float32(0.5)}, {"J": None}, {"J": None})
    assert states == ("x", "y")
    assert parameters == {"p": 1.0, "q": 0.5}
    assert all(type(value) is float for value in parameters.values())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("xy", {}, {}, {}), "states: wanted a sequence of names, got the text 'xy'; write ('xy',)"),
        ((("x",), ["p"], {}, {}), "parameters: wanted a mapping of names to numbers, got list"),
        (((), {}, {}, {}), "states: wanted at least one name"),
        ((("x", " "), {}, {}, {}), "states: wanted names, got ' '"),
        ((("x", 3), {}, {}, {}), "states: wanted names, got 3"),
        ((("x", "x"), {}, {}, {}), "states: the name 'x' is already one of the states"),
        ((("x",), {"x": 1.0}, {}, {}), "parameters: the name 'x' is already one of the states"),
        ((("x",), {"p": 1.0}, {"p": None}, {}), "outputs: the name 'p' is already one of the parameters"),
        ((("x",), {"norm": 1.0}, {}, {}), "parameters: the name 'norm' is taken by a column of every branch"),
        ((("x",), {}, {}, {"arclength": None}), "zeros: the name 'arclength' is taken by a column of every branch"),
        ((("x",), {"p": "one"}, {}, {}), "parameters['p']: wanted a number, got 'one'"),
    ],
)
def test_names_that_clash_are_refused(arguments, words):
    with pytest.raises(ValueError, match=":") as error:
        check_names(*arguments)
    assert str(error.value) == words


def test_the_nearest_name_is_suggested_and_long_lists_are_cut():
    assert suggest("lamda", ["mu", "lambda"]) == "mu, lambda (did you mean 'lambda'?)"
    assert suggest("q", []) == "none"
    assert suggest("zzz", ["a", "b"]) == "a, b"
    many = suggest("x7", [f"x{k}" for k in range(30)])
    assert many.startswith("x0, x1, ")
    assert "x20" not in many
    assert many.endswith(", ... (did you mean 'x7'?)")
