"""What people do at the console, start to finish, in a real browser against the whole system."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import psycopg
from playwright.sync_api import Page, expect

from device_sim.fleet_file import FleetEntry
from diagnostics.idle import run
from fleet.topics import Verb, topic
from tests.fixtures.browser import Visitors, account
from tests.fixtures.system import RunningSystem

HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>'\"`{{7*7}}=cmd|' /C calc'!A0"


def say(system: RunningSystem, device: FleetEntry, verb: Verb, seq: int, **body: object) -> None:
    message = {"ts": int(time.time() * 1000), "boot": 1, "seq": seq, **body}
    done = system.publish(device, topic(device.device_id, verb), json.dumps(message).encode())
    assert done.returncode == 0, done.stderr


def jam(system: RunningSystem) -> FleetEntry:
    """A dispenser that jams now."""
    device = system.enroll("dispenser", "roll-dispenser-r2")
    say(system, device, Verb.TELEMETRY, 1, values={"battery.soc": 80})
    data = {"system": "dispenser-gateway", "code": "JAM", "text": HOSTILE}
    say(system, device, Verb.EVENT, 2, event="fault_raised", data=data)
    return device


def raised_alarm(page: Page, device: FleetEntry) -> None:
    expect(page.get_by_text(device.individual_number).first).to_be_visible(timeout=15_000)


def no_sideways(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def test_carer_sees_an_alarm_arrive_and_takes_it_on_a_phone(visit: Visitors, running_system: RunningSystem) -> None:
    phone = visit("carer", width=360)
    page = phone.open("/alarms")
    expect(page.locator("#line[data-state=live]")).to_be_visible()
    device = jam(running_system)
    raised_alarm(page, device)
    assert no_sideways(page)
    card = page.locator("li.alarm", has_text=device.individual_number).first
    button = card.get_by_role("button", name=re.compile("Jag tar larmet"))
    box = button.bounding_box()
    assert box is not None
    assert box["height"] >= 44, "a thumb must meet it"
    button.click()
    taken = page.locator("li.alarm.taken", has_text=device.individual_number).first
    expect(taken).to_contain_text("Kvitterat av carer-")
    taken.get_by_label("Anteckning, utan namn").fill("Rullen satt snett")
    taken.get_by_role("button", name="Klart").click()
    expect(page.locator("li.alarm", has_text=device.individual_number)).to_have_count(0)
    assert not phone.complaints


def test_another_carer_sees_at_once_that_it_was_taken(visit: Visitors, running_system: RunningSystem) -> None:
    first, second = visit("carer"), visit("carer")
    device = jam(running_system)
    for window in (first, second):
        raised_alarm(window.open("/alarms"), device)
    first.page.locator("li.alarm", has_text=device.individual_number).get_by_role("button").first.click()
    expect(second.page.locator("li.alarm.taken", has_text=device.individual_number).first).to_be_visible(timeout=5000)
    assert not second.complaints


def test_a_board_that_lost_its_line_says_so_loudly_and_recovers(visit: Visitors) -> None:
    window = visit("carer")
    page = window.open("/alarms")
    expect(page.locator("#line[data-state=live]")).to_be_visible()
    assert not page.locator("#stale").is_visible()
    window.context.set_offline(True)
    expect(page.locator("#stale")).to_be_visible(timeout=8000)
    assert "Kontakten är bruten" in page.locator("#stale").inner_text()
    window.context.set_offline(False)
    expect(page.locator("#stale")).to_be_hidden(timeout=15_000)


def test_board_is_usable_without_javascript(visit: Visitors, running_system: RunningSystem) -> None:
    device = jam(running_system)
    window = visit("carer")
    raised_alarm(window.open("/alarms"), device)
    context = window.page.context.browser.new_context(  # type: ignore[union-attr]
        java_script_enabled=False, storage_state=window.context.storage_state()
    )
    page = context.new_page()
    page.goto(f"{window.root}/alarms")
    assert "uppdateras inte av sig själv" in page.locator("#line").inner_text()
    page.locator("li.alarm", has_text=device.individual_number).get_by_role("button").first.click()
    expect(page.locator("li.alarm.taken", has_text=device.individual_number).first).to_be_visible()
    context.close()


def test_technician_finds_a_device_by_a_scanned_code_by_keyboard_alone(
    visit: Visitors, running_system: RunningSystem
) -> None:
    device = running_system.enroll("wheelchair", "pg-vr2")
    say(running_system, device, Verb.TELEMETRY, 1, values={"battery.soc": 41.5})
    say(running_system, device, Verb.EVENT, 2, event="fault_raised", data={"system": "vr2", "code": "2"})
    window = visit("technician")
    page = window.page
    expect(page.locator("h1")).to_have_text("Det här väntar på dig")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "ds-skip-link"
    for _ in range(30):
        if page.evaluate("document.activeElement.id") == "find":
            break
        page.keyboard.press("Tab")
    page.keyboard.type(f"(01)07312345678903(21){device.individual_number}")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text(device.individual_number)
    expect(page.locator("#faults")).to_be_visible()
    expect(page.locator(".fault").first).to_contain_text("vr2 2")
    expect(page.get_by_text("41,5").filter(visible=True).first).to_be_visible()
    assert not window.complaints


def test_analyst_reads_the_idle_list_in_english_with_its_denominators(visit: Visitors) -> None:
    window = visit("analyst")
    page = window.open("/idle?lang=en")
    assert page.evaluate("document.documentElement.lang") == "en"
    expect(page.locator("h1")).to_have_text("Unused devices")
    expect(page.get_by_text("Unknown – never counted as unused")).to_be_visible()
    page.goto(f"{window.root}/idle?step=propose&class=scale")
    assert page.evaluate("document.documentElement.lang") == "en", "the choice is kept"
    assert page.locator("#step").input_value() == "propose"
    assert page.locator("#class").input_value() == "scale"


@contextmanager
def verdicts_held(system: RunningSystem) -> Iterator[None]:
    """Holds what a round of verdicts takes: it would find that the proof which these stories write has no readings."""
    with psycopg.connect(system.local.urls.owner, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [run._LOCK])
        yield


def unused_device(system: RunningSystem) -> FleetEntry:
    """A scale that reports and has not been used for half a year, judged so."""
    device = system.enroll("scale", "and-uc352ble")
    with psycopg.connect(system.local.urls.owner) as connection:
        number = connection.execute("SELECT device_no FROM device WHERE device_id = %s", [device.device_id]).fetchone()
        assert number is not None
        prove_unused(connection, number[0])
    return device


def prove_unused(connection: psycopg.Connection, device_no: int) -> None:
    """What ingest and the verdict's run leave behind for a device that was put aside half a year ago."""
    connection.execute(
        "INSERT INTO device_state (device_no, online, first_seen_at, last_seen_at, last_event_at, last_used_day)"
        " VALUES (%s, true, now() - interval '300 days', now(), now(), current_date - 200)"
        " ON CONFLICT (device_no) DO UPDATE SET last_seen_at = now(), last_event_at = now(),"
        " first_seen_at = excluded.first_seen_at, last_used_day = excluded.last_used_day",
        [device_no],
    )
    connection.execute(
        "INSERT INTO idle_verdict (device_no, loan_started_at, device_class, payer_id,"
        " verdict, step, since, days, judged_day,"
        " judged_at, last_used_day, last_heard_day, p_in_use, rent_sek, cost_sek)"
        " SELECT device_no, loan_started_at, device_class, payer_id,"
        " 'unused', 'propose', current_date - 200, 200, current_date,"
        " now(), current_date - 200, current_date, 0.01, 125, 800 FROM device WHERE device_no = %s"
        " ON CONFLICT (device_no) DO NOTHING",
        [device_no],
    )


def test_a_carer_is_told_in_words_that_the_idle_list_is_not_for_the_role(visit: Visitors) -> None:
    window = visit("carer")
    page = window.open("/idle")
    expect(page.locator("h1")).to_have_text("Rollen räcker inte")
    assert page.locator("nav").get_by_text("Oanvända").count() == 0


def test_wrong_password_is_told_without_saying_what_was_wrong(visit: Visitors, running_system: RunningSystem) -> None:
    login = account(running_system, "technician")
    window = visit()
    said = []
    for name in (login, "nobody-at-all"):
        page = window.sign_in(name, "not-the-password")
        said.append(page.locator("#refused").inner_text())
    assert said[0] == said[1]
    page = window.sign_in(login)
    expect(page.locator("h1")).to_have_text("Det här väntar på dig")


def test_after_signing_out_the_old_cookie_opens_nothing(visit: Visitors) -> None:
    window = visit("technician")
    cookies = window.context.cookies()
    assert all(cookie["httpOnly"] for cookie in cookies if cookie["name"] == "fjarrkoll_session")
    window.page.get_by_role("button", name="Logga ut").click()
    window.context.add_cookies([{**cookie, "path": "/console"} for cookie in cookies])  # type: ignore[typeddict-item]
    page = window.open("/devices")
    assert "/login" in page.url


def test_a_form_of_another_site_or_without_the_key_is_refused(visit: Visitors, running_system: RunningSystem) -> None:
    window = visit("carer")
    cookie = {c["name"]: c["value"] for c in window.context.cookies()}["fjarrkoll_session"]
    address = f"{window.root}/alarms/1/take"
    own = {"origin": running_system.local.api_url, "cookie": f"fjarrkoll_session={cookie}"}
    for headers, body in (
        ({**own, "origin": "https://evil.example"}, {}),
        ({"cookie": own["cookie"]}, {}),
        (own, {}),
        (own, {"form_key": "0" * 64}),
    ):
        answer = httpx.post(address, headers=headers, data=body, trust_env=False)
        assert answer.status_code == 403
    key = window.open("/").locator("input[name=form_key]").first.input_value()
    assert httpx.post(address, headers=own, data={"form_key": key}, trust_env=False).status_code in {303, 404, 409}
