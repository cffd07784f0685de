"""Two-layer ReLU networks that learn a teacher of the same kind, inputs standard normal (Tian, ICML 2017)."""

from systems.relu.directions.conjecture import check_conjecture, separating_values
from systems.relu.directions.separating_function import (
    diagonal_matrices,
    implied_lengths,
    normal_matrices,
    projected_matrices,
    separating,
)
from systems.relu.directions.two_students import collinear_line, merging_decay, out_of_plane_point
from systems.relu.equations.cartesian import normal_equations
from systems.relu.equations.polar import polar_equations, polar_state
from systems.relu.equations.teacher_families import even_teachers, two_teachers
from systems.relu.population_loss.hessian_products import HessianProduct
from systems.relu.population_loss.loss_descent import (
    descend,
    losses_along,
    nearest_permutation,
    same_up_to_permutations,
)
from systems.relu.population_loss.population import gradient, hessian, isotropic_gradient, loss, network
from systems.relu.several_layers import layered_gradient, layered_output
from systems.relu.symmetric.plane_dynamics import collinear_value, full_weights, plane, saddle_spectrum, type_a_guess
from systems.relu.symmetric.plane_flow import plane_basins, plane_path
from systems.relu.symmetric.reduction import (
    blocks,
    flipped_guess,
    reduced_weights,
    spectrum,
    symmetric_reduction,
    type_i_guess,
    type_ii_guess,
)

__all__ = [
    "HessianProduct",
    "blocks",
    "check_conjecture",
    "collinear_line",
    "collinear_value",
    "descend",
    "diagonal_matrices",
    "even_teachers",
    "flipped_guess",
    "full_weights",
    "gradient",
    "hessian",
    "implied_lengths",
    "isotropic_gradient",
    "layered_gradient",
    "layered_output",
    "loss",
    "losses_along",
    "merging_decay",
    "nearest_permutation",
    "network",
    "normal_equations",
    "normal_matrices",
    "out_of_plane_point",
    "plane",
    "plane_basins",
    "plane_path",
    "polar_equations",
    "polar_state",
    "projected_matrices",
    "reduced_weights",
    "saddle_spectrum",
    "same_up_to_permutations",
    "separating",
    "separating_values",
    "spectrum",
    "symmetric_reduction",
    "two_teachers",
    "type_a_guess",
    "type_i_guess",
    "type_ii_guess",
]
