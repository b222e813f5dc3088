"""Faults: what a device reports as wrong, with cause and remedy; and reading them now."""
