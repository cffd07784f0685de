"""Periodic orbits: the collocation problem they solve, where their branches begin and end, what is known of each."""
