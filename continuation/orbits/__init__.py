"""Periodic orbits: what is theirs alone, beside equations and branches of any kind."""
