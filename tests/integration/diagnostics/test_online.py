"""That a device is online is claimed only while it has itself just answered: over API, console and command line."""

import json
import re
from datetime import datetime
from typing import Any, Final

import httpx
import pytest

from fjarrkoll.api import command
from tests.integration.diagnostics import test_cli, test_console
from tests.integration.diagnostics.conftest import NOW, Api, MakeToken, Store, Town
from tests.integration.diagnostics.test_cli import Run

api_url, run, console = test_cli.api_url, test_cli.run, test_console.console  # fixtures
_CLAIM: Final = re.compile(r"\bonline\b|uppkopplad|är anslutet|har kontakt|har självt svarat", re.IGNORECASE)

_ASKED: Final = (
    "INSERT INTO command (device_no, counter, name, level, parameters, requested_by, requested_role, idempotency_key,"
    " created_at, expires_at) VALUES (%s, 1, 'read_faults', 'read', '{}', 'technician-1', 'technician', 'key-1',"
    " now() - interval '10 minutes', now() + interval '10 minutes')"
)
# Everything that a device, or anybody on its behalf, can have said but for an answer of this minute.
NO_ANSWER: Final = (
    "UPDATE command SET state = 'queued'",
    "UPDATE command SET state = 'sent', sent_at = now()",
    "UPDATE command SET state = 'delivered'",
    "UPDATE command SET state = 'running'",
    "UPDATE command SET state = 'expired', reason = 'no_answer'",
    "UPDATE command SET state = 'expired', late = true, late_status = 'succeeded', late_at = now()",
    "UPDATE command SET state = 'cancelled', reason = 'taken_back'",
    "UPDATE command SET state = 'unknown', reason = 'no_result'",
    "UPDATE command SET state = 'succeeded', late = false, answered_at = now() - interval '61 seconds'",
)
ANSWERED: Final = (
    "UPDATE command SET state = 'succeeded', answered_at = now()",
    "UPDATE command SET state = 'refused', answered_at = now()",
    "UPDATE command SET state = 'failed', answered_at = now()",
)


@pytest.fixture(autouse=True)
def said_to_be_connected(store: Store, town: Town) -> None:
    """The chair has this moment told a value and that it is connected, and was asked for something."""
    store.heard(town.chair.device_no, at=NOW, values={"battery.soc": 87.5})
    assert store.all("SELECT online FROM device_state") == [(True,)]
    store.execute(_ASKED, town.chair.device_no)


def claims(value: Any) -> list[Any]:
    """Every `online` in an answer, however deep."""
    if isinstance(value, list):
        return [claim for entry in value for claim in claims(entry)]
    if not isinstance(value, dict):
        return []
    own = [value["online"]] if "online" in value else []
    return own + [claim for entry in value.values() for claim in claims(entry)]


async def told(api: Api, token: str, addresses: list[str]) -> list[Any]:
    answers = [await api.get(address, token) for address in addresses]
    assert {answer.status_code for answer in answers} == {200}
    return [claim for answer in answers for claim in claims(answer.json())]


async def test_the_api_claims_it_for_a_minute_after_an_answer(
    api: Api, make_token: MakeToken, town: Town, store: Store
) -> None:
    token, device = make_token("technician"), f"devices/{town.chair.device_id}"
    [(command_id,)] = store.all("SELECT command_id FROM command")
    addresses = [device, "devices?individual_number=A-1", "commands", f"commands/{command_id}"]
    for changed in NO_ANSWER:
        store.execute(changed)
        assert True not in await told(api, token, addresses), changed
    for changed in ANSWERED:
        store.execute(changed)
        assert await told(api, token, addresses) == [True] * 4, changed
    everybody = await told(api, token, ["devices"])
    assert everybody.count(True) == 1, "of no other device"
    store.execute("UPDATE command SET answered_at = now() - interval '61 seconds'")
    assert await told(api, token, [device]) == [None], "it is connected by its own words, which is not known"
    store.execute("UPDATE device_state SET online = false")
    assert await told(api, token, [device]) == [False], "it has left"


async def test_the_console_claims_it_never_and_says_when_it_answered(
    console: httpx.AsyncClient, town: Town, store: Store
) -> None:
    """A page that stays open keeps what it said: so it says a moment, which stays true."""
    test_console.account(store.database, "looking")
    await test_console.enter(console, "looking")
    device = f"/console/devices/{town.chair.device_id}"
    [(command_id,)] = store.all("SELECT command_id FROM command")
    pages = [device, f"{device}/commands", "/console/devices", f"{device}/readiness", f"/console/commands/{command_id}"]

    async def claiming() -> list[str]:
        texts = {page: (await console.get(page)).text for page in pages}
        assert all("A-1" in text or "read_faults" in text or "Läs" in text for text in texts.values())
        return [page for page, text in texts.items() if _CLAIM.search(_seen(text))]

    for changed in NO_ANSWER:
        store.execute(changed)
        assert await claiming() == [], changed
    for changed in ANSWERED:
        store.execute(changed)
        assert await claiming() == [], changed
        assert _answered((await console.get(pages[-1])).text), changed
    store.execute("UPDATE command SET answered_at = now() - interval '3 days'")
    old = (await console.get(pages[-1])).text
    [(at,)] = store.all("SELECT answered_at FROM command")
    assert _answered(old) == at, "the moment itself, however long ago"
    store.execute("UPDATE command SET state = 'running', answered_at = NULL")
    assert _answered((await console.get(pages[-1])).text) is None


def _answered(text: str) -> datetime | None:
    """When a page says that the device itself answered."""
    found = re.search(r"<dt>Svarade själv</dt>\s*<dd[^>]*>\s*<time datetime=\"([^\"]+)\"", text)
    return None if found is None else datetime.fromisoformat(found[1])


def _seen(text: str) -> str:
    """What a page shows of its own: no head, no addresses."""
    return re.sub(r"<[^>]*>", " ", text[text.index("<main") : text.index("</main>")])


def test_the_command_line_claims_it_for_a_minute_after_an_answer(
    run: Run, town: Town, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(test_cli.ROOMS, "command", command.app)
    [(command_id,)] = store.all("SELECT command_id FROM command")
    asked = [("devices", "show", town.chair.device_id), ("command", "watch", str(command_id), "--seconds", "1")]
    for changed in (NO_ANSWER[1], NO_ANSWER[-1]):
        store.execute(changed)
        for arguments in asked:
            assert not _CLAIM.search(run(*arguments).output), (arguments, changed)
            assert True not in claims(json.loads(run(*arguments, "--json").stdout)), (arguments, changed)
    store.execute(ANSWERED[0])
    for arguments in asked:
        assert "Har kontakt" in run(*arguments).output, arguments
        assert "Online: " in run(*arguments, "--language", "en").output
        assert claims(json.loads(run(*arguments, "--json").stdout)) == [True]
