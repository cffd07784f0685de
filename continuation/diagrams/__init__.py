"""Whole bifurcation diagrams: `search` finds branches, `recognition` tells the known, the rest shows and keeps."""
