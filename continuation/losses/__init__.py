"""Losses of the user's own as equations F = -gradient, and verdicts on the points that optimisers leave."""
