"""Behind `switch`: equations reduced to a kernel, all their solutions, and the half-branches these lead to."""
