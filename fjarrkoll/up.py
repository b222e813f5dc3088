"""`fjarrkoll up`: broker, database, ingest, worker and API on this machine, kept between starts, until Ctrl-C."""

import signal
import time
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Annotated, Final

import psycopg
import typer
from rich.console import Console

from device_sim.fleet_file import read_fleet
from device_sim.regional.region_file import Region, read_region
from fjarrkoll.local.system import LocalSystem
from fleet.plumbing.store.register import create_token
from fleet.registry import load_registry
from fleet.signals import Audience

app = typer.Typer(add_completion=False)
console = Console(stderr=True)

FLEET_FILE: Final = "fleet.jsonl"
REGION_FILE: Final = "region.json"
_LOOK_SECONDS: Final = 1.0


@app.command()
def up(
    *,
    folder: Annotated[Path, typer.Option(help="Where data, logs and secrets are kept.")] = Path(".fjarrkoll/local"),
    webhook_url: Annotated[str | None, typer.Option(help="Where alarms are posted.")] = None,
) -> None:
    """Start everything locally. Devices enrolled with `--fleet-file FOLDER/fleet.jsonl` are let in at once.

    So is a region enrolled with `fjarrkoll enroll region --region FOLDER/region.json`.
    """
    signal.signal(signal.SIGTERM, _as_interrupt)
    fleet, region = folder / FLEET_FILE, folder / REGION_FILE
    try:
        with LocalSystem(
            folder.resolve(),
            load_registry(),
            device_passwords=_passwords(fleet),
            webhook_url=webhook_url,
            region=_region(region),
            watched=True,
        ) as system:
            system.start_parts()
            system.write_env(_administrator_token(system.urls.owner))
            console.print(f"API {system.api_url}, broker {system.broker.host}:{system.broker.port}")
            console.print(f"console {system.api_url}/console/ (`fjarrkoll accounts add` says who may sign in)")
            console.print(f"for other terminals: export FJARRKOLL_ENV_FILE={system.env_file}", soft_wrap=True)
            _watch(system, fleet, region)
    except KeyboardInterrupt:
        console.print("\nstopped; nothing is left running")


def _watch(system: LocalSystem, fleet: Path, region: Path) -> None:
    """Lets newly enrolled devices in, and ends when a part has ended by itself."""
    known, awaits_region = _passwords(fleet), not region.is_file()
    while True:
        time.sleep(_LOOK_SECONDS)
        system.check()
        now_known = _passwords(fleet)
        if now_known != known:
            system.broker.add_credentials({name: word for name, word in now_known.items() if known.get(name) != word})
            known = now_known
        if awaits_region and (enrolled := _region(region)) is not None:
            system.admit(enrolled)
            awaits_region = False
            console.print(f"{enrolled.devices} devices of {region} are let in")


def _passwords(fleet: Path) -> dict[str, str]:
    return {entry.device_id: entry.password for entry in read_fleet(fleet)} if fleet.is_file() else {}


def _region(path: Path) -> Region | None:
    return read_region(path) if path.is_file() else None


def _administrator_token(owner_url: str) -> str:
    """A new token for each start, seeing every view: the person at this machine could read the database anyway."""
    with psycopg.connect(owner_url) as connection:
        name = f"local {datetime.now(UTC).isoformat(timespec='seconds')}"
        return create_token(connection, name, "administrator", care_unit="local", audiences=tuple(Audience))


def _as_interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt
