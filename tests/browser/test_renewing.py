"""Lists and progress renewed in place: the address follows, a failure is said aloud, an ended session signs in."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
import pytest
from playwright.sync_api import Browser, Page, Route, expect

from device_sim.fleet_file import FleetEntry
from fleet.topics import Verb
from tests.browser.test_stories import say, unused_device, verdicts_held
from tests.fixtures.browser import PASSWORD, Visitor, Visitors, account
from tests.fixtures.system import RunningSystem


@dataclass(frozen=True, slots=True)
class Listed:
    """Two devices of two classes and who looks for them."""

    system: RunningSystem
    visitors: Visitors
    chair: FleetEntry
    scale: FleetEntry

    def open(self, role: str, path: str) -> Visitor:
        """A window on a list, marked so that a page loaded anew is told from one that was not."""
        window = self.visitors(role)
        window.open(path).evaluate("window.same = true")
        window.complaints.clear()
        return window


@pytest.fixture(scope="module")
def listed(browser: Browser, running_system: RunningSystem) -> Iterator[Listed]:
    visitors = Visitors(browser, running_system)
    with verdicts_held(running_system):
        scale = unused_device(running_system)
        yield Listed(running_system, visitors, running_system.enroll("wheelchair", "pg-vr2"), scale)
    visitors.close()


def choose(page: Page, name: str, value: str) -> None:
    page.locator(f"main .filters #{name}").select_option(value)
    page.locator("main .filters").first.get_by_role("button", name="Visa").click()


def end_session(listed: Listed, window: Visitor) -> None:
    """As if its time had run out: the browser still has its cookie, the server does not know it any longer."""
    secret = {cookie["name"]: cookie["value"] for cookie in window.context.cookies()}["fjarrkoll_session"]
    with psycopg.connect(listed.system.local.urls.owner) as connection:
        ended = connection.execute(
            "DELETE FROM console_session WHERE session_hash = %s", [hashlib.sha256(secret.encode()).digest()]
        )
        assert ended.rowcount == 1


def test_a_filter_renews_the_list_and_the_address_and_a_step_back_undoes_it(listed: Listed) -> None:
    window = listed.open("technician", "/devices")
    page, words = window.page, re.compile("visas")
    choose(page, "class", "scale")
    page.wait_for_url(re.compile("class=scale"))
    expect(page.locator("#list tbody tr").filter(has_text="PG Drives")).to_have_count(0)
    assert page.locator("#list tbody tr").count() >= 1
    expect(page.locator("#renew-said")).to_have_text(words)
    assert "class=scale" in (page.locator("#language").get_attribute("href") or ""), "another language, the same list"
    assert page.evaluate("window.same"), "the page was not loaded anew"
    expect(page.get_by_role("button", name="Visa")).to_be_focused()
    assert page.evaluate("sessionStorage.getItem('htmx-history-cache')") is None, "no list stays in the browser"
    page.go_back()
    page.wait_for_url(re.compile("/devices$"))
    expect(page.locator("#class")).to_have_value("")
    assert not page.evaluate("window.same"), "a step back asks the server"
    page.go_forward()
    page.wait_for_url(re.compile("class=scale"))
    expect(page.locator("#class")).to_have_value("scale")
    assert window.complaints == []


def test_a_list_without_a_row_says_so_in_place(listed: Listed) -> None:
    page = listed.open("technician", "/devices").page
    page.locator("main #text").fill("inget-sådant")
    page.keyboard.press("Enter")
    expect(page.locator("#list")).to_contain_text("Inget hjälpmedel passar.")
    expect(page.locator("#renew-said")).to_have_text("0 rader visas.")
    assert page.evaluate("window.same"), "the page was not loaded anew"


def test_a_search_with_one_answer_goes_to_the_device(listed: Listed) -> None:
    page = listed.open("technician", "/devices").page
    page.locator("main #text").fill(listed.chair.individual_number)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(f"/devices/{listed.chair.device_id}$"))
    expect(page.locator("h1")).to_contain_text(listed.chair.individual_number)
    assert page.locator("h1").count() == 1, "a page of its own, not one drawn inside the list"


def test_what_proposes_a_whole_selection_follows_the_filter(listed: Listed) -> None:
    page = listed.open("analyst", "/idle?verdict=unused").page
    choose(page, "class", "scale")
    page.wait_for_url(re.compile("class=scale"))
    expect(page.locator("#list form input[name=class]")).to_have_value("scale")
    expect(page.locator("#figures")).to_be_visible()
    assert page.locator("#figures").count() == page.locator("#list").count() == 1
    assert page.evaluate("window.same")


@pytest.mark.parametrize(
    ("role", "path", "name", "value"),
    [
        ("analyst", "/recalls", "class", "scale"),
        ("technician", "/orders", "state", "draft"),
        ("administrator", "/audit", "actor", ""),
    ],
)
def test_other_long_lists_are_renewed_too(listed: Listed, role: str, path: str, name: str, value: str) -> None:
    window = listed.open(role, path)
    page = window.page
    if value:
        page.locator(f"#{name}").select_option(value)
    page.get_by_role("button", name="Visa").first.click()
    page.wait_for_url(re.compile(rf"{path}\?.*{name}={value}"))
    expect(page.locator("#renew-said")).to_contain_text("visas")
    assert page.evaluate("window.same")
    assert window.complaints == []


def test_an_ended_session_leads_to_the_login_and_from_there_to_the_list(listed: Listed) -> None:
    window = listed.open("technician", "/devices")
    page = window.page
    end_session(listed, window)
    choose(page, "class", "wheelchair")
    page.wait_for_url(re.compile("/login"))
    assert page.locator("#list").count() == 0, "a page of its own, not one inside a list"
    page.fill("#login", account(listed.system, "technician"))
    page.fill("#password", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url(re.compile("/devices.*class=wheelchair"))


def test_control_the_same_session_that_has_not_ended_stays(listed: Listed) -> None:
    page = listed.open("technician", "/devices").page
    choose(page, "class", "wheelchair")
    page.wait_for_url(re.compile("class=wheelchair"))
    assert "/login" not in page.url


@pytest.mark.parametrize("what", ["unreachable", "failing", "somebody else's page"])
def test_a_list_that_cannot_be_renewed_says_so_loudly(listed: Listed, what: str) -> None:
    page = listed.open("technician", "/devices").page
    before = page.locator("#list").inner_html()
    expect(page.locator("#renew-failed")).to_be_hidden()

    def answered(route: Route) -> None:
        if what == "unreachable":
            route.abort()
        elif what == "failing":
            route.fulfill(status=503, body="<p>nothing</p>", content_type="text/html")
        else:
            route.fulfill(status=200, body="<h1>Pay for the hotel's network</h1>", content_type="text/html")

    page.route("**/devices?*", answered)
    choose(page, "class", "scale")
    expect(page.locator("#renew-failed[role=alert]")).to_be_visible()
    assert page.locator("#list").inner_html() == before, "not emptied, not filled with something else"
    assert page.url.endswith("/devices"), "the address is that of the list that is shown"
    page.unroute("**/devices?*")
    page.locator("#renew-again").click()
    page.wait_for_url(re.compile("class=scale"))
    expect(page.locator("#class")).to_have_value("scale")


def test_without_script_the_filters_are_a_form(listed: Listed) -> None:
    window = listed.open("technician", "/devices")
    context = window.page.context.browser.new_context(  # type: ignore[union-attr]
        java_script_enabled=False, storage_state=window.context.storage_state()
    )
    page = context.new_page()
    page.goto(f"{window.root}/devices")
    choose(page, "class", "scale")
    page.wait_for_url(re.compile("class=scale"))
    expect(page.locator("#class")).to_have_value("scale")
    shown = page.locator("#list tbody tr")
    assert shown.count() >= 1
    assert shown.filter(has_text="PG Drives").count() == 0, "chairs are left out"
    context.close()


def a_command_under_way(listed: Listed) -> tuple[Visitor, FleetEntry]:
    """A window on a command to a device that has not answered yet."""
    window, chair = listed.visitors("technician"), listed.system.enroll("wheelchair", "pg-vr2")
    page = window.open(f"/devices/{chair.device_id}/commands")
    page.locator("form:has(input[value=self_test]) button").first.click()
    page.wait_for_url(re.compile("/console/commands/"))
    expect(page.locator("#progress .state")).to_be_visible()
    page.evaluate("window.same = true")
    window.complaints.clear()
    return window, chair


def answer(listed: Listed, window: Visitor, chair: FleetEntry) -> None:
    """The device says no."""
    body = {"command_id": window.page.url.rsplit("/", 1)[1], "status": "refused", "reason": "driving"}
    say(listed.system, chair, Verb.REPLY, 1, **body)


def test_a_command_is_followed_until_it_is_over(listed: Listed) -> None:
    window, chair = a_command_under_way(listed)
    expect(window.page.get_by_role("button", name="Avbryt kommandot")).to_be_visible()
    answer(listed, window, chair)
    expect(window.page.locator("#progress .state")).to_have_attribute("data-state", "refused", timeout=10_000)
    assert window.page.evaluate("window.same"), "only the progress is fetched"
    expect(window.page.get_by_role("button", name="Avbryt kommandot")).to_have_count(0)
    window.page.wait_for_timeout(2000)  # the end of the stream is told too, and looked at once more
    window.requests.clear()
    window.page.wait_for_timeout(2000)
    assert window.requests == [], "a command that is over is not asked for again"
    assert window.complaints == []


def test_whoever_follows_a_command_when_the_session_ends_comes_to_the_login(listed: Listed) -> None:
    window, chair = a_command_under_way(listed)
    end_session(listed, window)
    answer(listed, window, chair)
    window.page.wait_for_url(re.compile("/login"))
    assert window.page.locator("#progress").count() == 0, "nothing of the command is left to see"
