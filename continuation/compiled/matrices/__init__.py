"""Dense linear algebra and eigenvalues."""
