"""Gradient descent and its kin, the invariants they keep, and the checks of a branch against them."""
