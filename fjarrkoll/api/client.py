"""The command line's way to the API: one call each, and errors as sentences that say what to do."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any, Final, Self

import httpx

from fleet.errors import FjarrkollError
from fleet.plumbing.settings import Settings, load_settings
from fleet.text import Text
from fleet.topics import is_device_id

Json = dict[str, Any]

_PAGE: Final = 200
_SECONDS: Final = 90.0  # longer than the longest wait for a device


class ApiError(FjarrkollError):
    """The API did not do what was asked; the sentence is the API's own, or says how to reach it."""


class ApiClient:
    """Talks to the API named by FJARRKOLL_API_URL with the token in FJARRKOLL_API_TOKEN.

    Args:
        language: "sv" or "en", for errors and problems.
    """

    def __init__(self, settings: Settings, language: str) -> None:
        self._language = language
        self._address = settings.api_url.rstrip("/")
        if settings.api_token is None:
            raise ApiError(_NO_TOKEN.to(language))
        headers = {
            "Authorization": f"Bearer {settings.api_token.get_secret_value()}",
            "Accept-Language": language,
            "User-Agent": "fjarrkoll",
        }
        self._client = httpx.Client(base_url=self._address, headers=headers, timeout=_SECONDS, trust_env=False)

    def __enter__(self) -> Self:
        """The client itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes connections."""
        self._client.close()

    def get(self, path: str, **query: object) -> Json:
        """The answer to GET below /api/v1; a filter of None is not sent."""
        return self.call("GET", path, query)

    def post(self, path: str, *, key: str | None = None, **query: object) -> Json:
        """The answer to POST below /api/v1, with an idempotency key where one is needed."""
        return self.call("POST", path, query, {} if key is None else {"Idempotency-Key": key})

    def send(
        self, method: str, path: str, body: Mapping[str, object], *, key: str | None = None, **query: object
    ) -> Json:
        """The answer to a request with a JSON body below /api/v1, with an idempotency key where one is needed."""
        headers = {} if key is None else {"Idempotency-Key": key}
        return self._checked(self._request(method, path, json=dict(body), params=_sent(query), headers=headers))

    def file(self, path: str, **query: object) -> bytes:
        """The content of a file below /api/v1."""
        return self.download(path, **query)[0]

    def upload(self, path: str, content: bytes, **query: object) -> Json:
        """The answer to POST below /api/v1 with a file as its body."""
        return self._checked(self._request("POST", path, content=content, params=_sent(query)))

    def download(self, path: str, **query: object) -> tuple[bytes, int]:
        """A file below /api/v1, and how many rows it has.

        Raises:
            ApiError: it failed; the sentence says what to do.
        """
        response = self._request("GET", path, params=_sent(query))
        if not response.is_success:
            self._checked(response)
        return response.content, int(response.headers.get("X-Rows", "0"))

    def pour(self, path: str, file: IO[bytes]) -> Mapping[str, str]:
        """Writes the answer to POST below /api/v1 into a file, piece by piece; returns the answer's headers.

        Raises:
            ApiError: it failed; the sentence says what to do.
        """
        with self._streamed("POST", path) as response:
            for chunk in response.iter_bytes():
                file.write(chunk)
            return response.headers

    def lines(self, path: str, **query: object) -> Iterator[Json]:
        """The lines of JSON of GET below /api/v1, as they come.

        Raises:
            ApiError: it failed; the sentence says what to do.
        """
        with self._streamed("GET", path, params=_sent(query)) as response:
            for line in response.iter_lines():
                yield json.loads(line)

    def follow(self, path: str, **query: object) -> Iterator[Json]:
        """The data of server-sent events of GET below /api/v1, as they come.

        Raises:
            ApiError: it failed; the sentence says what to do.
        """
        with self._streamed("GET", path, params=_sent(query)) as response:
            for line in response.iter_lines():
                if line.startswith("data:"):
                    yield json.loads(line.removeprefix("data:"))

    @contextmanager
    def _streamed(self, method: str, path: str, **more: Any) -> Iterator[httpx.Response]:  # noqa: ANN401 - httpx's own
        try:
            with self._client.stream(method, f"/api/v1/{path}", **more) as response:
                if not response.is_success:
                    response.read()
                    self._checked(response)
                yield response
        except httpx.HTTPError as error:
            raise ApiError(_no_answer(self._address).to(self._language)) from error

    def list(self, path: str, limit: int, **query: object) -> Json:
        """Up to `limit` items over as many pages as that takes; all else as on the first page."""
        answer = self.get(path, limit=min(limit, _PAGE), **query)
        items = answer["items"]
        cursor = answer["next_cursor"]
        while cursor is not None and len(items) < limit:
            page = self.get(path, limit=min(limit - len(items), _PAGE), cursor=cursor, **query)
            items += page["items"]
            cursor = page["next_cursor"]
        return {**answer, "items": items, "next_cursor": cursor}

    def device_id(self, name: str) -> str:
        """The id of a device that is named by its individual number or by its id.

        Raises:
            ApiError: no such device, as far as the token sees.
        """
        found = self.get("devices", individual_number=name)["items"]
        if found:
            return str(found[0]["device_id"])
        if is_device_id(name):
            return name
        raise ApiError(_NO_DEVICE.to(self._language))

    def call(
        self,
        method: str,
        path: str,
        query: Mapping[str, object],
        headers: Mapping[str, str] | None = None,
    ) -> Json:
        """One call.

        Raises:
            ApiError: it failed; the sentence says what to do.
        """
        return self._checked(self._request(method, path, params=_sent(query), headers=headers))

    def _request(self, method: str, path: str, **more: Any) -> httpx.Response:  # noqa: ANN401 - httpx's own options
        try:
            return self._client.request(method, f"/api/v1/{path}", **more)
        except httpx.HTTPError as error:
            raise ApiError(_no_answer(self._address).to(self._language)) from error

    def _checked(self, response: httpx.Response) -> Json:
        try:
            body = response.json()
        except ValueError as error:
            raise ApiError(_not_ours(self._address).to(self._language)) from error
        if not isinstance(body, dict):
            raise ApiError(_not_ours(self._address).to(self._language))
        if response.is_success:
            return body
        places = "; ".join(f"{entry.get('where')}: {entry.get('message')}" for entry in body.get("errors", []))
        sentence = f"{body.get('title', response.status_code)}. {body.get('detail', '')}"
        raise ApiError(f"{sentence} ({places})" if places else sentence)


def open_client(language: str) -> ApiClient:
    """A client with this machine's settings.

    Raises:
        ApiError: there is no token.
    """
    return ApiClient(load_settings(), language)


def _sent(query: Mapping[str, object]) -> dict[str, str | list[str]]:
    """Query parameters; a filter of None is not sent, one with several values is sent several times."""
    return {
        name.rstrip("_"): list(map(str, value)) if isinstance(value, list) else str(value)
        for name, value in query.items()
        if value is not None
    }


_NO_TOKEN: Final = Text(
    "Nyckel saknas: sätt FJARRKOLL_API_TOKEN, eller starta med `fjarrkoll up` eller scripts/demo, som skriver en. "
    "`fjarrkoll enroll token` gör fler.",
    "No token: set FJARRKOLL_API_TOKEN, or start with `fjarrkoll up` or scripts/demo, which write one. "
    "`fjarrkoll enroll token` makes more.",
)
_NO_DEVICE: Final = Text(
    "Inget hjälpmedel har det individnumret eller id:t, såvitt nyckeln får se; "
    "sök med `fjarrkoll devices list --text`.",
    "No device has that number or id, as far as the token sees; search with `fjarrkoll devices list --text`.",
)


def _no_answer(address: str) -> Text:
    return Text(
        f"Inget API svarar på {address}. Starta det med `fjarrkoll up` eller scripts/demo, eller rätta"
        " FJARRKOLL_API_URL.",
        f"No API answers at {address}. Start it with `fjarrkoll up` or scripts/demo, or mend FJARRKOLL_API_URL.",
    )


def _not_ours(address: str) -> Text:
    return Text(
        f"Det som svarar på {address} är inte Fjärrkolls API; kontrollera FJARRKOLL_API_URL.",
        f"What answers at {address} is not Fjärrkoll's API; check FJARRKOLL_API_URL.",
    )
