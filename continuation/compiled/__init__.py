"""All that numba compiles: arrays in, integer codes out."""

from continuation.compiled.kernel import kernel

__all__ = ["kernel"]
