"""What the recall tests share with the API's: the API in this process, a town, and devices proven unused."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest

from fleet.clock import local_day
from tests.fixtures.database import Database
from tests.integration.diagnostics.conftest import (
    NOW,
    Api,
    MakeToken,
    Store,
    Town,
    api,
    make_token,
    quiet_logs,
    resources,
    store,
    town,
)

__all__ = ["NOW", "Api", "MakeToken", "Store", "Town", "api", "make_token", "quiet_logs", "resources", "store", "town"]

TODAY: date = local_day(NOW)
Prove = Callable[..., None]


@pytest.fixture
def prove(database: Database, store: Store) -> Prove:
    """`prove(device_no, days=20)`: heard today, and the verdict of the worker that its return is proposed."""

    def made(device_no: int, **overrides: Any) -> None:
        prove_unused(database, device_no, **overrides)

    return made


def prove_unused(  # every figure of a verdict may be overridden
    database: Database, device_no: int, days: int = 20, **overrides: Any
) -> None:
    """Writes what the verdict job writes."""
    since = TODAY - timedelta(days=days)
    values: dict[str, Any] = {
        "verdict": "unused",
        "step": "propose",
        "since": since,
        "days": days,
        "judged_day": TODAY,
        "last_used_day": since,
        "last_heard_day": TODAY,
        "p_in_use": 0.02,
        "rent_sek": 410,
        "cost_sek": 270,
        "used": since,
        **overrides,
    }
    with psycopg.connect(database.owner) as connection:
        connection.execute(
            """
            INSERT INTO device_state (device_no, online, first_seen_at, last_seen_at, last_event_at, last_used_day)
            VALUES (%(device_no)s, true, now() - interval '25 days', now(), now(), %(used)s)
            ON CONFLICT (device_no) DO UPDATE SET last_used_day = excluded.last_used_day, last_seen_at = now()
            """,
            {**values, "device_no": device_no},
        )
        connection.execute(
            """
            INSERT INTO idle_verdict (device_no, loan_started_at, device_class, payer_id,
                   verdict, step, since, days, judged_day,
                                      judged_at, last_used_day, last_heard_day, p_in_use, rent_sek, cost_sek)
            SELECT device_no, loan_started_at, device_class, payer_id,
                   %(verdict)s, %(step)s, %(since)s, %(days)s, %(judged_day)s,
                   now(), %(last_used_day)s, %(last_heard_day)s, %(p_in_use)s, %(rent_sek)s, %(cost_sek)s
              FROM device WHERE device_no = %(device_no)s
            ON CONFLICT (device_no) DO UPDATE SET verdict = excluded.verdict, step = excluded.step,
                since = excluded.since, days = excluded.days, judged_day = excluded.judged_day,
                last_heard_day = excluded.last_heard_day, loan_started_at = excluded.loan_started_at
            """,
            {**values, "device_no": device_no},
        )


def used(store: Store, device_no: int, day: date) -> None:
    """What ingest writes when a used day comes in."""
    store.execute(
        "UPDATE device_state SET last_used_day = %s, last_seen_at = now() WHERE device_no = %s", day, device_no
    )
