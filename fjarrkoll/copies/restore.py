"""Brings a backup back into a new database, on any cluster, and proves that it is what was backed up."""

import time
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from fjarrkoll.copies.manifest import DUMP, CopyError, Manifest, differences, read_manifest
from fjarrkoll.copies.programs import find_program, run_program
from fleet.plumbing.store.bootstrap import Passwords, bootstrap
from fleet.plumbing.store.keeping.hashes import table_hashes


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back: the backup's manifest, and how long it took with its proof."""

    manifest: Manifest
    seconds: float


def restore(folder: Path, superuser_dsn: str, database: str, passwords: Passwords) -> Restored:
    """Restores into a database that does not exist yet; roles are made where they are missing.

    Args:
        folder: written by `back_up`.
        superuser_dsn: of the cluster to restore into.
        database: its new name.
        passwords: what each role's password becomes there: roles and passwords are not part of a backup.

    Raises:
        CopyError: the backup is damaged, the name is taken, the server's TimescaleDB is another, or the rows that came
            back are not those that were backed up. Whatever was made is dropped again.
        ConfigurationError: the server has no TimescaleDB, or the address is not a superuser's.
    """
    started = time.monotonic()
    manifest = read_manifest(folder)
    with psycopg.connect(superuser_dsn, autocommit=True) as connection:
        _check_place(connection, database, manifest)
        program = find_program("pg_restore", connection.info.server_version // 10_000)
    bootstrap(superuser_dsn, database, passwords)
    try:
        _fill(program, folder, superuser_dsn, database)
        verify(manifest, superuser_dsn, database)
    except BaseException:
        _drop(superuser_dsn, database)
        raise
    return Restored(manifest, round(time.monotonic() - started, 1))


def verify(manifest: Manifest, superuser_dsn: str, database: str) -> None:
    """Compares every row of a database with a backup.

    Raises:
        CopyError: something differs; the message names the tables.
    """
    with psycopg.connect(superuser_dsn, dbname=database) as connection:
        found = differences(manifest.tables, table_hashes(connection))
    if found:
        raise CopyError(f"what came back is not what was backed up: {'; '.join(found)}")


def _check_place(connection: psycopg.Connection, database: str, manifest: Manifest) -> None:
    if connection.execute("SELECT FROM pg_database WHERE datname = %s", [database]).rowcount:
        raise CopyError(f"there is a database {database} already: choose another name, or rename that one first")
    versions = connection.execute("SELECT version FROM pg_available_extension_versions WHERE name = 'timescaledb'")
    offered = [row[0] for row in versions.fetchall()]
    if offered and manifest.timescaledb not in offered:
        raise CopyError(
            f"the backup was made with TimescaleDB {manifest.timescaledb}, but this server offers"
            f" {', '.join(sorted(offered))}: install that version first, and update the extension afterwards"
        )


def _fill(program: Path, folder: Path, superuser_dsn: str, database: str) -> None:
    """As TimescaleDB wants it: its triggers rest while its own catalogue is filled, and one job only."""
    with psycopg.connect(superuser_dsn, dbname=database, autocommit=True) as connection:
        connection.execute("SELECT timescaledb_pre_restore()")
    run_program(program, ["--exit-on-error", str(folder / DUMP)], superuser_dsn, database)
    with psycopg.connect(superuser_dsn, dbname=database, autocommit=True) as connection:
        connection.execute("SELECT timescaledb_post_restore()")
        connection.execute("ANALYZE")


def _drop(superuser_dsn: str, database: str) -> None:
    with psycopg.connect(superuser_dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))
