"""What somebody waits for goes through the indexes, however little the server knows of its young tables."""

import psycopg
from psycopg import sql

from ingest.write.connection import connect
from ingest.write.statements import statement
from tests.integration.ingest.conftest import AddDevice
from tests.integration.ingest.support import Site

AS_JOINED = b"""
SELECT r.device_no FROM unnest(%b, %b) AS asked (device_no, since)
  JOIN command_reply r ON r.device_no = asked.device_no AND r.ts >= asked.since AND r.status = 'succeeded'
  JOIN command c ON c.command_id = r.command_id::uuid AND c.name = 'read_faults' AND r.received_at <= c.expires_at
"""


def answer_thirty_times(owner: psycopg.Connection, numbers: list[int]) -> None:
    """Each device is asked thirty times for its faults and answers each time in three steps."""
    owner.execute(
        "INSERT INTO command (device_no, name, level, requested_by, idempotency_key, expires_at, state, counter)"
        " SELECT device_no, 'read_faults', 'read', 'x', gen_random_uuid()::text, now() + interval '1 h', 'succeeded', n"
        " FROM unnest(%s::integer[]) AS device_no, generate_series(1, 30) AS n",
        [numbers],
    )
    owner.execute(
        "INSERT INTO command_reply SELECT device_no, 1, 3 * counter + step, command_id::text,"
        " (ARRAY['delivered', 'running', 'succeeded'])[step], '', '{}', now(), now()"
        " FROM command, generate_series(1, 3) AS step"
    )


async def tables_in_order(site: Site, statement_of: bytes) -> list[str]:
    """What a plan for any parameters reads, outermost first, as ingest's own connection plans it."""
    asked = statement_of.replace(b"%b, %b", b"$1::integer[], $2::timestamptz[]")
    async with await connect(site.ingest_url, "test-plans") as connection:
        explained = await connection.execute(b"EXPLAIN (GENERIC_PLAN) " + asked, prepare=False)
        lines = [str(row[0]) for row in await explained.fetchall()]
    scans = [line.split(" on ")[1].split()[0] for line in lines if "Scan" in line and " on " in line]
    return [name for name in scans if not name.endswith("_pkey")]


async def test_old_reads_are_found_by_device_though_one_table_has_no_statistics(
    site: Site, add_device: AddDevice
) -> None:
    numbers = [add_device("wheelchair", "pg-vr2").device_no for _ in range(10)]
    with psycopg.connect(site.superuser_url, autocommit=True) as owner:
        answer_thirty_times(owner, numbers)
        owner.execute(sql.SQL("ANALYZE command_reply"))  # the server looks at one table after the other
    assert await tables_in_order(site, statement("fault_reads")) == ["asked", "command_reply", "command"]
    assert (await tables_in_order(site, AS_JOINED))[0] == "command", "the control: every command with every answer"
