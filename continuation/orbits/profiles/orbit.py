"""`Orbit`: one periodic orbit as data, sampled at any time."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib import import_module

import numpy as np

from continuation.ground.arguments import (
    UnknownName,
    check_instance,
    check_mapping,
    check_problem,
    check_sequence,
    shown,
)
from continuation.ground.names import as_real, check_numbers, check_whole, suggest
from continuation.orbits.integrating.simulation import EVALUATIONS, simulate_cycle
from continuation.orbits.profiles.piecewise import Piecewise, by_interval, node_phases, spline

FEWEST = 5  # points of one period: with fewer a cubic spline says nothing of its own
MOST = 30  # of the degree: sums of barycentric terms are exact to rounding far beyond, quadrature and roots are not
# Of the range of a state: where first and last point are farther apart the data do not close.  Drawn or simulated data
# may miss by a few percent.
OPEN = 0.1
# Range, relative to the largest size of a state, below which nothing moves: a hundred roundings of numbers around 1.
CONSTANT = 1e-13
# Of the length of an interval: how far times may lie from its nodes.  They are stored as absolute times, so that those
# of an interval of 1e-9 of the period have 7 digits of its length.
OFF = 1e-6
SAME_TIME = 1e-12  # relative to the period: times that are the same
DRAWN = 2000  # points of a curve


@dataclass(frozen=True, eq=False)
class Orbit:
    """A periodic orbit of a flow: a guess of the user's, a simulated cycle, or one of a branch.

    ``orbit(t)`` is its state at any time, ``orbit["x"]`` its values (k,) of a state or its value of a parameter.

    Parameters
    ----------
    times : (k,) array
        Rising, over at most one period; with or without the point that closes it.
    states : (k, n) array, or mapping of names to (k,) arrays
    period : float
        Positive, in the unit of the times.
    parameters : mapping
        Names to values.
    state_names : sequence of str, optional
        Default: those of the mapping, else none; a problem gives its own.
    degree : int, optional
        The points are the Chebyshev-Lobatto points ``(1 - cos(pi j/degree))/2`` of each interval of a mesh, ends
        shared, and the orbit is the polynomial of this degree in each; see `from_mesh`.  Default: a periodic spline
        through the points, of degree 5 where they are about evenly spaced, else 3.
    multipliers : (n,) complex array, optional
        Floquet multipliers, the trivial one among them; moduli beyond 1e308 are infinite.
    exponents : (n,) complex array, optional
        Logarithms of the multipliers (not divided by the period), of any size.
    closing : float, optional
        How far from its start the flow ended after one period, relative to the range of the states; NaN: not known.

    Raises
    ------
    ValueError
        Numbers that are not finite, sizes that do not belong together, times that do not rise or exceed the period, an
        orbit that does not close (to 10 % of a state's range), a constant one, unknown names.

    Notes
    -----
    The arrays are copies that can't be written to.

    Examples
    --------
    >>> t = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    >>> orbit = Orbit(t, {"x": np.cos(t), "y": np.sin(t)}, 2 * np.pi, {"mu": 1.0})
    >>> orbit(np.pi / 4 - 20 * np.pi).round(6).tolist()
    [0.707107, 0.707107]
    >>> round(orbit.amplitude, 6), orbit.maximum.round(6).tolist()
    (1.0, [1.0, 1.0])
    """

    times: np.ndarray
    states: np.ndarray
    period: float
    parameters: dict
    state_names: tuple = ()
    degree: int | None = None
    multipliers: np.ndarray | None = None
    exponents: np.ndarray | None = field(default=None, repr=False)
    closing: float = np.nan

    __iter__ = None  # its values are asked for by name

    def __post_init__(self):
        states, names = _named(self.states, self.state_names)
        given = {
            "times": _frozen(check_numbers("times", self.times, 1)),
            "states": _frozen(check_numbers("states", states, 2)),
            "period": check_numbers("period", self.period, 0),
            "parameters": _numbers(self.parameters),
            "state_names": names,
            "degree": None if self.degree is None else check_whole("degree", self.degree, 1, MOST),
            "closing": np.nan
            if as_real(self.closing) != as_real(self.closing)
            else check_numbers("closing", self.closing, 0),
        }
        for name in ("multipliers", "exponents"):
            given[name] = _spectrum(name, getattr(self, name), given["states"].shape[-1])
        for name, value in given.items():
            object.__setattr__(self, name, value)
        self._check_times()
        self._check_states()
        self._shape  # noqa: B018 - refuses points that are no nodes

    def _check_times(self):
        """Raise where the times are not those of one period."""
        times, period = self.times, self.period
        if not period > 0:
            raise ValueError(f"period: wanted a positive number, got {period!r}")
        if len(times) < (fewest := FEWEST if self.degree is None else 2):
            raise ValueError(f"times: wanted at least {fewest} points, got {len(times)}")
        if not np.all(np.diff(times) > 0):
            k = int(np.argmin(np.diff(times) > 0))
            raise ValueError(f"times: wanted rising times, got {times[k]:.6g}, {times[k + 1]:.6g} at index {k}")
        if (length := times[-1] - times[0]) > period * (1 + SAME_TIME):
            raise ValueError(f"times: wanted at most one period, {period:.6g}, got times over {length:.6g}")

    def _check_states(self):
        """Raise where the states are no closed curve."""
        states, count = self.states, len(self.times)
        if len(states) != count:
            turned = "; is it transposed?" if states.shape[1] == count else ""
            raise ValueError(f"states: wanted one row for each of {count} times, got shape {states.shape}{turned}")
        if self.state_names and len(self.state_names) != states.shape[1]:
            raise ValueError(f"states: wanted {len(self.state_names)} columns, got {states.shape[1]}")
        extent, size = np.ptp(states, axis=0), np.max(np.abs(states), axis=0)
        if np.all(extent <= CONSTANT * size):
            values = shown(states[0].tolist())
            raise ValueError(f"states: wanted an orbit, got a constant: this is an equilibrium, {values}")
        gap = np.abs(states[-1] - states[0])
        if self.has_closing_point and np.any(gap > OPEN * np.maximum(extent, CONSTANT * size)):
            k = int(np.argmax(gap / np.where(extent > 0, extent, np.inf)))
            raise ValueError(
                f"states: wanted a closed orbit, got {self._name(k)} = {states[0, k]:.6g} at the start and "
                f"{states[-1, k]:.6g} a period later"
            )

    @property
    def has_closing_point(self) -> bool:
        """Whether the last point is the first, a period later."""
        return bool(self.times[-1] - self.times[0] >= self.period * (1 - SAME_TIME))

    @classmethod
    def from_mesh(cls, mesh, states, period, parameters, degree, **fields):
        """Make an orbit of the values at the nodes of a mesh.

        Parameters
        ----------
        mesh : (N + 1,) array
            Ends of the intervals in units of the period, from 0 to 1.
        states : (N degree + 1, n) or (N degree, n) array
            At the nodes, in order, with or without the last one.
        period, parameters, degree, **fields
            As for `Orbit`.

        Examples
        --------
        >>> states = [[0], [3], [4], [3], [0], [-3], [-4], [-3]]
        >>> orbit = Orbit.from_mesh([0, 0.25, 0.5, 0.75, 1], states, 8, {}, degree=2)
        >>> orbit([1.0, 2.0, 2.5]).ravel().round(12).tolist()
        [3.0, 4.0, 3.75]
        """
        mesh, degree = check_numbers("mesh", mesh, 1), check_whole("degree", degree, 1, MOST)
        if len(mesh) < 2 or not np.all(np.diff(mesh) > 0) or mesh[0] != 0 or mesh[-1] != 1:
            raise ValueError(f"mesh: wanted rising numbers from 0 to 1, got {shown(mesh.tolist())}")
        period = check_numbers("period", period, 0)
        phases = node_phases(mesh, degree)
        if len(_named(states, fields.get("state_names", ()))[0]) == len(phases) - 1:
            phases = phases[:-1]
        return cls(phases * period, states, period, parameters, degree=degree, **fields)

    @classmethod
    def from_simulation(
        cls, problem, state, parameters=None, settle=None, method="LSODA", evaluations=EVALUATIONS
    ) -> "Orbit":
        """Find a stable cycle by integrating the flow ``u' = F(u, p)`` from a state.

        Parameters
        ----------
        problem : Problem
            A flow.
        state : array, mapping or Point
            Where to begin.
        parameters : mapping, optional
            Other values than the defaults.
        settle : float, optional
            Time after which transients have died; it is also the first time between two looks for a cycle.  Default:
            looks after longer and longer times, beginning with ten times that of the fastest eigenvalue.
        method : str
            Of `scipy.integrate.solve_ivp`; the default switches between methods for stiff and other problems.
        evaluations : int
            Of F and F_u in all, after which the search ends; the default takes 15 to 20 seconds.

        Returns
        -------
        Orbit
            On a mesh that resolves it to 1e-9 of the range, polynomials of degree 7; ``closing`` says how well it
            closes, mostly 1e-11.  Multipliers are not computed.

        Raises
        ------
        ValueError
            A problem that is no flow, bad arguments; `StartError`, one of them, where the motion comes to rest, leaves
            to infinity, is chaotic or does not repeat itself within the evaluations.

        Notes
        -----
        A cycle is a return to within 1e-3 of the range, by the smallest number of passages through the middle of a
        state's range, that going round once more or Newton's method of multiple shooting closes.  One that turns out
        unstable, such as the cycle of half the period just beyond a period doubling, is passed over.

        Examples
        --------
        >>> from continuation import Problem
        >>> problem = Problem.from_expressions({"x": "x - y - x*(x**2 + y**2)", "y": "x + y - y*(x**2 + y**2)"}, {})
        >>> orbit = Orbit.from_simulation(problem, [0.1, 0.0])
        >>> bool(abs(orbit.period - 2 * np.pi) < 1e-9), orbit.maximum.round(8).tolist()
        (True, [1.0, 1.0])
        """
        shape, period, p, closing = simulate_cycle(problem, state, parameters, settle, method, evaluations)
        values = np.vstack([shape.values[:, :-1].reshape(-1, shape.values.shape[2]), shape.values[-1, -1:]])
        named = dict(zip(problem.parameters, p.tolist()))
        fields = {"degree": shape.degree, "state_names": problem.unknown_names, "closing": closing}
        return cls.from_mesh(shape.mesh, values, period, named, **fields)

    # Sampling

    @cached_property
    def _shape(self) -> Piecewise:
        """The orbit as polynomials over phases from 0 to 1."""
        phases, states = (self.times - self.times[0]) / self.period, self.states
        if self.has_closing_point:
            phases, states = phases[:-1], states[:-1]
        phases, states = np.append(phases, 1.0), np.vstack([states, states[:1]])
        if self.degree is None:
            return spline(phases, states)
        mesh = phases[:: self.degree]
        if (len(phases) - 1) % self.degree:
            raise ValueError(
                f"times: wanted {self.degree} points an interval for degree={self.degree}, got {len(phases) - 1} in all"
            )
        off = np.abs(phases - node_phases(mesh, self.degree))
        if np.any(off > OFF * np.min(np.diff(mesh)) + SAME_TIME):
            k = int(np.argmax(off))
            raise ValueError(
                f"times: wanted the Chebyshev-Lobatto points of each interval for degree={self.degree}, got "
                f"{self.times[k]:.6g} at index {k}"
            )
        return Piecewise(mesh, by_interval(states, self.degree))

    def __call__(self, t) -> np.ndarray:
        """State at a time (n,), or states (k, n) at times (k,); any real numbers."""
        ndim = 1 if isinstance(t, (list, tuple)) or np.ndim(t) else 0
        t = check_numbers("t", t, ndim)
        found = self._shape(np.atleast_1d((t - self.times[0]) / self.period))
        return found if ndim else found[0]

    def __getitem__(self, name):
        if isinstance(name, str) and name in self.state_names:
            return self.states[:, self.state_names.index(name)]
        if isinstance(name, str) and name in self.parameters:
            return self.parameters[name]
        known = suggest(name, [*self.state_names, *self.parameters])
        raise UnknownName(f"no value named {shown(name)}; this orbit has {known}")

    @property
    def mesh(self) -> np.ndarray:
        """Ends of its intervals (N + 1,) in units of the period, from 0 to 1."""
        return self._shape.mesh.copy()

    @cached_property
    def _extrema(self) -> tuple:
        return self._shape.extrema()

    @property
    def minimum(self) -> np.ndarray:
        """Smallest value of each state (n,), between the points too."""
        return self._extrema[0].copy()

    @property
    def maximum(self) -> np.ndarray:
        """Largest value of each state (n,), between the points too."""
        return self._extrema[1].copy()

    @property
    def mean(self) -> np.ndarray:
        """Mean of each state (n,) over the period."""
        return self._shape.integral()

    @property
    def amplitude(self) -> float:
        """Distance from the mean, root of the mean square over the period of ``|u - mean|`` (Euclidean)."""
        mean = self.mean
        return float(np.sqrt(np.sum(self._shape.integral(lambda values: (values - mean) ** 2))))

    def shifted(self, t) -> "Orbit":
        """Give the orbit that is where this one is a time `t` later: ``orbit.shifted(t)(0) == orbit(t)``.

        Of an orbit on a mesh the point moves to the nearest interval end, which becomes the time 0 (what is between is
        left in the times, which begin there); of other points likewise.

        Examples
        --------
        >>> s = np.linspace(0, 1, 20, endpoint=False)
        >>> orbit = Orbit(s, np.sin(2 * np.pi * s)[:, None], 1, {})
        >>> bool(np.allclose(orbit.shifted(0.3)(0.1), orbit(0.4)))
        True
        """
        t = check_numbers("t", t, 0)
        start = np.mod(t - self.times[0], self.period)
        count = len(self.times) - self.has_closing_point
        own = self.times[:count] - self.times[0]
        first = int(np.searchsorted(own[:: self.degree or 1], start)) * (self.degree or 1) % count
        order = np.roll(np.arange(count), -first)
        times = np.mod(own[order] - own[first], self.period) + np.mod(own[first] - start, self.period)
        states = self.states[order]
        if self.has_closing_point:
            times, states = np.append(times, times[0] + self.period), np.vstack([states, states[:1]])
        return replace(self, times=times, states=states)

    def checked_for(self, problem) -> np.ndarray:
        """Parameters p (k,) of a problem for this orbit.

        Raises
        ------
        ValueError
            Other states than the problem's, a parameter it does not have.
        """
        names = tuple(check_problem(problem).unknown_names)
        if self.state_names and self.state_names != names or self.states.shape[1] != len(names):
            own = list(self.state_names) or self.states.shape[1]
            raise ValueError(f"orbit: wanted the states {list(names)} of {problem.name}, got {own}")
        return problem.parameter_values(self.parameters)

    # Pictures and tables

    def plot(self, x=None, y=None, ax=None, **options):
        """Draw one period: states against time, or two states against each other.

        Parameters
        ----------
        x, y : str, optional
            Names of states (``"u1"``, ``"u2"`` ... where they have none); `x` may be ``"time"``.  Default: all states
            (of the first six) against time.
        ax : matplotlib Axes, optional
            Default: new axes from pyplot.
        **options
            Passed on to the lines.

        Returns
        -------
        matplotlib Axes
        """
        names = [self._name(k) for k in range(self.states.shape[1])]
        columns = {"time": None} | {name: k for k, name in enumerate(names)}
        for label, name in (("x", x), ("y", y)):
            if name is not None and (not isinstance(name, str) or name not in columns):
                raise ValueError(f"{label}: wanted one of {suggest(name, columns)}, got {shown(name)}")
        if ax is None:
            ax = _package("matplotlib.pyplot", "plot").subplots(layout="constrained")[1]
        elif isinstance(ax, type) or not all(hasattr(ax, name) for name in ("plot", "set_xlabel")):
            raise ValueError(f"ax: wanted Axes of matplotlib, got {shown(ax)}")
        phases = np.union1d(np.linspace(0.0, 1.0, DRAWN), self._shape.mesh)
        times = self.times[0] + self.period * phases
        values = np.vstack([self._shape(phases[:-1]), self._shape(phases[:1])])
        across = times if x in (None, "time") else values[:, columns[x]]
        drawn = names[:6] if y is None and x in (None, "time") else [y or names[names[0] == x]]
        for name in drawn:
            up = times if name == "time" else values[:, columns[name]]
            ax.plot(across, up, **({"label": name} if len(drawn) > 1 else {}) | options)
        ax.set_xlabel(x or "time", parse_math=False)
        ax.set_ylabel(drawn[0] if len(drawn) == 1 else "states", parse_math=False)
        if len(drawn) > 1:
            ax.legend()
        return ax

    def to_pandas(self):
        """Give a `pandas.DataFrame`: one row a point, columns ``time`` and the states."""
        columns = {self._name(k): values for k, values in enumerate(self.states.T)}
        return _package("pandas", "to_pandas").DataFrame({"time": self.times, **columns})

    def to_xarray(self):
        """Give an `xarray.Dataset`: ``states`` along ``time`` and ``state``, what is one number as attributes."""
        xarray = _package("xarray", "to_xarray")
        names = [self._name(k) for k in range(self.states.shape[1])]
        variables = {"states": (("time", "state"), self.states)}
        for name in ("multipliers", "exponents"):
            if (values := getattr(self, name)) is not None:
                variables[name] = (("multiplier", "part"), np.column_stack([values.real, values.imag]))
        coordinates = {"time": self.times, "state": names, "part": ["real", "imag"]}
        attributes = {"period": self.period, "closing": self.closing}
        attributes |= {"degree": self.degree} if self.degree else {}
        attributes |= {f"parameter {name}": value for name, value in self.parameters.items()}
        return xarray.Dataset(variables, coordinates, attributes)

    def _name(self, k) -> str:
        """Name of a state."""
        return self.state_names[k] if self.state_names else f"u{k + 1}"

    def __repr__(self):
        form = "spline" if self.degree is None else f"{len(self._shape.mesh) - 1} intervals of degree {self.degree}"
        states = ", ".join(self.state_names[:6]) + (", ..." if len(self.state_names) > 6 else "")
        states = states or f"{self.states.shape[1]} states"
        return f"<Orbit of {states}: period {self.period:.10g}, parameters {self.parameters}, {form}>"


def _named(states, names) -> tuple:
    """States (k, n) and their names, of an array or a mapping."""
    names = tuple(check_sequence("state_names", names, "a sequence of names"))
    if any(not isinstance(name, str) or not name.strip() for name in names) or len(set(names)) < len(names):
        raise ValueError(f"state_names: wanted different names, got {shown(names)}")
    if not isinstance(states, Mapping):
        return check_numbers("states", states, 2), names
    given = check_mapping("states", states, "arrays")
    if not given:
        raise ValueError("states: wanted at least one state, got an empty mapping")
    names = names or tuple(given)
    if set(names) != set(given):
        raise ValueError(f"states: wanted values of {list(names)}, got {list(given)}")
    columns = [check_numbers(f"states[{name!r}]", given[name], 1) for name in names]
    if len({len(column) for column in columns}) > 1:
        raise ValueError(f"states: wanted arrays of one length, got lengths {[len(column) for column in columns]}")
    return np.column_stack(columns), names


def _numbers(parameters) -> dict:
    """Parameters as a dict of floats."""
    given = check_mapping("parameters", parameters)
    return {name: check_numbers(f"parameters[{name!r}]", value, 0) for name, value in given.items()}


def _spectrum(label, values, n):
    """Complex numbers (n,), or (n - 1,) without the trivial one; None stays."""
    if values is None:
        return None
    try:
        array = np.array(values, complex)
    except (TypeError, ValueError, OverflowError):
        array = np.empty((0, 0))
    if array.ndim != 1 or len(array) not in (n, n - 1) or np.any(np.isnan(array)):
        raise ValueError(f"{label}: wanted {n} complex numbers, got {shown(values)}")
    return _frozen(array)


def _frozen(array):
    """The array, not to be written to."""
    array.flags.writeable = False
    return array


def _package(name, method):
    """A package that only this method needs."""
    try:
        return import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        raise ImportError(f"Orbit.{method} needs {package}, which is not installed: pip install {package}") from error


def check_orbit(orbit) -> Orbit:
    """An orbit, not its class, and no other object."""
    return check_instance("orbit", orbit, Orbit)
