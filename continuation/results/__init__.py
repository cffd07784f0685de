"""A branch as data: rows, joining, interpolation, solutions, spectra, counts, check."""
