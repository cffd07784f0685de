"""Compiled parts of collocation: cached apart from the engine, compiled when the first orbit is traced."""
