"""What the loop asks of a dense equilibrium problem, and location of its special points."""
