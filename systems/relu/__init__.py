"""Two-layer ReLU networks that learn a teacher of the same kind, inputs standard normal (Tian, ICML 2017)."""

from systems.relu.normal import normal_equations
from systems.relu.plane_dynamics import plane

__all__ = ["normal_equations", "plane"]
