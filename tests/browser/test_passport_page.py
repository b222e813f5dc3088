"""The passport's page in a real Chromium: whatever a device has been through, it prints on one A4."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Browser

from diagnostics.passport import page
from diagnostics.passport.schemas import FaultLine, Passport
from diagnostics.schemas import BilingualText
from fleet.faults import Severity
from fleet.passport import Advice

LONG = BilingualText(
    sv="Motorn blev för varm och stannade i en lång uppförsbacke " * 3, en="The motor was too hot " * 9
)


def passport(lines: int) -> Passport:
    """A device with so many faults, reasons and unknowns, each as long as it can be."""
    fault = FaultLine(code="PG-VR2 " + "9" * 60, title=LONG, severity=Severity.HIGH, times=999, active=True)
    facts: dict[str, Any] = {
        "device_id": "d-k7x2m4qpza",
        "individual_number": "9" * 40,
        "device_class": "wheelchair",
        "maker": "Permobil",
        "model": "M3 Corpus",
        "serial_number": "W" * 40,
        "firmware": "<b>" * 40,
        "stock_state": "reconditioning",
        "advice": Advice.RECONDITION,
        "advice_words": LONG,
    }
    return Passport(
        **facts,
        made_on=date(2026, 11, 28),
        registered_on=date(2020, 1, 1),
        held=True,
        last_seen=datetime(2026, 11, 27, tzinfo=UTC),
        loans=9,
        running_hours=19_999.5,
        distance_km=11_999.5,
        charge_cycles=599,
        battery_health_percent=61.5,
        coldest_celsius=-21.5,
        faults=[fault] * lines,
        repairs=99,
        worn=0.987,
        remaining_months=1,
        value_at_stake_sek=Decimal("123456.00"),
        reasons=[LONG] * lines,
        unknown=[LONG] * lines,
    )


def pages(browser: Browser, html: str) -> int:
    """How many A4 pages Chromium prints."""
    context = browser.new_context()
    try:
        shown = context.new_page()
        shown.set_content(html)
        return len(re.findall(rb"/Type\s*/Page\b(?!s)", shown.pdf(prefer_css_page_size=True)))
    finally:
        context.close()


@pytest.mark.parametrize("language", ["sv", "en"])
def test_the_fullest_passport_is_one_page_and_says_what_it_leaves_out(
    browser: Browser, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = page.render(passport(40), language)
    assert pages(browser, full) == 1
    assert full.count("+36") == 1
    assert full.count("+37") == 2
    assert pages(browser, page.render(passport(0), language)) == 1
    monkeypatch.setattr(page, "MOST_LINES", 40)
    assert pages(browser, page.render(passport(40), language)) > 1, "control: without the limit it is more"


def test_the_code_is_large_enough_to_be_read_from_paper(browser: Browser) -> None:
    context = browser.new_context()
    try:
        shown = context.new_page()
        shown.set_content(page.render(passport(1), "sv"))
        shown.emulate_media(media="print")
        box = shown.locator("header svg").bounding_box()
        assert box is not None
        millimetres = 96 / 25.4
        assert box["width"] >= 25 * millimetres
        assert box["width"] == pytest.approx(box["height"])
    finally:
        context.close()
