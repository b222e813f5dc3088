"""Who sees what, said twice: in Python as it must be, and read back from the database; what differs is listed."""

from collections.abc import Collection, Generator, Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Final

import psycopg

from fleet.plumbing.store.scope import Scope
from fleet.signals import Audience
from tests.fixtures.database import Database
from tests.integration.store.world import A, B, Entry

# Thing -> the labels a session can read of it.
READS: Final[dict[str, str]] = {
    "device": "SELECT individual_number FROM device",
    "loan": "SELECT loan_id::text FROM loan",
    "prescriber": "SELECT unit_name FROM prescriber",
    "device_state": "SELECT device_no::text FROM device_state",
    "state_day": "SELECT device_id FROM device_state_seen WHERE num_nulls(last_used_day, last_event_at) = 0",
    "state_value": "SELECT device_id || '/' || jsonb_object_keys(metric_values) FROM device_state_seen",
    "state_event": "SELECT device_id || '/' || jsonb_object_keys(latest_events) FROM device_state_seen",
    "unknown_metric": "SELECT name FROM unknown_metric",
    "fault": "SELECT text FROM device_fault",
    "usage": "SELECT measure FROM usage_day",
    "command": "SELECT reason FROM command",
    "transition": "SELECT reason FROM command_transition",
    "reply": "SELECT reason FROM command_reply",
    "quarantine": "SELECT topic FROM quarantine",
    "quarantine_payload": "SELECT convert_from(payload, 'UTF8') FROM quarantine_payload",
    "audit": "SELECT action FROM audit",
    "event": "SELECT (data ->> 'label') || '/' || audience FROM device_event_seen",
    "alarm": "SELECT reason_sv || '/' || audience FROM alarm",
    "notification": "SELECT last_error FROM notification",
    "recall": "SELECT why FROM recall_case",
    "recall_journal": "SELECT why FROM recall_transition",
    "absence": "SELECT noted_by FROM absence",
    "loan_use": "SELECT borrower_key FROM loan_use",
    "device_replacement": "SELECT noted_by FROM device_replacement",
    "idle_verdict": "SELECT recent_days FROM idle_verdict",
    "idle_verdict_change": "SELECT verdict FROM idle_verdict_change",
    "idle_figure": "SELECT verdict FROM idle_figure",
    "device_days": "SELECT firmware FROM device_days WHERE payer_id > 0",
    "device_days_of_all": "SELECT firmware FROM device_days WHERE payer_id = 0",
    "fault_group": "SELECT firmware FROM fault_group WHERE payer_id > 0",
    "fault_group_of_all": "SELECT firmware FROM fault_group WHERE payer_id = 0",
    "version_count": "SELECT firmware FROM version_count",
    "import_run": "SELECT file_name FROM import_run",
    "import_refusal": "SELECT reason FROM import_refusal",
    "software_change": "SELECT firmware_to FROM software_change",
    "device_service": "SELECT note FROM device_service",
    "device_repair": "SELECT cause FROM device_repair",
    "buffer_placement": "SELECT placed_by FROM buffer_placement",
    "work_order": "SELECT title_sv FROM work_order",
    "work_order_finding": "SELECT reference FROM work_order_finding",
    "work_order_transition": "SELECT reason FROM work_order_transition",
    "alarm_journal": "SELECT note FROM alarm_journal",
    "escalation": "SELECT ladder FROM escalation",
    "escalation_call": "SELECT reason FROM escalation_call",
    "dose": "SELECT first_outcome FROM dose",
    "dose_schedule": "SELECT entered_by FROM dose_schedule",
    "dose_absence": "SELECT started_by FROM dose_absence",
    "roll_check": "SELECT verified_by FROM roll_check",
    "rule_override": "SELECT set_by FROM rule_override",
    "incident_hold": "SELECT reason FROM incident_hold",
    "hold_export": "SELECT made_by FROM hold_export",
    "kept_event": """
        SELECT (content -> 'data' ->> 'label') || '/' || (content ->> 'audience') FROM held_row_seen
         WHERE source = 'device_event'""",
    "kept_reading": """
        SELECT concat_ws('/', device_id, (ARRAY['earlier', 'between', 'open'])[boot],
                         (ARRAY['technical', 'care', 'clinical'])[seq + 1])
          FROM held_row_seen WHERE source = 'reading_probe' AND seq < 9""",
    "kept_value": """
        SELECT concat_ws('/', device_id, (ARRAY['earlier', 'between', 'open'])[boot], jsonb_object_keys(content))
          FROM held_row_seen WHERE source = 'reading_probe' AND seq = 9""",
    "reading": """
        SELECT device_id || '/' || (ARRAY['earlier', 'between', 'open'])[boot] || '/' || audience
          FROM (SELECT device_id, boot, 'technical' AS audience FROM reading_probe_technical
                UNION ALL SELECT device_id, boot, 'care' FROM reading_probe_care
                UNION ALL SELECT device_id, boot, 'clinical' FROM reading_probe_clinical) AS seen""",
}
# What the API reads through views alone, read here as the owner of the views, whom the table's policy holds.
READER_READS: Final[dict[str, str]] = {"held_row": "SELECT DISTINCT device_no::text FROM held_row"}
# Grafana's role may read these things, under other column names or fewer of them.
GRAFANA_READS: Final[dict[str, str]] = {
    thing: READS[thing]
    for thing in (
        "device",
        "device_state",
        "state_day",
        "state_value",
        "state_event",
        "unknown_metric",
        "fault",
        "usage",
        "quarantine",
        "event",
        "alarm",
        "idle_verdict",
        "idle_figure",
        "prescriber",
    )
} | {
    "command": """
        SELECT device_id || '/' || CASE WHEN created_at > now() - interval '15 days' THEN 'open'
                                        WHEN created_at > now() - interval '28 days' THEN 'between' ELSE 'earlier' END
          FROM command JOIN device USING (device_no)""",
    "incident_hold": """
        SELECT device_id || '/' || CASE WHEN placed_at > now() - interval '15 days' THEN 'open'
                                        WHEN placed_at > now() - interval '28 days' THEN 'between' ELSE 'earlier' END
          FROM incident_hold JOIN device USING (device_no)""",
    "reading": """
        SELECT device_id || '/' || (ARRAY['earlier', 'between', 'open'])[boot] || '/technical'
          FROM reading_probe_technical""",
}


# What may hold anything of anyone.
WHOLE_LIFE: Final = frozenset(
    {"quarantine_payload", "import_run", "import_refusal", "device_days_of_all", "fault_group_of_all"}
)


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that is seen and must not be, or the other way round."""

    scope: Scope
    thing: str
    label: str
    seen: bool


def all_scopes() -> Iterator[Scope]:
    """Every combination of payers, frames and audiences that differs in kind."""
    payers = (frozenset[int](), frozenset({A}), frozenset({B}), frozenset({A, B}), None)
    frames = (frozenset[str](), frozenset({"HSL"}), frozenset({"SoL"}), frozenset({"HSL", "SoL"}))
    audiences = (frozenset[Audience](), *(frozenset({audience}) for audience in Audience), frozenset(Audience))
    for chosen, frame, audience in product(payers, frames, audiences):
        yield Scope(payers=chosen, frames=frame, audiences=audience)


def whole_life(scope: Scope) -> bool:
    """Every payer and every frame."""
    return scope.payers is None and scope.frames == {"HSL", "SoL"}


def sees_loan(scope: Scope, loan: tuple[int, str]) -> bool:
    """The payer and the frame are in scope."""
    payer, frame = loan
    return (scope.payers is None or payer in scope.payers) and frame in scope.frames


def expected(entry: Entry, scope: Scope) -> bool:
    """Whether a row is to be seen: the rules of docs/decisions/0003-row-security.md, in Python."""
    heard = entry.audience is None or entry.audience in scope.audiences
    nobodys = entry.thing in {"quarantine", "audit"} and entry.device is None and entry.loan is None
    if nobodys or entry.thing in WHOLE_LIFE:
        return whole_life(scope) and heard
    if entry.loan is not None:
        return sees_loan(scope, entry.loan) and heard
    assert entry.device is not None
    sees_device = scope.payers is None if entry.device.open is None else sees_loan(scope, entry.device.open)
    in_time = entry.period is None or entry.period == "open" or whole_life(scope)
    return sees_device and in_time and heard


def differences(database: Database, entries: Iterable[Entry], scopes: Collection[Scope]) -> Generator[Difference]:
    """Compares what the API's role, and the reader in its views, read under each scope with what they must."""
    world = list(entries)
    with psycopg.connect(database.owner) as connection:
        for scope in scopes:
            connection.execute("SET LOCAL ROLE fjarrkoll_reader")
            set_scope(connection, scope)
            for thing, query in READER_READS.items():
                yield from compare(connection, query, thing, world, scope)
            connection.rollback()
    with psycopg.connect(database.api) as connection:
        for scope in scopes:
            set_scope(connection, scope)
            for thing, query in READS.items():
                yield from compare(connection, query, thing, world, scope)
            connection.rollback()


def compare(
    connection: psycopg.Connection, query: str, thing: str, world: Iterable[Entry], scope: Scope
) -> list[Difference]:
    """The rows of one thing that differ from what the scope allows."""
    wanted = {entry.label for entry in world if entry.thing == thing and expected(entry, scope)}
    rows = [row[0] for row in connection.execute(query.encode()).fetchall()]
    assert len(rows) == len(set(rows)), f"{thing}: a row is seen twice"
    return [Difference(scope, thing, label, label in rows) for label in wanted ^ set(rows)]


def set_scope(connection: psycopg.Connection, scope: Scope) -> None:
    """As `scoped` does, on a synchronous connection."""
    connection.execute(
        "SELECT set_config('fjarrkoll.all_payers', %s, true), set_config('fjarrkoll.payers', %s, true),"
        " set_config('fjarrkoll.frames', %s, true), set_config('fjarrkoll.audiences', %s, true)",
        scope.settings(),
    )
