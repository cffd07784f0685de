"""Kinds of special points met on curves of folds, doublings and Neimark-Sacker points of periodic orbits."""
