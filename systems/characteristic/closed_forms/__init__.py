"""Solutions known by formula: logarithms, normal solutions, one dimension, expansions, starts of circles."""
