"""Diagnoses one device as the caller may see it."""

from typing import Final

from diagnostics.commands import repository as commands
from diagnostics.devices import repository as devices
from diagnostics.diagnosis import repository
from diagnostics.diagnosis.gathering import gather
from diagnostics.diagnosis.schemas import (
    CauseItem,
    CheckItem,
    DiagnosisAnswer,
    EvidenceItem,
    PartItem,
    StepItem,
    UnknownCode,
)
from diagnostics.faults.service import meaning
from diagnostics.problems import not_found
from diagnostics.schemas import BilingualText
from diagnostics.work import Work
from fleet.diagnosis.diagnose import Diagnosis, RankedCause, diagnose
from fleet.diagnosis.knowledge import Knowledge
from fleet.diagnosis.learning import CauseCount, learned
from fleet.diagnosis.looking import Finding
from fleet.diagnosis.weighing import Weight
from fleet.dictionary import knowledge_of
from fleet.text import Text

_MOST_UNKNOWN: Final = 20
_MOST_CHECKS: Final = 5


async def diagnose_device(work: Work, device_id: str) -> DiagnosisAnswer:
    """What is probably wrong with a device, from everything the caller may see of it.

    Raises:
        Problem: no such device in the caller's scope, or no profile describes its class.
    """
    device = await devices.identity(work, device_id)
    if device["device_class"] not in work.registry:
        raise not_found(Text("Kunskapen om den här hjälpmedelstypen", "Knowledge of this device class"))
    knowledge, counted = await _learned(work, knowledge_of(work.registry[device["device_class"]]))
    hours = await repository.hours(work, device)
    diagnosis = diagnose(knowledge, await gather(work, device, knowledge, hours))
    await work.record("diagnosis.read", device["device_no"], conclusion=diagnosis.conclusion)
    held = await commands.is_held(work.connection, device["device_no"])
    answer = _answer(work, device_id, diagnosis, counted, held=held)
    rolled_up = {} if hours is None else {"hourly_until": hours.tail, "counted_at": hours.counted_at}
    return answer.model_copy(update=rolled_up)


async def _learned(work: Work, knowledge: Knowledge) -> tuple[Knowledge, int]:
    """The knowledge with what the work orders the caller sees have found; other words than our causes teach nothing."""
    counts = await repository.outcomes(work, knowledge.profile.name)
    ours: list[CauseCount] = [count for count in counts if count.cause in knowledge.causes_by_key]
    return learned(knowledge, ours), sum(count.times for count in ours)


def _answer(work: Work, device_id: str, diagnosis: Diagnosis, counted: int, *, held: bool) -> DiagnosisAnswer:
    return DiagnosisAnswer(
        device_id=device_id,
        held=held,
        at=work.now,
        conclusion=diagnosis.conclusion,
        reason=BilingualText.of(diagnosis.reason),
        priority=diagnosis.priority,
        causes=[_cause(entry) for entry in diagnosis.causes],
        nothing=round(diagnosis.nothing, 4),
        something_else=round(diagnosis.something_else, 4),
        found=[entry.cause.key for entry in diagnosis.found],
        derived_faults=[meaning(fault) for fault in diagnosis.derived],
        unknown_codes=[
            UnknownCode(system=f.system, code=f.native_code, module=f.module, text=f.text, raised_at=f.raised_at)
            for f in diagnosis.unknown_codes[:_MOST_UNKNOWN]
        ],
        next_checks=[
            CheckItem(
                check=entry.check.key,
                title=BilingualText.of(entry.check.title),
                by=entry.check.by,
                minutes=entry.check.minutes,
                bits=round(entry.bits, 3),
                tells_apart=[cause.key for cause in entry.tells_apart],
            )
            for entry in diagnosis.next_checks[:_MOST_CHECKS]
        ],
        steps=[
            StepItem(
                cause=step.cause.key,
                advice=step.advice,
                script=None if step.script is None else BilingualText.of(step.script),
            )
            for step in diagnosis.steps
        ],
        parts=[PartItem(part=part.key, title=BilingualText.of(part.title)) for part in diagnosis.parts],
        known=round(diagnosis.known, 4),
        outcomes=counted,
    )


def _cause(entry: RankedCause) -> CauseItem:
    return CauseItem(
        cause=entry.cause.key,
        title=BilingualText.of(entry.cause.title),
        probability=round(entry.probability, 4),
        advice=entry.cause.advice,
        speaks_for=[_weight(weight) for weight in entry.speaks_for],
        speaks_against=[_weight(weight) for weight in entry.speaks_against],
        not_known=[_finding(finding, 1.0) for finding in entry.not_known],
        not_explained=[finding.key for finding in entry.not_explained],
        basis=entry.cause.basis,
        source=entry.cause.source,
    )


def _weight(weight: Weight) -> EvidenceItem:
    return _finding(weight.finding, weight.factor, recurrence=weight.recurrence)


def _finding(finding: Finding, factor: float, *, recurrence: bool = False) -> EvidenceItem:
    return EvidenceItem(
        sign=finding.key,
        title=BilingualText.of(finding.title),
        found=finding.recurs if recurrence else finding.value,
        detail=BilingualText.of(finding.words),
        factor=float(f"{factor:.3g}"),
        recurrence=recurrence,
    )
