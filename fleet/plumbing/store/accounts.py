"""Accounts of the console, written by the schema's owner: added, listed, given a password, shut."""

from collections.abc import Sequence
from typing import Any, Final

import argon2
import psycopg
from psycopg.rows import dict_row

from fleet.errors import shown
from fleet.plumbing.store.register import LEGAL_FRAMES, ROLE_AUDIENCES, RegisterError

SHORTEST_PASSWORD: Final = 12
"""Characters; NIST SP 800-63B asks for eight at least, and these people see health data."""
_HASHER: Final = argon2.PasswordHasher()


def add_account(  # noqa: PLR0913 - an account's columns, by name
    connection: psycopg.Connection,
    login: str,
    password: str,
    role: str,
    *,
    care_unit: str,
    payers: Sequence[str] | None = None,
    frames: Sequence[str] = LEGAL_FRAMES,
) -> int:
    """Adds an account with the audiences of its role; returns its number.

    Args:
        connection: of the schema's owner.
        login: unique, lower case, stands in the audit.
        password: at least SHORTEST_PASSWORD characters; only its argon2id hash is kept.
        role: one of `ROLE_AUDIENCES`.
        care_unit: stands in the audit.
        payers: codes; None for every payer.
        frames: legal frames.

    Raises:
        RegisterError: login taken or malformed, role or payer unknown, password too short.
    """
    if role not in ROLE_AUDIENCES:
        raise RegisterError(f"role {shown(role)} is unknown; choose one of {', '.join(ROLE_AUDIENCES)}")
    numbers = None if payers is None else [_payer(connection, code) for code in payers]
    audiences = [str(audience.value) for audience in ROLE_AUDIENCES[role]]
    values = [login, _hash(password), role, care_unit, numbers, list(frames), audiences]
    try:
        row = connection.execute(
            "INSERT INTO account (login, password_hash, role, care_unit, payers, frames, audiences)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING account_id",
            values,
        ).fetchone()
    except psycopg.errors.UniqueViolation as error:
        raise RegisterError(f"login {shown(login)} is taken; choose another") from error
    except psycopg.errors.CheckViolation as error:
        raise RegisterError(f"login {shown(login)}: use lower-case letters, digits and . _ @ -") from error
    return int(row[0]) if row else 0


def list_accounts(connection: psycopg.Connection) -> list[dict[str, Any]]:
    """Every account without its password, payers by code."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "SELECT login, role, care_unit, frames, audiences, created_at, disabled_at,"
            " CASE WHEN payers IS NOT NULL THEN"
            " ARRAY(SELECT code FROM payer p WHERE p.payer_id = ANY (a.payers)) END AS payers"
            " FROM account a ORDER BY login"
        ).fetchall()


def disable_account(connection: psycopg.Connection, login: str) -> None:
    """Shuts an account and ends its sessions.

    Raises:
        RegisterError: there is no such account.
    """
    _change(
        connection, "UPDATE account SET disabled_at = coalesce(disabled_at, now()) WHERE login = %s", [login], login
    )


def set_password(connection: psycopg.Connection, login: str, password: str) -> None:
    """Gives an account another password and ends its sessions.

    Raises:
        RegisterError: there is no such account, or the password is too short.
    """
    _change(connection, "UPDATE account SET password_hash = %s WHERE login = %s", [_hash(password), login], login)


def _change(connection: psycopg.Connection, statement: str, values: list[str], login: str) -> None:
    if connection.execute(statement.encode(), values).rowcount != 1:
        raise RegisterError(f"there is no account {shown(login)}; `fjarrkoll accounts list` shows them")
    connection.execute(
        "DELETE FROM console_session WHERE account_id = (SELECT account_id FROM account WHERE login = %s)", [login]
    )


def _hash(password: str) -> str:
    if len(password) < SHORTEST_PASSWORD:
        raise RegisterError(f"the password is too short: {SHORTEST_PASSWORD} characters at least")
    return _HASHER.hash(password)


def _payer(connection: psycopg.Connection, code: str) -> int:
    row = connection.execute("SELECT payer_id FROM payer WHERE code = %s", [code]).fetchone()
    if row is None:
        raise RegisterError(f"payer {shown(code)} is not in the register")
    return int(row[0])
