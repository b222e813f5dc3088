"""What the watch thinks of what it sees, pure: troubles, when they are told, when told again, when they are over."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from fleet.clock import aware
from fleet.text import Text

STALE: Final = timedelta(seconds=60)
"""A part that has not finished a turn for so long is dead or stuck; looked at every 5 s, it is told within 90 s."""
AGAIN: Final = timedelta(minutes=15)
PARTS: Final = ("judging", "timing", "quieting", "escalating", "notifying")


class Trouble(StrEnum):
    """What can be wrong; stable words."""

    DATABASE = "database_unreachable"
    JUDGING = "engine_dead"
    TIMING = "timers_dead"
    QUIETING = "silence_dead"
    ESCALATING = "escalation_dead"
    NOTIFYING = "notifier_dead"
    INGEST = "ingest_stuck"
    DROPPED = "broker_dropped"
    MARKS = "evaluation_stuck"
    OUTBOX = "outbox_stuck"
    LADDERS = "ladders_stuck"
    ROTA = "rota_has_gap"
    CANARY = "canary_lost"


SAID: Final[Mapping[Trouble, Text]] = {
    Trouble.DATABASE: Text("Databasen svarar inte", "The database does not answer"),
    Trouble.JUDGING: Text("Larmmotorn står stilla", "The alarm engine stands still"),
    Trouble.TIMING: Text("Tidsgränser och öppna larm bedöms inte", "Timers and open alarms are not judged"),
    Trouble.QUIETING: Text("Tystnad och områden bedöms inte", "Silence and areas are not judged"),
    Trouble.ESCALATING: Text("Larmstegen står stilla", "Escalation stands still"),
    Trouble.NOTIFYING: Text("Utskicken står stilla", "The notifier stands still"),
    Trouble.INGEST: Text("Inmatningen står stilla", "Ingest stands still"),
    Trouble.DROPPED: Text("Brokern har kastat meddelanden", "The broker threw messages away"),
    Trouble.MARKS: Text("Inkomna händelser bedöms inte", "Events that came in are not judged"),
    Trouble.OUTBOX: Text("Larm skickas inte ut", "Notifications are not sent"),
    Trouble.LADDERS: Text("Larmsteg går inte vidare", "Ladders do not move on"),
    Trouble.ROTA: Text("En larmstege har en lucka", "A ladder has a gap"),
    Trouble.CANARY: Text("Kanarielarmet kom inte fram", "The canary's alarm did not arrive"),
}


_STILL: Final = (Trouble.JUDGING, Trouble.TIMING, Trouble.QUIETING, Trouble.ESCALATING, Trouble.NOTIFYING)
"""What it means that a part stands still, in the order of PARTS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the watch saw at one look; None where nothing is known.

    Attributes:
        pulses: when each part of the worker last finished a turn.
        watermark: up to when ingest has stored what it received; None where ingest has never run.
        dropped: messages that brokers threw away in the last quarter of an hour, by their own count ($SYS).
        oldest_mark: since when a device waits to be judged.
        oldest_message: since when the oldest message waits that has never been tried.
        oldest_step: when the oldest step of a ladder was due that was not taken.
        refused_ladders: ladders in which an alarm could get lost.
        canary_lost: the latest canary that has an outcome did not arrive.
    """

    now: datetime
    reachable: bool = True
    pulses: Mapping[str, datetime] = field(default_factory=dict)
    watermark: datetime | None = None
    dropped: int = 0
    oldest_mark: datetime | None = None
    oldest_message: datetime | None = None
    oldest_step: datetime | None = None
    refused_ladders: int = 0
    canary_lost: bool = False


def judge(seen: Seen, began: datetime, stale: timedelta = STALE) -> set[Trouble]:
    """The troubles of one look.

    Args:
        seen: what was seen, by the database's clock.
        began: since when the watch runs; a part that has never shown itself gets as long as any other.
        stale: after how long without a turn a part is told of.
    """
    if not seen.reachable:
        return {Trouble.DATABASE}
    aware(seen.now)
    late = seen.now - stale
    troubles = {trouble for trouble, part in zip(_STILL, PARTS, strict=True) if seen.pulses.get(part, began) < late}
    waiting = {
        Trouble.INGEST: seen.watermark,
        Trouble.MARKS: seen.oldest_mark,
        Trouble.OUTBOX: seen.oldest_message,
        Trouble.LADDERS: seen.oldest_step,
    }
    troubles |= {trouble for trouble, since in waiting.items() if since is not None and since < late}
    if seen.dropped:
        troubles.add(Trouble.DROPPED)
    if seen.refused_ladders:
        troubles.add(Trouble.ROTA)
    if seen.canary_lost:
        troubles.add(Trouble.CANARY)
    return troubles


@dataclass(slots=True)
class Memory:
    """What was told already: each trouble at once, again after a while, and once when it is over."""

    told: dict[Trouble, datetime] = field(default_factory=dict)

    def due(self, troubles: Iterable[Trouble], now: datetime) -> tuple[list[Trouble], list[Trouble]]:
        """The troubles to tell of now, and those to say are over."""
        present = set(troubles)
        return (
            sorted(trouble for trouble in present if now - self.told.get(trouble, now - AGAIN) >= AGAIN),
            sorted(self.told.keys() - present),
        )

    def remember(self, begun: Iterable[Trouble], over: Iterable[Trouble], now: datetime) -> None:
        """Keeps what was really told; what was not is due again at the next look."""
        self.told |= dict.fromkeys(begun, now)
        for trouble in over:
            self.told.pop(trouble, None)
