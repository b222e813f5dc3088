"""The final state against the ledger: what is lost, doubled, changed or wrongly summed up."""

from dataclasses import dataclass

import psycopg

from fjarrkoll.chain.device import COLUMN, DEVICE_CLASS, VALUE_SQL
from fjarrkoll.chain.field import Field
from fjarrkoll.chain.site import Site
from fjarrkoll.demo.observe import compare
from fleet.plumbing.store.tables import reading_table

_TABLE = reading_table(DEVICE_CLASS)


@dataclass(frozen=True, slots=True)
class FinalState:
    """Messages by identity (device, boot, seq).

    Attributes:
        produced: in the ledger.
        stored, lost, duplicated, quarantined: as `fjarrkoll.demo.observe.Counts`.
        changed: rows whose value is not the one that was sent.
        counted: the sum of the usage kept per day, which grows by one with each reading.
    """

    produced: int
    stored: int
    lost: int
    duplicated: int
    quarantined: int
    changed: int
    counted: int

    @property
    def exact(self) -> bool:
        """Every message once, as it was sent, and counted once."""
        return self.stored == self.counted == self.produced and not (self.lost or self.duplicated or self.changed)


def final_state(site: Site, field: Field) -> FinalState:
    """Looks, after everything has come to rest."""
    counts = compare(site.urls.owner, site.registry, field.ledger_path)
    with psycopg.connect(site.urls.owner) as connection:
        row = connection.execute(
            f"SELECT (SELECT count(*) FROM {_TABLE} WHERE {COLUMN} <> {VALUE_SQL}),"  # noqa: S608 - our own constants
            " (SELECT coalesce(sum(amount), 0) FROM usage_day)".replace("%%", "%")
        ).fetchone()
    changed, counted = row or (0, 0)
    return FinalState(
        produced=counts.published,
        stored=counts.stored,
        lost=counts.lost,
        duplicated=counts.duplicated,
        quarantined=counts.quarantined,
        changed=int(changed),
        counted=int(counted),
    )


def stored_rows(site: Site) -> int:
    """Rows of readings, of whatever identity."""
    ((count,),) = site.ask(f"SELECT count(*) FROM {_TABLE}")  # noqa: S608 - our own constant
    return int(str(count))
