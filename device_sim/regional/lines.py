"""All lines of a swarm on one epoll: opened, written, read, given up and opened again."""

import select
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final

from device_sim.regional.accounts import Account
from device_sim.regional.line import SharedLine
from fleet.errors import FjarrkollError

CONNECTS_AT_ONCE: Final = 200
CONNECT_WITHIN_SECONDS: Final = 120.0
_EVENTS: Final = 4096

Heard = list[tuple[str, bytes]]


class NoLinesError(FjarrkollError):
    """The broker did not let every line in at the beginning; the message says why."""


class Lines:
    """Of one process.

    Args:
        accounts: neighbouring devices each, as many as the first but for the last.
        address: of the broker.
        seed: of the waits between two tries.

    Attributes:
        longest_outage: seconds, from losing the first line to having all of them again.
    """

    def __init__(self, accounts: Sequence[Account], address: tuple[str, int], seed: int) -> None:
        self.every = [
            SharedLine(account, f"{account.name}-{number}", not account.whole_fleet or number == 0, seed)
            for number, account in enumerate(accounts)
        ]
        self.longest_outage = 0.0
        self._address = address
        self._share = accounts[0].devices[1] - accounts[0].devices[0]
        self._epoll = select.epoll()
        self._by_file: dict[int, SharedLine] = {}
        self._to_write: set[SharedLine] = set()
        self._down_since: float | None = None

    def of(self, device: int) -> SharedLine:
        """The line that speaks for a device."""
        return self.every[device // self._share]

    def connect(self) -> None:
        """Makes every line.

        Raises:
            NoLinesError: the broker does not let all of them in.
        """
        ends = time.monotonic() + CONNECT_WITHIN_SECONDS
        while not all(line.up for line in self.every):
            self.look(time.monotonic())
            self.write(time.monotonic())
            time.sleep(0.01)
            for _ in self.read():
                pass
            if time.monotonic() > ends:
                why = next(line.trouble for line in self.every if not line.up)
                raise NoLinesError(f"not every line is up after {CONNECT_WITHIN_SECONDS:.0f} s: {why or 'no answer'}")
        self._down_since = None

    def close(self) -> None:
        """Closes all."""
        for line in self.every:
            if line.wire is not None:
                line.wire.close()
        self._epoll.close()

    def look(self, now: float) -> None:
        """To be called every second or so: lines that are down, lines that are still."""
        opening = 0
        for line in self.every:
            if line.wire is None:
                if now >= line.try_at and opening < CONNECTS_AT_ONCE:
                    opening += 1
                    self._guarded(line, partial(self._open, line, now), now)
            elif (trouble := line.tick(now)) is not None:
                self._lose(line, trouble, now)
            elif line.out:
                self._to_write.add(line)
        self._note_outage(now)

    def wrote(self, line: SharedLine) -> None:
        """Something was added to what a line has to send."""
        self._to_write.add(line)

    def write(self, now: float) -> None:
        """Sends what was added."""
        for line in list(self._to_write):
            self._guarded(line, partial(line.write_out, now), now)
        self._to_write = {line for line in self._to_write if line.out}

    def read(self) -> Iterator[tuple[SharedLine, Heard, bool]]:
        """Takes in what has come: line, receipts as topic and payload, whether the line has just come up."""
        for file, _ in self._epoll.poll(0, maxevents=_EVENTS):
            line = self._by_file.get(file)
            if line is None:
                continue
            now, was_up = time.monotonic(), line.up
            heard = self._guarded(line, partial(line.read_in, now), now) or []
            if line.out:
                self._to_write.add(line)
            yield line, heard, line.up and not was_up

    def _open(self, line: SharedLine, now: float) -> None:
        made = line.begin(self._address, now)
        self._by_file[made.fileno()] = line
        self._epoll.register(made.fileno(), select.EPOLLIN)
        self._to_write.add(line)

    def _guarded(self, line: SharedLine, act: Callable[[], Heard | None], now: float) -> Heard | None:
        try:
            return act()
        except OSError as error:
            self._lose(line, str(error), now)
            return None

    def _lose(self, line: SharedLine, why: str, now: float) -> None:
        if line.wire is not None:
            self._by_file.pop(line.wire.fileno(), None)  # closing it takes it out of the epoll
        self._to_write.discard(line)
        line.lose(why, now)

    def _note_outage(self, now: float) -> None:
        all_up = all(line.up for line in self.every)
        if all_up and self._down_since is not None:
            self.longest_outage = max(self.longest_outage, now - self._down_since)
            self._down_since = None
        elif not all_up and self._down_since is None:
            self._down_since = now
