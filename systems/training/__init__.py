"""Gradient descent and its kin, the invariants they keep, and the checks of a branch against them."""

from systems.training.descent import descend, flow, largest_stable_rate
from systems.training.invariants import (
    after_step,
    drift,
    imbalance,
    layer_imbalance,
    matrix_imbalance,
    neuron_imbalance,
)
from systems.training.judging.branch_checks import check_branch
from systems.training.judging.sweeps import sweep_through
from systems.training.network_descent import train, train_flow
from systems.training.networks import Network, NetworkLoss, power_loss, softmax_loss
from systems.training.rules import AdaDelta, AdaGrad, Adam, GradientDescent, Momentum
from systems.training.runs import Run, Stop

__all__ = [
    "AdaDelta",
    "AdaGrad",
    "Adam",
    "GradientDescent",
    "Momentum",
    "Network",
    "NetworkLoss",
    "Run",
    "Stop",
    "after_step",
    "check_branch",
    "descend",
    "drift",
    "flow",
    "imbalance",
    "largest_stable_rate",
    "layer_imbalance",
    "matrix_imbalance",
    "neuron_imbalance",
    "power_loss",
    "softmax_loss",
    "sweep_through",
    "train",
    "train_flow",
]
