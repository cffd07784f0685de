"""Compiled equations: in closed form for two dimensions, for any dimension, and the Morse index."""
