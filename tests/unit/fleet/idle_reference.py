"""The idle verdict once more, independently and slowly: one device, one day after the other, in plain Python."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise

from fleet.idle import Step, Verdict
from fleet.usage import IdlePolicy

DAY = timedelta(days=1)


@dataclass(kw_only=True)
class Story:
    """One device as a person would write it down."""

    today: date
    loan: date | None
    can_report: bool = True
    heard: set[date] = field(default_factory=set)
    used: set[date] = field(default_factory=set)
    absences: list[tuple[date, date | None]] = field(default_factory=list)
    last_seen: date | None = None
    interval: int = 0
    source_lost: date | None = None
    replaced: date | None = None


def verdict_of(  # noqa: C901, PLR0911, PLR0912 - one question after the other, on purpose
    story: Story, policy: IdlePolicy, first: date
) -> tuple[Verdict, Step, date | None, int | None]:
    """Verdict, step, since and days; what lies before `first` is not looked at."""
    if story.loan is None:
        return Verdict.IN_STOCK, Step.NONE, None, None
    if not story.can_report:
        return Verdict.CANNOT_REPORT, Step.NONE, story.loan, (story.today - story.loan).days
    begin = max(first, story.loan)
    used = sorted(day for day in story.used if day >= begin)
    heard = sorted(day for day in story.heard | story.used if day >= begin)
    last_used = used[-1] if used else None
    away = {
        day
        for start, end in story.absences
        for day in _days(start, story.today if end is None else end + policy.after_absence_days * DAY)
    }
    away_now = max((s for s, e in story.absences if s <= story.today and (e is None or e >= story.today)), default=None)
    proven = [day for day in heard if day not in used and day < heard[-1] and day not in away]
    idle = [day for day in proven if last_used is None or day > last_used]
    ordinary = [day for day in idle if day.month not in policy.quiet_months]
    since = last_used or (heard[0] if heard else None)
    unheard = (
        0 if since is None else sum(day not in heard and day not in away for day in _days(since + DAY, heard[-1] - DAY))
    )
    least = max(4 * story.interval, _own_limit(used, proven, policy))
    note, contact, propose = (max(n, least) for n in (policy.note_days, policy.contact_days, policy.propose_days))
    seen = story.last_seen if story.last_seen is not None and story.last_seen >= story.loan else None
    latest = max([*heard[-1:], *([seen] if seen else [])], default=None)
    silent = latest is not None and (story.today - latest).days > policy.silent_after_days
    step = Step.NONE
    for limit, reached in ((note, Step.NOTE), (contact, Step.CONTACT)):
        if len(ordinary) >= limit:
            step = reached
    past = len(ordinary) - propose
    if policy.quiet_propose_days is not None:
        past = max(past, len(idle) - max(policy.quiet_propose_days, propose))
    if past >= 0:
        asked = past >= 14 and len(ordinary) >= note
        known = last_used is not None or story.replaced is not None or asked
        step = Step.PROPOSE if known else Step.CONTACT
    if len(idle) < unheard and step is Step.PROPOSE:
        step = Step.CONTACT

    if away_now is not None and not (last_used is not None and (story.today - last_used).days <= 2):
        return Verdict.ABSENT, Step.NONE, away_now, (story.today - away_now).days
    if story.replaced is not None and (last_used is None or last_used < story.replaced):
        return Verdict.REPLACED, Step.NONE if silent or latest is None else step, story.replaced, len(idle)
    if latest is None:
        return Verdict.NEVER_CONNECTED, Step.NONE, story.loan, (story.today - story.loan).days
    if silent and story.source_lost is not None:
        return Verdict.SOURCE_LOST, Step.NONE, story.source_lost, (story.today - story.source_lost).days
    if silent:
        return Verdict.SILENT, Step.NONE, latest, (story.today - latest).days
    if last_used is not None and len(idle) < note:
        return Verdict.USED, Step.NONE, last_used, (story.today - last_used).days
    if (story.today - story.loan).days < policy.training_days or len(idle) < note:
        from_day = since or story.loan
        return Verdict.TOO_EARLY, Step.NONE, from_day, (story.today - from_day).days
    assert since is not None
    return (Verdict.UNUSED if last_used else Verdict.NEVER_STARTED), step, since, len(idle)


def _own_limit(used: list[date], proven: list[date], policy: IdlePolicy) -> int:
    chances = {day for day in proven if day.month not in policy.quiet_months}
    seasons = [(a, b) for a, b in pairwise(used) if not any(day.month in policy.quiet_months for day in _days(a, b))]
    gaps = sorted(1 + sum(day in chances for day in _days(a + DAY, b - DAY)) for a, b in seasons)
    if len(gaps) < 10:
        return 0
    return 2 * min(63, next(gap for number, gap in enumerate(gaps, 1) if number >= 0.95 * len(gaps)))


def _days(start: date, end: date) -> list[date]:
    return [start + number * DAY for number in range((end - start).days + 1)]
