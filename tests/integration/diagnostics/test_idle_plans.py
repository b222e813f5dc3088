"""How the idle list reaches its rows: in the order in which it shows them, by an index that leads to no others."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from diagnostics.idle.repository import listing
from fjarrkoll.services import Postgres
from fleet.plumbing.store.bootstrap import Passwords
from fleet.plumbing.store.scope import Scope
from fleet.signals import Audience
from tests.fixtures.database import Database, copy_database, drop_database
from tests.integration.diagnostics.test_workshop_plans import explained, indexes, read
from tests.integration.store.sight import set_scope

DEVICES = 30_000
PAYERS = 20
PAGE = 51
NONE_UNUSED = 5
OF_A_PAYER = DEVICES / PAYERS / 7
NOTHING: dict[str, Any] = dict.fromkeys(("step", "device_class", "payer", "opinion", "after_since", "after_device"))
_FILL = b"""
    INSERT INTO payer (code, name, kind)
        SELECT 'p-' || n, 'Kommun ' || n, 'municipality' FROM generate_series(1, %(payers)s) n;
    INSERT INTO device (device_id, individual_number, device_class, model_key, enrolled_at, payer_id, legal_frame,
                        loan_started_at, stock_state)
        SELECT 'd-' || n, n::text, CASE WHEN n %% 3 = 0 THEN 'apap' ELSE 'wheelchair' END,
               CASE WHEN n %% 3 = 0 THEN 'resmed-airsense11' ELSE 'pg-vr2' END, now(), 1 + n / 7 %% %(payers)s, 'HSL',
               now() - interval '400 days', 'on_loan'
          FROM generate_series(1, %(devices)s) n;
    -- One in seven is not used; most of those are proposed, and all of the proposed are proven unused.
    INSERT INTO idle_verdict (device_no, loan_started_at, device_class, payer_id,
           verdict, step, since, days, opinion, judged_day,
                              judged_at)
        SELECT device_no, loan_started_at, device_class, payer_id, CASE WHEN unused THEN 'unused' ELSE 'used' END,
               CASE WHEN NOT unused THEN 'none' WHEN device_no %% 5 = 0 THEN 'contact' ELSE 'propose' END,
               CASE WHEN unused THEN current_date - 40 - device_no * 31 %% 200 END, 40,
               CASE WHEN unused AND device_no %% 700 = 0 THEN 'disagrees' ELSE 'agrees' END, current_date, now()
          FROM device CROSS JOIN LATERAL (SELECT device_no %% 7 = 0 AND payer_id <> %(none)s AS unused) u;
"""


@pytest.fixture(scope="module")
def fleet(postgres: Postgres, role_passwords: Passwords, template_database: str) -> Iterator[Database]:
    """To read only."""
    database = copy_database(postgres, template_database, "idle_plans", role_passwords)
    with psycopg.connect(database.superuser, autocommit=True, cursor_factory=psycopg.ClientCursor) as connection:
        connection.execute(_FILL, {"payers": PAYERS, "devices": DEVICES, "none": NONE_UNUSED})
        connection.execute("VACUUM ANALYZE")
    yield database
    drop_database(postgres, database.name)


@pytest.fixture(params=[None, 8, NONE_UNUSED], ids=["every payer", "one payer", "a payer without unused devices"])
def payers(request: pytest.FixtureRequest) -> list[int] | None:
    return None if request.param is None else [request.param]


@pytest.fixture
def api(fleet: Database, payers: list[int] | None) -> Iterator[psycopg.Connection]:
    with psycopg.connect(fleet.api) as connection:
        own, technical = None if payers is None else frozenset(payers), frozenset({Audience.TECHNICAL})
        set_scope(connection, Scope(payers=own, frames=frozenset({"HSL"}), audiences=technical))
        yield connection


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        ({}, "idle_verdict_proven"),
        ({"step": "propose"}, "idle_verdict_step"),
        ({"device_class": "apap"}, "idle_verdict_class"),
        ({"opinion": "disagrees"}, "idle_verdict_doubted"),
        ({"payer": "p-3"}, "idle_verdict_payer"),
    ],
    ids=["all", "proposed", "of a class", "doubted", "of a payer"],
)
def test_a_page_looks_up_the_devices_it_shows(
    api: psycopg.Connection, payers: list[int] | None, asked: dict[str, Any], index: str
) -> None:
    filters = {**NOTHING, **asked, "limit": PAGE, "payers": payers}
    plan = explained(api, listing(None, filters), {**filters, "verdict": None})
    assert indexes(plan) & ({index} if payers is None else {index, "idle_verdict_payer"})
    # The page's own devices and their states are read a few times, and what one payer has is sorted.
    own = 0 if payers is None and "payer" not in asked else 1.2 * OF_A_PAYER
    assert read(plan, "device") <= 8 * PAGE + own
    assert read(plan, "idle_verdict") <= 4 * PAGE + own
