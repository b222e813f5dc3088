"""What the database says happened, compared with the ledger of what the devices produced."""

from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from device_sim.ledger import read_ledger
from fleet.registry import Registry

_LOAD = """
    CREATE TEMP TABLE ledger (device_id text, boot integer, seq bigint);
"""

# Every place where a numbered message can end up. Quarantine counts as kept, not as stored.
_KEPT = sql.SQL("""
    CREATE TEMP TABLE kept AS
    SELECT d.device_id, k.boot, k.seq, k.place
      FROM ({places}) k JOIN device d USING (device_no)
""")

_COMPARE = """
    SELECT (SELECT count(*) FROM ledger) AS published,
           (SELECT count(*) FROM ledger l WHERE EXISTS (
               SELECT FROM kept k
                WHERE (k.device_id, k.boot, k.seq) = (l.device_id, l.boot, l.seq)
                  AND k.place <> 'quarantine')) AS stored,
           (SELECT count(*) FROM ledger l WHERE NOT EXISTS (
               SELECT FROM kept k WHERE (k.device_id, k.boot, k.seq) = (l.device_id, l.boot, l.seq))) AS lost,
           (SELECT count(*) - count(DISTINCT (device_id, boot, seq)) FROM kept
             WHERE place <> 'quarantine') AS duplicated,
           (SELECT count(*) FROM quarantine) AS quarantined
"""


@dataclass(frozen=True, slots=True)
class Counts:
    """Messages by identity (device, boot, seq).

    Attributes:
        published: what the devices produced, by their ledger.
        stored: of these, found in readings, events or replies.
        lost: of these, found nowhere, not even in quarantine.
        duplicated: rows beyond the first with the same identity.
        quarantined: rows in quarantine, of whatever sender.
    """

    published: int
    stored: int
    lost: int
    duplicated: int
    quarantined: int


def compare(owner_url: str, registry: Registry, ledger: Path) -> Counts:
    """Compares the ledger with every table a message can be in; reads as the owner, because it asks across payers."""
    with psycopg.connect(owner_url) as connection:
        connection.execute(_LOAD)
        with connection.cursor().copy("COPY ledger FROM STDIN") as copy:
            for device_id, boot, seq, _ in read_ledger(ledger):
                copy.write_row((device_id, boot, seq))
        connection.execute(_KEPT.format(places=_places(registry)))
        connection.execute("CREATE INDEX ON kept (device_id, boot, seq); ANALYZE ledger; ANALYZE kept")
        row = connection.execute(_COMPARE).fetchone()
    if row is None:
        msg = "the comparison gave no row"
        raise RuntimeError(msg)
    return Counts(*row)


def _places(registry: Registry) -> sql.Composed:
    tables = [f"reading_{profile.name}" for profile in registry] + ["device_event", "command_reply"]
    selects = [
        sql.SQL("SELECT device_no, boot, seq, {place} AS place FROM {table}").format(
            place=sql.Literal(table), table=sql.Identifier(table)
        )
        for table in tables
    ]
    quarantine = sql.SQL(
        "SELECT device_no, boot, seq, 'quarantine' FROM quarantine WHERE num_nulls(boot, device_no) = 0"
    )
    return sql.SQL(" UNION ALL ").join([*selects, quarantine])


def nights_stored(owner_url: str) -> int:
    """Nights of the units that play real cards, found in the readings; their individual numbers begin with 9."""
    with psycopg.connect(owner_url) as connection:
        row = connection.execute("""
            SELECT count(*) FROM reading_apap r JOIN device d USING (device_no)
             WHERE d.individual_number LIKE '9%' AND r.therapy_usage IS NOT NULL
        """).fetchone()
    return int(row[0]) if row else 0
