"""Symmetry of problems: finite groups and generators, what they fix, and which branches are images of each other."""
