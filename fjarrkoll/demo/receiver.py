"""A receiver for the demo's webhooks, on this machine: counts what arrives and shows the last."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

_LARGEST: Final = 64 * 1024


@dataclass(slots=True)
class Received:
    """Bodies of the webhooks that arrived, oldest first."""

    url: str
    bodies: list[dict[str, Any]] = field(default_factory=list)


@contextmanager
def receiver() -> Iterator[Received]:
    """Listens on a free local port for the length of the block."""
    received = Received("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(min(_LARGEST, int(self.headers.get("Content-Length", 0))))
            received.bodies.append(json.loads(body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
            """Quiet: the demo shows what matters."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        received.url = f"http://127.0.0.1:{server.server_port}/alarms"
        thread = threading.Thread(target=server.serve_forever, name="webhook receiver", daemon=True)
        thread.start()
        yield received
        server.shutdown()
        thread.join()
