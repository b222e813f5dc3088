"""Backup and restoration of the whole database, each proved by hashes of its rows."""
