"""How the workshop's pages reach their rows: by an index, a page at a time, however large the fleet is."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.sql import SQL, Composed

from benchmarks.workshop_pages import fill
from diagnostics.orders import repository as orders
from diagnostics.queries import formatted, room
from diagnostics.readiness import repository as readiness
from diagnostics.resources import Resources
from diagnostics.timeline import repository as timeline
from fjarrkoll.services import Postgres
from fleet.plumbing.store.bootstrap import Passwords
from fleet.plumbing.store.scope import Scope
from fleet.signals import Audience
from tests.fixtures.database import Database, copy_database, drop_database
from tests.integration.store.sight import set_scope

DEVICES = 6000
NOW = datetime.now(UTC)
BUSIEST = 7
PAGE = 51
_READINESS = room(readiness.__file__)
_TIMELINE = room(timeline.__file__)
_ORDERS = room(orders.__file__)
NO_FILTER = dict.fromkeys(
    ("priority", "device_class", "payer", "depot", "device_id", "technician", "after_due", "after_id")
)


@pytest.fixture(scope="module")
def fleet(postgres: Postgres, role_passwords: Passwords, template_database: str) -> Iterator[Database]:
    """Six thousand devices; one with a month of readings a minute, 250 with some. To read only."""
    database = copy_database(postgres, template_database, "workshop_plans", role_passwords)
    with psycopg.connect(database.owner) as connection:
        fill(connection, DEVICES, minutes=43_200, others=257)
    with psycopg.connect(database.superuser, autocommit=True) as connection:
        connection.execute("ANALYZE")
    yield database
    drop_database(postgres, database.name)


@pytest.fixture(params=[None, 8], ids=["every payer", "one payer"])
def api(fleet: Database, request: pytest.FixtureRequest) -> Iterator[psycopg.Connection]:
    payers = None if request.param is None else frozenset({request.param})
    with psycopg.connect(fleet.api) as connection:
        scope = Scope(payers=payers, frames=frozenset({"HSL", "SoL"}), audiences=frozenset({Audience.TECHNICAL}))
        set_scope(connection, scope)
        yield connection


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", []):
        yield from nodes(inner)


def explained(connection: psycopg.Connection, statement: Composed, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    row = connection.execute(SQL("EXPLAIN (ANALYZE, FORMAT JSON) {}").format(statement), parameters).fetchone()
    assert row is not None
    return list(nodes(row[0][0]["Plan"]))


def read(plan: list[dict[str, Any]], relation: str) -> float:
    """Rows that were fetched from a table, those thrown away included."""
    return sum(
        float((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"])
        for node in plan
        if str(node.get("Relation Name", "")).startswith(relation)
    )


def indexes(plan: list[dict[str, Any]]) -> set[str]:
    return {str(node["Index Name"]) for node in plan if "Index Name" in node}


async def test_every_statement_of_the_api_is_planned_for_its_values(resources: Resources) -> None:
    """After ten times a prepared statement would get a plan for any values: a list would read its whole table."""
    for _ in range(2):  # also after the settings of an earlier user were forgotten
        async with resources.pool.connection() as connection:
            row = await (await connection.execute("SHOW plan_cache_mode")).fetchone()
        assert row == ("force_custom_plan",)


def test_open_orders_are_read_in_the_order_in_which_they_are_due(api: psycopg.Connection) -> None:
    statement = formatted(_ORDERS["search"], state=orders._STATES["open"])
    plan = explained(api, statement, {**NO_FILTER, "overdue": False, "now": NOW, "limit": PAGE})
    assert "work_order_open" in indexes(plan)
    total = read(plan, "work_order")
    assert total <= DEVICES / 5 / 20 + PAGE, "closed orders are not looked at"


def test_a_depots_and_a_models_page_is_read_by_its_index(api: psycopg.Connection) -> None:
    for way, choice, index in (("depot", "depa-2", "device_depot"), ("model", "permobil-m3", "device_of_model")):
        statement = formatted(_READINESS["chosen"], condition=readiness._CHOICES[way])
        plan = explained(api, statement, {"choice": choice, "after": None, "limit": PAGE})
        # One device in a hundred is both the payer's and in the depot; what is read follows that, not the fleet.
        assert read(plan, "device") <= 120 * PAGE, (way, index, indexes(plan))


def test_a_units_devices_are_found_by_their_loans(api: psycopg.Connection) -> None:
    statement = formatted(_READINESS["chosen"], condition=readiness._CHOICES["unit"])
    plan = explained(api, statement, {"choice": "enhet-77", "after": None, "limit": PAGE})
    assert "loan_of_unit" in indexes(plan)


def test_the_facts_of_a_page_touch_that_pages_devices(api: psycopg.Connection) -> None:
    devices = list(range(1007, 1007 + 50 * PAGE, 50))  # of the one payer, too
    statement = SQL("{}").format(_READINESS["facts"])
    plan = explained(api, statement, {"devices": devices, "answers_since": NOW - timedelta(days=7)})
    assert read(plan, "device_state") <= 2 * PAGE
    assert read(plan, "device_fault") <= 40 * PAGE


def test_a_timeline_reads_a_page_of_each_kind_and_no_more(api: psycopg.Connection) -> None:
    place = (NOW + timedelta(minutes=10), "~", "~")
    plan = explained(
        api, timeline.merged(timeline.SOURCES), timeline.parameters(BUSIEST, place, NOW - timedelta(days=14), PAGE)
    )
    # Of a small chunk the planner may read the neighbours' rows, too.
    assert read(plan, "_hyper") <= 1.5 * 14 * 144, "the events of a fortnight, not all ten thousand"
    for node in plan:
        name = str(node.get("Relation Name", ""))
        if node["Node Type"] == "Seq Scan" and not name.startswith("_hyper"):  # a table that is empty or tiny may be
            looked_at = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
            assert looked_at <= 10 * PAGE, f"{name} is read whole"


def test_the_newest_is_found_in_two_days_and_a_fortnight_of_readings_in_a_fortnight(api: psycopg.Connection) -> None:
    view = SQL("reading_wheelchair_technical")
    newest = formatted(_TIMELINE["newest"], view=view)
    step = {"device_no": BUSIEST, "since": NOW - timedelta(days=2), "until": NOW}
    assert read(explained(api, newest, step), "_hyper") <= 2 * 2 * 1440
    days = formatted(_TIMELINE["reading_days"], view=view)
    period = {"device_no": BUSIEST, "start": NOW - timedelta(days=14), "until": NOW}
    assert read(explained(api, days, period), "_hyper") <= 1.5 * 14 * 1440
