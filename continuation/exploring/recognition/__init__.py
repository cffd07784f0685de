"""Telling what is known: solutions on traced branches, half-branches, special points, whole branches, images."""
