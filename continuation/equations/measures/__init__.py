"""What branches are measured in, and the magnitudes that this is made of."""
