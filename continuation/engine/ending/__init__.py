"""How directions end: ways to infinity, rows that are no solutions, limits of states and outputs."""
