"""Functions by address, and the decorators of compiled code."""
