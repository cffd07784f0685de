"""Newton's method on the bordered system, and points between points."""
