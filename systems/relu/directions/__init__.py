"""Which directions of students no critical point has: equations 9 to 14, Conjecture 1, two students."""
