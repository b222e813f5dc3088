"""`python -m diagnostics.idle.once`: one run of verdicts, as the worker starts it; prints as JSON what it did."""

import json
import os
from datetime import UTC, datetime
from typing import Final

import psycopg

from diagnostics.idle.run import refresh
from fleet.plumbing.settings import load_settings
from fleet.registry import load_registry

# Judging a region takes longer than a transaction of the worker's role may stand idle; it is one on purpose.
_OPTIONS: Final = "-c idle_in_transaction_session_timeout=15min"
_NICE: Final = 10


def main() -> None:
    """Runs once with whatever the machine has to spare."""
    os.nice(_NICE)
    url = load_settings().need("worker_database_url")
    with psycopg.connect(url, application_name="fjarrkoll-verdicts", options=_OPTIONS) as connection:
        ran = refresh(connection, load_registry(), datetime.now(UTC))
    told = {"devices": ran.devices, "judged": ran.judged, "days": ran.days, "written": ran.written}
    print(json.dumps({**told, "seconds": ran.seconds}))  # noqa: T201 - its product


if __name__ == "__main__":
    main()
