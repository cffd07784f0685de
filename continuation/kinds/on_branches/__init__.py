"""Kinds of special points met on branches in one parameter."""
