"""A real SMTP server (aiosmtpd) on this machine, in a thread of its own, that can refuse and be slow."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller

from fjarrkoll.services.process import free_port


@dataclass
class Mailbox:
    """Keeps what was delivered. `answers` are given to the next deliveries; 250 where there are none left."""

    answers: list[str] = field(default_factory=list)
    slow_seconds: float = 0.0
    got: list[Message] = field(default_factory=list)
    to: list[list[str]] = field(default_factory=list)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        time.sleep(self.slow_seconds)  # noqa: ASYNC251 - the server's own thread: it is to hang
        answer = self.answers.pop(0) if self.answers else "250 taken"
        if answer.startswith("250"):
            self.got.append(message_from_bytes(envelope.content, policy=default))
            self.to.append(envelope.rcpt_tos)
        return answer


@contextmanager
def mail_server(mailbox: Mailbox) -> Iterator[int]:
    """Its port, for the length of the block."""
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()
