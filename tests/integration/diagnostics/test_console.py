"""Accounts and sessions of the console: closed by default, ended when told, the same rights as an API token."""

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import psycopg
import pytest

from diagnostics.app import build_app
from diagnostics.console.accounts import find_session, sign_in
from diagnostics.console.app import ROUTES
from diagnostics.console.gate import OPEN
from diagnostics.resources import Resources
from fleet.dictionary import knowledge_of
from fleet.plumbing.store.accounts import add_account, disable_account, list_accounts, set_password
from fleet.plumbing.store.register import RegisterError
from fleet.registry import load_registry
from tests.fixtures.database import Database
from tests.integration.diagnostics.conftest import Store, Town

PASSWORD = "a-long-enough-password"
ORIGIN = {"origin": "http://console", "host": "console"}


@pytest.fixture
async def console(resources: Resources) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(build_app(resources))
    async with httpx.AsyncClient(transport=transport, base_url="http://console") as client:
        yield client


def account(database: Database, login: str, role: str = "technician", **changes: Any) -> None:
    with psycopg.connect(database.owner) as connection:
        add_account(connection, login, PASSWORD, role, care_unit="test", **changes)


async def enter(console: httpx.AsyncClient, login: str, password: str = PASSWORD, **more: str) -> httpx.Response:
    answer = await console.post("/console/login", data={"login": login, "password": password, **more}, headers=ORIGIN)
    for cookie in answer.headers.get_list("set-cookie"):  # the cookie is for TLS alone, this client speaks plainly
        name, value = cookie.split(";")[0].split("=", 1)
        console.cookies.set(name, value)
    return answer


async def test_every_page_but_the_open_ones_leads_a_stranger_to_the_login(console: httpx.AsyncClient) -> None:
    paths = {route.path for route in ROUTES} - OPEN - {"/console/static/{name}"}
    assert len(paths) >= 7
    for path in [*paths, "/console/nothing", "/console/devices/../devices"]:
        answer = await console.get(re.sub(r"\{[^}]+\}", "1", path))
        assert answer.status_code == 303, path
        assert answer.headers["location"].startswith("/console/login?next=")
        assert not answer.content


async def test_a_session_sees_what_the_accounts_scope_lets_it_see(
    console: httpx.AsyncClient, database: Database, town: Town
) -> None:
    with psycopg.connect(database.owner) as connection:
        code = connection.execute("SELECT code FROM payer WHERE payer_id = %s", [town.other.payer_id]).fetchone()
    assert code is not None
    account(database, "other-side", payers=[code[0]])
    assert (await enter(console, "other-side")).headers["location"] == "/console/"
    page = (await console.get("/console/devices")).text
    assert "B-1" in page
    assert "A-1" not in page
    hidden = await console.get(f"/console/devices/{town.chair.device_id}")
    nobody = await console.get("/console/devices/d-nobody")
    assert hidden.status_code == nobody.status_code == 404
    assert [line for line in hidden.text.splitlines() if "<code>" not in line and "lang=" not in line] == [
        line for line in nobody.text.splitlines() if "<code>" not in line and "lang=" not in line
    ], "what exists elsewhere looks like what does not exist"


async def test_reading_a_page_leaves_its_line_in_the_audit(
    console: httpx.AsyncClient, database: Database, town: Town, store: Store
) -> None:
    account(database, "reader")
    await enter(console, "reader")
    await console.get(f"/console/devices/{town.chair.device_id}")
    actions = [row[0] for row in store.all("SELECT action FROM audit WHERE actor = 'reader' ORDER BY audit_id")]
    assert "device.read" in actions


async def test_what_an_order_turned_out_to_be_is_offered_in_the_words_of_the_dictionary(
    console: httpx.AsyncClient, database: Database, town: Town
) -> None:
    account(database, "mender")
    await enter(console, "mender")
    path = f"/console/devices/{town.chair.device_id}"
    key = re.search(r'name="form_key" value="([^"]+)"', (await console.get(path)).text)
    assert key is not None
    form = {"form_key": key[1], "remark": "stannar i uppförsbacke"}
    drafted = await console.post(f"{path}/orders", data=form, headers=ORIGIN)
    assert drafted.status_code == 303, drafted.text
    order = (await console.get(drafted.headers["location"])).text
    knowledge = knowledge_of(load_registry()["wheelchair"])
    assert set(re.findall(r'<option value="(\w+)"', order)) >= knowledge.causes_by_key.keys()


async def test_a_session_ends_when_its_account_is_disabled_its_password_changed_or_its_time_is_over(
    console: httpx.AsyncClient, database: Database, store: Store, resources: Resources
) -> None:
    account(database, "soon-gone")
    for ending in ("disable", "password", "idle", "old"):
        secret = await sign_in(resources.pool, "soon-gone", PASSWORD)
        assert secret is not None
        assert await find_session(resources.pool, secret) is not None
        with psycopg.connect(database.owner) as connection:
            if ending == "password":
                set_password(connection, "soon-gone", PASSWORD)
            elif ending == "disable":
                disable_account(connection, "soon-gone")
            elif ending == "idle":
                connection.execute("UPDATE console_session SET used_at = now() - interval '61 minutes'")
            else:
                connection.execute("UPDATE console_session SET expires_at = now() - interval '1 second'")
        assert await find_session(resources.pool, secret) is None, ending
        store.execute("UPDATE account SET disabled_at = NULL")
    del console


async def test_use_keeps_a_session_alive(database: Database, store: Store, resources: Resources) -> None:
    account(database, "busy")
    secret = await sign_in(resources.pool, "busy", PASSWORD)
    for _ in range(3):
        store.execute("UPDATE console_session SET used_at = used_at - interval '40 minutes'")
        assert await find_session(resources.pool, secret) is not None


async def test_neither_password_nor_session_secret_is_stored(
    database: Database, store: Store, resources: Resources
) -> None:
    account(database, "secretive")
    secret = await sign_in(resources.pool, "secretive", PASSWORD)
    dump = str(store.all("SELECT * FROM account")) + str(store.all("SELECT session_hash FROM console_session"))
    assert secret is not None
    assert PASSWORD not in dump
    assert secret not in dump
    assert "$argon2id$" in dump


async def test_guessing_is_slowed_down_per_login_and_per_address(
    console: httpx.AsyncClient, database: Database
) -> None:
    account(database, "guessed")
    codes = [(await enter(console, "guessed", f"wrong-{number}")).status_code for number in range(10)]
    assert codes[:5] == [422] * 5
    assert 429 in codes
    assert (await enter(console, "guessed")).status_code == 429, "also with the right password"


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example/", "/console/\\evil", "/api/v1/devices"])
async def test_after_signing_in_one_never_lands_elsewhere(
    console: httpx.AsyncClient, database: Database, wanted: str
) -> None:
    account(database, "traveller")
    assert (await enter(console, "traveller", next=wanted)).headers["location"] == "/console/"


async def test_a_login_form_of_another_site_is_refused(console: httpx.AsyncClient, database: Database) -> None:
    account(database, "lured")
    data = {"login": "lured", "password": PASSWORD}
    for headers in ({"origin": "https://evil.example"}, {"origin": "null"}, {}, {"sec-fetch-site": "cross-site"}):
        answer = await console.post("/console/login", data=data, headers=headers)
        assert answer.status_code == 403, headers
        assert "set-cookie" not in answer.headers
    assert (await console.post("/console/login", data=data, headers=ORIGIN)).status_code == 303


async def test_the_cookie_is_kept_from_scripts_and_other_sites(console: httpx.AsyncClient, database: Database) -> None:
    account(database, "careful")
    cookie = (await enter(console, "careful")).headers["set-cookie"].lower()
    assert all(word in cookie for word in ("httponly", "samesite=lax", "path=/console", "secure"))


async def test_pages_forbid_everything_from_elsewhere(console: httpx.AsyncClient) -> None:
    policy = (await console.get("/console/login")).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


async def test_static_files_are_a_closed_list(console: httpx.AsyncClient) -> None:
    assert (await console.get("/console/static/console.css")).status_code == 200
    for name in ("../accounts.py", "..%2faccounts.py", "vendor", "app.py"):
        assert (await console.get(f"/console/static/{name}")).status_code in {303, 404}


def test_what_is_wrong_with_an_account_is_told(database: Database) -> None:
    with psycopg.connect(database.owner, autocommit=True) as connection:
        add_account(connection, "first", PASSWORD, "carer", care_unit="x")
        for login, password, role, said in (
            ("first", PASSWORD, "carer", "taken"),
            ("With Space", PASSWORD, "carer", "lower-case"),
            ("second", "short", "carer", "too short"),
            ("second", PASSWORD, "king", "choose one of"),
        ):
            with pytest.raises(RegisterError, match=said):
                add_account(connection, login, password, role, care_unit="x")
        with pytest.raises(RegisterError, match="not in the register"):
            add_account(connection, "third", PASSWORD, "carer", care_unit="x", payers=["nowhere"])
        with pytest.raises(RegisterError, match="no account"):
            disable_account(connection, "nobody")
        assert [row["login"] for row in list_accounts(connection)] == ["first"]


async def test_the_board_shows_the_most_urgent_of_very_many_alarms_and_how_many_there_are(
    console: httpx.AsyncClient, database: Database, town: Town, store: Store
) -> None:
    """What a board cuts off must never be the old alarm of somebody in danger that nobody has taken."""
    alarm = (
        "INSERT INTO alarm (device_no, rule, severity, safety, audience, title_sv, title_en, reason_sv, reason_en,"
        " happened_at, raised_at) SELECT %s, 'rule_' || n, %s, %s, 'technical', %s, 'T', 'x', 'x', at, at"
        " FROM generate_series(1, %s) n,"
        " LATERAL (SELECT now() - n * interval '1 minute' - %s * interval '1 day' AS at) a"
    )
    store.execute(alarm, town.chair.device_no, "critical", True, "Farligt och gammalt", 1, 3)
    store.execute(alarm.replace("rule_", "later_"), town.chair.device_no, "warning", False, "Nyare varning", 110, 0)
    account(database, "watcher", "administrator")
    await enter(console, "watcher")
    page = (await console.get("/console/alarms")).text
    assert page.index("Farligt och gammalt") < page.index("Nyare varning")
    assert "100 av 111 öppna larm visas" in page
    assert "Farligt och gammalt" in (await console.get("/console/alarms?sort=waiting")).text
    by_risk = (await console.get("/console/alarms?sort=risk")).text
    assert "Farligt och gammalt" in by_risk
    assert "i den ordning du valt" in by_risk, "all of them were weighed"
    assert "Farligt och gammalt" not in (await console.get("/console/alarms?sort=newest")).text, "control: cut off"
    start = (await console.get("/console/")).text
    assert "Farligt och gammalt" in start
    assert "(111)" in start
    store.execute(alarm.replace("rule_", "more_"), town.chair.device_no, "warning", False, "Ännu en", 290, 0)
    by_risk = (await console.get("/console/alarms?sort=risk")).text
    assert "100 av 401 öppna larm visas: de mest utsatta av de 400 mest brådskande" in by_risk
    assert "i den ordning du valt" in (await console.get("/console/alarms?sort=waiting")).text


async def test_a_sample_of_a_time_without_reads_is_shown_as_empty(
    console: httpx.AsyncClient, database: Database, town: Town
) -> None:
    account(database, "manager", "administrator")
    await enter(console, "manager")
    key = re.search(r'name="form_key" value="([^"]+)"', (await console.get("/console/audit/reviews")).text)
    assert key is not None
    form = {"form_key": key[1], "from": "2021-01-01", "to": "2021-01-31", "count": "5"}
    drawn = await console.post("/console/audit/reviews", data=form, headers=ORIGIN)
    assert drawn.status_code == 303, drawn.text
    shown = await console.get(drawn.headers["location"])
    assert shown.status_code == 200
    assert "ingen läste om ett hjälpmedel under den tiden" in shown.text
    assert (await console.get("/console/audit/reviews/999999")).status_code == 404
