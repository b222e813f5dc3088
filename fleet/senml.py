"""SenML (RFC 8428, JSON) as a second spelling of telemetry: base fields are resolved, records grouped by time."""

import math
from dataclasses import dataclass
from itertools import groupby
from typing import Final

import msgspec

from fleet.errors import RejectedMessageError, RejectionReason, shown
from fleet.messages import Reading, SenmlRecord, Value

PACK: Final = msgspec.json.Decoder(list[SenmlRecord])

# SenML registry symbol to UCUM, where the two differ. Units SenML has no symbol for (cm[H2O], /h) are not claimed.
_UCUM: Final = {"%EL": "%", "%RH": "%", "1/min": "/min", "beat/min": "/min", "count": "{count}", "/": "1", "Ah": "A.h"}
# RFC 8428 section 4.5.3: times below 2**28 are relative to now, which a stored-up reading cannot be.
_SMALLEST_ABSOLUTE_TIME: Final = 2**28
# What the contract lets a message say: see Milliseconds and Sequence in fleet.messages, which bind our own JSON alike.
_LARGEST: Final = 2**53
_MOST_VALUES: Final = 200
_LONGEST_NAME: Final = 80
# RFC 8428 section 4.4: a pack of a later version than the receiver knows is refused.
_KNOWN_VERSION: Final = 10


@dataclass(slots=True)
class _Base:
    name: str = ""
    time: float = 0.0
    unit: str = ""
    value: float = 0.0

    def take(self, record: SenmlRecord) -> None:
        """Base fields hold from the record that carries them onwards; an empty one resets what held before."""
        self.name = self.name if record.bn is None else record.bn
        self.time = self.time if record.bt is None else record.bt
        self.unit = self.unit if record.bu is None else record.bu
        self.value = self.value if record.bv is None else record.bv


def readings(pack: list[SenmlRecord]) -> list[Reading]:
    """The readings of a pack: one per distinct time, numbered upwards from `fk_seq`.

    Raises:
        RejectedMessageError: the pack is empty, lacks boot and seq, is of a later version, or has a record without
            value or absolute time or beyond the bounds that hold for our own JSON.
    """
    if not pack or pack[0].fk_boot is None or pack[0].fk_seq is None:
        raise _refused("the first SenML record must carry fk_boot and fk_seq, so that nothing is stored twice")
    if any(record.bver > _KNOWN_VERSION for record in pack):
        raise _refused(f"SenML of a later version than {_KNOWN_VERSION}: leave bver out or send {_KNOWN_VERSION}")
    boot, first = pack[0].fk_boot, pack[0].fk_seq
    resolved = sorted(_resolved(pack), key=lambda entry: entry[0])
    found = [
        Reading(
            ts=milliseconds,
            boot=boot,
            seq=first + offset,
            values={name: value for _, name, value in group},
            outbox_from=pack[0].fk_outbox_from,
        )
        for offset, (milliseconds, group) in enumerate(groupby(resolved, key=lambda entry: entry[0]))
    ]
    if not found or found[-1].seq > _LARGEST or any(len(reading.values) > _MOST_VALUES for reading in found):
        raise _refused(
            f"a SenML pack holds 1-{_MOST_VALUES} values for one time, and fk_seq ends at 2**53: split the pack"
        )
    return found


def _resolved(pack: list[SenmlRecord]) -> list[tuple[int, str, Value]]:
    base = _Base()
    entries: list[tuple[int, str, Value]] = []
    for record in pack:
        base.take(record)
        if not record.n and record.v is None and record.vb is None and record.vs is None:
            continue  # a record of base fields only
        name, moment = base.name + record.n, base.time + record.t
        if not 0 < len(name) <= _LONGEST_NAME or not _SMALLEST_ABSOLUTE_TIME <= moment <= _LARGEST / 1000:
            raise _refused(
                f"SenML record {shown(name)} needs a name of 1-{_LONGEST_NAME} letters and an absolute time (bt + t)"
            )
        entries.append((round(moment * 1000), name, _value(record, base, name)))
    return entries


def _value(record: SenmlRecord, base: _Base, name: str) -> float | bool:
    if record.vb is not None:
        return record.vb
    if record.v is None or not math.isfinite(record.v + base.value):
        raise _refused(f"SenML record {shown(name)} has no number (v, with bv a finite one) or boolean (vb)")
    return record.v + base.value


def units(pack: list[SenmlRecord]) -> dict[str, str]:
    """The unit each metric name states, in UCUM; a record without a unit states none.

    Raises:
        RejectedMessageError: the same name with two units; one of its values would be stored in the wrong one.
    """
    base = _Base()
    stated: dict[str, str] = {}
    for record in pack:
        base.take(record)
        name, symbol = base.name + record.n, record.u or base.unit
        if symbol and name and stated.setdefault(name, _UCUM.get(symbol, symbol)) != _UCUM.get(symbol, symbol):
            raise _refused(f"SenML record {shown(name)} comes in two units: send one metric in one unit")
    return stated


def _refused(advice: str) -> RejectedMessageError:
    return RejectedMessageError(RejectionReason.WRONG_SHAPE, advice)
