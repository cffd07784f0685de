"""Taghvaei, Kim, Mehta, "How regularization affects the critical points in linear networks" (2017)."""

OUT = "out/linear_regularization"
