"""The matrix characteristic equation of regularised deep linear networks, and what follows from its solutions.

A network of continuous depth T, ``dX/dt = A_t X``, is to map ``X_0`` to ``Z = R X_0 + xi``.  The critical points of
its cost with weight decay lam are ``A_t = e^{2tW} C e^{-2tW}``, ``W = (C - C')/2``, where the constant matrix C
solves ``G(C, lam) = lam C - F' (R - F) S = 0`` with ``F = e^{T(C - C')} e^{T C'}``.
"""

from systems.characteristic.equation import characteristic_equation
from systems.characteristic.logarithms import normal_logarithm

__all__ = ["characteristic_equation", "normal_logarithm"]
