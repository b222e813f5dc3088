"""The e-mail channel: one message to one address over SMTP, encrypted except on this machine."""

import asyncio
import ssl
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from typing import Final

import aiosmtplib

from diagnostics.notify.message import Message
from diagnostics.notify.retry import Failure
from fleet.errors import ConfigurationError

TIMEOUT_SECONDS: Final = 5.0
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_PERMANENT: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Smtp:
    """How the mail server is reached.

    Attributes:
        security: "tls", "starttls", or "none", which only a server on this machine is spoken to with.
        sender: the address messages come from.

    Raises:
        ConfigurationError: an unknown security, or none towards another machine.
    """

    host: str
    port: int
    sender: str
    security: str = "starttls"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca_file: str | None = None

    def __post_init__(self) -> None:
        if self.security not in {"tls", "starttls", "none"}:
            raise ConfigurationError("FJARRKOLL_SMTP_SECURITY is tls, starttls or none")
        if self.security == "none" and self.host not in _LOOPBACK:
            raise ConfigurationError("FJARRKOLL_SMTP_SECURITY none is for this machine only; use starttls")


class Mail:
    """Sends one e-mail per message. Mail servers give no receipts; the ladder's time-outs see to it."""

    name = "email"
    receipts_within: timedelta | None = None

    def __init__(self, smtp: Smtp, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._smtp = smtp
        self._timeout = timeout_seconds
        self._tls = None if smtp.security == "none" else ssl.create_default_context(cafile=smtp.ca_file)

    async def close(self) -> None:
        """Nothing is kept open."""

    async def send(self, message: Message) -> Failure | None:
        """Sends once; None when the server has taken it."""
        try:
            mail = written(message, self._smtp.sender)
        except ValueError:
            return Failure(reason="the address is not one that mail can be sent to", status=_PERMANENT)
        try:
            async with asyncio.timeout(self._timeout):
                await self._deliver(mail)
        except TimeoutError:
            return Failure(reason=f"no answer within {self._timeout:g} seconds")
        except (aiosmtplib.SMTPResponseException, aiosmtplib.SMTPRecipientsRefused) as error:
            return Failure(reason=f"the mail server refused it ({_code(error)})")
        except (OSError, aiosmtplib.SMTPException) as error:
            return Failure(reason=f"the mail server could not be reached ({type(error).__name__})")
        return None

    async def _deliver(self, mail: EmailMessage) -> None:
        await aiosmtplib.send(
            mail,
            hostname=self._smtp.host,
            port=self._smtp.port,
            username=self._smtp.username,
            password=self._smtp.password,
            use_tls=self._smtp.security == "tls",
            start_tls=self._smtp.security == "starttls",
            tls_context=self._tls,
            timeout=self._timeout,
        )


def written(message: Message, sender: str) -> EmailMessage:
    """The e-mail of a message. Its Message-ID is the message's key, so that repeats are known as such.

    Raises:
        ValueError: the address holds what no address may, such as a line break.
    """
    if "@" not in message.address or any(mark in message.address for mark in "\r\n,;<>"):
        msg = "not one address"
        raise ValueError(msg)
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    mail["To"] = message.address
    mail["Subject"] = message.title
    mail["Date"] = formatdate()
    mail["Message-ID"] = f"<{message.key}@fjarrkoll.invalid>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    mail.set_content(message.text)
    return mail


def _code(error: aiosmtplib.SMTPResponseException | aiosmtplib.SMTPRecipientsRefused) -> int:
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return error.recipients[0].code if error.recipients else _PERMANENT
    return error.code
