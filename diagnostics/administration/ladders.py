"""Who is called about alarms: ladders with their rota, checked for gaps before anything is saved."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from psycopg.types.json import Jsonb

from diagnostics.administration.problems import need_whole_installation, refused
from diagnostics.problems import not_found
from diagnostics.queries import Row, fetch_all, fetch_one, room
from diagnostics.work import Work
from fleet.ladder import INSTALLATION, Ladder, LadderError, Person
from fleet.ladder_document import read_ladder, read_windows, write_ladder
from fleet.rota import Finding, check
from fleet.text import Text

_SQL: Final = room(__file__)
_CODE: Final = re.compile(r"[a-z0-9][a-z0-9-]{1,39}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A duty that can be called. Channels are named, addresses never."""

    code: str
    role: str
    active: bool
    channels: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetLadder:
    """A ladder as it is, with what is wrong with it from now on.

    Attributes:
        version: grows with every change; 0 for one that is not saved yet.
        uses: in how many places it is used.
    """

    ladder: Ladder
    version: int
    set_at: datetime | None
    set_by: str
    uses: int
    findings: list[Finding]


class RotaRefusedError(Exception):
    """A ladder that would leave an alarm with nobody; nothing was saved.

    Attributes:
        findings: where and when, the worst first.
    """

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__(f"{len(findings)} findings")
        self.findings = findings


async def list_ladders(work: Work) -> tuple[list[SetLadder], list[Recipient]]:
    """Every ladder and every recipient.

    Raises:
        Problem: the caller does not see the whole installation.
    """
    need_whole_installation(work)
    people = await _recipients(work)
    found = [_set_ladder(row, people, work.now) for row in await fetch_all(work.connection, _SQL["ladders"])]
    await work.record("ladders.read")
    return found, [_recipient(row) for row in people]


async def show_ladder(work: Work, code: str) -> tuple[SetLadder, list[Recipient]]:
    """One ladder, to be changed.

    Raises:
        Problem: there is none of that name, or the caller does not see the whole installation.
    """
    need_whole_installation(work)
    people, rows = await _recipients(work), await fetch_all(work.connection, _SQL["ladders"])
    row = next((row for row in rows if row["code"] == code), None)
    if row is None:
        raise not_found(Text("Larmstegen", "The ladder"))
    await work.record("ladder.read", ladder=code)
    return _set_ladder(row, people, work.now), [_recipient(entry) for entry in people]


async def recipients(work: Work) -> list[Recipient]:
    """Who can be called, for a new ladder.

    Raises:
        Problem: the caller does not see the whole installation.
    """
    need_whole_installation(work)
    found = [_recipient(row) for row in await _recipients(work)]
    await work.record("recipients.read")
    return found


async def save_ladder(work: Work, document: Mapping[str, Any], version: int) -> list[Finding]:
    """Saves a ladder in which no alarm can get lost; returns what is worth telling all the same.

    Args:
        work: the caller's.
        document: as `fleet.ladder_document` reads it.
        version: the one that was changed; 0 for a new ladder.

    Raises:
        LadderError: the document is no ladder; the sentence says why.
        RotaRefusedError: an alarm could be left with nobody.
        Problem: somebody else changed it meanwhile, or the caller does not see the whole installation.
    """
    need_whole_installation(work)
    ladder = read_ladder(document)
    if _CODE.fullmatch(ladder.code) is None:
        raise LadderError("a code is 2-40 lower-case letters, digits and hyphens")
    findings = check(ladder, _people(await _recipients(work)), work.now)
    if any(finding.refused for finding in findings):
        raise RotaRefusedError(findings)
    values = {"code": ladder.code, "document": Jsonb(write_ladder(ladder)), "version": version, "by": work.caller.name}
    row = await fetch_one(work.connection, _SQL["set_ladder"], values)
    if not (row or {}).get("was_set"):
        raise refused(
            "changed_meanwhile",
            "Någon annan har ändrat larmstegen under tiden, eller så är namnet upptaget. Läs in sidan igen.",
            "Somebody else has changed the ladder meanwhile, or its name is taken. Load the page again.",
        )
    await work.record("ladder.set", ladder=ladder.code, version=version + 1)
    return findings


async def _recipients(work: Work) -> list[Row]:
    return await fetch_all(work.connection, _SQL["recipients"])


def _recipient(row: Row) -> Recipient:
    return Recipient(code=row["code"], role=row["role"], active=row["active"], channels=row["channels"])


def _people(rows: list[Row]) -> dict[str, Person]:
    people = {
        row["code"]: Person(reachable=row["active"] and bool(row["channels"]), quiet=read_windows(row["quiet"]))
        for row in rows
    }
    return {**people, INSTALLATION: Person()}


def _set_ladder(row: Row, people: list[Row], now: datetime) -> SetLadder:
    try:
        ladder = read_ladder(row["document"])
    except LadderError as error:  # only an owner's own hand can have written it so
        raise RuntimeError(f"ladder {row['code']} in the database cannot be read") from error
    return SetLadder(
        ladder=ladder,
        version=row["version"],
        set_at=row["set_at"],
        set_by=row["set_by"],
        uses=row["uses"],
        findings=check(ladder, _people(people), now),
    )
