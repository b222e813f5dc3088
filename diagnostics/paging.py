"""Keyset paging: an opaque cursor names the last row seen, so that a page stays right while rows come and go."""

import base64
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Final, Generic, TypeVar, cast
from urllib.parse import urlencode

import msgspec
from fastapi import Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from diagnostics.problems import Problem
from diagnostics.schemas import Held
from fleet.text import Text

Item = TypeVar("Item")
Key = TypeVar("Key")
Listed = TypeVar("Listed", bound="Page[Any]")

DEFAULT_LIMIT: Final = 50
LARGEST_LIMIT: Final = 200


class PageQuery(BaseModel):
    """What every list takes; unknown names are refused, so that a misspelt filter never widens a search."""

    model_config = ConfigDict(extra="forbid")

    cursor: Annotated[str | None, Field(max_length=400, description="`next_cursor` of the page before")] = None
    limit: Annotated[int, Field(ge=1, le=LARGEST_LIMIT, description="Rows a page")] = DEFAULT_LIMIT


class Page(BaseModel, Generic[Item]):
    """One page of a list; `next_cursor` is null on the last. The same address stands in the Link header."""

    items: list[Item]
    next_cursor: str | None = None


class DevicePage(Page[Item], Generic[Item]):
    """One page of what belongs to one device, and whether that is held."""

    held: Held


def encode_cursor(key: Sequence[Any]) -> str:
    """The cursor of a row by the values it is ordered by."""
    return base64.urlsafe_b64encode(msgspec.json.encode(list(key))).decode().rstrip("=")


def decode_cursor(cursor: str | None, kind: type[Key]) -> Key | None:
    """The ordering values in a cursor, or None for the first page.

    Args:
        cursor: as given out by `encode_cursor`.
        kind: the tuple type expected, such as `tuple[date, int]`.

    Raises:
        Problem: it was not given out here.
    """
    if cursor is None:
        return None
    try:
        packed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        key = msgspec.json.decode(packed, type=kind)
        if not all(map(_storable, cast("Sequence[Any]", key))):
            raise ValueError  # noqa: TRY301 - told below, like every other made-up cursor
    except (ValueError, msgspec.MsgspecError, RecursionError):
        raise bad_cursor() from None
    else:
        return key


def bad_cursor() -> Problem:
    """A cursor that was not given out here."""
    return Problem(
        HTTPStatus.BAD_REQUEST,
        "bad_cursor",
        Text("Markören gäller inte", "The cursor is not valid"),
        Text(
            "Börja om utan `cursor`, eller använd `next_cursor` oförändrad.",
            "Start again without `cursor`, or use `next_cursor` as given.",
        ),
    )


def _storable(value: object) -> bool:
    """Whether a value from outside may be handed to the database: no NUL in a text, no number beyond 64 bits."""
    if isinstance(value, str):
        return "\0" not in value
    return not isinstance(value, int) or -(2**63) <= value < 2**63


def cut(rows: Sequence[Item], limit: int, key: Callable[[Item], Sequence[Any]]) -> tuple[list[Item], str | None]:
    """The page of `limit` rows and the next cursor, from a query that asked for one row more than that."""
    page = list(rows[:limit])
    return page, encode_cursor(key(page[-1])) if len(rows) > limit and page else None


class Links:
    """Puts the address of the next page into the Link header (RFC 8288); a dependency of every list."""

    def __init__(self, request: Request, response: Response) -> None:
        self._request = request
        self._response = response

    def to_next_of(self, page: Listed) -> Listed:
        """The page itself, with the header set where another one follows."""
        self.to_next(page.next_cursor)
        return page

    def to_next(self, cursor: str | None) -> None:
        """Sets the header where another page follows."""
        if cursor is not None:
            kept = [(name, value) for name, value in self._request.query_params.multi_items() if name != "cursor"]
            query = urlencode([*kept, ("cursor", cursor)])
            self._response.headers["Link"] = f'<{self._request.url.path}?{query}>; rel="next"'


async def _links(request: Request, response: Response) -> Links:
    return Links(request, response)


PageLinks = Annotated[Links, Depends(_links)]
