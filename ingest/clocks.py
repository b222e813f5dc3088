"""Settles the time of messages whose device clock is or was wrong, so that none is stored under two times. Pure."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import NamedTuple

from fleet.errors import RejectionReason
from ingest.accepted import AcceptedEvent, AcceptedReading, Doubtful, Identity, Rejected


class Correction(NamedTuple):
    """The time a message was given when it was first stored, for the time its device told."""

    told: int
    at: int


class Told(NamedTuple):
    """A message under the time its device told."""

    identity: Identity
    told: int


@dataclass(slots=True)
class Settled:
    """What became of the doubtful records of a batch.

    Attributes:
        readings, events: to be stored as they are now.
        corrections: to be stored with them.
        repeated: how many are stored already.
        rejected: other messages than those that bore the same identity before.
    """

    readings: list[AcceptedReading] = field(default_factory=list)
    events: list[AcceptedEvent] = field(default_factory=list)
    corrections: dict[Identity, Correction] = field(default_factory=dict)
    repeated: int = 0
    rejected: list[Rejected] = field(default_factory=list)


def settle(doubtful: Sequence[Doubtful], known: Mapping[Identity, Correction], stored: AbstractSet[Told]) -> Settled:
    """Decides for each doubtful record whether it is new, and under which time.

    A message is judged by the server's clock at its arrival, so the same message may be believed once and not the
    other time: a clock fifteen minutes ahead is believed ten minutes later. What it was stored as first holds.

    Args:
        doubtful: in order of arrival.
        known: corrections stored earlier.
        stored: which of the disbelieved are stored under their own time, from when they were believed.
    """
    settled = Settled()
    for entry in doubtful:
        told = entry.told.ts
        correction = known.get(entry.identity) or settled.corrections.get(entry.identity)
        if correction is not None and correction.told == told:
            settled.repeated += 1
        elif not entry.record.corrected:
            _keep(settled, entry)
        elif correction is not None:
            settled.rejected.append(_conflict(entry))
        elif Told(entry.identity, told) in stored:
            settled.repeated += 1
        else:
            settled.corrections[entry.identity] = Correction(told, entry.record.at)
            _keep(settled, entry)
    return settled


def _keep(settled: Settled, entry: Doubtful) -> None:
    if isinstance(entry.record, AcceptedReading):
        settled.readings.append(entry.record)
    else:
        settled.events.append(entry.record)


def _conflict(entry: Doubtful) -> Rejected:
    identity = entry.identity
    return Rejected(
        entry.source,
        entry.record.device,
        RejectionReason.CONFLICT,
        f"boot {identity.boot} seq {identity.seq} was another message before: let boot survive restarts, set the clock",
        (identity.boot, identity.seq),
        alive=True,
    )
