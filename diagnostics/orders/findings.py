"""What a fault, an alarm, a diagnosed cause or a person's remark becomes as a finding of a work order."""

from collections.abc import Iterable
from http import HTTPStatus

from diagnostics.orders import repository
from diagnostics.problems import Problem, not_found
from diagnostics.queries import Row
from diagnostics.work import Work
from fleet.errors import shown
from fleet.faults import Severity
from fleet.orders import Finding, FindingKind, fault_key, priority_of
from fleet.priority import PriorityClass
from fleet.profile import DeviceProfile
from fleet.signals import Audience
from fleet.text import Text

_THE_FAULT = Text("Felet", "The fault")
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


def of_cause(work: Work, cause: str, title: Text | None = None, priority: PriorityClass | None = None) -> Finding:
    """The finding that a diagnosed cause is."""
    return Finding(
        kind=FindingKind.DIAGNOSIS,
        reference=cause,
        key=f"cause:{cause}",
        title=title or Text(cause, cause),
        priority=priority or PriorityClass.ORDINARY,
        audience=Audience.TECHNICAL,
        happened_at=work.now,
        known_at=work.now,
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
    raw = f"{shown(row['system'])}/{shown(row['code'])}"
    return Finding(
        kind=FindingKind.FAULT,
        reference=str(row["device_fault_id"]),
        key=fault_key(row["fault_code"], row["system"], row["code"]),
        title=known.title if known else Text(f"Okänd felkod {raw}", f"Unknown fault code {raw}"),
        priority=priority_of(known.severity) if known else PriorityClass.ORDINARY,
        audience=known.audience if known else Audience.TECHNICAL,
        happened_at=row["raised_at"],
        known_at=row["known_at"],
        fault_code=row["fault_code"],
        advice=known.action if known else None,
    )


def _alarm(profile: DeviceProfile | None, row: Row, active: frozenset[str]) -> Finding:
    rules = {rule.name: rule for rule in profile.rules} if profile else {}
    codes = rules[row["rule"]].fault_codes() if row["rule"] in rules else frozenset()
    about = sorted(codes & active) or (sorted(codes) if len(codes) == 1 else [])
    code = about[0] if len(about) == 1 else None
    return Finding(
        kind=FindingKind.ALARM,
        reference=str(row["alarm_id"]),
        key=f"fault:{code}" if code else f"alarm:{row['rule']}",
        title=Text(row["title_sv"] or row["rule"], row["title_en"] or row["rule"]),
        priority=priority_of(Severity(row["severity"]), safety=row["safety"]),
        audience=Audience(row["audience"]),
        happened_at=row["happened_at"],
        known_at=row["raised_at"],
        fault_code=code,
    )
