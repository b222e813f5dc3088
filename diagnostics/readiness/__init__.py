"""Readiness: whether devices can be handed out, what is unknown of them, and what can be staged from afar."""
