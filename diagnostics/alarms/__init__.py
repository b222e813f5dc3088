"""Alarms: judged from state by the worker, shown and taken through the API."""
