"""The whole state of a running trace, in arrays."""
