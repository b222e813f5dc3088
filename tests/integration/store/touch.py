"""What the API may write, and what the services see: compared with what must be, like `sight`."""

from collections.abc import Generator, Iterable
from dataclasses import replace
from typing import Final

import psycopg
from psycopg import sql

from fleet.plumbing.store.scope import Scope
from fleet.signals import Audience
from tests.fixtures.database import Database
from tests.integration.store.sight import Difference, expected, set_scope
from tests.integration.store.world import Entry

_ASK: Final = """
    INSERT INTO command (device_no, counter, name, level, requested_by, idempotency_key, expires_at)
    VALUES (%s, 1000, 'read_faults', 'read', 'test', 'new', now())
"""
_TRACE: Final = "INSERT INTO command_transition (command_id, state) VALUES (%s, 'queued')"
_ADD: Final = "INSERT INTO audit (actor, role, care_unit, action) VALUES ('x', 'x', 'x', 'x')"
_PROPOSE: Final = """
    INSERT INTO recall_case (device_no, loan_id, payer_id, legal_frame, individual_number, device_class, model_key,
                             verdict, since, known_until, days, proposed_at, proposed_by, changed_at, changed_by, why)
    VALUES (%s, %s, %s, %s, 'x', %s, %s, 'unused', now(), now(), 0, now(), 'x', now(), 'x', 'x')
"""
_ABSENT: Final = """
    INSERT INTO absence (device_no, loan_id, from_day, kind, noted_by)
    SELECT told.of[1]::integer, told.of[2]::integer, now(), 'travel', 'x' FROM (SELECT %s::text[] AS of) told
"""
# What is known of a loan; without a conflict target, so that a row which is there already hides no policy.
_ON_A_LOAN: Final = (
    _ABSENT,
    """
    INSERT INTO loan_use (device_no, loan_id)
    SELECT told.of[1]::integer, told.of[2]::integer FROM (SELECT %s::text[] AS of) told ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO device_replacement (device_no, loan_id, replaced_by, from_day, noted_by)
    SELECT told.of[1]::integer, told.of[2]::integer, CASE told.of[1]::integer WHEN 1 THEN 2 ELSE 1 END, now(), 'x'
      FROM (SELECT %s::text[] AS of) told ON CONFLICT DO NOTHING
    """,
)
_OPEN_LOANS: Final = """
    SELECT loan_id::text,
           ARRAY[device_no::text, loan_id::text, l.payer_id::text, l.legal_frame, device_class, model_key]
      FROM loan l JOIN device USING (device_no) WHERE ended_at IS NULL
"""
_IMPORT: Final = "INSERT INTO import_run VALUES (gen_random_uuid(), 'answers', '', '', 'x', now(), 0, 0, 0)"
_REFUSE: Final = "INSERT INTO import_refusal VALUES (%s, 99, '', '{}')"
_SERVE: Final = """
    INSERT INTO device_service (device_no, kind, done_on, passed, recorded_by)
    VALUES (%s, 'inspection', now(), true, 'test')
"""
_DRAFT: Final = """
    INSERT INTO work_order (device_no, priority, audience, title_sv, title_en, reported_at, start_by, done_by,
                            created_by)
    VALUES (%s, 'ordinary', 'technical', '', '', now(), now(), now(), 'test')
"""
_NOTE: Final = """
    INSERT INTO work_order_finding (order_id, device_no, kind, reference, finding_key, title_sv, title_en, happened_at,
                                    known_at, noted_by)
    SELECT %s, (%s)::integer, 'person', 'new', '', '', '', now(), now(), 'test'
"""
_STEP: Final = "INSERT INTO work_order_transition (order_id, state, by_whom) VALUES (%s, 'placed', 'test')"
# Statement -> the audience that it needs; each is tried on every device.
_ON_A_DEVICE: Final[dict[str, Audience | None]] = {
    """
    INSERT INTO dose_schedule (device_no, version, times, weekdays, late_minutes, unknown_minutes, valid_from,
                               entered_by)
    VALUES (%s, 1000, '{08:00}', '{1}', 60, 60, now(), 'test')
    """: Audience.CARE,
    """
    INSERT INTO dose_absence (device_no, reason, started_at, started_by) VALUES (%s, 'travel', now(), 'test')
    ON CONFLICT DO NOTHING
    """: Audience.CARE,
    "INSERT INTO roll_check (device_no, verified_by) VALUES (%s, 'test')": Audience.CARE,
    """
    INSERT INTO device_repair (device_no, done_on, reference, noted_by) VALUES (%s, now(), 'new', 'test')
    """: None,
    """
    INSERT INTO buffer_placement (device_no, store_id, placed_on, taken_on, placed_by)
    VALUES (%s, 1, now(), now(), 'test')
    """: None,
    """
    INSERT INTO rule_override (device_no, rule, setting, value, reason, set_by) VALUES (%s, 'new', 'x', 1, 'x', 'test')
    """: None,
    # Without a conflict target: with one, the policy for reading would stand in for the one that is tried.
    """
    INSERT INTO incident_hold (device_no, reason, placed_by, placed_role) VALUES (%s, 'for a test', 'x', 'x')
    ON CONFLICT DO NOTHING
    """: None,
}
_JOURNAL: Final = "INSERT INTO alarm_journal (alarm_id, kind, actor) VALUES (%s, 'noted', 'test')"
_EXPORT: Final = """
    INSERT INTO hold_export (hold_id, made_by, audiences, manifest_sha256, bytes)
    VALUES (%s, 'test', '{}', repeat('0', 64), 1)
"""
_UPDATES: Final = (
    ("alarm", "UPDATE alarm SET taken_by = 'x'"),
    ("command", "UPDATE command SET state = 'cancelled'"),
    ("work_order", "UPDATE work_order SET technician = 'x'"),
    ("work_order_finding", "UPDATE work_order_finding SET is_open = false"),
    ("absence", "UPDATE absence SET withdrawn_at = now()"),
    ("loan_use", "UPDATE loan_use SET prescribed_interval_days = 1"),
    ("device_replacement", "DELETE FROM device_replacement"),
    ("device", "UPDATE device SET basic_equipment = false"),
    ("buffer_placement", "UPDATE buffer_placement SET taken_on = '2100-01-01'"),
    ("recall", "UPDATE recall_case SET order_number = 'x'"),
    ("loan", "UPDATE loan SET consented_at = now()"),
    ("dose_absence", "UPDATE dose_absence SET ended_by = 'x'"),
    ("rule_override", "UPDATE rule_override SET ended_by = 'x'"),
    ("incident_hold", "UPDATE incident_hold SET lift_reason = 'for a test'"),
)
SERVICE_ONLY: Final = ("acknowledge_link", "ladder_use", "recipient", "recipient_address", "silence")
"""Tables that no role which serves people has any right to: whom a call reaches where, and the links in answer."""
_SERVICE_TABLES: Final = {
    "ingest": ("device", "loan", "device_state", "usage_day", "device_fault", "unknown_metric", "quarantine", "command",
               "command_reply", "command_transition"),
    "worker": ("device", "loan", "device_state", "usage_day", "device_fault", "command", "command_reply",
               "command_transition", "alarm", "notification", "unknown_metric", "recall_case", "recall_transition",
               "device_service", "software_change", "work_order", "work_order_finding", "work_order_transition",
               "absence", "device_replacement", "device_days", "fault_group", "idle_figure", "idle_verdict",
               "idle_verdict_change", "version_count",
               "loan_use",
               "alarm_journal", "escalation", "escalation_call", "dose", "dose_absence", "dose_schedule", "roll_check",
               "rule_override", "incident_hold", "held_row", "device_repair", "buffer_placement", *SERVICE_ONLY),
    "owner": ("prescriber", "audit", "import_run", "import_refusal", "hold_export"),
}  # fmt: skip


def write_differences(database: Database, entries: Iterable[Entry], scopes: Iterable[Scope]) -> Generator[Difference]:
    """Tries every write of the API under each scope, all rolled back; gives what is allowed or refused wrongly."""
    world = list(entries)
    numbers = _pairs(database, "SELECT individual_number, device_no FROM device")
    commands = _pairs(database, "SELECT reason, command_id FROM command")
    loans = _pairs(database, _OPEN_LOANS)
    [run] = _pairs(database, "SELECT file_name, import_id FROM import_run").values()
    orders = _pairs(database, "SELECT title_sv, order_id FROM work_order")
    devices = _pairs(database, "SELECT title_sv, device_no FROM work_order")
    keys = {
        "device": numbers,
        "alarm": _pairs(database, "SELECT reason_sv || '/' || audience, alarm_id FROM alarm"),
        "incident_hold": _pairs(database, "SELECT reason, hold_id FROM incident_hold"),
    }
    with psycopg.connect(database.api) as connection:
        for scope in scopes:
            set_scope(connection, scope)
            for entry in world:
                if entry.thing == "device":
                    yield from _try(connection, _ASK, numbers[entry.label], entry, scope)
                    yield from _try(connection, _SERVE, numbers[entry.label], entry, scope)
                    if Audience.TECHNICAL in scope.audiences:
                        yield from _try(connection, _DRAFT, numbers[entry.label], entry, scope)
                if entry.thing == "loan" and entry.label in loans:
                    yield from _try(connection, _PROPOSE, loans[entry.label], entry, scope)
                    for statement in _ON_A_LOAN:
                        yield from _try(connection, statement, [loans[entry.label]], entry, scope)
                if entry.thing == "work_order":
                    yield from _try(connection, _STEP, orders[entry.label], entry, scope)
                    yield from _try(connection, _NOTE, (orders[entry.label], devices[entry.label]), entry, scope)
                if entry.thing == "transition":
                    yield from _try(connection, _TRACE, commands[entry.label], entry, scope)
            yield from _watched(connection, world, keys, scope)
            for thing, statement in _UPDATES:
                yield from _count(connection, statement, thing, world, scope)
            yield from _additions(connection, run, scope)
            connection.rollback()


def _additions(connection: psycopg.Connection, run: object, scope: Scope) -> list[Difference]:
    """What anyone may add to, whatever the scope."""
    additions: tuple[tuple[str, str, list[object]], ...] = (
        ("audit", _ADD, []),
        ("import_run", _IMPORT, []),
        ("import_refusal", _REFUSE, [run]),
    )
    return [
        Difference(scope, thing, "add", seen=False)
        for thing, statement, values in additions
        if not _allowed(connection, statement, values)
    ]


def _watched(
    connection: psycopg.Connection, world: list[Entry], keys: dict[str, dict[str, object]], scope: Scope
) -> list[Difference]:
    """What is entered about doses, rules, alarms and holds."""
    found: list[Difference] = []
    for entry in world:
        if entry.thing == "device":
            for statement, audience in _ON_A_DEVICE.items():
                heard = replace(entry, audience=audience)
                found += _try(connection, statement, keys["device"][entry.label], heard, scope)
        if entry.thing == "alarm":
            found += _try(connection, _JOURNAL, keys["alarm"][entry.label], entry, scope)
        if entry.thing == "incident_hold":
            found += _try(connection, _EXPORT, keys["incident_hold"][entry.label], entry, scope)
    return found


def service_differences(database: Database) -> list[str]:
    """Tables of which ingest, worker or owner see fewer rows than there are."""
    found = []
    with psycopg.connect(database.superuser) as everything:
        for role, tables in _SERVICE_TABLES.items():
            with psycopg.connect(getattr(database, role)) as connection:
                found += [f"{role} {table}" for table in tables if _rows(connection, table) != _rows(everything, table)]
    return found


def _try(connection: psycopg.Connection, statement: str, key: object, entry: Entry, scope: Scope) -> list[Difference]:
    allowed = _allowed(connection, statement, list(key) if isinstance(key, list | tuple) else [key])
    return [] if allowed == expected(entry, scope) else [Difference(scope, entry.thing, entry.label, allowed)]


def _allowed(connection: psycopg.Connection, statement: str, values: list[object]) -> bool:
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(statement.encode(), values)
    except psycopg.errors.InsufficientPrivilege:
        return False
    return True


def _count(
    connection: psycopg.Connection, statement: str, thing: str, world: list[Entry], scope: Scope
) -> list[Difference]:
    """An update without a condition touches the rows in scope: only the policy for updates stands in its way."""
    wanted = sum(entry.thing == thing and expected(entry, scope) for entry in world)
    with connection.transaction(force_rollback=True):
        touched = connection.execute(statement.encode()).rowcount
    return [] if touched == wanted else [Difference(scope, thing, f"{touched} instead of {wanted}", touched > wanted)]


def _rows(connection: psycopg.Connection, table: str) -> object:
    return connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()


def _pairs(database: Database, query: str) -> dict[str, object]:
    with psycopg.connect(database.superuser) as connection:
        return dict(connection.execute(query.encode()).fetchall())
