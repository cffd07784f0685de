"""Small homogeneous networks: output, loss and gradient by back-propagation, with missing and shared weights."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from continuation.ground.names import check_numbers

ACTIVATIONS = ("linear", "relu", "leaky", "tanh")


@dataclass(frozen=True, eq=False)
class Network:
    """A fully connected network ``x -> W_N phi(W_{N-1} ... phi(W_1 x))``, its weights one flat vector.

    Parameters
    ----------
    widths : sequence of int
        ``n_0`` (inputs) to ``n_N`` (outputs).
    activation : str or sequence of N - 1 str
        ``"linear"``, ``"relu"``, ``"leaky"`` or ``"tanh"`` (not homogeneous: the negative control); of all
        hidden layers or of each.
    slope : float
        Of leaky ReLU at negative values, in (0, 1).  At 0 the derivative is the slope, for ReLU 0.
    patterns : sequence of (n_h, n_{h-1}) integer arrays or None, optional
        For each layer: entry 0 is a missing weight, k > 0 the free parameter k of the layer; equal entries are
        shared.  None: every weight is a parameter of its own.

    Raises
    ------
    ValueError
        Fewer than one layer, an unknown activation, a slope outside (0, 1), patterns of wrong shapes.

    References
    ----------
    S. S. Du, W. Hu, J. D. Lee, NeurIPS 2018, arXiv:1806.00900, section 2.

    Examples
    --------
    >>> net = Network([2, 1, 1], "relu")
    >>> net.output(np.array([1.0, -1.0, 3.0]), np.array([[2.0, 1.0], [0.0, 5.0]]))
    array([[3.],
           [0.]])
    """

    widths: tuple
    activation: str | tuple = "linear"
    slope: float = 0.1
    patterns: tuple | None = None
    sizes: tuple = field(init=False, default=())
    activations: tuple = field(init=False, default=())

    def __post_init__(self):
        widths = tuple(self.widths)
        if len(widths) < 2 or any(int(w) != w or w < 1 for w in widths):
            raise ValueError(f"widths: wanted inputs, hidden widths and outputs, each at least 1; got {widths!r}")
        alike = isinstance(self.activation, str)
        if not alike and not isinstance(self.activation, Sequence):
            raise ValueError(f"activation: wanted one of {ACTIVATIONS}, or {len(widths) - 2}; got {self.activation!r}")
        activations = (self.activation,) * max(1, len(widths) - 2) if alike else tuple(self.activation)
        if not set(activations) <= set(ACTIVATIONS) or not (alike or len(activations) == len(widths) - 2):
            raise ValueError(f"activation: wanted one of {ACTIVATIONS}, or {len(widths) - 2}; got {self.activation!r}")
        if "leaky" in activations and not 0 < check_numbers("slope", self.slope, 0) < 1:
            raise ValueError(f"slope: wanted a number in (0, 1), got {self.slope!r}")
        patterns = (None,) * (len(widths) - 1) if self.patterns is None else tuple(self.patterns)
        if len(patterns) != len(widths) - 1:
            raise ValueError(f"patterns: wanted one for each of {len(widths) - 1} layers, got {len(patterns)}")
        shapes = list(zip(widths[1:], widths))
        patterns = tuple(_check_pattern(p, shape) for p, shape in zip(patterns, shapes))
        sizes = tuple(r * c if p is None else int(p.max()) for p, (r, c) in zip(patterns, shapes))
        made = {"widths": widths, "patterns": patterns, "sizes": sizes, "activations": activations}
        for name, value in made.items():
            object.__setattr__(self, name, value)

    @property
    def depth(self) -> int:
        """Number of layers."""
        return len(self.sizes)

    @property
    def size(self) -> int:
        """Number of free parameters."""
        return sum(self.sizes)

    @property
    def shared(self) -> bool:
        """Whether a parameter appears twice in a layer."""
        return any(p is not None and np.any(np.bincount(p[p > 0])[1:] > 1) for p in self.patterns)

    def linear_at(self, h) -> bool:
        """Say whether hidden layer h = 0 .. N - 2 is linear and no weight around it is missing or shared."""
        return self.activations[h] == "linear" and self.patterns[h] is None and self.patterns[h + 1] is None

    def parameters(self, theta) -> list:
        """Split the flat vector into the free parameters of each layer: views (d_h,)."""
        if np.shape(theta) != (self.size,):
            raise ValueError(f"weights: wanted {self.size} numbers, got shape {np.shape(theta)}")
        return np.split(theta, np.cumsum(self.sizes)[:-1])

    def matrices(self, theta) -> list:
        """Return the weight matrices W_h (n_h, n_{h-1}), missing weights zero."""
        shapes = zip(self.widths[1:], self.widths)
        found = []
        for v, p, shape in zip(self.parameters(theta), self.patterns, shapes):
            # entry 0 of a pattern is a missing weight, k > 0 the k-th parameter
            found.append(v.reshape(shape) if p is None else np.append(v.dtype.type(0), v)[p])
        return found

    def output(self, theta, X) -> np.ndarray:
        """Compute the outputs (m, n_N) for samples X (m, n_0)."""
        value = self._samples(X)
        for h, w in enumerate(self.matrices(theta)):
            value = value @ w.T
            if h < self.depth - 1:
                value = self._activate(value, h)[0]
        return value

    def loss_gradient(self, theta, X, Y, p=2):
        """Compute the loss ``mean |f(x) - y|_p^p / p`` over samples and its gradient (size,) in the free parameters.

        p may also be a function of its own: ``p(outputs, Y)`` gives a loss and its derivative in the outputs (m, n_N).
        """
        layers, inputs, slopes = self.matrices(theta), [self._samples(X)], []
        for h, w in enumerate(layers):
            value = inputs[-1] @ w.T
            if h < self.depth - 1:
                value, slope = self._activate(value, h)
                slopes.append(slope)
            inputs.append(value)
        if inputs[-1].shape != np.shape(Y):
            raise ValueError(f"Y: wanted the shape {inputs[-1].shape} of the outputs, got {np.shape(Y)}")
        loss, back = p(inputs.pop(), Y) if callable(p) else power_loss(inputs.pop() - Y, p)
        gradient = np.empty_like(theta)
        places = np.split(gradient, np.cumsum(self.sizes)[:-1])
        for h in range(self.depth - 1, -1, -1):
            self._collect(places[h], back, inputs[h], h)
            if h > 0:
                back = (back @ layers[h]) * slopes[h - 1]
        return loss, gradient

    def _collect(self, place, back, inputs, h):
        """Gradient of a layer into its place, shared weights summed."""
        if self.patterns[h] is None:
            np.matmul(back.T, inputs, out=place.reshape(self.widths[h + 1], self.widths[h]))
        else:
            full = back.T @ inputs
            place[:] = np.bincount(self.patterns[h].ravel(), full.ravel(), len(place) + 1)[1:]

    def _activate(self, z, h):
        """Activation of z behind layer h and its derivative."""
        kind = self.activations[h]
        if kind == "linear":
            return z, z.dtype.type(1)
        if kind == "tanh":
            value = np.tanh(z)
            return value, 1 - value * value
        if kind == "relu":
            on = z > 0
            return np.maximum(z, z.dtype.type(0)), on
        slope = np.where(z > 0, z.dtype.type(1), z.dtype.type(self.slope))
        return z * slope, slope

    def _samples(self, X):
        """Samples of the right width."""
        if np.ndim(X) != 2 or np.shape(X)[1] != self.widths[0]:
            raise ValueError(f"X: wanted shape (m, {self.widths[0]}), got {np.shape(X)}")
        return X


def power_loss(residual, p):
    """Compute ``mean |r|_p^p / p`` over rows, and its derivative ``|r|^(p-1) sign r / m`` (m, k).

    Examples
    --------
    >>> power_loss(np.array([[2.0]]), 4)[0]
    4.0
    """
    if not 1 < p < math.inf:
        raise ValueError(f"p: wanted a number above 1, got {p!r}")
    m, kind = len(residual), residual.dtype.type
    if p == 2:
        pull = residual
    elif p == 4:
        pull = residual * residual * residual
    else:
        pull = np.abs(residual) ** kind(p - 1) * np.sign(residual)
    return float(np.vdot(pull, residual)) / (p * m), pull * kind(1 / m)


def softmax_loss(outputs, Y):
    """Compute the cross entropy ``mean -sum Y log softmax(outputs)``, Y (m, k) of sum 1, and its derivative (m, k).

    Examples
    --------
    >>> loss, derivative = softmax_loss(np.zeros((1, 2)), np.array([[1.0, 0.0]]))
    >>> print(f"{loss:.12f} {np.log(2):.12f}", derivative.tolist())
    0.693147180560 0.693147180560 [[-0.5, 0.5]]
    """
    kind = outputs.dtype.type
    shifted = outputs - outputs.max(axis=1, keepdims=True)
    weights = np.exp(shifted)
    total = weights.sum(axis=1, keepdims=True)
    loss = float(np.sum(Y * (np.log(total) - shifted))) / len(Y)
    return loss, (weights / total - Y) * kind(1 / len(Y))


@dataclass(frozen=True, eq=False)
class NetworkLoss:
    """What `train` minimises: a network, its samples X (m, n_0) and Y (m, n_N), the power p or a loss, weight decay.

    ``loss_gradient(theta, rows)`` gives the loss and its gradient, both without the decay term.

    Raises
    ------
    ValueError
        Shapes that do not fit the network, samples that aren't finite, a negative decay, p not above 1.
    """

    network: Network
    X: np.ndarray
    Y: np.ndarray
    p: float | Callable = 2
    decay: float = 0.0

    def __post_init__(self):
        if len(self.X) != len(self.Y) or len(self.X) == 0:
            raise ValueError(f"Y: wanted one row for each of {len(self.X)} samples, got {len(self.Y)}")
        for name, values, width in zip("XY", (self.X, self.Y), (self.network.widths[0], self.network.widths[-1])):
            if np.shape(values) != (len(values), width) or not np.all(np.isfinite(values)):
                raise ValueError(f"{name}: wanted finite numbers of shape (m, {width}), got shape {np.shape(values)}")
        if check_numbers("decay", self.decay, 0) < 0:
            raise ValueError(f"decay: wanted a number of at least 0, got {self.decay!r}")
        if not callable(self.p) and check_numbers("p", self.p, 0) <= 1:
            raise ValueError(f"p: wanted a number above 1 or a loss, got {self.p!r}")

    @property
    def samples(self) -> int:
        """Number of samples."""
        return len(self.X)

    def loss_gradient(self, theta, rows=slice(None)):
        """Compute the loss over the samples `rows` and its gradient."""
        return self.network.loss_gradient(theta, self.X[rows], self.Y[rows], self.p)


def _check_pattern(pattern, shape):
    """A pattern of parameters 0, 1 .. d, each k > 0 present."""
    if pattern is None:
        return None
    pattern = np.array(pattern)
    if pattern.shape != shape or pattern.dtype.kind not in "iu" or pattern.min() < 0 or pattern.max() < 1:
        raise ValueError(f"patterns: wanted integers of at least 0 of shape {shape}, got {pattern.tolist()}")
    if len(np.setdiff1d(np.arange(1, pattern.max() + 1), pattern)):
        raise ValueError(f"patterns: wanted every parameter 1 to {pattern.max()} used, got {pattern.tolist()}")
    return pattern
