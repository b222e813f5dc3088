"""Checks that a ladder leaves no alarm with nobody, pure: gaps in its rota, recipients that cannot be reached."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from fleet.clock import aware
from fleet.ladder import INSTALLATION, Ladder, Person, Step

LOOKS_AHEAD: Final = timedelta(days=28)
_GRID: Final = timedelta(minutes=15)


class Flaw(StrEnum):
    """What is wrong with a ladder; stable words."""

    GAP = "gap"
    UNKNOWN_RECIPIENT = "unknown_recipient"
    UNREACHABLE_RECIPIENT = "unreachable_recipient"
    NOBODY_IN_LAST_RESORT = "nobody_in_last_resort"


@dataclass(frozen=True, slots=True)
class Finding:
    """One flaw.

    Attributes:
        where: step number from 1, or the recipient's code.
        begins, ends: of a gap; it is passed at once when an alarm comes, so no alarm waits for its end.
        refused: a ladder with this flaw is not taken; otherwise it is told of.
    """

    flaw: Flaw
    where: str
    refused: bool
    begins: datetime | None = None
    ends: datetime | None = None


def check(ladder: Ladder, people: Mapping[str, Person], now: datetime) -> list[Finding]:
    """Everything wrong with a ladder from now on, for four weeks ahead, the worst first.

    Args:
        ladder: as it is or is to be.
        people: every recipient that exists.
        now: from when on; gaps are looked for on every quarter of an hour.
    """
    aware(now)
    found = list(_recipients(ladder, people))
    for number, step in enumerate(ladder.steps, 1):
        found += [
            Finding(Flaw.GAP, str(number), not step.falls_through, begins, ends)
            for begins, ends in gaps(step, now, now + LOOKS_AHEAD)
        ]
    return sorted(found, key=lambda finding: not finding.refused)


def gaps(step: Step, begins: datetime, ends: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Stretches of time in which no duty of a step serves."""
    moment = begins.replace(minute=begins.minute // 15 * 15, second=0, microsecond=0)
    open_since: datetime | None = None
    while moment < ends:
        served = any(duty.serves(moment) for duty in step.duties)
        if not served and open_since is None:
            open_since = moment
        if served and open_since is not None:
            yield open_since, moment
            open_since = None
        moment += _GRID
    if open_since is not None:
        yield open_since, ends


def _recipients(ladder: Ladder, people: Mapping[str, Person]) -> Iterator[Finding]:
    for code in sorted(ladder.recipients() - {INSTALLATION}):
        if code not in people:
            yield Finding(Flaw.UNKNOWN_RECIPIENT, code, refused=True)
        elif not people[code].reachable:
            yield Finding(Flaw.UNREACHABLE_RECIPIENT, code, refused=False)
    if not any(code in people and people[code].reachable for code in ladder.last_resort):
        yield Finding(Flaw.NOBODY_IN_LAST_RESORT, ", ".join(ladder.last_resort), refused=True)
