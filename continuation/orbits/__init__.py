"""Periodic orbits: Floquet multipliers."""
