"""The README's pictures, made from the pages as they are: `FJARRKOLL_PICTURES=docs/pictures scripts/test browser`."""

import os
import re
import time
from datetime import UTC, datetime, timedelta
from math import sin
from pathlib import Path
from random import Random

import psycopg
import pytest
from playwright.sync_api import Page, expect

from diagnostics.idle.figures import count_all
from fleet.topics import Verb
from tests.browser.test_stories import jam, say, unused_device, verdicts_held
from tests.fixtures.browser import Visitors
from tests.fixtures.console_pages import prescribed
from tests.fixtures.system import RunningSystem

HEIGHTS = {"board": 1000, "device": 1350, "diagnosis": 1100, "idle": 900, "case": 1250}


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the pictures go: the folder asked for, else one that is thrown away."""
    wanted = os.environ.get("FJARRKOLL_PICTURES")
    return Path(wanted) if wanted else tmp_path_factory.mktemp("pictures")


def a_chairs_week(system: RunningSystem) -> tuple[str, str]:
    """Id and number of a wheelchair with a week of charging, a gap, a fault, and a year of use behind it."""
    chair, random, now = system.enroll("wheelchair", "pg-vr2"), Random(7), datetime.now(UTC)
    for number in range(7 * 24):
        if 60 <= number < 78:
            continue
        at = now - timedelta(hours=7 * 24 - number)
        level = 60 + 35 * sin((at.hour - 1) / 24 * 6.28) + random.random() * 4
        body = {"ts": int(at.timestamp() * 1000), "values": {"battery.soc": round(min(100, max(5, level)), 1)}}
        say(system, chair, Verb.TELEMETRY, number + 1, **body)
    data = {"system": "vr2", "code": "2"}
    stamp = int((now - timedelta(hours=20)).timestamp() * 1000)
    say(system, chair, Verb.EVENT, 500, ts=stamp, event="fault_raised", data=data)
    with psycopg.connect(system.local.urls.owner) as connection:
        for ago in range(360):
            if random.random() < 0.12:
                continue
            amount = 0 if 190 < ago < 230 or random.random() < 0.15 else random.randint(15, 120)
            connection.execute(
                "INSERT INTO usage_day (device_no, local_day, measure, amount)"
                " SELECT device_no, current_date - %s::int,"
                " 'drive_minutes', %s FROM device WHERE device_id = %s ON CONFLICT DO NOTHING",
                [ago, amount, chair.device_id],
            )
    return chair.device_id, chair.individual_number


def a_scale_put_aside(system: RunningSystem) -> str:
    """The number of a scale that was used for months, has been heard every day since, and not been used."""
    scale, random = unused_device(system), Random(11)
    prescribed(system, scale.device_id)
    days = [(ago, int(ago > 200 and random.random() < 0.9)) for ago in range(360)]
    with psycopg.connect(system.local.urls.owner) as connection:
        connection.cursor().executemany(
            "INSERT INTO usage_day (device_no, local_day, measure, amount)"
            " SELECT device_no, current_date - %s::int, 'weighings', %s FROM device WHERE device_id = %s",
            [(ago, amount, scale.device_id) for ago, amount in days],
        )
    with psycopg.connect(system.local.urls.worker) as connection:  # what else a run of verdicts leaves behind
        connection.execute(
            "UPDATE idle_verdict SET note_days = 14, contact_days = 14, propose_days = 60 WHERE days = 200"
        )
        count_all(connection)
    return scale.individual_number


def taken(page: Page, folder: Path, name: str, width: int) -> None:
    """A picture of a page as it is."""
    page.set_viewport_size({"width": width, "height": HEIGHTS.get(name, 800)})
    target = folder / f"{name}.png"
    page.screenshot(path=target)
    assert 10_000 < target.stat().st_size < 200_000, "a page, not a blank sheet, and light enough for the README"


def test_pictures_of_the_main_pages(visit: Visitors, running_system: RunningSystem, folder: Path) -> None:
    jammed, (chair, chair_number) = jam(running_system), a_chairs_week(running_system)
    time.sleep(2)
    shots = [
        ("board", "carer", "/alarms", 390, jammed.individual_number),
        ("device", "technician", f"/devices/{chair}", 1200, "Användning senaste året"),
        ("diagnosis", "technician", f"/devices/{chair}/diagnosis", 1200, "1. "),
        ("devices", "analyst", "/devices", 1200, chair_number),
    ]
    for name, role, path, width, awaited in shots:
        window = visit(role, width=width)
        page = window.open(path)
        expect(page.get_by_text(awaited).first).to_be_visible(timeout=15_000)
        taken(page, folder, name, width)
        assert window.complaints == []


def test_pictures_of_an_idle_device_and_its_case(visit: Visitors, running_system: RunningSystem, folder: Path) -> None:
    with verdicts_held(running_system):
        number = a_scale_put_aside(running_system)
        window = visit("analyst", width=1200)
        page = window.open("/idle?class=scale")
        expect(page.get_by_text(number).first).to_be_visible()
        taken(page, folder, "idle", 1200)
        page.get_by_role("button", name=re.compile(f"Föreslå {number}")).click()
        expect(page.locator("#evidence ~ .scroll svg.strip")).to_be_visible()
        taken(page, folder, "case", 1200)
    assert window.complaints == []
