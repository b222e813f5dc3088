"""Quarantine: messages that could not be stored, with the reason and what to do."""
