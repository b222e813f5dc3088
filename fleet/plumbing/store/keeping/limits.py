"""How long each kind of data is kept: the limits, what they must not lose, and what a run tells of."""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Final

from fleet.clock import OLDEST_BELIEVED, aware
from fleet.errors import ConfigurationError

_FIVE_YEARS: Final = 1827
_TEN_YEARS: Final = 3653


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How many days each kind of data is kept, counted from when it happened or was settled.

    Attributes:
        readings_days: raw readings. Hourly values of late ones are added to instead of made anew where it is shorter
            than device clocks are believed backwards (`fleet.clock.OLDEST_BELIEVED`).
        clock_corrections_days: at least as long as what they keep from being stored twice.
        minutes_days: what ingest did minute by minute.
        audit_days: at least five years (HSLF-FS 2016:40 asks for that of logs).
        hold_from: an incident is looked into: nothing from that moment on is dropped, whatever its age.

    Raises:
        ConfigurationError: a value that would lose something others need.
    """

    readings_days: int = 430
    hourly_days: int = 1100
    daily_days: int = _TEN_YEARS
    events_days: int = _FIVE_YEARS
    usage_days: int = _TEN_YEARS
    faults_days: int = _FIVE_YEARS
    alarms_days: int = _FIVE_YEARS
    commands_days: int = _FIVE_YEARS
    quarantine_days: int = 90
    minutes_days: int = 400
    audit_days: int = _TEN_YEARS
    clock_corrections_days: int = _FIVE_YEARS
    hold_from: datetime | None = None

    def __post_init__(self) -> None:
        """Refuses what does not fit together."""
        believed = OLDEST_BELIEVED.days + 30  # a chunk may begin four weeks before its newest row
        for name, least, why in (
            ("readings_days", 14, "a device's outbox may hold two weeks"),
            ("hourly_days", max(believed, self.readings_days), "late readings still correct them"),
            ("daily_days", self.hourly_days, "they are made of hours"),
            ("audit_days", _FIVE_YEARS, "the law asks for five years"),
            ("clock_corrections_days", max(self.readings_days, self.events_days), "redeliveries meet them"),
            *((entry.name, 1, "a day is the least") for entry in fields(self) if entry.name.endswith("_days")),
        ):
            if getattr(self, name) < least:
                raise ConfigurationError(f"{name} = {getattr(self, name)}: at least {least}, because {why}")
        if self.hold_from is not None:
            aware(self.hold_from)

    def cut(self, name: str, now: datetime) -> datetime:
        """What happened before this may go: a hold moves it back, never forward."""
        by_age = aware(now) - timedelta(days=getattr(self, name))
        return by_age if self.hold_from is None else min(by_age, self.hold_from)


@dataclass(frozen=True, slots=True)
class Dropped:
    """What a run did, or would do, with one table.

    Attributes:
        what: the table.
        before: the limit.
        chunks, rows: how many went; of a chunk its rows are not counted.
        kept: why a chunk that is old enough stays.
    """

    what: str
    before: datetime
    chunks: int = 0
    rows: int = 0
    kept: tuple[str, ...] = ()
