"""What every channel is: a name, and one method that sends a message or says why it could not."""

from typing import Protocol

from diagnostics.notify.message import Message
from diagnostics.notify.retry import Failure


class Channel(Protocol):
    """A way to reach people; one file per channel, each keeps to this."""

    @property
    def name(self) -> str:
        """Stable name, kept with every notification."""

    async def send(self, message: Message) -> Failure | None:
        """Sends once. None means that the receiver has taken it; nothing is raised for what a receiver does."""

    async def close(self) -> None:
        """Lets go of connections."""
