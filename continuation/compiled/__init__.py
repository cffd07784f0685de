"""All that numba compiles: arrays in, integer codes out."""
