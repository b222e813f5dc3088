"""The demo's director: the console's panel asks it to make something happen to a simulated device."""

import asyncio
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import psycopg

from device_sim import mischief
from device_sim.connection import Connection
from device_sim.emission import Emission
from device_sim.persona import Habit
from device_sim.swarm import today_in_sweden
from fjarrkoll.demo.receiver import Received
from fleet.registry import Registry
from fleet.rules import Combined, FaultActive, Gathered, Rule

AREA: Final = "norra-demoområdet"
AGED_BATTERY: Final = "WC-BAT-01"
_WORN_HEALTH: Final = 48.0
_NEARLY_EMPTY: Final = 12.0
"""Per cent of the new battery, and of what it holds now."""
LEAST_OF_AREA: Final = 6
"""An area of fewer devices is told one by one (fleet/areas.py)."""
PAST_DAYS: Final = 60
"""What a chair that is put aside tells at once: so many days, used in the first of them only."""
_USED_SHARE: Final = 0.15
_OFTEN_USED: Final = 0.95
_LARGEST: Final = 4096


@dataclass(slots=True)
class Director:
    """What the panel reaches.

    Attributes:
        url, key: where it listens on this machine, and what a request must carry.
        acts: what can be made to happen, by name; each says to which devices it happened, none where it has happened to
            all that it fits. Empty until the fleet runs.
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

    def notified(self, alarm_ids: Sequence[object]) -> bool:
        """Whether a webhook about one of these alarms has arrived."""
        return any(body.get("alarm_id") in alarm_ids for body in list(self.received.bodies))


@dataclass(slots=True)
class Stagehand:
    """Makes things happen in a running fleet, each to the next device that it fits and that nothing happened to yet.

    Attributes:
        connections: the fleet's.
        area: ids of the devices whose power goes together.
        aside: ids of chairs whose past was not told yet.
        spared: ids of devices with another part in the story.
        registry: the device classes.
        loop: in which the connections live; what is made to happen is called from another thread.
    """

    connections: Sequence[Connection]
    area: Sequence[str]
    aside: Sequence[str]
    spared: Sequence[str]
    registry: Registry
    loop: asyncio.AbstractEventLoop
    _done: set[str] = field(default_factory=set)
    _telling: set[asyncio.Task[None]] = field(default_factory=set)

    def acts(self) -> dict[str, Callable[[], Sequence[str]]]:
        """What can be made to happen, by the panel's name of it."""
        return {"jam": self.jam, "area": self.cut_area, "battery": self.age_battery, "idle": self.put_aside}

    def jam(self) -> Sequence[str]:
        """A dispenser's tray stops."""
        return self._to_next(self._free("dispenser"), mischief.jam)

    def age_battery(self) -> Sequence[str]:
        """A wheelchair's battery holds half of what it did, and stops the chair."""
        return self._to_next(self._free("wheelchair"), age)

    def cut_area(self) -> Sequence[str]:
        """The mains of every device of the area goes, once."""
        code = power_fault(self.registry["dispenser"].rules)
        cut = [c for c in self.connections if _id(c) in self.area and _id(c) not in self._done]
        for connection in cut:
            self._now(mischief.raise_fault, connection, code)
        self._done |= {_id(c) for c in cut}
        return [_id(c) for c in cut]

    def put_aside(self) -> Sequence[str]:
        """A chair that was used and then stood connected in a corner: it tells the days it had stored, all at once."""
        return self._to_next([c for c in self.connections if _id(c) in self.aside], self._begin_telling)

    def _free(self, device_class: str) -> list[Connection]:
        """Those without another part; a clock that is wrong on purpose would make the times of the steps wrong, too."""
        taken = {*self.area, *self.aside, *self.spared}
        fitting = (c for c in self.connections if c.device.identity.profile.name == device_class)
        return [c for c in fitting if _id(c) not in taken and not c.device.clock_offset]

    def _to_next(self, fitting: Sequence[Connection], action: Callable[[Connection], object]) -> Sequence[str]:
        chosen = next((c for c in fitting if _id(c) not in self._done), None)
        if chosen is None:
            return []
        self._done.add(_id(chosen))
        self._now(action, chosen)
        return [_id(chosen)]

    def _now(self, action: Callable[..., object], *arguments: object) -> None:
        self.loop.call_soon_threadsafe(action, *arguments)

    def _begin_telling(self, chosen: Connection) -> None:
        task = self.loop.create_task(tell_past(chosen, today_in_sweden()))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)


def age(chosen: Connection) -> None:
    """A worn battery: its health is told, it is nearly empty, and the chair says so."""
    chosen.device.memory |= {"soh": _WORN_HEALTH, "soc": _NEARLY_EMPTY}
    told = Emission(chosen.clock(), values={"battery.soh": _WORN_HEALTH, "battery.soc": _NEARLY_EMPTY})
    chosen.send(chosen.device.measure([told]))
    mischief.raise_fault(chosen, AGED_BATTERY)


async def tell_past(chosen: Connection, today: date) -> None:
    """Sends a device's last `PAST_DAYS` days as the stored-up messages of one that was used and then put aside."""
    device = chosen.device
    device.persona = replace(device.persona, habit=Habit.FADING, share_of_days=_OFTEN_USED, fades_after=_USED_SHARE)
    for number in range(PAST_DAYS):
        day = today - timedelta(days=PAST_DAYS - number)
        chosen.send(device.live_through(day, number / PAST_DAYS))
        await asyncio.sleep(0)


def _id(connection: Connection) -> str:
    return connection.device.identity.device_id


def power_fault(rules: Sequence[Rule]) -> str:
    """The fault by which a class's devices say that their mains is gone."""
    found = (p for p in _parts(rules) if isinstance(p, FaultActive) and p.gathered is Gathered.POWER)
    return next(found).faults[0]


def _parts(rules: Sequence[Rule]) -> list[Rule]:
    return [part for rule in rules for part in (rule.parts if isinstance(rule, Combined) else (rule,))]


def make_area(connection: psycopg.Connection, device_ids: Sequence[str]) -> list[str]:
    """Puts these devices, which one payer has under one legal frame, into one area; none where they are too few.

    Args:
        connection: the owner's.
        device_ids: of a class that can lose its power.
    """
    if len(device_ids) < LEAST_OF_AREA:
        return []
    connection.execute(
        "UPDATE loan SET area = %s FROM device d"
        " WHERE d.device_no = loan.device_no AND loan.ended_at IS NULL AND d.device_id = ANY (%s)",
        [AREA, list(device_ids)],
    )
    return list(device_ids)


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
                self._answer({"notified": director.notified(wish["notified"])})
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
