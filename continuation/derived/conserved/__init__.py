"""Sums of states that the equations conserve: found, named, and taken out of the equations."""
