"""The equation for families of matrices, for finite samples, for correlated data, and for large dimensions."""
