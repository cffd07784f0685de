"""Expressions evaluated operation by operation: one kernel for all equations given as text."""
