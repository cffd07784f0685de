"""Orbits as data: polynomials on a mesh, what is asked of one orbit and of many."""
