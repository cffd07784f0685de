"""Statements as data and as text, and theorems in words."""
