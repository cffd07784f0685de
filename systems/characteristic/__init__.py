"""The matrix characteristic equation of regularised deep linear networks, and what follows from its solutions.

A network of continuous depth T, ``dX/dt = A_t X``, is to map ``X_0`` to ``Z = R X_0 + xi``.  The critical points of
its cost with weight decay lam are ``A_t = e^{2tW} C e^{-2tW}``, ``W = (C - C')/2``, where the constant matrix C
solves ``G(C, lam) = lam C - F' (R - F) S = 0`` with ``F = e^{T(C - C')} e^{T C'}``.
"""

from systems.characteristic.closed_forms.circles_of_solutions import (
    circle_directions,
    circle_start,
    isolated_circles,
    with_circles,
)
from systems.characteristic.closed_forms.decay_expansion import expansion, normal_spectrum
from systems.characteristic.closed_forms.logarithms import failed_assumptions, normal_logarithm, rotation_planes
from systems.characteristic.closed_forms.normal_solutions import (
    cusp,
    cusp_of_angle,
    fold,
    folds,
    normal_solutions,
    pitchfork,
    pitchforks_of_revolution,
)
from systems.characteristic.closed_forms.one_dimension import scalar_folds, scalar_solutions
from systems.characteristic.critical_point import CriticalPoint, gradient_bound
from systems.characteristic.equation import characteristic_equation, residual_and_jacobian
from systems.characteristic.morse.crossings import (
    conjugate_times,
    focal_times,
    index_by_conjugate_times,
    index_by_focal_times,
)
from systems.characteristic.morse.index import index_of_layers, morse_index, second_variation
from systems.characteristic.network.data_sensitivity import predicted_covariance, sample_moments, sensitivity
from systems.characteristic.network.forward_backward import learn
from systems.characteristic.network.layered_network import LayeredNetwork, start_weights
from systems.characteristic.variants.large import LargeEquation
from systems.characteristic.variants.linearisation import linearisation
from systems.characteristic.variants.matrix_families import (
    line_of_matrices,
    plane_generator,
    rotation_family,
    scaled_matrix,
    turned_matrix,
)
from systems.characteristic.variants.sampled_data import correlated_equation, sampled_equation

__all__ = [
    "CriticalPoint",
    "LargeEquation",
    "LayeredNetwork",
    "characteristic_equation",
    "circle_directions",
    "circle_start",
    "conjugate_times",
    "correlated_equation",
    "cusp",
    "cusp_of_angle",
    "expansion",
    "failed_assumptions",
    "focal_times",
    "fold",
    "folds",
    "gradient_bound",
    "index_by_conjugate_times",
    "index_by_focal_times",
    "index_of_layers",
    "isolated_circles",
    "learn",
    "line_of_matrices",
    "linearisation",
    "morse_index",
    "normal_logarithm",
    "normal_solutions",
    "normal_spectrum",
    "pitchfork",
    "pitchforks_of_revolution",
    "plane_generator",
    "predicted_covariance",
    "residual_and_jacobian",
    "rotation_family",
    "rotation_planes",
    "sample_moments",
    "sampled_equation",
    "scalar_folds",
    "scalar_solutions",
    "scaled_matrix",
    "second_variation",
    "sensitivity",
    "start_weights",
    "turned_matrix",
    "with_circles",
]
