"""Gradient descent as the judge of every branch."""
