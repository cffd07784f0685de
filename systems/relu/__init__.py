"""Two-layer ReLU networks that learn a teacher of the same kind, inputs standard normal (Tian, ICML 2017)."""

from systems.relu.families import even_teachers, two_teachers
from systems.relu.normal import normal_equations
from systems.relu.plane_dynamics import plane
from systems.relu.polar import polar_equations
from systems.relu.reduction import symmetric_reduction

__all__ = [
    "even_teachers",
    "normal_equations",
    "plane",
    "polar_equations",
    "symmetric_reduction",
    "two_teachers",
]
