"""A branch as data: rows, joining, solutions, spectra, counts, check."""
