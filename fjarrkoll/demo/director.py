"""The demo's director: the console's panel asks it to make something happen to a simulated device."""

import asyncio
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any, Final

import psycopg

from device_sim import mischief
from device_sim.connection import Connection
from fjarrkoll.demo.receiver import Received
from fleet.registry import Registry
from fleet.rules import Combined, FaultActive, Gathered, Rule

AREA: Final = "Norra demoområdet"
AGED_BATTERY: Final = "WC-BAT-01"
LEAST_OF_AREA: Final = 6
"""An area of fewer devices is told one by one (fleet/areas.py)."""
_LARGEST: Final = 4096


@dataclass(slots=True)
class Director:
    """What the panel reaches.

    Attributes:
        url, key: where it listens on this machine, and what a request must carry.
        acts: what can be made to happen, by name; each says to which devices it happened. Empty until the fleet runs.
        received: the webhooks that arrived, for the step "notified".
    """

    received: Received
    url: str = ""
    key: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    acts: Mapping[str, Callable[[], Sequence[str]]] = field(default_factory=dict)

    def do(self, name: str) -> dict[str, Any]:
        """Makes something happen; the devices, and when they were told to."""
        at = time.time()
        return {"devices": list(self.acts[name]()), "at": at}

    def notified(self, device_id: str) -> bool:
        """Whether a webhook about this device has arrived."""
        return any(device_id in json.dumps(body) for body in list(self.received.bodies))


def acts_of(
    connections: Sequence[Connection], area: Sequence[str], registry: Registry, loop: asyncio.AbstractEventLoop
) -> dict[str, Callable[[], Sequence[str]]]:
    """What can be made to happen in a running fleet; each time to the next device that it fits.

    Args:
        connections: the fleet's.
        area: ids of the devices whose power goes together.
        registry: the device classes.
        loop: in which the connections live.
    """
    by_id = {connection.device.identity.device_id: connection for connection in connections}
    free = [c for c in connections if c.device.identity.device_id not in area]
    turns = count()

    def to_next(device_class: str, action: Callable[[Connection], object]) -> Sequence[str]:
        fitting = [c for c in free if c.device.identity.profile.name == device_class]
        chosen = fitting[next(turns) % len(fitting)]
        loop.call_soon_threadsafe(action, chosen)
        return [chosen.device.identity.device_id]

    def cut_area() -> Sequence[str]:
        code = power_fault(registry["dispenser"].rules)
        for device_id in area:
            loop.call_soon_threadsafe(mischief.raise_fault, by_id[device_id], code)
        return area

    return {
        "jam": lambda: to_next("dispenser", mischief.jam),
        "battery": lambda: to_next("wheelchair", lambda chosen: mischief.raise_fault(chosen, AGED_BATTERY)),
        "area": cut_area,
    }


def power_fault(rules: Sequence[Rule]) -> str:
    """The fault by which a class's devices say that their mains is gone."""
    found = (p for p in _parts(rules) if isinstance(p, FaultActive) and p.gathered is Gathered.POWER)
    return next(found).faults[0]


def _parts(rules: Sequence[Rule]) -> list[Rule]:
    return [part for rule in rules for part in (rule.parts if isinstance(rule, Combined) else (rule,))]


def make_area(connection: psycopg.Connection, device_ids: Sequence[str]) -> list[str]:
    """Puts the largest group of these devices with one payer and legal frame into one area; the devices of it.

    Args:
        connection: the owner's.
        device_ids: of a class that can lose its power.
    """
    rows = connection.execute(
        "SELECT array_agg(d.device_id ORDER BY d.device_id), array_agg(d.device_no) FROM device d"
        " WHERE d.device_id = ANY (%s) GROUP BY d.payer_id, d.legal_frame ORDER BY count(*) DESC LIMIT 1",
        [list(device_ids)],
    ).fetchone()
    if rows is None or len(rows[0]) < LEAST_OF_AREA:
        return []
    connection.execute("UPDATE loan SET area = %s WHERE ended_at IS NULL AND device_no = ANY (%s)", [AREA, rows[1]])
    return list(rows[0])


@contextmanager
def listening(director: Director) -> Iterator[None]:
    """Serves the panel on a free local port for the length of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = self.rfile.read(min(_LARGEST, int(self.headers.get("Content-Length", 0))))
            if not hmac.compare_digest(self.headers.get("X-Key", ""), director.key):
                self.send_error(403)
                return
            wish = json.loads(asked)
            if "notified" in wish:
                self._answer({"notified": director.notified(str(wish["notified"]))})
            elif wish.get("do") in director.acts:
                self._answer(director.do(wish["do"]))
            else:
                self.send_error(404)

        def _answer(self, answer: dict[str, Any]) -> None:
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
            """Quiet: the panel shows what matters."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        director.url = f"http://127.0.0.1:{server.server_port}/"
        thread = threading.Thread(target=server.serve_forever, name="demo director", daemon=True)
        thread.start()
        yield
        server.shutdown()
        thread.join()
