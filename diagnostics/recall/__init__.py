"""Recall: which devices are proven unused, what they cost, and of how many anything is known."""
