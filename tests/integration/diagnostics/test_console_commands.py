"""What a person asks a device for at the console is sent, for as long as the account may ask for it."""

import psycopg

from diagnostics.commands.schemas import CommandRequest
from diagnostics.console.accounts import find_session, sign_in
from diagnostics.resources import Resources
from diagnostics.security import Caller
from fleet.plumbing.store.accounts import add_account, disable_account
from tests.fixtures.database import Database
from tests.integration.diagnostics.conftest import Store, Town
from tests.integration.diagnostics.test_four_eyes import READ, ask, send

PASSWORD = "a-long-enough-password"


async def person(resources: Resources, database: Database, login: str) -> Caller:
    """A technician who has signed in."""
    with psycopg.connect(database.owner) as connection:
        add_account(connection, login, PASSWORD, "technician", care_unit="test")
    session = await find_session(resources.pool, await sign_in(resources.pool, login, PASSWORD))
    assert session is not None
    return session.caller


async def test_what_an_account_asks_for_is_sent(resources: Resources, database: Database, town: Town) -> None:
    who = await person(resources, database, "asking")
    await ask(resources, who, town.chair.device_id, "asked-at-the-console", READ)
    assert [message.name for message in await send(database)] == ["read_faults"]


async def test_what_an_account_asked_for_before_it_was_shut_is_never_sent(
    resources: Resources, database: Database, town: Town, store: Store
) -> None:
    who = await person(resources, database, "leaving")
    await ask(resources, who, town.chair.device_id, "asked-before-leaving", CommandRequest(name="read_versions"))
    with psycopg.connect(database.owner) as connection:
        disable_account(connection, "leaving")
    assert await send(database) == []
    assert store.all("SELECT state, reason FROM command") == [("cancelled", "asker_revoked")]
