"""What changed between two points, and where."""
