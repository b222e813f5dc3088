"""The mark of an incident hold stands on every page, export and label that shows the device: asked of every route."""

import re
from collections.abc import Iterator
from io import BytesIO
from typing import Final

import psycopg
import pytest
from python_calamine import CalamineWorkbook

from tests.fixtures.database import Database
from tests.integration.store import test_every_route as every
from tests.integration.store.test_every_route import OWN, Call, Town, calls, text_of

quiet_logs, town = every.quiet_logs, every.town  # fixtures
pytestmark = pytest.mark.timeout(900)
_ROLES: Final = ("administrator", "technician", "analyst")
# Of a page; of an answer of the API, and of what is printed from it.
_PAGE: Final = re.compile("⛒|AVVIKELSESPÄRR")
_ANSWER: Final = re.compile(r'"(held|on_hold)":true|"name":"hold","answer":"not_ok"|AVVIKELSESPÄRR|INCIDENT HOLD')
# What shows a device's number and is about something else than the device.
EXEMPT: Final = {
    "/api/v1/holds": "the hold itself",
    "/api/v1/holds/{hold_id}": "the hold itself",
    "/api/v1/devices/{device_id}/loan": "what is written about a loan",
    "/api/v1/doses/unsupervised": "machines without a schedule",
    "/api/v1/absences": "when a borrower is away",
    "/api/v1/stores/use": "how a store uses what stands in it",
}


def marks(path: str, content: bytes, text: str) -> int:
    """How many marks stand in an answer; of a workbook those in the column of that name."""
    if not content.startswith(b"PK"):
        return len((_PAGE if path.startswith("/console") else _ANSWER).findall(text))
    book, found = CalamineWorkbook.from_filelike(BytesIO(content)), 0
    for name in book.sheet_names:
        rows = [[str(cell) for cell in row] for row in book.get_sheet_by_name(name).to_python()]
        for place, row in enumerate(rows):
            column = next((at for at, cell in enumerate(row) if cell.lower() == "avvikelsespärr"), None)
            if column is not None:
                found += sum(later[column : column + 1] == ["JA"] for later in rows[place + 1 :])
    return found


async def shown(town: Town, asked: Iterator[Call]) -> dict[tuple[str, str], int]:
    """Every route and role whose answer shows the device, and how many marks it has."""
    found: dict[tuple[str, str], int] = {}
    for call in asked:
        if call.relation != "own":
            continue
        headers = {"accept": "*/*", "authorization": f"Bearer {town.tokens[call.role]}"}
        if call.path.startswith("/console"):
            headers = {"cookie": f"fjarrkoll_session={town.sessions[call.role]}"}
        answer = await town.client.get(call.address, headers=headers)
        text = text_of(answer)
        if answer.status_code == 200 and re.search(rf"(?<![\w/-]){OWN}(?![\w-])", _visible(call.path, text)):
            found[call.path, call.role] = marks(call.path, answer.content, text)
    return found


def _visible(path: str, text: str) -> str:
    """Of a page what is read, of an answer what names the device by its number."""
    if path.startswith("/console"):
        return re.sub(r"<[^>]*>", " ", text)
    numbers = re.findall(r'"individual_number":"[^"]*"', text)
    return " ".join(numbers) if text.startswith(("{", "[")) else text


async def test_every_page_export_and_label_of_a_held_device_is_marked(town: Town, own_world: Database) -> None:
    with psycopg.connect(own_world.owner) as connection:
        connection.execute(
            "UPDATE incident_hold SET lifted_at = now(), lifted_by = 'y', lifted_role = 'y', lifted_holder = 'y'"
            " WHERE lifted_at IS NULL"
        )
    before = await shown(town, calls(town, writes=False, roles=_ROLES))
    with psycopg.connect(own_world.owner) as connection:
        connection.execute(
            "INSERT INTO incident_hold (device_no, reason, placed_by, placed_role)"
            " SELECT device_no, 'for a test', 'x', 'x' FROM device WHERE device_id = %s",
            [OWN],
        )
    after = await shown(town, calls(town, writes=False, roles=_ROLES))
    assert after.keys() >= before.keys()
    assert EXEMPT.keys() <= town.document["paths"].keys()
    unmarked = {path for (path, role), marked in after.items() if marked <= before.get((path, role), 0)}
    assert sorted(unmarked - EXEMPT.keys()) == []
    pages = {path for path, _ in after if path.startswith("/console/devices/{device_id}")}
    assert len(pages) >= 8, pages
    assert len({path for path, _ in after}) >= 25, sorted(after)
