"""The webhook's signature: HMAC-SHA256 over the time and the body, so that a receiver can tell ours from anybody's.

    Fjarrkoll-Signature: t=1763812800,v1=5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd

A receiver computes HMAC-SHA256 with the shared secret over `t`, a full stop and the raw body, compares it in constant
time with `v1`, and refuses a `t` that is more than five minutes old. `verify` does exactly that.
"""

import hashlib
import hmac
import re
from typing import Final

HEADER: Final = "Fjarrkoll-Signature"
TOLERANCE_SECONDS: Final = 300
SHORTEST_SECRET: Final = 16
_FORM: Final = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})")


def sign(secret: str, unix_seconds: int, body: bytes) -> str:
    """The header's value for a body sent at a time.

    Raises:
        ValueError: the secret is shorter than 16 characters, which is no secret.
    """
    if len(secret) < SHORTEST_SECRET:
        msg = f"a webhook secret needs at least {SHORTEST_SECRET} characters"
        raise ValueError(msg)
    return f"t={unix_seconds},v1={_digest(secret, unix_seconds, body)}"


def verify(secret: str, header: str, body: bytes, now_unix_seconds: int) -> bool:
    """Whether a signature is ours and fresh; what a receiver does."""
    found = _FORM.fullmatch(header)
    if found is None or abs(now_unix_seconds - int(found[1])) > TOLERANCE_SECONDS:
        return False
    return hmac.compare_digest(found[2], _digest(secret, int(found[1]), body))


def _digest(secret: str, unix_seconds: int, body: bytes) -> str:
    return hmac.new(secret.encode(), f"{unix_seconds}.".encode() + body, hashlib.sha256).hexdigest()
