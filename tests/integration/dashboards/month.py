"""A month of made-up rows for every device class of the registry, so that each panel has something to show."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from fleet.clock import STOCKHOLM, to_milliseconds
from fleet.errors import RejectionReason
from fleet.faults import Severity
from fleet.plumbing.store.register import NewDevice, NewLoan, enroll_devices
from fleet.profile import DeviceProfile
from fleet.registry import Registry
from fleet.signals import Audience, Kind, Metric
from ingest.consumer import ConsumerStatistics
from ingest.figures import Figures

DAYS = 31
USE_DAYS = 75  # longer than any limit, so that something is proposed
STEP = timedelta(hours=3)
# A name that SQL would stumble over, were it not quoted.
PAYERS = (("kommun-01", "Kommun 1"), ("o'hara", "O'Hara; -- kommun"), ("region-01", "Regionen"))


@dataclass(frozen=True, slots=True)
class Role:
    """What a device does: days since it was heard and used last, its loan's age in days; None is never or none."""

    heard: float | None
    used: int | None
    loan: int | None
    enrolled: bool = True


# One device of each model takes each role, so that every verdict occurs.
ROLES = (
    Role(heard=0.01, used=0, loan=200),
    Role(heard=0.02, used=1, loan=200),
    Role(heard=0.1, used=2, loan=300),
    Role(heard=0.3, used=170, loan=200),
    Role(heard=0.5, used=None, loan=190),
    Role(heard=0.2, used=None, loan=3),
    Role(heard=40, used=41, loan=200),
    Role(heard=None, used=None, loan=90),
    Role(heard=None, used=None, loan=60, enrolled=False),
    Role(heard=3, used=5, loan=None),
)


@dataclass(frozen=True, slots=True)
class Placed:
    """A device with its number, name and role."""

    number: int
    device_id: str
    role: Role


def fill(owner: str, registry: Registry, now: datetime, seed: int = 1) -> None:
    """Fills a migrated, empty database. Same seed, same rows, but for the device ids and `now`."""
    chance = random.Random(seed)
    with psycopg.connect(owner) as connection:
        payers = [
            row[0]
            for code, name in PAYERS
            for row in connection.execute(
                "INSERT INTO payer (code, name, kind) VALUES (%s, %s, 'municipality') RETURNING payer_id", [code, name]
            )
        ]
        for profile in registry:
            _fill_class(connection, profile, payers, now, chance)
        _fill_platform(connection, now)
        _reached(connection, now)
        _recalls(connection)
        connection.execute("ANALYZE")


def _fill_class(
    connection: psycopg.Connection, profile: DeviceProfile, payers: list[int], now: datetime, chance: random.Random
) -> None:
    placed = _devices(connection, profile, payers, now)
    heard = [device for device in placed if device.role.heard is not None]
    for device in heard:
        _state(connection, profile, device, now, chance)
    _readings(connection, profile, heard, now, chance)
    _usage(connection, profile, heard, now, chance)
    _events(connection, profile, heard, now)
    _faults(connection, profile, heard, now)
    _alarms(connection, profile, heard, now)
    _commands(connection, heard, now)
    connection.execute(
        "INSERT INTO unknown_metric VALUES (%s, %s, 'novel.metric', %s, %s, %s, 7)",
        [profile.name, profile.models[0].key, heard[0].number, now - timedelta(days=3), now],
    )


def _devices(connection: psycopg.Connection, profile: DeviceProfile, payers: list[int], now: datetime) -> list[Placed]:
    models = list(dict.fromkeys(model.key for model in profile.models))[:2]
    wanted = [(model, role) for model in models for role in ROLES]
    news = [
        NewDevice(
            device_class=profile.name,
            model_key=model,
            individual_number=f"{profile.name}-{number:03d}",
            loan=None
            if role.loan is None
            else NewLoan(
                payer_id=payers[number % len(payers)], legal_frame="HSL", started_at=now - timedelta(days=role.loan)
            ),
        )
        for number, (model, role) in enumerate(wanted)
    ]
    enrolled = enroll_devices(connection, news, now - timedelta(days=400))
    placed = [Placed(e.device_no, e.device_id, role) for e, (_, role) in zip(enrolled, wanted, strict=True)]
    without = [device.number for device in placed if not device.role.enrolled]
    connection.execute("UPDATE device SET enrolled_at = NULL WHERE device_no = ANY (%s)", [without])
    return placed


def _state(
    connection: psycopg.Connection, profile: DeviceProfile, device: Placed, now: datetime, chance: random.Random
) -> None:
    last = _last_heard(device, now)
    values = {metric.key: [_value(metric, chance), to_milliseconds(last)] for metric in profile.metrics}
    used = None if device.role.used is None else _day(now) - timedelta(days=device.role.used)
    connection.execute(
        "INSERT INTO device_state (device_no, boot, online, first_seen_at, last_seen_at, last_event_at, last_used_day,"
        " metric_values) VALUES (%s, 1, %s, %s, %s, %s, %s, %s)",
        [device.number, last > now - timedelta(hours=4), now - timedelta(days=180), last, last, used, Jsonb(values)],
    )


def _readings(
    connection: psycopg.Connection, profile: DeviceProfile, devices: list[Placed], now: datetime, chance: random.Random
) -> None:
    columns = ["device_no", "ts", "received_at", "boot", "seq", "clock_corrected", *(m.column for m in profile.metrics)]
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(f"reading_{profile.name}"), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    numbers = count(1)
    with connection.cursor().copy(statement) as copy:
        for device in devices:
            for ts in _moments(device, now):
                values = [_value(metric, chance) for metric in profile.metrics]
                corrected = True if chance.random() < 0.05 else None
                late = timedelta(seconds=chance.expovariate(1 / 5.0))
                copy.write_row([device.number, ts, ts + late, 1, next(numbers), corrected, *values])


def _usage(
    connection: psycopg.Connection, profile: DeviceProfile, devices: list[Placed], now: datetime, chance: random.Random
) -> None:
    enough = {clause.measure: clause.amount for clause in profile.usage.used_when}
    rows = []
    for device in devices:
        for ago in range(int(device.role.heard or 0), USE_DAYS):
            used = device.role.used is not None and device.role.used <= ago and chance.random() < 0.8
            for measure in profile.usage.measures:
                amount = enough.get(measure.name, 1.0) * (1 + 9 * chance.random()) if used else 0.0
                rows.append([device.number, _day(now) - timedelta(days=ago), measure.name, amount])
    # No COPY: PostgreSQL has none for tables with row security.
    connection.cursor().executemany("INSERT INTO usage_day VALUES (%s, %s, %s, %s)", rows)


def _events(connection: psycopg.Connection, profile: DeviceProfile, devices: list[Placed], now: datetime) -> None:
    numbers = count(1_000_000)
    with connection.cursor().copy(
        "COPY device_event (device_no, ts, received_at, boot, seq, event, audience, data, clock_corrected) FROM STDIN"
    ) as copy:
        for device in devices:
            for place, ts in enumerate(_moments(device, now)):
                event = profile.all_events[place % len(profile.all_events)]
                corrected = True if place % 20 == 0 else None
                row = [device.number, ts, ts, 1, next(numbers), event.name, event.audience, Jsonb({}), corrected]
                copy.write_row(row)


def _faults(connection: psycopg.Connection, profile: DeviceProfile, devices: list[Placed], now: datetime) -> None:
    """One active and one past fault of each severity, and a code that nobody knows."""
    technical = [f for f in profile.faults if f.native and f.audience is Audience.TECHNICAL]
    chosen = [
        next(f for f in technical if f.severity is s) for s in Severity if any(f.severity is s for f in technical)
    ]
    known = [(f.native[0].system, f.native[0].code, f.code) for f in chosen]
    for place, (system, code, fault) in enumerate([*known, ("novel", "99", None)]):
        for device in devices[place % 3 :: 3]:
            for ago, cleared in ((20, 19), (2, None)):
                raised = now - timedelta(days=ago, hours=place)
                connection.execute(
                    "INSERT INTO device_fault (device_no, system, code, fault_code, module, raised_at,"
                    " last_seen_at, known_at, cleared_at, cleared_by, source) VALUES (%s, %s, %s, %s, 'm1', %s,"
                    " %s, %s, %s, %s, 'event')",
                    [device.number, system, code, fault, raised, raised, raised,
                     None if cleared is None else now - timedelta(days=cleared),
                     None if cleared is None else "device"],
                )  # fmt: skip


def _alarms(connection: psycopg.Connection, profile: DeviceProfile, devices: list[Placed], now: datetime) -> None:
    """Of each technical rule a past alarm and an open one, every second of them taken."""
    for place, rule in enumerate(rule for rule in profile.rules if rule.audience is Audience.TECHNICAL):
        device = devices[place % len(devices)].number
        told = (rule.name, rule.severity, rule.safety, rule.title.sv, rule.title.en)
        for raised, cleared in (
            (now - timedelta(days=place % 25 + 2), now - timedelta(days=1)),
            (now - timedelta(hours=place + 1), None),
        ):
            taken = (raised, "t1") if place % 2 else (None, None)
            connection.execute(
                "INSERT INTO alarm (device_no, rule, severity, safety, title_sv, title_en, audience,"
                " reason_sv, reason_en, happened_at, raised_at, taken_at, taken_by, cleared_at)"
                " VALUES (%s, %s, %s, %s, %s, %s, 'technical', 'prov', 'test', %s, %s, %s, %s, %s)",
                [device, *told, raised, raised, *taken, cleared],
            )


def _reached(connection: psycopg.Connection, now: datetime) -> None:
    """Every alarm was sent and called about, most delivered, the ended ones judged; a canary flew every day."""
    connection.execute(
        "INSERT INTO notification (alarm_id, kind, channel, state, first_sent_at, receipt_due_at, delivered_at)"
        " SELECT alarm_id, 'raised', 'sms', 'sent', raised_at + interval '0.4 seconds',"
        " raised_at + interval '1 minute',"
        " CASE WHEN alarm_id % 5 > 0 THEN raised_at + interval '4 seconds' END FROM alarm"
    )
    connection.execute(
        "INSERT INTO escalation_call (alarm_id, call_no, position, due_at, called_at, recipients, reason)"
        " SELECT alarm_id, 0, alarm_id % 3, raised_at, raised_at, ARRAY['home-care'], 'step' FROM alarm"
    )
    connection.execute("UPDATE alarm SET taken_at = taken_at + interval '90 seconds' WHERE taken_at IS NOT NULL")
    connection.execute(
        "UPDATE alarm SET verdict = (ARRAY['true', 'true', 'false', 'expected'])[1 + alarm_id % 4], verdict_by = 't1',"
        " verdict_at = cleared_at WHERE cleared_at IS NOT NULL AND alarm_id % 5 > 0"
    )
    connection.execute("INSERT INTO canary_device SELECT min(device_no) FROM device WHERE device_class = 'dispenser'")
    connection.execute(
        "INSERT INTO canary_run (device_no, jammed_at, raised_at, sent_at, delivered_at, cleared_at, outcome)"
        " SELECT device_no, at, at + interval '0.3 seconds', at + interval '0.5 seconds', at + interval '3 seconds',"
        " at + interval '1 minute', 'arrived'"
        " FROM canary_device, generate_series(%(now)s - interval '20 days', %(now)s, interval '1 day') AS at",
        {"now": now},
    )


def _commands(connection: psycopg.Connection, devices: list[Placed], now: datetime) -> None:
    for number, (device, state) in enumerate(zip(devices, ("succeeded", "expired", "refused", "queued"), strict=False)):
        asked = now - timedelta(hours=number + 1)
        answered = asked + timedelta(seconds=2) if state in {"succeeded", "refused"} else None
        connection.execute(
            "INSERT INTO command (device_no, counter, name, level, state, requested_by, idempotency_key,"
            " created_at, expires_at, answered_at) VALUES (%s, 1, 'read_faults', 'read', %s, 't1', %s, %s, %s, %s)",
            [device.number, state, device.device_id, asked, asked + timedelta(seconds=30), answered],
        )


def _fill_platform(connection: psycopg.Connection, now: datetime) -> None:
    for place, reason in enumerate(RejectionReason):
        seen = now - timedelta(hours=place + 1)
        connection.execute(
            "INSERT INTO quarantine (topic, device_no, reason, advice, payload, payload_bytes, payload_sha256,"
            " received_at, last_at, times) VALUES ('fk/v1/d-x/telemetry', (SELECT min(device_no) FROM device), %s,"
            " 'send it right', ''::bytea, 0, %s, %s, %s, 2)",
            [reason, bytes([place]), seen, seen],
        )
    figures = Figures(messages=900, events=20, repeated=7, broker_dropped=0, lag_seconds=0.2)
    figures.readings.update({"scale": 870})
    statistics = figures.as_json(ConsumerStatistics(received=907))
    connection.execute("INSERT INTO ingest_watermark VALUES ('ingest-0', %s, %s)", [now, Jsonb(statistics)])
    connection.execute(
        "INSERT INTO ingest_minute (shard, minute, lag_seconds, queued, messages, stored, duplicates, redelivered,"
        " quarantined, broker_dropped, held, connections_lost, sessions_lost, outbox_reports, outbox_messages,"
        " outbox_most) SELECT 'ingest-0', date_trunc('minute', %s::timestamptz) - make_interval(mins => n),"
        " 1 + n %% 20, n %% 100, 900, 890, n %% 7, n %% 3, '{\"not_json\": 1}', n %% 2, 0, 0, 0, 20, 60, 9"
        " FROM generate_series(0, 1500) AS n",
        [now],
    )
    connection.execute(
        'UPDATE device_state SET attributes = \'{"outbox.given_up": "3"}\''
        " WHERE device_no = (SELECT min(device_no) FROM device_state)"
    )


def _recalls(connection: psycopg.Connection) -> None:
    """Cases in every state and of every age, some answered; what a case needs to begin is proved elsewhere."""
    connection.execute("ALTER TABLE recall_case DISABLE TRIGGER recall_ground")
    connection.execute(
        """
        INSERT INTO depot (code, name) VALUES ('norr', 'Depå Norr');
        INSERT INTO prescriber (code, unit_name, payer_id, legal_frame)
        SELECT 'unit-' || payer_id, 'Rehab ' || payer_id, payer_id, 'HSL' FROM payer;
        UPDATE device SET depot_id = (SELECT depot_id FROM depot) WHERE device_no % 2 = 0;
        UPDATE loan SET prescriber_id = (SELECT r.prescriber_id FROM prescriber r WHERE r.payer_id = loan.payer_id)
         WHERE device_no % 3 > 0;
        INSERT INTO recall_case (device_no, loan_id, payer_id, legal_frame, individual_number, device_class, model_key,
                                 state, action, verdict, since, known_until, days, rent_sek, proposed_at, proposed_by,
                                 snoozed_until, ordered_at, rent_stops, pick_up_by, deregister_by, changed_at,
                                 changed_by, why)
        SELECT device_no, loan_id, l.payer_id, l.legal_frame, individual_number, device_class, model_key, m.state,
               CASE m.state WHEN 'needed' THEN 'need' WHEN 'woken_up' THEN 'wake_up' WHEN 'proposed' THEN 'propose'
                            ELSE 'confirm' END,
               'unused', current_date - 40, current_date, 40, 125, now(), 'x',
               CASE m.state WHEN 'needed' THEN current_date END,
               CASE m.state WHEN 'pick_up_ordered' THEN now() END,
               CASE m.state WHEN 'pick_up_ordered' THEN current_date - 9 END,
               CASE m.state WHEN 'pick_up_ordered' THEN current_date - 5 END,
               CASE m.state WHEN 'pick_up_ordered' THEN current_date - 5 END,
               now() - make_interval(days => 10 * m.place::integer), 'x', 'x'
          FROM (SELECT *, row_number() OVER (ORDER BY device_no) AS number FROM loan WHERE ended_at IS NULL) l
          JOIN device d USING (device_no)
          JOIN unnest(ARRAY['proposed', 'asked', 'needed', 'confirmed_unused', 'pick_up_ordered', 'woken_up',
                            'withdrawn']) WITH ORDINALITY AS m(state, place) ON m.place = l.number % 8
        """
    )


def _moments(device: Placed, now: datetime) -> Iterator[datetime]:
    moment = _last_heard(device, now)
    while moment > now - timedelta(days=DAYS):
        yield moment
        moment -= STEP


def _last_heard(device: Placed, now: datetime) -> datetime:
    assert device.role.heard is not None
    return now - timedelta(days=device.role.heard)


def _value(metric: Metric, chance: random.Random) -> float | bool:
    if metric.kind is Kind.FLAG:
        return chance.random() < 0.5
    value = chance.uniform(metric.low, metric.high)
    return int(value) if metric.kind is Kind.COUNT else value


def _day(now: datetime) -> date:
    return now.astimezone(STOCKHOLM).date()


def utc_now() -> datetime:
    """The present; the factory and the trial must agree on it."""
    return datetime.now(UTC)
