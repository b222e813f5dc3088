"""Why a device has its verdict, in plain Swedish and English, with the numbers, and what would change it; pure."""

from typing import Final

from fleet.idle import PROVEN_UNUSED, Found, Opinion, Step, Verdict
from fleet.text import Text


def reason(found: Found) -> Text:
    """Why the device has its verdict."""
    told = [_filled(_BECAUSE[found.verdict], found)]
    if found.verdict in PROVEN_UNUSED:
        told += [_limits(found), *_not_counted(found), *_rhythm(found)]
        told += [_ASKED_FIRST] if _waits(found) else []
    if found.double_days:
        told.append(_filled(_BOTH, found))
    if found.verdict is Verdict.REPLACED and found.other_device is not None:
        told.append(_filled(_OTHER, found))
    told += _opinion(found)
    return Text(" ".join(text.sv for text in told), " ".join(text.en for text in told))


def would_change(found: Found) -> Text:
    """What would lead to another verdict, or to a proposal that waits."""
    if _waits(found) or (found.verdict in PROVEN_UNUSED and found.opinion is Opinion.DISAGREES):
        return _ASK_FIRST
    return _CHANGES[found.verdict]


NOT_YET_JUDGED: Final = Text(
    "Ännu inte bedömt: ingen bedömning har gjorts, så om inget hjälpmedel är det känt om det används.",
    "Not yet judged: no verdicts have been made, so of no device it is known whether it is used.",
)
"""What stands where the figures would, before the first run: a nought would read as all well."""


def said_of_all(*, on_loan: int, reported: int, unused: int, unknown: int) -> Text:
    """What the verdicts say of all devices in scope, with the denominators.

    Args:
        on_loan: devices that somebody borrows.
        reported: of those, with data enough for a verdict.
        unused: of those, proven unused.
        unknown: on loan, and nothing is known of their use.
    """
    if not on_loan:
        return Text("Inget hjälpmedel i urvalet är uthyrt.", "No device in this selection is on loan.")
    if not reported:
        return Text(
            f"Inget hjälpmedel har data nog för en bedömning; om {unknown} av {on_loan} uthyrda vet vi inget.",
            f"No device has data enough for a verdict; of {unknown} of the {on_loan} on loan nothing is known.",
        )
    return Text(
        f"{unused} av {reported} hjälpmedel med data är oanvända; om {unknown} av {on_loan} uthyrda vet vi inget.",
        f"{unused} of {reported} devices with data are unused; of {unknown} of the {on_loan} on loan nothing is known.",
    )


def _filled(text: Text, found: Found) -> Text:
    values = {
        "since": found.since or "–",
        "days": found.days if found.days is not None else "–",
        "last_heard": found.last_heard or "–",
        "note": found.note_days or "–",
        "double": found.double_days,
        "other": found.other_device or "–",
    }
    source, one = found.source, found.days == 1
    sv = text.sv.format(**values, source=source or "källan", dagar="dag" if one else "dagar")
    return Text(sv, text.en.format(**values, source=source or "the source", dagar="day" if one else "days"))


def _limits(found: Found) -> Text:
    words = STEP_WORDS[found.step]
    ladder = f"{found.note_days}/{found.contact_days}/{found.propose_days}"
    return Text(f"{words.sv} (gränser {ladder} dagar).", f"{words.en} (limits {ladder} days).")


def _not_counted(found: Found) -> list[Text]:
    """The days that do not count, and why."""
    kinds = [
        (found.quiet_days, "i lugna månader", "in quiet months"),
        (found.absent_days, "med känd frånvaro", "of known absence"),
        (found.unheard_days, "utan data", "without data"),
    ]
    parts = [(days, sv, en) for days, sv, en in kinds if days]
    if not parts:
        return []
    sv = ", ".join(f"{days} {words}" for days, words, _ in parts)
    en = ", ".join(f"{days} {words}" for days, _, words in parts)
    return [Text(f"Räknas inte mot gränserna: {sv}.", f"Not counted against the limits: {en}.")]


def _rhythm(found: Found) -> list[Text]:
    if found.usual_gap_days is None or found.longest_gap_days is None:
        return []
    usual, longest = f"{found.usual_gap_days:.0f}", f"{found.longest_gap_days:.0f}"
    return [
        Text(
            f"Brukarens eget mönster: oftast {usual} dagar mellan användningar, sällan mer än {longest}.",
            f"The person's own pattern: usually {usual} days between uses, seldom more than {longest}.",
        )
    ]


def _opinion(found: Found) -> list[Text]:
    if found.in_use is None:
        return []
    low, high = found.in_use_low, found.in_use_high
    span = "" if low is None or high is None else f" ({_percent(low)}–{_percent(high)} %)"
    told = [
        Text(
            f"Sannolikhet att det fortfarande används: {_percent(found.in_use)} %{span}.",
            f"Probability that it is still in use: {_percent(found.in_use)} %{span}.",
        )
    ]
    if found.opinion is Opinion.DISAGREES:
        told.append(_HELD_BACK if found.verdict in PROVEN_UNUSED else _LOOK_TWICE)
    return told


def _waits(found: Found) -> bool:
    """Whether the limit of a proposal is reached and the prescriber is asked first."""
    if found.days is None or found.propose_days is None or found.days < found.unheard_days:
        return False
    reached = found.days - found.quiet_days >= found.propose_days
    return (
        reached
        and found.step is Step.CONTACT
        and found.verdict is not Verdict.REPLACED
        and found.opinion is not Opinion.DISAGREES
    )


def _percent(share: float) -> str:
    return f"{100 * share:.0f}"


STEP_WORDS: Final = {
    Step.NONE: Text("Inget föreslås än", "Nothing is suggested yet"),
    Step.NOTE: Text("Notera", "Note it"),
    Step.CONTACT: Text("Kontakta förskrivaren", "Contact the prescriber"),
    Step.PROPOSE: Text("Föreslå återlämning", "Propose a return"),
}
_BECAUSE: Final = {
    Verdict.USED: Text("Senast använt {since}.", "Last used {since}."),
    Verdict.UNUSED: Text(
        "Senast använt {since}: sedan dess {days} {dagar} med data som visar att det inte använts.",
        "Last used {since}: since then {days} {dagar} of data that show no use.",
    ),
    Verdict.NEVER_STARTED: Text(
        "Inte använt en enda dag sedan det först hördes {since}: {days} {dagar} med data.",
        "Not used on a single day since it was first heard {since}: {days} {dagar} of data.",
    ),
    Verdict.REPLACED: Text(
        "Ett annat hjälpmedel har tagit över sedan {since}; {days} {dagar} med data visar att detta inte använts.",
        "Another device has taken over since {since}; {days} {dagar} of data show that this one is not used.",
    ),
    Verdict.TOO_EARLY: Text(
        "För tidigt att bedöma: data sedan {since}; bedömning börjar efter inskolningen och {note} dagar utan"
        " användning.",
        "Too early to judge: data since {since}; judging begins after the training period and {note} days without use.",
    ),
    Verdict.ABSENT: Text(
        "Frånvaro är registrerad sedan {since}; då väntas ingen användning.",
        "An absence is registered since {since}; no use is expected then.",
    ),
    Verdict.SILENT: Text(
        "Inget hört sedan {since} ({days} {dagar}); tystnad visar inte om hjälpmedlet används.",
        "Nothing heard since {since} ({days} {dagar}); silence does not show whether the device is used.",
    ),
    Verdict.SOURCE_LOST: Text(
        "Data från {source} har uteblivit sedan {since}: många hjälpmedel tystnade samtidigt. Om det används är okänt.",
        "Data from {source} has been missing since {since}: many devices fell silent at once. Whether it is used is"
        " unknown.",
    ),
    Verdict.NEVER_CONNECTED: Text(
        "Uthyrt sedan {since} ({days} {dagar}) utan att ha hörts av under uthyrningen; om det används är okänt.",
        "On loan since {since} ({days} {dagar}) and not heard from during the loan; whether it is used is unknown.",
    ),
    Verdict.CANNOT_REPORT: Text(
        "Uthyrt sedan {since}, men exemplaret är inte anslutet och kan inte rapportera; om det används är okänt.",
        "On loan since {since}, but this device is not enrolled and cannot report; whether it is used is unknown.",
    ),
    Verdict.IN_STOCK: Text("Ingen lånar hjälpmedlet just nu.", "Nobody borrows the device at present."),
    Verdict.NOT_JUDGED: Text("Inte bedömt än.", "Not judged yet."),
}
_A_USED_DAY: Final = Text(
    "En använd dag, eller att ett uppehåll (sjukhus, resa) är känt.",
    "A used day, or a known absence (hospital, travel).",
)
_LOOK_TWICE: Final = Text(
    "Statistiken och regeln är oense; regeln gäller, titta en extra gång.",
    "The statistics and the rule disagree; the rule holds, look twice.",
)
_HELD_BACK: Final = Text(
    "Regeln når ett förslag om återlämning, men statistiken utesluter inte att det används: fråga först.",
    "The rule reaches a proposal to return it, but the statistics do not rule out that it is in use: ask first.",
)
_ASKED_FIRST: Final = Text(
    "Gränsen är nådd; förskrivaren tillfrågas först, i 14 dagar.",
    "The limit is reached; the prescriber is asked first, for 14 days.",
)
_ASK_FIRST: Final = Text(
    "En använd dag, ett känt uppehåll, eller fler dagar utan användning, så att återlämning kan föreslås.",
    "A used day, a known absence, or more days without use, so that a return can be proposed.",
)
_CONTACT: Final = Text("Kontakt med hjälpmedlet.", "Contact with the device.")
_CHANGES: Final = {
    Verdict.USED: Text("Fler dagar utan användning.", "More days without use."),
    Verdict.UNUSED: _A_USED_DAY,
    Verdict.NEVER_STARTED: _A_USED_DAY,
    Verdict.REPLACED: Text(
        "En använd dag, eller att det andra hjälpmedlet lämnas åter.", "A used day, or the return of the other device."
    ),
    Verdict.TOO_EARLY: Text("Tid, eller en använd dag.", "Time, or a used day."),
    Verdict.ABSENT: Text("Att frånvaron tar slut, eller en använd dag.", "The end of the absence, or a used day."),
    Verdict.SILENT: _CONTACT,
    Verdict.SOURCE_LOST: Text("Att källan sänder igen.", "The source sending again."),
    Verdict.NEVER_CONNECTED: Text("Första meddelandet från hjälpmedlet.", "The first message from the device."),
    Verdict.CANNOT_REPORT: Text("Att hjälpmedlet ansluts.", "Enrolling the device."),
    Verdict.IN_STOCK: Text("En ny uthyrning.", "A new loan."),
    Verdict.NOT_JUDGED: Text("Nästa bedömning.", "The next run of verdicts."),
}
_BOTH: Final = Text(
    "{double} dagar användes både detta och samma persons andra hjälpmedel {other}.",
    "On {double} days both this one and the same person's other device {other} were used.",
)
_OTHER: Final = Text("Det andra är {other}.", "The other one is {other}.")
