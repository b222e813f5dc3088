"""Devices: search, one device as it stands, its readings and events."""
