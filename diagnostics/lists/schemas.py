"""What is asked and answered about lists, letters and returned answers."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from diagnostics.devices.schemas import PayerItem
from diagnostics.idle.schemas import Money
from diagnostics.lists import examples
from diagnostics.recall.schemas import PrescriberItem
from diagnostics.schemas import Answer, BilingualText, Word, shown
from fleet.recall import State


class ListQuery(BaseModel):
    """Which cases a list has; all given filters must hold."""

    model_config = ConfigDict(extra="forbid")

    format: Annotated[Literal["xlsx", "csv"], Field(description="Excel workbook, or CSV for a Swedish Excel")] = "xlsx"
    state: Annotated[State | None, Field(description="Exactly this state")] = None
    open: Annotated[bool, Field(description="Only cases that are not closed")] = True
    device_class: Annotated[Word | None, Field(alias="class", description="Device class")] = None
    payer: Annotated[Word | None, Field(description="Code of the payer")] = None
    prescriber: Annotated[Word | None, Field(description="Code of the prescriber unit")] = None
    progress: Annotated[bool, Field(description="Lines of JSON while it is made, the file in the last")] = False


class LetterQuery(BaseModel):
    """Whom a letter is to."""

    model_config = ConfigDict(extra="forbid")

    prescriber: Annotated[Word, Field(description="Code of the prescriber unit")]


class Letter(Answer):
    """A draft for people to read and send; nothing is sent by itself."""

    model_config = shown(examples.LETTER)

    prescriber: PrescriberItem
    devices: int
    subject: str
    body: str


class UnitItem(Answer):
    """A prescriber unit with cases to answer."""

    prescriber: PrescriberItem
    payer: PayerItem
    cases: int
    rent_sek_per_month: Money


class Units(Answer):
    """Every unit with cases to answer, most cases first."""

    model_config = shown(examples.UNITS)

    items: list[UnitItem]


class AnswersQuery(BaseModel):
    """How a returned list is taken in."""

    model_config = ConfigDict(extra="forbid")

    file_name: Annotated[
        str, Field(max_length=120, pattern=r"^[^\x00-\x1f\x7f/\\]*$", description="For the record")
    ] = ""
    dry_run: Annotated[bool, Field(description="Only tell what would be taken; change nothing")] = False


class RowOutcome(Answer):
    """What became of one row of a returned list."""

    row: Annotated[int, Field(description="As the spreadsheet program numbers it")]
    outcome: Literal["taken", "unchanged", "refused"]
    case_id: int | None
    state: State | None
    reason: BilingualText | None


class AnswersReport(Answer):
    """What was taken of a returned list, what not, and why; rows without an answer are only counted."""

    model_config = shown(examples.REPORT)

    sheet: str
    dry_run: bool
    rows: int
    without_answer: int
    taken: int
    unchanged: Annotated[int, Field(description="The same answer was known already")]
    refused: int
    outcomes: list[RowOutcome]
