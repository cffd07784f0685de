"""Periodic orbits by integration: found in a simulation, and checked by shooting."""
