"""Which role may do what, as one table; what it may *see* of a device is its token's scope, kept by the database."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from fleet.commands import Level


class Role(StrEnum):
    """Who a token speaks for (mission.md, "Who uses it")."""

    TECHNICIAN = "technician"
    CARER = "carer"
    CLINICAL = "clinical"
    ANALYST = "analyst"
    PRESCRIBER_UNIT = "prescriber_unit"
    ADMINISTRATOR = "administrator"


class Right(StrEnum):
    """One kind of thing a caller may do."""

    SEE_DEVICES = "see_devices"
    SEE_IDLE = "see_idle"
    SEE_QUARANTINE = "see_quarantine"
    SEE_METRICS = "see_metrics"
    TAKE_ALARMS = "take_alarms"
    SET_RULES = "set_rules"
    KEEP_DOSES = "keep_doses"
    ENTER_SCHEDULES = "enter_schedules"
    SEE_RECALLS = "see_recalls"
    ANSWER_RECALLS = "answer_recalls"
    MOVE_RECALLS = "move_recalls"
    KEEP_ABSENCES = "keep_absences"
    KEEP_LOANS = "keep_loans"
    KEEP_SOURCES = "keep_sources"
    SEE_WEAR = "see_wear"
    KEEP_STORES = "keep_stores"
    COMMAND_READ = "command_read"
    COMMAND_REVERSIBLE = "command_reversible"
    SEE_ORDERS = "see_orders"
    WORK_ORDERS = "work_orders"
    SET_WORKSHOP = "set_workshop"
    COMMAND_SETTING = "command_setting"
    APPROVE_SETTING = "approve_setting"
    PLACE_HOLD = "place_hold"
    LIFT_HOLD = "lift_hold"
    EXPORT_EVIDENCE = "export_evidence"
    SEE_HEALTH = "see_health"
    SEE_AUDIT = "see_audit"
    ADMINISTER = "administer"


_R = Right
RIGHTS: Final[Mapping[Role, frozenset[Right]]] = MappingProxyType(
    {
        Role.TECHNICIAN: frozenset(Right)
        - {_R.SEE_METRICS, _R.SET_WORKSHOP, _R.KEEP_DOSES, _R.ENTER_SCHEDULES, _R.SEE_AUDIT, _R.ADMINISTER},
        # Whoever meets an incident may stop the device from being changed; only others may let it go.
        Role.CARER: frozenset(
            {_R.SEE_DEVICES, _R.TAKE_ALARMS, _R.KEEP_DOSES, _R.KEEP_ABSENCES, _R.COMMAND_READ, _R.PLACE_HOLD}
        ),
        Role.CLINICAL: frozenset(
            {
                _R.SEE_DEVICES,
                _R.TAKE_ALARMS,
                _R.SET_RULES,
                _R.KEEP_DOSES,
                _R.ENTER_SCHEDULES,
                _R.KEEP_ABSENCES,
                _R.KEEP_LOANS,
                _R.COMMAND_READ,
                _R.COMMAND_SETTING,
                _R.APPROVE_SETTING,
                _R.PLACE_HOLD,
                _R.LIFT_HOLD,
                _R.EXPORT_EVIDENCE,
            }
        ),
        Role.ANALYST: frozenset(
            {
                _R.SEE_DEVICES,
                _R.SEE_IDLE,
                _R.SEE_RECALLS,
                _R.ANSWER_RECALLS,
                _R.MOVE_RECALLS,
                _R.SEE_ORDERS,
                _R.KEEP_ABSENCES,
                _R.KEEP_LOANS,
                _R.KEEP_STORES,
                _R.SEE_WEAR,
            }
        ),
        Role.PRESCRIBER_UNIT: frozenset(
            {_R.SEE_DEVICES, _R.SEE_IDLE, _R.SEE_RECALLS, _R.ANSWER_RECALLS, _R.KEEP_ABSENCES, _R.KEEP_LOANS}
        ),
        Role.ADMINISTRATOR: frozenset(Right),
    }
)

# A setting also takes the approval of a second person with another role (`APPROVE_SETTING`).
RIGHT_FOR_LEVEL: Final[Mapping[Level, Right]] = MappingProxyType(
    {
        Level.READ: Right.COMMAND_READ,
        Level.REVERSIBLE: Right.COMMAND_REVERSIBLE,
        Level.SETTING: Right.COMMAND_SETTING,
    }
)


def may(role: Role, right: Right) -> bool:
    """Whether a role has a right."""
    return right in RIGHTS[role]
