"""pseudoarc: numerical continuation and bifurcation."""
