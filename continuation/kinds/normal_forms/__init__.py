"""Coefficients that tell what branches off at a special point, and how stable it is."""
