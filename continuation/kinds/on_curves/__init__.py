"""Kinds of special points met on curves of special points in two parameters."""
