"""The evidence package of a held device: a ZIP of JSON lines with a manifest, sealed by hashes."""

import hashlib
import json
import tempfile
import zipfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any, Final

import msgspec
from psycopg.rows import dict_row

from diagnostics.holds.repository import SQL
from diagnostics.queries import Row, Statement, formatted
from diagnostics.work import Work
from fleet.evidence import MANIFEST, FileSeal, Manifest, sealed
from fleet.plumbing.store.register import LEGAL_FRAMES
from fleet.plumbing.store.tables import audience_metrics, reading_view
from fleet.signals import Audience

_IN_MEMORY: Final = 8 * 1024 * 1024
_WHEN: Final = (1980, 1, 1, 0, 0, 0)  # the time of a file in a ZIP would make two packages of the same evidence differ


@dataclass(frozen=True, slots=True)
class Package:
    """A sealed package; `file` stands at its beginning and is closed by whoever sends it."""

    file: IO[bytes]
    seal: str
    size: int


async def build(work: Work, hold: Row, since: datetime) -> Package:
    """Writes everything the caller may see of the device since a moment, row by row, and seals it.

    What other audiences would see is left out, and the manifest says for whose eyes it was made.
    """
    file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - closed by whoever sends it
    parameters = {"device_no": hold["device_no"], "since": since, "hold_id": hold["hold_id"]}
    seals: dict[str, FileSeal] = {}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        seals["versions.json"] = _write_one(archive, "versions.json", _versions(hold))
        for name, statement in _contents(work, hold).items():
            seals[name] = await _write(archive, name, _rows(work, statement, parameters))
        text, seal = sealed(_manifest(work, hold, seals))
        archive.writestr(zipfile.ZipInfo(MANIFEST, _WHEN), text)
    size = file.tell()
    file.seek(0)
    return Package(file, seal, size)


def _contents(work: Work, hold: Row) -> dict[str, Statement]:
    profile = work.registry.by_name.get(hold["device_class"])
    views = audience_metrics(profile) if profile else {}
    readings: dict[str, Statement] = {
        f"readings_{audience}.jsonl": formatted(SQL["readings"], view=reading_view(hold["device_class"], audience))
        for audience in Audience
        if audience in views and audience in work.caller.audiences
    }
    names = ("kept", "events", "faults", "commands", "transitions", "touched", "state", "exports")
    return {**readings, **{f"{name}.jsonl": SQL[name] for name in names}}


def _versions(hold: Row) -> dict[str, Any]:
    return {name: hold[name] for name in ("device_id", "individual_number", "device_class", "model_key", "firmware")}


def _manifest(work: Work, hold: Row, seals: dict[str, FileSeal]) -> Manifest:
    return Manifest(
        hold_id=hold["hold_id"],
        device_id=hold["device_id"],
        individual_number=hold["individual_number"],
        placed_at=hold["placed_at"].isoformat(),
        reason=hold["reason"],
        made_at=work.now.isoformat(),
        made_by=work.caller.name,
        audiences=tuple(sorted(work.caller.audiences)),
        whole_life=work.caller.scope.payers is None and work.caller.scope.frames >= frozenset(LEGAL_FRAMES),
        files=seals,
    )


async def _rows(work: Work, statement: Statement, parameters: Mapping[str, Any]) -> AsyncIterator[Row]:
    """From a cursor on the server, so that years of readings need no memory."""
    async with work.connection.cursor("evidence", row_factory=dict_row) as cursor:
        await cursor.execute(statement, parameters)
        async for row in cursor:
            yield row


async def _write(archive: zipfile.ZipFile, name: str, rows: AsyncIterator[Row]) -> FileSeal:
    digest, size, count = hashlib.sha256(), 0, 0
    with archive.open(zipfile.ZipInfo(name, _WHEN), "w", force_zip64=True) as out:
        async for row in rows:
            line = _line(row)
            out.write(line)
            digest.update(line)
            size, count = size + len(line), count + 1
    return FileSeal(sha256=digest.hexdigest(), bytes=size, rows=count)


def _write_one(archive: zipfile.ZipFile, name: str, content: Mapping[str, Any]) -> FileSeal:
    line = _line(content)
    archive.writestr(zipfile.ZipInfo(name, _WHEN), line)
    return FileSeal(sha256=hashlib.sha256(line).hexdigest(), bytes=len(line), rows=1)


def _line(row: Mapping[str, Any]) -> bytes:
    return json.dumps(msgspec.to_builtins(row, str_keys=True), sort_keys=True, ensure_ascii=False).encode() + b"\n"
