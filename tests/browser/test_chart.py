"""The readings' chart: magnified by dragging, mailed by its address, a gap is a gap, a picture without script."""

import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FloatRect, Page, expect

from fleet.topics import Verb, topic
from tests.browser.test_stories import HOSTILE, say
from tests.fixtures.browser import Visitor, Visitors
from tests.fixtures.system import RunningSystem, within

HOURS = 48
GAP = range(24, 36)
"""Hours after the first in which nothing was read."""
READ = HOURS - len(GAP)
_COLOURS = """([from, to]) => {
  const canvas = document.querySelector("#plot canvas"), all = canvas.getBoundingClientRect();
  const area = document.querySelector("#plot .u-over").getBoundingClientRect(), scale = canvas.width / all.width;
  const line = getComputedStyle(document.documentElement).getPropertyValue("--chart-line").trim();
  const wanted = [1, 3, 5].map((place) => parseInt(line.slice(place, place + 2), 16));
  const x = (area.left - all.left + from * area.width) * scale, y = (area.top - all.top) * scale;
  const [wide, high] = [(to - from) * area.width * scale, area.height * scale];
  const { data } = canvas.getContext("2d").getImageData(...[x, y, wide, high].map(Math.round));
  const ours = (place) => wanted.every((part, colour) => Math.abs(part - data[place + colour]) < 12);
  let found = 0;
  for (let place = 0; place < data.length; place += 4) if (data[place + 3] > 200 && ours(place)) found++;
  return found;
}"""
"""How many pixels of a part of the chart have the line's colour."""


@dataclass(frozen=True, slots=True)
class Charted:
    """A wheelchair with two days of readings, half a day of nothing in them, and a hostile fault; who looks at it."""

    path: str
    visitors: Visitors
    first: datetime

    def open(self, role: str = "technician", *, width: int = 1280, scheme: str = "light") -> Visitor:
        """A window on its page, drawn."""
        window = self.visitors(role, width=width, scheme=scheme)
        window.complaints.clear()
        expect(window.open(self.path).locator("#plot[data-from] canvas")).to_be_visible()
        return window

    def fraction(self, hour: float) -> float:
        """Where an hour after the first is on the axis, of 1."""
        end = datetime.now(UTC) + timedelta(minutes=10)
        start = end - timedelta(hours=HOURS, minutes=10)
        return (self.first + timedelta(hours=hour) - start) / (end - start)


@pytest.fixture(scope="module")
def charted(browser: Browser, running_system: RunningSystem) -> Iterator[Charted]:
    visitors, chair = Visitors(browser, running_system), running_system.enroll("wheelchair", "pg-vr2")
    first = datetime.now(UTC) - timedelta(hours=HOURS - 1)
    stored = [
        {
            "ts": int((first + timedelta(hours=hour)).timestamp() * 1000),
            "boot": 1,
            "seq": hour + 1,
            "values": {"battery.soc": 40.5 + hour % 7},
        }
        for hour in range(HOURS - 1)
        if hour not in GAP
    ]
    running_system.publish(chair, topic(chair.device_id, Verb.TELEMETRY), json.dumps(stored).encode())
    fault = {"system": "vr2", "code": HOSTILE[:60], "text": HOSTILE, "subcode": "</script><script>alert(3)</script>"}
    stamp = int((first + timedelta(hours=12)).timestamp() * 1000)
    say(running_system, chair, Verb.EVENT, 500, ts=stamp, event="fault_raised", data=fault)
    path, window = f"/devices/{chair.device_id}?hours={HOURS}", visitors("technician")
    within(30, lambda: f"{READ - 1} värden" in window.open(path).content() or None)
    yield Charted(path, visitors, first)
    visitors.close()


def area(page: Page) -> FloatRect:
    """Where the chart's values are drawn, on the screen."""
    page.locator("#plot .u-over").scroll_into_view_if_needed()
    box = page.locator("#plot .u-over").bounding_box()
    assert box is not None
    return box


def drag(page: Page, first: float, last: float) -> None:
    """Marks a stretch of the chart, told as parts of its width."""
    box = area(page)
    page.mouse.move(box["x"] + first * box["width"], box["y"] + 80)
    page.mouse.down()
    page.mouse.move(box["x"] + (first + last) / 2 * box["width"], box["y"] + 90, steps=4)
    page.mouse.move(box["x"] + last * box["width"], box["y"] + 90, steps=4)
    page.mouse.up()


def stretch(page: Page) -> tuple[float, float]:
    """From and to, in seconds, as drawn."""
    found = page.locator("#plot").evaluate("plot => [Number(plot.dataset.from), Number(plot.dataset.to)]")
    return found[0], found[1]


def values(page: Page) -> int:
    """How many values the sentence tells of."""
    found = re.search(r": (\d+) värden", page.locator("#curve-said").inner_text())
    return int(found[1]) if found else 0


def test_a_marked_stretch_is_magnified_and_its_address_can_be_mailed(charted: Charted) -> None:
    window = charted.open()
    page = window.page
    (start, end), steps = stretch(page), page.evaluate("history.length")
    page.evaluate("window.same = true")
    expect(page.locator("#plot-reset")).to_be_hidden()
    drag(page, 0.2, 0.4)
    page.wait_for_url(re.compile("from=.*to="))
    shown = stretch(page)
    assert shown == pytest.approx((start + 0.2 * (end - start), start + 0.4 * (end - start)), abs=(end - start) / 100)
    assert 5 < values(page) < 15, "the sentence and the table tell of what is drawn"
    assert page.locator("#readings details table").last.locator("tbody tr").count() == values(page)
    assert page.evaluate("window.same"), "the page was not loaded anew"
    assert page.evaluate("history.length") == steps, "a step back leads out of the chart, not through every stretch"
    mailed = charted.visitors("technician")
    mailed.page.goto(page.url)
    expect(mailed.page.locator("#plot[data-from]")).to_be_visible()
    assert stretch(mailed.page) == shown
    expect(mailed.page.locator("#plot-reset")).to_be_visible()
    assert [*window.complaints, *mailed.complaints] == []


def test_double_click_and_the_button_show_the_whole_time_again(charted: Charted) -> None:
    page = charted.open().page
    whole = stretch(page)
    ways: list[Callable[[], None]] = [page.locator("#plot-reset").click, page.locator("#plot .u-over").dblclick]
    for back in ways:
        drag(page, 0.1, 0.5)
        page.wait_for_url(re.compile("from="))
        expect(page.locator("#plot-reset")).to_be_visible()
        back()
        page.wait_for_url(re.compile(f"hours={HOURS}$"))
        expect(page.locator("#plot-reset")).to_be_hidden()
        assert stretch(page) == pytest.approx(whole, abs=60)


def test_a_gap_stays_a_gap(charted: Charted) -> None:
    page = charted.open().page
    first, last = charted.fraction(GAP.start - 0.7), charted.fraction(GAP.stop - 0.3)
    assert page.evaluate(_COLOURS, [first, last]) == 0, "no line where nothing was read"
    assert page.evaluate(_COLOURS, [charted.fraction(1.2), charted.fraction(8.8)]) > 100, "control: a line is found"


def test_a_hostile_fault_is_words_beside_its_mark(charted: Charted) -> None:
    window = charted.open()
    box = area(window.page)
    window.page.mouse.move(box["x"] + charted.fraction(12) * box["width"], box["y"] + 60)
    expect(window.page.locator("#readout")).to_contain_text("<img src=x")
    expect(window.page.locator("#readout")).to_contain_text("blev känt")
    assert window.page.locator("#content img").count() == 0
    assert (window.dialogs, window.complaints) == ([], [])


def test_the_chart_is_moved_by_keyboard_and_a_step_back_is_the_stretch_before(charted: Charted) -> None:
    page = charted.open().page
    page.evaluate("window.same = true")
    page.locator("#move-nearer").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(f"hours={HOURS // 2}"))
    expect(page.locator("#move-nearer")).to_be_focused()
    assert page.evaluate("window.same"), "only the chart is fetched"
    begin, end = stretch(page)
    assert end - begin == HOURS // 2 * 3600
    page.go_back()
    page.wait_for_url(re.compile(f"hours={HOURS}$"))
    expect(page.locator("#hours")).to_have_value(str(HOURS))


def test_what_cannot_be_fetched_is_said_at_once(charted: Charted) -> None:
    window = charted.open()
    address = window.page.url
    expect(window.page.locator("#renew-failed")).to_be_hidden()
    window.context.set_offline(True)
    drag(window.page, 0.2, 0.4)
    expect(window.page.locator("#renew-failed")).to_be_visible()
    assert window.page.url == address
    window.context.set_offline(False)
    drag(window.page, 0.2, 0.4)
    expect(window.page.locator("#renew-failed")).to_be_hidden()


def test_without_script_the_servers_picture_with_its_links_stands_there(charted: Charted) -> None:
    window = charted.visitors("technician")
    context = window.page.context.browser.new_context(  # type: ignore[union-attr]
        java_script_enabled=False, storage_state=window.context.storage_state()
    )
    page = context.new_page()
    page.goto(window.root + charted.path)
    expect(page.locator("svg.curve")).to_be_visible()
    assert page.locator("svg.curve polyline").count() == 2, "a line on either side of the gap"
    for hidden in ("#plot", "#readout", "#plot-reset"):
        expect(page.locator(hidden)).to_be_hidden()
    page.locator("#move-nearer").click()
    expect(page.locator("#hours")).to_have_value(str(HOURS // 2))
    context.close()


@pytest.mark.parametrize(
    ("name", "width", "scheme"), [("light", 1200, "light"), ("dark", 1200, "dark"), ("phone", 360, "light")]
)
def test_the_chart_fits_and_axe_finds_nothing(charted: Charted, name: str, width: int, scheme: str) -> None:
    window = charted.open(width=width, scheme=scheme)
    page = window.page
    drag(page, 0.05, 0.9)
    expect(page.locator("#plot-reset")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert page.locator("#plot canvas").evaluate("it => it.getBoundingClientRect().width") > width * 0.8
    assert window.faults() == []
    if folder := os.environ.get("FJARRKOLL_PICTURES"):
        page.locator("#readings").screenshot(path=Path(folder) / f"chart-{name}.png")
