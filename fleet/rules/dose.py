"""Dose rules: a dose not taken, one that nobody knows of, a roll not verified, a schedule of another version."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from fleet.doses import LONGEST_CLOCK, Dose, Outcome, Standing
from fleet.rules.base import Finding, Rule, Snapshot
from fleet.rules.event_seen import EventSeen
from fleet.rules.fault_active import FaultActive
from fleet.text import Text


def open_doses(snapshot: Snapshot, outcome: Outcome, settled_by: Sequence[str]) -> list[Dose]:
    """Doses with an outcome that nothing has settled since: no later dose taken, no absence, no word of staff."""
    doses = snapshot.doses or ()
    if snapshot.standing is not None and snapshot.standing[0] is not Standing.PRESENT:
        return []
    taken = max((dose.due_at for dose in doses if dose.outcome is Outcome.TAKEN), default=None)
    words = [moment for name in settled_by if (moment := snapshot.events.get(name)) is not None]
    settled = max(words, default=None)
    return [
        dose
        for dose in doses
        if dose.outcome is outcome
        and not dose.settled
        and (taken is None or dose.due_at > taken)
        and (settled is None or settled < dose.due_at)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseMissed(EventSeen):
    """Fires for a dose that was missed, as the machine says or as its silence about the dose says.

    Where no schedule is known it is the event alone that decides, as in `EventSeen`: nothing can be expected then.
    """

    def evaluate(self, snapshot: Snapshot, now: datetime, *, firing: bool) -> Finding | None:
        """Judges the doses of the schedule; without one, the events."""
        if snapshot.doses is None:
            return EventSeen.evaluate(self, snapshot, now, firing=firing)
        missed = open_doses(snapshot, Outcome.MISSED, ("staff_override", "absence_started"))
        fresh = timedelta(seconds=self.fresh_seconds)
        ringing = missed if firing else [dose for dose in missed if now - dose.since <= fresh]
        if not ringing:
            return None
        first = ringing[0]
        how = Text("enligt automaten", "as the machine says") if first.told else Text("inget besked", "nothing told")
        return Finding(
            first.since,
            Text(
                f"dos {first.sequence} inte tagen, {how.sv} ({len(ringing)} st)",
                f"dose {first.sequence} not taken, {how.en} ({len(ringing)} in all)",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseReported(FaultActive):
    """Fires for a miss that a machine reports as a fault and that is about no dose of the schedule.

    One that is about a dose of the schedule is that machine's word about it, and `DoseMissed` rings: never both.
    """

    def evaluate(self, snapshot: Snapshot, now: datetime, *, firing: bool) -> Finding | None:
        """Judges the active fault; without a schedule it decides alone."""
        found, doses = FaultActive.evaluate(self, snapshot, now, firing=firing), snapshot.doses
        if found is None or not doses:
            return found
        settled = found.since < doses[0].due_at  # longer ago than doses are looked at
        return None if settled or any(about(dose, found.since) for dose in doses) else found


def about(dose: Dose, moment: datetime) -> bool:
    """Whether a miss reported at a moment can be about a dose: from its due time until its clock has run out."""
    return dose.due_at <= moment <= dose.due_at + LONGEST_CLOCK


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseUnknown(Rule):
    """Fires for a dose whose due time passed while the machine was out of reach: nobody knows whether it was taken.

    An open alarm stays when the machine comes back and tells, too late for it to ring as new, that the dose was missed.
    """

    fresh_seconds: int = 4 * 3600

    def stale(self, snapshot: Snapshot, now: datetime) -> Finding | None:
        """A dose nobody knew of, found out too late to ring."""
        if self.evaluate(snapshot, now, firing=False) is not None:
            return None
        return self.evaluate(snapshot, now, firing=True) if open_doses(snapshot, Outcome.UNKNOWN, ()) else None

    def metrics(self) -> frozenset[str]:
        """None: it looks at doses."""
        return frozenset()

    def evaluate(self, snapshot: Snapshot, now: datetime, *, firing: bool) -> Finding | None:
        """Judges the doses of the schedule; without one there is nothing to expect."""
        settled = ("staff_override", "absence_started")
        unknown = open_doses(snapshot, Outcome.UNKNOWN, settled)
        fresh = timedelta(seconds=self.fresh_seconds)
        if firing:
            late = [d for d in open_doses(snapshot, Outcome.MISSED, settled) if d.late and now - d.since > fresh]
            unknown = [*unknown, *late]  # what nobody knows goes first: another dose may have opened it than those
        else:
            unknown = [dose for dose in unknown if now - dose.since <= fresh]
        if not unknown:
            return None
        first = unknown[0]
        return Finding(
            first.since,
            Text(
                f"dos {first.sequence}: ingen kontakt över dostiden, okänt om den togs ({len(unknown)} st)",
                f"dose {first.sequence}: no contact across its time, not known whether taken ({len(unknown)} in all)",
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RollUnverified(Rule):
    """Fires after an absence until somebody has said that the roll in the machine is the right one (domain.md 4.5)."""

    def metrics(self) -> frozenset[str]:
        """None: it looks at where the user stands."""
        return frozenset()

    def evaluate(self, snapshot: Snapshot, now: datetime, *, firing: bool) -> Finding | None:
        """Judges where the user stands."""
        del now, firing
        if snapshot.standing is None or snapshot.standing[0] is not Standing.UNVERIFIED:
            return None
        return Finding(
            snapshot.standing[1],
            Text("rullen är inte kontrollerad efter frånvaro", "the roll has not been verified after an absence"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherSchedule(Rule):
    """Fires when the machine tells another schedule version than the one entered, after time enough to fetch it."""

    metric: str
    patience_seconds: int = 1800

    def metrics(self) -> frozenset[str]:
        """The metric that tells the version."""
        return frozenset({self.metric})

    def evaluate(self, snapshot: Snapshot, now: datetime, *, firing: bool) -> Finding | None:
        """Judges the newest version told after the schedule was entered; nothing told is nothing known."""
        del now, firing
        told, entered = snapshot.values.get(self.metric), snapshot.schedule
        if told is None or entered is None or int(told.value) == entered[0]:
            return None
        if told.at - entered[1] <= timedelta(seconds=self.patience_seconds):
            return None
        return Finding(
            told.at,
            Text(
                f"automaten följer schema {int(told.value)}, gällande är {entered[0]}",
                f"the machine follows schedule {int(told.value)}, in force is {entered[0]}",
            ),
        )
