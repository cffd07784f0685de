"""From a loss to what `Problem` takes: the backend is told by the arrays it works on, and bad losses are named."""

import importlib.util
import inspect
import sys

import numpy as np

from continuation.equations.solved import noise_at
from continuation.ground.arguments import check_function, check_mapping, shown
from continuation.ground.later import later
from continuation.ground.names import check_numbers, check_whole
from continuation.losses import numpy_loss
from continuation.losses.hidden_units import HIDDEN_UNITS, hidden_unit_symmetries
from continuation.losses.loss_functions import (
    LossFunction,
    compiled_gradient,
    compiled_scalar,
    derivative_of_residual,
    functions_of_loss,
    name_of,
)
from continuation.losses.numpy_loss import NumpyLoss
from continuation.symmetries.symmetry import Symmetry

jax_loss = later("continuation.losses.jax_loss")
torch_loss = later("continuation.losses.torch_loss")

BACKENDS = ("jax", "torch", "numpy")
SINGLE = ("float16", "bfloat16", "float32")
LIMIT = 3000  # weights: a spectrum of a full Hessian takes 5 s then, a branch of hundreds an hour
# Bytes of the engine for each entry of the Hessian: the matrix, its factors, eigenvectors and their workspaces.
BYTES = 8 * 8
# Part of the gradient that rounding leaves: 1e-14 in double, 1e-7 in single precision, 1e-5 of losses by differences.
NOISE = 1e-10
PLACES = 3  # at which it is looked for: at one of them the gradient is larger than what cancels in it


def from_loss(
    loss,
    example,
    parameters,
    *,
    gradient=None,
    backend=None,
    data=None,
    outputs=None,
    zeros=None,
    symmetries=(),
    limit=LIMIT,
    compiled=None,
    name=None,
    make,
    **options,
):
    """Make the problem ``F = -gradient`` of a loss: its solutions are critical points, ``unstable`` is the Morse index.

    The loss itself is the output ``loss``.  Derivatives, also those of normal forms, are the backend's own, each
    compiled once, in float64 whatever the process uses otherwise.

    Parameters
    ----------
    loss : callable
        ``loss(weights, **parameters, **data) -> scalar``, `weights` like `example`.
    example : array, or tree of arrays
        Weights at which the loss is finite: mappings, lists and tuples of arrays, in JAX also what it has registered.
        States are named by keys and indices, ``W1[0,2]``, ``layers.0.b[1]``; ``w[0]`` where it is a single array.
    parameters : mapping of str to float
        Names and default values.
    gradient : callable, optional
        ``gradient(weights, **parameters, **data) -> weights``, for numpy.  Without it F is a difference of fourth
        order, exact to about 1e-10 of the loss, its Jacobian to 1e-8, where weights are about 1 (which `scales` says
        unless given): 4 n losses each, 16 n**2 for a Jacobian.  With it, and
        weights that are a single array, and no data, numba compiles gradient and loss where it can; all else runs as
        plain Python, which a warning says once.
    backend : {"jax", "torch", "numpy"}, optional
        Default: that of the arrays in `example`, else of the number that the loss gives.
    data : mapping of str to array, optional
        Handed to every call; in JAX as arguments of the compiled functions, not as constants in them.
    outputs, zeros : mapping of str to callable, optional
        ``g(weights, **parameters, **data) -> scalar``, else as in `Problem`.
    symmetries : sequence or "hidden units"
        As in `Problem`; or those that `continuation.losses.hidden_units.hidden_unit_symmetries` finds.
    limit : int
        Most weights: Hessians are full matrices.
    compiled : bool, optional
        For numpy: True makes numba's refusal an error, False keeps plain Python.
    name : str, optional
    make : type
        `Problem`.
    options
        As for `Problem`: `smoothness` (1 where the Hessian jumps), `weights` (of the inner product), `scales`.

    Returns
    -------
    Problem
        Starts may be weights like the example; ``problem.weights_of(point)`` gives such.

    Raises
    ------
    ValueError
        A backend that is not installed, a loss that gives no number or another one each time, that is not finite at the
        example or known to fewer digits than float64 has, more weights than `limit`.

    Notes
    -----
    A call costs what the compiled function costs and some 10 to 20 us; see ``benchmarks/README.md``.
    """
    arguments, found, tree, directional = adapted(
        loss, example, parameters, gradient, backend, data, outputs, zeros, symmetries, limit, compiled, name
    )
    if "weights" in options:
        arguments.pop("scales", None)
    problem = make(**{**arguments, **options})
    problem.tree, problem.directional = tree, directional
    if found:  # they were tried on the loss itself, of which F may be a difference
        problem.symmetry = Symmetry(problem.states, found)
    return problem


def adapted(loss, example, parameters, gradient, backend, data, outputs, zeros, symmetries, limit, compiled, name):
    """Arguments of `Problem`, symmetries found, the tree of the weights, derivatives along lines; see `from_loss`."""
    parameters, data = check_mapping("parameters", parameters), check_mapping("data", data, "arrays")
    outputs, zeros = check_mapping("outputs", outputs, "functions"), check_mapping("zeros", zeros, "functions")
    names = tuple(parameters)
    _check_called("loss", loss, names, data)
    backend = _backend_of(backend, loss, example, parameters, data)
    tree, make = _kind_of(backend, gradient, names, data)
    tree = tree(example)
    _refuse_large(tree.size, limit)
    made = make(loss, tree)
    u = tree.flat(example, "example")
    p = np.array([check_numbers(f"parameters[{name!r}]", value, 0) for name, value in parameters.items()], float)
    _check_values(made, loss, tree, u, p)
    functions = functions_of_loss(made)
    scalars = {"outputs": {"loss": loss, **outputs}, "zeros": zeros}
    for kind, given in scalars.items():
        for key, g in given.items():
            _check_called(f"{kind}[{key!r}]", g, names, data)
        scalars[kind] = {key: LossFunction(made.scalar(g), "scalar", name_of(g)) for key, g in given.items()}
    if backend == "numpy":
        _compile_what_can(functions, scalars, loss, gradient, tree, names, data, compiled)
    found = []
    if isinstance(symmetries, str):
        if symmetries != HIDDEN_UNITS:
            raise ValueError(f'symmetries: wanted a sequence of symmetries or "{HIDDEN_UNITS}", got {symmetries!r}')
        found, symmetries = hidden_unit_symmetries(tree, lambda v: made.value(v, p)), ()
    known = {"scales": dict.fromkeys(tree.names, 1.0)} if made.differences else {}  # as steps of differences take them
    arguments = {
        **known,
        "f": functions.pop("residual"),
        "states": tree.names,
        "parameters": parameters,
        **functions,
        **scalars,
        "symmetric": True,
        "symmetries": symmetries,
        "name": name_of(loss) if name is None else name,
        "compiled": compiled if backend == "numpy" else None,
    }
    return arguments, found, tree, derivative_of_residual(made)


def _backend_of(backend, loss, example, parameters, data) -> str:
    """Name of the backend: as given, else that of the arrays in the example, else of what the loss gives."""
    if backend is not None:
        if backend not in BACKENDS:
            raise ValueError(f"backend: wanted one of {', '.join(BACKENDS)}, got {shown(backend)}")
        if backend != "numpy" and importlib.util.find_spec(backend) is None:
            raise ValueError(f"backend: {backend} is not installed; pip install 'pseudoarc[{backend}]' brings it")
        return backend
    arrays = _arrays_in(example)
    for name, room in (("torch", torch_loss), ("jax", jax_loss)):
        if name in sys.modules and any(room.is_own(value) for value in arrays):
            return name
    if "jax" in sys.modules:
        tree = numpy_loss.make_tree(example)
        try:
            value = loss(tree.build(tree.flat(example)), **parameters, **data)
        except Exception:  # whatever is wrong is told where the loss is called in earnest
            return "numpy"
        if jax_loss.is_own(value):
            return "jax"
    return "numpy"


def _arrays_in(value) -> list:
    """What stands at the ends of mappings and lists."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        return [array for part in value for array in _arrays_in(part)]
    return [value, *vars(value).values()] if hasattr(value, "__dict__") else [value]


def _kind_of(backend, gradient, names, data) -> tuple:
    """How trees are made, and what makes a loss of the backend from ``(loss, tree)``."""
    if backend == "numpy":
        if gradient is not None:
            _check_called("gradient", gradient, names, data)
        return numpy_loss.make_tree, lambda loss, tree: NumpyLoss(loss, tree, names, data, gradient)
    if gradient is not None:
        raise ValueError(f"gradient: wanted none for a loss of {backend}, which is differentiated by {backend}")
    room, kind = (jax_loss, "JaxLoss") if backend == "jax" else (torch_loss, "TorchLoss")
    return room.make_tree, lambda loss, tree: getattr(room, kind)(loss, tree, names, data)


def _check_called(label, function, names, data):
    """Refuse what can't be called with weights, parameters and data by name."""
    keywords = [*names, *data]
    if not callable(function) or isinstance(function, type):
        check_function(label, function, "weights", *keywords)
    try:
        inspect.signature(getattr(function, "py_func", function)).bind(None, **dict.fromkeys(keywords))
    except TypeError as error:
        called = ", ".join(["weights", *(f"{name}=..." for name in keywords)])
        raise ValueError(f"{label}: it is called with ({called}), which it does not take: {error}") from None
    except ValueError:  # written in C, it does not tell what it takes
        pass


def _refuse_large(size, limit):
    """Raise where full Hessians take too much memory and time."""
    limit = check_whole("limit", limit)
    if size > limit:
        raise ValueError(
            f"example: {size} weights, up to limit={limit} are taken: Hessians are full matrices here, about "
            f"{BYTES * size**2 / 1e9:.2g} GB and {5 * (size / LIMIT) ** 3:.2g} s for each spectrum; a higher `limit` "
            "allows that, fewer weights or `restricted` avoid it"
        )


def _check_values(made, loss, tree, u, p):
    """Refuse losses that give no number, another one each time, or too few digits of it."""
    first, second = made.as_written(u, p), made.as_written(u, p)
    if np.shape(first) != ():
        raise ValueError(f"loss: wanted a number for given weights, got an array of shape {tuple(np.shape(first))}")
    if str(getattr(first, "dtype", "")).rpartition(".")[2] in SINGLE:
        raise ValueError(f"loss: it gives a number of {first.dtype} for weights of float64; wanted float64")
    try:
        first, second = float(first), float(second)
    except (TypeError, ValueError):
        raise ValueError(f"loss: wanted a number for given weights, got {shown(first)}") from None
    if not np.isfinite(first):
        raise ValueError(f"loss: it is {first} at the example and the parameters; wanted weights where it is finite")
    if first != second:
        raise ValueError(
            f"loss: two calls with the same weights differ, {first!r} and {second!r}: is there a random number in it? "
            "Draw it once, outside"
        )
    made.remark(u, p)
    if not made.differences and not (noise := _noise_of(made, u, p)) <= NOISE:
        raise ValueError(
            f"loss: its gradient is known to {noise:.0e} of itself only; wanted double precision: is something in it "
            "float32?"
        )


def _noise_of(made, u, p) -> float:
    """Least part of the gradient that is rounding, of some places near u; zero where it can't be told."""
    found = []
    with np.errstate(all="ignore"):
        for k in range(PLACES):
            x = u + 0.1 * (1 + np.abs(u)) * np.cos(1.0 + k + np.arange(len(u)))
            size = np.max(np.abs(made.gradient(x, p)))
            if np.isfinite(size) and size > 0:
                found.append(np.max(noise_at(lambda v: made.gradient(v, p), x)) / size)
    return float(min(filter(np.isfinite, found), default=0.0))


def _compile_what_can(functions, scalars, loss, gradient, tree, names, data, compiled):
    """Put in place, for a gradient of a single array, what numba makes of it; else all stays plain Python."""
    require, single = compiled is True, tree.leaves == ("w",) and tree.shapes != ((),) and not data
    if require and (gradient is None or not single):
        raise TypeError("compiled=True: wanted a gradient, weights that are a single array, and no data")
    if compiled is False or gradient is None or not single:
        return
    functions["residual"] = compiled_gradient(functions["residual"].python, gradient, tree, names, require)
    if functions["residual"].dispatcher is not None:
        del functions["jacobian"], functions["parameter_derivative"]  # the engine's differences are compiled
    scalars["outputs"]["loss"] = compiled_scalar(scalars["outputs"]["loss"].python, loss, tree, names, require)
