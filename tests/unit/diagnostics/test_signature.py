"""The webhook's signature, against a value computed elsewhere, and what must not pass."""

import pytest

from diagnostics.notify.signature import sign, verify

SECRET = "a-secret-of-the-receiver"
BODY = b'{"alarm_id":1}'


def test_known_value() -> None:
    # printf '1763812800.{"alarm_id":1}' | openssl dgst -sha256 -hmac a-secret-of-the-receiver
    expected = "1cf7f3ce7f0897289b56c67941080849cc7f0c63ad7c07bb2f6bc1eb864668e6"
    assert sign(SECRET, 1763812800, BODY) == f"t=1763812800,v1={expected}"


@pytest.mark.parametrize(
    ("secret", "body", "now"),
    [
        ("another-secret-entirely", BODY, 1763812800),
        (SECRET, BODY + b" ", 1763812800),
        (SECRET, BODY, 1763812800 + 301),
        (SECRET, BODY, 1763812800 - 301),
    ],
)
def test_wrong_secret_changed_body_or_old_time_is_refused(secret: str, body: bytes, now: int) -> None:
    header = sign(SECRET, 1763812800, BODY)
    assert verify(SECRET, header, BODY, 1763812800 + 300)
    assert not verify(secret, header, body, now)


def test_moving_the_time_breaks_the_signature() -> None:
    header = sign(SECRET, 1763812800, BODY).replace("t=1763812800", "t=1763812900")
    assert not verify(SECRET, header, BODY, 1763812900)


@pytest.mark.parametrize("header", ["", "v1=abc", "t=1,v1=", "t=x,v1=" + "0" * 64, "t=1,v1=" + "0" * 64])
def test_malformed_header_is_refused(header: str) -> None:
    assert not verify(SECRET, header, BODY, 1)


def test_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="16"):
        sign("short", 1, BODY)
