"""HTTP without a login: the page of a link, and receipts; whoever brings no proof is slowed down like a wrong token."""

import time
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import HTMLResponse

from diagnostics.reception import service
from diagnostics.reception.page import POLICY, State, render
from diagnostics.reception.service import Shown
from diagnostics.resources import Resources
from diagnostics.security import not_authenticated, rate_exceeded

router = APIRouter(include_in_schema=False)
_Token = Annotated[str, Path(max_length=200)]
_Channel = Annotated[str, Path(pattern="^(sms|voice)$")]


@router.get("/a/{token}")
async def show(token: _Token, request: Request) -> Response:
    """The page of a link; it changes nothing."""
    return _page(request, await service.behind(_resources(request), token))


@router.post("/a/{token}")
async def take(token: _Token, request: Request) -> Response:
    """The page's button: takes the alarm."""
    return _page(request, await service.take(_resources(request), token))


@router.post("/api/v1/receipts/{channel}", status_code=HTTPStatus.NO_CONTENT)
async def receive(channel: _Channel, request: Request) -> None:
    """A provider says what became of a message."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    if not await service.receipt(_resources(request), channel, headers, await request.body()):
        _refuse(request)
        raise not_authenticated()


def _page(request: Request, shown: Shown) -> Response:
    status = HTTPStatus.OK
    if shown.state is State.UNKNOWN:
        _refuse(request)
        status = HTTPStatus.NOT_FOUND
    text = render(shown.state, shown.waiting, shown.language)
    headers = {"Content-Security-Policy": POLICY, "X-Robots-Tag": "noindex"}
    return HTMLResponse(text, status_code=status, headers=headers)


def _refuse(request: Request) -> None:
    origin = (request.client.host if request.client else None) or "unknown"
    seconds = _resources(request).limits.refusals.wait_seconds(origin, time.monotonic())
    if seconds:
        raise rate_exceeded(seconds)


def _resources(request: Request) -> Resources:
    resources: Resources = request.app.state.door.resources
    return resources
