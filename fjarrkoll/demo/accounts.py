"""The demo's accounts at the console, one for each role, with passwords made for this one run, and its panel."""

import json
import secrets
from collections.abc import Sequence

import psycopg

from fjarrkoll.demo.director import Director
from fjarrkoll.local.secrets import write_private
from fjarrkoll.local.system import LocalSystem
from fleet.plumbing.store.accounts import add_account
from fleet.plumbing.store.register import ROLE_AUDIENCES


def make_accounts(system: LocalSystem, connection: psycopg.Connection, director: Director, idle: Sequence[str]) -> None:
    """Adds them, and writes the file by which the console shows them and reaches the director.

    Args:
        system: whose console.
        connection: the owner's.
        director: listening already.
        idle: devices that were put aside in the demo's past.
    """
    entries = [
        {"role": role, "login": role.replace("_", "-"), "password": secrets.token_urlsafe(9)} for role in ROLE_AUDIENCES
    ]
    for entry in entries:
        add_account(connection, entry["login"], entry["password"], entry["role"], care_unit="demo")
    panel = {"url": director.url, "key": director.key, "idle": list(idle)}
    write_private(system.demo_accounts_file, json.dumps({"accounts": entries, "panel": panel}).encode())
