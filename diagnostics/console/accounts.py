"""Who signs in: passwords are checked against argon2id, a session's secret is known to the browser alone."""

import asyncio
import hashlib
import secrets
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import argon2
from psycopg.sql import SQL

from diagnostics.queries import execute, fetch_one
from diagnostics.rights import Role
from diagnostics.security import Caller
from fleet.plumbing.database import Pool
from fleet.plumbing.store.scope import Scope
from fleet.signals import Audience

_HASHER: Final = argon2.PasswordHasher()
_FIND_ACCOUNT: Final = SQL("SELECT * FROM find_account(%s)")
_FIND_SESSION: Final = SQL("SELECT * FROM find_session(%s)")
_OPEN: Final = SQL("SELECT open_session(%s, %s)")
_END: Final = SQL("SELECT end_session(%s)")


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in person.

    Attributes:
        secret: what the cookie holds; only its SHA-256 is stored.
        caller: the same as behind an API token, so that both see and may do the same.
    """

    secret: str
    caller: Caller

    @property
    def form_key(self) -> str:
        """What every form of this session carries; another site can neither read nor guess it (CSRF)."""
        return hashlib.sha256(f"form {self.secret}".encode()).hexdigest()


async def sign_in(pool: Pool, login: str, password: str) -> str | None:
    """The secret of a new session, or None where login or password is wrong; which of the two is not told."""
    async with pool.connection() as connection:
        row = await fetch_one(connection, _FIND_ACCOUNT, [login])
    fits = await asyncio.to_thread(_fits, (row or {}).get("password_hash"), password)
    if row is None or row["password_hash"] is None or not fits:
        return None
    return await open_session(pool, row["account_id"])


async def open_session(pool: Pool, account_id: int) -> str:
    """The secret of a new session of somebody who has proven who they are."""
    secret = secrets.token_urlsafe(32)
    async with pool.connection() as connection:
        await execute(connection, _OPEN, [_hash(secret), account_id])
    return secret


async def find_session(pool: Pool, secret: str | None) -> Session | None:
    """The session of a cookie, or None where it is missing, made up, over, or its account disabled."""
    if not secret or len(secret) > 100:
        return None
    async with pool.connection() as connection:
        row = await fetch_one(connection, _FIND_SESSION, [_hash(secret)])
    return None if row is None else Session(secret, _caller(row))


async def sign_out(pool: Pool, secret: str) -> None:
    """Ends a session at once."""
    async with pool.connection() as connection:
        await execute(connection, _END, [_hash(secret)])


@cache
def _nobodys_hash() -> str:
    """Checked where no such account exists, so that the answer takes as long as for a wrong password."""
    return _HASHER.hash(secrets.token_urlsafe(16))


def _fits(stored: str | None, password: str) -> bool:
    try:
        return _HASHER.verify(stored or _nobodys_hash(), password)
    except argon2.exceptions.VerificationError:
        return False


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _caller(row: dict[str, Any]) -> Caller:
    audiences = frozenset(Audience(name) for name in row["audiences"])
    payers = None if row["payers"] is None else frozenset(row["payers"])
    scope = Scope(payers=payers, frames=frozenset(row["frames"]), audiences=audiences)
    return Caller(row["login"], Role(row["role"]), row["care_unit"], scope, audiences)
