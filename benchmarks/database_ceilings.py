"""What the database can do without broker and ingest: plain COPY, and ingest's own idempotent insert."""

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Final

import psycopg
from psycopg import sql

from benchmarks.packing import COPY_COLUMNS, COPY_HEADER, COPY_TRAILER, copy_block, insert_arrays
from benchmarks.results import Speed
from benchmarks.stage import READINGS, Stage
from benchmarks.workload import DEVICE_CLASS, Row, Workload
from ingest.write.connection import connect
from ingest.write.statements import insert_readings

LEDGER: Final = "bench_ledger"
"""Where plain COPY puts the rows; afterwards it says what must be found in the readings' own table."""
_BLOCK_ROWS: Final = 5_000


def copy_ceiling(stage: Stage, workload: Workload) -> Speed:
    """Rows a second that plain COPY in binary form puts into a hypertable of the same shape, in one transaction.

    All rows of the workload stay there, the withheld ones too, as the ledger of what was generated.
    """
    received_at = time.time_ns() // 1_000_000
    blocks = [copy_block(rows, stage.device_numbers, received_at) for rows in in_blocks(workload, _BLOCK_ROWS)]
    stage.make_like_readings(LEDGER)
    stage.checkpoint()
    copy = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT binary)").format(
        sql.Identifier(LEDGER), sql.SQL(", ").join(map(sql.Identifier, COPY_COLUMNS))
    )
    with psycopg.connect(stage.urls.owner, autocommit=True) as connection:
        begun = time.perf_counter()
        with connection.cursor().copy(copy) as stream:
            for block in (COPY_HEADER, *blocks, COPY_TRAILER):
                stream.write(block)
        return Speed(workload.rows, time.perf_counter() - begun)


def idempotent_ceiling(stage: Stage, workload: Workload, rows_per_commit: int) -> Speed:
    """Rows a second that ingest's own INSERT … ON CONFLICT DO NOTHING stores, with ingest's role, one commit per batch.

    Without current state, usage and everything else. The rows are taken away again afterwards.
    """
    profile = stage.registry[DEVICE_CLASS]
    batches = [insert_arrays(profile, rows, stage.device_numbers) for rows in in_blocks(workload, rows_per_commit)]
    stage.checkpoint()

    async def insert() -> float:
        statement, received_at = insert_readings(profile), datetime.now(UTC)
        async with await connect(stage.urls.ingest, "fjarrkoll bench") as connection:
            begun = time.perf_counter()
            for batch in batches:
                await connection.execute(statement, [received_at, *batch])
            return time.perf_counter() - begun

    seconds = asyncio.run(insert())
    with psycopg.connect(stage.urls.owner, autocommit=True) as connection:
        connection.execute(sql.SQL("TRUNCATE {}").format(sql.Identifier(READINGS)))
    return Speed(workload.rows, seconds)


def in_blocks(workload: Workload, size: int) -> Iterator[list[Row]]:
    """All rows in the order of sending, so many at a time."""
    rows = workload.all_rows()
    while block := list(islice(rows, size)):
        yield block
