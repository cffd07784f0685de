"""How two branches may cross along a curve of branch points: what compiled curves and kinds both must know."""

# By the quadratic coefficient, or by the cubic one where a symmetry keeps that zero; NEITHER: F has no third
# derivatives that would tell, or the start of the curve is degenerate itself.
NEITHER, TRANSCRITICAL, PITCHFORK = range(3)
