"""Curves of special points in two parameters, as problems, and the points of codimension two on them."""
