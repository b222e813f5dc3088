"""Run as `python -m fjarrkoll.services`: fetch the servers if they are not here yet, and say where they are."""

import sys

from fjarrkoll.services.binaries import install
from fjarrkoll.services.errors import ServiceError


def main() -> int:
    """Install and print the folder of each server; the exit code is 1, with the remedy on stderr, when that fails."""
    try:
        binaries = install()
    except ServiceError as error:
        sys.stderr.write(f"fjarrkoll: {error}\n")
        return 1
    sys.stdout.write(f"postgres:  {binaries.postgres}\nmosquitto: {binaries.mosquitto}\n")
    return 0


sys.exit(main())
