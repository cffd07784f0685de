"""Periodic orbits as data: sampling, simulation, shooting."""
