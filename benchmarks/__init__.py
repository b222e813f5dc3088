"""Measures the chain from device to row against the limits of its own parts, in one run on one machine."""
