"""The mark of an incident hold stands wherever a held device is shown: page, answer, sheet, letter, label, package.

Every route of API and console is asked, as they stand in the route tables. A place is the smallest part of an answer
that names a device (an object of JSON, a row of a sheet, a line of a letter, a row or the head of a page); each place
of a held device has the mark, and no place of a device that is free, in the same answers, has it.
"""

import csv
import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import psycopg
import pytest
from python_calamine import CalamineWorkbook

from diagnostics.console.app import ROUTES
from fleet.evidence import MANIFEST
from fleet.plumbing.store.register import create_token
from fleet.signals import Audience
from tests.fixtures.database import Database
from tests.integration.store.marked_routes import (
    FEWEST_SHOWN,
    NO_DEVICE,
    NOTHING_HERE,
    SHOWS,
    SOMETHING_ELSE,
    WHOLE,
)
from tests.integration.store.matrix import _CLOCK, OWN, Call, Town, calls, text_of
from tests.integration.store.world import A

pytestmark = pytest.mark.timeout(600)
HELD: Final = (OWN, "lent-again")
FREE: Final = "other-frame"
_ROLES: Final = ("administrator", "technician", "prescriber_unit")
_MARK: Final = re.compile("⛒|AVVIKELSESPÄRR|INCIDENT HOLD")
_PLACES: Final = re.compile(r"(?=<(?:tr|li|article|h1)\b)")
_LETTERS: Final = re.compile(r"<pre\b.*?</pre>", re.DOTALL)
_TAGS: Final = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class Place:
    """The smallest part of an answer that names a device, and whether the mark stands in it."""

    device: str
    marked: bool
    text: str


def places(content: bytes, text: str, kind: str) -> Iterator[Place]:
    """Every place of an answer that names one of the devices."""
    if content.startswith(b"PK"):
        return _of_workbook(content)
    if "json" in kind:
        return _of_objects(json.loads(text))
    if "csv" in kind:
        rows = list(csv.reader(io.StringIO(text.lstrip("\ufeff")), delimiter=";"))
        return _of_rows(rows)
    if "html" in kind:
        return _of_page(text)
    return _of_lines(text)


def _of_workbook(content: bytes) -> Iterator[Place]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    for name in book.sheet_names:
        yield from _of_rows([[str(cell) for cell in row] for row in book.get_sheet_by_name(name).to_python()])


def _of_rows(rows: list[list[str]]) -> Iterator[Place]:
    column: int | None = None
    for row in rows:
        found = next((at for at, cell in enumerate(row) if cell.lower() == "avvikelsespärr"), None)
        column = found if found is not None else column
        for device in (*HELD, FREE):
            if device in row:
                yield Place(device, column is not None and row[column] == "JA", ";".join(row))


def _of_objects(value: Any) -> Iterator[Place]:
    """Objects with a device's number or id; a letter is told line by line."""
    if isinstance(value, list):
        for entry in value:
            yield from _of_objects(entry)
    elif isinstance(value, dict):
        named = {value.get(name) for name in ("individual_number", "individnummer", "device_id")}
        for device in named & {*HELD, FREE}:
            marked = any(value.get(name) in {True, "JA"} for name in ("held", "on_hold", "avvikelsespärr"))
            yield Place(str(device), marked, json.dumps(value)[:300])
        for entry in value.values():
            yield from _of_objects(entry)
    elif isinstance(value, str) and "\n" in value:
        yield from _of_lines(value)


def _of_lines(text: str) -> Iterator[Place]:
    for line in text.splitlines():
        yield from _named(line, line)


def _of_page(text: str) -> Iterator[Place]:
    """Rows, entries of lists, lines of a letter, and what stands between; a number in an address is not read."""
    main = text[max(text.find("<main"), 0) :]
    for letter in _LETTERS.findall(main):
        yield from _of_lines(letter)
    for part in _PLACES.split(_LETTERS.sub("", main)):
        yield from _named(_TAGS.sub(" ", part), part)


def _named(seen: str, part: str) -> Iterator[Place]:
    for device in (*HELD, FREE):
        if re.search(rf"(?<![\w/-]){device}(?![\w/-])", seen):
            yield Place(device, _MARK.search(part) is not None, " ".join(part.split())[:300])


def table(town: Town) -> list[str]:
    """Every address that can be read, of API and console."""
    of_api = [path for path, entry in town.document["paths"].items() if "get" in entry]
    return of_api + [re.sub(":int", "", route.path) for route in ROUTES if "GET" in (route.methods or ())]


def asked_of(town: Town) -> Iterator[Call]:
    """Each own thing by each role, in every shape that it is given out in."""
    for call in calls(town, writes=False, roles=_ROLES):
        if call.relation == "own" and call.path not in SOMETHING_ELSE:
            for shape in SHOWS.get(call.path) or ("",):
                joined = ("&" if "?" in call.address else "?") + shape if shape else ""
                yield Call(call.method, call.path, call.address + joined, call.role, shape)


async def shown(town: Town, asked: Iterable[Call]) -> dict[tuple[str, str], list[Place]]:
    """Every address and shape, with the places of devices that any role sees in it."""
    found: dict[tuple[str, str], list[Place]] = {}
    for call in asked:
        headers = {"authorization": f"Bearer {town.tokens[call.role]}"}
        if call.path.startswith("/console"):
            headers = {"cookie": f"fjarrkoll_session={town.sessions[call.role]}"}
        answer = await town.client.get(call.address, headers=headers)
        if answer.status_code != 200:
            continue
        text = text_of(answer) if not answer.content.startswith(b"PK") else ""
        kind = answer.headers["content-type"]
        if call.path in WHOLE:
            found.setdefault((call.path, ""), []).append(Place(OWN, _marked_as_a_whole(text, kind), text[:300]))
        else:
            found.setdefault((call.path, call.relation), []).extend(places(answer.content, text, kind))
    return found


def _marked_as_a_whole(text: str, kind: str) -> bool:
    if "json" in kind:
        return json.loads(text)["held"] is True
    if "csv" in kind:
        rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff")), delimiter=";"))
        return bool(rows) and all(row["Avvikelsespärr"] == "JA" for row in rows)
    return _MARK.search(text[max(text.find("<main"), 0) :]) is not None


@pytest.fixture
def holding(own_world: Database, town: Town) -> Database:
    """Two devices of the scope are held, a third one is not; each stands in the lists."""
    del town  # it has made words of the world's labels first
    with psycopg.connect(own_world.owner) as connection:
        devices = [*HELD, FREE]
        for statement in _LISTED:
            connection.execute(statement.encode(), {"devices": devices, "held": list(HELD), "now": _CLOCK, "own": OWN})
    return own_world


_LIFT: Final = (
    "UPDATE incident_hold SET lift_asked_at = now(), lift_asked_by = 'x', lift_asked_role = 'x',"
    " lift_asked_holder = 'x',"
    " lift_reason = 'for a test', lifted_at = now(), lifted_by = 'y', lifted_role = 'y', lifted_holder = 'y'"
    " WHERE lifted_at IS NULL"
)
_LISTED: Final = (
    _LIFT,
    (
        "INSERT INTO incident_hold (device_no, reason, placed_by, placed_role)"
        " SELECT device_no, 'for a test', 'x', 'x' FROM device WHERE device_id = ANY (%(held)s)"
    ),
    (
        "UPDATE idle_verdict v SET verdict = 'unused', step = 'propose' FROM device d"
        " WHERE d.device_no = v.device_no AND d.device_id = ANY (%(devices)s)"
    ),
    # Proposed and asked ones stand in the letter, the one that is ordered in the pick-up list.
    (
        "UPDATE loan l SET prescriber_id = p.prescriber_id FROM device d, prescriber p WHERE l.ended_at IS NULL"
        " AND p.code = 'unit-1-HSL' AND d.device_no = l.device_no AND d.device_id = ANY (%(devices)s)"
    ),
    (
        "UPDATE recall_case c SET prescriber_id = l.prescriber_id, state = CASE d.device_id WHEN %(own)s THEN 'asked'"
        " WHEN 'lent-again' THEN 'pick_up_ordered' ELSE 'proposed' END"
        " FROM loan l, device d WHERE l.loan_id = c.loan_id AND l.ended_at IS NULL AND d.device_no = c.device_no"
        " AND d.device_id = ANY (%(devices)s)"
    ),
    (
        "UPDATE command c SET requested_by = 'person-technician', answered_at = %(now)s, state = 'succeeded'"
        " FROM device d WHERE d.device_no = c.device_no AND d.device_id = ANY (%(devices)s)"
    ),
)


def test_every_route_is_classified(town_document: list[str]) -> None:
    classes = [*SHOWS, *WHOLE, *NOTHING_HERE, *SOMETHING_ELSE, *NO_DEVICE]
    assert [path for path, times in Counter(classes).items() if times > 1] == []
    new, gone = sorted(set(town_document) - set(classes)), sorted(set(classes) - set(town_document))
    assert new == [], (
        f"{new}: can it show a device? Then give it the mark of an incident hold (`held` in an answer, `parts.held` on"
        " a page, the column Avvikelsespärr in a file) and add it to SHOWS; else say in NO_DEVICE why not."
    )
    assert gone == [], f"{gone}: there is no such route any more"


@pytest.fixture
def town_document(town: Town) -> list[str]:
    return table(town)


async def test_every_place_of_a_held_device_is_marked_and_none_of_a_free_one(town: Town, holding: Database) -> None:
    del holding
    found = await shown(town, asked_of(town))
    unmarked = {where: [p.text for p in at if p.device in HELD and not p.marked] for where, at in found.items()}
    assert {where: texts for where, texts in unmarked.items() if texts} == {}
    wrongly = {where: [p.text for p in at if p.device == FREE and p.marked] for where, at in found.items()}
    assert {where: texts for where, texts in wrongly.items() if texts} == {}
    held = {where for where, at in found.items() if any(p.device in HELD for p in at)}
    wanted = {(path, shape) for path, shapes in SHOWS.items() for shape in shapes or ("",)}
    whole = {(path, "") for path in WHOLE}
    assert len((wanted | whole) & held) >= FEWEST_SHOWN, "the world shows it in nearly all"
    free = {where for where, at in found.items() if any(p.device == FREE for p in at)}
    assert free, "the negative control stands in the same lists"


async def test_a_mark_that_goes_missing_is_noticed(town: Town, holding: Database) -> None:
    """The negative control of the judge: the same answers once nothing is held."""
    with psycopg.connect(holding.owner) as connection:
        connection.execute(_LIFT)
    told = await shown(town, (call for call in asked_of(town) if call.role == "administrator"))
    marked = {path for (path, _), at in told.items() if any(place.marked for place in at)}
    assert len(told) > 40
    assert marked == set()


async def test_the_sealed_package_says_which_hold_it_is_of(town: Town, holding: Database) -> None:
    with psycopg.connect(holding.owner) as connection:
        hold = connection.execute(
            "SELECT max(hold_id) FROM incident_hold JOIN device USING (device_no) WHERE device_id = %s",
            [OWN],
        ).fetchone()
        token = create_token(connection, "sealer", "technician", payers=[A], frames=["HSL"], audiences=tuple(Audience))
    assert hold is not None
    answer = await town.client.post(
        f"/api/v1/holds/{hold[0]}/export",
        headers={"authorization": f"Bearer {token}"},
    )
    with zipfile.ZipFile(io.BytesIO(answer.content)) as package:
        manifest = json.loads(package.read(MANIFEST))
    assert (manifest["hold_id"], manifest["individual_number"], manifest["reason"]) == (hold[0], OWN, "for a test")
