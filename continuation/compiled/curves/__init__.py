"""Minimally augmented systems of fold, branch point and Hopf curves."""
