"""`fjarrkoll enroll`: register devices and give them credentials, and give people API tokens."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import psycopg
import typer

from device_sim.fleet_file import FleetEntry, read_fleet, write_fleet
from fjarrkoll.enroll_region import enroll_region
from fjarrkoll.services import password_line
from fleet.errors import ConfigurationError, shown
from fleet.plumbing.settings import load_settings
from fleet.plumbing.store.register import (
    LEGAL_FRAMES,
    ROLE_AUDIENCES,
    Enrolled,
    NewDevice,
    NewLoan,
    RegisterError,
    create_token,
    enroll_devices,
)
from fleet.registry import load_registry
from fleet.signals import Audience

__all__ = ["Enrolled", "NewDevice", "NewLoan", "app", "create_token", "enroll_devices"]

app = typer.Typer(no_args_is_help=True, add_completion=False)

app.command("region")(enroll_region)

_FRAMES: Final = ", ".join(LEGAL_FRAMES)


@app.command()
def one(  # noqa: PLR0913 - each is an option of the command
    *,
    device_class: Annotated[str, typer.Option("--class", help="Device class, such as wheelchair.")],
    model: Annotated[str, typer.Option(help="Model key, as `fjarrkoll devices` and the profile name it.")],
    individual_number: Annotated[str, typer.Option(help="The number painted on the device.")],
    payer: Annotated[str | None, typer.Option(help="Code of the payer it is on loan to; in store without it.")] = None,
    frame: Annotated[str | None, typer.Option(help=f"Legal frame of the loan: {_FRAMES}.")] = None,
    prescriber: Annotated[str | None, typer.Option(help="Code of the prescriber of the loan.")] = None,
    basic_equipment: Annotated[bool, typer.Option(help="Pooled, not prescribed to a person.")] = False,
    administration_service: Annotated[
        bool, typer.Option(help="A dispenser that is filled and supervised for one person; never basic equipment.")
    ] = False,
    password_file: Annotated[
        Path | None, typer.Option(help="The broker's password file; the device's line is added to it.")
    ] = None,
    fleet_file: Annotated[
        Path | None, typer.Option(help="File of `fjarrkoll simulate`; the device is added to those it plays.")
    ] = None,
) -> None:
    """Register one device and print its credentials, which are shown this once and kept nowhere.

    Example: fjarrkoll enroll one --class scale --model and-uc352ble --individual-number 123456 --payer kommun-07
    --frame SoL
    """
    known_model(device_class, model)
    now = datetime.now(UTC)
    with psycopg.connect(load_settings().need("owner_database_url")) as connection:
        loan = None if payer is None else _loan(connection, payer, frame, prescriber, now)
        new = NewDevice(
            device_class=device_class,
            model_key=model,
            individual_number=individual_number,
            basic_equipment=basic_equipment,
            administration_service=administration_service,
            loan=loan,
        )
        enrolled = enroll_devices(connection, [new], now)[0]
    line = password_line(enrolled.device_id, enrolled.password)
    if password_file is not None:
        _append(password_file, line)
    if fleet_file is not None:
        _add_to_fleet(fleet_file, new, enrolled)
    typer.echo(json.dumps({"device_id": enrolled.device_id, "password": enrolled.password, "password_line": line}))


@app.command()
def token(  # noqa: PLR0913 - each is an option of the command
    *,
    name: Annotated[str, typer.Option(help="Who holds it: a person's or system's name, unique.")],
    role: Annotated[str, typer.Option(help=f"One of {', '.join(ROLE_AUDIENCES)}.")],
    care_unit: Annotated[str, typer.Option(help="The holder's unit, as the audit shows it.")] = "",
    payer: Annotated[
        list[str] | None, typer.Option(help="Code of a payer to see; repeat it. Every payer without.")
    ] = None,
    frame: Annotated[list[str] | None, typer.Option(help=f"Legal frame to see ({_FRAMES}); repeat it.")] = None,
    audience: Annotated[
        list[Audience] | None, typer.Option(help="View of a device; repeat it. The role's without.")
    ] = None,
    expires: Annotated[datetime | None, typer.Option(help="Last moment of validity, UTC. Never without.")] = None,
    holder: Annotated[
        str | None, typer.Option(help="Opaque name of the person, where one person holds several tokens.")
    ] = None,
) -> None:
    """Make an API token and print it; it is shown this once and only its hash is kept.

    Example: fjarrkoll enroll token --name hemtjanst-07 --role carer --care-unit "Hemtjänst 07" --payer kommun-07
    --frame SoL
    """
    with psycopg.connect(load_settings().need("owner_database_url")) as connection:
        made = create_token(
            connection,
            name,
            role,
            care_unit=care_unit,
            payers=[_payer_id(connection, code) for code in payer] if payer else None,
            frames=[_frame(code) for code in frame] if frame else LEGAL_FRAMES,
            audiences=audience or None,
            expires_at=None if expires is None else expires.replace(tzinfo=UTC),
            holder=holder,
        )
    typer.echo(made)


@app.command()
def demo(
    *,
    fleet_file: Annotated[Path, typer.Option(help="File of `fjarrkoll simulate`; if it is there, nothing is done.")],
    password_file: Annotated[
        Path | None, typer.Option(help="The broker's password file; the devices' lines are added to it.")
    ] = None,
    devices: Annotated[int, typer.Option(min=20, max=2000, help="Simulated devices.")] = 60,
    seed: Annotated[int, typer.Option(help="Same seed, same register.")] = 1,
) -> None:
    """Register a made-up fleet with payers, prescribers and loans, once.

    Example: fjarrkoll enroll demo --fleet-file .fjarrkoll/fleet.jsonl --password-file passwords
    """
    from fjarrkoll.demo.population import populate  # noqa: PLC0415 - only this command needs the demo

    if fleet_file.exists():
        typer.echo(f"nothing done: {fleet_file} is there already")
        return
    with psycopg.connect(load_settings().need("owner_database_url")) as connection:
        entries = populate(connection, load_registry(), devices, datetime.now(UTC), seed).playing
    if password_file is not None:
        for entry in entries:
            _append(password_file, password_line(entry.device_id, entry.password))
    write_fleet(fleet_file, entries)
    typer.echo(f"{len(entries)} devices registered; the broker lets them in after its next reload (SIGHUP)")


def known_model(device_class: str, model: str) -> None:
    """Refuses a model that the class's profile does not describe, naming those it does.

    Raises:
        UnknownDeviceClassError: no profile describes the class.
        RegisterError: the class has no such model.
    """
    models = sorted({entry.key for entry in load_registry()[device_class].models})
    if model not in models:
        raise RegisterError(f"{device_class} has no model {shown(model)}; known: {', '.join(models)}")


def _loan(
    connection: psycopg.Connection, payer: str, frame: str | None, prescriber: str | None, now: datetime
) -> NewLoan:
    if frame is None:
        raise ConfigurationError(f"a loan has a legal frame: add --frame with one of {_FRAMES}")
    return NewLoan(
        payer_id=_payer_id(connection, payer),
        legal_frame=_frame(frame),
        started_at=now,
        prescriber_id=None if prescriber is None else _prescriber_id(connection, prescriber),
    )


def _frame(code: str) -> str:
    if code not in LEGAL_FRAMES:
        raise ConfigurationError(f"legal frame {shown(code)} is unknown; use one of {_FRAMES}")
    return code


def _payer_id(connection: psycopg.Connection, code: str) -> int:
    row = connection.execute("SELECT payer_id FROM payer WHERE code = %s", [code]).fetchone()
    if row is None:
        raise RegisterError(f"no payer has the code {shown(code)}: add it to the register first")
    return int(row[0])


def _prescriber_id(connection: psycopg.Connection, code: str) -> int:
    row = connection.execute("SELECT prescriber_id FROM prescriber WHERE code = %s", [code]).fetchone()
    if row is None:
        raise RegisterError(f"no prescriber has the code {shown(code)}: add it to the register first")
    return int(row[0])


def _add_to_fleet(path: Path, device: NewDevice, enrolled: Enrolled) -> None:
    entry = FleetEntry(
        device_id=enrolled.device_id,
        password=enrolled.password,
        device_class=device.device_class,
        model=device.model_key,
        individual_number=device.individual_number,
    )
    write_fleet(path, [*(read_fleet(path) if path.exists() else []), entry])


def _append(path: Path, line: str) -> None:
    """Adds a line to a file that only its owner may read; the broker reads it at its next reload (SIGHUP)."""
    path.touch(mode=0o600)
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
