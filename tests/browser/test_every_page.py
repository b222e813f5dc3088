"""What holds on every page of the route table and in each of its states: axe in light and dark, narrow and magnified
screens, light pages, hostile device texts."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx
import pytest
from playwright.sync_api import Browser, Page, Response, expect

from device_sim.fleet_file import FleetEntry
from fleet.topics import Verb
from tests.browser.test_stories import HOSTILE, jam, raised_alarm, say, unused_device, verdicts_held
from tests.fixtures.browser import Visitor, Visitors, account
from tests.fixtures.console_pages import NOT_LOOKED_AT, Objects, get_routes, make_objects, page_routes
from tests.fixtures.system import RunningSystem

HEAVIEST = 200_000
WIDTHS = (320, 360, 640)
"""Pixels: WCAG 1.4.10's reflow, a phone, and 1280 at 200 %."""
# States that the addresses of the route table do not show by themselves.
STATES = (
    ("administrator", "/alarms?sort=risk"),
    ("administrator", "/devices?text=inget-sådant"),
    ("administrator", "/devices?state=alarm"),
    ("administrator", "/devices/{device_id}?hours=24"),
    ("administrator", "/devices/{device_id}/timeline?kind=fault"),
    ("administrator", "/readiness?depot=depa-1"),
    ("administrator", "/fleet/versions?model=pg-vr2"),
    ("administrator", "/fleet/wear?model=pg-vr2"),
    ("administrator", "/idle?verdict=silent"),
    ("administrator", "/recalls?state=deregistered"),
    ("administrator", "/audit?actor=ingen-alls"),
    ("administrator", "/administration/ladders/{code}?saved=1"),
    ("administrator", "/nothing"),
    ("administrator", "/demo"),
    ("administrator", "/devices/d-finns-inte"),
    ("administrator", "/devices?state=fel"),
    ("technician", "/"),
    ("technician", "/devices/{device_id}"),
    ("carer", "/"),
    ("carer", "/alarms"),
    ("carer", "/devices/{device_id}"),
    ("carer", "/idle"),
    ("carer", "/administration"),
    ("clinical", "/"),
    ("analyst", "/"),
    ("prescriber_unit", "/"),
    ("prescriber_unit", "/recalls/{case_id}"),
)


@dataclass
class Town:
    """Signed-in windows by role, kept open from page to page, and what their pages are about."""

    system: RunningSystem
    visitors: Visitors
    jammed: FleetEntry
    chair: str = ""
    objects: Objects | None = None
    windows: dict[str, Visitor] = field(default_factory=dict)

    def window(self, role: str) -> Visitor:
        """The window of somebody of a role."""
        if role not in self.windows:
            self.windows[role] = self.visitors(role)
        return self.windows[role]

    def address(self, route: str) -> str:
        """A route with the town's objects in it."""
        assert self.objects is not None
        return self.objects.address(route)


def hostile_chair(system: RunningSystem) -> str:
    """A wheelchair that sends markup, formulas and code wherever a device may send text."""
    device = system.enroll("wheelchair", "pg-vr2")
    say(system, device, Verb.TELEMETRY, 1, values={"battery.soc": 50, HOSTILE[:70]: 1})
    data = {"system": "vr2", "code": HOSTILE[:60], "text": HOSTILE, "subcode": "</svg><script>alert(3)</script>"}
    say(system, device, Verb.EVENT, 2, event="fault_raised", data=data)
    say(system, device, Verb.EVENT, 3, event="fault_raised", data={"system": "vr2", "code": "2", "text": HOSTILE})
    return device.device_id


@pytest.fixture(scope="module")
def town(browser: Browser, running_system: RunningSystem) -> Iterator[Town]:
    visitors = Visitors(browser, running_system)
    made = Town(running_system, visitors, jam(running_system), hostile_chair(running_system))
    with verdicts_held(running_system):
        login, unused = account(running_system, "carer"), unused_device(running_system).device_id
        made.objects = make_objects(made.window("administrator"), running_system, made.chair, unused, login)
    yield made
    visitors.close()


def faults_in_both_schemes(window: Visitor) -> list[str]:
    """What axe finds in light and in dark; the page is the same one, only its colours change."""
    found = []
    for scheme in ("light", "dark"):
        window.page.emulate_media(color_scheme=scheme)
        found += [f"{scheme}: {fault}" for fault in window.faults()]
    return found


BEYOND = """() => {
  const edge = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= edge) return null;
  const beyond = [...document.body.querySelectorAll("*")].filter((e) => e.getBoundingClientRect().right > edge);
  return beyond.map((e) => e.outerHTML.slice(0, 80)).slice(0, 5).join(" | ") || "something";
}"""


def lost_sideways(page: Page) -> list[str]:
    """What is beyond the edge of the page, and at which width."""
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        beyond = page.evaluate(BEYOND)
        if beyond is not None:
            found.append(f"something is beyond the edge at {width} px: {beyond}")
    page.set_viewport_size({"width": 1280, "height": 800})
    return found


def well_made(window: Visitor, path: str) -> list[str]:
    """Everything that is wrong with the page that a window shows."""
    page = window.page
    wrong = faults_in_both_schemes(window)
    wrong += lost_sideways(page)
    if page.locator("img").count():
        wrong.append("an element was made of a device's text")
    complaints = [said for said in window.complaints if not re.search("status of (404|403|422)", said)]
    wrong += [f"complained: {said}" for said in [*complaints, *window.dialogs]]
    wrong += [f"asked {url}" for url in window.requests if not url.startswith((window.root, "data:"))]
    for kept in (window.complaints, window.dialogs, window.requests):
        kept.clear()
    return [f"{path}: {what}" for what in wrong]


def weight(answer: Response) -> int:
    """Bytes of a page on the wire, as it came."""
    return answer.request.sizes()["responseBodySize"]


def test_every_address_of_the_console_is_looked_at_or_is_no_page() -> None:
    assert len(page_routes()) > 40, "control: the route table is read"
    assert NOT_LOOKED_AT.keys() - set(get_routes()) == set(), "a reason for an address that is gone"


@pytest.mark.parametrize("route", page_routes())
def test_every_page_of_the_route_table_is_well_made(town: Town, route: str) -> None:
    window, path = town.window("administrator"), town.address(route)
    answer = window.page.goto(window.root + path)
    assert answer is not None
    assert answer.status == 200, "a page, not an error in its place"
    assert well_made(window, path) == []
    assert 0 < weight(answer) < HEAVIEST - static_weight(window), path


@pytest.mark.parametrize(("role", "route"), STATES)
def test_every_other_state_is_well_made(town: Town, role: str, route: str) -> None:
    window, path = town.window(role), town.address(route)
    page = window.open(path)
    if (role, route) == ("carer", "/alarms"):
        raised_alarm(page, town.jammed)
    assert well_made(window, f"{role} {path}") == []


def static_weight(window: Visitor) -> int:
    """Bytes of everything that a first visit fetches beside its page, packed."""
    names = ("console.css", "board.js", "renew.js", "chart.js")
    asked = [
        httpx.get(f"{window.root}/static/{name}", headers={"accept-encoding": "gzip"}, trust_env=False)
        for name in names
    ]
    assert all(answer.status_code == 200 for answer in asked)
    return sum(int(answer.headers["content-length"]) for answer in asked)


def test_signing_in_refused_and_done_is_well_made(visit: Visitors) -> None:
    window = visit()
    page = window.open("/login")
    assert well_made(window, "/login") == []
    page = window.sign_in("nobody", "wrong")
    expect(page.locator("#refused")).to_be_visible()
    assert well_made(window, "refused") == []
    window.open("/accessibility")
    assert well_made(window, "the accessibility statement without an account") == []


def test_a_board_that_lost_its_line_is_well_made(visit: Visitors, town: Town) -> None:
    window = visit("carer")
    raised_alarm(window.open("/alarms"), town.jammed)
    window.context.set_offline(True)
    expect(window.page.locator("#stale")).to_be_visible(timeout=8000)
    assert faults_in_both_schemes(window) == []
    assert lost_sideways(window.page) == []


@pytest.mark.parametrize("route", ["/alarms", "/devices/{device_id}", "/health", "/recalls/{case_id}"])
def test_a_page_printed_from_a_dark_screen_is_black_on_white(town: Town, route: str) -> None:
    window = town.window("administrator")
    page = window.open(town.address(route))
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(BRIGHTNESS) < 60, "control: the screen is dark"
    page.emulate_media(color_scheme="dark", media="print")
    assert page.evaluate(BRIGHTNESS) == 255
    assert window.faults() == [], "and everything on it can be read"
    page.emulate_media(color_scheme="light", media="screen")


BRIGHTNESS = "Math.min(...getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number))"


def test_on_a_phone_the_header_is_one_row_and_its_menu_opens_without_script(
    browser: Browser, running_system: RunningSystem
) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 740}, java_script_enabled=False)
    window = Visitor(context, context.new_page(), f"{running_system.local.api_url}/console")
    page = window.sign_in(account(running_system, "technician"))
    header, orders = page.locator("header.bar"), page.get_by_role("link", name="Arbetsorder", exact=True)
    box = header.bounding_box()
    assert box is not None
    assert box["height"] < 64, "a twelfth of the screen"
    expect(orders).to_be_hidden()
    page.locator("header summary").focus()
    page.keyboard.press("Enter")
    expect(orders).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_have_text("Det här väntar på dig")
    context.close()


def test_an_open_menu_on_a_phone_is_well_made(visit: Visitors) -> None:
    window = visit("administrator", width=360)
    window.page.locator("header summary").click()
    expect(window.page.get_by_role("button", name="Logga ut")).to_be_visible()
    assert faults_in_both_schemes(window) == []
    assert lost_sideways(window.page) == []


def test_a_chart_that_is_not_yet_drawn_anew_makes_no_page_wider(town: Town, visit: Visitors) -> None:
    """Between a phone's being turned and the next frame the chart is as wide as it was."""
    window = visit("technician")
    window.page.add_init_script("window.ResizeObserver = class { observe() {} };")
    page = window.open(f"/devices/{town.chair}")
    expect(page.locator("#plot canvas")).to_be_visible()
    assert lost_sideways(page) == []
    page.evaluate("document.getElementById('plot').style.overflow = 'visible'")
    assert lost_sideways(page) != [], "the control: as it was"


def test_what_a_device_says_is_shown_as_it_was_sent(town: Town) -> None:
    shown = town.window("technician").open(f"/devices/{town.chair}").locator("#content").inner_text()
    assert "<img src=x onerror" in shown, "which is what the technician needs"


@pytest.mark.parametrize(
    ("break_it", "complaint"),
    [
        ("document.querySelector('label').remove()", "label"),
        ("document.querySelector('h1').style.width = '3000px'", "beyond the edge"),
        ("document.body.append(document.createElement('img'))", "was made of"),
        ("console.error('a script ran')", "a script ran"),
    ],
)
def test_what_is_wrong_is_found(visit: Visitors, break_it: str, complaint: str) -> None:
    window = visit()
    window.open("/login")
    window.page.evaluate(break_it)
    assert any(complaint in what for what in well_made(window, "/login")), "otherwise the tests above prove nothing"
