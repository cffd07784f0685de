"""Periodic orbits of a vector field as a problem like any other."""

import copy

import numpy as np

from continuation.equations.equations import Equations
from continuation.equations.measures.measure import measured
from continuation.ground.arguments import shown
from continuation.ground.names import check_whole
from continuation.ground.status import Kind, StartError, Status
from continuation.orbits.forms import CriticalOrbit
from continuation.orbits.orbit_operations import OrbitEquations, orbit_operations
from continuation.orbits.orbit_rows import context_at, kind_of_pair
from continuation.orbits.profiles.along import EXTREMES, ZEROS, columns_along, name_along, value_along
from continuation.orbits.profiles.layout import AMPLITUDE, PERIOD, ProfileLayout, node_weights
from continuation.orbits.profiles.profile import amplitudes, extrema, is_at_rest, is_point, means
from continuation.orbits.starts import hopf_near, start_of

# Range of the states in their units below which an orbit is the equilibrium at its Hopf point: located to 1e-8, it
# may have an amplitude of that size; orbits of a hundred times it are resolved.
SHRUNK = 1e-7
# Distance in the parameter, relative to its unit and |p|, of other special points from a Hopf point at which orbits
# end: nearer ones are made by rounding, as orbits of no size are known to no digit.
ONE = 1e-6
DOUBTED = 0.1  # error of the trivial multiplier's logarithm beyond which special points may be those of the mesh
LISTED = 6  # of these that are named
COARSE = 1e-3  # error of the trivial multiplier of which a remark tells
MOST_DEGREE = 8  # beyond, equations of one interval are ill-conditioned for nothing: more intervals do the same


class Plain:
    """A function of the unknowns and p in plain Python, or None: the residual that only the operations know."""

    dispatcher, error, python = None, None, None

    def __init__(self, name, function=None):
        self.name, self.function = name, function

    def __call__(self, u, p):
        """Its value."""
        return float(self.function(u, p))


class PeriodicOrbits(Equations):
    """Periodic orbits of ``u' = F(u, p)`` by orthogonal collocation; made by `periodic_orbits`.

    Its unknowns are the orbit at `degree` nodes of each mesh interval, the period T and the varied parameter, N = n L m
    + 2 of them; the mesh follows the orbit while it is traced.  See `continuation.orbits.kernels.collocation`.

    Parameters
    ----------
    base : Problem
        Of the vector field; ``stability="flow"``.
    intervals, degree : int
        L and m.
    """

    def __init__(self, base, intervals=50, degree=4):
        if getattr(base, "stability", None) != "flow" or not hasattr(base, "vector_field"):
            raise ValueError(
                f"problem: wanted one that is a flow (stability='flow'), whose orbits have a meaning, got {shown(base)}"
            )
        if tuple(base.unknown_names) != tuple(base.states):
            raise ValueError(
                f"problem: wanted one whose unknowns are its states, got {base.name} with {len(base.unknown_names)} "
                f"unknowns for {len(base.states)} states; write its equations in fewer states"
            )
        self.base = base
        self.intervals, self.degree = check_whole("intervals", intervals), check_whole("degree", degree)
        if not 2 <= self.degree <= MOST_DEGREE:
            raise ValueError(f"degree: wanted 2 to {MOST_DEGREE}, got {degree}")
        n = len(base.states)
        self.mesh = np.full(self.intervals, 1 / self.intervals)
        self.reference = np.zeros((self.intervals * self.degree, n))
        self.period = 1.0
        super().__init__(
            Plain("periodic orbits"),
            tuple(largest for largest, _ in ProfileLayout(tuple(base.states), 1, 1).extreme_names),
            base.parameters,
            outputs=self.columns_beside(),
            zeros=self.zeros_along(),
            constants=base.constants,
            stability=None,
            compiled=False,
            name=f"{base.name}, periodic orbits",
        )
        self.functions = {}

    def all_functions(self) -> list:
        """Every `Function` of the vector field."""
        return self.base.all_functions()

    watched_end = "long period"
    special_curves = "periodic orbits"
    adapts = False  # magnitudes are those of the vector field where the branch begins
    measure = None

    # Unknowns and columns

    @property
    def unknown_names(self) -> tuple:
        """Names of the values at the nodes, then of the period."""
        count = self.intervals * self.degree
        return (*(f"{name}[{k}]" for k in range(count) for name in self.base.states), "period")

    @property
    def period_at(self) -> int:
        """Place of the period among the unknowns."""
        return self.intervals * self.degree * len(self.base.states)

    @property
    def context(self) -> int:
        """Floats that go with each row: the mesh, the logarithms of the multipliers and their angles."""
        return self.row_layout.context

    @property
    def row_layout(self) -> ProfileLayout:
        """How a row's unknowns and context make an orbit."""
        return ProfileLayout(tuple(self.base.states), self.intervals, self.degree)

    @property
    def source(self):
        """Plain description, if text says all of the vector field."""
        own = {"intervals": self.intervals, "degree": self.degree}
        return {**self.base.source, "cycles": own} if getattr(self.base, "source", None) else None

    @property
    def metric(self) -> np.ndarray:
        """(n,) weights of the states, of one whose mean square over a period is a squared length."""
        return self.base.inner_weights()[:-1]

    def own_weights(self) -> np.ndarray:
        """(N,) the states' over the mesh, 1/T0**2 for the period, the vector field's for the parameter."""
        states = np.outer(node_weights(self.mesh[None], self.degree)[0], self.metric).ravel()
        return np.concatenate([states, [self.period**-2.0, self.base.inner_weights()[-1]]])

    def state_weights(self) -> np.ndarray:
        """(n,) of the vector field's states: the norm is a mean over the period."""
        return self.metric

    def columns(self, unknowns):
        """Largest values of the states (m, n), and the varied parameter."""
        return self.profile_extrema(unknowns)[1], unknowns[:, -1:]

    def profile_extrema(self, unknowns) -> tuple:
        """(m, n) least and largest values of the states."""
        profiles = unknowns[:, : self.period_at].reshape(len(unknowns), self.intervals * self.degree, -1)
        return extrema(profiles, self.degree)

    def columns_beside(self) -> dict:
        """Functions of the unknowns that may be limited: the period, and the least values of the states."""

        def least(k):
            return Plain(
                f"{self.base.states[k]}_min", lambda u, p: self.profile_extrema(np.append(u, 0.0)[None])[0][0, k]
            )

        values = [Plain("period", lambda u, p: u[self.period_at]), *(least(k) for k in range(len(self.base.states)))]
        return {value.name: value for value in (*values, *self.extremes_along())}

    def along(self, name, function, what) -> Plain:
        """The least, largest or mean value of a function of (state, p) along an orbit, as one of the unknowns."""

        def value(u, p):
            profile = self.row_layout.profiles(np.append(u, 0.0)[None])[0]
            return value_along(function, profile, self.mesh, self.degree, p, what)

        return Plain(name_along(name, what), value)

    def extremes_along(self) -> list:
        """Least and largest values of each output of the vector field along an orbit, as functions of the unknowns."""
        return [self.along(name, output, what) for name, output in self.base.outputs.items() for what in EXTREMES]

    def zeros_along(self) -> dict:
        """Largest, least and mean value of each of the vector field's zeros along an orbit, watched while tracing."""
        made = [self.along(name, zero, what) for name, zero in self.base.zeros.items() for what in ZEROS]
        return {value.name: value for value in made}

    def row_outputs(self, rows) -> dict:
        """Name -> (m,) of what goes with the largest values: period, least and mean values, amplitude.

        Of each output of the vector field the largest, the least and the mean value along the orbit.
        """
        least, _ = self.profile_extrema(rows.unknowns)
        profiles = rows.unknowns[:, : self.period_at].reshape(len(rows.unknowns), self.intervals * self.degree, -1)
        mean = means(profiles, rows.context[:, : self.intervals], self.degree)
        layout, found = self.row_layout, {PERIOD: rows.unknowns[:, self.period_at].copy()}
        found |= {name: least[:, k] for k, (_, name) in enumerate(layout.extreme_names)}
        found |= {name: mean[:, k] for k, name in enumerate(layout.mean_names)}
        found[AMPLITUDE] = amplitudes(profiles, rows.context[:, : self.intervals], self.degree, self.metric)
        p = self.parameter_rows(rows)
        return found | columns_along(self.base.outputs, profiles, layout.meshes(rows.context), self.degree, p)

    def polish(self, unknowns, kinds, begun):
        """Hopf points, at which orbits shrink to a point, are those of the equilibria; beside them nothing else is."""
        unit = 1 / np.sqrt(self.base.inner_weights()[-1])
        for row in [row for row, kind in kinds.items() if kind is Kind.HOPF]:
            unknowns[row] = hopf_near(self, unknowns[row], begun)
            near = np.abs(unknowns[:, -1] - unknowns[row, -1]) <= ONE * (unit + abs(unknowns[row, -1]))
            for sign in (-1, 1):
                beside = row + sign
                while beside in kinds and near[beside]:
                    del kinds[beside]
                    beside += sign

    def full_context(self, rows, events, begun) -> np.ndarray:
        """(m, C) the rows' meshes and multipliers; of special points, which are no steps of the trace, made anew."""
        context = rows.context.copy()
        for row in events:
            context[row] = context_at(self, rows, row, begun)
        return context

    def kind_at(self, rows, row, kind):
        """The kind of the special point at a row: pairs on the unit circle are looked at."""
        return kind_of_pair(self.row_layout.exponents(rows.context[[row]])[0], kind)

    def row_spectrum(self, rows, row):
        """(n,) Floquet multipliers, the trivial one last; those beyond 1e308 are infinite."""
        return self.row_layout.multipliers(rows.context[[row]])[0]

    def critical_orbit(self, point):
        """The orbit of a special point, for its normal form; None where it has shrunk to an equilibrium."""
        at, n = self.period_at, len(self.base.states)
        profile = point.unknowns[:at].reshape(-1, n)
        metric = self.metric if point.weights is None else point.weights[:at].reshape(-1, n).sum(axis=0)
        if is_at_rest(profile, metric, SHRUNK):
            return None
        p = self.base.parameter_values({name: point.parameters[name] for name in self.base.parameters})
        active, mesh = self.index_of(point.vary[0]), point.context[: len(point.context) - 2 * n]
        return CriticalOrbit(self.base, p, active, mesh, profile, point.unknowns[at])

    # For the engine and for those who ask like it

    @property
    def count_kind(self):
        """A change of the number of multipliers outside the unit circle, unless something else explains it."""
        return Kind.NEIMARK_SACKER

    @property
    def orbits(self):
        """The problem of the orbits themselves; here itself."""
        return self

    def at_orbit(self, mesh, profile, period, base=None):
        """The same problem on the mesh of an orbit, its phase measured against that orbit.

        Parameters
        ----------
        mesh : (L,) array
        profile : (L m, n) array
        period : float
            The unit of periods in the inner product.
        base : Problem, optional
            The vector field with the inner product to be used.
        """
        other = copy.copy(self)
        other.mesh, other.reference, other.period = np.array(mesh, float), np.array(profile, float), float(period)
        other.intervals = len(other.mesh)
        other.base, other.measure = self.base if base is None else base, None
        # Which know how many unknowns belong to the orbit, and its mesh:
        other.outputs, other.zeros = other.columns_beside(), other.zeros_along()
        return other

    def at_row(self, rows, row, vary):
        """Give the problem on the mesh of a row, phases against that orbit, in the branch's inner product."""
        row = rows.place(row)
        mesh, profile = self.row_layout.meshes(rows.context)[row], self.row_layout.profiles(rows.unknowns)[row]
        weight = rows.weights[self.period_at]  # of periods: 1 / T0**2
        period = self.period if self.period**-2.0 == weight else weight**-0.5
        own = np.append(rows.state_weights, rows.weights[-1])
        base = self.base if np.array_equal(own, self.base.inner_weights()) else measured(self.base, own)
        other = self.at_orbit(mesh, profile, period, base)
        p = other.parameter_values(rows.parameters_at(row))
        return measured(other, other.inner_weights(), p, rows.unknowns[row], other.index_of(vary))

    def leads_on(self, rows, row) -> bool:
        """Whether a branch may go on behind a row at its end: not from a Hopf point, where orbits come to an end."""
        profile = self.row_layout.profiles(rows.unknowns)[row]
        return not is_point(profile)

    def status_behind(self, start) -> Status:
        """Why a branch has nothing behind its start: it may be a Hopf point."""
        at_hopf = start.origin is not None and start.origin.kind is Kind.HOPF
        return Status.HOPF if at_hopf else Status.STOPPED

    def operations(self, p, active):
        """Operations of one trace, with tables of their own."""
        self.base.check_varied(p, [list(self.parameters)[active]])
        return orbit_operations(self, p, active)

    def corrector(self, p, active) -> OrbitEquations:
        """Newton's method on the equations of a trace, for a few solutions."""
        return OrbitEquations(self, p, active)

    def prepared(self, start, vary, parameters, span):
        """Give the problem where a trace from `start` begins, and that start; see `continuation.orbits.starts`."""
        return start_of(self, start, vary, parameters, span)

    @property
    def vector_field(self):
        """The problem whose orbits are sought."""
        return self.base

    def remarks(self, branch) -> list:
        """Say where multipliers are not to be relied on."""
        n = len(self.base.states)
        errors = np.abs(branch.context[:, -n - 1])
        row = int(np.argmax(errors))
        if errors[row] <= COARSE:
            return []
        doubted = [point.label for point in branch.special if is_doubted(point, errors)]
        listed = ", ".join(doubted[:LISTED]) + (f" and {len(doubted) - LISTED} more" if len(doubted) > LISTED else "")
        named = f"; where it is, {listed} may be the mesh's" if doubted else ""
        return [
            f"the trivial multiplier, which is 1, is off by up to {errors[row]:.2g} (row {row}): try more `intervals`; "
            f"beside canards and homoclinic orbits none are enough{named}"
        ]

    def solve(self, guess, parameters=None):
        """Refuse: orbits are made by tracing."""
        raise StartError(
            "periodic orbits are not solved for at one parameter; trace them from an Orbit or a Hopf point"
        )


def is_doubted(point, errors) -> bool:
    """Whether a special point lies where the mesh says nothing, its neighbours' trivial multipliers (rows,) off too.

    That of a fold is off by itself, where the multiplier beside it passes 1.
    """
    beside = [row for row in (point.index - 1, point.index + 1) if 0 <= row < len(errors)]
    return point.kind not in (Kind.END, Kind.HOPF, Kind.USER) and bool(np.all(errors[beside] > DOUBTED))


def periodic_orbits(problem, intervals=50, degree=4) -> PeriodicOrbits:
    """The problem whose solutions are the periodic orbits of ``u' = F(u, p)``: trace it like any other.

    Parameters
    ----------
    problem : Problem
        The vector field, with ``stability="flow"`` (the default).
    intervals : int
        Mesh intervals L; they are moved to where the orbit needs them.
    degree : int
        Degree m of the polynomials, 2 to 8.  At the ends of the intervals orbits are exact to ``O(h**(2 m))``.

    Returns
    -------
    PeriodicOrbits
        A start is a Hopf point of a branch of equilibria (``trace(cycles, branch["HB1"], "p")``) or an `Orbit`.

    Raises
    ------
    ValueError
        The problem is no flow, or a number is out of range.

    Notes
    -----
    Cost of a Newton iteration: 5 m L evaluations of F and of its derivatives, and ``O(L (n m)**3)``.
    """
    return PeriodicOrbits(problem, intervals, degree)
