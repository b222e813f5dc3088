"""The recall case, pure: the way of an unused device back to the depot, as one table of states and transitions.

A case is a proposal to people and moves only by what people answer and do, but for two moves of its own: a device that
is used again stops its case, and a case whose ground is gone is withdrawn. Nothing is ever proposed on silence, on a
registered absence or on data of an earlier loan (reliability.md R1; domain.md 2.6): `may_propose` says so here, and the
database says so once more where the case is written.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from fleet.idle import PROVEN_UNUSED, Step, cost_sek
from fleet.text import Text

JUDGED_WITHIN_DAYS: Final = 3
"""A verdict older than this proposes nothing: what is known of the device may have changed since."""

LONGEST_SNOOZE_DAYS: Final = 366
SAVED_DAYS: Final = 365
SNOOZE_DAYS: Final = 90
"""For how long "still needed" holds where the prescriber names no day."""


class State(StrEnum):
    """Where a case stands."""

    PROPOSED = "proposed"
    ASKED = "asked"
    NEEDED = "needed"
    CONFIRMED_UNUSED = "confirmed_unused"
    PICK_UP_ORDERED = "pick_up_ordered"
    COLLECTED = "collected"
    DEREGISTERED = "deregistered"
    RECONDITIONED = "reconditioned"
    PARTS = "parts"
    SCRAPPED = "scrapped"
    IN_STOCK = "in_stock"
    LOST = "lost"
    WOKEN_UP = "woken_up"
    WITHDRAWN = "withdrawn"


class Action(StrEnum):
    """What moves a case. `propose` begins one; `wake_up` is the device's own."""

    PROPOSE = "propose"
    ASK = "ask"
    NEED = "need"
    CONFIRM = "confirm"
    ORDER = "order"
    COLLECT = "collect"
    DEREGISTER = "deregister"
    RECONDITION = "recondition"
    HARVEST = "harvest"
    SCRAP = "scrap"
    STOCK = "stock"
    LOSE = "lose"
    WAKE_UP = "wake_up"
    WITHDRAW = "withdraw"


_S, _A = State, Action
TRANSITIONS: Final[Mapping[tuple[State, Action], State]] = MappingProxyType(
    {
        (_S.PROPOSED, _A.ASK): _S.ASKED,
        (_S.PROPOSED, _A.NEED): _S.NEEDED,
        (_S.PROPOSED, _A.CONFIRM): _S.CONFIRMED_UNUSED,
        (_S.PROPOSED, _A.LOSE): _S.LOST,
        (_S.PROPOSED, _A.WAKE_UP): _S.WOKEN_UP,
        (_S.PROPOSED, _A.WITHDRAW): _S.WITHDRAWN,
        (_S.ASKED, _A.NEED): _S.NEEDED,
        (_S.ASKED, _A.CONFIRM): _S.CONFIRMED_UNUSED,
        (_S.ASKED, _A.LOSE): _S.LOST,
        (_S.ASKED, _A.WAKE_UP): _S.WOKEN_UP,
        (_S.ASKED, _A.WITHDRAW): _S.WITHDRAWN,
        (_S.CONFIRMED_UNUSED, _A.NEED): _S.NEEDED,
        (_S.CONFIRMED_UNUSED, _A.ORDER): _S.PICK_UP_ORDERED,
        (_S.CONFIRMED_UNUSED, _A.LOSE): _S.LOST,
        (_S.CONFIRMED_UNUSED, _A.WAKE_UP): _S.WOKEN_UP,
        (_S.CONFIRMED_UNUSED, _A.WITHDRAW): _S.WITHDRAWN,
        (_S.PICK_UP_ORDERED, _A.NEED): _S.NEEDED,
        (_S.PICK_UP_ORDERED, _A.COLLECT): _S.COLLECTED,
        (_S.PICK_UP_ORDERED, _A.LOSE): _S.LOST,
        (_S.PICK_UP_ORDERED, _A.WAKE_UP): _S.WOKEN_UP,
        (_S.PICK_UP_ORDERED, _A.WITHDRAW): _S.WITHDRAWN,
        (_S.COLLECTED, _A.DEREGISTER): _S.DEREGISTERED,
        (_S.DEREGISTERED, _A.RECONDITION): _S.RECONDITIONED,
        (_S.DEREGISTERED, _A.HARVEST): _S.PARTS,
        (_S.DEREGISTERED, _A.SCRAP): _S.SCRAPPED,
        (_S.RECONDITIONED, _A.STOCK): _S.IN_STOCK,
        (_S.LOST, _A.COLLECT): _S.COLLECTED,
    }
)
"""The whole life of a case; what is not here is refused. The database holds the same table and refuses the same."""

FINAL: Final = frozenset({_S.NEEDED, _S.PARTS, _S.SCRAPPED, _S.IN_STOCK, _S.LOST, _S.WOKEN_UP, _S.WITHDRAWN})
"""States of a closed case: the device may be proposed anew. A lost device that turns up opens its case again."""

AT_THE_USER: Final = frozenset({_S.PROPOSED, _S.ASKED, _S.CONFIRMED_UNUSED, _S.PICK_UP_ORDERED})
"""States in which the device is still with its user, so that use of it stops the case."""

SAVING: Final = frozenset(
    {_S.PICK_UP_ORDERED, _S.COLLECTED, _S.DEREGISTERED, _S.RECONDITIONED, _S.PARTS, _S.SCRAPPED, _S.IN_STOCK}
)
"""States in which the rent has stopped or is about to."""

ANSWERS: Final = frozenset({Action.NEED, Action.CONFIRM, Action.LOSE})
"""What a prescriber unit may say of its own devices."""

BY_PEOPLE: Final = frozenset(Action) - {Action.PROPOSE, Action.WAKE_UP}
"""Actions a person may ask for."""

STATE_WORDS: Final[Mapping[State, Text]] = MappingProxyType(
    {
        _S.PROPOSED: Text("föreslagen", "proposed"),
        _S.ASKED: Text("förskrivaren tillfrågad", "prescriber asked"),
        _S.NEEDED: Text("behövs", "needed"),
        _S.CONFIRMED_UNUSED: Text("bekräftat oanvänd", "confirmed unused"),
        _S.PICK_UP_ORDERED: Text("hämtorder lagd", "pick-up ordered"),
        _S.COLLECTED: Text("hämtad", "collected"),
        _S.DEREGISTERED: Text("avregistrerad", "deregistered"),
        _S.RECONDITIONED: Text("rekonditionerad", "reconditioned"),
        _S.PARTS: Text("reservdelar", "parts"),
        _S.SCRAPPED: Text("skrotad", "scrapped"),
        _S.IN_STOCK: Text("i lager", "in stock"),
        _S.LOST: Text("förkommen", "lost"),
        _S.WOKEN_UP: Text("stoppad: används igen", "stopped: used again"),
        _S.WITHDRAWN: Text("återtagen", "withdrawn"),
    }
)


@dataclass(frozen=True, slots=True)
class Move:
    """A transition that the table allows."""

    before: State
    action: Action
    after: State


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why something is not done."""

    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a proposal would rest on.

    Attributes:
        verdict, step, since: of the newest judgement; `since` is the day from which the verdict holds.
        known_until: the newest Swedish day with data of the device.
        judged_on: the day of the judgement.
        loan_day: first day of the open loan; None for a device that nobody borrows.
        silent_after_days: of the model's policy.
        snoozed_until: last day on which an earlier "still needed" holds.
        absent: an absence of the user is registered.
        open_case: the device has a case that is not closed.
        used_since: it was used later than `since`, which the verdict does not know yet.
    """

    verdict: str
    step: str
    since: date | None
    known_until: date | None
    judged_on: date
    loan_day: date | None
    silent_after_days: int
    snoozed_until: date | None = None
    absent: bool = False
    open_case: bool = False
    used_since: bool = False


def move(state: State, action: Action) -> Move | Refusal:
    """The transition an action makes from a state, or why there is none."""
    after = TRANSITIONS.get((state, action))
    if after is not None:
        return Move(state, action, after)
    now = STATE_WORDS[state]
    ways = sorted(known for before, known in TRANSITIONS if before is state)
    return Refusal(
        Text(
            f"Ärendet är {now.sv}; därifrån går det inte att göra detta. Möjligt: {', '.join(ways) or 'inget'}.",
            f"The case is {now.en}; this cannot be done from there. Possible: {', '.join(ways) or 'nothing'}.",
        )
    )


def may_propose(ground: Ground, today: date) -> Refusal | None:
    """None where a recall may be proposed to people on the Swedish day `today`; else the reason why not."""
    proven = ground.verdict in PROVEN_UNUSED and ground.step == Step.PROPOSE
    objections: tuple[tuple[bool, Refusal], ...] = (
        (ground.loan_day is None, _NOT_ON_LOAN),
        (ground.open_case, _HAS_A_CASE),
        (ground.absent, _ABSENT),
        (not proven, _NOT_PROVEN),
        (ground.since is None or ground.loan_day is None or ground.since < ground.loan_day, _ACROSS_LOANS),
        ((today - ground.judged_on).days > JUDGED_WITHIN_DAYS, _OLD_VERDICT),
        (ground.known_until is None or (today - ground.known_until).days > ground.silent_after_days, _SILENT),
        (ground.used_since, _USED_SINCE),
        (ground.snoozed_until is not None and ground.snoozed_until >= today, _SNOOZED),
    )
    return next((refusal for holds, refusal in objections if holds), None)


def snooze_until(asked: date | None, today: date) -> date | Refusal:
    """Until when "still needed" keeps the device from being proposed again; `asked` is the day the prescriber named."""
    if asked is None:
        return today + timedelta(days=SNOOZE_DAYS)
    if asked < today:
        return _SNOOZE_PAST
    return asked if (asked - today).days <= LONGEST_SNOOZE_DAYS else _SNOOZE_LONG


def saved_sek(state: State, rent_a_month: Decimal | None, rent_stops: date | None, today: date) -> Decimal:
    """Rent in SEK not paid since it stopped, for a case that ended the rent, and for a year at most.

    After a year without this device nobody can say that it would still have been rented. Nothing is counted before the
    rent stopped, where the rent is unknown, or for an order that was taken back.
    """
    if state not in SAVING or rent_a_month is None or rent_stops is None or rent_stops >= today:
        return Decimal("0.00")
    return cost_sek(rent_a_month, min(SAVED_DAYS, (today - rent_stops).days))


@dataclass(frozen=True, slots=True)
class FalseRecalls:
    """How often a proposal was wrong, measured from prescribers' answers; use during a case counts as an answer.

    Attributes:
        needed: answered "still needed".
        woken_up: stopped because the device was used again before anybody answered or fetched it.
        confirmed: answered "unused".
        waiting: without an answer so far; in no way counted as right.
    """

    needed: int
    woken_up: int
    confirmed: int
    waiting: int

    @property
    def answered(self) -> int:
        """The denominator."""
        return self.needed + self.woken_up + self.confirmed

    @property
    def rate(self) -> float | None:
        """Share of answered proposals that were wrong; None where nobody has answered."""
        return (self.needed + self.woken_up) / self.answered if self.answered else None

    @property
    def meaning(self) -> Text:
        """The rate with its denominator as a sentence."""
        wrong, of = self.needed + self.woken_up, self.answered
        return Text(
            f"{wrong} av {of} besvarade förslag var fel (behövs eller används igen); {self.waiting} väntar på svar.",
            f"{wrong} of {of} answered proposals were wrong (needed or used again); {self.waiting} await an answer.",
        )


def mermaid(transitions: Iterable[tuple[tuple[State, Action], State]] = TRANSITIONS.items()) -> str:
    """The table as a state diagram, for the documentation."""
    lines = [f"    {before} --> {after}: {action}" for (before, action), after in transitions]
    return "\n".join(["stateDiagram-v2", "    [*] --> proposed: propose", *lines])


_NOT_ON_LOAN: Final = Refusal(Text("Ingen lånar hjälpmedlet.", "Nobody borrows the device."))
_HAS_A_CASE: Final = Refusal(Text("Det har redan ett öppet ärende.", "It has an open case already."))
_ABSENT: Final = Refusal(
    Text("En frånvaro är registrerad (sjukhus, resa).", "An absence is registered (hospital, travel).")
)
_NOT_PROVEN: Final = Refusal(
    Text(
        "Data visar inte att hjälpmedlet är oanvänt så länge att retur föreslås; tystnad räknas inte.",
        "The data does not prove the device unused for as long as a return takes; silence does not count.",
    )
)
_ACROSS_LOANS: Final = Refusal(
    Text(
        "Underlaget börjar före den pågående uthyrningen.",
        "The evidence begins before the loan that is open.",
    )
)
_OLD_VERDICT: Final = Refusal(
    Text("Bedömningen är för gammal; vänta på en ny.", "The verdict is too old; wait for a new one.")
)
_SILENT: Final = Refusal(
    Text(
        "Hjälpmedlet har tystnat; om det används är okänt.",
        "The device has fallen silent; whether it is used is unknown.",
    )
)
_USED_SINCE: Final = Refusal(Text("Det har använts sedan dess.", "It has been used since."))
_SNOOZED: Final = Refusal(
    Text(
        "Förskrivaren har svarat att det behövs, och svaret gäller än.", "The prescriber's answer, needed, still holds."
    )
)
_SNOOZE_PAST: Final = Refusal(Text("Dagen har redan varit.", "The day has passed already."))
_SNOOZE_LONG: Final = Refusal(
    Text(
        f"Svaret kan gälla i högst {LONGEST_SNOOZE_DAYS} dagar; fråga sedan igen.",
        f"The answer may hold for {LONGEST_SNOOZE_DAYS} days at most; ask again then.",
    )
)
