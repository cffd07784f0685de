"""Whole bifurcation diagrams: `search` finds the branches, `recognition` tells those known, the rest shows and keeps."""
