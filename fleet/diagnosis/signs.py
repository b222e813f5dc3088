"""Signs: questions put to the evidence, answered yes, no or not known; missing data is never evidence of health."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Final, Literal

from fleet.diagnosis.evidence import DayValues, Evidence
from fleet.text import Text

Statistic = Literal["latest", "median", "maximum", "minimum", "change", "step"]
_FRESH_TEST: Final = timedelta(days=7)
_STEP_SIDE: Final = 4


@dataclass(frozen=True, slots=True)
class Answer:
    """What the evidence says to one question.

    Attributes:
        value: yes, no, or None for not known.
        words: the figure behind it, or why it is not known.
    """

    value: bool | None
    words: Text


def _unknown(sv: str, en: str) -> Answer:
    return Answer(None, Text(sv, en))


@dataclass(frozen=True, slots=True)
class Observation:
    """A question to the evidence."""

    def look(self, evidence: Evidence) -> Answer:  # noqa: ARG002 - what follows from it does look
        """The answer; not known where nothing overrides it."""
        return _unknown("går inte att se", "cannot be seen")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading(Observation):
    """A metric's statistic over some days lies above or below a limit.

    Attributes:
        statistic: `change` is the median of the last third minus that of the first, `step` the largest difference
            between the medians of four days before and four after any day.
        days: how far back.
        least: on at least so many days it must have been read.
    """

    metric: str
    statistic: Statistic = "latest"
    above: float | None = None
    below: float | None = None
    days: int = 14
    least: int = 1

    def look(self, evidence: Evidence) -> Answer:
        """Not known where the model lacks the metric, the asker may not see it, or too few days have it."""
        first = evidence.now.date() - timedelta(days=self.days)
        days = [day for day in evidence.readings.get(self.metric, ()) if day.day >= first]
        if len(days) < self.least:
            return _unknown(f"{self.metric}: för få mätvärden", f"{self.metric}: too few readings")
        value = _statistic(self.statistic, days)
        if value is None:
            return _unknown(f"{self.metric}: för få mätvärden", f"{self.metric}: too few readings")
        holds = (self.above is not None and value > self.above) or (self.below is not None and value < self.below)
        return Answer(holds, Text(f"{self.metric} {value:.3g}".replace(".", ","), f"{self.metric} {value:.3g}"))


def _statistic(statistic: Statistic, days: list[DayValues]) -> float | None:
    means = [day.mean for day in days]
    third = len(days) // 3
    match statistic:
        case "latest":
            return days[-1].latest
        case "median":
            return median(means)
        case "maximum":
            return max(day.high for day in days)
        case "minimum":
            return min(day.low for day in days)
        case "change":
            return median(means[-third:]) - median(means[:third]) if third else None
        case "step":
            places = range(_STEP_SIDE, len(means) - _STEP_SIDE + 1)
            steps = [abs(median(means[i : i + _STEP_SIDE]) - median(means[i - _STEP_SIDE : i])) for i in places]
            return max(steps, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Differs(Observation):
    """The medians of two metrics over some days differ by more than a limit, whichever is larger."""

    metric: str
    other: str
    by: float
    days: int = 14
    least: int = 3

    def look(self, evidence: Evidence) -> Answer:
        """Not known where either is missing."""
        first = evidence.now.date() - timedelta(days=self.days)
        pair = [
            [day.mean for day in evidence.readings.get(metric, ()) if day.day >= first]
            for metric in (self.metric, self.other)
        ]
        if min(map(len, pair)) < self.least:
            return _unknown(f"{self.metric}: för få mätvärden", f"{self.metric}: too few readings")
        apart = abs(median(pair[0]) - median(pair[1]))
        words = f"{self.metric} / {self.other}: {apart:.3g}"
        return Answer(apart > self.by, Text(words.replace(".", ",", 0), words))


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame(Observation):
    """A metric in the freeze-frame of the newest fault that has it lies above or below a limit."""

    metric: str
    above: float | None = None
    below: float | None = None
    days: int = 14

    def look(self, evidence: Evidence) -> Answer:
        """Not known without such a frame."""
        framed = [fault for fault in evidence.recent(self.days) if self.metric in fault.frame]
        if not framed:
            return _unknown("ingen ögonblicksbild av felet", "no freeze-frame of the fault")
        value = max(framed, key=lambda fault: fault.raised_at).frame[self.metric]
        holds = (self.above is not None and value > self.above) or (self.below is not None and value < self.below)
        return Answer(
            holds,
            Text(f"{self.metric} {value:.3g} när felet kom", f"{self.metric} {value:.3g} when the fault came"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened(Observation):
    """An event was seen so many times within some days."""

    event: str
    times: int = 1
    days: int = 14

    def look(self, evidence: Evidence) -> Answer:
        """Not known where the device was hardly heard or the asker may not see such events."""
        times = _times(evidence, self.event, self.days)
        words = Text(f"{self.event}: {times} på {self.days} dygn", f"{self.event}: {times} in {self.days} days")
        if times >= self.times:
            return Answer(True, words)
        return _hidden(evidence, self.event, self.days) or Answer(False, words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent(Observation):
    """An event that belongs to every few days was not seen, although the device was heard."""

    event: str
    days: int = 7

    def look(self, evidence: Evidence) -> Answer:
        """Not known where the device was heard on fewer than half of the days."""
        times = _times(evidence, self.event, self.days)
        words = Text(f"{self.event}: {times} på {self.days} dygn", f"{self.event}: {times} in {self.days} days")
        if times:
            return Answer(False, words)
        return _hidden(evidence, self.event, self.days) or Answer(True, words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished(Observation):
    """Something was begun at least three times and never finished."""

    begun: str
    finished: str
    days: int = 7
    least: int = 3

    def look(self, evidence: Evidence) -> Answer:
        """Not known where it was hardly ever begun."""
        begun, finished = (_times(evidence, event, self.days) for event in (self.begun, self.finished))
        words = Text(
            f"{self.begun} {begun}, {self.finished} {finished} på {self.days} dygn",
            f"{self.begun} {begun}, {self.finished} {finished} in {self.days} days",
        )
        if finished == 0 and begun < self.least:
            return Answer(None, words)
        return Answer(finished == 0, words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Graded(Observation):
    """A subsystem did not pass the latest self-test, if that is at most a week old."""

    subsystem: str

    def look(self, evidence: Evidence) -> Answer:
        """Not known without a fresh test of it."""
        grade = evidence.self_test.get(self.subsystem, "not_tested")
        fresh = evidence.self_test_at is not None and evidence.now - evidence.self_test_at <= _FRESH_TEST
        if grade not in {"pass", "warn", "fail"} or not fresh:
            return _unknown(f"{self.subsystem}: inget färskt självtest", f"{self.subsystem}: no fresh self-test")
        return Answer(
            grade != "pass", Text(f"självtest {self.subsystem}: {grade}", f"self-test {self.subsystem}: {grade}")
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Silent(Observation):
    """Nothing has come from the device for so many hours."""

    hours: float

    def look(self, evidence: Evidence) -> Answer:
        """Not known for a device that never was heard."""
        if evidence.last_seen_at is None:
            return _unknown("aldrig hört av", "never heard")
        hours = (evidence.now - evidence.last_seen_at) / timedelta(hours=1)
        return Answer(hours > self.hours, Text(f"hördes för {hours:.0f} h sedan", f"heard {hours:.0f} h ago"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Restarted(Observation):
    """The device started anew so many times within some hours of any of the last seven days."""

    times: int
    hours: float = 24
    days: int = 7

    def look(self, evidence: Evidence) -> Answer:
        """Not known where the device was not heard in those days."""
        most = _most_within(evidence.restarts, timedelta(hours=self.hours), evidence.now - timedelta(days=self.days))
        words = Text(f"{most} omstarter på {self.hours:.0f} h", f"{most} restarts in {self.hours:.0f} h")
        if most >= self.times:
            return Answer(True, words)
        if not evidence.days_heard(self.days):
            return _unknown("inte hört av", "not heard")
        return Answer(False, words)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockDoubted(Observation):
    """The device's clock was not believed in so large a share of its recent messages."""

    share: float = 0.2

    def look(self, evidence: Evidence) -> Answer:
        """Not known where nothing came."""
        if evidence.clock_doubted is None:
            return _unknown("inga meddelanden", "no messages")
        percent = f"{evidence.clock_doubted:.0%}"
        return Answer(
            evidence.clock_doubted >= self.share,
            Text(f"klockan tvivlades på i {percent}", f"the clock was doubted in {percent}"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Unused(Observation):
    """Data prove that the device has not been used for so many days."""

    days: int = 7

    def look(self, evidence: Evidence) -> Answer:
        """Not known where use is not known."""
        if evidence.unused_days is None:
            return _unknown("användningen är okänd", "use is not known")
        words = Text(f"oanvänd i {evidence.unused_days} dygn", f"unused for {evidence.unused_days} days")
        return Answer(evidence.unused_days >= self.days, words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet(Observation):
    """A fact of the fleet lies above a limit, such as the share of neighbours that fell silent at the same time."""

    fact: str
    above: float

    def look(self, evidence: Evidence) -> Answer:
        """Not known where the fleet says nothing of it."""
        value = evidence.fleet.get(self.fact)
        if value is None:
            return _unknown(f"{self.fact}: okänt", f"{self.fact}: not known")
        return Answer(value > self.above, Text(f"{self.fact} {value:.2g}", f"{self.fact} {value:.2g}"))


@dataclass(frozen=True, slots=True)
class Either(Observation):
    """Either of several observations; not known while none says yes and one is not known."""

    of: tuple[Observation, ...] = field(default=())

    def look(self, evidence: Evidence) -> Answer:
        """The first yes, else the first not known, else the first no."""
        answers = [observation.look(evidence) for observation in self.of]
        ranked = sorted(answers, key=lambda answer: {True: 0, None: 1, False: 2}[answer.value])
        return ranked[0]


def _times(evidence: Evidence, event: str, days: int) -> int:
    since = evidence.now - timedelta(days=days)
    return sum(moment >= since for moment in evidence.events.get(event, ()))


def _hidden(evidence: Evidence, event: str, days: int) -> Answer | None:
    """The answer "not known" where an event would not have been seen."""
    if event in evidence.events_hidden:
        return _unknown(f"{event}: syns inte för rollen", f"{event}: not shown to this role")
    if evidence.days_heard(days) * 2 < min(days, 14):
        return _unknown(f"{event}: hjälpmedlet hördes för sällan", f"{event}: the device was heard too seldom")
    return None


def _most_within(moments: tuple[datetime, ...], span: timedelta, since: datetime) -> int:
    recent = sorted(moment for moment in moments if moment >= since)
    return max((sum(start <= moment <= start + span for moment in recent) for start in recent), default=0)
