"""What is asked and answered about imports."""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from diagnostics.schemas import Answer, BilingualText, shown

_REPORT: Final[dict[str, Any]] = {
    "kind": "absences",
    "sheet": "Frånvaro",
    "dry_run": True,
    "rows": 3,
    "without_content": 0,
    "taken": 1,
    "unchanged": 1,
    "refused": 1,
    "outcomes": [
        {"row": 2, "outcome": "taken", "individual_number": "1234567", "reason": None},
        {"row": 3, "outcome": "unchanged", "individual_number": "1234568", "reason": None},
        {
            "row": 4,
            "outcome": "refused",
            "individual_number": "9999999",
            "reason": {
                "sv": "Individnumret finns inte i det du får se.",
                "en": "The number is not in your sight.",
            },
        },
    ],
}


class ImportQuery(BaseModel):
    """How a list is taken in."""

    model_config = ConfigDict(extra="forbid")

    file_name: Annotated[
        str, Field(max_length=120, pattern=r"^[^\x00-\x1f\x7f/\\]*$", description="For the record")
    ] = ""
    dry_run: Annotated[bool, Field(description="Only tell what would be taken; change nothing")] = False
    title: Annotated[
        list[Annotated[str, Field(max_length=120, pattern=r"^[a-z_]+=[^\x00-\x1f\x7f]+$")]],
        Field(max_length=20, description="A heading of the list, as field=Heading; repeat it"),
    ] = []


class ListOutcome(Answer):
    """What became of one row."""

    row: Annotated[int, Field(description="As the spreadsheet program numbers it")]
    outcome: Literal["taken", "unchanged", "refused"]
    individual_number: str
    reason: BilingualText | None


class ImportReport(Answer):
    """What was taken of a list, what not, and why."""

    model_config = shown(_REPORT)

    kind: str
    sheet: str
    dry_run: bool
    rows: int
    without_content: int
    taken: int
    unchanged: Annotated[int, Field(description="Known already")]
    refused: int
    outcomes: list[ListOutcome]
