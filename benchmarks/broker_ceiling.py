"""What the broker can do without ingest: the generator on one side, `mosquitto_sub` at QoS 1 on the other."""

import os
import resource
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from benchmarks.children import ChildError, child
from benchmarks.generator import Report
from benchmarks.resources import Watched, spent
from benchmarks.results import BrokerCeiling, Costs, Speed
from benchmarks.stage import SUBSCRIBER, Stage
from benchmarks.workload import Workload

_SUBSCRIBER_ID: Final = "bench-subscriber"
_RECEIVE_MAXIMUM: Final = 2000
"""As much in flight as the shipped broker allows and ingest asks for."""
_BOUND_SECONDS: Final = 600
_CONNECT_SECONDS: Final = 30.0


def broker_ceiling(stage: Stage, workload: Workload) -> BrokerCeiling:
    """Messages a second through the broker to `mosquitto_sub -q 1`, which counts them.

    Raises:
        ChildError: not every message came through.
    """
    messages = len(workload.timed)
    environment = _secret_options(stage)
    # It leaves its session behind, so that nothing is missed while the one who counts is starting.
    subscribing = _subscriber(stage, "-E")
    subprocess.run(subscribing, env=environment, check=True, stdout=subprocess.DEVNULL, timeout=_CONNECT_SECONDS)
    with child("benchmarks.generator", stage.order(workload), Report) as generator:
        counting = _subscriber(stage, "-C", str(messages), "-W", str(_BOUND_SECONDS))
        with subprocess.Popen(counting, env=environment, stdout=subprocess.DEVNULL) as subscriber:
            _wait_connected(stage.broker.log_path, times=2)
            watched = Watched(single={"generator": generator.pid, "broker": stage.broker.pid}, families={})
            before, subscriber_before = watched.snapshot(), _children_seconds()
            generator.go()
            report = generator.report()
            code = subscriber.wait()  # without a timeout, which would only be looked at every 50 ms; -W ends it
            ended_at, after = time.time(), watched.snapshot()
            subscriber_seconds = _children_seconds() - subscriber_before
    if code != 0:
        raise ChildError(f"mosquitto_sub ended with code {code} before {messages} messages had come through the broker")
    took = spent(before, after) | {"generator": report.cpu_seconds, "subscriber": subscriber_seconds}
    return BrokerCeiling(speed=Speed(messages, ended_at - report.started_at), costs=Costs.of(took))


def _subscriber(stage: Stage, *options: str) -> Sequence[str]:
    broker = stage.broker
    return [
        str(stage.binaries.mosquitto_sub),
        *("-h", broker.host, "-p", str(broker.port), "-V", "mqttv5"),
        *("-D", "connect", "receive-maximum", str(_RECEIVE_MAXIMUM)),
        *("-i", _SUBSCRIBER_ID, "-c", "-x", str(_BOUND_SECONDS), "-q", "1", "-t", "fk/v1/+/telemetry"),
        *options,
    ]


def _secret_options(stage: Stage) -> Mapping[str, str]:
    """The environment in which `mosquitto_sub` finds its credentials in a file; command lines are open to everyone."""
    folder = stage.folder / "options"
    folder.mkdir(mode=0o700, exist_ok=True)
    file = folder / "mosquitto_sub"
    file.touch(mode=0o600)
    file.write_text(f"-u {SUBSCRIBER}\n-P {stage.passwords[SUBSCRIBER]}\n", encoding="utf-8")
    return {"PATH": os.environ["PATH"], "XDG_CONFIG_HOME": str(folder)}


def _wait_connected(broker_log: Path, times: int) -> None:
    deadline = time.monotonic() + _CONNECT_SECONDS
    while broker_log.read_text(encoding="utf-8", errors="replace").count(f" as {_SUBSCRIBER_ID} ") < times:
        if time.monotonic() > deadline:
            raise ChildError(f"mosquitto_sub did not connect; the broker's log is {broker_log}")
        time.sleep(0.02)


def _children_seconds() -> float:
    """CPU seconds of our children that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
