"""Proofs by interval arithmetic."""
