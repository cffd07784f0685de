"""Theorems about small systems and about those of the papers, proven by interval arithmetic."""

OUT = "out/proofs"
