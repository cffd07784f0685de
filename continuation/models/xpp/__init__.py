"""Model files of XPPAUT (`.ode`), after the documentation of its language (Ermentrout, SIAM 2002)."""
