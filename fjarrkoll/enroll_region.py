"""`fjarrkoll enroll region`: a region of simulated devices in the register, with the accounts of their gateways."""

import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

import psycopg
import typer

from device_sim.regional.accounts import PER_GATEWAY, Account, access_list, accounts_for
from device_sim.regional.cli import DEFAULT_REGION
from device_sim.regional.plan import RegionalPlan, device_id
from device_sim.regional.readings import DEVICE_CLASS, MODEL
from device_sim.regional.region_file import Region, write_region
from fjarrkoll.services import password_line
from fleet.plumbing.settings import load_settings
from fleet.plumbing.store.mass_register import enroll_fleet
from fleet.plumbing.store.register import NewLoan
from fleet.registry import load_registry

_PAYER: Final = "sim-region"
_LENT_BEFORE: Final = timedelta(days=390)


def enroll_region(
    devices: Annotated[int, typer.Option(min=1, help="How many.")],
    region: Annotated[Path, typer.Option(help="Where their accounts go; if it is there, nothing is done.")] = (
        DEFAULT_REGION
    ),
    per_gateway: Annotated[
        int, typer.Option(min=0, help="Devices behind one gateway, which is one line; 0: one supplier for all.")
    ] = PER_GATEWAY,
    password_file: Annotated[
        Path | None, typer.Option(help="Another broker's password file; the accounts' lines are added to it.")
    ] = None,
    acl_file: Annotated[
        Path | None, typer.Option(help="Another broker's access list; what each account may do is added to it.")
    ] = None,
) -> None:
    """Register a region of simulated devices, on loan to a payer of their own, once. `fjarrkoll up` lets them in.

    Example: fjarrkoll enroll region --devices 417000
    """
    if region.exists():
        typer.echo(f"nothing done: {region} is there already")
        return
    RegionalPlan(devices=devices)  # refuses a number that cannot be before anything is written
    accounts = accounts_for(devices, iter(lambda: secrets.token_urlsafe(16), ""), per_gateway)
    now = datetime.now(UTC)
    with psycopg.connect(load_settings().need("owner_database_url")) as connection:
        loan = NewLoan(payer_id=_payer(connection), legal_frame="HSL", started_at=now - _LENT_BEFORE)
        load_registry()[DEVICE_CLASS]
        enroll_fleet(connection, devices, device_id, DEVICE_CLASS, MODEL, loan, now)
        # Within the transaction: without the file nobody could ever speak for them.
        write_region(region, Region(devices=devices, accounts=accounts))
        _let_in(accounts, password_file, acl_file)
    typer.echo(f"{devices} devices registered behind {len(accounts)} lines; their accounts are in {region}")


def _payer(connection: psycopg.Connection) -> int:
    connection.execute(
        "INSERT INTO payer (code, name, kind) VALUES (%s, 'Simulerad region', 'region') ON CONFLICT DO NOTHING",
        [_PAYER],
    )
    row = connection.execute("SELECT payer_id FROM payer WHERE code = %s", [_PAYER]).fetchone()
    if row is None:
        raise RuntimeError("the payer was not made")
    return int(row[0])


def _let_in(accounts: list[Account], password_file: Path | None, acl_file: Path | None) -> None:
    words = {account.name: account.password for account in accounts}
    for path, lines in (
        (password_file, (password_line(*entry) for entry in words.items())),
        (acl_file, access_list(accounts)),
    ):
        if path is not None:
            path.touch(mode=0o600)
            with path.open("a", encoding="utf-8") as file:
                file.writelines(f"{line}\n" for line in lines)
