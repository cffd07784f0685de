"""Compile the engine if the cache lacks it: before tests start, or each of their processes would, on its own time."""

from continuation import trace
from systems.textbook import circle

trace(circle(), [1.0], "p")
