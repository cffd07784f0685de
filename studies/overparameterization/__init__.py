"""Arora, Cohen, Hazan (2018): depth as a preconditioner of gradient descent."""
