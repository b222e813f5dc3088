"""The whole system on one machine without Docker: servers, ingest, API, worker; stopped in reverse order."""

from fjarrkoll.local.part import Part
from fjarrkoll.local.system import LocalSystem

__all__ = ["LocalSystem", "Part"]
