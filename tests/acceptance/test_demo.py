"""What a newcomer runs: the unattended demo does the main job, and notices when a part of it did not happen."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, expect

from fjarrkoll.demo.check import CARDS, missing_parts
from fjarrkoll.demo.observe import Counts
from tests.fixtures.browser import Visitor, opened

PATIENCE = 180_000
"""Milliseconds: the past is told while it is lived through, and verdicts are made every quarter of a minute."""
WELL = Counts(published=10, stored=10, lost=0, duplicated=0, quarantined=3)
OBSERVED: dict[str, Any] = {
    "faults_read": 1,
    "jam_alarm": True,
    "notified": 1,
    "idle_found": 1,
    "nights_replayed": 93,
    "recalls_proposed": 1,
    "answers_taken": 1,
    "recall_state": "in_stock",
    "passport_advice": "recondition",
}


def demo(folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "fjarrkoll.demo", "--folder", str(folder), "--devices", "60", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


@pytest.mark.timeout(240)
def test_the_unattended_demo_does_the_main_job_and_says_so_in_its_last_line(services_folder: Path) -> None:
    process = demo(services_folder / "demo-check", "--check")
    out, err = process.communicate(timeout=220)
    said = json.loads(out.decode().splitlines()[-1])
    assert process.returncode == 0, err.decode()[-3000:]
    assert said["missing"] == []
    assert said["published"] == said["stored"] > 1000
    assert (said["lost"], said["duplicated"]) == (0, 0)
    assert said["quarantined"] > 0
    assert said["faults_read"] > 0
    assert said["idle_found"] > 0
    assert said["recalls_proposed"] > 0
    assert said["recall_state"] == "in_stock"
    assert said["answers_taken"] == 1
    assert said["alarms"] > 0
    assert said["seconds"] <= 120
    assert said["nights_replayed"] == (93 if CARDS.is_dir() else 0)


def up(folder: Path, process: subprocess.Popen[bytes]) -> str:
    """The address of a watched demo's console, once it is there."""
    started = time.monotonic()
    while not (folder / "env").exists():
        assert process.poll() is None, "the demo ended by itself"
        assert time.monotonic() - started < 90, "the demo did not come up"
        time.sleep(0.1)
    named = dict(line.split("=", 1) for line in (folder / "env").read_text().splitlines())
    return f"{named['FJARRKOLL_API_URL']}/console"


def signed_in(browser: Browser, root: str, role: str) -> Visitor:
    """A window in which somebody took an account from the login page."""
    window = opened(browser, root)
    cells = window.open("/login").locator("#demo ~ .scroll tr", has_text=role).locator("code")
    window.sign_in(cells.first.inner_text(), cells.last.inner_text())
    return window


def travelled(window: Visitor, act: str) -> None:
    """Makes something happen at the panel and watches it get as far as it can."""
    window.open("/demo").get_by_role("button", name=act).click()
    arrived(window)


def arrived(window: Visitor) -> None:
    """Each step is taken while the page stands open, without anybody loading it again."""
    steps = window.page.locator(".travel li")
    expect(steps.first).to_be_visible()
    expect(window.page.locator(".travel li[data-done=no]")).to_have_count(0, timeout=PATIENCE)
    assert steps.count() == 4
    assert window.faults() == []


@pytest.mark.timeout(500)
def test_what_the_panel_makes_happen_travels_through_the_system_and_ctrl_c_leaves_nothing_running(
    services_folder: Path, browser: Browser
) -> None:
    folder = services_folder / "demo-watched"
    process = demo(folder)
    root = up(folder, process)
    stranger = opened(browser, root)
    stranger.open("/login")
    expect(stranger.page.locator("#demo ~ .scroll tbody tr")).to_have_count(6)
    assert stranger.faults() == []
    analyst, carer = signed_in(browser, root, "Analytiker"), signed_in(browser, root, "Vårdpersonal")
    analyst.open("/demo").get_by_role("button", name="Ställ undan en rullstol").click()
    travelled(carer, "Låt en dosautomat fastna")
    travelled(carer, "Bryt strömmen i ett område")
    assert carer.open("/alarms").locator("li.alarm.area").count() == 1, "one alarm for the area, not six"
    carer.open("/demo").get_by_role("button", name="Bryt strömmen i ett område").click()
    expect(carer.page.get_by_role("status")).to_contain_text("Det har redan hänt")
    assert carer.faults() == []
    technician = signed_in(browser, root, "Hjälpmedelstekniker")
    technician.open("/demo?lang=en")
    travelled(technician, "Age a battery")
    arrived(analyst)
    number = (analyst.page.locator("#content p a").first.inner_text()).split()[-1]
    expect(analyst.open("/idle?class=wheelchair").get_by_role("button", name=f"Föreslå {number}")).to_be_visible()
    for window in (stranger, analyst, carer, technician):
        assert window.complaints == []
        window.context.close()
    panel = json.loads((folder / "console-accounts.json").read_text())["panel"]
    assert httpx.post(panel["url"], json={"do": "jam"}, trust_env=False).status_code == 403, "only the panel may"
    running = _mentioning(folder)
    assert len(running) >= 3, "control: the parts are found while it runs"
    os.kill(process.pid, signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert [pid for pid in running if Path(f"/proc/{pid}").exists()] == []


@pytest.mark.parametrize(
    ("counts", "observed", "complaint"),
    [
        (replace(WELL, lost=1), OBSERVED, "lost"),
        (replace(WELL, duplicated=1), OBSERVED, "twice"),
        (replace(WELL, stored=9), OBSERVED, "not everything"),
        (replace(WELL, published=0, stored=0), OBSERVED, "nothing"),
        (replace(WELL, quarantined=0), OBSERVED, "quarantine"),
        (WELL, {**OBSERVED, "faults_read": 0}, "fault"),
        (WELL, {**OBSERVED, "jam_alarm": False}, "dispenser"),
        (WELL, {**OBSERVED, "notified": 0}, "webhook"),
        (WELL, {**OBSERVED, "idle_found": 0}, "idle"),
        (WELL, {**OBSERVED, "recalls_proposed": 0}, "proposed"),
        (WELL, {**OBSERVED, "recall_state": "collected"}, "stock"),
        (WELL, {**OBSERVED, "answers_taken": 0}, "list"),
        (WELL, {**OBSERVED, "nights_replayed": 0}, "night"),
    ],
)
def test_the_check_complains_when_a_part_did_not_happen(
    counts: Counts, observed: dict[str, Any], complaint: str
) -> None:
    assert missing_parts(WELL, OBSERVED, cards_here=True) == []
    complaints = missing_parts(counts, observed, cards_here=True)
    assert len(complaints) == 1
    assert complaint in complaints[0]


def test_absent_cards_are_no_fault_of_the_demo() -> None:
    assert missing_parts(WELL, {**OBSERVED, "nights_replayed": 0}, cards_here=False) == []


def _mentioning(folder: Path) -> list[int]:
    """Processes that have a file below the folder open as their standard output, or run in its session."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if str(folder) in os.readlink(entry / "fd" / "1"):  # noqa: PTH115 - a deleted file has a name, too
                found.append(int(entry.name))
        except OSError:
            continue
    return found
