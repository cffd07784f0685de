"""Update rules as immutable data: what the compiled `update` needs to know of each."""

import math
from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np

from systems.training import kernels


@dataclass(frozen=True)
class Rule:
    """An update rule: ``rate`` and the knobs of the method; ``with_rate`` changes the rate alone.

    Raises
    ------
    ValueError
        A rate or an epsilon that isn't positive, a factor outside [0, 1); the message names it.
    """

    rate: float
    code: ClassVar[int]

    def __post_init__(self):
        for field in fields(self):
            value = getattr(self, field.name)
            name = f"{type(self).__name__}({field.name}=...)"
            if field.name == "nesterov":
                continue
            if isinstance(value, bool | str) or not (np.isscalar(value) and np.isreal(value) and math.isfinite(value)):
                raise ValueError(f"{name}: wanted a finite number, got {value!r}")
            if field.name in ("rate", "epsilon") and value <= 0:
                raise ValueError(f"{name}: wanted a positive number, got {value!r}")
            if field.name in ("momentum", "beta1", "beta2", "rho") and not 0 <= value < 1:
                raise ValueError(f"{name}: wanted a number in [0, 1), got {value!r}")
            if field.name == "accumulator" and value < 0:
                raise ValueError(f"{name}: wanted a number of at least 0, got {value!r}")

    @property
    def knobs(self) -> np.ndarray:
        """Numbers of the rule as the kernel reads them."""
        return np.array([float(getattr(self, field.name)) for field in fields(self) if field.name != "nesterov"])

    def with_rate(self, rate):
        """Return the same rule at another rate."""
        return type(self)(**{**{f.name: getattr(self, f.name) for f in fields(self)}, "rate": rate})


@dataclass(frozen=True)
class GradientDescent(Rule):
    """``u+ = u - rate g``.  With a batch of the samples: stochastic gradient descent."""

    code: ClassVar[int] = kernels.GRADIENT


@dataclass(frozen=True)
class Momentum(Rule):
    """``m+ = momentum m + g``, ``u+ = u - rate m+``; Nesterov's form looks ahead by ``momentum m+ + g``.

    References
    ----------
    I. Sutskever, J. Martens, G. Dahl, G. Hinton, ICML 2013, equations (1) to (4), in the variables of the point
    looked ahead to.
    """

    momentum: float = 0.9
    nesterov: bool = False

    @property
    def code(self) -> int:
        """Number of the rule in the kernel."""
        return kernels.NESTEROV if self.nesterov else kernels.MOMENTUM


@dataclass(frozen=True)
class AdaGrad(Rule):
    """``s+ = s + g**2``, ``u+ = u - rate g / (sqrt(s+) + epsilon)``; s begins at `accumulator`.

    References
    ----------
    J. Duchi, E. Hazan, Y. Singer, J. Machine Learning Research 12 (2011) 2121-2159, Figure 1 (diagonal).
    """

    epsilon: float = 1e-7
    accumulator: float = 0.0
    code: ClassVar[int] = kernels.ADAGRAD


@dataclass(frozen=True)
class AdaDelta(Rule):
    """``u+ = u - rate sqrt(E[d**2] + epsilon) / sqrt(E[g**2] + epsilon) g``, averages with factor `rho`.

    References
    ----------
    M. D. Zeiler, arXiv:1212.5701 (2012), Algorithm 1; there the rate is 1.
    """

    rate: float = 1.0
    rho: float = 0.95
    epsilon: float = 1e-6
    code: ClassVar[int] = kernels.ADADELTA


@dataclass(frozen=True)
class Adam(Rule):
    """``u+ = u - rate m / (sqrt(v) + epsilon)``, m and v the averages of g and g**2, corrected for their start at 0.

    References
    ----------
    D. P. Kingma, J. Ba, ICLR 2015, arXiv:1412.6980, Algorithm 1.
    """

    rate: float = 1e-3
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    code: ClassVar[int] = kernels.ADAM


def check_rule(rule) -> Rule:
    """Check a rule; a number means gradient descent at this rate."""
    if isinstance(rule, Rule):
        return rule
    if np.isscalar(rule) and np.isreal(rule) and not isinstance(rule, bool):
        return GradientDescent(float(rule))
    raise ValueError(f"rule: wanted a rate or one of GradientDescent, Momentum, AdaGrad, AdaDelta, Adam; got {rule!r}")
