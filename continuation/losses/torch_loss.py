"""Losses written in PyTorch: derivatives by reverse differentiation, in double precision.

Imported where such a loss is met; PyTorch itself is an optional dependency (extra ``torch``).  Derivatives of any order
along a line are the gradient of the loss's own derivative along it, ``grad_u <grad <grad L, c>, c>``, so that nothing
but ``torch.autograd.grad`` is needed.
"""

import numpy as np
import torch

from continuation.losses.weight_trees import tree_of


def is_own(value) -> bool:
    """Whether something is a tensor of PyTorch."""
    return isinstance(value, torch.Tensor)


def make_tree(example):
    """The `WeightTree` of an example; weights come back as tensors of float64."""
    return tree_of(example, None, _to_numpy, _tensor)


def _to_numpy(value):
    return value.detach().cpu().numpy() if isinstance(value, torch.Tensor) else np.asarray(value)


def _tensor(value):
    """A tensor of its own of float64: the engine's memory changes under it."""
    return torch.tensor(np.asarray(value, float), dtype=torch.float64)


class TorchLoss:
    """A loss of PyTorch with its derivatives; see `continuation.losses.jax_loss.JaxLoss` for what each gives."""

    differences = False

    def __init__(self, loss, tree, names, data):
        self.loss, self.tree, self.names = loss, tree, tuple(names)
        self.data = {name: _double(value) for name, value in data.items()}

    def _value(self, u, p):
        return self.loss(self.tree.build(u), **dict(zip(self.names, p)), **self.data)

    def as_written(self, u, p):
        """What the loss itself gives."""
        return self._value(_tensor(u), _tensor(p))

    def value(self, u, p) -> float:
        """The loss."""
        with torch.no_grad():
            return float(self._value(_tensor(u), _tensor(p)))

    def gradient(self, u, p) -> np.ndarray:
        """Its gradient (n,)."""
        u = _tensor(u).requires_grad_()
        return _slope(self._value(u, _tensor(p)), u).detach().numpy()

    def hessian(self, u, p) -> np.ndarray:
        """Its Hessian (n, n), all rows in one batch."""
        u = _tensor(u).requires_grad_()
        slope = _slope(self._value(u, _tensor(p)), u, create_graph=True)
        if not slope.requires_grad:  # the loss is linear
            return np.zeros((len(u), len(u)))
        rows = torch.eye(len(u), dtype=torch.float64)
        (found,) = torch.autograd.grad(slope, u, rows, is_grads_batched=True, allow_unused=True)
        return np.zeros((len(u), len(u))) if found is None else found.numpy()

    def along(self, u, p, du, dp, order) -> np.ndarray:
        """Derivative (n,) of an order of the gradient along the direction (du, dp)."""
        u, p, du, dp = _tensor(u).requires_grad_(), _tensor(p).requires_grad_(), _tensor(du), _tensor(dp)
        total = self._value(u, p)
        for _ in range(order):
            total = _slope(total, u, create_graph=True) @ du + _slope(total, p, create_graph=True) @ dp
        return _slope(total, u).detach().numpy()

    def scalar(self, function):
        """``g(u, p) -> float`` of another ``function(weights, **parameters, **data)``."""
        return TorchLoss(function, self.tree, self.names, self.data).value

    def remark(self, u, p):
        """Nothing: PyTorch refuses to mix precisions in products, and the checks see the rest."""


def _double(value):
    """Data of single precision as doubles; whole numbers and what is no array as they are."""
    tensor = torch.as_tensor(value) if isinstance(value, (torch.Tensor, np.ndarray)) else None
    return value if tensor is None else tensor.double() if tensor.is_floating_point() else tensor


def _slope(value, variable, create_graph=False):
    """Gradient of a scalar tensor, zero where it does not depend on the variable."""
    if not value.requires_grad:
        return torch.zeros_like(variable)
    (found,) = torch.autograd.grad(value, variable, create_graph=create_graph, retain_graph=True, allow_unused=True)
    return torch.zeros_like(variable) if found is None else found
