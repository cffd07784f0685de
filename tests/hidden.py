"""Systems with known normal forms, hidden behind a change of coordinates.

The normal form ``y' = N(y, mu)`` is seen in ``x = x0 + L S(y)``: L is a random matrix, the shear S adds quadratic and
cubic polynomials of the even coordinates to the odd ones.  S is near-identity with the inverse that subtracts them,
so ``x' = L S'(y) N(y)`` at ``y = S^-1(L^-1 (x - x0))`` is explicit.
"""

import numpy as np
import sympy

from continuation import Problem


class Hidden:
    """A normal form ``field(y, mu)`` (list of right-hand sides) of `n` coordinates behind such a change.

    `sheared` limits the coordinates that change, `using` those they change by.  The problem has one parameter more,
    ``scale``, that multiplies all equations.
    """

    def __init__(self, n, field, rng, *, mu=("mu",), sheared=None, using=None):
        self.n, self.mu, self.made = n, tuple(mu), {}
        inverse = np.round(np.linalg.qr(rng.standard_normal((n, n)))[0] * rng.uniform(0.6, 1.6, n), 2)
        self.matrix, self.place = np.linalg.inv(inverse), np.round(rng.uniform(-1, 1, n), 2)
        xs, mus = sympy.symbols(f"x0:{n}"), [sympy.Symbol(name) for name in self.mu]
        ys = list(sympy.symbols(f"y0:{n}"))
        even, odd = using or range(0, n, 2), sheared or range(1, n, 2)
        shear = {k: polynomial(rng, [ys[j] for j in even]) for k in odd}
        flow = field(ys, mus)
        pushed = [
            flow[i] + sum(sympy.diff(shear[i], ys[j]) * flow[j] for j in even) if i in shear else flow[i]
            for i in range(n)
        ]
        straight = [sum(inverse[i, j] * (xs[j] - self.place[j]) for j in range(n)) for i in range(n)]
        flat = dict(zip(ys, straight))
        back = [straight[i] - shear[i].subs(flat) if i in shear else straight[i] for i in range(n)]
        self.parts = xs, ys, mus, back, [sum(a * f for a, f in zip(row, pushed)) for row in self.matrix]

    def length(self, vector):
        """Euclidean length in x of a vector of y."""
        return float(np.linalg.norm(self.matrix @ np.array(vector)))

    def problem(self, exact):
        """The system as a problem: from expressions, or a plain Python function without derivatives; made once."""
        if exact not in self.made:
            self.made[exact] = self._problem(exact)
        return self.made[exact]

    def _problem(self, exact):
        xs, ys, mus, back, mixed = self.parts
        names, parameters = [str(x) for x in xs], {**dict.fromkeys(self.mu, 0.0), "scale": 1.0}
        if exact:
            inside = dict(zip(ys, back))
            scale = sympy.Symbol("scale")
            equations = {name: scale * e.subs(inside, simultaneous=True) for name, e in zip(names, mixed)}
            return Problem.from_expressions(equations, parameters, compiled=False)
        inverse, forward = sympy.lambdify([xs], back, "math"), sympy.lambdify([ys, mus], mixed, "math", cse=True)

        def f(u, p, out):
            out[:] = forward(inverse(u.tolist()), p[:-1].tolist())
            out *= p[-1]

        return Problem(f, names, parameters, compiled=False)


def polynomial(rng, variables):
    """Two random quadratic terms and a cubic one."""
    a, b, c = (round(v, 2) for v in rng.uniform(-0.5, 0.5, 3))
    first, last = variables[0], variables[-1]
    return a * first**2 + b * first * last + c * first * last**2
