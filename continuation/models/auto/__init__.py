"""Equation files of AUTO in their simple form, Fortran or C, with the constants file beside them."""
