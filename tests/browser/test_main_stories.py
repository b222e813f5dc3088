"""Each role's main story from beginning to end: in Swedish with the mouse, in English with the keyboard alone."""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from diagnostics.lists.columns import load_layout
from fleet.plumbing.sheets import Limits, read_table, write_workbook
from fleet.topics import Verb
from tests.browser.test_stories import jam, no_sideways, raised_alarm, say, unused_device, verdicts_held
from tests.fixtures.browser import Visitor, Visitors
from tests.fixtures.console_pages import prescribed
from tests.fixtures.hands import Hand, Keyboard, Mouse
from tests.fixtures.live_device import alive
from tests.fixtures.system import RunningSystem

SLOW = 30_000
"""Milliseconds: a device may take its time to answer, and the machine may be busy."""
WAYS = pytest.mark.parametrize(
    ("language", "hand"), [pytest.param("sv", Mouse(), id="sv-mouse"), pytest.param("en", Keyboard(), id="en-keyboard")]
)
# Whatever a story presses or reads, by language.
SAID = {
    "sv": {
        "take": "Jag tar larmet", "take_over": "Jag tar över", "taken": "Kvitterat av", "note": "Anteckning, utan namn",
        "done": "Klart", "offer": "Lämna över", "diagnosis": "Diagnos", "commands": "Kommandon", "ask": "Be om det",
        "self_test": "Självtest", "grade": "Självtest:", "draft": "Gör arbetsorder", "place": "Lägg ordern",
        "placed": "Lagd", "propose": "Föreslå", "letter": "Brevet är skickat", "answers": "Ta emot", "save": "Spara",
        "over": "avregistrerad", "saved": "Sparat hittills", "clock": "arbetsdagar kvar", "device": "Till hjälpmedlet",
        "view": "Teknisk vy",
    },
    "en": {
        "take": "I take the alarm", "take_over": "I take over", "taken": "Taken by", "note": "Remark, without names",
        "done": "Done", "offer": "Hand over", "diagnosis": "Diagnosis", "commands": "Commands", "ask": "Ask for it",
        "self_test": "Self-test", "grade": "Self-test:", "draft": "Draft a work order", "place": "Place the order",
        "placed": "Placed", "propose": "Propose", "letter": "The letter has left", "answers": "Take", "save": "Save",
        "over": "deregistered", "saved": "Saved so far", "clock": "working days left", "device": "To the device",
        "view": "Technical view",
    },
}  # fmt: skip


def speaking(visit: Visitors, role: str, language: str, *, width: int = 1280) -> Visitor:
    window = visit(role, width=width)
    window.open(f"/?lang={language}")
    return window


@WAYS
def test_carer_meets_an_alarm_on_a_phone_hands_it_over_and_it_is_resolved(
    visit: Visitors, running_system: RunningSystem, language: str, hand: Hand
) -> None:
    said = SAID[language]
    first, second = (speaking(visit, "carer", language, width=360) for _ in range(2))
    page, other = first.open("/alarms?sort=risk"), second.open("/alarms")
    expect(page.locator("#line[data-state=live]")).to_be_visible(timeout=SLOW)
    device = jam(running_system)
    raised_alarm(page, device)
    assert no_sideways(page)
    card = page.locator("li.alarm", has_text=device.individual_number).first
    hand.press(card.get_by_role("button", name=re.compile(said["take"])))
    taken = page.locator("li.alarm.taken", has_text=device.individual_number).first
    expect(taken).to_contain_text(said["taken"])
    # Folded away on a phone, so it is not shown; it is read all the same.
    colleague = (other.locator(".who span").first.text_content() or "").split(" ")[0]
    assert colleague
    hand.press(taken.locator("summary"))
    hand.fill(taken.locator("input[name=to]"), colleague)
    hand.press(taken.get_by_role("button", name=said["offer"], exact=True))
    offered = other.locator("li.alarm", has_text=device.individual_number).first
    expect(offered.get_by_role("button", name=re.compile(said["take_over"]))).to_be_visible(timeout=SLOW)
    hand.press(offered.get_by_role("button", name=re.compile(said["take_over"])))
    mine = other.locator("li.alarm.taken", has_text=device.individual_number).first
    hand.fill(mine.get_by_label(said["note"]), "Rullen satt snett")
    hand.press(mine.get_by_role("button", name=said["done"], exact=True))
    expect(other.locator("li.alarm", has_text=device.individual_number)).to_have_count(0)
    assert no_sideways(other)
    assert first.complaints == second.complaints == []


def found(page: Page, hand: Hand, number: str) -> None:
    hand.fill(page.locator("#find"), number)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text(number)


@WAYS
def test_technician_searches_diagnoses_tests_and_drafts_an_order(
    visit: Visitors, running_system: RunningSystem, language: str, hand: Hand, tmp_path: Path
) -> None:
    said, chair = SAID[language], running_system.enroll("wheelchair", "pg-vr2")
    with alive(running_system, chair, tmp_path):
        window = speaking(visit, "technician", language)
        page = window.page
        found(page, hand, chair.individual_number)
        expect(page.locator(".views")).to_contain_text(said["view"])
        say(running_system, chair, Verb.EVENT, 900_000, event="fault_raised", data={"system": "vr2", "code": "2"})
        hand.press(page.get_by_role("link", name=said["diagnosis"], exact=True))
        expect(page.locator("article.fault h3").first).to_have_text(re.compile(r"^1\. .+ %$"))
        hand.press(page.get_by_role("link", name=said["commands"], exact=True).first)
        test = re.compile(rf"{said['ask']}\s*: .*{said['self_test']}", re.IGNORECASE)
        hand.press(page.get_by_role("button", name=test).first)
        expect(page.locator(".state[data-state=succeeded]")).to_be_visible(timeout=SLOW)
        expect(page.locator("#found ~ p").first).to_contain_text(said["grade"])
        assert window.faults() == [], "what the device answered is a state of its own"
    hand.press(page.get_by_role("link", name=said["device"], exact=True))
    hand.press(page.get_by_role("link", name=said["diagnosis"], exact=True))
    hand.press(page.get_by_role("button", name=re.compile(said["draft"])).first)
    expect(page.locator("#why")).to_be_visible()
    hand.press(page.get_by_role("button", name=said["place"]))
    expect(page.locator("dl.figures").first).to_contain_text(said["placed"])
    assert window.complaints == []


def answered(content: bytes, number: str) -> bytes:
    """The downloaded list as a unit sends it back: the row of one device answered."""
    columns = load_layout().columns
    titles = {column.field: " ".join(column.title.casefold().split()) for column in columns}
    out, rows = BytesIO(), []
    limits = Limits(file_bytes=4 * 1024**2, unpacked_bytes=64 * 1024**2, rows=1000)
    for row in read_table(content, [titles["case_id"]], limits).rows:
        cells = {name: row.cells.get(title) for name, title in titles.items()}
        if str(cells["individual_number"]) == number:
            cells["answer"] = "kan hämtas"
        rows.append([cells[column.field] for column in columns])
    write_workbook(out, sheet="Svar", columns=columns, rows=rows)
    return out.getvalue()


@pytest.fixture
def no_verdict_rounds(running_system: RunningSystem) -> Iterator[None]:
    with verdicts_held(running_system):
        yield


@pytest.mark.usefixtures("no_verdict_rounds")
@WAYS
def test_analyst_goes_from_the_idle_list_to_money_counted(
    visit: Visitors, running_system: RunningSystem, language: str, hand: Hand, tmp_path: Path
) -> None:
    said, device = SAID[language], unused_device(running_system)
    unit = prescribed(running_system, device.device_id)
    window = speaking(visit, "analyst", language)
    page = window.open("/idle?class=scale")
    hand.press(page.get_by_role("button", name=re.compile(f"{said['propose']} {device.individual_number}")))
    expect(page.locator("#evidence ~ .scroll svg.strip")).to_be_visible()
    case = page.url.rsplit("/", 1)[1]
    page = window.open(f"/recalls/letter?prescriber={unit}")
    expect(page.locator("pre.letter")).to_contain_text(device.individual_number)
    hand.press(page.get_by_role("button", name=re.compile(said["letter"])))
    expect(page).to_have_url(re.compile(r"/recalls\?state=asked"))
    file = tmp_path / "svar.xlsx"
    listed = page.request.get(f"{window.root}/recalls/export?prescriber={unit}").body()
    file.write_bytes(answered(listed, device.individual_number))
    page = window.open("/recalls/answers")
    hand.give(page.locator("#file"), file)
    hand.press(page.get_by_role("button", name=said["answers"], exact=True))
    expect(page.locator("#report ~ .scroll tbody tr")).to_have_count(1)
    expect(page.locator("dl.figures").first).to_contain_text("1")
    assert window.faults() == [], "the report of a list is a state of its own"
    window.open(f"/recalls/{case}")
    for action in ("order", "collect", "deregister"):
        hand.choose(page.locator("#action"), action)
        hand.fill(page.locator("#why"), f"Prov: {action}")
        hand.press(page.get_by_role("button", name=said["save"]))
        if action == "order":
            expect(page.locator("#content")).to_contain_text(said["clock"])
            expect(window.open("/recalls/pick-ups").get_by_text(device.individual_number)).to_be_visible()
            window.open(f"/recalls/{case}")
    expect(page.locator("h1")).to_contain_text(said["over"])
    money = page.locator("dl.figures div", has_text=said["saved"]).locator("dd")
    expect(money).to_have_text(re.compile(r"^\d[\d\s,]* kr$"))
    assert window.complaints == []


def test_a_list_that_is_none_is_refused_with_a_sentence(visit: Visitors, tmp_path: Path) -> None:
    window = visit("analyst")
    page = window.open("/recalls/answers")
    file = tmp_path / "svar.xlsx"
    file.write_bytes(b"no workbook")
    page.set_input_files("#file", file)
    page.get_by_role("button", name="Ta emot", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Listan går inte att ta emot")
    assert window.faults() == []
