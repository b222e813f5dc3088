"""The administrator in a real browser, in both languages: a gap refused and mended, a user made, a limit tried."""

import re
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from playwright.sync_api import Page, expect

from fleet.topics import Verb
from tests.browser.test_stories import say
from tests.fixtures.browser import PASSWORD, Visitors, account
from tests.fixtures.hands import Hand, Keyboard, Mouse
from tests.fixtures.system import RunningSystem

WAYS = pytest.mark.parametrize(
    ("language", "hand"), [pytest.param("sv", Mouse(), id="sv-mouse"), pytest.param("en", Keyboard(), id="en-keyboard")]
)


def duties(system: RunningSystem) -> None:
    with psycopg.connect(system.local.urls.owner) as connection:
        for code in ("dagjour", "nattjour"):
            connection.execute(
                "WITH r AS (INSERT INTO recipient (code, role) VALUES (%s, 'carer') ON CONFLICT DO NOTHING"
                " RETURNING recipient_id)"
                " INSERT INTO recipient_address SELECT recipient_id, 'panel', 'panel-1' FROM r",
                [code],
            )


def row(page: Page, hand: Hand, number: int, recipient: str, hours: tuple[str, str]) -> None:
    hand.choose(page.locator(f"#s0d{number}_recipient"), recipient)
    hand.fill(page.locator(f"#s0d{number}_begins"), hours[0])
    hand.fill(page.locator(f"#s0d{number}_ends"), hours[1])


@WAYS
def test_a_rota_with_a_gap_is_refused_then_mended_and_saved(
    visit: Visitors, running_system: RunningSystem, language: str, hand: Hand
) -> None:
    duties(running_system)
    said = {
        "sv": ("Pröva och spara", "sparades inte", r"ingen har turen från .* 21:00 till .* 22:00", "Sparat."),
        "en": ("Check and save", "was not saved", r"nobody is on duty from .* 21:00 to .* 22:00", "Saved."),
    }[language]
    window = visit("administrator")
    page = window.open(f"/administration/ladders/new?lang={language}")
    hand.fill(page.locator("#code"), f"norr-{language}")
    row(page, hand, 0, "dagjour", ("07:00", "21:00"))
    hand.press(page.get_by_role("button", name=said[0]))
    expect(page.locator("#refused")).to_contain_text(said[1])
    row(page, hand, 1, "nattjour", ("22:00", "07:00"))
    hand.press(page.get_by_role("button", name=said[0]))
    expect(page.locator("#findings")).to_contain_text(re.compile(said[2]))
    assert window.faults() == [], "the refusal, too"
    hand.fill(page.locator("#s0d0_ends"), "22:00")
    hand.press(page.get_by_role("button", name=said[0]))
    expect(page.get_by_role("status")).to_contain_text(said[3])
    expect(page.locator("#s0d0_ends")).to_have_value("22:00")
    assert not [line for line in window.complaints if "422" not in line]


@pytest.mark.parametrize("language", ["sv", "en"])
def test_a_user_is_made_and_signs_in_then_is_shut(
    visit: Visitors, running_system: RunningSystem, language: str
) -> None:
    words = {
        "sv": ("Skapa konto", "Lås kontot och avsluta inloggningar", "Låst"),
        "en": ("Make account", "Shut the account and end its sessions", "Shut"),
    }[language]
    login = f"ny-vardare-{language}"
    window = visit("administrator")
    page = window.open(f"/administration/accounts?lang={language}")
    page.fill("#login", login)
    page.select_option("#role", "carer")
    page.fill("#care_unit", "Hemtjänst Norr")
    page.check("input[name=every_payer]")
    page.get_by_role("button", name=words[0]).click()
    password = page.locator("#made code").inner_text()
    other = visit()
    expect(other.sign_in(login, password).locator("h1")).to_be_visible()
    page.get_by_role("link", name=login).click()
    page.get_by_role("button", name=words[1]).click()
    expect(page.locator("dl.figures")).to_contain_text(words[2])
    assert "/login" in other.open("/").url, "what was open is over at once"


@pytest.mark.parametrize("language", ["sv", "en"])
def test_a_limit_is_tried_on_the_past_before_it_is_saved(
    visit: Visitors, running_system: RunningSystem, language: str
) -> None:
    words = {
        "sv": ("Pröva på det som har hänt", "Larm med 28", "Spara gränsen 28", "Sparat."),
        "en": ("Try on what has happened", "Alarms with 28", "Save the limit 28", "Saved."),
    }[language]
    device = running_system.enroll("dispenser", "roll-dispenser-r2")
    for number in range(1, 4):
        at = int((datetime.now(UTC) - timedelta(hours=5 - number)).timestamp() * 1000)
        say(running_system, device, Verb.TELEMETRY, number, ts=at, values={"battery.level": 24.0})
    window = visit("administrator")
    page = window.open(f"/devices/{device.device_id}/limits?lang={language}")
    page.select_option("#setting", "battery_low.below")
    page.fill("#value", "28")
    page.get_by_role("button", name=words[0]).click()
    expect(page.locator("#tried ~ dl")).to_contain_text(words[1])
    assert window.faults() == []
    page.fill("#reason", "bor långt bort")
    page.get_by_role("button", name=words[2]).click()
    expect(page.get_by_role("status")).to_contain_text(words[3])
    expect(page.get_by_text("bor långt bort")).to_be_visible()


def test_a_manager_draws_a_sample_and_judges_by_keyboard(visit: Visitors, running_system: RunningSystem) -> None:
    device = running_system.enroll("wheelchair", "pg-vr2")
    visit("technician").open(f"/devices/{device.device_id}")
    window = visit("administrator")
    page = window.open("/audit/reviews")
    page.fill("#count", "200")
    page.get_by_role("button", name="Dra stickprov").press("Enter")
    form = page.locator("li.judged form").first
    form.get_by_label("Bedömning").select_option("unclear")
    form.get_by_label("Anteckning").fill("frågar enheten")
    form.get_by_role("button", name="Bedöm").press("Enter")
    expect(page.get_by_text("frågar enheten")).to_be_visible()
    assert window.faults() == []


def test_the_administration_works_without_script(visit: Visitors, running_system: RunningSystem) -> None:
    duties(running_system)
    context = visit().page.context.browser.new_context(java_script_enabled=False)  # type: ignore[union-attr]
    page, root = context.new_page(), f"{running_system.local.api_url}/console"
    page.goto(f"{root}/login?next=/console/administration/prices")
    page.fill("#login", account(running_system, "administrator"))
    page.fill("#password", PASSWORD)
    page.click("main button[type=submit]")
    page.fill("#rent", "999")
    page.get_by_role("button", name="Sätt pris").click()
    expect(page.get_by_role("status")).to_contain_text("Sparat.")
    expect(page.get_by_text("999 kr").first).to_be_visible()
    assert page.locator("#rent").input_value() == "", "a price that is saved is not offered once more"
    context.close()
