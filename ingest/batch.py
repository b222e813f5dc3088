"""Works out, from one batch of accepted records, every row that goes into the database with it. Pure.

All records given are taken to be new: exactly-once sums rest on the caller leaving out what is stored already.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from fleet.usage import Gather
from ingest.accepted import Accepted, AcceptedBirth, AcceptedEvent, AcceptedReading, FaultName, Rejected
from ingest.days import HOUR_MILLISECONDS
from ingest.handling import Gathered
from ingest.register import Device

LARGEST_KEPT_PAYLOAD: Final = 64 * 1024
"""Bytes of a refused payload that the quarantine keeps."""


class Present:
    """What a batch says about the present of one device.

    Attributes:
        boot: the highest seen; None where none was.
        alive: whether the device itself was heard.
        oldest, newest: milliseconds of the readings and events; 0 where there are none.
        values: metric key to (value, milliseconds), the newest of each.
        events: event name to its newest milliseconds.
    """

    __slots__ = ("alive", "boot", "device", "events", "newest", "oldest", "values")

    def __init__(self, device: Device, boot: int | None = None, at: int = 0) -> None:
        self.device = device
        self.boot = boot
        self.alive = at > 0
        self.oldest = self.newest = at
        self.values: dict[str, tuple[float | bool, int]] = {}
        self.events: dict[str, int] = {}

    def happened(self, at: int, boot: int) -> None:
        """Takes in that something happened then; it was heard now."""
        self.alive = True
        if self.boot is None or boot > self.boot:
            self.boot = boot
        if not self.newest:
            self.oldest = self.newest = at
        elif at > self.newest:
            self.newest = at
        elif at < self.oldest:
            self.oldest = at

    def measured(self, values: dict[str, float | bool], at: int) -> None:
        """Keeps what is as new as what is known, so that of two equally old ones the later arrival stands."""
        if not self.values:
            self.values = {key: (value, at) for key, value in values.items()}
            return
        for key, value in values.items():
            known = self.values.get(key)
            if known is None or known[1] <= at:
                self.values[key] = (value, at)


UsageKey = tuple[int, int, str]
"""Device number, local day (counted from 2000-01-01), measure: one sum or maximum."""


@dataclass(slots=True)
class UnknownMetric:
    """A name no metric describes: an example of a device, and how often it came."""

    device_no: int
    times: int = 1


@dataclass(slots=True)
class Kept:
    """One row of the quarantine, times how often the very same came."""

    rejected: Rejected
    sha256: bytes
    times: int = 1


class FaultReported(NamedTuple):
    """A fault event of a device."""

    device_no: int
    name: FaultName
    event: AcceptedEvent


@dataclass(slots=True)
class Plan:
    """All rows of one batch.

    Attributes:
        readings: device class to its readings.
        present: device number to what is new about its present, in order of number, so that no two transactions can
            deadlock.
        presence: device number to (boot, online).
        births: device number to its last birth.
        sums, maxima: by how much the usage of a day grows, or what it reaches at least.
        unknown: (class, model, name) to what is known of it.
        due: device numbers that the worker must judge.
        quarantine: refused messages by everything that makes two of them the same.
    """

    readings: dict[str, list[AcceptedReading]] = field(default_factory=dict)
    events: Sequence[AcceptedEvent] = ()
    present: dict[int, Present] = field(default_factory=dict)
    presence: dict[int, tuple[int, bool]] = field(default_factory=dict)
    births: dict[int, AcceptedBirth] = field(default_factory=dict)
    sums: dict[UsageKey, float] = field(default_factory=dict)
    maxima: dict[UsageKey, float] = field(default_factory=dict)
    unknown: dict[tuple[str, str, str], UnknownMetric] = field(default_factory=dict)
    faults: list[FaultReported] = field(default_factory=list)
    due: set[int] = field(default_factory=set)
    quarantine: dict[tuple[object, ...], Kept] = field(default_factory=dict)


def plan(accepted: Accepted) -> Plan:
    """Every row of a batch; `accepted.doubtful` and `accepted.replies` are settled by others beforehand."""
    rows = Plan(events=accepted.events)
    _read(rows, accepted.readings)
    _happened(rows, accepted.events)
    _introduced(rows, accepted)
    for reply in accepted.replies:
        _present(rows, reply.device).happened(reply.at, reply.reply.boot)
    for refused in accepted.rejected:
        if refused.device is not None:
            _present(rows, refused.device).alive |= refused.alive
    rows.present = dict(sorted(rows.present.items()))
    rows.quarantine = quarantine_rows(accepted.rejected)
    return rows


def quarantine_rows(rejected: Iterable[Rejected]) -> dict[tuple[object, ...], Kept]:
    """Refused messages, the very same ones counted together (see the index `quarantine_same`)."""
    rows: dict[tuple[object, ...], Kept] = {}
    for entry in rejected:
        sha256 = hashlib.sha256(entry.source.payload).digest()
        key = (entry.source.topic, sha256, entry.reason, entry.identity)
        if key in rows:
            rows[key].times += 1
        else:
            rows[key] = Kept(entry, sha256)
    return rows


def _present(rows: Plan, device: Device) -> Present:
    found = rows.present.get(device.number)
    if found is None:
        found = rows.present[device.number] = Present(device)
    return found


def _read(rows: Plan, readings: list[AcceptedReading]) -> None:
    """Runs for every reading there is: names are bound once, a device's first reading of a batch takes a short way."""
    by_class, all_present, due = rows.readings, rows.present, rows.due
    for record in readings:
        device, values, at = record.device, record.values, record.at
        number, handling = device.number, device.handling
        of_class = by_class.get(handling.device_class)
        if of_class is None:
            of_class = by_class[handling.device_class] = []
        of_class.append(record)
        present = all_present.get(number)
        if present is None:
            present = all_present[number] = Present(device, record.reading.boot, at)
            present.values = {key: (value, at) for key, value in values.items()}
        else:
            present.happened(at, record.reading.boot)
            present.measured(values, at)
        for entry in handling.measured:
            if entry.source in values:
                _grow(rows, number, at // HOUR_MILLISECONDS, entry, values[entry.source])
        if record.unknown:
            _count_unknown(rows, record)
        if number not in due and handling.due(values):
            due.add(number)


def _happened(rows: Plan, events: Sequence[AcceptedEvent]) -> None:
    for record in events:
        device, name = record.device, record.occurrence.event
        present = _present(rows, device)
        present.happened(record.at, record.occurrence.boot)
        if record.at >= present.events.get(name, 0):
            present.events[name] = record.at
        for entry in device.handling.counted[name]:
            _grow(rows, device.number, record.at // HOUR_MILLISECONDS, entry, 1.0)
        if record.name is not None:
            rows.faults.append(FaultReported(device.number, record.name, record))
        rows.due.add(device.number)


def _grow(rows: Plan, number: int, hour: int, entry: Gathered, value: float) -> None:
    key = (number, entry.days[hour], entry.measure)
    if entry.gather is Gather.MAXIMUM:
        rows.maxima[key] = max(value, rows.maxima.get(key, value))
    else:
        rows.sums[key] = rows.sums.get(key, 0.0) + (1.0 if entry.gather is Gather.COUNT else value)


def _count_unknown(rows: Plan, record: AcceptedReading) -> None:
    handling = record.device.handling
    for name in record.unknown:
        key = (handling.device_class, handling.model_key, name)
        if key in rows.unknown:
            rows.unknown[key].times += 1
        else:
            rows.unknown[key] = UnknownMetric(record.device.number)


def _introduced(rows: Plan, accepted: Accepted) -> None:
    for birth in accepted.births:
        rows.births[birth.device.number] = birth
        present = _present(rows, birth.device)
        present.alive |= birth.alive
        present.boot = max(birth.birth.boot, present.boot or 0)
    for presence in accepted.presences:
        present = _present(rows, presence.device)
        # A newer start of the device has been heard of: what is said of an older one no longer describes the present.
        if present.boot is not None and presence.boot < present.boot:
            continue
        present.boot = presence.boot
        present.alive |= presence.alive
        rows.presence[presence.device.number] = (presence.boot, presence.online)
        rows.due.add(presence.device.number)
