"""What the database's catalogue says of owners, roles, rights and row security; what is added later is checked too."""

from collections.abc import Iterator
from typing import Final

import psycopg
import pytest
from psycopg import sql

from tests.fixtures.database import Database
from tests.integration.store.touch import SERVICE_ONLY

# Plain tables without row security, each with the reason why it needs none. "Services only" is checked: no role that
# serves people has any right to it.
REFERENCE: Final = "projected from profiles or the law: nothing about anyone"
SERVICES_ONLY: Final = "services only"
WITHOUT_ROW_SECURITY: Final = {
    "alarm_rule": REFERENCE,
    "device_class": REFERENCE,
    "device_model": REFERENCE,
    "event_kind": REFERENCE,
    "fault_code": REFERENCE,
    "fault_native": REFERENCE,
    "idle_policy": REFERENCE,
    "legal_frame": REFERENCE,
    "metric": REFERENCE,
    "model_price": "the price list: nothing about anyone",
    "usage_clause": REFERENCE,
    "usage_measure": REFERENCE,
    "payer": "the names of municipalities and the region: public",
    "depot": "the names of stores: public",
    "ingest_minute": "what ingest did minute by minute: nothing about anyone",
    "ingest_watermark": "how far ingest has come: nothing about anyone",
    "alembic_version": SERVICES_ONLY,
    "account": SERVICES_ONLY,
    "api_token": SERVICES_ONLY,
    "clock_correction": SERVICES_ONLY,
    "class_setting": "what is set for a whole class: nothing about anyone",
    "console_session": SERVICES_ONLY,
    "login_attempt": SERVICES_ONLY,
    "audit_review": SERVICES_ONLY,
    "audit_review_line": SERVICES_ONLY,
    "data_source": "the names of feeds and gateways: nothing about anyone",
    "buffer_store": "the names of stores: public",
    "source_outage": "when a feed or gateway stood still: nothing about anyone",
    "idle_run": "when verdicts were made: nothing about anyone",
    "idle_fit": "what a model's fleet has in common: nothing about anyone",
    "day_block": SERVICES_ONLY,
    "verdict_block": SERVICES_ONLY,
    "fact_block": SERVICES_ONLY,
    "idle_basis": SERVICES_ONLY,
    "idle_due": SERVICES_ONLY,
    "fault_count_progress": "when the fleet's faults were counted: nothing about anyone",
    "wear_count": "sums by model over the whole fleet: nothing about anyone",
    "day_block_progress": SERVICES_ONLY,
    "evaluation_due": SERVICES_ONLY,
    "alarm_timer": SERVICES_ONLY,
    "alarm_sweep": SERVICES_ONLY,
    "worker_lease": SERVICES_ONLY,
    "canary_device": "which devices jam for a test: nobody's",
    "canary_run": SERVICES_ONLY,
    "ladder": SERVICES_ONLY,
    "worker_pulse": SERVICES_ONLY,
    "recall_move": "the table of transitions: nothing about anyone",
    "roll_up_progress": SERVICES_ONLY,
    "rule_hold": SERVICES_ONLY,
    "approved_software": "which software may be handed out: nothing about anyone",
    "service_interval": "the makers' schedules: nothing about anyone",
    "workshop_setting": "numbers the workshop reckons with: nothing about anyone",
    "cause_outcome": "counts of causes over the whole fleet: nothing about anyone",
}
LOGIN_ROLES: Final = ("fjarrkoll_owner", "fjarrkoll_ingest", "fjarrkoll_worker", "fjarrkoll_api", "fjarrkoll_grafana")
SERVES_PEOPLE: Final = ("fjarrkoll_api", "fjarrkoll_grafana", "fjarrkoll_reader")
# Its rows are limited by the row security of its own tables; see the comment on it in the migration.
WITHOUT_BARRIER: Final = {"device_state_seen"}

_OURS: Final = """
    FROM pg_class c
   WHERE relnamespace = 'public'::regnamespace
     AND NOT EXISTS (SELECT FROM pg_depend p WHERE p.objid = c.oid AND p.deptype = 'e')
"""
_HYPERTABLES: Final = "SELECT hypertable_name FROM timescaledb_information.hypertables"
_FOREIGN_KEYS: Final = """
    SELECT conname FROM pg_constraint
     WHERE contype = 'f'
       AND conrelid::regclass::text IN (SELECT hypertable_name FROM timescaledb_information.hypertables)
"""


@pytest.fixture
def catalogue(world: Database) -> Iterator[psycopg.Connection]:
    with psycopg.connect(world.superuser, autocommit=True) as connection:
        yield connection


def _names(connection: psycopg.Connection, query: str, values: list[object] | None = None) -> set[str]:
    return {row[0] for row in connection.execute(query.encode(), values).fetchall()}


def test_no_role_of_ours_stands_above_row_security(catalogue: psycopg.Connection) -> None:
    rows = catalogue.execute(
        "SELECT rolname, rolcanlogin, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication"
        " FROM pg_roles WHERE rolname LIKE 'fjarrkoll%'"
    ).fetchall()
    assert {row[0]: row[1] for row in rows} == {**dict.fromkeys(LOGIN_ROLES, True), "fjarrkoll_reader": False}
    assert not any(any(row[2:]) for row in rows)


def test_only_the_owner_may_become_the_reader(catalogue: psycopg.Connection) -> None:
    found = catalogue.execute(
        "SELECT member::regrole::text, roleid::regrole::text FROM pg_auth_members"
        " WHERE member::regrole::text LIKE 'fjarr%'"
    ).fetchall()
    assert found == [("fjarrkoll_owner", "fjarrkoll_reader")]


def test_tables_and_functions_belong_to_the_owner_and_views_to_the_reader(catalogue: psycopg.Connection) -> None:
    rows = catalogue.execute(f"SELECT relname, relkind::text, relowner::regrole::text {_OURS}".encode()).fetchall()
    assert len(rows) > 60
    for name, kind, owner in rows:
        assert owner == ("fjarrkoll_reader" if kind == "v" else "fjarrkoll_owner"), name
    functions = catalogue.execute(
        "SELECT DISTINCT proowner::regrole::text FROM pg_proc p WHERE pronamespace = 'public'::regnamespace"
        " AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')"
    ).fetchall()
    assert functions == [("fjarrkoll_owner",)]


def test_every_plain_table_has_forced_row_security_or_a_reason(catalogue: psycopg.Connection) -> None:
    plain = _names(catalogue, f"SELECT relname {_OURS} AND relkind IN ('r', 'p') AND relname NOT IN ({_HYPERTABLES})")
    forced = _names(catalogue, f"SELECT relname {_OURS} AND relrowsecurity AND relforcerowsecurity")
    assert plain - forced == WITHOUT_ROW_SECURITY.keys()
    assert len(forced) >= 14


def test_tables_for_services_only_are_closed_to_whoever_serves_people(catalogue: psycopg.Connection) -> None:
    closed = [table for table, reason in WITHOUT_ROW_SECURITY.items() if reason == SERVICES_ONLY]
    for table in (*closed, *SERVICE_ONLY):
        assert _open_to(catalogue, table) == [], table
    for table in _names(catalogue, _HYPERTABLES):
        assert _open_to(catalogue, table) in ([], ["fjarrkoll_reader"]), table  # its views read the hypertables


@pytest.mark.parametrize("table", SERVICE_ONLY)
@pytest.mark.parametrize("role", SERVES_PEOPLE)
def test_one_column_given_to_whoever_serves_people_is_noticed(own_world: Database, table: str, role: str) -> None:
    with psycopg.connect(own_world.superuser) as connection:
        row = connection.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum = 1", [table]
        ).fetchone()
        assert row is not None
        connection.execute(sql.SQL("GRANT SELECT ({}) ON {} TO {}").format(*map(sql.Identifier, (row[0], table, role))))
        assert _open_to(connection, table) == [role]


def _open_to(connection: psycopg.Connection, table: str) -> list[str]:
    """Those of the roles that serve people who may do anything at all with a table or a column of it."""
    return [
        role
        for role in SERVES_PEOPLE
        if connection.execute(
            "SELECT has_table_privilege(%s, %s, 'SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER'),"
            " has_any_column_privilege(%s, %s, 'SELECT,INSERT,UPDATE,REFERENCES')",
            [role, table, role, table],
        ).fetchone()
        != (False, False)
    ]


@pytest.mark.parametrize("role", ["api", "grafana"])
def test_neither_hypertables_nor_their_chunks_can_be_read(
    catalogue: psycopg.Connection, world: Database, role: str
) -> None:
    chunks = catalogue.execute(
        "SELECT chunk_schema, chunk_name FROM timescaledb_information.chunks"
        " UNION ALL SELECT hypertable_schema, hypertable_name FROM timescaledb_information.hypertables"
    ).fetchall()
    assert len(chunks) > 8
    with psycopg.connect(getattr(world, role), autocommit=True) as connection:
        for schema, name in chunks:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(schema, name)))
    with psycopg.connect(world.owner, autocommit=True) as connection:
        seen = sum(
            connection.execute(sql.SQL("SELECT FROM {}").format(sql.Identifier(schema, name))).rowcount
            for schema, name in chunks
        )
    assert seen > 0, "there was nothing to be kept from"


def test_views_keep_their_conditions_before_any_function_of_the_reader(catalogue: psycopg.Connection) -> None:
    views: dict[str, list[str] | None] = dict(
        catalogue.execute(f"SELECT relname, reloptions {_OURS} AND relkind = 'v'".encode()).fetchall()
    )
    assert "reading_probe_clinical" in views
    assert {name for name, options in views.items() if options != ["security_barrier=true"]} == WITHOUT_BARRIER


def test_grafana_reads_no_view_but_the_technical_ones(catalogue: psycopg.Connection) -> None:
    granted = _names(
        catalogue,
        f"SELECT relname {_OURS} AND relkind = 'v' AND has_table_privilege('fjarrkoll_grafana', c.oid, 'SELECT')",
    )
    values = _names(catalogue, f"SELECT relname {_OURS} AND relname SIMILAR TO '(reading|hourly|daily)\\_%technical'")
    assert granted == {*values, "device_event_seen", "device_state_seen", "pipeline_health"}
    assert {"reading_probe_technical", "hourly_probe_technical", "daily_probe_technical"} <= values


def test_functions_with_the_owners_rights_are_few_and_pin_their_search_path(catalogue: psycopg.Connection) -> None:
    rows = catalogue.execute(
        "SELECT proname, proconfig, has_function_privilege('fjarrkoll_api', p.oid, 'EXECUTE'),"
        " has_function_privilege('fjarrkoll_grafana', p.oid, 'EXECUTE')"
        " FROM pg_proc p WHERE prosecdef AND pronamespace = 'public'::regnamespace ORDER BY proname"
    ).fetchall()
    pinned = ["search_path=public"]
    assert rows == [
        ("account_standing", pinned, False, False),
        ("accounts_seen", pinned, True, False),
        ("add_account_in_scope", pinned, True, False),
        ("alarm_behind_link", pinned, True, False),
        ("alarm_changed_hands", pinned, False, False),
        ("alarm_journeys", pinned, False, True),
        ("alarm_settled", pinned, False, False),
        ("audit_belongs", pinned, False, False),
        ("audit_of_device", pinned, True, False),
        ("begin_login", pinned, True, False),
        ("canary_journeys", pinned, False, True),
        ("change_account_in_scope", pinned, True, False),
        ("correct_devices", pinned, True, False),
        ("devices_with_text", pinned, True, False),
        ("doses_changed", pinned, False, False),
        ("draw_review", pinned, True, False),
        ("end_session", pinned, True, False),
        ("find_account", pinned, True, False),
        ("find_session", pinned, True, False),
        ("find_token", pinned, True, False),
        ("idle_due_device", pinned, False, False),
        ("idle_due_devices", pinned, False, False),
        ("judge_read", pinned, True, False),
        ("ladders_seen", pinned, True, False),
        ("leaves_store", pinned, False, False),
        ("lend_devices", pinned, True, False),
        ("loan_changed", pinned, False, False),
        ("loan_disagrees", pinned, False, False),
        ("loan_returned", pinned, False, False),
        ("next_command_counter", pinned, True, False),
        ("open_session", pinned, True, False),
        ("placement_follows", pinned, False, False),
        ("prescriber_moved", pinned, False, False),
        ("prescribing_unit", pinned, True, False),
        ("provision_account", pinned, True, False),
        ("recall_follows", pinned, False, False),
        ("recall_ground", pinned, False, False),
        ("receipt_arrived", pinned, True, False),
        ("recipients_seen", pinned, True, False),
        ("register_devices", pinned, True, False),
        ("review_lines", pinned, True, False),
        ("reviews_seen", pinned, True, False),
        ("rolled_up", pinned, True, False),
        ("services_health", pinned, True, False),
        ("set_class_settings", pinned, True, False),
        ("set_ladder", pinned, True, False),
        ("set_price", pinned, True, False),
        ("store_use", pinned, True, False),
        ("take_by_link", pinned, True, False),
        ("take_login", pinned, True, False),
    ]


def test_application_roles_may_only_add_to_the_audit(catalogue: psycopg.Connection) -> None:
    for role in ("fjarrkoll_api", "fjarrkoll_worker", "fjarrkoll_ingest", "fjarrkoll_grafana"):
        answer = catalogue.execute(
            "SELECT has_table_privilege(%s, 'audit', 'UPDATE,DELETE,TRUNCATE')", [role]
        ).fetchone()
        assert answer == (False,)


def test_no_foreign_key_leads_from_a_hypertable(catalogue: psycopg.Connection) -> None:
    assert _names(catalogue, _FOREIGN_KEYS) == set()
    assert _names(catalogue, _FOREIGN_KEYS.replace(" IN (", " NOT IN (")), (
        "the question finds foreign keys where there are some"
    )
