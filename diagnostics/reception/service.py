"""Takes alarms by link and providers' receipts; the database's own functions decide, for nobody is logged in here."""

import time
from dataclasses import dataclass
from typing import Final

from diagnostics.notify.gateway_form import read_receipt, receipt_is_signed
from diagnostics.notify.links import TOKEN, hash_of
from diagnostics.queries import fetch_one, room
from diagnostics.reception.page import State, Waiting
from diagnostics.resources import Resources
from fleet.plumbing.logs import get_logger
from fleet.text import Text

_SQL: Final = room(__file__)
_log = get_logger(part="reception")


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page of a link says."""

    state: State
    waiting: Waiting | None
    language: str


_NOTHING: Final = Shown(State.UNKNOWN, None, "sv")


async def behind(resources: Resources, token: str) -> Shown:
    """What a link leads to. Looking changes nothing, so that a link scanner takes no alarm."""
    if TOKEN.fullmatch(token) is None:
        return _NOTHING
    async with resources.pool.connection() as connection:
        row = await fetch_one(connection, _SQL["behind"], {"hash": hash_of(token)})
    if row is None:
        return _NOTHING
    profile = resources.registry.by_name.get(row["device_class"])
    title = profile.title if profile is not None else Text(row["device_class"], row["device_class"])
    waiting = Waiting(title, Text(row["title_sv"], row["title_en"]), row["safety"], row["raised_at"])
    return Shown(State.ALREADY if row["state"] == "taken" else State(row["state"]), waiting, row["language"])


async def take(resources: Resources, token: str) -> Shown:
    """Takes the alarm behind a link, once."""
    before = await behind(resources, token)
    if before.state is State.UNKNOWN:
        return before
    async with resources.pool.connection() as connection:
        row = await fetch_one(connection, _SQL["take"], {"hash": hash_of(token)})
    state = State(row["outcome"]) if row is not None else State.UNKNOWN
    _log.info("An alarm was asked for by link", event_name="alarm_link_used", outcome=state)
    return Shown(state, before.waiting if state is not State.UNKNOWN else None, before.language)


async def receipt(resources: Resources, channel: str, headers: dict[str, str], body: bytes) -> bool:
    """Keeps a provider's receipt; False where it is not signed as the provider's.

    One that says nothing yet, or that nothing waits for, is taken and changes nothing: the provider must not be made to
    send it again and again.
    """
    desk = resources.receipts.get(channel)
    if desk is None:
        return False
    signed = headers.get(desk.form.header.lower(), "")
    if not receipt_is_signed(desk.form, desk.secret, signed, body, int(time.time())):
        return False
    found = read_receipt(desk.form, body)
    if found is None or found.arrived is None:
        return True
    async with resources.pool.connection() as connection:
        parameters = {"channel": channel, "reference": found.reference, "arrived": found.arrived}
        row = await fetch_one(connection, _SQL["receipt"], parameters)
    known = bool(row and row["known"])
    _log.info("A receipt came", event_name="receipt", channel=channel, arrived=found.arrived, known=known)
    return True
