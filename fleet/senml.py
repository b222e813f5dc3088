"""SenML (RFC 8428, JSON) as a second spelling of telemetry: base fields are resolved, records grouped by time."""

from dataclasses import dataclass, field
from itertools import groupby
from typing import Final

import msgspec

from fleet.errors import RejectedMessageError, RejectionReason, shown
from fleet.messages import Reading, SenmlRecord, Value

PACK: Final = msgspec.json.Decoder(list[SenmlRecord])

# SenML registry symbol to UCUM, for units whose symbols differ. Units SenML has no symbol for (cm[H2O], /h) are not claimed.
_UCUM: Final = {"%EL": "%", "%RH": "%", "1/min": "/min", "beat/min": "/min", "count": "{count}", "/": "1"}
# RFC 8428 section 4.5.3: times below 2**28 are relative to now, which a stored-up reading cannot be.
_SMALLEST_ABSOLUTE_TIME: Final = 2**28


@dataclass(slots=True)
class _Base:
    name: str = ""
    time: float = 0.0
    unit: str = ""
    value: float = 0.0
    identity: dict[str, int] = field(default_factory=dict)

    def take(self, record: SenmlRecord) -> None:
        """Base fields hold from the record that carries them onwards."""
        self.name = record.bn or self.name
        self.time = record.bt or self.time
        self.unit = record.bu or self.unit
        self.value = record.bv or self.value


def readings(pack: list[SenmlRecord]) -> list[Reading]:
    """The readings of a pack: one per distinct time, numbered upwards from `fk_seq`.

    Raises:
        RejectedMessageError: the pack is empty, lacks boot and seq, or has a record without value or absolute time.
    """
    if not pack or pack[0].fk_boot is None or pack[0].fk_seq is None:
        raise RejectedMessageError(
            RejectionReason.WRONG_SHAPE, "the first SenML record must carry fk_boot and fk_seq, so that nothing is stored twice"
        )
    boot, first = pack[0].fk_boot, pack[0].fk_seq
    resolved = sorted(_resolved(pack), key=lambda entry: entry[0])
    return [
        Reading(
            ts=milliseconds,
            boot=boot,
            seq=first + offset,
            values={name: value for _, name, value in group},
            outbox_from=pack[0].fk_outbox_from,
        )
        for offset, (milliseconds, group) in enumerate(groupby(resolved, key=lambda entry: entry[0]))
    ]


def _resolved(pack: list[SenmlRecord]) -> list[tuple[int, str, Value]]:
    base, entries = _Base(), []
    for record in pack:
        base.take(record)
        name, moment = base.name + record.n, base.time + record.t
        if not name or moment < _SMALLEST_ABSOLUTE_TIME:
            raise RejectedMessageError(
                RejectionReason.WRONG_SHAPE, f"SenML record {shown(name)} needs a name and an absolute time (bt + t)"
            )
        value: Value = record.vb if record.vb is not None else record.v
        if value is None:
            raise RejectedMessageError(
                RejectionReason.WRONG_SHAPE, f"SenML record {shown(name)} has no number (v) or boolean (vb)"
            )
        if isinstance(value, float):
            value += base.value
        entries.append((round(moment * 1000), name, value))
    return entries


def units(pack: list[SenmlRecord]) -> dict[str, str]:
    """The unit each metric name states, in UCUM; a record without a unit states none."""
    base, stated = _Base(), {}
    for record in pack:
        base.take(record)
        symbol = record.u or base.unit
        if symbol:
            stated[base.name + record.n] = _UCUM.get(symbol, symbol)
    return stated
