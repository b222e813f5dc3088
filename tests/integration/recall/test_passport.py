"""Passport and return: technical life only, one page that loads nothing, and a loan boundary that is sealed at once."""

import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import psycopg
import pytest

from diagnostics.passport.page import qr_code
from fleet.signals import Audience
from tests.fixtures.database import Database, lend_device
from tests.integration.recall.conftest import NOW, Api, MakeToken, Prove, Store, Town

BY = {"why": "återlämnat i depån"}


async def test_the_passport_tells_what_is_known_and_names_what_is_not(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    number = town.chair.device_no
    store.heard(number, at=NOW, values={"drive.odometer_total": 2210.5, "battery.soh": 64.0})
    store.reading(number, "wheelchair", NOW - timedelta(days=3), {"environment_temp": 2.5})
    store.reading(number, "wheelchair", NOW - timedelta(days=2), {"environment_temp": 11.0})
    store.fault(number, "pg_rnet", "x", None)
    body = (await api.get(f"devices/{town.chair.device_id}/passport", make_token("technician"))).json()
    assert (body["distance_km"], body["battery_health_percent"], body["coldest_celsius"]) == (2210.5, 64.0, 2.5)
    assert (body["charge_cycles"], body["repairs"], body["running_hours"]) == (None, 0, None)
    assert body["advice"] == "recondition"
    said = " ".join(reason["sv"] for reason in body["reasons"])
    assert "byt batteri" in said
    assert "2,5 °C" in said
    assert {"charge cycles"} <= {name["en"] for name in body["unknown"]}
    assert [fault["active"] for fault in body["faults"]] == [True]
    never_heard = (await api.get(f"devices/{town.elsewhere.device_id}/passport", make_token("technician"))).json()
    assert (never_heard["advice"], never_heard["value_at_stake_sek"]) == ("unknown", None)


class Loads(HTMLParser):
    """Whatever a page would fetch or run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name for name, _ in attrs}
        if tag in {"script", "link", "img", "iframe", "object", "embed"} or named & {"src", "href", "style", "onload"}:
            self.found.append(tag)


async def test_the_page_is_whole_in_itself_and_escapes_what_devices_say(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    store.execute("UPDATE device SET firmware = '<script>x</script>' WHERE device_no = %s", town.chair.device_no)
    token = make_token("technician", name="reader")
    page = await api.get(f"devices/{town.chair.device_id}/passport.html", token)
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    loads = Loads()
    loads.feed(page.text)
    assert loads.found == []
    loads.feed('<img src="x">')
    assert loads.found == ["img"], "control: what loads is found"
    assert "<script" not in page.text
    assert "&lt;script&gt;" in page.text
    assert "url(" not in page.text
    assert "Hjälpmedelspass A-1" in page.text
    assert "@page" in page.text
    assert qr_code("A-1") in page.text
    assert qr_code("A-1") != qr_code("A-2")
    english = await api.call(
        "GET", f"devices/{town.chair.device_id}/passport.html", token, headers={"accept-language": "en"}
    )
    assert "Device passport" in english.text
    assert store.audit() == [("reader", "passport.read", town.chair.device_no)] * 2


async def test_the_next_borrower_and_the_previous_one_see_nothing_of_each_other(
    api: Api, make_token: MakeToken, town: Town, store: Store, database: Database
) -> None:
    number, device = town.chair.device_no, town.chair.device_id
    store.heard(number, at=NOW - timedelta(days=3), values={"drive.odometer_total": 2210.5})
    store.reading(number, "wheelchair", NOW - timedelta(days=3), {"environment_temp": 2.5})
    store.fault(number, "pg_rnet", "x", None, raised=NOW - timedelta(days=3), cleared=NOW - timedelta(days=2))
    alarm = store.alarm(number, "battery_low")
    centre, before = make_token("analyst"), make_token("prescriber_unit", payers=[town.payer])
    after = make_token("prescriber_unit", payers=[town.other])
    assert len((await api.get(f"devices/{device}/passport", before)).json()["faults"]) == 1
    ended = await api.post(f"devices/{device}/return", centre, BY)
    assert ended.status_code == 200, ended.text
    assert (await api.post(f"devices/{device}/return", centre, BY)).json()["code"] == "not_on_loan"
    assert store.all("SELECT cleared_why FROM alarm WHERE alarm_id = %s", alarm) == [("the loan ended",)]
    assert (await api.get(f"devices/{device}/passport", before)).status_code == 404
    lend_device(database, number, town.other, "HSL", datetime.now(UTC))
    fresh = (await api.get(f"devices/{device}/passport", after)).json()
    assert fresh["faults"] == []
    assert (fresh["distance_km"], fresh["coldest_celsius"]) == (None, None)
    assert fresh["loans"] == 1
    whole = (await api.get(f"devices/{device}/passport", centre)).json()
    assert (whole["loans"], whole["distance_km"], len(whole["faults"])) == (2, 2210.5, 1)


@pytest.mark.parametrize("role", ["carer", "prescriber_unit"])
async def test_only_the_centre_and_technicians_register_a_return(
    api: Api, make_token: MakeToken, town: Town, role: str
) -> None:
    answer = await api.post(f"devices/{town.chair.device_id}/return", make_token(role), BY)
    assert answer.status_code == 403


async def test_a_return_is_whole_or_nothing(  # noqa: PLR0917 - fixtures
    api: Api, make_token: MakeToken, town: Town, prove: Prove, store: Store, database: Database
) -> None:
    """If one part of it fails, the loan is still open and nothing is settled."""
    number = town.chair.device_no
    prove(number)
    assert (await api.post("recalls", make_token("analyst"), {"why": "genomgång"})).json()["proposed"] == 1
    alarm = store.alarm(number, "battery_low")
    with psycopg.connect(database.owner) as connection:
        connection.execute(
            "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;"
            "CREATE TRIGGER fail BEFORE INSERT ON recall_transition FOR EACH ROW EXECUTE FUNCTION fail()"
        )
    with pytest.raises(psycopg.errors.RaiseException):
        store.execute("UPDATE loan SET ended_at = now() WHERE device_no = %s", number)
    assert store.all("SELECT ended_at FROM loan WHERE device_no = %s", number) == [(None,)]
    assert store.all("SELECT cleared_at FROM alarm WHERE alarm_id = %s", alarm) == [(None,)]
    assert store.all("SELECT state FROM recall_case") == [("proposed",)]
    store.execute("DROP TRIGGER fail ON recall_transition")
    token = make_token("technician", audiences=(Audience.TECHNICAL,))
    assert (await api.post(f"devices/{town.chair.device_id}/return", token, BY)).status_code == 200
    assert store.all("SELECT state FROM recall_case") == [("withdrawn",)]
    assert re.search("loan", store.all("SELECT why FROM recall_case")[0][0])
