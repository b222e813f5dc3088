"""A small world with one of everything per device and loan period, each row labelled with whose it is."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import psycopg
from psycopg.types.json import Jsonb

from fleet.clock import to_milliseconds
from fleet.plumbing.store.register import NewDevice, enroll_devices
from fleet.signals import Audience
from tests.integration.store.probe import CLASS, MODEL
from tests.integration.store.watched import FOR_SERVICES, HOLD, KEPT, KEPT_WHOLE, OF_A_PERIOD, OF_AN_ALARM, OF_CARE

A: Final = 1
B: Final = 2
# Period -> how long ago its rows happened. The earlier loan ended 30 days ago, the open one began 20 days ago.
AGES: Final = {"earlier": timedelta(days=45), "between": timedelta(days=25), "open": timedelta(days=5)}
EARLIER: Final = (timedelta(days=60), timedelta(days=30))
OPEN: Final = timedelta(days=20)

Loan = tuple[int, str]


@dataclass(frozen=True, slots=True)
class WorldDevice:
    """A device, whom it was and is lent to, and the periods in which it said something."""

    name: str
    earlier: Loan | None = None
    open: Loan | None = None

    @property
    def periods(self) -> tuple[str, ...]:
        """Oldest first; a device that was lent as soon as it was bought has said nothing in store."""
        in_store = self.open is None or self.earlier is not None
        loans = (("earlier", self.earlier is not None), ("between", in_store), ("open", self.open is not None))
        return tuple(period for period, present in loans if present)


DEVICES: Final = (
    WorldDevice("a-hsl", open=(A, "HSL")),
    WorldDevice("a-sol", open=(A, "SoL")),
    WorldDevice("b-hsl", open=(B, "HSL")),
    WorldDevice("b-sol", open=(B, "SoL")),
    WorldDevice("handed-on", earlier=(A, "HSL"), open=(B, "HSL")),
    WorldDevice("lent-again", earlier=(A, "HSL"), open=(A, "HSL")),
    WorldDevice("other-frame", earlier=(A, "SoL"), open=(A, "HSL")),
    WorldDevice("returned", earlier=(B, "SoL")),
    WorldDevice("in-store"),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the world: what kind, its label, and what decides who sees it."""

    thing: str
    label: str
    device: WorldDevice | None
    period: str | None = None
    audience: Audience | None = None
    loan: Loan | None = None


def build_world(owner_url: str, now: datetime) -> list[Entry]:
    """Fills an empty migrated database; payers A and B get the ids 1 and 2. Returns every row made."""
    with psycopg.connect(owner_url) as connection:
        # What a case needs to begin and to move is proved elsewhere (tests/integration/recall); here it is only seen.
        connection.execute("ALTER TABLE recall_case DISABLE TRIGGER recall_ground, DISABLE TRIGGER recall_moves")
        connection.execute(
            "INSERT INTO payer (code, name, kind) VALUES ('a', 'A', 'municipality'), ('b', 'B', 'municipality')"
        )
        entries = list(_prescribers(connection))
        rows = [
            NewDevice(device_class=CLASS, model_key=MODEL, individual_number=d.name, device_id=d.name) for d in DEVICES
        ]
        for device, enrolled in zip(DEVICES, enroll_devices(connection, rows, now), strict=True):
            entries.append(Entry("device", device.name, device))
            entries += _loans(connection, device, enrolled.device_no, now)
            entries += _present(connection, device, enrolled.device_no, now)
            entries += _recalls(connection, device, now)
            entries += _idle(connection, device, now)
            for period in device.periods:
                entries += _happened(connection, device, enrolled.device_no, period, now - AGES[period])
        connection.execute(_QUARANTINE, {**_common(0, "nobody", now), "device_no": None})
        entries += [Entry("quarantine", "nobody", None), Entry("quarantine_payload", "nobody", None)]
        connection.execute(_IMPORT, {"label": "list", "at": now})
        entries += [Entry("import_run", "list", None), Entry("import_refusal", "list", None)]
        for statement in FOR_SERVICES:
            connection.execute(statement)
    return entries


def _prescribers(connection: psycopg.Connection) -> Iterator[Entry]:
    for payer in (A, B):
        for frame in ("HSL", "SoL"):
            label = f"unit-{payer}-{frame}"
            connection.execute(
                "INSERT INTO prescriber (code, unit_name, payer_id, legal_frame) VALUES (%s, %s, %s, %s)",
                [label, label, payer, frame],
            )
            yield Entry("prescriber", label, None, loan=(payer, frame))


def _loans(connection: psycopg.Connection, device: WorldDevice, number: int, now: datetime) -> Iterator[Entry]:
    for loan, start, end in ((device.earlier, EARLIER[0], EARLIER[1]), (device.open, OPEN, None)):
        if loan is not None:
            ended = None if end is None else now - end
            row = connection.execute(
                "INSERT INTO loan (device_no, payer_id, legal_frame, started_at, ended_at) VALUES (%s, %s, %s, %s, %s)"
                " RETURNING loan_id",
                [number, *loan, now - start, ended],
            ).fetchone()
            assert row is not None
            yield Entry("loan", str(row[0]), None, loan=loan)


def _recalls(connection: psycopg.Connection, device: WorldDevice, now: datetime) -> Iterator[Entry]:
    """A closed case of every loan, with its line in the journal; it belongs to the loan."""
    for period, loan in (("earlier", device.earlier), ("open", device.open)):
        if loan is not None:
            label = f"{device.name}/{period}"
            connection.execute(
                _RECALL, {"device": device.name, "label": label, "at": now, "closed": period == "earlier"}
            )
            yield Entry("recall", label, None, loan=loan)
            yield Entry("recall_journal", label, None, loan=loan)


def _idle(connection: psycopg.Connection, device: WorldDevice, now: datetime) -> Iterator[Entry]:
    """What is registered about each loan's use, how its verdict went, and the verdict of today."""
    for period, loan in (("earlier", device.earlier), ("open", device.open)):
        if loan is not None:
            label = f"{device.name}/{period}"
            values = {"device": device.name, "label": label, "at": now, "closed": period == "earlier"}
            for thing, statement in _OF_A_LOAN.items():
                connection.execute(statement, values)
                yield Entry(thing, label, device, period)
            connection.execute(_FIGURE, [*loan, label])
            yield Entry("idle_figure", label, None, loan=loan)
            yield from _summed(connection, label, loan)
    connection.execute(_VERDICT, {"device": device.name, "at": now})
    yield Entry("idle_verdict", device.name, device)


def _summed(connection: psycopg.Connection, label: str, loan: Loan) -> Iterator[Entry]:
    """What the worker sums of a loan, and over everything; a code that no profile knows is for technicians."""
    for of, payer, frame in (("", *loan), ("_of_all", 0, "")):
        connection.execute(_DAYS, [payer, frame, label])
        yield Entry(f"device_days{of}", label, None, loan=loan)
        connection.execute(_GROUP, [payer, frame, label])
        yield Entry(f"fault_group{of}", label, None, audience=Audience.TECHNICAL, loan=loan)
    connection.execute("INSERT INTO version_count VALUES ('probe', %s, %s, %s, 1)", [label, *loan])
    yield Entry("version_count", label, None, loan=loan)


def _present(connection: psycopg.Connection, device: WorldDevice, number: int, now: datetime) -> Iterator[Entry]:
    """The present state, in which a care value and event of the oldest period have stayed on, as late data would do."""
    oldest, newest = device.periods[0], device.periods[-1]
    at = {Audience.TECHNICAL: newest, Audience.CARE: oldest, Audience.CLINICAL: newest}
    keys = {Audience.TECHNICAL: "battery.soc", Audience.CARE: "dose.count", Audience.CLINICAL: "body.weight"}
    milliseconds = {audience: to_milliseconds(now - AGES[period]) for audience, period in at.items()}
    connection.execute(
        "INSERT INTO device_state (device_no, online, metric_values, latest_events, last_event_at, last_used_day)"
        " VALUES (%s, true, %s, %s, %s, %s)",
        [
            number,
            Jsonb({keys[audience]: [1, moment] for audience, moment in milliseconds.items()}),
            Jsonb({f"{audience}_event": moment for audience, moment in milliseconds.items()}),
            now - AGES[oldest],
            (now - AGES[oldest]).date(),
        ],
    )
    connection.execute(
        "INSERT INTO unknown_metric VALUES (%s, %s, %s, %s, %s, %s, 1)", [CLASS, MODEL, device.name, number, now, now]
    )
    yield Entry("device_state", str(number), device)
    yield Entry("held_row", str(number), device)
    connection.execute(
        "INSERT INTO device_service (device_no, kind, done_on, passed, note, recorded_by)"
        " VALUES (%s, 'inspection', %s, true, %s, 'test')",
        [number, (now - AGES[oldest]).date(), device.name],
    )
    yield Entry("device_service", device.name, device)
    yield Entry("unknown_metric", device.name, device)
    yield Entry("state_day", device.name, device, oldest)
    for audience, period in at.items():
        yield Entry("state_value", f"{device.name}/{keys[audience]}", device, period, audience)
        yield Entry("state_event", f"{device.name}/{audience}_event", device, period, audience)


def _happened(
    connection: psycopg.Connection, device: WorldDevice, number: int, period: str, at: datetime
) -> Iterator[Entry]:
    """One row of everything that happened in a period."""
    label = f"{device.name}/{period}"
    common = _common(number, label, at) | {
        "boot": list(AGES).index(period) + 1,
        "cleared_at": None if period == device.periods[-1] else at + timedelta(hours=1),
    }
    for thing, statement in (_STATEMENTS | OF_A_PERIOD).items():
        connection.execute(statement, common)
        yield Entry(thing, label, device, period)
    connection.execute(_READ, common)
    yield Entry("audit", label, None, loan={"earlier": device.earlier, "open": device.open}.get(period))
    for thing, statement in OF_CARE.items():
        connection.execute(statement, common)
        yield Entry(thing, label, device, period, Audience.CARE)
    yield from _held(connection, device, period, common)
    yield Entry("quarantine_payload", label, device, period)
    connection.execute(_FAULT, common | {"audience": None})
    yield Entry("fault", label, device, period, Audience.TECHNICAL)  # of a native code that no profile knows
    for seq, audience in enumerate(Audience):
        values = common | {
            "audience": audience,
            "rule": f"{audience}_silence",
            "seq": seq,
            "event": f"{audience}_event",
        }
        for statement in (*_PER_AUDIENCE, *OF_AN_ALARM.values(), *KEPT):
            connection.execute(statement, values)
        for thing in (*_AUDIENCE_THINGS, *_ORDER_THINGS, *OF_AN_ALARM):
            yield Entry(thing, f"{label}/{audience}", device, period, audience)


def _held(connection: psycopg.Connection, device: WorldDevice, period: str, common: dict[str, Any]) -> Iterator[Entry]:
    """A hold and its export; only the newest is open, and that one stays with the device whoever has it."""
    connection.execute(HOLD, common)
    for thing in ("incident_hold", "hold_export"):
        yield Entry(thing, common["label"], device, None if common["cleared_at"] is None else period)
    connection.execute(KEPT_WHOLE, common)
    for key, audience in _KEPT_KEYS.items():
        yield Entry("kept_value", f"{common['label']}/{key}", device, period, audience)


def _common(number: int, label: str, at: datetime) -> dict[str, Any]:
    return {"device_no": number, "label": label, "at": at, "day": at.date()}


_RECALL: Final = """
    INSERT INTO recall_case (device_no, loan_id, payer_id, legal_frame, individual_number, device_class, model_key,
                             state, action, verdict, since, known_until, days, proposed_at, proposed_by, changed_at,
                             changed_by, why)
    SELECT device_no, loan_id, l.payer_id, l.legal_frame, individual_number, device_class, model_key, 'withdrawn',
           'withdraw', 'unused', %(at)s, %(at)s, 0, %(at)s, 'x', %(at)s, 'x', %(label)s
      FROM device JOIN loan l USING (device_no)
     WHERE device_id = %(device)s AND (l.ended_at IS NOT NULL) = %(closed)s
"""
_LOAN: Final = """
      FROM device d JOIN loan l USING (device_no)
     WHERE device_id = %(device)s AND (l.ended_at IS NOT NULL) = %(closed)s
"""
_OF_A_LOAN: Final = {
    "absence": f"""
        INSERT INTO absence (loan_id, device_no, from_day, kind, noted_by)
        SELECT loan_id, device_no, %(at)s, 'travel', %(label)s {_LOAN}""",
    "loan_use": f"INSERT INTO loan_use SELECT loan_id, device_no, NULL, %(label)s {_LOAN}",
    "device_replacement": f"""
        INSERT INTO device_replacement (loan_id, device_no, replaced_by, from_day, noted_by)
        SELECT loan_id, device_no, CASE device_no WHEN 1 THEN 2 ELSE 1 END, %(at)s, %(label)s {_LOAN}""",
    "idle_verdict_change": f"""
        INSERT INTO idle_verdict_change
        SELECT device_no, l.started_at, l.started_at, l.started_at, %(label)s, 'none' {_LOAN}""",
}
_VERDICT: Final = """
    INSERT INTO idle_verdict (device_no, loan_started_at, device_class, payer_id, verdict, step, judged_day, judged_at,
                              recent_days)
    SELECT device_no, loan_started_at, device_class, payer_id, 'used', 'none', %(at)s, %(at)s, device_id
      FROM device WHERE device_id = %(device)s
"""
_FIGURE: Final = "INSERT INTO idle_figure VALUES (%s, %s, 'probe', NULL, NULL, %s, 'none', 1, 0, 0)"
_DAYS: Final = "INSERT INTO device_days VALUES (90, %s, %s, 'probe', 'probe', %s, 1, 1, 1)"
_GROUP: Final = """
    INSERT INTO fault_group VALUES (90, %s, %s, 'probe', 'probe', %s, '', '', 'x', 'x', 1, 1, 1, 1, now(), now())
"""
_IMPORT: Final = """
    WITH run AS (
        INSERT INTO import_run VALUES (gen_random_uuid(), 'register', %(label)s, '', 'x', %(at)s, 0, 0, 1)
        RETURNING import_id)
    INSERT INTO import_refusal SELECT import_id, 2, %(label)s, '{}' FROM run
"""
_QUARANTINE: Final = """
    INSERT INTO quarantine (topic, device_no, reason, advice, payload, payload_bytes, payload_sha256, received_at,
                            last_at)
    VALUES (%(label)s, %(device_no)s, 'not_json', '', %(label)s::text::bytea, 1, sha256(%(label)s::text::bytea),
            %(at)s, %(at)s)
"""
_STATEMENTS: Final = {
    "usage": "INSERT INTO usage_day VALUES (%(device_no)s, %(day)s, %(label)s, 1)",
    "command": """
        INSERT INTO command (device_no, counter, name, level, reason, requested_by, idempotency_key, created_at,
                             expires_at)
        VALUES (%(device_no)s, %(boot)s, 'read_faults', 'read', %(label)s, 'test', %(label)s, %(at)s, %(at)s)""",
    "transition": """
        INSERT INTO command_transition (command_id, state, reason)
        SELECT command_id, 'queued', %(label)s FROM command WHERE reason = %(label)s""",
    "reply": """
        INSERT INTO command_reply (device_no, boot, seq, command_id, status, reason, result, ts, received_at)
        VALUES (%(device_no)s, %(boot)s, 1, 'x', 'done', %(label)s, '{}', %(at)s, %(at)s)""",
    "quarantine": _QUARANTINE,
    "software_change": """
        INSERT INTO software_change (device_no, known_at, firmware_from, firmware_to, model_key_from, model_key_to)
        VALUES (%(device_no)s, %(at)s, '1', %(label)s, 'probe-one', 'probe-one')""",
}
# It belongs to the loan in which it was made, and to nobody's between two.
_READ: Final = """
    INSERT INTO audit (at, actor, role, care_unit, action, device_no)
    VALUES (%(at)s, 'x', 'x', 'x', %(label)s, %(device_no)s)
"""
_KEPT_KEYS: Final = {
    "battery_soc": Audience.TECHNICAL,
    "dose_count": Audience.CARE,
    "body_weight": Audience.CLINICAL,
}
_AUDIENCE_THINGS: Final = ("fault", "event", "alarm", "notification", "reading", "kept_event", "kept_reading")
_ORDER_THINGS: Final = ("work_order", "work_order_finding", "work_order_transition")
_FAULT: Final = """
    INSERT INTO device_fault (device_no, system, code, text, fault_code, raised_at, last_seen_at, known_at, cleared_at,
                              source)
    VALUES (%(device_no)s, 'probe', concat_ws('/', %(label)s::text, %(audience)s::text),
            concat_ws('/', %(label)s::text, %(audience)s::text),
            CASE %(audience)s::text WHEN 'technical' THEN 'PR-01' ELSE 'PR-' || %(audience)s::text END,
            %(at)s, %(at)s, %(at)s, %(cleared_at)s, 'event')
"""
_PER_AUDIENCE: Final = (
    _FAULT,
    """
    INSERT INTO device_event (device_no, ts, received_at, boot, seq, event, audience, data)
    VALUES (%(device_no)s, %(at)s, %(at)s, %(boot)s, %(seq)s, %(event)s, %(audience)s,
            jsonb_build_object('label', %(label)s::text))
    """,
    """
    INSERT INTO alarm (device_no, rule, severity, safety, audience, title_sv, title_en, reason_sv, reason_en,
                       happened_at, raised_at, cleared_at)
    VALUES (%(device_no)s, %(rule)s, 'info', false, %(audience)s, '', '', %(label)s, '', %(at)s, %(at)s, %(cleared_at)s)
    """,
    """
    INSERT INTO notification (alarm_id, kind, channel, last_error)
    SELECT alarm_id, 'raised', 'test', reason_sv || '/' || audience FROM alarm
     WHERE reason_sv = %(label)s AND audience = %(audience)s
    """,
    """
    INSERT INTO work_order (device_no, priority, audience, title_sv, title_en, reported_at, start_by, done_by,
                            created_by)
    VALUES (%(device_no)s, 'ordinary', %(audience)s, concat_ws('/', %(label)s::text, %(audience)s::text), '', %(at)s,
            %(at)s, %(at)s, 'test')
    """,
    """
    INSERT INTO work_order_finding (order_id, device_no, kind, reference, finding_key, title_sv, title_en, happened_at,
                                    known_at, noted_by)
    SELECT order_id, device_no, 'person', title_sv, 'key', '', '', reported_at, reported_at, 'test' FROM work_order
     WHERE title_sv = concat_ws('/', %(label)s::text, %(audience)s::text)
    """,
    """
    INSERT INTO work_order_transition (order_id, at, state, reason, by_whom)
    SELECT order_id, reported_at, 'draft', title_sv, 'test' FROM work_order
     WHERE title_sv = concat_ws('/', %(label)s::text, %(audience)s::text)
    """,
    """
    INSERT INTO reading_probe (device_no, ts, received_at, boot, seq, battery_soc, dose_count, body_weight)
    VALUES (%(device_no)s, %(at)s, %(at)s, %(boot)s, %(seq)s,
            CASE WHEN %(audience)s::text = 'technical' THEN 1 END, CASE WHEN %(audience)s::text = 'care' THEN 1 END,
            CASE WHEN %(audience)s::text = 'clinical' THEN 1 END)
    """,
)
