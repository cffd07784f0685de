"""Compile the engine if the cache lacks it: before tests start, or each of their processes would, on its own time."""

from continuation import Problem, periodic_orbits, trace
from systems.textbook import circle

trace(circle(), [1.0], "p")
field = Problem.from_expressions({"x": "a*x - y - x*(x**2 + y**2)", "y": "x + a*y - y*(x**2 + y**2)"}, {"a": -0.1})
equilibria = trace(field, [0.0, 0.0], "a", (-0.1, 0.1))
trace(periodic_orbits(field), equilibria["HB1"], "a", (-0.1, 0.1))
