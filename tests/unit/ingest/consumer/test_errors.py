import pytest

from fleet.errors import FjarrkollError
from ingest.consumer import (
    BrokerUnreachable,
    ConnectionRefused,
    ConsumerError,
    Disconnected,
    ProtocolViolation,
    SubscriptionRefused,
)


@pytest.mark.parametrize(
    "kind", [BrokerUnreachable, ConnectionRefused, Disconnected, ProtocolViolation, SubscriptionRefused]
)
def test_every_error_has_one_root(kind: type[Exception]) -> None:
    assert issubclass(kind, ConsumerError)
    assert issubclass(kind, FjarrkollError)


@pytest.mark.parametrize(
    ("code", "words", "permanent"),
    [
        (0x86, "wrong user name or password", True),
        (0x87, "Compare ingest's credentials", True),
        (0x85, "Choose another client id", True),
        (0x88, "tried again by itself", False),
        (0x89, "tried again by itself", False),
        (0xFE, "Read the broker's log", False),  # a code of the future
    ],
)
def test_a_refusal_says_what_to_do_and_whether_waiting_helps(code: int, words: str, permanent: bool) -> None:
    refusal = ConnectionRefused(code, None)
    assert words in str(refusal)
    assert f"0x{code:02X}" in str(refusal)
    assert refusal.permanent is permanent


def test_the_brokers_own_words_are_quoted_as_data() -> None:
    assert r"'line\nbreak'" in str(ConnectionRefused(0x87, "line\nbreak"))


def test_every_refused_filter_is_named_with_its_reason() -> None:
    sentence = str(SubscriptionRefused({"a/#": 0x87, "b/#": 0x00, "c": 0xEE}))
    assert "'a/#': reason 0x87, not authorised" in sentence
    assert "'b/#': reason 0x00, it grants only QoS 0" in sentence
    assert "'c': reason 0xEE, read the broker's log" in sentence
