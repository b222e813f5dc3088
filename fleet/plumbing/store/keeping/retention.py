"""Retention as a whole: what each table loses with time, done or only told."""

from datetime import datetime

import psycopg

from fleet.plumbing.store.keeping.chunks import drop_chunks
from fleet.plumbing.store.keeping.limits import Dropped, Retention
from fleet.plumbing.store.keeping.rows import delete_rows
from fleet.registry import Registry


def retain(
    connection: psycopg.Connection, registry: Registry, retention: Retention, now: datetime, *, dry_run: bool = False
) -> list[Dropped]:
    """Drops what is older than it is kept for; tells of each table to which something happened or would.

    Args:
        connection: as the owner, in autocommit.
        registry: the device classes.
        retention: the limits.
        now: the time, aware.
        dry_run: tell only.
    """
    done = drop_chunks(connection, registry, retention, now, dry_run=dry_run)
    done += delete_rows(connection, retention, now, dry_run=dry_run)
    return [entry for entry in done if entry.chunks or entry.rows or entry.kept]
