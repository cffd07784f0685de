"""Tian, "An analytical formula of population gradient for two-layered ReLU network" (2017), and spurious minima."""
