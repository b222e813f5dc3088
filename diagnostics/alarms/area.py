"""Where a device stands, as coarse as an outage is: many silent or without power in one area are told as one alarm."""

from http import HTTPStatus
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from diagnostics.problems import Problem, not_found
from diagnostics.queries import Row, execute, fetch_one, room
from diagnostics.schemas import Answer, Held, shown
from diagnostics.work import Work
from fleet.text import Text

_SQL: Final = room(__file__)
_EXAMPLE: Final[dict[str, Any]] = {"device_id": "d-k7x2m4qpza", "held": False, "area": "hemtjanst-norr"}
AreaName = Annotated[
    str,
    Field(
        pattern=r"^[a-zåäö0-9-]{0,40}$",
        description="A home-care district or a mast's area, never an address; empty: the payer's whole territory",
    ),
]


class NewArea(BaseModel):
    """The area of a device's open loan."""

    model_config = ConfigDict(extra="forbid")

    area: AreaName


class DeviceArea(Answer):
    """The area of a device's open loan."""

    model_config = shown(_EXAMPLE)

    device_id: str
    held: Held
    area: AreaName


async def show(work: Work, device_id: str) -> DeviceArea:
    """Where the device stands.

    Raises:
        Problem: no such device on loan in the caller's scope.
    """
    loan = await _loan(work, device_id)
    await work.record("area.read", loan["device_no"])
    return DeviceArea(device_id=device_id, held=loan["held"], area=loan["area"])


async def change(work: Work, device_id: str, new: NewArea) -> DeviceArea:
    """Says where it stands. It ends with the loan.

    Raises:
        Problem: no such device on loan in the caller's scope.
    """
    loan = await _loan(work, device_id)
    await execute(work.connection, _SQL["set_area"], {"loan_id": loan["loan_id"], "area": new.area})
    await work.record("area.set", loan["device_no"], area=new.area)
    return DeviceArea(device_id=device_id, held=loan["held"], area=new.area)


async def _loan(work: Work, device_id: str) -> Row:
    row = await fetch_one(work.connection, _SQL["area_of"], {"device_id": device_id})
    if row is None:
        raise not_found(Text("Hjälpmedlet", "The device"))
    if row["loan_id"] is None:
        raise Problem(
            HTTPStatus.CONFLICT,
            "not_on_loan",
            Text("Hjälpmedlet är inte uthyrt", "The device is not on loan"),
            Text("Ett område hör till en uthyrning.", "An area belongs to a loan."),
        )
    return row
