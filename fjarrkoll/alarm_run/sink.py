"""Where the alarms of a run arrive: a webhook's receiver on this machine that notes key, device and moment."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

_LARGEST: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request that was answered with success.

    Attributes:
        at: monotonic seconds.
    """

    at: float
    key: str
    device_id: str
    kind: str


@dataclass(slots=True)
class Sink:
    """What arrived, in order.

    Attributes:
        thinks_seconds: how long it takes to answer; may be changed while it listens.
    """

    url: str = ""
    thinks_seconds: float = 0.0
    arrivals: list[Arrival] = field(default_factory=list)

    def first_of(self, kind: str) -> dict[str, float]:
        """When the first alarm of each device arrived."""
        found: dict[str, float] = {}
        for arrival in list(self.arrivals):
            if arrival.kind == kind:
                found.setdefault(arrival.device_id, arrival.at)
        return found


@contextmanager
def sink(thinks_seconds: float = 0.0) -> Iterator[Sink]:
    """Listens on a free local port for the length of the block."""
    kept = Sink(thinks_seconds=thinks_seconds)

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, request: object, client_address: object) -> None:
            """Quiet: a caller that was killed in the middle of a sentence is what these runs are for."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(min(_LARGEST, int(self.headers.get("Content-Length", 0)))))
            key = self.headers.get("Idempotency-Key", "")
            kept.arrivals.append(Arrival(time.monotonic(), key, body["device_id"], body["kind"]))
            if kept.thinks_seconds:
                time.sleep(kept.thinks_seconds)
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
            """Quiet."""

    with Server(("127.0.0.1", 0), Handler) as server:
        kept.url = f"http://127.0.0.1:{server.server_port}/alarms"
        thread = threading.Thread(target=server.serve_forever, name="sink", daemon=True)
        thread.start()
        yield kept
        server.shutdown()
        thread.join()
