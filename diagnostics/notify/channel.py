"""What every channel is: a name, and one method that sends a message or says why it could not."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from diagnostics.notify.message import Message
from diagnostics.notify.retry import Failure


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has taken it, and will name it so in its receipt."""

    reference: str


class Channel(Protocol):
    """A way to reach people; one file per channel, each keeps to this."""

    @property
    def name(self) -> str:
        """Stable name, kept with every notification."""

    @property
    def receipts_within(self) -> timedelta | None:
        """How soon a receipt comes for what was delivered; None where the channel gives none."""

    async def send(self, message: Message) -> Accepted | Failure | None:
        """Sends once. None means that the receiver has taken it; nothing is raised for what a receiver does."""

    async def close(self) -> None:
        """Lets go of connections."""
