"""Whole diagrams: what is to be done, its traces, what is known already, the record, files, tables and pictures."""
