"""The SMS and voice channels: a provider's HTTP gateway, whatever it looks like, by its form."""

from datetime import timedelta

from diagnostics.notify.channel import Accepted
from diagnostics.notify.gateway_form import GatewayForm, Receipt, poll_path, read_answer, read_receipt, write_request
from diagnostics.notify.message import Message
from diagnostics.notify.outgoing import TIMEOUT_SECONDS, Outgoing
from diagnostics.notify.retry import Failure


class Gateway:
    """Sends through one provider.

    Args:
        name: "sms" or "voice".
        form: what the provider wants and answers.
        secret: goes where the form says `{secret}`.
        callback: our address for receipts, where the form says `{callback}`.
        allow_private: let it lead to loopback or a private network.

    Raises:
        ConfigurationError: its URL may not be used.
    """

    def __init__(  # noqa: PLR0913 - what a provider needs, by name
        self,
        name: str,
        form: GatewayForm,
        secret: str,
        *,
        callback: str = "",
        allow_private: bool = False,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self.name = name
        self._form = form
        self._secret = secret
        self._callback = callback
        self._outgoing = Outgoing(
            form.url, allow_private=allow_private, setting=f"gateway {name}: url", timeout_seconds=timeout_seconds
        )

    @property
    def receipts_within(self) -> timedelta | None:
        """As the form says."""
        return self._form.receipts_within

    async def close(self) -> None:
        """Closes open connections."""
        await self._outgoing.close()

    async def send(self, message: Message) -> Accepted | Failure:
        """Hands a message to the provider once."""
        if not message.address:
            return Failure(reason="the recipient has no address for this channel")
        request = write_request(self._form, message, self._secret, self._callback)
        answer = await self._outgoing.send("POST", request.headers, request.content, read=True)
        if isinstance(answer, Failure):
            return answer
        reference = read_answer(self._form, answer.body, message.key)
        if reference is None:
            return Failure(reason="answered a success that is no acceptance")
        return Accepted(reference)

    async def ask(self, reference: str) -> Receipt | None:
        """What the provider says became of a message; None where it is not asked, or says nothing we understand."""
        path = poll_path(self._form, reference)
        if path is None or self._form.receipts is None:
            return None
        headers = write_request(self._form, Message(reference, b""), self._secret, "").headers
        answer = await self._outgoing.send("GET", headers, b"", read=True, path=path)
        if isinstance(answer, Failure):
            return None
        receipt = read_receipt(self._form.receipts, answer.body)
        return receipt if receipt is not None and receipt.reference == reference else None
