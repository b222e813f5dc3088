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
    COMMAND_READ = "command_read"
    COMMAND_REVERSIBLE = "command_reversible"
    SEE_ORDERS = "see_orders"
    WORK_ORDERS = "work_orders"
    SET_WORKSHOP = "set_workshop"


_R = Right
RIGHTS: Final[Mapping[Role, frozenset[Right]]] = MappingProxyType(
    {
        Role.TECHNICIAN: frozenset(Right) - {_R.SEE_METRICS, _R.SET_WORKSHOP, _R.KEEP_DOSES, _R.ENTER_SCHEDULES},
        Role.CARER: frozenset({_R.SEE_DEVICES, _R.TAKE_ALARMS, _R.KEEP_DOSES, _R.COMMAND_READ}),
        Role.CLINICAL: frozenset(
            {
                _R.SEE_DEVICES,
                _R.TAKE_ALARMS,
                _R.SET_RULES,
                _R.KEEP_DOSES,
                _R.ENTER_SCHEDULES,
                _R.COMMAND_READ,
            }
        ),
        Role.ANALYST: frozenset(
            {_R.SEE_DEVICES, _R.SEE_IDLE, _R.SEE_RECALLS, _R.ANSWER_RECALLS, _R.MOVE_RECALLS, _R.SEE_ORDERS}
        ),
        Role.PRESCRIBER_UNIT: frozenset({_R.SEE_DEVICES, _R.SEE_IDLE, _R.SEE_RECALLS, _R.ANSWER_RECALLS}),
        Role.ADMINISTRATOR: frozenset(Right),
    }
)

# No role may program a device yet: that takes a second person with another role, which is not built.
RIGHT_FOR_LEVEL: Final[Mapping[Level, Right]] = MappingProxyType(
    {Level.READ: Right.COMMAND_READ, Level.REVERSIBLE: Right.COMMAND_REVERSIBLE}
)


def may(role: Role, right: Right) -> bool:
    """Whether a role has a right."""
    return right in RIGHTS[role]
