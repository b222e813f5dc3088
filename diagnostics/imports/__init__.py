"""Imports of lists that people keep beside the system; every row is told what became of it; refused ones are kept."""
