"""Branches and diagrams as tables, pictures, datasets and files."""
