"""Whole diagrams: the work list, tracing, recognition, record, drawing."""
