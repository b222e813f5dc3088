"""Writes a backup: a dump and the hashes of the very same snapshot."""

import time
from datetime import UTC
from pathlib import Path
from typing import Final

import psycopg

from fjarrkoll.copies.manifest import DUMP, CopyError, Manifest, sha256_of, write_manifest
from fjarrkoll.copies.programs import find_program, run_program
from fleet.plumbing.store.keeping.hashes import table_hashes

_FACTS: Final = """
    SELECT now(), pg_export_snapshot(), current_setting('server_version'),
           (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'),
           (SELECT version_num FROM alembic_version)
"""


def back_up(superuser_dsn: str, database: str, folder: Path) -> Manifest:
    """Dumps a database beside running services.

    Args:
        superuser_dsn: of a role that row security does not limit; a dump must hold every payer's rows.
        database: what to dump.
        folder: made, and closed to others: it holds personal data.

    Raises:
        CopyError: the folder is in use, or the dump failed; what was written is then no backup: it has no manifest.
    """
    _make(folder)
    started = time.monotonic()
    with psycopg.connect(superuser_dsn, dbname=database) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        row = connection.execute(_FACTS).fetchone()
        if row is None:
            raise CopyError(f"{database} is no database of Fjärrkoll")
        made_at, snapshot, postgres, timescaledb, revision = row
        program = find_program("pg_dump", connection.info.server_version // 10_000)
        arguments = ["--format", "custom", "--compress", "zstd:3", "--snapshot", snapshot, "--file", str(folder / DUMP)]
        run_program(program, arguments, superuser_dsn, database)
        tables = table_hashes(connection)
    manifest = Manifest(
        made_at=made_at.astimezone(UTC).isoformat(),
        database=database,
        revision=str(revision),
        postgres=postgres,
        timescaledb=timescaledb,
        dump_bytes=(folder / DUMP).stat().st_size,
        dump_sha256=sha256_of(folder / DUMP),
        tables=tables,
        seconds=round(time.monotonic() - started, 1),
    )
    write_manifest(folder, manifest)
    return manifest


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        taken = any(folder.iterdir())
    except OSError as error:
        raise CopyError(f"{folder} cannot be written: {error}") from error
    if taken:
        raise CopyError(f"{folder} is not empty: give each backup a folder of its own")
    folder.chmod(0o700)
