"""Every policy of the database that goes missing is noticed by the matrix of routes, or at the tables they read."""

import os
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Final, LiteralString

import psycopg
import pytest
from psycopg import sql

from tests.fixtures.database import Database
from tests.integration.store.matrix import SCOPE, Call, Town, calls, leaks_at_all
from tests.integration.store.sight import differences
from tests.integration.store.world import Entry

pytestmark = pytest.mark.timeout(900)  # some thousand requests, on a machine that may be busy
# Tables whose rows no route gives out but beside those of another table, whose own policy hides them then, too: a
# journal beside its alarm, a day beside its device; or that the probe has nothing in. That a policy of theirs is gone
# shows at the table itself.
BEHIND: Final = frozenset(
    {
        *("alarm_journal", "audit", "buffer_placement", "command_reply", "command_transition", "device_days"),
        *("device_repair", "device_replacement", "device_service", "device_state", "dose", "dose_absence"),
        *("dose_schedule", "escalation", "escalation_call", "held_row", "hold_export", "idle_figure", "idle_verdict"),
        *("idle_verdict_change", "import_refusal", "import_run", "incident_hold", "loan", "loan_use", "notification"),
        *("recall_transition", "roll_check", "rule_override", "software_change", "unknown_metric", "usage_day"),
        *("version_count", "work_order_finding", "work_order_transition"),
    }
)
# A few of each kind; the others with FJARRKOLL_WHOLE_MATRIX=1, which takes a minute.
TELLING: Final = ("device", "device_fault", "recall_case", "work_order", "usage_day", "alarm_journal")
WHOLE: Final = os.environ.get("FJARRKOLL_WHOLE_MATRIX") == "1"


async def test_tables_without_their_row_security_are_noticed(
    town: Town, own_world: Database, changed_world: Database, entries: list[Entry]
) -> None:
    """In answers, or at the tables that the routes read, as the routes' own role and scope see them."""
    asked = sorted(calls(town, writes=WHOLE, roles=("administrator",)), key=lambda call: "{" in call.path)
    with psycopg.connect(changed_world.owner, autocommit=True) as connection:
        tables = {row[0] for row in connection.execute(_SCOPED).fetchall()}
        tried = tables if WHOLE else set(TELLING)
        assert not more_than_allowed(changed_world, entries), "control: with every policy there is nothing to notice"
        noticed = partial(more_than_allowed, changed_world, entries)
        at_tables = {table for table in tried if without(connection, table, noticed)}
    assert tried & BEHIND <= at_tables, f"nowhere: {sorted(tried & BEHIND - at_tables)}"
    in_answers = set()
    with psycopg.connect(own_world.owner, autocommit=True) as connection:
        read = await tables_read(town, asked, definitions(connection), tables)
        for table in sorted(tried):
            of_it = [call for call in asked if table in read[call.method, call.path]]
            switch(connection, table, "DISABLE")
            if await leaks_at_all(town, entries, of_it):
                in_answers.add(table)
            switch(connection, table, "ENABLE")
    assert in_answers == tried - BEHIND, f"not in answers: {sorted(tried - in_answers)}"


_SCOPED: Final = "SELECT tablename FROM pg_policies WHERE policyname = 'scoped'"


def switch(connection: psycopg.Connection, table: str, how: LiteralString) -> None:
    """Turns a table's row security on or off."""
    connection.execute(sql.SQL("ALTER TABLE {} " + how + " ROW LEVEL SECURITY").format(sql.Identifier(table)))


def without(connection: psycopg.Connection, table: str, noticed: Callable[[], bool]) -> bool:
    """Whether something is noticed while a table has no row security."""
    switch(connection, table, "DISABLE")
    found = noticed()
    switch(connection, table, "ENABLE")
    return found


def more_than_allowed(database: Database, entries: list[Entry]) -> bool:
    """Whether some table gives the town's people a row that is not for their scope."""
    return any(found.seen for found in differences(database, entries, [SCOPE]))


def definitions(connection: psycopg.Connection) -> dict[str, set[str]]:
    """What views, functions and policies lean on: name -> the words in their text."""
    found: dict[str, set[str]] = {}
    for name, text in connection.execute(_DEFINED).fetchall():
        found.setdefault(name, set()).update(re.findall(r"[a-z_]+", text))
    return found


_DEFINED: Final = """
    SELECT viewname, definition FROM pg_views WHERE schemaname = 'public'
     UNION ALL
    SELECT tablename, concat_ws(' ', qual, with_check) FROM pg_policies WHERE schemaname = 'public'
     UNION ALL
    SELECT proname, pg_get_functiondef(p.oid) FROM pg_proc p
     WHERE pronamespace = 'public'::regnamespace AND prokind = 'f' AND proowner = current_user::regrole
"""


async def tables_read(
    town: Town, asked: Iterable[Call], defined: Mapping[str, set[str]], tables: set[str]
) -> dict[tuple[str, str], set[str]]:
    """Of each route the tables that its statements name, or what those lean on: by asking everything once."""
    read: dict[tuple[str, str], set[str]] = {}
    for call in asked:
        await town.ask(call)
        words = {word for text in town.statements for word in re.findall(r"[a-z_]+", text)}
        new = set(words)
        while new:
            new = {word for name in new for word in defined.get(name, ())} - words
            words |= new
        read.setdefault((call.method, call.path), set()).update(words & tables)
    return read
