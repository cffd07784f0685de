"""Periodic orbits of models whose branches are known from the literature, and of flows that train networks."""
