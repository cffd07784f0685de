"""A parameter swept slowly through a fold while descending: the delayed jump, its law, and the fold it tells.

After the fold of ``x' = A x^2 + B (p - p_c)``, p moving at rate eps, the jump comes late by
``Omega_0 (A B)^(-1/3) eps^(2/3)`` with Omega_0 the first zero of the Airy function (times -1).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ai_zeros

from continuation import Branch
from continuation.equations.derivatives import extended_jacobian
from continuation.equations.multilinear import Multilinear
from continuation.ground.names import check_numbers
from continuation.ground.status import Kind
from systems.training import kernels
from systems.training.descent import Field, flow_of

OMEGA0 = -float(ai_zeros(1)[0][0])  # 2.338107410
RATES = tuple(np.logspace(-6, -4, 9))  # natural units: see `Sweep`
DEPARTED = (0.3, 0.1, 0.03)  # of the state's size, on the far side of the fold: the jump has happened
APPROACH = 0.05  # natural units of the parameter: where the sweep begins
STEP = 0.05  # rate of descent times the speed of the normal form
STIFF = 0.5  # ... times the fastest rate
NULL = 1e-6  # of the largest singular value
UNSEEN = 0.02  # relative gap between branch and parabola that may be rounding or higher terms
AGREED = 1e-4  # natural units of the parameter
VANISHING = 1e-3  # of the longest state: a fold as near to the origin gives no scale


@dataclass(frozen=True, eq=False)
class Sweep:
    """What sweeps through one fold told.

    Attributes
    ----------
    fold, fitted : float
        Value of the parameter at the fold, computed and fitted from ``p_jump = fitted + c1 eps^(2/3) + c2 eps``.
    rates, jumps : (m,) arrays
        Rates eps (parameter per unit of flow time) and parameter values at the jump.
    delay, predicted : float
        Fitted c1 and ``Omega_0 (A B)^(-1/3)``, with the sign of the motion.
    unit : float
        Natural unit of the parameter, ``A X^2 / B``, and ``A X`` times it that of the rate; X is the size of the
        state, or less where terms of third order are as large as ``A X^2``.
    note : str
        Why nothing was measured, else empty.
    """

    fold: float
    fitted: float
    rates: np.ndarray
    jumps: np.ndarray
    delay: float
    predicted: float
    unit: float
    note: str = ""

    @property
    def passed(self) -> bool:
        """Whether the fitted fold is the computed one to 1e-4 natural units of the parameter."""
        return bool(abs(self.fitted - self.fold) <= AGREED * self.unit)


def sweep_through(branch, fold, *, rates=None) -> Sweep:
    """Sweep the parameter of a branch through one of its folds, from the stable side, by gradient descent.

    Parameters
    ----------
    branch : Branch
        Traced in one parameter; its problem is the descent's ``u' = F``.
    fold : SpecialPoint
        One of ``branch.folds``, stable on one side.
    rates : sequence of float, optional
        Change of the parameter per unit of flow time (a rate per step is this times the rate of descent); default
        1e-6 to 1e-4 in natural units.

    Returns
    -------
    Sweep
        Its ``note`` says where no side is stable or nothing jumped within reach.

    Raises
    ------
    ValueError
        No fold of this branch, rates that aren't positive or fewer than three.

    Notes
    -----
    Cost: about ``1 / rate`` steps in natural units, 3 million in all by default.

    References
    ----------
    R. Haberman, "Slowly varying jump and transition phenomena associated with algebraic bifurcation problems",
    SIAM J. Appl. Math. 37 (1979) 69-106: the Airy function at a fold.
    """
    if not isinstance(branch, Branch):
        raise ValueError(f"branch: wanted a Branch as `trace` returns it, got {type(branch).__name__}")
    if getattr(fold, "kind", None) is not Kind.FOLD or not any(fold is point for point in branch.folds):
        raise ValueError(f"fold: wanted one of branch.folds {[point.label for point in branch.folds]}, got {fold!r}")
    problem, value = flow_of(branch.problem), fold[branch.vary[0]]
    form = _normal_form(problem, branch, fold)
    side = stable_side(branch, fold)
    if side == 0:
        return _nothing(value, form, "no side of this fold is stable")
    row = _beginning(branch, fold, side, form["unit"])
    natural = form["unit"] * form["speed"]
    rates = natural * np.array(RATES) if rates is None else _check_rates(rates)
    direction = np.sign(value - branch.parameter[row])
    jumps = np.full(len(rates), np.nan)
    for k in np.argsort(-rates):  # the fastest first: where it does not jump the slow ones would take long to say so
        jumps[k] = _jump(problem, branch, fold, form, row, direction * rates[k])
        if not np.isfinite(jumps[k]):
            return _nothing(value, form, "nothing jumped within reach of the fold")
    scaled = rates / natural  # so that the columns of the fit are of one size
    columns = np.column_stack([np.ones(len(rates)), scaled ** (2 / 3), scaled])
    fitted, c1, _ = np.linalg.lstsq(columns, jumps, rcond=None)[0]
    predicted = direction * OMEGA0 * (form["A"] * form["B"]) ** (-1 / 3)
    return Sweep(value, float(fitted), rates, jumps, float(c1 / natural ** (2 / 3)), predicted, form["unit"])


def stable_side(branch, fold) -> int:
    """Find the side of a fold, +1 or -1 in rows, on which nothing is unstable; 0 where there is none."""
    for side in (-1, 1):
        row = fold.index + side
        if 0 <= row < len(branch) and branch.unstable[row] == 0:
            return side
    return 0


def _normal_form(problem, branch, fold) -> dict:
    """Null vectors, ``A``, ``B`` (positive) of ``x' = A x^2 + B dp``, natural units of the parameter and of speed."""
    p, vary = problem.parameter_values(fold.parameters), branch.vary[0]
    active = problem.index_of(vary)
    x = np.append(problem.state_values(fold.state), fold[vary])
    extended = extended_jacobian(problem, x, p, active)
    w, fastest = _left_vector(extended[:, :-1], v := _direction(branch, fold))
    direction = np.append(v, 0.0)
    forms = Multilinear(problem, x[:-1], p, (active,))
    a = abs(w @ forms.form(direction, direction)) / 2
    b = abs(w @ extended[:, -1])
    size = _size(branch, fold)
    if problem.smoothness > 2:  # where the cubic term is as large as the square the normal form has ended
        size = min(size, a / max(abs(w @ forms.form(direction, direction, direction)) / 6, a / size))
    else:
        size = min(size, _parabolic(branch, fold, w, a / b))
    return {"w": w, "A": a, "B": b, "size": size, "unit": a * size**2 / b, "speed": a * size, "fast": fastest}


def _parabolic(branch, fold, w, curvature) -> float:
    """Distance from the fold at which the branch's rows have left the parabola ``|dp| = curvature x^2`` by as much."""
    x = np.abs((branch.states - fold.state) @ w)
    apart = (x > 0) & (np.arange(len(branch)) != fold.index)
    gap = np.abs(np.abs(branch.parameter - branch.parameter[fold.index])[apart] / (curvature * x[apart] ** 2) - 1)
    told = gap > UNSEEN
    return float(np.min(x[apart][told] / gap[told], initial=np.inf))


def _size(branch, fold) -> float:
    """Length of the state at the fold; where it is next to nothing, a tenth of the longest on the branch."""
    size, longest = np.linalg.norm(fold.state), np.max(np.linalg.norm(branch.states, axis=1))
    return float(size if size > VANISHING * longest else 0.1 * longest) or 1.0


def _direction(branch, fold) -> np.ndarray:
    """Unit vector (n,) along which the states of the branch move at the fold."""
    tangent = np.vstack([branch.tangents[fold.index], np.zeros(branch.tangents.shape[1])])
    states = branch.problem.columns(tangent)[0]
    v = states[0] - states[1]
    return v / np.linalg.norm(v)


def _left_vector(a, v):
    """Left null vector w with ``w v = 1`` that does not see the other null vectors (gauge); and the fastest rate."""
    left, values, right = np.linalg.svd(a)
    k = max(1, int(np.sum(values <= NULL * values[0])))
    kernel = right[len(a) - k :]
    others = np.linalg.svd(kernel - np.outer(kernel @ v, v))[2][: k - 1]  # of the kernel, orthogonal to v
    basis = left[:, len(a) - k :]
    c = np.linalg.solve(np.vstack([v, others]) @ basis, np.eye(k)[0])
    return basis @ c, float(np.max(np.abs(np.linalg.eigvals(a))))


def _beginning(branch, fold, side, unit) -> int:
    """Row on the stable side at some distance from the fold, with nothing special in between."""
    row = fold.index + side
    while 0 <= row + side < len(branch) and branch.unstable[row + side] == 0:
        if abs(branch.parameter[row] - branch.parameter[fold.index]) >= APPROACH * unit:
            break
        if any(point.index == row + side for point in branch.special):
            break
        row += side
    return row


def _jump(problem, branch, fold, form, row, rate) -> float:
    """Parameter at which a sweep at `rate` from a row has left the fold; NaN where it never does."""
    vary, first = branch.vary[0], branch.parameter[row]
    parameters = {**fold.parameters, vary: first}
    eta = min(STEP / form["speed"], STIFF / max(form["fast"], np.finfo(float).tiny))
    sign = np.sign(form["w"] @ (branch.states[row] - fold.state))
    reach = abs(fold[vary] - first) + 0.5 * form["unit"]
    steps = int(reach / (abs(rate) * eta)) + 10
    for fraction in DEPARTED:
        field = Field.of(problem, parameters)
        level = sign * (form["w"] @ fold.state) - fraction * form["size"]
        active, begin, toward = problem.index_of(vary), branch.states[row].copy(), sign * form["w"]
        value, _ = kernels.swept(field.function, field.p, active, rate * eta, eta, begin, toward, level, steps)
        if np.isfinite(value):
            return value
    return np.nan


def _nothing(value, form, note) -> Sweep:
    """A sweep that could not be made."""
    return Sweep(value, np.nan, np.empty(0), np.empty(0), np.nan, np.nan, form["unit"], note)


def _check_rates(rates) -> np.ndarray:
    """At least three positive rates."""
    rates = check_numbers("rates", rates, 1)
    if len(rates) < 3 or np.any(rates <= 0):
        raise ValueError(f"rates: wanted at least three positive numbers, got {rates.tolist()}")
    return rates
