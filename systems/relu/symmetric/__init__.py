"""Networks with as many students as orthonormal teachers, restricted to weights of one symmetry."""
