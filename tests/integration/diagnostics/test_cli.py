"""The commands that talk to the API, against a real server; and what they say when something is missing."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import uvicorn
from typer.testing import CliRunner, Result

from diagnostics.app import build_app
from diagnostics.server import open_resources
from fjarrkoll.api import alarms, devices, faults, idle, orders, ready, timeline
from fjarrkoll.figures import cli as figures
from fleet.clock import local_day
from fleet.errors import FjarrkollError
from fleet.signals import Audience
from tests.fixtures.database import Database
from tests.integration.diagnostics.conftest import NOW, MakeToken, Store, Town

ROOMS = {
    "devices": devices.app,
    "faults": faults.app,
    "alarms": alarms.app,
    "idle": idle.app,
    "ready": ready.app,
    "orders": orders.app,
    "timeline": timeline.app,
    "figures": figures.app,
}
Run = Callable[..., Result]


@pytest.fixture
def api_url(database: Database) -> Iterator[str]:
    """A real server in a thread of its own."""
    listener = socket.create_server(("127.0.0.1", 0))
    started, server = threading.Event(), dict[str, uvicorn.Server]()

    async def serve() -> None:
        async with open_resources(database.api, connections=2) as resources:
            config = uvicorn.Config(build_app(resources), log_config=None, access_log=False, lifespan="off")
            server["one"] = uvicorn.Server(config)
            started.set()
            await server["one"].serve(sockets=[listener])

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert started.wait(30)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server["one"].should_exit = True
    thread.join(30)
    listener.close()


@pytest.fixture
def run(api_url: str, make_token: MakeToken, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """`run("devices", "list", "--json")`."""
    monkeypatch.setenv("FJARRKOLL_ENV_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("FJARRKOLL_API_URL", api_url)
    monkeypatch.setenv("FJARRKOLL_API_TOKEN", make_token("administrator", audiences=("technical", "care")))
    return lambda room, *arguments: CliRunner().invoke(ROOMS[room], list(arguments))


def test_devices(run: Run, town: Town, store: Store) -> None:
    store.heard(town.chair.device_no, at=NOW, used=local_day(NOW), values={"battery.soc": 87.5})
    store.reading(town.chair.device_no, "wheelchair", NOW, {"battery_soc": 87.5})
    store.judge()
    listed = json.loads(run("devices", "list", "--json").stdout)
    assert [item["individual_number"] for item in listed["items"]] == ["A-1", "A-2", "B-1", "S-1"]
    assert [
        i["individual_number"]
        for i in json.loads(run("devices", "list", "--class", "dispenser", "--json").stdout)["items"]
    ] == ["A-2"]
    table = run("devices", "list").stdout
    assert "Senast sedd" in table
    assert "aldrig anslutet" in table
    assert "Last seen" in run("devices", "list", "-l", "en").stdout
    shown = run("devices", "show", "A-1").stdout
    assert "87,5 %" in shown
    assert "okänt" in shown
    assert town.chair.device_id in run("devices", "show", town.chair.device_id).stdout
    readings = json.loads(run("devices", "readings", "A-1", "battery.soc", "--json").stdout)
    assert [point["value"] for point in readings["points"]] == [87.5]
    assert "87,5" in run("devices", "readings", "A-1", "battery.soc").stdout
    store.reading(town.chair.device_no, "wheelchair", NOW - timedelta(minutes=1), {"battery_soc": 80})
    assert "medel" in run("devices", "readings", "A-1", "battery.soc", "--points", "1").stdout


def test_pages_are_followed(run: Run, town: Town) -> None:
    assert town.payer.code
    two = json.loads(run("devices", "list", "--limit", "2", "--json").stdout)
    assert len(two["items"]) == 2
    assert two["next_cursor"] is not None


def test_faults_and_alarms(run: Run, town: Town, store: Store) -> None:
    store.fault(town.chair.device_no, "vr2", "\x1b]0;owned\x07[red]x", None)
    result = run("faults", "list", "A-1")
    assert result.exit_code == 0
    assert "\x1b" not in result.stdout
    assert "[red]x" in result.stdout
    assert "\x1b" not in run("faults", "list", "A-1", "--json").stdout
    alarm = store.alarm(town.chair.device_no, "battery_low")
    assert str(alarm) in run("alarms", "list").stdout
    taken = run("alarms", "take", str(alarm))
    assert (taken.exit_code, "administrator-1" in taken.stdout) == (0, True)
    assert json.loads(run("alarms", "list", "--json").stdout)["items"][0]["taken_by"] == "administrator-1"


def test_reading_faults_of_a_device_that_has_not_answered_is_a_failure(run: Run, town: Town) -> None:
    assert town.chair
    result = run("faults", "read", "A-1", "--wait", "0")
    assert isinstance(result.exception, FjarrkollError)
    assert "inte svarat än" in str(result.exception)
    assert "--key" in str(result.exception)


def test_idle(run: Run, town: Town, store: Store) -> None:
    store.execute("UPDATE loan SET started_at = started_at - interval '200 days'")
    store.heard(town.chair.device_no, first=NOW - timedelta(days=200), used=local_day(NOW) - timedelta(days=40))
    store.judge()
    summary = json.loads(run("idle", "--json").stdout)["summary"]
    said = f"{summary['proven_unused']} av {summary['reported']} hjälpmedel med data är oanvända"
    assert said in run("idle").stdout
    assert summary["devices"] == 4


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["devices", "show", "Z-9"], "Inget hjälpmedel"),
        (["devices", "show", "d-nobody", "-l", "en"], "does not exist"),
        (["devices", "list", "--state", "nonsense"], "Något i begäran stämmer inte"),
        (["alarms", "take", "999"], "Finns inte"),
    ],
)
def test_errors_are_sentences(run: Run, town: Town, arguments: list[str], sentence: str) -> None:
    assert town.chair
    result = run(*arguments)
    assert isinstance(result.exception, FjarrkollError)
    assert sentence in str(result.exception)


def program(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FJARRKOLL_")}
    return subprocess.run(
        [sys.executable, "-m", "fjarrkoll", *arguments],
        env={**clean, "FJARRKOLL_ENV_FILE": "/nonexistent", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_exit_codes_and_what_to_do_without_token_or_api() -> None:
    nothing = program("devices", "list")
    assert (nothing.returncode, "FJARRKOLL_API_TOKEN" in nothing.stderr) == (1, True)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    away = program("idle", FJARRKOLL_API_TOKEN="fk_x", FJARRKOLL_API_URL=f"http://127.0.0.1:{port}")
    assert away.returncode == 1
    assert "fjarrkoll up" in away.stderr
    assert "Traceback" not in away.stderr
    assert program("devices", "list", "--limit", "0").returncode == 2
    assert program("devices", "--help").returncode == 0


def test_work_orders(run: Run, town: Town, store: Store, tmp_path: Path) -> None:
    store.fault(town.chair.device_no, "vr2", "2", "WC-BAT-01")
    number = str(store.all("SELECT device_fault_id FROM device_fault")[0][0])
    drafted = json.loads(run("orders", "draft", "A-1", "--fault", number, "--part", "batteri", "--json").stdout)
    order = str(drafted["order"]["order_id"])
    assert "redan en öppen" in run("orders", "draft", "A-1", "--fault", number).stdout
    assert order in run("orders", "list").stdout
    assert "verkstad" in run("orders", "place", order, "--technician", "verkstad", "--json").stdout
    refused = run("orders", "place", order)
    assert isinstance(refused.exception, FjarrkollError)
    assert "inte i det läget" in str(refused.exception)
    done = run("orders", "finish", order, "remotely", "--minutes", "20", "--cause", "lös kontakt")
    assert "lös kontakt" in done.stdout
    assert "1 av 1" in run("orders", "measures").stdout
    assert "lös kontakt" in run("orders", "causes").stdout
    for shape in ("csv", "xlsx", "json"):
        made = run("orders", "export", str(tmp_path / f"lista.{shape}"), "--state", "all")
        assert made.exit_code == 0, made.stderr
        assert (tmp_path / f"lista.{shape}").stat().st_size > 200
    assert isinstance(run("orders", "export", str(tmp_path / "lista.pdf")).exception, FjarrkollError)
    assert "antagande" in run("orders", "settings").stdout
    assert json.loads(run("orders", "set", "visit_minutes", "90", "tidsstudie", "--json").stdout)["items"]


def test_readiness(run: Run, town: Town, store: Store, tmp_path: Path) -> None:
    checked = run("ready", "check", "A-1")
    assert checked.exit_code == 1, "an unknown is not ready"
    assert "Har aldrig hörts av" in checked.stdout
    assert json.loads(run("ready", "check", "A-1", "--json").stdout)["verdict"] == "unknown"
    approved = run("ready", "approve", "permobil-m3", "2.1", "--note", "provad")
    assert "ska vara i" in approved.stdout
    assert "365" in run("ready", "schedule", "permobil-m3", "inspection", "365").stdout
    assert "krävs inte" in run("ready", "schedule", "permobil-m3", "calibration").stdout
    assert "indragen" in run("ready", "withdraw", "permobil-m3", "2.1").stdout
    noted = json.loads(run("ready", "note", "A-1", "inspection", "--json").stdout)
    assert {c["name"]: c["answer"] for c in noted["checks"]}["inspection"] == "ok"
    lines = tmp_path / "nummer.txt"
    lines.write_text("A-1\nA-2\n\nno-such\n", encoding="utf-8")
    table = tmp_path / "lista.csv"
    table.write_text("Modell;Individnummer\nx;A-1\ny;no-such\n", encoding="utf-8")
    told = run("ready", "list", "--file", str(lines)).stdout
    assert "0 av 2 är klara" in told
    assert "no-such" in told
    listed = json.loads(run("ready", "list", "--file", str(table), "--json").stdout)
    assert (listed["counts"], listed["not_found"]) == (
        {"ready": 0, "not_ready": 0, "unknown": 1, "not_found": 1},
        ["no-such"],
    )
    staged = json.loads(run("ready", "stage", "A-1", "--json").stdout)["staged"]
    assert {"read_faults", "sync_clock"} <= {entry["command"] for entry in staged}


def test_a_timeline(run: Run, town: Town, store: Store) -> None:
    store.fault(town.chair.device_no, "vr2", "2", "WC-BAT-01")
    store.execute("UPDATE device_fault SET known_at = known_at + interval '3 hours'")
    told = run("timeline", "A-1").stdout
    assert "Fel uppstod" in told
    assert "Uthyrning började" in told
    found = json.loads(run("timeline", "A-1", "--kind", "fault", "--json").stdout)["items"]
    assert [(entry["kind"], entry["clocks_differ"]) for entry in found] == [("fault", True)]


def test_a_months_report_of_alarms_in_three_files(run: Run, town: Town, store: Store, tmp_path: Path) -> None:
    number = store.alarm(town.dispenser.device_no, "jam", Audience.CARE)
    store.execute("UPDATE alarm SET happened_at = %s, raised_at = %s WHERE alarm_id = %s", NOW, NOW, number)
    store.execute("UPDATE loan SET area = 'norr' WHERE device_no = %s", town.dispenser.device_no)
    month = f"{local_day(NOW):%Y-%m}"
    said = run("figures", "report", "--month", month, "--folder", str(tmp_path))
    assert "1 alarms" in said.stdout
    text = (tmp_path / f"larm-{month}.md").read_text(encoding="utf-8")
    assert "| kommun-a | norr | jam | 1 |" in text
    assert "Skickade: 0 av 1" in text
    assert "norr" in (tmp_path / f"larm-{month}.csv").read_text(encoding="utf-8")
    assert (tmp_path / f"larm-{month}.xlsx").stat().st_size > 1000
    assert json.loads(run("figures", "show", "--json").stdout)["overall"]["alarms"] == 1
