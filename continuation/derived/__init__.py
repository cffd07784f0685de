"""Equations made from others: composed, isolated, restricted, with phase conditions."""
