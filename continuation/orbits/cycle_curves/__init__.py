"""Curves of folds, period doublings and Neimark-Sacker points of periodic orbits in two parameters."""
