"""Recall cases: an unused device's way from a proposal to the depot, one conditional transition at a time."""
