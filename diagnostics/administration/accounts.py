"""Accounts of the console: seen, made, changed, shut and given a new password, within an administrator's own scope."""

import asyncio
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import argon2

from diagnostics.administration.problems import refused
from diagnostics.problems import Problem, not_found
from diagnostics.queries import fetch_all, fetch_one, room
from diagnostics.rights import Role
from diagnostics.work import Work
from fleet.plumbing.store.register import ROLE_AUDIENCES
from fleet.text import Text

_SQL: Final = room(__file__)
_HASHER: Final = argon2.PasswordHasher()
_LOGIN: Final = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}")
_PERSONAL_NUMBER: Final = re.compile(r"\d{6}(\d{2})?[-+]?\d{4}")
_LONGEST_UNIT: Final = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account as its administrator sees it; payers by code, None for every payer."""

    login: str
    role: str
    care_unit: str
    payers: list[str] | None
    frames: list[str]
    audiences: list[str]
    created_at: datetime
    disabled_at: datetime | None
    by_provider: bool
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What an account is to be."""

    role: Role
    care_unit: str
    payers: tuple[str, ...] | None
    frames: tuple[str, ...]


async def list_accounts(work: Work) -> list[Account]:
    """Every account whose whole scope lies within the caller's."""
    rows = await fetch_all(work.connection, _SQL["accounts"])
    await work.record("accounts.read")
    return [Account(**row) for row in rows]


async def show_account(work: Work, login: str) -> Account:
    """One of them.

    Raises:
        Problem: there is none in the caller's scope.
    """
    rows = await fetch_all(work.connection, _SQL["accounts"])
    row = next((row for row in rows if row["login"] == login), None)
    if row is None:
        raise _unknown()
    await work.record("account.read", account=login)
    return Account(**row)


async def payers(work: Work) -> list[tuple[str, str]]:
    """Code and name of every payer that the caller may hand out; names of municipalities need no line in the audit."""
    return [(row["code"], row["name"]) for row in await fetch_all(work.connection, _SQL["payers_in_scope"])]


async def add_account(work: Work, login: str, wanted: Wanted) -> str:
    """Makes an account; returns its password, which is kept nowhere.

    Raises:
        Problem: the login is taken, malformed or a personal number; something is empty, unknown or beyond the
            caller's scope.
    """
    if _LOGIN.fullmatch(login) is None or _PERSONAL_NUMBER.search(login):
        raise refused(
            "bad_login",
            "Användarnamnet skrivs med små bokstäver, siffror och . _ @ -, och är aldrig ett personnummer.",
            "A login has lower-case letters, digits and . _ @ -, and is never a personal number.",
        )
    password = secrets.token_urlsafe(12)
    hashed = await asyncio.to_thread(_HASHER.hash, password)
    row = await fetch_one(work.connection, _SQL["add_account"], {**_values(wanted), "login": login, "hash": hashed})
    _insist((row or {}).get("outcome"), "added")
    await work.record("account.add", account=login, **_told(wanted))
    return password


async def change_account(work: Work, login: str, wanted: Wanted) -> None:
    """Gives an account another role or scope; its sessions end.

    Raises:
        Problem: as above, it is the caller's own, or there is none.
    """
    _not_oneself(work, login)
    await _change(work, login, **_values(wanted), every_payer=wanted.payers is None)
    await work.record("account.change", account=login, **_told(wanted))


async def shut_account(work: Work, login: str, *, shut: bool) -> None:
    """Shuts an account, so that its sessions end, or opens it again.

    Raises:
        Problem: it is the caller's own, or there is none.
    """
    _not_oneself(work, login)
    await _change(work, login, shut=shut)
    await work.record("account.shut" if shut else "account.open", account=login)


async def reset_password(work: Work, login: str) -> str:
    """A new password, kept nowhere; sessions end.

    Raises:
        Problem: there is no such account, or its person signs in elsewhere.
    """
    rows = await fetch_all(work.connection, _SQL["accounts"])
    if any(row["login"] == login and row["by_provider"] for row in rows):
        raise refused(
            "signs_in_elsewhere",
            "Kontot loggar in hos organisationen och har inget lösenord här.",
            "The account signs in at its organisation and has no password here.",
        )
    password = secrets.token_urlsafe(12)
    await _change(work, login, hash=await asyncio.to_thread(_HASHER.hash, password))
    await work.record("account.password", account=login)
    return password


async def _change(work: Work, login: str, **changes: Any) -> None:  # noqa: ANN401 - the columns that change
    names = ("hash", "role", "care_unit", "payers", "frames", "audiences", "shut")
    values = {**dict.fromkeys(names), "every_payer": False, **changes, "login": login}
    row = await fetch_one(work.connection, _SQL["change_account"], values)
    _insist((row or {}).get("outcome"), "changed")


def _values(wanted: Wanted) -> dict[str, Any]:
    unit = " ".join(wanted.care_unit.split())
    if not unit or len(unit) > _LONGEST_UNIT or not unit.isprintable():
        raise refused("bad_unit", "Ange enheten, högst 80 tecken.", "Give the unit, 80 characters at most.")
    if not wanted.frames:
        raise refused("no_frame", "Välj minst ett lagrum.", "Choose at least one legal frame.")
    if wanted.payers == ():
        raise refused("no_payer", "Välj betalare, eller alla betalare.", "Choose payers, or every payer.")
    return {
        "role": wanted.role.value,
        "care_unit": unit,
        "payers": None if wanted.payers is None else sorted(set(wanted.payers)),
        "frames": sorted(set(wanted.frames)),
        "audiences": [audience.value for audience in ROLE_AUDIENCES[wanted.role.value]],
    }


def _told(wanted: Wanted) -> dict[str, Any]:
    return {"to_role": wanted.role.value, "to_payers": wanted.payers, "to_frames": wanted.frames}


def _not_oneself(work: Work, login: str) -> None:
    if work.caller.name == login:
        raise refused(
            "not_oneself",
            "Du kan inte ändra ditt eget konto; be en annan administratör.",
            "You cannot change your own account; ask another administrator.",
        )


def _insist(outcome: object, wanted: str) -> None:
    if outcome != wanted:
        problem = _PROBLEMS[str(outcome)]()
        raise problem


def _unknown() -> Problem:
    return not_found(Text("Kontot", "The account"))


def _outside() -> Problem:
    return refused(
        "outside_scope",
        "Du kan bara ge behörighet som du har själv.",
        "You can only hand out what you have yourself.",
    )


_PROBLEMS: Final[Mapping[str, Callable[[], Problem]]] = {
    "unknown": _unknown,
    "outside": _outside,
    "unknown_payer": lambda: refused("unknown_payer", "Betalaren finns inte.", "The payer does not exist."),
    "taken": lambda: refused(
        "login_taken", "Användarnamnet är upptaget; välj ett annat.", "The login is taken; choose another."
    ),
}
