"""Taghvaei, Kim, Mehta, "How regularization affects the critical points in linear networks" (2017)."""

import numpy as np

QUARTER_TURN = np.array([[0.0, -1.0], [1.0, 0.0]])  # R of Example 1; Example 2 deforms it
OUT = "out/linear_regularization"
