"""Settings take two persons with two roles, whatever is tried at once; rights are looked at again when one is sent."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest

from diagnostics.commands import service
from diagnostics.commands.dispatch import Dispatcher
from diagnostics.commands.schemas import CommandRequest
from diagnostics.problems import Problem
from diagnostics.resources import Resources, server_clock
from diagnostics.security import Caller, find_caller
from diagnostics.work import Door
from fleet.messages import CommandMessage
from fleet.plumbing.database import database_pool
from tests.fixtures.database import Database
from tests.integration.diagnostics.conftest import Api, MakeToken, Store, Town

SETTING = CommandRequest(name="set_upload_interval", parameters={"minutes": 30})
READ = CommandRequest(name="read_faults")
TRIES = 1_000
HOLD = (
    "INSERT INTO incident_hold (device_no, reason, placed_by, placed_role)"
    " SELECT device_no, 'it moved', 'x', 'carer' FROM command"
)


@dataclass
class Broker:
    """Takes every command and remembers it; what goes over the wire has tests of its own."""

    taken: list[CommandMessage] = field(default_factory=list)

    async def publish(self, device_id: str, message: CommandMessage, seconds_left: float) -> None:
        assert device_id
        assert seconds_left > 0
        self.taken.append(message)


async def send(database: Database) -> list[CommandMessage]:
    """One turn of the worker's dispatcher."""
    broker = Broker()
    async with database_pool(database.worker, "test-worker", largest=2) as pool:
        await Dispatcher(pool, server_clock).send_queued(broker)
    return broker.taken


async def caller(resources: Resources, token: str) -> Caller:
    found = await find_caller(resources.pool, f"Bearer {token}")
    assert found is not None
    return found


async def ask(resources: Resources, who: Caller, device_id: str, key: str, wish: CommandRequest = SETTING) -> Any:
    async with Door(resources).open(who) as work:
        return (await service.ask(work, device_id, wish, key))[0]


async def approve(resources: Resources, who: Caller, command_id: Any) -> str:
    """What became of an approval: "approved", or the problem's code."""
    try:
        async with Door(resources).open(who) as work:
            await service.approve(work, command_id)
    except Problem as problem:
        return problem.code
    return "approved"


async def test_a_setting_is_sent_only_after_a_second_person_with_another_role(
    api: Api, make_token: MakeToken, town: Town, database: Database, store: Store
) -> None:
    anna, bo = make_token("technician", name="anna"), make_token("technician", name="bo")
    carin, chair = make_token("clinical", name="carin"), town.chair.device_id
    headers = {"idempotency-key": "a-setting-of-a-test"}
    body = {"name": "set_upload_interval", "parameters": {"minutes": 30}}
    asked = await api.post(f"devices/{chair}/commands", anna, body, headers=headers)
    assert (asked.status_code, asked.json()["approval"], asked.json()["state"]) == (202, "awaiting", "queued")
    assert await send(database) == []
    command = asked.headers["location"]
    for token in (anna, bo):
        refused = await api.post(f"{command}/approve", token)
        assert (refused.status_code, refused.json()["code"]) == (403, "same_person")
    waiting = await api.get("commands", carin, awaiting_approval="true")
    assert [item["command_id"] for item in waiting.json()["items"]] == [asked.json()["command_id"]]
    assert (await api.post(f"{command}/approve", make_token("carer"))).status_code == 403
    approved = await api.post(f"{command}/approve", carin)
    assert (approved.status_code, approved.json()["approved_by"]) == (200, "carin")
    (message,) = await send(database)
    assert (message.name, message.parameters) == ("set_upload_interval", {"minutes": 30.0})
    again = await api.post(f"{command}/approve", carin)
    assert (again.status_code, again.json()["code"]) == (409, "not_awaiting")
    taken = (await api.get(command, anna)).json()["steps"]
    assert [(step["state"], step["reason"]) for step in taken] == [
        ("queued", "awaits_approval"),
        ("queued", "approved"),
        ("sent", "handed_over"),
    ]
    assert [entry for entry in store.audit() if entry[1].startswith("command.a")] == [
        ("anna", "command.ask", town.chair.device_no),
        ("carin", "command.approve", town.chair.device_no),
    ]


async def test_a_denied_setting_is_never_sent(
    resources: Resources, make_token: MakeToken, town: Town, database: Database
) -> None:
    anna, carin = await caller(resources, make_token()), await caller(resources, make_token("clinical"))
    command_id = await ask(resources, anna, town.chair.device_id, "to-be-denied")
    async with Door(resources).open(carin) as work:
        denied = await service.deny(work, command_id)
    assert (denied.state, denied.reason) == ("cancelled", "denied")
    assert await approve(resources, carin, command_id) == "not_awaiting"
    assert await send(database) == []


async def test_a_thousand_races_and_nobody_approves_their_own(
    resources: Resources, make_token: MakeToken, town: Town, store: Store
) -> None:
    """Each command is attacked at once by its asker, by the asker's other account and role, and by an equal role."""
    anna = await caller(resources, make_token("technician", name="anna"))
    other_account = await caller(resources, make_token("administrator", name="anna-admin"))
    equal_role = await caller(resources, make_token("technician", name="bo"))
    carin = await caller(resources, make_token("clinical", name="carin"))
    store.execute("UPDATE api_token SET holder = 'person-1' WHERE name IN ('anna', 'anna-admin')")
    anna, other_account = await again(resources, anna, "person-1"), await again(resources, other_account, "person-1")
    outcomes: list[str] = []
    attackers = [anna, other_account, equal_role] * 17
    rounds = -(-TRIES // len(attackers))
    for number in range(rounds):
        wish = CommandRequest(name="set_upload_interval", parameters={"minutes": 5 + number})
        command_id = await ask(resources, anna, town.chair.device_id, f"race-{number:04}", wish)
        outcomes += await asyncio.gather(*(approve(resources, who, command_id) for who in attackers))
        both = await asyncio.gather(*(approve(resources, carin, command_id) for _ in range(3)))
        assert sorted(both) == ["approved", "not_awaiting", "not_awaiting"], (
            "the control: a true second person may, once"
        )
        store.execute("UPDATE command SET state = 'expired'")
    assert len(outcomes) >= TRIES
    assert outcomes.count("approved") == 0
    assert set(outcomes) == {"same_person"}
    assert store.all("SELECT DISTINCT approved_by FROM command") == [("carin",)]


async def again(resources: Resources, who: Caller, holder: str) -> Caller:
    return Caller(who.name, who.role, who.care_unit, who.scope, who.audiences, holder)


@pytest.mark.parametrize(
    "forged",
    [
        "approved_by = requested_by, approved_role = 'clinical', approved_holder = 'someone'",
        "approved_by = 'someone', approved_role = requested_role, approved_holder = 'someone'",
        "approved_by = 'someone', approved_role = 'clinical', approved_holder = requested_holder",
        "approved_by = NULL, approved_role = 'clinical', approved_holder = 'someone'",
    ],
)
async def test_the_database_itself_refuses_what_the_application_might_get_wrong(
    resources: Resources, make_token: MakeToken, town: Town, store: Store, forged: str
) -> None:
    await ask(resources, await caller(resources, make_token()), town.chair.device_id, "forged-approval")
    forging = "UPDATE command SET approval = 'approved', approved_at = now(), "
    with pytest.raises(psycopg.errors.CheckViolation):
        store.execute(forging + forged)
    with pytest.raises(psycopg.errors.CheckViolation):
        store.execute("UPDATE command SET state = 'sent'")
    store.execute(  # the control: what is right is let through
        "UPDATE command SET approval = 'approved', approved_at = now(), approved_by = 'someone',"
        " approved_role = 'clinical', approved_holder = 'someone'"
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("UPDATE api_token SET revoked_at = now() WHERE name = 'anna'", "asker_revoked"),
        ("UPDATE api_token SET expires_at = now() WHERE name = 'anna'", "asker_revoked"),
        ("UPDATE api_token SET role = 'carer' WHERE name = 'anna'", "asker_lost_right"),
        ("UPDATE api_token SET payers = '{}' WHERE name = 'anna'", "asker_lost_sight"),
        ("UPDATE api_token SET frames = '{SoL}' WHERE name = 'anna'", "asker_lost_sight"),
        ("UPDATE api_token SET revoked_at = now() WHERE name = 'carin'", "approver_revoked"),
        ("UPDATE api_token SET role = 'carer' WHERE name = 'carin'", "approver_lost_right"),
        ("UPDATE api_token SET role = 'technician' WHERE name = 'carin'", "same_person"),
        ("UPDATE api_token SET payers = '{}' WHERE name = 'carin'", "approver_lost_sight"),
        (HOLD, "incident_hold"),
        ("SELECT 1", ""),
    ],
)  # fmt: skip
async def test_what_changed_between_approval_and_sending_stops_the_command(  # noqa: PLR0917 - its parts by name
    resources: Resources, make_token: MakeToken, town: Town, database: Database, store: Store, change: str, reason: str
) -> None:
    anna = await caller(resources, make_token("technician", name="anna"))
    carin = await caller(resources, make_token("clinical", name="carin"))
    command_id = await ask(resources, anna, town.chair.device_id, "to-be-stopped")
    assert await approve(resources, carin, command_id) == "approved"
    store.execute(change)
    sent: Sequence[CommandMessage] = await send(database)
    (row,) = store.all("SELECT state, reason FROM command")
    if reason:
        assert (list(sent), row) == ([], ("cancelled", reason))
        assert store.all("SELECT actor, action FROM audit WHERE action = 'command.stop'") == [
            ("worker", "command.stop")
        ]
    else:
        assert ([message.name for message in sent], row[0]) == (["set_upload_interval"], "sent")


async def test_an_approved_setting_is_not_older_than_what_was_sent_meanwhile(
    resources: Resources, make_token: MakeToken, town: Town, database: Database
) -> None:
    """A device refuses a counter below one it has seen, so approval gives a new one."""
    anna, carin = await caller(resources, make_token()), await caller(resources, make_token("clinical"))
    setting = await ask(resources, anna, town.chair.device_id, "slow-setting")
    await ask(resources, anna, town.chair.device_id, "quick-reading", CommandRequest(name="read_faults"))
    (reading,) = await send(database)
    assert await approve(resources, carin, setting) == "approved"
    (message,) = await send(database)
    assert message.counter > reading.counter


async def test_taking_back_what_waits_and_what_was_sent(
    api: Api, make_token: MakeToken, town: Town, database: Database, resources: Resources
) -> None:
    token = make_token("technician", name="anna")
    anna, chair = await caller(resources, token), town.chair.device_id
    waiting = await ask(resources, anna, chair, "still-waiting", CommandRequest(name="self_test"))
    taken_back = await api.post(f"commands/{waiting}/cancel", token)
    assert (taken_back.json()["state"], taken_back.json()["reason"]) == ("cancelled", "taken_back")
    sent = await ask(resources, anna, chair, "already-sent", CommandRequest(name="self_test"))
    (message,) = await send(database)
    assert (await api.post(f"commands/{sent}/cancel", make_token("carer"))).status_code == 403
    for _ in range(2):
        asked = await api.post(f"commands/{sent}/cancel", token)
        assert (asked.status_code, asked.json()["state"]) == (200, "sent"), "only the device knows what became of it"
    (stop,) = await send(database)
    assert (stop.name, stop.parameters) == ("cancel", {"command_id": str(sent)})
    assert stop.counter > message.counter
    over = await api.post(f"commands/{waiting}/cancel", token)
    assert (over.status_code, over.json()["code"]) == (409, "command_over")


async def test_progress_is_told_to_those_who_see_the_command_until_it_ends(  # noqa: PLR0917 - its parts by name
    api: Api, make_token: MakeToken, town: Town, resources: Resources, database: Database, store: Store
) -> None:
    token = make_token("technician", name="anna")
    asked = await ask(resources, await caller(resources, token), town.chair.device_id, "to-follow", READ)
    stranger = await api.get(f"commands/{asked}/events", make_token("technician", payers=[town.other]))
    assert (stranger.status_code, stranger.json()["code"]) == (404, "not_found")
    following = asyncio.create_task(api.get(f"commands/{asked}/events", token, seconds=20))
    await asyncio.sleep(0.5)
    await send(database)
    await asyncio.sleep(1.5)
    store.execute("UPDATE command SET state = 'succeeded', answered_at = now()")
    told = await following
    assert told.headers["content-type"].startswith("text/event-stream")
    events = [line.removeprefix("event: ") for line in told.text.splitlines() if line.startswith("event")]
    assert (events[0], events[-1]) == ("state", "end")
    assert "succeeded" in told.text
