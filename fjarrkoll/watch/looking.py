"""What the watch looks at: one connection per look, so that nothing of an earlier one can hold it up."""

from datetime import UTC, datetime
from typing import Any, Final

import psycopg
from psycopg.rows import dict_row

from fjarrkoll.watch.judging import Seen
from fleet.ladder import INSTALLATION, LadderError, Person
from fleet.ladder_document import read_ladder, read_windows
from fleet.rota import check

_CONNECT_SECONDS: Final = 5
_STATEMENT_MILLISECONDS: Final = 5000
_LOOK: Final = """
    SELECT clock_timestamp() AS now,
           (SELECT coalesce(jsonb_object_agg(part, extract(epoch FROM at)), '{}') FROM worker_pulse) AS pulses,
           (SELECT min(at) FROM ingest_watermark) AS watermark,
           (SELECT coalesce(sum(broker_dropped), 0) FROM ingest_minute
             WHERE minute > clock_timestamp() - interval '15 minutes') AS dropped,
           (SELECT min(since) FROM evaluation_due) AS oldest_mark,
           (SELECT min(created_at) FROM notification WHERE state = 'pending' AND attempts = 0
               AND next_attempt_at <= clock_timestamp()) AS oldest_message,
           (SELECT min(e.due_at) FROM escalation e JOIN alarm a USING (alarm_id)
             WHERE e.ended_at IS NULL AND a.taken_at IS NULL AND a.cleared_at IS NULL) AS oldest_step,
           (SELECT outcome = 'lost' FROM canary_run WHERE outcome <> 'running' ORDER BY canary_run_id DESC LIMIT 1)
               AS lost
"""
_PEOPLE: Final = """
    SELECT code, quiet, active AND EXISTS (SELECT FROM recipient_address a WHERE a.recipient_id = r.recipient_id)
           AS reachable
      FROM recipient r
"""


def look(database_url: str, *, rota: bool) -> Seen:
    """One look at the database.

    Args:
        database_url: of the worker's role.
        rota: whether to check every ladder as well, which is done daily.
    """
    try:
        with psycopg.connect(
            database_url,
            connect_timeout=_CONNECT_SECONDS,
            options=f"-c statement_timeout={_STATEMENT_MILLISECONDS}",
            row_factory=dict_row,
        ) as connection:
            row = connection.execute(_LOOK).fetchone() or {}
            refused = _refused(connection, row["now"]) if rota else 0
    except psycopg.Error:
        return Seen(now=datetime.now(UTC), reachable=False)
    return Seen(
        now=row["now"],
        pulses={part: datetime.fromtimestamp(float(at), UTC) for part, at in row["pulses"].items()},
        watermark=row["watermark"],
        dropped=int(row["dropped"]),
        oldest_mark=row["oldest_mark"],
        oldest_message=row["oldest_message"],
        oldest_step=row["oldest_step"],
        refused_ladders=refused,
        canary_lost=bool(row["lost"]),
    )


def _refused(connection: psycopg.Connection[dict[str, Any]], now: datetime) -> int:
    """How many ladders could leave an alarm with nobody in the next four weeks."""
    people = {
        row["code"]: Person(reachable=row["reachable"], quiet=read_windows(row["quiet"]))
        for row in connection.execute(_PEOPLE).fetchall()
    }
    documents = [row["document"] for row in connection.execute("SELECT document FROM ladder").fetchall()]
    wrong = 0
    for document in documents:
        try:
            flaws = check(read_ladder(document), {**people, INSTALLATION: Person()}, now)
        except LadderError:
            flaws = []
            wrong += 1
        wrong += any(flaw.refused for flaw in flaws)
    return wrong
