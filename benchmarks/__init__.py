"""Figures of work and time: run ``python -m benchmarks`` in the folder above; README.md says how to read them."""
