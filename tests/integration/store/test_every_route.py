"""Every route of API and console × role × {own, other payer, other frame}, made from the route tables.

What is somebody else's must look like what does not exist: the same status and body, and the same statements at the
database, one for one, so that how long it takes tells nothing either. No answer, list, count or error may hold a label
of a row that the caller's scope does not see. What happens without a policy: test_route_policies.py.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

import psycopg
import pytest

from tests.fixtures.database import Database
from tests.integration.store.matrix import FOREIGN, NOBODYS, Call, Town, address, calls, forbidden, leaks
from tests.integration.store.probe import CLASS, MODEL
from tests.integration.store.world import A, B, Entry, WorldDevice, _happened, _present

pytestmark = pytest.mark.timeout(900)  # some thousand requests, on a machine that may be busy


async def test_what_is_somebody_elses_looks_like_what_does_not_exist(town: Town, entries: list[Entry]) -> None:
    asked = list(calls(town))
    assert len(asked) > 1000
    assert len(forbidden(entries)) > 100
    assert await leaks(town, entries, asked) == []


async def test_the_matrix_reaches_every_route(town: Town) -> None:
    """Else it would prove nothing: each own thing is shown, each other one was looked for and not found."""
    shown, missed = {}, {}
    for call in calls(town, roles=("administrator",)):
        status, _ = await town.ask(call)
        if call.relation == "own":
            shown[call.path] = status
        elif call.relation in FOREIGN:
            missed[call.method, call.path] = status
    assert {path for path, status in shown.items() if status not in {200, 303}} <= NOT_SHOWN
    strange = sorted((*place, int(status)) for place, status in missed.items() if status != NOT_FOUND.get(place, 404))
    assert strange == [], str(strange)
    assert len(missed) > 40


# A unit of others has no cases that could be asked about, as a unit that does not exist; one is led back to the list.
NOT_FOUND: Final = {("POST", "/console/recalls/letter"): 303}
# The probe has no doses, names like x are nobody's, and no demo runs; the others are for whoever sees the whole
# installation.
NOT_SHOWN: Final = frozenset(
    {
        "/api/v1/sources/{code}",
        "/api/v1/classes/{name}/settings/idle/{policy}/estimate",
        "/api/v1/wear",
        "/api/v1/wear/{model_key}",
        "/console/demo",
        "/console/demo/watch/{device_id}",
        "/console/fleet/wear",
        "/api/v1/devices/{device_id}/doses",
        "/api/v1/readiness",
        "/console/administration/accounts/{login}",
        "/console/administration/ladders",
        "/console/administration/ladders/new",
        "/console/administration/ladders/{code}",
        "/console/audit/reviews/{review_id}",
        "/console/static/{name}",
    }
)


async def test_a_route_that_looks_up_first_and_refuses_after_is_noticed(town: Town, entries: list[Entry]) -> None:
    """It answers the same, byte for byte; that it did more for what exists is what a clock could tell."""
    path = "/api/v1/control/{device_id}"
    asked = [Call("GET", path, address(path, town.ids[of]), "administrator", of) for of in (NOBODYS, *FOREIGN)]
    place = ("administrator", "GET", path)
    assert await leaks(town, entries, asked) == [f"{place}: {of} is not looked up as nobody's" for of in FOREIGN]


async def test_more_of_others_changes_no_list_and_no_count(town: Town, own_world: Database) -> None:
    reads = calls(town, writes=False, roles=("administrator", "carer"))
    lists = [call for call in reads if "{" not in call.path and call.path not in OF_EVERYONE]
    before = [await town.ask(call) for call in lists]
    with psycopg.connect(own_world.owner) as connection:
        for device in (WorldDevice("more-b", open=(B, "HSL")), WorldDevice("more-sol", open=(A, "SoL"))):
            add(connection, device)
    after = [await town.ask(call) for call in lists]
    assert len(before) > 30
    told = [call.path for call, one, other in zip(lists, before, after, strict=True) if one != other]
    assert told == []


OF_EVERYONE: Final = frozenset({"/metrics", "/console/health", "/console/audit", "/console/audit/extract"})
"""Figures of the process itself, and how long ago things were; and the reads that this very test makes."""


def add(connection: psycopg.Connection, device: WorldDevice) -> None:
    """A further device with everything that hangs on it, on a loan of its own."""
    assert device.open is not None
    row = connection.execute(
        "INSERT INTO device (device_id, individual_number, device_class, model_key, enrolled_at)"
        " VALUES (%s, %s, %s, %s, now()) RETURNING device_no",
        [device.name, device.name, CLASS, MODEL],
    ).fetchone()
    assert row is not None
    connection.execute(
        "INSERT INTO loan (device_no, payer_id, legal_frame, started_at)"
        " VALUES (%s, %s, %s, now() - interval '20 days')",
        [row[0], *device.open],
    )
    now = datetime.now(UTC)
    list(_present(connection, device, row[0], now))
    list(_happened(connection, device, row[0], "open", now - timedelta(days=5)))
