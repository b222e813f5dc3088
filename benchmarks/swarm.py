"""The regional swarm as a process of its own: order in, "ready" out, moment of beginning in, report out."""

import sys
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from device_sim.regional.accounts import Account
from device_sim.regional.devices import Limits
from device_sim.regional.lines import NoLinesError
from device_sim.regional.plan import RegionalPlan
from device_sim.regional.player import Player

LEDGER_COLUMNS: Final = ("latest", "given_up")


class SwarmOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What to do.

    Attributes:
        seconds: devices speak for so long from the plan's beginning on.
        drain_seconds: at most, until everything is confirmed as stored.
        ledger: where it writes, per device, the latest number and how many were given up (numpy, .npz).
        in_array: stored-up readings sent as one array.
        ask_every: live messages of a device between two that ask for a receipt.
    """

    host: str
    port: int
    plan: RegionalPlan
    accounts: list[Account]
    seconds: float
    drain_seconds: float
    ledger: str
    in_array: int = 40
    ask_every: int = 5


def main() -> None:
    """One order from standard input, one report to standard output; exit code 1 with a sentence where it failed."""
    order = msgspec.json.decode(sys.stdin.readline(), type=SwarmOrder)
    player = Player(
        order.plan,
        order.accounts,
        (order.host, order.port),
        Limits(in_array=order.in_array, ask_every=order.ask_every),
        _tell,
    )
    try:
        player.lines.connect()
        print("ready", flush=True)
        player.begin_at(int(sys.stdin.readline()))
        report = player.play(order.seconds, order.drain_seconds)
    except (NoLinesError, OSError) as error:
        sys.exit(f"swarm: {error}")
    finally:
        player.lines.close()
    columns = {name: np.frombuffer(getattr(player.devices, name), dtype=np.uint32) for name in LEDGER_COLUMNS}
    with Path(order.ledger).open("wb") as file:
        np.savez(file, **columns)  # type: ignore[arg-type]
    print(msgspec.json.encode(report).decode(), flush=True)


def _tell(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
