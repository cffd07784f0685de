import pytest

pytest.importorskip("flint")


def test_x():
    pass
