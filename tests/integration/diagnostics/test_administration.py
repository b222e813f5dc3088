"""Administration in the console: within one's own scope, audited, refused in words; nothing leaves an alarm alone."""

import io
import re
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import httpx
import psycopg
import pytest

from diagnostics.app import build_app
from diagnostics.resources import Resources
from fleet.plumbing.sheets import Column, write_csv
from fleet.plumbing.store.accounts import add_account
from fleet.register_rows import TITLES
from tests.fixtures.database import Database
from tests.integration.diagnostics.conftest import NOW, Store, Town

PASSWORD = "a-long-enough-password"
ORIGIN = {"origin": "http://console"}


class Visitor:
    """A person at the console, without script."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.key = ""

    async def get(self, path: str, **query: Any) -> httpx.Response:
        return await self.client.get(f"/console{path}", params=query)

    async def post(self, path: str, data: dict[str, Any] | None = None, **more: Any) -> httpx.Response:
        form = {"form_key": self.key, **(data or {})}
        return await self.client.post(f"/console{path}", data=form, headers=ORIGIN, **more)

    async def enter(self, login: str, password: str = PASSWORD) -> bool:
        self.client.cookies.clear()
        answer = await self.post("/login", {"login": login, "password": password})
        for cookie in answer.headers.get_list("set-cookie"):
            name, value = cookie.split(";")[0].split("=", 1)
            self.client.cookies.set(name, value)
        found = re.search(r'name="form_key" value="(\w+)"', (await self.get("/accessibility")).text)
        self.key = found[1] if found else ""
        return answer.status_code == 303


@pytest.fixture
async def visitor(resources: Resources, database: Database) -> AsyncIterator[Visitor]:
    """An administrator of everything, signed in."""
    with psycopg.connect(database.owner) as connection:
        add_account(connection, "chief", PASSWORD, "administrator", care_unit="HMC")
    transport = httpx.ASGITransport(build_app(resources))
    async with httpx.AsyncClient(transport=transport, base_url="http://console") as client:
        visitor = Visitor(client)
        assert await visitor.enter("chief")
        yield visitor


def new(login: str = "ny-tekniker", **changes: Any) -> dict[str, Any]:
    return {
        "login": login,
        "role": "technician",
        "care_unit": "Depå 1",
        "frame": ["HSL"],
        "payer": "kommun-a",
    } | changes


async def test_an_account_is_made_used_changed_shut_opened_and_given_a_new_password(
    visitor: Visitor, town: Town, store: Store
) -> None:
    page = await visitor.post("/administration/accounts", new())
    password = re.search(r"<code>([\w-]{16})</code>", page.text)
    assert password is not None, page.text
    place = "/administration/accounts/ny-tekniker"
    assert await visitor.enter("ny-tekniker", password[1])
    assert (await visitor.get("/administration")).status_code == 403
    await visitor.enter("chief")
    assert (await visitor.post(place, new(deed="change", role="carer", frame=["HSL", "SoL"]))).status_code == 303
    assert store.all("SELECT role, payers, frames, audiences FROM account WHERE login = 'ny-tekniker'") == [
        ("carer", [town.payer.payer_id], ["HSL", "SoL"], ["care"])
    ]
    assert store.all("SELECT count(*) FROM console_session JOIN account USING (account_id) WHERE role = 'carer'") == [
        (0,)
    ], "what was open under the former role has ended"
    assert (await visitor.post(place, {"deed": "shut"})).status_code == 303
    assert not await visitor.enter("ny-tekniker", password[1])
    await visitor.enter("chief")
    await visitor.post(place, {"deed": "open"})
    other = re.search(r"<code>([\w-]{16})</code>", (await visitor.post(place, {"deed": "password"})).text)
    assert other is not None
    assert not await visitor.enter("ny-tekniker", password[1])
    assert await visitor.enter("ny-tekniker", other[1])
    deeds = {row[0] for row in store.all("SELECT action FROM audit WHERE actor = 'chief'")}
    assert {"account.add", "account.change", "account.shut", "account.open", "account.password"} <= deeds
    assert password[1] not in str(store.all("SELECT * FROM audit")) + str(store.all("SELECT * FROM account"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"login": "19121212-1212"},
        {"login": "Å"},
        {"login": "chief"},
        {"care_unit": " "},
        {"payer": "no-such"},
        {"frame": []},
        {"payer": []},
        {"role": "king"},
    ],
)
async def test_what_cannot_be_an_account_is_refused_in_words(
    visitor: Visitor, town: Town, store: Store, wrong: dict[str, Any]
) -> None:
    answer = await visitor.post("/administration/accounts", new(**wrong))
    assert answer.status_code == 422
    assert store.all("SELECT count(*) FROM account") == [(1,)]


async def test_an_administrator_hands_out_no_more_than_they_have_and_sees_no_other_accounts(
    visitor: Visitor, town: Town, store: Store, database: Database
) -> None:
    with psycopg.connect(database.owner) as connection:
        add_account(
            connection, "local-chief", PASSWORD, "administrator", care_unit="A", payers=["kommun-a"], frames=["HSL"]
        )
        add_account(connection, "neighbour", PASSWORD, "carer", care_unit="B", payers=["kommun-b"])
    await visitor.enter("local-chief")
    page = (await visitor.get("/administration/accounts")).text
    assert "local-chief" in page
    assert not {"neighbour", "chief<", "Kommun-B"} & set(re.findall(r"neighbour|Kommun-B|>chief<", page))
    beyond: list[dict[str, Any]] = [{"payer": "kommun-b"}, {"every_payer": "1"}, {"frame": ["HSL", "SoL"]}]
    for more in beyond:
        assert (await visitor.post("/administration/accounts", new(**more))).status_code == 422, more
    there = await visitor.get("/administration/accounts/neighbour")
    nowhere = await visitor.get("/administration/accounts/no-such")
    assert there.status_code == nowhere.status_code == 404
    for deed in ("change", "shut", "password"):
        assert (await visitor.post("/administration/accounts/neighbour", new(deed=deed))).status_code == 404
    assert (await visitor.post("/administration/accounts/local-chief", new(deed="change"))).status_code == 422
    assert store.all("SELECT count(*) FROM account WHERE login = 'ny-tekniker' OR disabled_at IS NOT NULL") == [(0,)]
    assert (await visitor.get("/administration/ladders")).status_code == 403, "of the whole installation"
    for own_part in ("/audit", "/audit/reviews"):
        assert (await visitor.get(own_part)).status_code == 200


def people(store: Store, *codes: str) -> None:
    for code in codes:
        store.execute("INSERT INTO recipient (code, role) VALUES (%s, 'carer')", code)
        store.execute(
            "INSERT INTO recipient_address SELECT recipient_id, 'sms', '+46700000000' FROM recipient WHERE code = %s",
            code,
        )


def rota(ends: str = "22:00", version: int = 0, **more: str) -> dict[str, str]:
    """A step with a day and an evening; the night's duty begins at 22."""
    return {
        "code": "norr",
        "version": str(version),
        "s0_wait": "5",
        "s0d0_recipient": "dag",
        "s0d0_days": "every_day",
        "s0d0_begins": "07:00",
        "s0d0_ends": ends,
        "s0d1_recipient": "natt",
        "s0d1_days": "every_day",
        "s0d1_begins": "22:00",
        "s0d1_ends": "07:00",
        "last_resort": "natt",
        "repeat": "5",
        "calm_repeat": "60",
        **more,
    }


async def test_a_rota_with_a_gap_is_refused_and_shown_where_then_saved_when_mended(
    visitor: Visitor, store: Store
) -> None:
    people(store, "dag", "natt")
    refused = await visitor.post("/administration/ladders", rota(ends="21:00"))
    assert refused.status_code == 422
    assert re.search(r"Steg 1: ingen har turen från \d{4}-\d\d-\d\d 21:00 till \d{4}-\d\d-\d\d 22:00", refused.text)
    assert 'value="21:00"' in refused.text, "nothing typed is lost"
    assert store.all("SELECT count(*) FROM ladder") == [(0,)]
    assert (await visitor.post("/administration/ladders", rota())).status_code == 303
    assert store.all("SELECT version, set_by FROM ladder") == [(1, "chief")]
    page = await visitor.get("/administration/ladders/norr")
    assert 'value="22:00"' in page.text
    assert "+4670" not in page.text, "addresses are never shown"
    assert (await visitor.post("/administration/ladders", rota(version=1, repeat="10"))).status_code == 303
    assert (await visitor.post("/administration/ladders", rota(version=1))).status_code == 422, "changed meanwhile"
    assert store.all("SELECT version, document -> 'repeat_minutes' FROM ladder") == [(2, 10)]
    assert ("chief", "ladder.set", None) in store.audit()


@pytest.mark.parametrize(
    "wrong",
    [
        {"last_resort": "nobody"},
        {"s0_wait": "long"},
        {"s0d0_recipient": "stranger"},
        {"s0d0_days": "someday"},
        {"s0d0_begins": "25:00"},
        {"repeat": "0"},
        {"code": "default; DROP"},
    ],
)
async def test_a_ladder_that_cannot_be_walked_is_refused(visitor: Visitor, store: Store, wrong: dict[str, str]) -> None:
    people(store, "dag", "natt")
    answer = await visitor.post("/administration/ladders", rota() | wrong)
    assert answer.status_code == 422
    assert store.all("SELECT count(*) FROM ladder") == [(0,)]


async def test_a_limit_is_saved_only_when_it_was_tried(visitor: Visitor, town: Town, store: Store) -> None:
    dispenser = town.dispenser
    store.heard(dispenser.device_no, values={"battery.level": 25.0})
    for hours in range(1, 48):
        store.reading(dispenser.device_no, "dispenser", NOW - timedelta(hours=hours), {"battery_level": 24.0})
    place = f"/devices/{dispenser.device_id}/limits"
    assert (
        await visitor.post(place, {"setting": "battery_low.below", "value": "28", "reason": "långt bort"})
    ).status_code == 422
    page = await visitor.get(place, setting="battery_low.below", value="28")
    assert page.status_code == 200
    proof = re.search(r'name="proof" value="(\w+)"', page.text)
    assert proof is not None
    assert [re.findall(r"<dd>(\d+)</dd>", page.text)[number] for number in (0, 1)] == ["0", "1"], (
        "none at 20, one at 28"
    )
    tried = {"setting": "battery_low.below", "value": "28", "proof": proof[1], "reason": "långt bort"}
    assert (await visitor.post(place, {**tried, "value": "29"})).status_code == 422, "another value was not tried"
    assert (await visitor.post(place, tried)).status_code == 303
    assert store.all("SELECT rule, setting, value, set_by FROM rule_override") == [
        ("battery_low", "below", 28.0, "chief")
    ]
    assert (await visitor.get(place, setting="battery_low.below", value="99")).status_code == 422, "beyond its bounds"


async def test_prices_begin_today_or_later_and_what_was_charged_stays(visitor: Visitor, store: Store) -> None:
    [(model, before)] = store.all("SELECT model_key, count(*) FROM model_price GROUP BY 1 ORDER BY 1 LIMIT 1")
    later = (date.today() + timedelta(days=30)).isoformat()  # noqa: DTZ011 - a month ahead, whatever the zone
    for begins, rent in (("2020-01-01", "100"), (later, "-1"), (later, "NaN"), (later, "x"), ("soon", "100")):
        answer = await visitor.post("/administration/prices", {"model": model, "begins": begins, "rent": rent})
        assert answer.status_code == 422, (begins, rent)
    answer = await visitor.post("/administration/prices", {"model": model, "begins": later, "rent": "1 234,50"})
    assert answer.status_code == 303
    assert store.all("SELECT count(*) FROM model_price WHERE model_key = %s", model) == [(before + 1,)]
    assert "1\xa0234 kr" in (await visitor.get("/administration/prices")).text.replace("1\xa0235 kr", "1\xa0234 kr")
    assert ("chief", "price.set", None) in store.audit()


def register(*rows: dict[str, str]) -> bytes:
    out = io.BytesIO()
    columns = [Column(field=name, title=title, explanation=title) for name, title in TITLES.items()]
    write_csv(out, columns, [[row.get(name, "") for name in TITLES] for row in rows])
    return out.getvalue()


async def test_a_register_is_tried_row_by_row_and_only_the_tried_file_is_taken(
    visitor: Visitor, town: Town, store: Store
) -> None:
    good = {"individual_number": "N-1", "device_class": "scale", "model": "and-uc352ble", "payer": "kommun-a",
            "legal_frame": "HSL", "loan_started": "2026-01-02"}  # fmt: skip
    content = register(good, {**good, "individual_number": "N-2", "payer": "kommun-x"})
    place, file = "/administration/register", {"file": ("lista.csv", content, "text/csv")}
    tried = await visitor.post(place, files=file)
    assert tried.status_code == 200, tried.text
    assert "inget är ändrat" in tried.text
    assert "N-2" in tried.text
    assert store.all("SELECT count(*) FROM device WHERE individual_number LIKE 'N-%%'") == [(0,)]
    proof = re.search(r'name="proof" value="(\w+)"', tried.text)
    assert proof is not None
    other = {"file": ("lista.csv", register(good), "text/csv")}
    assert (await visitor.post(place, {"proof": proof[1]}, files=other)).status_code == 422
    taken = await visitor.post(place, {"proof": proof[1]}, files=file)
    assert "Filen är intagen" in taken.text
    assert store.all("SELECT individual_number, payer_id FROM device WHERE individual_number LIKE 'N-%%'") == [
        ("N-1", town.payer.payer_id)
    ]
    assert store.all("SELECT kind, actor, taken, refused FROM import_run") == [("register", "chief", 1, 1)]
    assert (await visitor.post(place, files={"file": ("x.xlsx", b"PK\x03\x04nonsense", "x/y")})).status_code == 422
    assert {"register.try", "register.import"} <= {action for _, action, _ in store.audit()}


async def test_the_audit_is_searched_extracted_and_sampled(visitor: Visitor, town: Town, store: Store) -> None:
    await visitor.get(f"/devices/{town.chair.device_id}")
    await visitor.get("/devices")
    page = (await visitor.get("/audit", device="A-1")).text
    assert "device.read" in page
    assert "devices.search" in page, "a list that named it counts as a read of it"
    assert (await visitor.get("/audit", device="no-such")).status_code == 404
    file = await visitor.get("/audit/extract", device="A-1")
    assert file.headers["content-type"].startswith("text/csv")
    rows = file.content.decode("utf-8-sig").split("\r\n")
    assert rows[0].startswith("Tid (svensk);Enhet;Användare")
    assert any("HMC;chief;administrator;device.read;ensamt" in row for row in rows)
    assert any("i en lista" in row for row in rows)
    assert "B-1" not in file.text
    store.execute(
        "INSERT INTO audit (actor, role, care_unit, action, device_no)"
        " VALUES ('other', 'carer', 'x', 'device.read', %s)",
        town.chair.device_no,
    )
    today = NOW.date()
    drawn = await visitor.post(
        "/audit/reviews", {"from": str(today - timedelta(days=2)), "to": str(today + timedelta(days=2)), "count": "200"}
    )
    assert drawn.status_code == 303
    place = drawn.headers["location"].removeprefix("/console")
    lines = dict(store.all("SELECT actor, max(audit_id) FROM audit JOIN audit_review_line USING (audit_id) GROUP BY 1"))
    assert set(lines) == {"chief", "other"}
    own = {"line": str(lines["chief"]), "judgement": "justified"}
    assert (await visitor.post(place, own)).status_code == 422, "nobody judges their own"
    others = {"line": str(lines["other"]), "judgement": "unjustified"}
    assert (await visitor.post(place, others)).status_code == 422, "why?"
    assert (await visitor.post(place, {**others, "note": "ingen insats den dagen"})).status_code == 303
    assert (await visitor.post(place, {**others, "judgement": "justified"})).status_code == 422, "it stands"
    assert "ingen insats den dagen" in (await visitor.get(place)).text
    assert store.all("SELECT judgement, judged_by FROM audit_review_line WHERE judgement IS NOT NULL") == [
        ("unjustified", "chief")
    ]


async def test_a_municipality_reviews_its_own_part_and_nothing_else(
    visitor: Visitor, town: Town, store: Store, database: Database
) -> None:
    """Reads of what it pays for, under its legal frame, whoever made them; the whole installation reviews all."""
    with psycopg.connect(database.owner) as connection:
        for login, payer in (("local-chief", "kommun-a"), ("neighbour", "kommun-b")):
            add_account(connection, login, PASSWORD, "administrator", care_unit="A", payers=[payer], frames=["HSL"])
    for reader, device in (("nurse", town.chair), ("nurse-sol", town.dispenser), ("far-away", town.elsewhere)):
        store.execute(
            "INSERT INTO audit (actor, role, care_unit, action, device_no)"
            " VALUES (%s, 'carer', 'x', 'device.read', %s)",
            reader,
            device.device_no,
        )
    await visitor.enter("local-chief")
    page = (await visitor.get("/audit")).text
    assert [reader in page for reader in (">nurse<", "nurse-sol", "far-away")] == [True, False, False]
    place = await drawn_sample(visitor)
    lines = dict(store.all("SELECT actor, audit_id FROM audit JOIN audit_review_line USING (audit_id)"))
    assert set(lines) == {"nurse"}, "its own, of its own frame, and a list of everybody's is not among them"
    assert store.all("SELECT among, payers, frames FROM audit_review") == [(1, [town.payer.payer_id], ["HSL"])]
    shown = await visitor.get(place)
    assert (shown.status_code, "nurse" in shown.text, "A-1" in shown.text) == (200, True, True)
    said = {"line": str(lines["nurse"]), "judgement": "justified"}
    assert (await visitor.post(place, said)).status_code == 303
    assert store.all("SELECT judgement, judged_by FROM audit_review_line") == [("justified", "local-chief")]
    assert place in (await visitor.get("/audit/reviews")).text
    await visitor.enter("neighbour")
    assert (await visitor.get(place)).status_code == 404, "another municipality sees neither the sample"
    assert (await visitor.post(place, said)).status_code == 404
    assert place not in (await visitor.get("/audit/reviews")).text, "nor that there is one"
    await visitor.enter("chief")
    assert (await visitor.get(place)).status_code == 200


async def drawn_sample(visitor: Visitor) -> str:
    """Draws every read of these days; the sample's page."""
    days = {"from": str(NOW.date() - timedelta(days=2)), "to": str(NOW.date() + timedelta(days=2)), "count": "200"}
    drawn = await visitor.post("/audit/reviews", days)
    assert drawn.status_code == 303, drawn.text
    return drawn.headers["location"].removeprefix("/console")


async def test_health_is_never_well_where_something_is_not_known(visitor: Visitor, store: Store) -> None:
    page = (await visitor.get("/health")).text
    assert "Det går inte att säga" in page
    assert "Ingen inhämtning har någonsin hörts" in page
    for part in ("judging", "notifying", "escalating"):
        store.execute("INSERT INTO worker_pulse VALUES (%s, now())", part)
    assert "Det går inte att säga" in (await visitor.get("/health")).text, "no ingest, no canary"
    store.watermark(NOW)
    store.execute("UPDATE worker_pulse SET at = now() - interval '2 minutes' WHERE part = 'notifying'")
    page = (await visitor.get("/health")).text
    assert "Ja, just nu" in page
    assert "Ingen larmas" in page


async def test_every_form_of_the_administration_wants_the_sessions_key(visitor: Visitor, store: Store) -> None:
    visitor.key = "0" * 64
    for path in ("accounts", "accounts/chief", "ladders", "prices"):
        assert (await visitor.post(f"/administration/{path}", new())).status_code == 403
    assert (await visitor.post("/administration/register", files={"file": ("x.csv", b"x")})).status_code == 403
    for path in ("/audit/reviews", "/audit/reviews/1", "/devices/d-some/limits"):
        assert (await visitor.post(path, {})).status_code == 403
    assert store.all("SELECT count(*) FROM account") == [(1,)]
