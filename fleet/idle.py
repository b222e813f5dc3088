"""The idle verdict, pure: what the data proves about a device's use, with the reason and what would change it.

Silence never proposes a return. Days are counted only up to the day the device was last heard, so that a return is
proposed on data that says *unused*, never on missing data (reliability.md R1).
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final

from fleet.clock import local_day
from fleet.text import Text
from fleet.usage import IdlePolicy

_ONE_DAY: Final = timedelta(days=1)
_DAYS_PER_MONTH: Final = Decimal("365.25") / 12


class Verdict(StrEnum):
    """What is known about a device's use. Only `unused` and `never_started` say that it is not used."""

    USED = "used"
    UNUSED = "unused"
    NEVER_STARTED = "never_started"
    TOO_EARLY = "too_early"
    SILENT = "silent"
    NEVER_CONNECTED = "never_connected"
    CANNOT_REPORT = "cannot_report"
    IN_STOCK = "in_stock"


PROVEN_UNUSED: Final = frozenset({Verdict.UNUSED, Verdict.NEVER_STARTED})


class Step(StrEnum):
    """What the policy suggests to a person, in rising order; never more than a suggestion."""

    NONE = "none"
    NOTE = "note"
    CONTACT = "contact"
    PROPOSE = "propose"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the platform knows of one device.

    Attributes:
        loan_started: start of the open loan; None for a device that nobody borrows.
        can_report: it has credentials and a profile.
        first_seen, last_seen: server time of the first and the latest message, of any loan; None if never.
        last_used_day: newest Swedish local day that counts as used, of any loan.
    """

    loan_started: datetime | None
    can_report: bool
    first_seen: datetime | None
    last_seen: datetime | None
    last_used_day: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The verdict on one device.

    Attributes:
        step: `none` unless the verdict is one of PROVEN_UNUSED.
        since: the day from which the verdict holds: last used, last heard, or the start of the loan; None in stock.
        days: days of proven non-use for PROVEN_UNUSED, else days since `since`; None in stock.
        would_change: what would lead to another verdict.
    """

    verdict: Verdict
    step: Step
    since: date | None
    days: int | None
    reason: Text
    would_change: Text


@dataclass(frozen=True, slots=True)
class Cutoffs:
    """The latest last-used days at which a policy reaches each step, for one day up to which data is known."""

    unused: date
    note: date
    contact: date
    propose: date


def judge(evidence: Evidence, policy: IdlePolicy, today: date) -> Judgement:
    """The verdict on a device under its model's policy on the Swedish day `today`."""
    if evidence.loan_started is None:
        return _plain(Verdict.IN_STOCK, None, today, _IN_STOCK)
    loan_day = local_day(evidence.loan_started)
    if not evidence.can_report:
        return _plain(Verdict.CANNOT_REPORT, loan_day, today, _CANNOT_REPORT)
    if evidence.last_seen is None or evidence.last_seen < evidence.loan_started:
        return _plain(Verdict.NEVER_CONNECTED, loan_day, today, _NEVER_CONNECTED)
    heard_day = min(local_day(evidence.last_seen), today)
    if today - heard_day > timedelta(days=policy.silent_after_days):
        return _plain(Verdict.SILENT, heard_day, today, _SILENT)
    training = today - loan_day < timedelta(days=policy.training_days)
    if evidence.last_used_day is not None and evidence.last_used_day >= loan_day:
        return _heard_and_used(evidence.last_used_day, heard_day, policy, training=training)
    first_day = loan_day if evidence.first_seen is None else max(loan_day, local_day(evidence.first_seen))
    return _heard_never_used(min(first_day, heard_day), heard_day, policy, training=training)


def step_after(last_used: date, known_until: date, policy: IdlePolicy) -> Step:
    """The step a policy has reached when a device was last used on one day and data is known up to another.

    Days in quiet months do not count towards the ordinary limits; the quiet limit counts every day.
    """
    counted = days_outside(policy.quiet_months, last_used, known_until)
    total = (known_until - last_used).days
    if counted >= policy.propose_days or (policy.quiet_propose_days is not None and total >= policy.quiet_propose_days):
        return Step.PROPOSE
    if counted >= policy.contact_days:
        return Step.CONTACT
    return Step.NOTE if counted >= policy.note_days else Step.NONE


def days_outside(quiet_months: frozenset[int], after: date, until: date) -> int:
    """How many days later than `after`, up to and with `until`, lie outside the quiet months."""
    total = max(0, (until - after).days)
    if not quiet_months:
        return total
    return sum((after + timedelta(days=number)).month not in quiet_months for number in range(1, total + 1))


def cutoffs(policy: IdlePolicy, known_until: date) -> Cutoffs:
    """The same limits as dates, so that a database compares one date instead of counting days per device."""
    reached: dict[Step, date] = {}
    last_used = known_until
    while Step.PROPOSE not in reached:
        step = step_after(last_used, known_until, policy)
        for lower in list(Step)[1 : list(Step).index(step) + 1]:
            reached.setdefault(lower, last_used)
        last_used -= _ONE_DAY
    return Cutoffs(
        known_until - timedelta(days=policy.note_days), reached[Step.NOTE], reached[Step.CONTACT], reached[Step.PROPOSE]
    )


def cost_sek(rent_a_month: Decimal, days: int) -> Decimal:
    """Rent in SEK for a number of days, a month being a twelfth of 365.25 days."""
    return (rent_a_month * days / _DAYS_PER_MONTH).quantize(Decimal("0.01"))


def _heard_and_used(last_used: date, heard_day: date, policy: IdlePolicy, *, training: bool) -> Judgement:
    days = max(0, (heard_day - last_used).days)
    if days < policy.note_days:
        return _judgement(Verdict.USED, Step.NONE, last_used, days, _USED)
    if training:
        return _judgement(Verdict.TOO_EARLY, Step.NONE, last_used, days, _training(policy))
    step = step_after(last_used, heard_day, policy)
    return _judgement(Verdict.UNUSED, step, last_used, days, _unused(last_used, days, step, policy))


def _heard_never_used(first_day: date, heard_day: date, policy: IdlePolicy, *, training: bool) -> Judgement:
    days = (heard_day - first_day).days
    if training or days < policy.note_days:
        return _judgement(Verdict.TOO_EARLY, Step.NONE, first_day, days, _training(policy))
    step = step_after(first_day, heard_day, policy)
    return _judgement(Verdict.NEVER_STARTED, step, first_day, days, _never_started(first_day, days, step, policy))


# A verdict's two sentences: the reason, and what would change it. {since} and {days} are filled in.
_Sentences = tuple[Text, Text]


def _plain(verdict: Verdict, since: date | None, today: date, sentences: _Sentences) -> Judgement:
    return _judgement(verdict, Step.NONE, since, None if since is None else (today - since).days, sentences)


def _judgement(verdict: Verdict, step: Step, since: date | None, days: int | None, sentences: _Sentences) -> Judgement:
    reason, would_change = (
        Text(text.sv.format(since=since, days=days), text.en.format(since=since, days=days)) for text in sentences
    )
    return Judgement(verdict=verdict, step=step, since=since, days=days, reason=reason, would_change=would_change)


_IN_STOCK: Final = (
    Text("Ingen lånar hjälpmedlet just nu.", "Nobody borrows the device at present."),
    Text("En ny uthyrning.", "A new loan."),
)
_CANNOT_REPORT: Final = (
    Text(
        "Uthyrt sedan {since}, men exemplaret är inte anslutet och kan inte rapportera; om det används är okänt.",
        "On loan since {since}, but this device is not enrolled and cannot report; whether it is used is unknown.",
    ),
    Text("Att hjälpmedlet ansluts.", "Enrolling the device."),
)
_NEVER_CONNECTED: Final = (
    Text(
        "Uthyrt sedan {since} ({days} dagar) utan att ha hörts av under uthyrningen; om det används är okänt.",
        "On loan since {since} ({days} days) and not heard from during the loan; whether it is used is unknown.",
    ),
    Text("Första meddelandet från hjälpmedlet.", "The first message from the device."),
)
_SILENT: Final = (
    Text(
        "Inget hört sedan {since} ({days} dagar); tystnad visar inte om hjälpmedlet används.",
        "Nothing heard since {since} ({days} days); silence does not show whether the device is used.",
    ),
    Text("Kontakt med hjälpmedlet.", "Contact with the device."),
)
_USED: Final = (
    Text(
        "Senast använt {since} ({days} dagar före senaste data).",
        "Last used {since} ({days} days before the newest data).",
    ),
    Text("Fler dagar utan användning.", "More days without use."),
)


def _training(policy: IdlePolicy) -> _Sentences:
    return (
        Text(
            "För tidigt att bedöma: {days} dagar med data sedan {since}; bedömning börjar "
            f"{policy.training_days} dagar in i uthyrningen och efter {policy.note_days} dagar utan användning.",
            "Too early to judge: {days} days of data since {since}; judging begins "
            f"{policy.training_days} days into the loan and after {policy.note_days} days without use.",
        ),
        Text("Tid, eller en använd dag.", "Time, or a used day."),
    )


def _unused(last_used: date, days: int, step: Step, policy: IdlePolicy) -> _Sentences:
    known_until = last_used + timedelta(days=days)
    limits_sv, limits_en = _limits(last_used, known_until, step, policy)
    return (
        Text(
            f"Senast använt {{since}}: {{days}} dagar med data utan användning till och med {known_until}. {limits_sv}",
            f"Last used {{since}}: {{days}} days of data without use up to {known_until}. {limits_en}",
        ),
        _A_USED_DAY,
    )


def _never_started(first_day: date, days: int, step: Step, policy: IdlePolicy) -> _Sentences:
    known_until = first_day + timedelta(days=days)
    limits_sv, limits_en = _limits(first_day, known_until, step, policy)
    return (
        Text(
            f"Inte använt en enda dag sedan {{since}}: {{days}} dagar med data till och med {known_until}. {limits_sv}",
            f"Not used on a single day since {{since}}: {{days}} days of data up to {known_until}. {limits_en}",
        ),
        _A_USED_DAY,
    )


_A_USED_DAY: Final = Text(
    "En använd dag, eller att ett uppehåll (sjukhus, resa) är känt.",
    "A used day, or a known absence (hospital, travel).",
)
_STEP_WORDS: Final = {
    Step.NONE: Text("Inget föreslås än", "Nothing is suggested yet"),
    Step.NOTE: Text("Notera", "Note it"),
    Step.CONTACT: Text("Kontakta förskrivaren", "Contact the prescriber"),
    Step.PROPOSE: Text("Föreslå återlämning", "Propose a return"),
}


def _limits(last_used: date, known_until: date, step: Step, policy: IdlePolicy) -> tuple[str, str]:
    ladder = f"{policy.note_days}/{policy.contact_days}/{policy.propose_days}"
    words = _STEP_WORDS[step]
    swedish = f"{words.sv} (gränser {ladder} dagar"
    english = f"{words.en} (limits {ladder} days"
    if policy.quiet_months:
        counted = days_outside(policy.quiet_months, last_used, known_until)
        swedish += f"; {counted} av dagarna utanför lugna månader, i dem gäller {policy.quiet_propose_days} dagar"
        english += f"; {counted} of the days outside quiet months, in which {policy.quiet_propose_days} days apply"
    return f"{swedish}).", f"{english})."
