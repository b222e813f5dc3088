"""Notifications: an outbox written with the alarm, sent afterwards at least once, always with the same key."""
