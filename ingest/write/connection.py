"""Connections of ingest to the database: binary arrays understood, dead lines noticed."""

from typing import Final

import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format, PipelineStatus, TransactionStatus

from ingest.write.arrays import ARRAY_TYPES, BinaryArray

Connection = psycopg.AsyncConnection[tuple[object, ...]]

# A line to a database that went away without a word is noticed within about 30 s (reliability.md D21).
_LINE: Final = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}

# The server's side of the same: it must not keep the locks of a transaction whose client vanished without a word, for
# the next attempt at the same rows waits for them. Its own patience is two hours (tcp_keepalives_idle), and its timeout
# for idle transactions did not fire for a transaction left open in a pipeline (seen: a minute's limit, after two; the
# cause is not established, a Flush message after the Sync is suspected).
# What holds is PostgreSQL 17's limit to the whole transaction; a batch takes milliseconds.
_SERVER_LINE: Final = {
    "transaction_timeout": "30s",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "30s",
}

# Every statement here meets a few hundred keys at a time in large tables, for which the way through the index is
# always right. Left to its estimates the planner reads whole tables instead: unnest is a black box to it, and a young
# table has no statistics.
_PLANNER: Final = {
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "random_page_cost": "1.1",
    "plan_cache_mode": "force_generic_plan",
    # The arrays of a large batch as rows: what does not fit goes through a file (seen with 4 MB at 7,000 devices).
    "work_mem": "32MB",
}
_OPTIONS: Final = " ".join(f"-c {name}={value}" for name, value in (_SERVER_LINE | _PLANNER).items())


async def connect(address: str, name: str) -> Connection:
    """A connection that commits by itself unless a transaction is open.

    Args:
        address: of the database, with the role of ingest.
        name: shown in `pg_stat_activity`.

    Raises:
        psycopg.OperationalError: the server does not answer or does not let us in.
    """
    connection = await psycopg.AsyncConnection.connect(
        address,
        autocommit=True,
        application_name=name,
        options=_OPTIONS,
        **_LINE,  # type: ignore[arg-type]  # libpq's parameters are numbers
    )
    for kind in ARRAY_TYPES:
        connection.adapters.register_dumper(kind, _dumper(kind))
    return connection


def at_rest(connection: Connection) -> bool:
    """Whether a connection waits for its next command, with nothing left over of the one before.

    A line that ends in the middle of a pipeline can be left in pipeline mode, neither usable nor closed (seen after an
    orderly stop of the server: "PQsendQuery not allowed in pipeline mode", for ever).
    """
    line = connection.pgconn
    return line.transaction_status == TransactionStatus.IDLE and line.pipeline_status == PipelineStatus.OFF


def _dumper(kind: type[BinaryArray]) -> type[Dumper]:
    class AsItIs(Dumper):
        format = Format.BINARY
        oid = kind.oid

        def dump(self, obj: BinaryArray) -> bytes | memoryview:
            return obj.data

    return AsItIs
