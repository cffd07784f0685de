"""Periodic orbits of two models whose branches are known from the literature."""
