"""The matrix payer × frame × audience × thing, and proof that it notices every policy that goes missing or soft."""

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
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
    *(
        "absence",
        "device_replacement",
        "device_days",
        "fault_group",
        "idle_figure",
        "idle_verdict",
        "idle_verdict_change",
        "loan_use",
        "version_count",
    ),
    *("alarm_journal", "escalation", "escalation_call"),
    *("dose", "dose_absence", "dose_schedule", "roll_check", "rule_override"),
    *("held_row", "hold_export", "incident_hold", "device_repair", "buffer_placement"),
)
WRITES: Final = (
    *(("alarm", "take"), ("command", "ask"), ("command", "cancel"), ("command_transition", "trace")),
    *(("loan", "hand_back"), ("recall_case", "propose"), ("recall_case", "move")),
    *(("device_service", "note"), ("work_order", "draft"), ("work_order", "work"), ("work_order_finding", "note")),
    *(("work_order_finding", "settle"), ("work_order_transition", "trace")),
    *(("absence", "register"), ("absence", "correct"), ("loan_use", "enter"), ("loan_use", "change")),
    *(("device_replacement", "register"), ("device_replacement", "withdraw"), ("device", "equip")),
    *(("device_repair", "enter"), ("buffer_placement", "enter"), ("buffer_placement", "take")),
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
_POLICY_LIST: Final = """
    SELECT policyname, tablename, cmd, array_to_string(roles, ', '), qual, with_check
      FROM pg_policies WHERE schemaname = 'public'
     ORDER BY tablename, policyname
"""
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
    assert list(differences(world, entries, scopes)) == []


def test_the_matrix_has_something_to_see_and_something_to_hide_of_everything(entries: list[Entry]) -> None:
    scope = TELLING[1]
    for thing, group in groupby(sorted(entries, key=lambda entry: entry.thing), key=lambda entry: entry.thing):
        answers = {expected(entry, scope) for entry in group}
        wanted = {False} if thing in WHOLE_LIFE else {True, False}
        assert answers == wanted, thing
    assert {entry.thing for entry in entries} == READS.keys() | READER_READS.keys()


def test_the_api_writes_only_where_it_may_read(world: Database, entries: list[Entry]) -> None:
    assert list(write_differences(world, entries, TELLING)) == []


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
def test_a_missing_policy_is_noticed(changed_world: Database, entries: list[Entry], table: str, policy: str) -> None:
    with _changed(changed_world, sql.SQL("DROP POLICY {} ON {}").format(sql.Identifier(policy), sql.Identifier(table))):
        assert _noticed(changed_world, entries, policy, reversed(TELLING))


@pytest.mark.parametrize(("table", "policy"), SOFTENED, ids=map("-".join, SOFTENED))
def test_a_policy_that_lets_everything_through_is_noticed(
    changed_world: Database, entries: list[Entry], table: str, policy: str
) -> None:
    adds = {"ask", "trace", "propose", "note", "draft", "register", "write", "enter", "place", "add"}
    clause = sql.SQL("WITH CHECK (true)" if policy in adds else "USING (true)")
    change = sql.SQL("ALTER POLICY {} ON {} {}").format(sql.Identifier(policy), sql.Identifier(table), clause)
    with _changed(changed_world, change):
        assert _noticed(changed_world, entries, policy, TELLING)


@pytest.mark.parametrize(("view", "line", "instead"), LINES)
def test_a_view_without_one_of_its_lines_is_noticed(
    changed_world: Database, entries: list[Entry], view: str, line: str, instead: str
) -> None:
    with psycopg.connect(changed_world.superuser) as connection:
        row = connection.execute("SELECT pg_get_viewdef(%s::regclass)", [view]).fetchone()
    assert row is not None
    assert line in row[0]
    redefine = f"CREATE OR REPLACE VIEW {view} WITH (security_barrier) AS "
    with _changed(changed_world, (redefine + row[0].replace(line, instead)).encode(), (redefine + row[0]).encode()):
        assert _noticed(changed_world, entries, "scoped", TELLING)


def test_a_grafana_that_could_choose_its_scope_would_see_everything(own_world: Database) -> None:
    with psycopg.connect(own_world.superuser) as connection:
        connection.execute(
            "CREATE OR REPLACE FUNCTION scope_is_fixed() RETURNS boolean LANGUAGE sql STABLE RETURN false"
        )
    with psycopg.connect(own_world.grafana) as connection:
        set_scope(connection, Scope.everything())
        found = connection.execute("SELECT DISTINCT audience FROM device_event_seen ORDER BY audience").fetchall()
    assert found == [("care",), ("clinical",), ("technical",)]


@contextmanager
def _changed(database: Database, change: sql.Composed | bytes, back: bytes | None = None) -> Iterator[None]:
    """A change of the world's security for a while; policies are put back from the catalogue, others by `back`."""
    with psycopg.connect(database.superuser) as connection:
        before = connection.execute(_POLICY_LIST).fetchall()
        connection.execute(change)
    try:
        yield
    finally:
        with psycopg.connect(database.superuser) as connection:
            for policy in set(before) - set(connection.execute(_POLICY_LIST).fetchall()):
                connection.execute(sql.SQL("DROP POLICY IF EXISTS {} ON {}").format(*map(sql.Identifier, policy[:2])))
                connection.execute(_policy(policy))
            if back:
                connection.execute(back)
            assert connection.execute(_POLICY_LIST).fetchall() == before, "the next test finds the world as it was"


def _policy(listed: tuple[str, ...]) -> bytes:
    name, table, command, roles, using, check = listed
    said = f'CREATE POLICY "{name}" ON "{table}" FOR {command} TO {roles}'
    return (said + (f" USING ({using})" if using else "") + (f" WITH CHECK ({check})" if check else "")).encode()


def _noticed(database: Database, entries: list[Entry], policy: str, scopes: Iterable[Scope]) -> bool:
    """At the first difference it is noticed; scopes come in the order in which a difference is likely."""
    if policy == "service":
        return bool(service_differences(database))
    compared = differences if policy == "scoped" else write_differences
    with closing(compared(database, entries, list(scopes))) as found:
        return next(found, None) is not None
