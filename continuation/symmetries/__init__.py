"""Symmetry of problems: groups, what they fix, problems restricted to it, circles of solutions isolated."""
