"""The gamma function of tapes and of generated code, beside scipy's."""

import math

import numpy as np
import pytest
from scipy import special

from continuation.compiled.calls.kernel import kernel
from continuation.compiled.tape import gamma as module


@kernel
def compiled(x):
    """The gamma function as compiled code calls it."""
    return module.gamma(x)


@pytest.mark.parametrize("function", [module.gamma, compiled], ids=["python", "compiled"])
def test_far_below_zero_it_is_zero_between_its_poles(function):
    for x in (-180.5, -181.5, -200.25, -1e6 - 0.5, -(2.0**51) - 0.5):
        assert function(x) == 0.0
        assert math.copysign(1.0, function(x)) == (1.0 if math.floor(x) % 2 == 0 else -1.0)
    for x in (-1.0, -180.0, -181.0, -1e6, -(2.0**53), -1e300, -math.inf, math.nan):
        assert math.isnan(function(x))


@pytest.mark.parametrize("function", [module.gamma, compiled], ids=["python", "compiled"])
def test_elsewhere_it_is_scipys(function):
    places = np.array([-179.5, -170.5, -20.3, -0.5, -1e-5, 1e-5, 0.5, 1.0, 4.2, 100.0, 171.5, 172.0, math.inf])
    assert [function(x) for x in places] == pytest.approx(special.gamma(places), rel=1e-12, abs=0.0)
