"""What holds on every page: axe in light and dark, narrow and magnified screens, light pages, hostile device texts."""

import httpx
import pytest

from fleet.topics import Verb
from tests.browser.test_stories import HOSTILE, jam, no_sideways, raised_alarm, say, unused_device
from tests.fixtures.browser import Visitors
from tests.fixtures.system import RunningSystem

LISTS = (
    *("/", "/alarms", "/alarms?sort=risk", "/devices", "/devices?text=inget-sådant", "/devices?state=alarm", "/orders"),
    *("/idle", "/idle/money", "/payers", "/recalls", "/recalls/board", "/recalls/letters", "/recalls/answers"),
    *("/recalls/pick-ups", "/readiness", "/readiness?depot=depa-1", "/fleet/faults", "/fleet/versions"),
    *("/fleet/versions?model=pg-vr2", "/fleet/coverage", "/fleet/wear", "/fleet/wear?model=pg-vr2"),
    *("/nothing", "/accessibility"),
)
OF_A_DEVICE = ("", "?hours=24", "/diagnosis", "/commands", "/readiness", "/timeline", "/passport", "/hold")
HEAVIEST = 200_000


def hostile_chair(system: RunningSystem) -> str:
    """A wheelchair that sends markup, formulas and code wherever a device may send text."""
    device = system.enroll("wheelchair", "pg-vr2")
    say(system, device, Verb.TELEMETRY, 1, values={"battery.soc": 50, HOSTILE[:70]: 1})
    data = {"system": "vr2", "code": HOSTILE[:60], "text": HOSTILE, "subcode": "</svg><script>alert(3)</script>"}
    say(system, device, Verb.EVENT, 2, event="fault_raised", data=data)
    say(system, device, Verb.EVENT, 3, event="fault_raised", data={"system": "vr2", "code": "2", "text": HOSTILE})
    return device.device_id


def pages_of(device_id: str) -> list[str]:
    return [*LISTS, *(f"/devices/{device_id}{rest}" for rest in OF_A_DEVICE)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page_with_something_on_it(
    visit: Visitors, running_system: RunningSystem, scheme: str
) -> None:
    chair, jammed = hostile_chair(running_system), jam(running_system)
    unused_device(running_system)
    window, carer = visit("administrator", scheme=scheme), visit("carer", scheme=scheme)
    raised_alarm(carer.open("/alarms"), jammed)
    found = {"the board of a carer": carer.faults()}
    for path in pages_of(chair):
        window.open(path)
        found[path] = window.faults()
    assert {path: faults for path, faults in found.items() if faults} == {}
    assert [said for said in window.complaints if "404" not in said] == []


@pytest.mark.parametrize("width", [360, 640])
def test_nothing_is_lost_on_a_phone_or_at_twice_the_size(
    visit: Visitors, running_system: RunningSystem, width: int
) -> None:
    chair = hostile_chair(running_system)
    window = visit("administrator", width=width)
    assert [path for path in pages_of(chair) if not no_sideways(window.open(path))] == []


def test_what_a_device_says_runs_nowhere_and_every_page_is_light(
    visit: Visitors, running_system: RunningSystem
) -> None:
    chair = hostile_chair(running_system)
    window = visit("administrator")
    cookie = {c["name"]: c["value"] for c in window.context.cookies()}["fjarrkoll_session"]
    headers = {"cookie": f"fjarrkoll_session={cookie}", "accept-encoding": "gzip"}
    style = httpx.get(f"{window.root}/static/console.css", headers=headers, trust_env=False)
    for path in pages_of(chair):
        page = window.open(path)
        assert page.locator("img").count() == 0, f"{path} made an element of a device's text"
        with httpx.stream("GET", window.root + path, headers=headers, trust_env=False, timeout=30) as answer:
            weight = sum(len(chunk) for chunk in answer.iter_raw())
        assert weight + int(style.headers["content-length"]) < HEAVIEST, path
    assert window.dialogs == []
    assert [said for said in window.complaints if "404" not in said] == [], "no script ran and no policy was broken"
    assert all(url.startswith((running_system.local.api_url, "data:")) for url in window.requests), (
        "nothing from outside"
    )
