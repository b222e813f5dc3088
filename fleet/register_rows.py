"""The register's rows, pure: a row of a device and loan list becomes something to do, nothing, or a reason why not.

The same file may come as often as anybody likes: what is known already changes nothing. A loan that differs from the
open one is never taken silently, because a loan is the boundary of a borrower's data; the device must be returned
first. A row without a loan says nothing about loans.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from fleet.answers import Cell, as_day, as_text
from fleet.recall import Refusal
from fleet.text import Text

TITLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "individual_number": "Individnummer",
        "device_class": "Hjälpmedelstyp",
        "model": "Modell",
        "serial_number": "Serienummer",
        "depot": "Depå",
        "basic_equipment": "Grundutrustning",
        "administration_service": "Administrationstjänst",
        "acquired_on": "Anskaffad",
        "payer": "Betalare",
        "legal_frame": "Lagrum",
        "prescriber": "Förskrivare",
        "loan_started": "Uthyrd från",
    }
)
"""Our fields and the titles they have where no other are named."""

NEEDED: Final = ("individual_number", "device_class", "model")
"""Fields without which a list is no register."""

DISPENSER: Final = "dispenser"
_YES: Final = frozenset({"ja", "j", "yes", "x", "true", "1"})
_NO: Final = frozenset({"", "nej", "n", "no", "false", "0"})
_LONGEST: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the register has already.

    Attributes:
        models: device class to its model keys.
        payers, depots: codes.
        prescribers: code to (payer's code, legal frame).
    """

    models: Mapping[str, frozenset[str]]
    payers: frozenset[str]
    depots: frozenset[str]
    prescribers: Mapping[str, tuple[str, str]]
    frames: frozenset[str] = frozenset({"HSL", "SoL"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanRow:
    """A loan as a row says it; it is open."""

    payer: str
    legal_frame: str
    prescriber: str | None
    started: date


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterRow:
    """A row that can be understood."""

    individual_number: str
    device_class: str
    model: str
    serial_number: str = ""
    depot: str | None = None
    basic_equipment: bool = False
    administration_service: bool = False
    acquired_on: date | None = None
    loan: LoanRow | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """The same facts as the register has them, with the day until which an earlier loan ran."""

    row: RegisterRow
    earlier_loan_ended: date | None = None


class Deed(StrEnum):
    """What a row leads to."""

    REGISTER = "register"
    LEND = "lend"
    CORRECT = "correct"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done with a row, and what a person should look at though it is taken."""

    row: RegisterRow
    deeds: frozenset[Deed] = field(default_factory=frozenset)
    remark: Text | None = None


def read_row(cells: Mapping[str, Cell], known: Known, today: date) -> RegisterRow | Refusal:
    """A row by our field names as what it says, or why it cannot be used."""
    texts = {name: as_text(cells.get(name)) for name in TITLES}
    flags = {name: _flag(texts[name]) for name in ("basic_equipment", "administration_service")}
    acquired_on = as_day(cells.get("acquired_on"))
    refusal = _device_problem(texts, flags, known) or _age_problem(texts["acquired_on"], acquired_on, today)
    if refusal is not None:
        return refusal
    loan = _loan(texts, cells.get("loan_started"), known, today)
    if isinstance(loan, Refusal):
        return loan
    return RegisterRow(
        individual_number=texts["individual_number"],
        device_class=texts["device_class"].casefold(),
        model=texts["model"].casefold(),
        serial_number=texts["serial_number"],
        depot=texts["depot"] or None,
        basic_equipment=bool(flags["basic_equipment"]),
        administration_service=bool(flags["administration_service"]),
        acquired_on=acquired_on,
        loan=loan,
    )


def decide(row: RegisterRow, there: Registered | None, known: Known) -> Plan | Refusal:
    """What a row leads to, given what the register has of the same individual number."""
    remark = _payer_remark(row.loan, known)
    if there is None:
        return Plan(row, frozenset({Deed.REGISTER, *([Deed.LEND] if row.loan else [])}), remark)
    had = there.row
    if (had.device_class, had.model) != (row.device_class, row.model):
        return _OTHER_DEVICE
    deeds = set[Deed]()
    if _facts(row) != _facts(had) or row.acquired_on not in {None, had.acquired_on}:
        deeds.add(Deed.CORRECT)
    if row.loan is not None and had.loan is None:
        if there.earlier_loan_ended is not None and row.loan.started < there.earlier_loan_ended:
            return _OVERLAPS
        deeds.add(Deed.LEND)
    elif row.loan is not None and row.loan != had.loan:
        return _RETURN_FIRST
    return Plan(row, frozenset(deeds) or frozenset({Deed.NOTHING}), remark)


def _facts(row: RegisterRow) -> tuple[object, ...]:
    return row.serial_number, row.depot, row.basic_equipment, row.administration_service


def _device_problem(texts: Mapping[str, str], flags: Mapping[str, bool | None], known: Known) -> Refusal | None:
    number, device_class, model = (
        texts["individual_number"],
        texts["device_class"].casefold(),
        texts["model"].casefold(),
    )
    objections: tuple[tuple[bool, Refusal], ...] = (
        (not number or len(number) > _LONGEST, _NO_NUMBER),
        (device_class not in known.models, _unknown("Hjälpmedelstypen", "The device class", known.models)),
        (model not in known.models.get(device_class, ()), _UNKNOWN_MODEL),
        (len(texts["serial_number"]) > _LONGEST, _LONG_SERIAL),
        (bool(texts["depot"]) and texts["depot"] not in known.depots, _unknown("Depån", "The depot", known.depots)),
        (None in flags.values(), _NO_FLAG),
        (bool(flags["administration_service"]) and device_class != DISPENSER, ONLY_DISPENSERS),
        (bool(flags["administration_service"] and flags["basic_equipment"]), ALWAYS_PERSONAL),
    )
    return next((refusal for holds, refusal in objections if holds), None)


def _age_problem(text: str, acquired_on: date | None, today: date) -> Refusal | None:
    if text and acquired_on is None:
        return _NO_ACQUISITION
    return _FUTURE_ACQUISITION if acquired_on is not None and acquired_on > today else None


def _loan(texts: Mapping[str, str], day: Cell, known: Known, today: date) -> LoanRow | Refusal | None:
    if not any(texts[name] for name in ("payer", "legal_frame", "prescriber", "loan_started")):
        return None
    started = as_day(day)
    prescriber = texts["prescriber"] or None
    objections: tuple[tuple[bool, Refusal], ...] = (
        (texts["payer"] not in known.payers, _UNKNOWN_PAYER),
        (texts["legal_frame"] not in known.frames, _unknown("Lagrummet", "The legal frame", known.frames)),
        (prescriber is not None and prescriber not in known.prescribers, _UNKNOWN_PRESCRIBER),
        (started is None, _NO_DAY),
        (started is not None and started > today, _FUTURE),
    )
    refusal = next((refusal for holds, refusal in objections if holds), None)
    if refusal is not None or started is None:
        return refusal
    return LoanRow(payer=texts["payer"], legal_frame=texts["legal_frame"], prescriber=prescriber, started=started)


def _payer_remark(loan: LoanRow | None, known: Known) -> Text | None:
    if loan is None or loan.prescriber is None or known.prescribers[loan.prescriber][0] == loan.payer:
        return None
    of = known.prescribers[loan.prescriber][0]
    return Text(
        f"Betalaren är en annan än förskrivarens ({of}): kontrollera baskoden.",
        f"The payer is not the prescriber's ({of}): check the payer code.",
    )


def _flag(text: str) -> bool | None:
    word = text.casefold()
    return True if word in _YES else False if word in _NO else None


def _unknown(swedish: str, english: str, known: Mapping[str, object] | frozenset[str]) -> Refusal:
    names = ", ".join(sorted(known)[:12])
    return Refusal(Text(f"{swedish} är okänd; kända: {names}.", f"{english} is unknown; known: {names}."))


ALWAYS_PERSONAL: Final = Refusal(
    Text(
        "En läkemedelsautomat med administrationstjänst är alltid personligt förskriven och kan inte vara"
        " grundutrustning.",
        "A dispenser with an administration service is always prescribed to a person and cannot be basic equipment.",
    )
)
_NO_ACQUISITION: Final = Refusal(
    Text("Skriv anskaffningsdagen som 2021-11-28, eller lämna den tom.", "Write the day of acquisition as 2021-11-28.")
)
_FUTURE_ACQUISITION: Final = Refusal(Text("Anskaffningsdagen har inte varit än.", "It has not been acquired yet."))
_NO_NUMBER: Final = Refusal(
    Text(f"Individnummer saknas eller har mer än {_LONGEST} tecken.", f"No number, or more than {_LONGEST} characters.")
)
_UNKNOWN_MODEL: Final = Refusal(
    Text("Typen har ingen sådan modell; se `fjarrkoll devices`.", "The class has no such model; see its profile.")
)
_LONG_SERIAL: Final = Refusal(
    Text(f"Serienumret har mer än {_LONGEST} tecken.", f"The serial number has more than {_LONGEST} characters.")
)
_NO_FLAG: Final = Refusal(
    Text("Skriv ja eller nej för grundutrustning och administrationstjänst.", "Write yes or no for the two services.")
)
ONLY_DISPENSERS: Final = Refusal(
    Text("Bara läkemedelsautomater har administrationstjänst.", "Only dispensers have an administration service.")
)
_UNKNOWN_PAYER: Final = Refusal(
    Text("Betalaren saknas eller är okänd; lägg in den först.", "The payer is missing or unknown; add it first.")
)
_UNKNOWN_PRESCRIBER: Final = Refusal(
    Text("Förskrivaren är okänd; lägg in den först.", "The prescriber is unknown; add it first.")
)
_NO_DAY: Final = Refusal(
    Text("Skriv dagen då uthyrningen började som 2026-11-28.", "Write the loan's first day as 2026-11-28.")
)
_FUTURE: Final = Refusal(Text("Uthyrningen har inte börjat än.", "The loan has not begun yet."))
_OTHER_DEVICE: Final = Refusal(
    Text(
        "Individnumret finns redan på ett hjälpmedel av annan typ eller modell.",
        "The number is on a device of another class or model already.",
    )
)
_OVERLAPS: Final = Refusal(
    Text("En tidigare uthyrning slutade efter den dagen.", "An earlier loan ended after that day.")
)
_RETURN_FIRST: Final = Refusal(
    Text(
        "Registret har en annan pågående uthyrning; registrera retur först, så att uppgifterna hålls isär.",
        "The register has another open loan; register the return first, so that data is kept apart.",
    )
)
