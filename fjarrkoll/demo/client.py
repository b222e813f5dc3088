"""The demo as a client of the API: what a technician, a carer and an analyst would ask."""

import uuid
from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True, slots=True)
class DemoTokens:
    """One token per role in the story; each sees only its own view."""

    technician: str
    carer: str
    analyst: str


class DemoClient:
    """Asks the API; every answer is what the system says, nothing is remembered from sending."""

    def __init__(self, url: str, tokens: DemoTokens) -> None:
        self._url = url
        self._tokens = tokens

    async def read_faults(self, device_id: str) -> list[dict[str, Any]]:
        """Reads fault codes from the device itself: command, broker, device, reply, database, answer."""
        async with self._client(self._tokens.technician) as client:
            answer = await client.post(
                f"/api/v1/devices/{device_id}/faults/read",
                params={"wait": 15},
                headers={"Idempotency-Key": str(uuid.uuid4())},
            )
            answer.raise_for_status()
            found = (answer.json().get("result") or {}).get("faults", [])
            return list(found)

    async def open_alarms(self) -> list[dict[str, Any]]:
        """Every open alarm, as seen from the carer's view and from the technician's; one seen from both counts once."""
        seen: dict[int, dict[str, Any]] = {}
        for token in (self._tokens.carer, self._tokens.technician):
            seen |= {alarm["alarm_id"]: alarm for alarm in await self._all("/api/v1/alarms", token, {"state": "open"})}
        return list(seen.values())

    async def idle_devices(self) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """Devices proven unused, and the figures around them with their denominators."""
        items = await self._all("/api/v1/idle", self._tokens.analyst, {})
        async with self._client(self._tokens.analyst) as client:
            answer = await client.get("/api/v1/idle", params={"limit": 1})
            answer.raise_for_status()
            return items, dict(answer.json().get("summary", {}))

    async def ask_analyst(self, method: str, path: str, **more: Any) -> httpx.Response:  # noqa: ANN401 - httpx's options
        """An answer to the analyst below /api/v1; a refusal is an error."""
        async with self._client(self._tokens.analyst) as client:
            answer = await client.request(method, f"/api/v1/{path}", **more)
            answer.raise_for_status()
            return answer

    async def _all(self, path: str, token: str, params: dict[str, str]) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        cursor: str | None = None
        async with self._client(token) as client:
            while True:
                page = await client.get(
                    path, params={**params, "limit": "200", **({"cursor": cursor} if cursor else {})}
                )
                page.raise_for_status()
                body = page.json()
                items += body["items"]
                cursor = body.get("next_cursor")
                if not cursor:
                    return items

    def _client(self, token: str) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=self._url, headers={"Authorization": f"Bearer {token}"}, timeout=30, trust_env=False
        )
