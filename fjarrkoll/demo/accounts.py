"""The demo's accounts at the console, one for each role, with passwords made for this one run."""

import json
import secrets

import psycopg

from fjarrkoll.local.secrets import write_private
from fjarrkoll.local.system import LocalSystem
from fleet.plumbing.store.accounts import add_account
from fleet.plumbing.store.register import ROLE_AUDIENCES


def make_accounts(system: LocalSystem, connection: psycopg.Connection) -> None:
    """Adds them, and writes the file by which the login page shows them."""
    entries = [
        {"role": role, "login": role.replace("_", "-"), "password": secrets.token_urlsafe(9)} for role in ROLE_AUDIENCES
    ]
    for entry in entries:
        add_account(connection, entry["login"], entry["password"], entry["role"], care_unit="demo")
    write_private(system.demo_accounts_file, json.dumps(entries).encode())
