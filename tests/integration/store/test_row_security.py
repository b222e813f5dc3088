"""The matrix payer × frame × audience × thing, and proof that it notices every policy that goes missing or soft."""

from itertools import groupby
from typing import Final

import psycopg
import pytest
from psycopg import sql

from fleet.plumbing.store.scope import Scope
from fleet.signals import Audience
from tests.fixtures.database import Database
from tests.integration.store.sight import (
    GRAFANA_READS,
    READER_READS,
    READS,
    WHOLE_LIFE,
    all_scopes,
    compare,
    differences,
    expected,
    set_scope,
)
from tests.integration.store.touch import SERVICE_ONLY, service_differences, write_differences
from tests.integration.store.world import A, B, Entry

ALL: Final = frozenset(Audience)
BOTH: Final = frozenset({"HSL", "SoL"})
# Enough scopes to notice any one policy; the full matrix has a hundred.
TELLING: Final = (
    Scope(),
    Scope(payers=frozenset({A}), frames=BOTH, audiences=ALL),
    Scope(payers=frozenset({B}), frames=frozenset({"HSL"}), audiences=frozenset({Audience.TECHNICAL})),
    Scope(payers=None, frames=frozenset({"SoL"}), audiences=ALL),
    Scope(payers=None, frames=BOTH, audiences=ALL),
)
SCOPED: Final = (
    *("alarm", "audit", "command", "command_reply", "command_transition", "device", "device_fault", "device_state"),
    *("loan", "notification", "prescriber", "quarantine", "unknown_metric", "usage_day"),
    *("recall_case", "recall_transition", "import_run", "import_refusal"),
    *("device_service", "software_change", "work_order", "work_order_finding", "work_order_transition"),
    *("absence", "device_replacement", "idle_figure", "idle_verdict", "idle_verdict_change", "loan_use"),
    *("alarm_journal", "escalation", "escalation_call"),
    *("dose", "dose_absence", "dose_schedule", "roll_check", "rule_override"),
    *("held_row", "hold_export", "incident_hold"),
)
WRITES: Final = (
    *(("alarm", "take"), ("command", "ask"), ("command", "cancel"), ("command_transition", "trace")),
    *(("loan", "hand_back"), ("recall_case", "propose"), ("recall_case", "move")),
    *(("device_service", "note"), ("work_order", "draft"), ("work_order", "work"), ("work_order_finding", "note")),
    *(("work_order_finding", "settle"), ("work_order_transition", "trace")),
    *(("absence", "register"), ("absence", "correct")),
    *(("alarm_journal", "write"), ("dose_absence", "enter"), ("dose_absence", "change"), ("dose_schedule", "enter")),
    *(("roll_check", "enter"), ("rule_override", "enter"), ("rule_override", "change")),
    *(("incident_hold", "place"), ("incident_hold", "lift"), ("hold_export", "add")),
)
SOFTENED: Final = (*((table, "scoped") for table in SCOPED), *WRITES)
POLICIES: Final = (
    *SOFTENED,
    *((table, "service") for table in (*SCOPED, *SERVICE_ONLY)),
    *(("audit", "add"), ("import_run", "add"), ("import_refusal", "add")),
)
# View, what in it draws a line, and what would draw none.
LINES: Final = (
    ("device_event_seen", "d.loan_started_at", "'-infinity'::timestamptz"),
    ("device_event_seen", "scope_audiences()", "ARRAY['technical', 'care', 'clinical']"),
    ("device_state_seen", "d.loan_started_at", "'-infinity'::timestamptz"),
    ("device_state_seen", "scope_audiences()", "ARRAY['technical', 'care', 'clinical']"),
    ("held_row_seen", "d.loan_started_at", "'-infinity'::timestamptz"),
    ("held_row_seen", "scope_audiences()", "ARRAY['technical', 'care', 'clinical']"),
    ("held_row_seen", "(shown.measured > 0)", "true"),
    ("quarantine_payload", "scope_whole_life()", "true"),
    ("reading_probe_clinical", "d.loan_started_at", "'-infinity'::timestamptz"),
    ("reading_probe_clinical", "scope_audiences()", "ARRAY['technical', 'care', 'clinical']"),
)


@pytest.mark.parametrize("payers", [frozenset[int](), frozenset({A}), frozenset({B}), frozenset({A, B}), None], ids=str)
def test_each_scope_reads_its_own_and_nothing_else(
    world: Database, entries: list[Entry], payers: frozenset[int] | None
) -> None:
    scopes = [scope for scope in all_scopes() if scope.payers == payers]
    assert len(scopes) == 20
    assert differences(world, entries, scopes) == []


def test_the_matrix_has_something_to_see_and_something_to_hide_of_everything(entries: list[Entry]) -> None:
    scope = TELLING[1]
    for thing, group in groupby(sorted(entries, key=lambda entry: entry.thing), key=lambda entry: entry.thing):
        answers = {expected(entry, scope) for entry in group}
        wanted = {False} if thing in WHOLE_LIFE else {True, False}
        assert answers == wanted, thing
    assert {entry.thing for entry in entries} == READS.keys() | READER_READS.keys()


def test_the_api_writes_only_where_it_may_read(world: Database, entries: list[Entry]) -> None:
    assert write_differences(world, entries, TELLING) == []


def test_services_see_every_payer(world: Database) -> None:
    assert service_differences(world) == []


def test_grafana_reads_the_technical_view_of_the_whole_fleet_whatever_it_sets(
    world: Database, entries: list[Entry]
) -> None:
    fixed = Scope(payers=None, frames=BOTH, audiences=frozenset({Audience.TECHNICAL}))
    for tried in TELLING:
        with psycopg.connect(world.grafana) as connection:
            set_scope(connection, tried)
            for thing, query in GRAFANA_READS.items():
                assert compare(connection, query, thing, entries, fixed) == []


def test_the_list_of_policies_is_complete(world: Database) -> None:
    with psycopg.connect(world.superuser) as connection:
        found = connection.execute(
            "SELECT tablename, policyname FROM pg_policies WHERE schemaname = 'public'"
        ).fetchall()
    assert sorted(found) == sorted(POLICIES)


@pytest.mark.parametrize(("table", "policy"), POLICIES, ids=map("-".join, POLICIES))
def test_a_missing_policy_is_noticed(own_world: Database, entries: list[Entry], table: str, policy: str) -> None:
    _change(own_world, sql.SQL("DROP POLICY {} ON {}").format(sql.Identifier(policy), sql.Identifier(table)))
    assert _noticed(own_world, entries, policy)


@pytest.mark.parametrize(("table", "policy"), SOFTENED, ids=map("-".join, SOFTENED))
def test_a_policy_that_lets_everything_through_is_noticed(
    own_world: Database, entries: list[Entry], table: str, policy: str
) -> None:
    adds = {"ask", "trace", "propose", "note", "draft", "register", "write", "enter", "place", "add"}
    clause = sql.SQL("WITH CHECK (true)" if policy in adds else "USING (true)")
    _change(
        own_world,
        sql.SQL("ALTER POLICY {} ON {} {}").format(sql.Identifier(policy), sql.Identifier(table), clause),
    )
    assert _noticed(own_world, entries, policy)


@pytest.mark.parametrize(("view", "line", "instead"), LINES)
def test_a_view_without_one_of_its_lines_is_noticed(
    own_world: Database, entries: list[Entry], view: str, line: str, instead: str
) -> None:
    with psycopg.connect(own_world.superuser) as connection:
        row = connection.execute("SELECT pg_get_viewdef(%s::regclass)", [view]).fetchone()
        assert row is not None
        assert line in row[0]
        softened = row[0].replace(line, instead)
        connection.execute(f"CREATE OR REPLACE VIEW {view} WITH (security_barrier) AS {softened}".encode())
    assert _noticed(own_world, entries, "scoped")


def test_a_grafana_that_could_choose_its_scope_would_see_everything(own_world: Database) -> None:
    _change(
        own_world,
        sql.SQL("CREATE OR REPLACE FUNCTION scope_is_fixed() RETURNS boolean LANGUAGE sql STABLE RETURN {}").format(
            False
        ),
    )
    with psycopg.connect(own_world.grafana) as connection:
        set_scope(connection, Scope.everything())
        found = connection.execute("SELECT DISTINCT audience FROM device_event_seen ORDER BY audience").fetchall()
    assert found == [("care",), ("clinical",), ("technical",)]


def _change(database: Database, statement: sql.Composed) -> None:
    with psycopg.connect(database.superuser) as connection:
        connection.execute(statement)


def _noticed(database: Database, entries: list[Entry], policy: str) -> bool:
    if policy == "service":
        return bool(service_differences(database))
    compared = differences if policy == "scoped" else write_differences
    return bool(compared(database, entries, TELLING))
