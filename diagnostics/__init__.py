"""Diagnostics: the HTTP API over the store, remote commands, and the worker that raises alarms and tells people."""
