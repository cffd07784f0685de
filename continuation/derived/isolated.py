"""Circles and tori of solutions as isolated points: a phase condition and an auxiliary unknown for each generator."""

from numbers import Integral

import numpy as np

from continuation.derived.composed import ComposedEquations
from continuation.derived.equivariance import EXACT, continuous_part, random_states, worst_violation
from continuation.derived.isolated_functions import Layout, function_of_state, make_functions
from continuation.derived.phase import Left, affine_of, check_left, check_vector, phase_rows, transversal
from continuation.equations.derivatives import evaluate, parameter_column, state_jacobian
from continuation.equations.functions import Function
from continuation.equations.stability import count_eigenvalues
from continuation.ground.arguments import check_sequence, renamed, shown
from continuation.ground.points import Point
from continuation.ground.status import Kind

DRIFT = 1e-7  # tau N relative to the terms of the residual, where it counts as zero


def isolated(problem, reference, *, left=None, direction=None, generators=None, make=None):
    """Make the problem in which every orbit of a continuous group of solutions is one point.

    Parameters
    ----------
    problem : Problem
        With generators ``K_i(u) = A_i u + b_i`` among its `symmetries`.
    reference : state, mapping of names or Point
        Near the solutions wanted.  The phase conditions are ``<K_i(reference), u - reference> = 0``: of each orbit
        they keep the points nearest to the reference (or farthest).
    left : sequence, optional
        For each generator a function ``left(u, p) -> (n,)`` with ``<left(u, p), F(u, p)> = 0`` for all u, a constant
        vector (n,), or None for ``K_i(u)`` itself, which is right where the group acts by orthogonal matrices and F
        is a gradient.  `p` is as the residual gets it.
    direction : (n,) array, optional
        For a reference that the group fixes (a pitchfork of revolution; ``problem.symmetry.slice`` gives it): the
        phase conditions are then ``<A_i direction, u - reference> = 0`` and N_i is constant, the derivative of left_i
        (or K_i) along the direction.  The branch of fixed points and the circles are both branches of this problem,
        and where they meet is a simple branch point.
    generators : sequence of int, optional
        Which of ``problem.symmetry.continuous``; default: all.
    make : type, optional
        The class to make, `Isolated` or one with its constructor.

    Returns
    -------
    Problem
        Unknowns (u, tau), equations ``F(u, p) + sum_i tau_i N_i = 0`` and the phase conditions.  Branches show u;
        ``branch["tau"]`` (``"tau[0]"``, ...  of several) is an output.  ``unstable`` counts eigenvalues of
        ``F_u + sum tau_i A_i`` transversal to the group's orbits: the neutral ones are left out, and ``nullity`` counts
        zeros beyond them.  Hopf points are not looked for.

    Raises
    ------
    ValueError
        No generators; a reference fixed by one of them, or where they are dependent; a left vector of a wrong shape
        or not orthogonal to F; the residual does not respect a generator (also at the parameters of each trace).

    Notes
    -----
    tau vanishes at solutions of F = 0.  Solutions with tau not 0 are relative equilibria: they drift along the group,
    ``u' = -sum tau_i K_i(u)`` (rotating and travelling waves), if N_i = K_i; with other left vectors they are spurious.
    A trace with such rows says so in a warning.  Where ``<K_i(reference), K_i(u)>`` or ``<N_i, left_i(u)>`` vanishes
    the problem is singular for reasons of its own: folds and branch points there (a warning names the latter) are
    none of F.  Take a new reference before that, and a `direction` to pass through states that the group fixes.

    References
    ----------
    P. Chossat, R. Lauterbach, "Methods in Equivariant Bifurcations and Dynamical Systems", World Scientific 2000.
    W.-J. Beyn, V. Thuemmler, "Freezing solutions of equivariant evolution equations", SIAM J. Applied Dynamical
    Systems 3 (2004) 85-116, doi:10.1137/030600515: phase conditions with a fixed reference.

    Examples
    --------
    >>> import numpy as np
    >>> from continuation import Problem
    >>> circle = Problem.from_expressions(
    ...     {"x": "mu*x - (x**2 + y**2)*x", "y": "mu*y - (x**2 + y**2)*y"}, {"mu": 4.0},
    ...     symmetries=[lambda u: np.array([-u[1], u[0]])])
    >>> point = circle.isolated([1.0, 0.0]).solve([1.5, 0.3])
    >>> print(f"{point['x']:.6f} {abs(point['y']):.6f} {abs(point['tau']):.6f}")
    2.000000 0.000000 0.000000
    """
    chosen = _choose(problem, generators)
    if len(problem.unknown_names) != len(problem.states):
        raise ValueError("isolated: wanted a problem whose unknowns are its states")
    with renamed("start", "reference"):
        u = problem.state_values(reference)
    p = problem.parameter_values(_known(problem, reference))
    what = "a list of functions left(u, p), vectors or None"
    left = [None] * len(chosen) if left is None else check_sequence("left", left, what)
    if len(left) != len(chosen):
        raise ValueError(f"left: wanted one entry for each of {len(chosen)} generators, got {len(left)}")
    left = [check_left(entry, k, (u, p)) for k, entry in enumerate(left)]
    direction = None if direction is None else check_vector("direction", direction, len(u))
    phases, left = phase_rows(chosen, u, direction, left, p)
    return (make or Isolated)(problem, chosen, u, phases, left)


class Isolated(ComposedEquations):
    """See `isolated`; `phases` (s, n) are the rows of the phase conditions, `left` the entries N_i made of them."""

    def __init__(self, base, generators, reference, phases, left):
        self.generators, self.reference, self.left = generators, reference, left
        n, s = len(base.states), len(generators)
        k = len(base.parameters) + len(base.constants)
        affine = [affine_of(g, entry, n) for g, entry in zip(generators, self.left)]
        data = [np.ravel([a for a, _ in affine]), np.ravel([b for _, b in affine]), phases.ravel(), phases @ reference]
        names = _free_names(["tau"] if s == 1 else [f"tau[{i}]" for i in range(s)], base)
        functions = make_functions(base, Layout(n, s, k), self.left, names)
        super().__init__(
            base,
            (*base.states, *names),
            functions,
            constants=np.concatenate([base.constants, *data]),
            stability=self._counter(base),
            weights=None if base.weights is None else np.insert(base.weights, n, np.full(s, 1 / n)),
            name=f"{base.name} (isolated)",
        )
        self._check_respected(base.parameter_values())

    def columns(self, unknowns):
        """States (m, n) and the varied parameter; tau is not listed."""
        return unknowns[:, : len(self.states)], unknowns[:, -1:]

    def own_weights(self):
        """(N,) weights: those of the base, 1/n for tau."""
        n, base = len(self.states), self.base.inner_weights()
        return np.concatenate([base[:n], np.full(len(self.generators), 1 / n), base[n:]])

    @property
    def count_kind(self):
        """Real eigenvalues change sign at branch points; complex pairs have no locator here."""
        real = self.base.symmetric and self.base.stability == "flow"
        return Kind.BRANCH_POINT if real else None

    def unknown_values(self, state):
        """(u, 0) of a state; unknowns (u, tau) as they are."""
        if np.shape(state) == (len(self.unknown_names),):
            return np.array(state, float)
        return np.append(self.state_values(state), np.zeros(len(self.generators)))

    def operations(self, p, active):
        """As for every problem, once the residual is known to respect the group at these parameters."""
        moved = p.copy()
        moved[active] += 0.37 * (1 + abs(p[active]))
        for values in (p, moved):
            self._check_respected(values[: self.count])
        return super().operations(p, active)

    def remarks(self, branch):
        """Lines where tau does not vanish and where a branch point is one of this problem only."""
        false = [p.label for p in branch.special if p.kind is Kind.BRANCH_POINT and p.located and self._is_artefact(p)]
        line = "artefacts of the phase condition, regular points of the base problem; take another reference"
        return self._drift(branch) + self._lost(branch) + ([f"{', '.join(false)}: {line}"] if false else [])

    def _lost(self, branch) -> list:
        """A line where the orbits become tangent to the phase condition, or points."""
        if any(isinstance(entry, np.ndarray) for entry in self.left):
            return []
        n, s = len(self.states), len(self.generators)
        rows = self.constants[-s * (n + 1) : -s].reshape(s, n)
        volume = np.linalg.det(np.array([rows @ g(branch.states).T for g in self.generators]).T)
        near = np.flatnonzero(np.abs(volume) <= 1e-6 * np.max(np.abs(volume)))
        turned = np.flatnonzero(volume[:-1] * volume[1:] < 0)
        if not len(near) and not len(turned):
            return []
        row = int(min([*near, *turned]))
        return [
            f"the phase condition is lost near row {row} ({branch.vary[0]} = {branch.parameter[row]:.6g}): the orbit "
            "is tangent to it, or a point; special points there are artefacts. Take another reference, or a "
            "`direction` where the branch meets states that the group fixes"
        ]

    def _is_artefact(self, point) -> bool:
        """Whether the base's F_u, F_p transversal to the group have full rank at a branch point."""
        v, p = point.unknowns[:-1], self.parameter_values(point.parameters)
        n, q = len(self.states), transversal(self.generators, v[: len(self.states)])
        a = state_jacobian(self, v, p)[:n, :n] @ q
        b = parameter_column(self, v, p, self.index_of(point.vary[0]))[:n]
        largest = max(np.max(np.abs(a)), np.max(np.abs(state_jacobian(self, v + 0.1 * (1 + np.abs(v)), p)[:n, :n])))
        b = b * min(1.0, largest / max(np.max(np.abs(b)), 1e-300))
        sigma = np.linalg.svd(np.column_stack([a, b]), compute_uv=False)
        return bool(sigma[q.shape[1] - 1] > 1e-5 * largest)

    def _drift(self, branch) -> list:
        """A line where tau does not vanish."""
        n = len(self.states)
        tau = np.max(np.abs(branch.unknowns[:, n:-1]), axis=1)
        row = int(np.argmax(tau))
        v, p = branch.unknowns[row, :-1], self.parameter_values(branch.point(row).parameters)
        a = state_jacobian(self, v, p)
        terms = np.max(np.abs(a[:n, :n]) @ np.abs(v[:n]) + np.abs(evaluate(self.base, 0.0 * v[:n], p[: self.count])))
        if not tau[row] * np.max(np.abs(a[:n, n:])) > DRIFT * terms:
            return []
        return [
            f"the auxiliary unknown does not vanish: |tau| up to {tau[row]:.3g} (row {row}); these are no equilibria "
            "but solutions that drift along the group (u' = -tau K), or the left vectors are wrong"
        ]

    def _counter(self, base):
        """The stability option: transversal eigenvalues; the base's own count of the state; None."""
        if base.stability is None:
            return None
        n, k = len(base.states), len(base.parameters) + len(base.constants)
        if callable(base.stability):
            return function_of_state(Layout(n, len(self.generators), k), base.functions["stability"])

        def count(v, p):
            a = state_jacobian(self, v, p)[:n, :n]
            q = transversal(self.generators, v[:n])
            return count_eigenvalues(q.T @ a @ q, base.symmetric).unstable

        return Function(count, "scalar", compile_it=False)

    def _check_respected(self, p):
        """Raise where the base does not respect a generator, or a left vector is not orthogonal to F, at p."""
        worst = worst_violation(self.base, continuous_part(self.base.symmetry, self.generators), p)
        if worst is not None and worst.size > EXACT:
            raise ValueError(
                f"isolated: the residual does not respect {worst.what} at these parameters: a relative violation of "
                f"{worst.size:.3g} in the equation of {worst.state!r}"
            )
        for k, entry in enumerate(self.left):
            for u in random_states(len(self.states)) if isinstance(entry, Left) else ():
                f, row = evaluate(self.base, u, p), np.asarray(entry.given(u, p))
                size = np.linalg.norm(f) * np.linalg.norm(row)
                if np.isfinite(size) and abs(row @ f) > EXACT * size:
                    raise ValueError(
                        f"left[{k}]: wanted a vector orthogonal to the residual at every state; its cosine with F is "
                        f"{row @ f / size:.3g} at a random one"
                    )


def _choose(problem, which) -> tuple:
    """The generators asked for."""
    known = problem.symmetry.continuous
    if not known:
        raise ValueError("isolated: this problem has no continuous symmetry; give `symmetries=[K]`, K(u) -> (n,)")
    which = range(len(known)) if which is None else check_sequence("generators", which, "a list of numbers")
    if not all(isinstance(k, Integral) and 0 <= k < len(known) for k in which):
        raise ValueError(f"generators: wanted numbers below {len(known)}, got {shown(which)}")
    chosen = tuple(known[k] for k in which)
    if not chosen:
        raise ValueError("generators: wanted at least one")
    return chosen


def _known(problem, reference) -> dict:
    """Parameters that come with a reference point."""
    given = reference.parameters if isinstance(reference, Point) else {}
    return {name: value for name, value in given.items() if name in problem.parameters}


def _free_names(names, base) -> list:
    """The names, with ``_`` appended where the base has them already."""
    taken = {*base.states, *base.parameters, *base.outputs, *base.zeros}
    while taken & set(names):
        names = [f"{name}_" for name in names]
    return names
