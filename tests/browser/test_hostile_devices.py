"""What devices send to do harm, over MQTT and through ingest: on every page and in every file it is text, no more."""

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field

import psycopg
import pytest
from playwright.sync_api import Browser

from tests.browser.test_stories import unused_device, verdicts_held
from tests.fixtures.browser import Visitor, Visitors, account
from tests.fixtures.console_pages import Objects, make_objects, page_routes, posted
from tests.fixtures.hostile import CORPUS, MARK, Speaker, answer, kept, speak
from tests.fixtures.system import RunningSystem, within

ALSO = (
    "/devices/{device_id}?hours=24",
    "/devices/{device_id}/timeline?kind=event",
    "/devices/{device_id}/timeline?kind=fault",
    "/fleet/versions?model=pg-vr2",
    "/orders/{order_id}",
    "/nothing",
)
OTHER_ROLES = {
    "technician": ("/", "/devices/{device_id}", "/devices/{device_id}/diagnosis", "/commands/{command_id}", "/orders"),
    "carer": ("/", "/alarms", "/alarms/{alarm_id}", "/devices/{device_id}", "/devices/{device_id}/timeline"),
    "clinical": ("/devices/{device_id}", "/devices/{device_id}/timeline"),
    "analyst": ("/", "/devices/{device_id}", "/recalls/{case_id}"),
}
FILES = (
    "/orders/export?format=xlsx&state=all",
    "/orders/export?format=csv&state=all",
    "/recalls/export?format=xlsx",
    "/recalls/export?format=csv",
    "/payers/export?format=xlsx",
    "/payers/export?format=csv",
    "/audit/extract?device={device_id}",
)
API_FILES = (
    "/orders/export?format=csv&state=all",
    "/recalls/list",
    "/recalls/pick-ups",
    "/idle/list",
    "/payer-checks/list",
)
RISKY = ("=", "+", "-", "@", "\t", "\r", "\n")
# The browser's own report of everything that the page's policy stopped.
LISTEN = (
    "window.stopped = []; addEventListener('securitypolicyviolation', (e) => window.stopped.push(e.violatedDirective))"
)
MADE = """() => [
    ...document.querySelectorAll("img, iframe, script:not([src]), [onload], [onerror], [onmouseover]"),
    ...[...document.querySelectorAll("a")].filter((link) => link.protocol === "javascript:"),
].map((made) => made.outerHTML.slice(0, 120))"""


@dataclass
class Harm:
    """A device that has sent the whole corpus, and windows that listen for what a browser stops."""

    system: RunningSystem
    visitors: Visitors
    objects: Objects
    window: Visitor
    windows: dict[str, Visitor] = field(default_factory=dict)

    def as_role(self, role: str) -> Visitor:
        """The window of somebody of a role."""
        if role not in self.windows:
            self.windows[role] = listening(self.visitors(role))
        return self.windows[role]


def listening(window: Visitor) -> Visitor:
    window.context.add_init_script(LISTEN)
    return window


@pytest.fixture(scope="module")
def harm(browser: Browser, running_system: RunningSystem) -> Iterator[Harm]:
    visitors = Visitors(browser, running_system)
    chair = Speaker(running_system, running_system.enroll("wheelchair", "pg-vr2"))
    speak(chair)
    window = listening(visitors("administrator"))
    with verdicts_held(running_system):
        login, unused = account(running_system, "carer"), unused_device(running_system).device_id
        made = make_objects(window, running_system, chair.device.device_id, unused, login)
    answer(chair, made.command_id)
    for fault in within(30, lambda: unknown_faults(running_system, chair.device.device_id))[0]:
        posted(window, f"/devices/{chair.device.device_id}/orders", fault=str(fault))
    yield Harm(running_system, visitors, made, window)
    visitors.close()


def unknown_faults(system: RunningSystem, device_id: str) -> list[int] | None:
    """Numbers of the faults whose native code came from the corpus, once most of it is there."""
    with psycopg.connect(system.local.urls.owner) as connection:
        rows = connection.execute(
            "SELECT device_fault_id FROM device_fault JOIN device USING (device_no)"
            " WHERE device_id = %s AND fault_code IS NULL ORDER BY 1",
            [device_id],
        ).fetchall()
    return [row[0] for row in rows] if len(rows) >= len(CORPUS) - 4 else None


def wrong_with(window: Visitor, path: str) -> list[str]:
    """What a device's text has become beside text: something that ran, was made, or was stopped."""
    found = [f"made: {made}" for made in window.page.evaluate(MADE)]
    found += [f"stopped: {directive}" for directive in window.page.evaluate("window.stopped")]
    found += [f"ran: {said}" for said in window.dialogs]
    found += [f"complained: {said}" for said in window.complaints if "status of 404" not in said]
    found += [f"asked: {url}" for url in window.requests if not url.startswith((window.root, "data:"))]
    for kept_until_now in (window.dialogs, window.complaints, window.requests):
        kept_until_now.clear()
    return [f"{path}: {what}" for what in found]


def test_the_corpus_has_come_through_ingest_to_every_place_that_keeps_text(harm: Harm) -> None:
    places = set(kept(harm.system, harm.objects.device_id))
    assert places >= {"firmware", "earlier firmware", "code", "module", "fault's text", "quarantine"}, (
        "else nothing is shown"
    )
    assert places & {"event", "metric"}


def test_no_page_makes_anything_of_it(harm: Harm) -> None:
    shown, wrong = 0, list[str]()
    for route in (*page_routes(), *ALSO):
        path = harm.objects.address(route)
        page = harm.window.open(path)
        wrong += wrong_with(harm.window, path)
        shown += MARK in page.locator("body").inner_text()
    assert wrong == []
    assert shown >= 8, "control: the corpus is on the pages"


def test_no_other_role_meets_it_either(harm: Harm) -> None:
    wrong = list[str]()
    for role, routes in OTHER_ROLES.items():
        window = harm.as_role(role)
        for route in routes:
            path = harm.objects.address(route)
            window.open(path)
            wrong += wrong_with(window, f"{role} {path}")
    assert wrong == []


def formulas(content: bytes) -> list[str]:
    """Cells that a spreadsheet would reckon: of a workbook by its own marks, of a CSV by how they begin."""
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            sheets = [name for name in book.namelist() if name.startswith("xl/worksheets/")]
            assert sheets
            return [name for name in sheets if b"<f>" in book.read(name) or b"<f " in book.read(name)]
    text = content.decode("utf-8-sig")
    return [
        cell
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=";")
        for cell in row
        if cell.startswith(RISKY)
    ]


def test_no_file_holds_a_formula(harm: Harm) -> None:
    with_corpus, wrong = 0, dict[str, list[str]]()
    for address in FILES:
        got = harm.window.context.request.get(harm.window.root + harm.objects.address(address))
        assert got.status == 200, address
        wrong[address] = formulas(got.body())
        with_corpus += holds_corpus(got.body())
    for address in API_FILES:
        answered = harm.system.api.get(f"/api/v1{address}")
        assert answered.status_code == 200, address
        wrong[f"api {address}"] = formulas(answered.content)
        with_corpus += holds_corpus(answered.content)
    assert {address: cells for address, cells in wrong.items() if cells} == {}
    assert with_corpus >= 3, "control: work orders carry what the device said"


def holds_corpus(content: bytes) -> bool:
    if not content.startswith(b"PK"):
        return MARK.encode() in content
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return any(MARK.encode() in book.read(name) for name in book.namelist())


def test_the_passport_to_print_has_it_as_text(harm: Harm) -> None:
    printed = harm.system.api.get(f"/api/v1/devices/{harm.objects.device_id}/passport.html")
    assert printed.status_code == 200
    assert MARK in printed.text, "control: the firmware is on it"
    assert not [text for text in CORPUS if "<" in text and text in printed.text]
    assert "script-src" not in printed.headers["content-security-policy"]
    assert printed.headers["content-security-policy"].startswith("default-src 'none'")


def test_what_would_run_is_found(harm: Harm) -> None:
    window = harm.as_role("administrator")
    window.open("/accessibility")
    window.page.evaluate(f"document.body.insertAdjacentHTML('beforeend', {CORPUS[1]!r})")
    within(10, lambda: window.page.evaluate("window.stopped.length") or None)
    complaints = wrong_with(window, "/accessibility")
    assert any("made: <img" in what for what in complaints), "otherwise the tests above prove nothing"
    assert any("stopped: " in what for what in complaints)
    assert formulas("\ufeffa;b\r\n1;=1+1\r\n".encode()) == ["=1+1"]
