"""Whether a queued command may still be sent, pure: asked again at the last moment, since rights and holds change."""

from collections.abc import Mapping
from typing import Any

from diagnostics.commands.states import Approval, Stopped
from diagnostics.rights import RIGHT_FOR_LEVEL, Right, Role, may
from fleet.commands import Level


def stopped_because(row: Mapping[str, Any]) -> Stopped | None:
    """Why a command must not be sent, or None where it may (OWASP ASVS 8.3.2: rights are checked at the time of use).

    Args:
        row: of `next_queued`: the command, the tokens of who asked and who approved as they are now (null where
            revoked or expired), the device's payer and legal frame, and whether it is held.
    """
    level = Level(row["level"])
    if row["held"] and level is not Level.READ:
        return Stopped.INCIDENT_HOLD
    if row["asker_role"] is None:
        return Stopped.ASKER_REVOKED
    if not may(Role(row["asker_role"]), RIGHT_FOR_LEVEL[level]):
        return Stopped.ASKER_LOST_RIGHT
    if not _sees(row, "asker"):
        return Stopped.ASKER_LOST_SIGHT
    return _second_person(row) if level is Level.SETTING else None


def _second_person(row: Mapping[str, Any]) -> Stopped | None:
    if row["approval"] != Approval.APPROVED:
        return Stopped.NOT_APPROVED
    same = row["approved_by"] == row["requested_by"] or row["approved_holder"] == row["requested_holder"]
    if same or row["approver_role"] == row["asker_role"]:
        return Stopped.SAME_PERSON
    if row["approver_role"] is None:
        return Stopped.APPROVER_REVOKED
    if not may(Role(row["approver_role"]), Right.APPROVE_SETTING):
        return Stopped.APPROVER_LOST_RIGHT
    return None if _sees(row, "approver") else Stopped.APPROVER_LOST_SIGHT


def _sees(row: Mapping[str, Any], who: str) -> bool:
    """Whether the device lies in the token's scope, as `in_scope` of the row security has it."""
    payers, frames = row[f"{who}_payers"], row[f"{who}_frames"]
    if row["payer_id"] is None:
        return payers is None
    return (payers is None or row["payer_id"] in payers) and row["legal_frame"] in frames
