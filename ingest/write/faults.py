"""Keeps the table of faults true to what devices say, in the order it happened, whatever the order of arrival."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple, cast

import msgspec

from fleet.clock import from_milliseconds
from fleet.messages import FaultReport
from fleet.signals import FAULT_RAISED
from ingest.accept import believed_milliseconds
from ingest.accepted import AcceptedReply, FaultName
from ingest.batch import FaultReported
from ingest.contents import fault_name
from ingest.faults import Episode, Mark, changes
from ingest.register import Device
from ingest.write.arrays import integers, times
from ingest.write.connection import Connection
from ingest.write.statements import statement

TURNS: Final = 1024
"""Devices whose numbers leave the same remainder take turns together."""
_Rows = Iterable[tuple[Any, ...]]


class _Read(NamedTuple):
    """One list of all faults a device had: a statement about each of them, named or not."""

    at: int
    boot: int
    seq: int
    reports: Mapping[FaultName, FaultReport]


@dataclass(slots=True)
class _Said:
    """What one device said of its faults: of single ones, and of all at once."""

    marks: dict[FaultName, list[Mark]] = field(default_factory=lambda: defaultdict(list))
    reads: list[_Read] = field(default_factory=list)

    def earliest(self) -> int:
        return min([mark.at for marks in self.marks.values() for mark in marks] + [read.at for read in self.reads])

    def about(self, name: FaultName) -> list[Mark]:
        """Every statement about one fault."""
        return [*self.marks.get(name, ()), *(_mark_of_read(read, name) for read in self.reads)]

    def names(self) -> set[FaultName]:
        """Faults that are named."""
        return {*self.marks, *(name for read in self.reads for name in read.reports)}


async def store_faults(
    connection: Connection, events: Sequence[FaultReported], reads: Sequence[AcceptedReply], received_at: datetime
) -> None:
    """Writes the faults that follow from new fault events and new answers to `read_faults`, both stored just before."""
    devices = {entry.device_no: entry.event.device for entry in events} | {
        entry.device.number: entry.device for entry in reads
    }
    new = _new_statements(events, reads, received_at)
    since = {number: said.earliest() for number, said in sorted(new.items())}
    turns = integers(sorted({number % TURNS for number in since}))
    # Events of one device never meet (lanes.py), but an answer meets them: it comes over a session of its own.
    await connection.execute(statement("take_turns" if reads else "share_turns"), [turns])
    known, told, ends = await _stored(connection, since, received_at)
    retold = {number for number in since if _count(told[number]) > _count(new[number])}
    if retold:
        earlier = {
            number: min([since[number], *(e.raised_at for stays in known[number].values() for e in stays)])
            for number in sorted(retold)
        }
        again = await _stored(connection, earlier, received_at)
        told |= again.told
        ends = {name: end for name, end in ends.items() if name[0] not in retold} | again.ends
    for number, said in new.items():
        names = said.names() | (set(known[number]) if said.reads else set())
        for name in sorted(names):
            complete = number in retold
            marks = (told[number] if complete else said).about(name)
            changed = changes(known[number].get(name, []), marks, complete=complete, ended=ends.get((number, name), 0))
            await _write(connection, devices[number], name, changed, received_at)


def _new_statements(
    events: Iterable[FaultReported], reads: Iterable[AcceptedReply], received_at: datetime
) -> dict[int, _Said]:
    new: dict[int, _Said] = defaultdict(_Said)
    for entry in events:
        told = entry.event.occurrence
        raised = told.event == FAULT_RAISED.name
        text = told.data.get("text")
        mark = Mark(entry.event.at, told.boot, told.seq, raised, "event", text if isinstance(text, str) else "")
        new[entry.device_no].marks[entry.name].append(mark)
    for reply in reads:
        new[reply.device.number].reads.append(
            _read(reply.at, reply.reply.boot, reply.reply.seq, reply.faults or (), received_at)
        )
    return dict(new)


def _read(at: int, boot: int, seq: int, reports: Iterable[FaultReport], received_at: datetime) -> _Read:
    """A read as a statement; what it says of the past counts only as far as a device clock is believed."""
    believed = believed_milliseconds(received_at)
    found = {}
    for report in reports:
        name = FaultName(report.system.lower(), report.code, report.subcode, report.module)
        first_seen = report.first_seen if report.first_seen is not None and report.first_seen in believed else None
        found[name] = msgspec.structs.replace(report, first_seen=first_seen)
    return _Read(at, boot, seq, found)


def _mark_of_read(read: _Read, name: FaultName) -> Mark:
    report = read.reports.get(name)
    if report is None:
        return Mark(read.at, read.boot, read.seq, False, "read", cleared_by="absent_at_read")
    return Mark(read.at, read.boot, read.seq, True, "read", report.text, report.count, report.first_seen)


def _count(said: _Said) -> int:
    return sum(len(marks) for marks in said.marks.values()) + len(said.reads)


def _asked(since: Mapping[int, int]) -> list[object]:
    return [integers(list(since)), times(list(since.values()))]


class _Stored(NamedTuple):
    """What the database knows of devices since a time of each.

    Attributes:
        stays: device to fault to its stays that reach into the time since, or lie after it.
        told: everything that devices said of their faults since, the batch at hand included.
        ends: when the last stay before that ended.
    """

    stays: dict[int, dict[FaultName, list[Episode]]]
    told: dict[int, _Said]
    ends: dict[tuple[int, FaultName], int]


async def _stored(connection: Connection, since: Mapping[int, int], received_at: datetime) -> _Stored:
    """All of it is asked in one message, within a pipeline."""
    asked, earliest = _asked(since), from_milliseconds(min(since.values()))
    cursors = [
        await connection.execute(statement("fault_episodes"), asked),
        await connection.execute(statement("fault_events"), [*asked, earliest]),
        await connection.execute(statement("fault_reads"), asked),
        await connection.execute(statement("fault_ends"), asked),
    ]
    stays, events, reads, ends = [cast("list[tuple[Any, ...]]", await cursor.fetchall()) for cursor in cursors]
    return _Stored(
        _episodes(since, stays),
        _said(since, events, reads, received_at),
        {(number, FaultName(*name)): ended for number, *name, ended in ends},
    )


def _episodes(since: Iterable[int], stays: _Rows) -> dict[int, dict[FaultName, list[Episode]]]:
    found: dict[int, dict[FaultName, list[Episode]]] = {number: {} for number in since}
    for number, *name, row, raised, seen, count, text, source, cleared, cleared_by in stays:
        episode = Episode(
            row=row,
            raised_at=raised,
            last_seen_at=seen,
            times=count,
            text=text,
            source=source,
            cleared_at=cleared,
            cleared_by=cleared_by,
        )
        found[number].setdefault(FaultName(*name), []).append(episode)
    return found


def _said(since: Iterable[int], events: _Rows, reads: _Rows, received_at: datetime) -> dict[int, _Said]:
    found: dict[int, _Said] = {number: _Said() for number in since}
    for number, at, boot, seq, event, data in events:
        text = data.get("text")
        mark = Mark(at, boot, seq, event == FAULT_RAISED.name, "event", text if isinstance(text, str) else "")
        found[number].marks[fault_name(event, data)].append(mark)
    for number, at, boot, seq, result in reads:
        if "faults" in result:
            reports = msgspec.convert(result["faults"], list[FaultReport])
            found[number].reads.append(_read(at, boot, seq, reports, received_at))
    return found


async def _write(
    connection: Connection, device: Device, name: FaultName, changed: Sequence[Episode], received_at: datetime
) -> None:
    """Rows that end a stay go first: only one stay of a fault may last at a time."""
    fault = device.handling.fault(name.system, name.code)
    for episode in sorted(changed, key=lambda episode: (episode.row is None, episode.cleared_at is None)):
        await connection.execute(
            statement("add_fault" if episode.row is None else "change_fault"),
            {
                "row": episode.row,
                "device_no": device.number,
                **name._asdict(),
                "text": episode.text,
                "fault_code": None if fault is None else fault.code,
                "times": episode.times,
                "raised_at": from_milliseconds(episode.raised_at),
                "last_seen_at": from_milliseconds(episode.last_seen_at),
                "known_at": received_at,
                "cleared_at": None if episode.cleared_at is None else from_milliseconds(episode.cleared_at),
                "cleared_by": episode.cleared_by,
                "source": episode.source,
            },
        )
