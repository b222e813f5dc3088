"""The SQL of ingest: files beside this one, and the statements made from the profiles' tables."""

from functools import cache
from pathlib import Path
from typing import Final

from psycopg import sql

from fleet.plumbing.store.tables import metric_columns, reading_table
from fleet.profile import DeviceProfile

_FOLDER: Final = Path(__file__).parent / "sql"
EVENTS: Final = "device_event"


@cache
def statement(name: str) -> bytes:
    """The text of `sql/<name>.sql`."""
    return (_FOLDER / f"{name}.sql").read_bytes()


@cache
def told_statement() -> bytes:
    """`update_told.sql`."""
    return statement("update_told").replace(b"{first}", statement("first_of_loan").strip())


@cache
def usage_statement(name: str, *, maximum: bool) -> bytes:
    """`grow_usage.sql` or `judge_usage.sql`, for sums and counts or for maxima."""
    grown = b"greatest(u.amount, i.amount)" if maximum else b"u.amount + i.amount"
    return statement(name).replace(b"{grown}", grown).replace(b"{begun}", grown.replace(b"i.", b"excluded."))


def insert_readings(profile: DeviceProfile) -> bytes:
    """Inserts rows of a class; parameters are the time of arrival, then the arrays of `rows.ReadingColumns`.

    No ON CONFLICT: where a message is stored already, the key refuses the whole batch, which must be looked at anew in
    any case, since its sums would be wrong. All others cost two thirds (measured, docs/decisions/0002).

    The columns are named, so that a metric added by a later release does not disturb.
    """
    names = [
        "device_no",
        "ts",
        "boot",
        "seq",
        *(metric.column for metric in metric_columns(profile)),
        "unknown",
        "clock_corrected",
    ]
    composed = sql.SQL("INSERT INTO {table} ({names}, received_at) SELECT i.*, %s FROM unnest({places}) AS i").format(
        table=sql.Identifier(reading_table(profile.name)),
        names=sql.SQL(", ").join(map(sql.Identifier, names)),
        places=sql.SQL(", ").join(sql.SQL("%b") for _ in names),
    )
    return composed.as_string(None).encode()


def find_stored(table: str) -> bytes:
    """Which messages a hypertable holds already; parameters: arrays of device_no, ts, boot, seq, first and last ts.

    The two bounds let chunks that cannot hold them be left out.
    """
    composed = sql.SQL(
        "SELECT i.place FROM unnest(%b, %b, %b, %b) WITH ORDINALITY AS i (device_no, ts, boot, seq, place)"
        " JOIN {} s USING (device_no, ts, boot, seq) WHERE s.ts BETWEEN %s AND %s"
    ).format(sql.Identifier(table))
    return composed.as_string(None).encode()
