"""Every query of every dashboard, expanded as Grafana does and asked in its read-only role, on a month of rows."""

from dataclasses import replace

import psycopg
import pytest

from dashboards.build import all_dashboards
from dashboards.dashboard import Dashboard
from dashboards.layout import Section
from dashboards.macros import ALL, expand
from dashboards.trial import Outcome, ask, context_of, try_dashboard
from fleet.registry import load_registry
from tests.fixtures.database import Database
from tests.integration.dashboards.conftest import Filled
from tests.integration.dashboards.month import PAYERS

BOARDS = {board.uid: board for board in all_dashboards(load_registry())}


@pytest.fixture(params=BOARDS)
def board(request: pytest.FixtureRequest) -> Dashboard:
    return BOARDS[request.param]


def complaints(outcomes: list[Outcome]) -> list[str]:
    return [f"{o.where}: {words}" for o in outcomes for words in (*o.problems, *o.empty)]


def test_every_query_returns_rows_and_the_expected_columns(
    board: Dashboard, grafana: psycopg.Connection, filled: Filled
) -> None:
    outcomes = try_dashboard(grafana, board, filled.now, {})
    queries = sum(len(panel.queries) for panel in board.panels)
    assert len(outcomes) == queries + sum(variable.kind == "query" for variable in board.variables)
    assert complaints(outcomes) == []


@pytest.mark.parametrize("payer", [code for code, _ in PAYERS])
def test_every_query_takes_one_payer_and_model_quotes_included(
    payer: str, grafana: psycopg.Connection, filled: Filled
) -> None:
    for profile in load_registry():
        chosen = {"payer": [payer], "model": [profile.models[0].key], "sample": "50"}
        outcomes = try_dashboard(grafana, BOARDS[f"fk-class-{profile.name}"], filled.now, chosen)
        assert [problem for outcome in outcomes for problem in outcome.problems] == []


def test_a_choice_narrows_what_is_shown(grafana: psycopg.Connection, filled: Filled) -> None:
    board = BOARDS["fk-class-scale"]
    panel = next(panel for panel in board.panels if panel.about.key == "heard")
    counted = []
    for payer in (ALL, ["kommun-01"], ["nobody"]):
        context = context_of(board, filled.now, {"payer": payer, "model": ALL})
        counted.append(sum(row[1] for row in ask(grafana, expand(panel.queries[0].sql, context)).rows))
    assert counted[0] > counted[1] > counted[2] == 0


def test_no_query_fails_when_nothing_is_chosen_or_found(
    board: Dashboard, grafana: psycopg.Connection, filled: Filled
) -> None:
    nothing: dict[str, list[str]] = {"payer": [], "model": [], "device_class": [], "device": []}
    outcomes = try_dashboard(grafana, board, filled.now, nothing)
    assert [problem for outcome in outcomes for problem in outcome.problems] == []


def test_no_query_fails_on_an_empty_database(board: Dashboard, database: Database, filled: Filled) -> None:
    with psycopg.connect(database.grafana, autocommit=True) as connection:
        outcomes = try_dashboard(connection, board, filled.now, {})
    assert [problem for outcome in outcomes for problem in outcome.problems] == []
    assert any(outcome.empty for outcome in outcomes)


@pytest.mark.parametrize(
    ("harm", "complaint"),
    [
        (("battery_voltage", "battery_volts"), "UndefinedColumn"),
        (("FROM per_device", "FROM per_device, reading_wheelchair_clinical"), "InsufficientPrivilege"),
        (("ORDER BY time", "ORDER BY time DESC"), "order of time"),
        (("AS middle", "AS median"), "expected"),
        (("$__timeFilter(r.ts)", "$__timeFilters(r.ts)"), "MacroError"),
        (("r.device_no = ANY (ARRAY(SELECT device_no FROM picked))", "false"), "no row"),
    ],
)
def test_a_broken_query_is_found(
    harm: tuple[str, str], complaint: str, grafana: psycopg.Connection, filled: Filled
) -> None:
    board = BOARDS["fk-class-wheelchair"]
    sound = next(panel for panel in board.panels if panel.about.key == "metric_battery_voltage")
    query = sound.queries[0]
    assert harm[0] in query.sql
    broken = replace(sound, queries=(replace(query, sql=query.sql.replace(*harm)),))
    found = complaints(try_dashboard(grafana, replace(board, sections=(Section("Prov", (broken,)),)), filled.now, {}))
    assert len(found) == 1
    assert complaint in found[0]


def test_the_role_reads_technical_rows_only_and_writes_nothing(grafana: psycopg.Connection) -> None:
    for statement in (
        "SELECT * FROM reading_scale_clinical",
        "SELECT * FROM reading_scale",
        "SELECT payload FROM quarantine",
        "SELECT actor FROM audit",
        "SELECT token_hash FROM api_token",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            ask(grafana, statement)
    with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)):
        grafana.execute("DELETE FROM alarm")


def test_the_map_of_payers_adds_up_to_what_was_judged_and_names_no_person(
    grafana: psycopg.Connection, filled: Filled
) -> None:
    board = BOARDS["fk-idle"]
    panels = {panel.about.key: panel for panel in board.panels}
    context = context_of(board, filled.now, {"payer": ALL, "device_class": ALL})
    payers = ask(grafana, expand(panels["payers"].queries[0].sql, context)).rows
    with psycopg.connect(filled.owner) as owner:
        lent = owner.execute("SELECT count(*) FROM loan WHERE ended_at IS NULL").fetchone()
        proposed = owner.execute("SELECT count(*) FROM idle_verdict WHERE step = 'propose'").fetchone()
    assert (sum(row[2] for row in payers),) == lent
    assert (sum(row[6] for row in payers),) == proposed
    assert all(row[8] == 12 * row[7] for row in payers)
    by_class = ask(grafana, expand(panels["class"].queries[0].sql, context)).rows
    assert sum(row[1] for row in by_class) == sum(row[2] for row in payers)
    for secret in ("SELECT why FROM recall_transition", "SELECT actor FROM recall_transition",
                   "SELECT changed_by FROM recall_case", "SELECT individual_number FROM recall_case",
                   "SELECT borrower_key FROM loan_use", "SELECT * FROM absence"):  # fmt: skip
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            grafana.execute(secret.encode())


def test_a_held_device_is_marked_wherever_a_panel_names_it_and_no_other_is(
    grafana: psycopg.Connection, filled: Filled
) -> None:
    with psycopg.connect(filled.owner, autocommit=True) as owner:
        held = owner.execute(
            "INSERT INTO incident_hold (device_no, reason, placed_by, placed_role)"
            " SELECT device_no, 'for a test', 'x', 'x' FROM device_fault JOIN device USING (device_no)"
            " WHERE cleared_at IS NULL ORDER BY individual_number LIMIT 1 RETURNING hold_id, device_no"
        ).fetchone()
        assert held is not None
        numbers: dict[str, int] = dict(owner.execute("SELECT individual_number, device_no FROM device").fetchall())
        try:
            named = {name for board in BOARDS.values() for name in _numbers(grafana, board, filled)}
        finally:
            owner.execute("DELETE FROM incident_hold WHERE hold_id = %s", [held[0]])
    marked = {name for name in named if name.endswith(MARK)}
    assert {numbers[name.removesuffix(MARK)] for name in marked} == {held[1]}
    assert not {name.removesuffix(MARK) for name in marked} & named, "nowhere without"
    assert len(named) > len(marked) + 20


MARK = " ⛒"


def _numbers(grafana: psycopg.Connection, board: Dashboard, filled: Filled) -> set[str]:
    """What names a device in the rows of any panel or choice of a dashboard, as it opens."""
    context, found = context_of(board, filled.now, {}), set[str]()

    def names(sql: str, interval: str) -> list[tuple[object, ...]]:
        answer = ask(grafana, expand(sql, replace(context, interval=interval)))
        for place, (column, _) in enumerate(answer.columns):
            if "individual_number" in sql and column in {"individual_number", "metric", "__text"}:
                found.update(row[place] for row in answer.rows if row[place] is not None)
        return list(answer.rows)

    for variable in board.variables:
        value: str | list[str] = variable.fixed[0] if variable.fixed else ALL
        if variable.kind == "query":
            rows = names(variable.sql, context.interval)
            value = ALL if variable.every else [str(row[0]) for row in rows[:3]]
        context = replace(context, values={**context.values, variable.name: value})
    for panel in board.panels:
        for query in panel.queries:
            names(query.sql, panel.interval or context.interval)
    return found


def test_days_add_up_to_the_devices_that_could_report(grafana: psycopg.Connection, filled: Filled) -> None:
    board = BOARDS["fk-overview"]
    panel = next(panel for panel in board.panels if panel.about.key == "used_days")
    context = context_of(board, filled.now, {"payer": ALL, "device_class": ALL})
    rows = ask(grafana, expand(panel.queries[0].sql, context)).rows
    assert len(rows) in {30, 31, 32}
    assert all(used + unused + unknown == could for _, used, unused, unknown, could in rows)
    assert all(unknown > 0 for _, _, _, unknown, _ in rows)
