"""Periodic orbits: data of one, the collocation problem whose solutions they are, where branches of them begin and end."""
