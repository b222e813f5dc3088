"""Each role's main story from beginning to end, in Swedish and in English, with the mouse and by keyboard alone."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from fleet.topics import Verb
from tests.browser.test_stories import jam, no_sideways, raised_alarm, say
from tests.fixtures.browser import Visitor, Visitors
from tests.fixtures.system import RunningSystem

SLOW = 30_000
"""Milliseconds: a device may take its time to answer, and the machine may be busy."""
LANGUAGES = ("sv", "en")
# Whatever a story presses or reads, by language.
SAID = {
    "sv": {
        "take": "Jag tar larmet", "take_over": "Jag tar över", "taken": "Kvitterat av", "note": "Anteckning, utan namn",
        "done": "Klart", "offer": "Lämna över",
    },
    "en": {
        "take": "I take the alarm", "take_over": "I take over", "taken": "Taken by", "note": "Remark, without names",
        "done": "Done", "offer": "Hand over",
    },
}  # fmt: skip


def press(page: Page, name: str, *, most_tabs: int = 120) -> None:
    """Reaches a link or button with Tab alone, sees that the focus is visible, and presses Enter."""
    for _ in range(most_tabs):
        page.keyboard.press("Tab")
        found = page.evaluate("document.activeElement ? document.activeElement.innerText || '' : ''")
        if name in found:
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            shadow = page.evaluate("getComputedStyle(document.activeElement).boxShadow")
            assert outline != "none" or shadow != "none", f"the focus on {name} cannot be seen"
            page.keyboard.press("Enter")
            page.wait_for_load_state("load")
            return
    pytest.fail(f"{name} cannot be reached with the keyboard")


def speaking(visit: Visitors, role: str, language: str, *, width: int = 1280) -> Visitor:
    window = visit(role, width=width)
    window.open(f"/?lang={language}")
    return window


@pytest.mark.parametrize("language", LANGUAGES)
def test_carer_meets_an_alarm_on_a_phone_hands_it_over_and_it_is_resolved(
    visit: Visitors, running_system: RunningSystem, language: str
) -> None:
    said = SAID[language]
    first, second = (speaking(visit, "carer", language, width=360) for _ in range(2))
    page, other = first.open("/alarms?sort=risk"), second.open("/alarms")
    expect(page.locator("#line[data-state=live]")).to_be_visible(timeout=SLOW)
    device = jam(running_system)
    raised_alarm(page, device)
    assert no_sideways(page)
    card = page.locator("li.alarm", has_text=device.individual_number).first
    card.get_by_role("button", name=re.compile(said["take"])).click()
    taken = page.locator("li.alarm.taken", has_text=device.individual_number).first
    expect(taken).to_contain_text(said["taken"])
    colleague = other.locator(".who span").first.inner_text().split(" ")[0]
    taken.locator("summary").click()
    taken.locator("input[name=to]").fill(colleague)
    taken.get_by_role("button", name=said["offer"], exact=True).click()
    offered = other.locator("li.alarm", has_text=device.individual_number).first
    offered.get_by_role("button", name=re.compile(said["take_over"])).click(timeout=SLOW)
    mine = other.locator("li.alarm.taken", has_text=device.individual_number).first
    mine.get_by_label(said["note"]).fill("Rullen satt snett")
    mine.get_by_role("button", name=said["done"], exact=True).click()
    expect(other.locator("li.alarm", has_text=device.individual_number)).to_have_count(0)
    assert no_sideways(other)
    assert first.complaints == second.complaints == []


def test_carer_takes_and_closes_an_alarm_by_keyboard_alone(visit: Visitors, running_system: RunningSystem) -> None:
    device = jam(running_system)
    window = visit("carer")
    page = window.open("/alarms")
    raised_alarm(page, device)
    heading = page.locator("li.alarm", has_text=device.individual_number).first.locator("h3 a")
    heading.focus()
    page.keyboard.press("Enter")
    page.wait_for_load_state("load")
    expect(page.locator("#journal")).to_be_visible()
    assert window.faults() == []
    press(page, "Jag tar larmet")
    expect(page.locator("#content")).to_contain_text("Kvitterades")
    press(page, "Klart")
    expect(page.locator("#verdict")).to_be_visible()
    assert window.faults() == []


def read(page: Page, number: str) -> None:
    page.fill("#find", number)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text(number)


def test_technician_finds_the_diagnosis_and_drafts_by_keyboard_alone(
    visit: Visitors, running_system: RunningSystem
) -> None:
    chair = running_system.enroll("wheelchair", "pg-vr2")
    say(running_system, chair, Verb.TELEMETRY, 1, values={"battery.soc": 41.5})
    say(running_system, chair, Verb.EVENT, 2, event="fault_raised", data={"system": "vr2", "code": "2"})
    page = visit("technician").page
    read(page, chair.individual_number)
    press(page, "Diagnos")
    expect(page.locator("#causes")).to_be_visible()
    press(page, "Gör arbetsorder")
    expect(page.locator("#why")).to_be_visible()


def test_a_list_that_is_none_is_refused_with_a_sentence(visit: Visitors, tmp_path: Path) -> None:
    window = visit("analyst")
    page = window.open("/recalls/answers")
    file = tmp_path / "svar.xlsx"
    file.write_bytes(b"no workbook")
    page.set_input_files("#file", file)
    page.get_by_role("button", name="Ta emot", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Listan går inte att ta emot")
    assert window.faults() == []
