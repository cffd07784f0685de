"""Gradient descent as the judge of a branch: modes, endpoints, sweeps through folds, the law of balance."""
