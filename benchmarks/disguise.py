"""Equations with known answers in text, seen behind a rotation of the states: as a problem and as an ``.ode`` file.

``y' = g(y, p)`` is written for straight states ``y0, y1, ...``; what a program sees are ``u = Q' y``.
"""

import numpy as np

from continuation import Problem


class Disguise:
    """A system ``g`` of text in ``y0, y1, ...`` and the parameters, behind coordinates of its own.

    Parameters
    ----------
    equations : list of str
        Right-hand sides of the straight states, powers written ``^``.
    parameters : dict of str to float
        The first is varied.
    rng : numpy.random.Generator, optional
        Makes the rotation; without one the states are the straight ones.
    more : int
        Further states that follow the first: ``bend*(y0^2 + 0.3*y0*p) - y``, with random bends.

    Examples
    --------
    >>> fold = Disguise(["p - y0^2"], {"p": 1.0}, np.random.default_rng(0), more=1)
    >>> problem = fold.problem()
    >>> bool(np.max(np.abs(problem.residual(fold.states([1.0], 1.0), {"p": 1.0}))) < 1e-15)
    True
    """

    def __init__(self, equations, parameters, rng=None, more=0):
        n, self.parameters = len(equations) + more, dict(parameters)
        (self.varied, *_) = self.parameters
        self.bend = rng.uniform(-0.6, 0.6, more) if more else np.zeros(0)
        self.turned = np.linalg.qr(rng.normal(size=(n, n)))[0] if rng and n > 1 else np.eye(n)
        followers = [
            f"({float(bend)!r})*(y0^2 + 0.3*y0*{self.varied}) - y{len(equations) + k}"
            for k, bend in enumerate(self.bend)
        ]
        self.texts = [*equations, *followers]

    def states(self, y, value):
        """What is seen (n,) where the states of the equations are `y` and the varied parameter has that value."""
        followers = self.bend * (y[0] ** 2 + 0.3 * y[0] * value)
        return self.turned.T @ np.concatenate([y, followers])

    def straight(self, states):
        """The straight states (m, n) of rows (m, n)."""
        return states @ self.turned.T

    def definitions(self) -> dict:
        """Name -> text of each straight state and its right-hand side."""
        straight = {f"y{i}": combined(row, "u") for i, row in enumerate(self.turned)}
        return {**straight, **{f"g{i}": text for i, text in enumerate(self.texts)}}

    def equations(self) -> dict:
        """State -> text of its right-hand side."""
        return {f"u{j}": combined(column, "g") for j, column in enumerate(self.turned.T)}

    def problem(self, **options):
        """The system as a `Problem`."""
        return Problem.from_expressions(
            self.equations(), self.parameters, definitions=self.definitions(), name="disguise", **options
        )

    def ode(self, start) -> str:
        """Text of a model file of XPPAUT that begins at `start` (n,)."""
        lines = [f"par {name}={value!r}" for name, value in self.parameters.items()]
        lines += [f"{name}={text}" for name, text in self.definitions().items()]
        lines += [f"{name}'={text}" for name, text in self.equations().items()]
        lines += [f"init u{j}={float(value)!r}" for j, value in enumerate(start)]
        return "\n".join([*lines, "done", ""])


def combined(row, letter) -> str:
    """Text of a combination of ``letter0, letter1, ...``."""
    return " + ".join(f"({float(a)!r})*{letter}{k}" for k, a in enumerate(row) if a != 0.0)
