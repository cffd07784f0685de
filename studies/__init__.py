"""Figures and claims of papers, computed again: one package a paper, one module a figure or claim."""
