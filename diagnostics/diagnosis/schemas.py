"""What is answered about what is probably wrong with a device."""

from typing import Annotated

from pydantic import Field

from diagnostics.diagnosis import examples
from diagnostics.faults.schemas import FaultMeaning
from diagnostics.schemas import Answer, BilingualText, Held, Moment, shown


class EvidenceItem(Answer):
    """One finding and what it does to a cause."""

    sign: Annotated[str, Field(description="Key of the sign, or code of the fault")]
    title: BilingualText
    found: Annotated[bool | None, Field(description="Whether it is there; null where it is not known")]
    detail: Annotated[BilingualText, Field(description="The figure behind it, or why it is not known")]
    factor: Annotated[
        float, Field(description="How many times likelier this finding is with the cause than without; 1 says nothing")
    ]
    recurrence: Annotated[bool, Field(description="Whether the factor is for the fault coming and going")]


class CauseItem(Answer):
    """One cause that may be there."""

    cause: str
    title: BilingualText
    probability: Annotated[float, Field(ge=0, le=1)]
    advice: Annotated[str, Field(description="remote, visit, exchange or care")]
    speaks_for: list[EvidenceItem]
    speaks_against: list[EvidenceItem]
    not_known: Annotated[list[EvidenceItem], Field(description="Signs it would give that cannot be seen")]
    not_explained: Annotated[list[str], Field(description="Codes of faults that are there and that it does not raise")]
    basis: Annotated[str, Field(description="verified or assumed")]
    source: str


class CheckItem(Answer):
    """A check that would tell the leading causes apart."""

    check: str
    title: BilingualText
    by: Annotated[str, Field(description="platform, user, technician or care")]
    minutes: Annotated[float, Field(description="What it costs, of everybody's time")]
    bits: Annotated[float, Field(description="How much it is expected to tell")]
    tells_apart: list[str]


class StepItem(Answer):
    """What to do about a cause that is probably there."""

    cause: str
    advice: str
    script: Annotated[BilingualText | None, Field(description="To be read to the user, where it is solved remotely")]


class PartItem(Answer):
    """Something to bring."""

    part: str
    title: BilingualText


class UnknownCode(Answer):
    """A native code that no profile knows, as the device spells it; data, never markup."""

    system: str
    code: str
    module: str
    text: str
    raised_at: Moment


class DiagnosisAnswer(Answer):
    """What is probably wrong with a device, with the evidence for and against each cause."""

    model_config = shown(examples.DIAGNOSIS)

    device_id: str
    held: Held
    at: Moment
    hourly_until: Annotated[
        Moment | None, Field(description="Readings before then are judged by their hourly values; null: none are")
    ] = None
    counted_at: Annotated[
        Moment | None, Field(description="Up to when what had come in is in those hourly values; null: there are none")
    ] = None
    conclusion: Annotated[str, Field(description="found, cannot_tell or nothing_found")]
    reason: BilingualText
    priority: Annotated[str | None, Field(description="on_call, acute or ordinary; null where no fault is there")]
    causes: Annotated[list[CauseItem], Field(description="The likeliest first")]
    nothing: Annotated[float, Field(description="Probability that nothing is wrong")]
    something_else: Annotated[float, Field(description="Probability of a cause that the dictionary does not hold")]
    found: Annotated[list[str], Field(description="Causes said to be there")]
    derived_faults: Annotated[
        list[FaultMeaning], Field(description="Faults without a native code, found from readings")
    ]
    unknown_codes: list[UnknownCode]
    next_checks: Annotated[list[CheckItem], Field(description="The most told per minute first")]
    steps: list[StepItem]
    parts: list[PartItem]
    known: Annotated[float, Field(description="Share of signs and faults that are known one way or the other")]
    outcomes: Annotated[int, Field(description="Finished work orders that the rates of the causes have learned from")]
