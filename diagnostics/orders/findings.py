"""What a fault, an alarm, a diagnosed cause or a person's remark becomes as a finding of a work order."""

from collections.abc import Iterable
from http import HTTPStatus

from diagnostics.orders import repository
from diagnostics.problems import Problem, not_found
from diagnostics.queries import Row
from diagnostics.work import Work
from fleet.diagnosis.knowledge import Cause, Knowledge
from fleet.dictionary import knowledge_of
from fleet.errors import shown
from fleet.faults import Severity
from fleet.orders import Finding, FindingKind, fault_key, more_urgent, priority_of
from fleet.priority import PriorityClass
from fleet.profile import DeviceProfile
from fleet.signals import Audience
from fleet.text import Text

_MOST_PARTS = 5
"""A visit brings what the likeliest causes need; a dictionary entry lists every cause's parts."""
_THE_FAULT = Text("Felet", "The fault")
_THE_CAUSE = Text("Orsaken", "The cause")
_THE_ALARM = Text("Larmet", "The alarm")


async def of_faults(work: Work, device: Row, ids: Iterable[int]) -> list[Finding]:
    """The findings that faults are.

    Raises:
        Problem: one of them is not the device's, or not for the caller's eyes.
    """
    wanted = sorted(set(ids))
    rows = await repository.faults(work, device["device_no"], wanted) if wanted else []
    if len(rows) != len(wanted):
        raise not_found(_THE_FAULT)
    profile = work.registry.by_name.get(device["device_class"])
    return [_fault(profile, row) for row in rows]


async def of_alarms(work: Work, device: Row, ids: Iterable[int]) -> list[Finding]:
    """The findings that alarms are; an alarm of a fault that is active is about that fault.

    Raises:
        Problem: one of them is not the device's, or not for the caller's eyes.
    """
    wanted = sorted(set(ids))
    rows = await repository.alarms(work, device["device_no"], wanted) if wanted else []
    if len(rows) != len(wanted):
        raise not_found(_THE_ALARM)
    active = await repository.active_codes(work, device["device_no"]) if rows else frozenset()
    profile = work.registry.by_name.get(device["device_class"])
    return [_alarm(profile, row, active) for row in rows]


async def of_causes(work: Work, device: Row, causes: Iterable[str]) -> list[Finding]:
    """The findings that diagnosed causes are; one that explains a single active fault is about that fault.

    Raises:
        Problem: the class's dictionary has no such cause.
    """
    wanted = sorted(set(causes))
    profile = work.registry.by_name.get(device["device_class"])
    if not wanted:
        return []
    knowledge = knowledge_of(profile) if profile else None
    if knowledge is None or not knowledge.causes_by_key.keys() >= set(wanted):
        raise not_found(_THE_CAUSE)
    active = await repository.active_codes(work, device["device_no"])
    return [_cause(work, knowledge, knowledge.causes_by_key[key], active) for key in wanted]


def _cause(work: Work, knowledge: Knowledge, cause: Cause, active: frozenset[str]) -> Finding:
    explained = sorted(cause.raises.keys() & active, key=lambda code: knowledge.priority(code).rank)
    code = explained[0] if len(explained) == 1 else None
    return Finding(
        kind=FindingKind.DIAGNOSIS,
        reference=cause.key,
        key=f"fault:{code}" if code else f"cause:{cause.key}",
        title=cause.title,
        priority=knowledge.priority(explained[0]) if explained else PriorityClass.ORDINARY,
        audience=Audience.TECHNICAL,
        happened_at=work.now,
        known_at=work.now,
        fault_code=code,
        parts=cause.parts,
    )


def of_person(work: Work, remark: str) -> Finding:
    """The finding that somebody tells of."""
    return Finding(
        kind=FindingKind.PERSON,
        reference=remark,
        key=f"person:{remark.casefold()}",
        title=Text(remark, remark),
        priority=PriorityClass.ORDINARY,
        audience=Audience.TECHNICAL,
        happened_at=work.now,
        known_at=work.now,
    )


def nothing_found() -> Problem:
    """An order without a reason."""
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "no_finding",
        Text("Inget skäl till en arbetsorder", "No reason for a work order"),
        Text(
            "Ange minst ett fel, ett larm, en orsak eller en anmärkning.",
            "Name at least one fault, alarm, cause or remark.",
        ),
    )


def _fault(profile: DeviceProfile | None, row: Row) -> Finding:
    known = profile.faults_by_code.get(row["fault_code"] or "") if profile else None
    entry = knowledge_of(profile).entry(known.code) if profile and known else None
    raw = f"{shown(row['system'])}/{shown(row['code'])}"
    return Finding(
        kind=FindingKind.FAULT,
        reference=str(row["device_fault_id"]),
        key=fault_key(row["fault_code"], row["system"], row["code"]),
        title=known.title if known else Text(f"Okänd felkod {raw}", f"Unknown fault code {raw}"),
        priority=entry.priority if entry else PriorityClass.ORDINARY,
        audience=known.audience if known else Audience.TECHNICAL,
        happened_at=row["raised_at"],
        known_at=row["known_at"],
        fault_code=row["fault_code"],
        parts=tuple(part.key for part in entry.parts[:_MOST_PARTS]) if entry else (),
    )


def _alarm(profile: DeviceProfile | None, row: Row, active: frozenset[str]) -> Finding:
    rules = {rule.name: rule for rule in profile.rules} if profile else {}
    codes = rules[row["rule"]].fault_codes() if row["rule"] in rules else frozenset()
    about = sorted(codes & active) or (sorted(codes) if len(codes) == 1 else [])
    code = about[0] if len(about) == 1 else None
    priority = priority_of(Severity(row["severity"]), safety=row["safety"])
    if code and profile:
        priority = more_urgent(priority, knowledge_of(profile).priority(code))
    return Finding(
        kind=FindingKind.ALARM,
        reference=str(row["alarm_id"]),
        key=f"fault:{code}" if code else f"alarm:{row['rule']}",
        title=Text(row["title_sv"] or row["rule"], row["title_en"] or row["rule"]),
        priority=priority,
        audience=Audience(row["audience"]),
        happened_at=row["happened_at"],
        known_at=row["raised_at"],
        fault_code=code,
    )
