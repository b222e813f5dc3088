"""Escalation: an alarm on its ladder, from the first call until a named human has taken it."""
