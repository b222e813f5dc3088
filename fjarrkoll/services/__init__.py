"""Real PostgreSQL + TimescaleDB and real Mosquitto on this machine, without Docker and without touching the system."""

from fjarrkoll.services.binaries import Binaries, install
from fjarrkoll.services.errors import InstallError, PortTakenError, ServiceError, StartError
from fjarrkoll.services.mosquitto import Mosquitto
from fjarrkoll.services.passwords import password_line
from fjarrkoll.services.postgres import COUNTRY, REGION, Postgres

__all__ = [
    "COUNTRY",
    "REGION",
    "Binaries",
    "InstallError",
    "Mosquitto",
    "PortTakenError",
    "Postgres",
    "ServiceError",
    "StartError",
    "install",
    "password_line",
]
