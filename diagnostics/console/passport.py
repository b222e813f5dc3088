"""A device's passport as a page to read and to print, with its number as a QR code."""

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from diagnostics.console.gate import with_right
from diagnostics.console.pages import page, resources_of
from diagnostics.passport import service
from diagnostics.passport.page import qr_code
from diagnostics.rights import Right
from diagnostics.work import Door


async def show_passport(request: Request) -> Response:
    """Hours, distance, battery, faults and the advice; what is unknown is said to be so."""
    async with Door(resources_of(request)).open(with_right(request, Right.SEE_RECALLS)) as work:
        passport = await service.show_passport(work, request.path_params["device_id"])
    # Made here of a number's squares; there is nothing of a device's text in it.
    drawn = Markup(qr_code(passport.individual_number))  # noqa: S704
    return page(request, "passport.html", passport=passport, qr=drawn)
