"""Kinds of special points, one file each."""
