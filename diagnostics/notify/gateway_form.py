"""What an SMS or voice provider wants and answers, as data: fields, authentication, references, receipts; pure."""

import hashlib
import hmac
import json
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, Literal
from urllib.parse import urlencode, urlsplit

import msgspec

from diagnostics.notify import signature
from diagnostics.notify.message import Message
from fleet.errors import ConfigurationError

_PLACES: Final = frozenset({"to", "text", "key", "secret", "callback"})


class ReceiptForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a provider says what became of a message, by calling us or when asked.

    Attributes:
        within_seconds: no receipt after this long means that the message is lost.
        reference, status: dotted paths in the receipt.
        delivered, failed: words of the status; every other one says nothing yet.
        header: where the callback's signature stands.
        signature: "fjarrkoll" (time and body, see `signature`), or "hex": HMAC-SHA256 of the body.
        poll_path: asked for every open message, with `{reference}`; empty where the provider calls.
    """

    within_seconds: float = 60.0
    reference: str = "id"
    status: str = "status"
    delivered: tuple[str, ...] = ("delivered",)
    failed: tuple[str, ...] = ("failed",)
    header: str = signature.HEADER
    signature: Literal["fjarrkoll", "hex"] = "fjarrkoll"
    poll_path: str = ""


class GatewayForm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One provider.

    Attributes:
        url: where messages are posted.
        encoding: "json" or "form".
        fields: name to text with `{to}`, `{text}`, `{key}`, `{secret}` or `{callback}`; a dotted name nests.
        headers: the same for headers.
        reference: dotted path of the provider's own name for the message in its answer; empty: ours is used.
        accepted: dotted path and words that a success must hold, where a provider answers 200 to everything.
        receipts: None where the provider gives none.
    """

    url: str
    fields: dict[str, str]
    encoding: Literal["json", "form"] = "json"
    headers: dict[str, str] = {}
    reference: str = ""
    accepted_path: str = ""
    accepted: tuple[str, ...] = ()
    receipts: ReceiptForm | None = None

    @property
    def receipts_within(self) -> timedelta | None:
        """How soon a receipt comes; None where none does."""
        return None if self.receipts is None else timedelta(seconds=self.receipts.within_seconds)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a provider says of one message; arrived None where it says nothing yet."""

    reference: str
    arrived: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A request as the provider wants it."""

    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)


def read_form(document: Mapping[str, Any], name: str) -> GatewayForm:
    """The form of a provider from its document.

    Raises:
        ConfigurationError: a field is missing, unknown or of another type, or holds a place that does not exist.
    """
    try:
        form = msgspec.convert(document, GatewayForm)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"gateway {name}: {error}") from None
    for text in (*form.fields.values(), *form.headers.values()):
        try:
            places = {place for _, place, _, _ in string.Formatter().parse(text) if place is not None}
        except ValueError:
            raise ConfigurationError(f"gateway {name}: a brace is written {{{{ or }}}}") from None
        if strange := places - _PLACES:
            raise ConfigurationError(f"gateway {name}: unknown place {sorted(strange)}; known are {sorted(_PLACES)}")
    return form


def write_request(form: GatewayForm, message: Message, secret: str, callback: str) -> Written:
    """The request for a message; what is filled in is data, and never changes the request's shape."""
    filled = {
        "to": message.address,
        "text": message.text,
        "key": message.key,
        "secret": secret,
        "callback": callback,
    }
    fields = {name: text.format(**filled) for name, text in form.fields.items()}
    headers = {name: text.format(**filled) for name, text in form.headers.items()}
    if form.encoding == "form":
        kind, content = "application/x-www-form-urlencoded", urlencode(fields).encode()
    else:
        kind, content = "application/json", json.dumps(_nested(fields)).encode()
    return Written(headers={"Idempotency-Key": message.key, **headers, "Content-Type": kind}, content=content)


def read_answer(form: GatewayForm, body: bytes, key: str) -> str | None:
    """The provider's reference for what it took, or None where its answer is no acceptance."""
    document = _parsed(body)
    if form.accepted_path and str(_at(document, form.accepted_path)).lower() not in form.accepted:
        return None
    if not form.reference:
        return key
    found = _at(document, form.reference)
    return str(found)[:200] if isinstance(found, str | int) and not isinstance(found, bool) else None


def read_receipt(form: ReceiptForm, body: bytes) -> Receipt | None:
    """What a receipt says, or None where it is none of ours."""
    document = _parsed(body)
    reference, status = _at(document, form.reference), _at(document, form.status)
    if isinstance(reference, bool) or not isinstance(reference, str | int) or status is None:
        return None
    word = str(status).lower()
    arrived = True if word in form.delivered else False if word in form.failed else None
    return Receipt(str(reference)[:200], arrived)


def receipt_is_signed(form: ReceiptForm, secret: str, header: str, body: bytes, now_unix_seconds: int) -> bool:
    """Whether a callback comes from the provider that shares the secret."""
    if form.signature == "fjarrkoll":
        return signature.verify(secret, header, body, now_unix_seconds)
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), header.lower().encode("utf-8", "replace"))


def poll_path(form: GatewayForm, reference: str) -> str | None:
    """The path that tells what became of a message; None where the provider is not asked."""
    if form.receipts is None or not form.receipts.poll_path:
        return None
    harmless = "".join(letter for letter in reference if letter.isascii() and (letter.isalnum() or letter in "-_.~"))
    return form.receipts.poll_path.replace("{reference}", harmless)


def place_of(form: GatewayForm) -> str:
    """Scheme and host of a provider, for a sentence that must not repeat keys in its URL."""
    parts = urlsplit(form.url)
    return f"{parts.scheme}://{parts.hostname}"


def _nested(fields: Mapping[str, str]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for name, text in fields.items():
        *above, last = name.split(".")
        inner = nested
        for part in above:
            inner = inner.setdefault(part, {})
        inner[last] = text
    return nested


def _parsed(body: bytes) -> Any:  # noqa: ANN401 - what a stranger sent
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _at(document: Any, path: str) -> Any:  # noqa: ANN401 - as above
    for part in path.split("."):
        if isinstance(document, dict):
            document = document.get(part)
        elif isinstance(document, list) and part.isdecimal() and int(part) < len(document):
            document = document[int(part)]
        else:
            return None
    return document
