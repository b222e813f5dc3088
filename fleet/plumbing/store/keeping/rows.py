"""Deletes rows of plain tables that have been settled for longer than they are kept, a few thousand at a time."""

from datetime import datetime
from typing import Final, LiteralString

import psycopg
from psycopg import sql

from fleet.plumbing.store.keeping.held import NOT_HELD
from fleet.plumbing.store.keeping.limits import Dropped, Retention

_AT_ONCE: Final = 10_000  # rows per transaction: none holds locks for long

# Plain tables in the order in which their foreign keys allow; each with the setting that says how long, and which rows
# may go. What is open never may: an unsettled alarm or fault, a command without an end, a notice not sent. A device's
# latest command stays for ever, since counters go on from it. Nothing of a device under an incident hold goes.
_FINISHED: Final[LiteralString] = (
    "EXISTS (SELECT FROM command c WHERE c.command_id = t.command_id"
    " AND c.state NOT IN ('queued', 'sent', 'delivered', 'running') AND greatest(c.created_at, c.answered_at) < %(cut)s"
    " AND EXISTS (SELECT FROM command n WHERE n.device_no = c.device_no AND n.counter > c.counter)"
    " AND NOT EXISTS (SELECT FROM incident_hold h WHERE h.device_no = c.device_no AND h.lifted_at IS NULL))"
)
_SETTLED: Final[LiteralString] = (
    "t.alarm_id IN (SELECT alarm_id FROM alarm a WHERE a.cleared_at < %(cut)s"
    " AND NOT EXISTS (SELECT FROM incident_hold h WHERE h.device_no = a.device_no AND h.lifted_at IS NULL))"
)
_WHOLLY_GONE: Final[LiteralString] = (
    "t.cleared_at < %(cut)s AND NOT EXISTS (SELECT FROM notification n WHERE n.alarm_id = t.alarm_id)"
    " AND NOT EXISTS (SELECT FROM alarm_journal j WHERE j.alarm_id = t.alarm_id)"
    " AND NOT EXISTS (SELECT FROM incident_hold h WHERE h.device_no = t.device_no AND h.lifted_at IS NULL)"
)
_SENT: Final[LiteralString] = "t.state <> 'pending' AND " + _SETTLED
_ROWS: Final[tuple[tuple[LiteralString, LiteralString, LiteralString], ...]] = (
    ("quarantine", "quarantine_days", "t.last_at < %(cut)s AND " + NOT_HELD),
    ("audit", "audit_days", "t.at < %(cut)s AND " + NOT_HELD),
    ("ingest_minute", "minutes_days", "t.minute < %(cut)s"),
    ("clock_correction", "clock_corrections_days", "t.ts < %(cut)s AND " + NOT_HELD),
    ("usage_day", "usage_days", "t.local_day < %(cut)s::date AND " + NOT_HELD),
    ("device_fault", "faults_days", "t.cleared_at < %(cut)s AND " + NOT_HELD),
    (
        "notification",
        "alarms_days",
        _SENT,
    ),
    (
        "alarm_journal",
        "alarms_days",
        _SETTLED,
    ),
    ("dose", "alarms_days", "t.due_at < %(cut)s AND " + NOT_HELD),
    ("dose_absence", "alarms_days", "t.ended_at < %(cut)s AND " + NOT_HELD),
    ("roll_check", "alarms_days", "t.verified_at < %(cut)s AND " + NOT_HELD),
    ("rule_override", "alarms_days", "t.ended_at < %(cut)s AND " + NOT_HELD),
    (
        "alarm",
        "alarms_days",
        _WHOLLY_GONE,
    ),
    ("command_reply", "commands_days", "t.received_at < %(cut)s AND " + NOT_HELD),
    (
        "command_transition",
        "commands_days",
        _FINISHED,
    ),
    (
        "command",
        "commands_days",
        _FINISHED + " AND NOT EXISTS (SELECT FROM command_transition x WHERE x.command_id = t.command_id)",
    ),
)


def delete_rows(connection: psycopg.Connection, retention: Retention, now: datetime, *, dry_run: bool) -> list[Dropped]:
    """Deletes what is older than it is kept for; an entry per table. Arguments as those of `retain`."""
    done = []
    for table, setting, condition in _ROWS:
        cut = retention.cut(setting, now)
        done.append(Dropped(table, cut, rows=_rows(connection, table, condition, cut, dry_run=dry_run)))
    return done


def _rows(
    connection: psycopg.Connection,
    table: LiteralString,
    condition: LiteralString,
    cut: datetime,
    *,
    dry_run: bool,
) -> int:
    """Deletes the rows of a plain table that may go, some thousands at a time; counts them only in a dry run."""
    name = sql.Identifier(table)
    if dry_run:
        query = sql.SQL("SELECT count(*) FROM {} t WHERE {}").format(name, sql.SQL(condition))
        answer = connection.execute(query, {"cut": cut}).fetchone()
        return 0 if answer is None else int(answer[0])
    statement = sql.SQL(
        "DELETE FROM {0} WHERE ctid = ANY (ARRAY(SELECT t.ctid FROM {0} t WHERE {1} LIMIT {2}))"
    ).format(name, sql.SQL(condition), sql.Literal(_AT_ONCE))
    total = 0
    while gone := connection.execute(statement, {"cut": cut}).rowcount:
        total += gone
    return total
