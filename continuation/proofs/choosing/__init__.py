"""What is to be proven: points, radii and boxes that a proof is likely to succeed with."""
