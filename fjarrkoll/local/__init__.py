"""The whole system on one machine without Docker: servers, ingest, API and worker, started in order and stopped in reverse."""

from fjarrkoll.local.part import Part
from fjarrkoll.local.system import LocalSystem

__all__ = ["LocalSystem", "Part"]
