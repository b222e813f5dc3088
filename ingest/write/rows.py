"""Rows of a batch as parameters of the statements that store them."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from fleet.plumbing.store.tables import metric_columns
from fleet.profile import DeviceProfile
from fleet.signals import Kind, Metric
from ingest.accepted import AcceptedBirth, AcceptedEvent, AcceptedReading
from ingest.batch import LARGEST_KEPT_PAYLOAD, Kept, Present, UnknownMetric, UsageKey
from ingest.write.arrays import (
    BinaryArray,
    bigints,
    booleans,
    byteas,
    dates,
    doubles,
    integers,
    jsonbs,
    reals,
    texts,
    times,
)

_NO_INTEGERS, _NO_REALS, _NO_BOOLEANS, _NO_JSONBS = integers(()), reals(()), booleans(()), jsonbs(())
_as_json = msgspec.json.Encoder().encode
Parameters = dict[str, object]


class ReadingColumns:
    """Turns readings of one class into the arrays of `statements.insert_readings`.

    A metric that no reading of the batch has is sent as an empty array, which `unnest` fills up with nulls: a class
    has up to thirty metrics, a reading a handful.
    """

    def __init__(self, profile: DeviceProfile) -> None:
        self._metrics = metric_columns(profile)

    def of(self, readings: Sequence[AcceptedReading]) -> list[BinaryArray]:
        """The columns, in the order of the statement."""
        values = [record.values for record in readings]
        present = set().union(*values)
        unknown = [record.unknown for record in readings]
        corrected = [record.corrected for record in readings]
        return [
            *identity_columns(
                [record.device.number for record in readings],
                [record.at for record in readings],
                [record.reading.boot for record in readings],
                [record.reading.seq for record in readings],
            ),
            *[_column(metric, values) if metric.key in present else _NOTHING[metric.kind] for metric in self._metrics],
            jsonbs([_as_json(names) if names else None for names in unknown]) if any(unknown) else _NO_JSONBS,
            _flags(corrected),
        ]


_NOTHING = {Kind.NUMBER: _NO_REALS, Kind.COUNT: _NO_INTEGERS, Kind.FLAG: _NO_BOOLEANS}


def identity_columns(
    numbers: Sequence[int], moments: Sequence[int], boots: Sequence[int], seqs: Sequence[int]
) -> tuple[BinaryArray, BinaryArray, BinaryArray, BinaryArray]:
    """device_no, ts, boot, seq: the key of every hypertable of messages."""
    return integers(numbers), times(moments), integers(boots), bigints(seqs)


def event_columns(events: Sequence[AcceptedEvent]) -> list[BinaryArray]:
    """The arrays of `add_events.sql`."""
    return [
        *identity_columns(
            [record.device.number for record in events],
            [record.at for record in events],
            [record.occurrence.boot for record in events],
            [record.occurrence.seq for record in events],
        ),
        texts([record.occurrence.event for record in events]),
        texts([record.audience for record in events]),
        jsonbs([_as_json(record.occurrence.data) for record in events]),
        _flags([record.corrected for record in events]),
    ]


def state_columns(present: Iterable[Present]) -> Parameters:
    """The parameters of `update_states.sql` but the time of arrival."""
    rows = list(present)
    return {
        "device_no": integers([row.device.number for row in rows]),
        "boot": integers([row.boot for row in rows]),
        "alive": booleans([row.alive for row in rows]),
        "oldest": times([row.oldest or None for row in rows]),
        "newest": times([row.newest or None for row in rows]),
        "metric_values": jsonbs([_as_json(row.values) if row.values else None for row in rows]),
        "latest_events": jsonbs([_as_json(row.events) if row.events else None for row in rows]),
    }


def presence_columns(presence: Mapping[int, tuple[int, bool]]) -> list[BinaryArray]:
    """The arrays of `update_presence.sql`."""
    return [
        integers(sorted(presence)),
        integers([presence[number][0] for number in sorted(presence)]),
        booleans([presence[number][1] for number in sorted(presence)]),
    ]


def usage_columns(usage: Mapping[UsageKey, float]) -> Parameters:
    """The parameters of `grow_usage.sql`, in the order of their keys, so that no two transactions can deadlock."""
    keys = sorted(usage)
    return {
        "device_no": integers([number for number, _, _ in keys]),
        "local_day": dates([day for _, day, _ in keys]),
        "measure": texts([measure for _, _, measure in keys]),
        "amount": doubles([usage[key] for key in keys]),
    }


def birth_columns(births: Sequence[AcceptedBirth]) -> tuple[list[BinaryArray], list[BinaryArray]]:
    """The arrays of `update_models.sql` and `update_attributes.sql`."""
    numbers = integers([birth.device.number for birth in births])
    models = [
        numbers,
        texts([birth.birth.model for birth in births]),
        texts([birth.birth.firmware for birth in births]),
    ]
    return models, [numbers, jsonbs([_as_json(birth.birth.attributes) for birth in births])]


def unknown_columns(unknown: Sequence[tuple[tuple[str, str, str], UnknownMetric]]) -> Parameters:
    """The parameters of `count_unknown.sql` but the time of arrival."""
    return {
        "device_class": texts([key[0] for key, _ in unknown]),
        "model_key": texts([key[1] for key, _ in unknown]),
        "name": texts([key[2] for key, _ in unknown]),
        "device_no": integers([metric.device_no for _, metric in unknown]),
        "times": bigints([metric.times for _, metric in unknown]),
    }


def quarantine_columns(kept: Sequence[Kept]) -> Parameters:
    """The parameters of `keep_in_quarantine.sql` but the time of arrival. Of the payload the first 64 KiB are kept."""
    refused = [row.rejected for row in kept]
    return {
        "topic": texts([entry.source.topic for entry in refused]),
        "device_no": integers([None if entry.device is None else entry.device.number for entry in refused]),
        "reason": texts([entry.reason for entry in refused]),
        "advice": texts([entry.advice for entry in refused]),
        "boot": integers([None if entry.identity is None else entry.identity[0] for entry in refused]),
        "seq": bigints([None if entry.identity is None else entry.identity[1] for entry in refused]),
        "payload": byteas([entry.source.payload[:LARGEST_KEPT_PAYLOAD] for entry in refused]),
        "payload_bytes": integers([len(entry.source.payload) for entry in refused]),
        "sha256": byteas([row.sha256 for row in kept]),
        "content_type": texts([entry.source.content_type for entry in refused]),
        "times": bigints([row.times for row in kept]),
    }


def _column(metric: Metric, values: Sequence[dict[str, float | bool]]) -> BinaryArray:
    key = metric.key
    found = [row.get(key) for row in values]
    if metric.kind is Kind.NUMBER:
        return reals(found)
    if metric.kind is Kind.COUNT:
        return integers(found)  # type: ignore[arg-type]  # the normaliser makes counts whole numbers
    return booleans(found)  # type: ignore[arg-type]  # and flags true or false


def _flags(values: Sequence[bool]) -> BinaryArray:
    """True or null, as the column `clock_corrected` is: nothing at all is sent where all is well."""
    return booleans([value or None for value in values]) if any(values) else _NO_BOOLEANS
