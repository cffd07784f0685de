"""Compiled parts of periodic orbits."""
