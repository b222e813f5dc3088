"""What the free parts of events and answers mean: the fault an event is about, the command an answer is for. Pure."""

from collections.abc import Mapping
from uuid import UUID

import msgspec

from fleet.errors import RejectedMessageError, RejectionReason, shown
from fleet.messages import Detail, FaultReport, Reply
from ingest.accepted import FaultName


def fault_name(event: str, data: Mapping[str, Detail]) -> FaultName:
    """The fault that a fault event is about.

    Raises:
        RejectedMessageError: it names no system or no code.
    """
    system, code = _word(data.get("system")), _word(data.get("code"))
    if not system or not code:
        raise RejectedMessageError(
            RejectionReason.WRONG_SHAPE, f"{event} needs data.system and data.code: send the native system and its code"
        )
    return FaultName(system.lower(), code, _word(data.get("subcode")), _word(data.get("module")))


def _word(value: Detail) -> str:
    """A code as text; many native codes are numbers and are sent as such: 3 is "3", never "3.0"."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value).strip()


def command_id_of(reply: Reply) -> str:
    """The id of the command an answer is for, in canonical spelling.

    Raises:
        RejectedMessageError: it is no UUID.
    """
    try:
        return str(UUID(reply.command_id))
    except ValueError:
        raise RejectedMessageError(
            RejectionReason.UNKNOWN_COMMAND,
            f"command_id {shown(reply.command_id)} is none of ours: repeat the one of the command",
        ) from None


def reported_faults(reply: Reply) -> tuple[FaultReport, ...] | None:
    """All faults of the device, where a successful answer lists them; None otherwise.

    Raises:
        RejectedMessageError: the list is not what the contract says.
    """
    if reply.status != "succeeded" or "faults" not in reply.result:
        return None
    try:
        return tuple(msgspec.convert(reply.result["faults"], list[FaultReport]))
    except msgspec.ValidationError as error:
        raise RejectedMessageError(
            RejectionReason.WRONG_SHAPE,
            f"result.faults: {shown(str(error), 120)}: compare with FaultReport in docs/contract",
        ) from None
