"""A made-up region in a real database: devices, loans, absences, a year of days as bits, the newest day as usage."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Final

import numpy as np
import psycopg

from benchmarks.idle.knowledge import FIRST, Flags
from benchmarks.idle.region import KINDS, NO_DAY, Outages, Region, make
from diagnostics.idle.days import BLOCK
from fleet.registry import load_registry

DAYS: Final = 365
_PAYERS: Final = 49
_GATEWAYS: Final = 16
_FIRST_BLOCK: Final = 1  # device numbers begin with a whole row of day_block
_LENT_LONG_AGO: Final = -400
_SPREAD: Final = 0.6180339887  # multiples of it lie evenly between nought and one
_LOANS: Final = """
    INSERT INTO loan (device_no, payer_id, legal_frame, started_at)
    SELECT device_no, 1 + device_no %% %s, 'HSL', registered_at FROM device
"""
_MIRRORED: Final = """
    UPDATE device d
       SET payer_id = l.payer_id, legal_frame = l.legal_frame, loan_started_at = l.started_at, stock_state = 'on_loan'
      FROM loan l WHERE l.device_no = d.device_no
"""
_STATES: Final = """
    INSERT INTO device_state (device_no, boot, first_seen_at, last_seen_at, last_used_day)
    SELECT device_no, 1, %(first)s, %(today)s, %(today)s::date FROM device
"""


@dataclass(frozen=True, slots=True)
class Filled:
    """What was filled in.

    Attributes:
        today: the newest day.
        newest: per device number, whether it was used on the newest day; who is not in it was not heard.
        measures: per class, a measure of use and how much of it makes a used day.
        classes: per device number, its class.
        url: the superuser's.
    """

    devices: int
    today: date
    newest: dict[int, bool]
    measures: dict[str, tuple[str, float]]
    classes: dict[int, str]
    url: str


def fill(url: str, devices: int, seed: int) -> Filled:
    """Fills an empty, migrated database, as a superuser: COPY minds no row security."""
    today = datetime.now(UTC).date()
    models = _models()
    newest: dict[int, bool] = {}
    classes: dict[int, str] = {}
    sizes = [min(BLOCK, devices - start) for start in range(0, devices, BLOCK)]
    outages = Outages.drawn(np.random.default_rng(seed), _GATEWAYS * len(sizes), DAYS)
    with psycopg.connect(url) as connection:
        for number in range(1, _PAYERS + 1):
            row = (f"kommun-{number:02}", f"Kommun {number:02}")
            connection.execute("INSERT INTO payer (code, name, kind) VALUES (%s, %s, 'municipality')", row)
        absences: list[tuple[int, date, date]] = []
        for number, size in enumerate(sizes):
            part = Outages(outages.dead[:, number * _GATEWAYS : (number + 1) * _GATEWAYS])
            region = make(np.random.default_rng([seed, number]), size, FIRST, part)
            first = (_FIRST_BLOCK + number) * BLOCK
            _devices(connection, region, first, models, today)
            _days(connection, region, _FIRST_BLOCK + number, today)
            absences += [
                (first + device, _date(start, today), _date(end, today)) for device, start, end in region.absences
            ]
            heard = np.flatnonzero(region.heard[-1]).tolist()
            newest |= {first + device: bool(region.used[-1, device]) for device in heard}
            classes |= {first + place: KINDS[kind].device_class for place, kind in enumerate(region.kind.tolist())}
        # What the trigger of a loan does, for all at once: one by one it takes many minutes.
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute(_LOANS, [_PAYERS])
        connection.execute(_MIRRORED)
        connection.execute("SET LOCAL session_replication_role = origin")
        connection.execute(_STATES, {"first": datetime.now(UTC) - timedelta(days=500), "today": datetime.now(UTC)})
        _absences(connection, absences)
        _progress(connection, today - timedelta(days=1))
    filled = Filled(devices, today, newest, _measures(), classes, url)
    _usage(url, filled, today)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ANALYZE")
    return filled


def next_day(filled: Filled, start: float = 0.0, end: float = 1.0) -> int:
    """One day more of usage for devices that were heard on the newest, as ingest keeps it; returns for how many.

    Args:
        filled: what was filled in.
        start: from which share of them.
        end: to which; by number, so that every class and block is met alike.
    """
    some = {device: used for device, used in filled.newest.items() if start <= device * _SPREAD % 1.0 < end}
    _usage(filled.url, replace(filled, newest=some), filled.today + timedelta(days=1))
    return len(some)


def _models() -> list[tuple[str, str]]:
    """Per kind of the region a class and model."""
    registry = load_registry()
    found = []
    for kind in KINDS:
        profile = registry[kind.device_class]
        found.append((profile.name, next(model.key for model in profile.models if model.idle_policy == kind.policy)))
    return found


def _measures() -> dict[str, tuple[str, float]]:
    clauses = {profile.name: profile.usage.used_when[0] for profile in load_registry()}
    return {name: (clause.measure, clause.amount) for name, clause in clauses.items()}


def _date(day: int, today: date) -> date:
    return today - timedelta(days=DAYS - 1 - day)


def _devices(
    connection: psycopg.Connection, region: Region, first: int, models: list[tuple[str, str]], today: date
) -> None:
    statement = (
        "COPY device (device_no, device_id, individual_number, device_class, model_key, enrolled_at, registered_at)"
        " FROM STDIN"
    )
    began = np.where(region.loan == NO_DAY, _LENT_LONG_AGO, region.loan).tolist()
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for place, (kind, loan) in enumerate(zip(region.kind.tolist(), began, strict=True)):
            device, (device_class, model) = first + place, models[kind]
            lent = _date(loan, today)
            copy.write_row((device, f"d-{device:09}", f"{device:09}", device_class, model, lent, lent))


def _days(connection: psycopg.Connection, region: Region, block: int, today: date) -> None:
    """All days but the newest, which comes by way of usage."""
    heard, used = _packed(region.heard), _packed(region.used)
    with connection.cursor() as cursor, cursor.copy("COPY day_block FROM STDIN") as copy:
        for day in range(DAYS - 1):
            copy.write_row((block, _date(day, today), heard[day].tobytes(), used[day].tobytes()))


def _packed(flags: Flags) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    whole = np.zeros((len(flags), BLOCK), bool)
    whole[:, : flags.shape[1]] = flags
    return np.packbits(whole, axis=1, bitorder="little")


def _absences(connection: psycopg.Connection, absences: list[tuple[int, date, date]]) -> None:
    connection.execute("CREATE TEMPORARY TABLE away (device_no integer, from_day date, until_day date) ON COMMIT DROP")
    with connection.cursor() as cursor, cursor.copy("COPY away FROM STDIN") as copy:
        for row in absences:
            copy.write_row(row)
    connection.execute(
        "INSERT INTO absence (loan_id, device_no, from_day, until_day, kind, noted_by)"
        " SELECT loan_id, device_no, from_day, until_day, 'other', 'benchmark' FROM away JOIN loan USING (device_no)"
    )


def _progress(connection: psycopg.Connection, day: date) -> None:
    connection.execute("INSERT INTO day_block_progress SELECT name, %s, %s FROM device_class", [datetime.now(UTC), day])


def _usage(url: str, filled: Filled, day: date) -> None:
    with (
        psycopg.connect(url) as connection,
        connection.cursor() as cursor,
        cursor.copy("COPY usage_day FROM STDIN") as copy,
    ):
        for device, used in filled.newest.items():
            measure, enough = filled.measures[filled.classes[device]]
            copy.write_row((device, day, measure, enough if used else 0.0))
