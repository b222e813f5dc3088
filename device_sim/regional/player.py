"""Plays a region: each device speaks at its moment; live messages first, stored-up ones at the platform's pace."""

import resource
import time
from array import array
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Final

import msgspec
import numpy as np

from device_sim.regional import readings
from device_sim.regional.accounts import Account
from device_sim.regional.devices import Devices, Limits
from device_sim.regional.line import SharedLine
from device_sim.regional.lines import Lines
from device_sim.regional.plan import RegionalPlan, device_id, device_of
from device_sim.regional.report import RegionalReport
from fleet import codec
from fleet.messages import Receipt
from fleet.topics import Verb, parts, topic

TICK_SECONDS: Final = 0.004
"""Between two looks at the lines; answers gather meanwhile, and waking up for each costs several times more."""
LOOK_SECONDS: Final = 1.0
TELL_SECONDS: Final = 10.0
_WEIGHT: Final = 0.05
_START: Final = 1_000
"""The devices' steady clock begins above 0, which means "not waiting"."""
_SAMPLED: Final = 16


class Player:
    """One process's region.

    Args:
        plan: who speaks when.
        accounts: the lines; together they speak for every device once.
        address: of the broker.
        limits: of the devices.
        tell: hears a sentence now and then.
    """

    def __init__(
        self,
        plan: RegionalPlan,
        accounts: Sequence[Account],
        address: tuple[str, int],
        limits: Limits | None = None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.plan = plan
        self.devices = Devices(plan, limits)
        self.lines = Lines(accounts, address, plan.seed)
        self._tell = tell
        self._turns = plan.turns()
        self._lateness = array("I")
        self._due = self._live = self._withheld = self._stored_up = self._repeated = self._receipts = 0
        self._behind: dict[SharedLine, None] = {}  # in order, so that equal runs are equal
        self._sent_up_to = array("I", self.devices.latest)
        self._sent_up_to[: plan.returning] = array("I", [0]) * plan.returning  # what they bring was never sent
        self._typical_delay = 0.0
        self._closing = False
        self._returned_at = -1.0
        self._since = 0.0

    def begin_at(self, milliseconds: int) -> None:
        """Sets the plan's beginning, once all stand ready; milliseconds since 1970."""
        self.plan = self.devices.plan = msgspec.structs.replace(self.plan, began_at=milliseconds)

    def play(self, seconds: float, drain_seconds: float = 0.0) -> RegionalReport:
        """Lets the devices speak for so long, from the plan's beginning on, then waits until all is confirmed."""
        cpu_before = _cpu_seconds()
        self._since = began = time.monotonic() + self.plan.began_at / 1000 - time.time()
        time.sleep(max(0.0, began - time.monotonic()))
        for line in self.lines.every:
            self._begin_again(line)
        self._run(until=began + seconds, closing_from=began + seconds - self.plan.interval_seconds)
        self._run(until=time.monotonic() + drain_seconds, closing_from=None)
        return self._report(time.monotonic() - began, _cpu_seconds() - cpu_before)

    @property
    def unconfirmed(self) -> int:
        """Readings in all outboxes."""
        return int(self.devices.unconfirmed().sum())

    # -- the loop -----------------------------------------------------------------------------------------------------

    def _run(self, *, until: float, closing_from: float | None) -> None:
        look_at = tell_at = 0.0
        while (now := time.monotonic()) < until:
            if closing_from is not None:
                self._closing = now >= closing_from
                self._speak(now)
            if now >= look_at:
                look_at = now + LOOK_SECONDS
                self._look(now)
                if closing_from is None:
                    if not self.unconfirmed:
                        return
                    self._ask_all()
            if now >= tell_at:
                tell_at = now + TELL_SECONDS
                self._tell(self._state(now))
            self._catch_up(now)
            self.lines.write(now)
            time.sleep(TICK_SECONDS)
            self._hear_all()

    def _look(self, now: float) -> None:
        self.lines.look(now)
        for device, waited, came in self.devices.overdue(self._steady(now), int(self._typical_delay)):
            line = self.lines.of(device)
            line.under_way = max(0, line.under_way - came)
            line.pace.overdue(now, waited / 1000)
            if line.up and self.devices.behind(device):
                self._falls_behind(line, device)
        if self.plan.returning and self.plan.seq_before and self._returned_at < 0:
            lowest = np.frombuffer(self.devices.lowest, dtype=np.uint32)[: self.plan.returning]
            if int(lowest.min()) > self.plan.seq_before:
                self._returned_at = now - self._since

    # -- speaking -----------------------------------------------------------------------------------------------------

    def _speak(self, now: float) -> None:
        """Lets every device speak whose moment has come."""
        elapsed = int((now - self._since) * 1000)
        due = self.plan.due(elapsed)
        for device in islice(self._turns, due - self._due):
            self._speaks(device, elapsed)
        self._due = due

    def _speaks(self, device: int, elapsed: int) -> None:
        first, last = self.devices.produce(device)
        if self._withheld < self.plan.withheld:
            self._withheld += 1
            self.devices.lowest[device] = last + 1
            return
        line = self.lines.of(device)
        if not line.room:
            # What cannot leave now is stored up; a line that is down brings it when it is up again.
            if line.up and not self.devices.behind(device) and not self.devices.waiting(device):
                self._start_over(line, device)
            return
        asks = self.devices.asks(device, last, elapsed + _START, closing=self._closing)
        line.publish(topic(device_id(device), Verb.TELEMETRY), readings.payload(self.plan, device, first, last, asks))
        self.lines.wrote(line)
        self._sent_up_to[device] = last
        self._live += 1
        if not self._live % _SAMPLED:
            self._lateness.append(max(0, elapsed + self.plan.began_at - self.plan.moment(device, last)))

    def _catch_up(self, now: float) -> None:
        """Sends what is stored up, on each line as much as its pace allows."""
        steady = self._steady(now)
        for line in list(self._behind):
            while line.behind and line.room and (room := int(line.pace.allowed) - line.under_way) > 0:
                device = line.behind.popleft()
                window = self.devices.next_window(device, steady, min(room, line.window - line.in_flight))
                if window is None:
                    continue
                line.under_way += len(window.messages)
                for first, last in window.messages:
                    asks = window.outbox_from if last == window.messages[-1][1] else None
                    self._sends_again(line, device, (first, last), asks)
            if not line.behind:
                del self._behind[line]

    def _sends_again(self, line: SharedLine, device: int, message: tuple[int, int], asks: int | None) -> None:
        first, last = message
        line.publish(topic(device_id(device), Verb.TELEMETRY), readings.payload(self.plan, device, first, last, asks))
        self.lines.wrote(line)
        self._stored_up += 1
        self._repeated += max(0, min(last, self._sent_up_to[device]) - first + 1)
        self._sent_up_to[device] = max(last, self._sent_up_to[device])

    # -- hearing ------------------------------------------------------------------------------------------------------

    def _hear_all(self) -> None:
        for line, heard, risen in self.lines.read():
            now = time.monotonic()
            for address, body in heard:
                self._hear(parts(address)[0], body, now)
            if risen:
                self._begin_again(line)

    def _hear(self, identity: str, body: bytes, now: float) -> None:
        receipt = codec.decode(body, Receipt)
        if receipt.boot != self.plan.boot:
            return
        device = device_of(identity)
        line, waited = self.lines.of(device), self.devices.waiting(device)
        delay, came = self.devices.heard(device, receipt.seq, self._steady(now))
        self._receipts += 1
        line.under_way = max(0, line.under_way - came)
        if delay:
            self._typical_delay += _WEIGHT * (delay - self._typical_delay)
            line.pace.answered(now, delay / 1000)
        if waited and line.up and self.devices.behind(device):
            self._falls_behind(line, device)

    # -- beginning again ----------------------------------------------------------------------------------------------

    def _begin_again(self, line: SharedLine) -> None:
        """A line is up: what its devices keep may not have arrived."""
        line.behind.clear()
        line.under_way = 0
        for device in range(*line.account.devices):
            self._start_over(line, device)

    def _start_over(self, line: SharedLine, device: int) -> None:
        if self.devices.start_over(device):
            self._falls_behind(line, device)

    def _falls_behind(self, line: SharedLine, device: int) -> None:
        line.behind.append(device)
        self._behind[line] = None

    def _ask_all(self) -> None:
        """At the end: whoever keeps something and waits for nothing asks, with the oldest that it keeps."""
        for device in np.nonzero(self.devices.unconfirmed())[0].tolist():
            line = self.lines.of(device)
            if line.up and not self.devices.waiting(device) and not self.devices.behind(device):
                self._start_over(line, device)

    # -- telling ------------------------------------------------------------------------------------------------------

    def _steady(self, now: float) -> int:
        return int((now - self._since) * 1000) + _START

    def _state(self, now: float) -> str:
        up = sum(line.up for line in self.lines.every)
        return (
            f"{now - self._since:.0f} s: {self._live} live, {self._stored_up} stored up, {self._receipts} receipts, "
            f"{self.unconfirmed} readings unconfirmed, {up} of {len(self.lines.every)} lines"
        )

    def _report(self, seconds: float, cpu: float) -> RegionalReport:
        devices, lines = self.devices, self.lines.every
        produced = int(np.frombuffer(devices.latest, dtype=np.uint32).astype(np.int64).sum())
        return RegionalReport(
            live=self._live,
            late_ms=float(np.percentile(self._lateness, 99)) if self._lateness else 0.0,
            stored_up=self._stored_up,
            repeated=self._repeated,
            acknowledged=sum(line.acknowledged for line in lines),
            refused=sum(line.refused for line in lines),
            receipts=self._receipts,
            readings=produced - (self.plan.devices - self.plan.returning) * self.plan.seq_before,
            unconfirmed=self.unconfirmed,
            given_up=sum(devices.given_up),
            lines=len(lines),
            lines_made=sum(line.made for line in lines),
            lines_lost=sum(line.lost for line in lines),
            longest_outage_seconds=round(self.lines.longest_outage, 1),
            caught_up_seconds=round(self._returned_at, 1),
            seconds=round(seconds, 1),
            cpu_seconds=round(cpu, 2),
            peak_mebibytes=round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
            state_mebibytes=round(devices.bytes / 2**20, 1),
        )


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
