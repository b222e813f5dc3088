"""What can go wrong between ingest and the broker: one class per situation, each with a sentence on what to do."""

# ruff: noqa: N818  # the names tell the situation an operator is in; every one of them is rooted in ConsumerError

from fleet.errors import FjarrkollError


class ConsumerError(FjarrkollError):
    """Root of what the consumer raises on purpose."""


class BrokerUnreachable(ConsumerError):
    """Nothing that speaks MQTT 5 answers at the address; trying again later is right."""


class Disconnected(ConsumerError):
    """The line is lost. Nothing that was unacknowledged is lost: the broker delivers it again on the next connection.

    Args:
        sentence: what happened.
        reason_code: the broker's own reason (MQTT 5, table 3.14.2.1), or None where the line broke without a word.
    """

    def __init__(self, sentence: str, reason_code: int | None = None) -> None:
        super().__init__(sentence)
        self.reason_code = reason_code

    @property
    def taken_over(self) -> bool:
        """Another process connected with the same client id (0x8E): coming back at once would only throw it out."""
        return self.reason_code == SESSION_TAKEN_OVER


class ProtocolViolation(Disconnected):
    """The broker sent what MQTT 5 does not allow, or more than was agreed; the line was closed for that."""


class ConnectionRefused(ConsumerError):
    """The broker answered CONNECT with a refusal.

    Args:
        reason_code: the broker's reason (MQTT 5, table 3.2.2.2).
        detail: the broker's own words (Reason String), where it sent any.
    """

    def __init__(self, reason_code: int, detail: str | None = None) -> None:
        self.reason_code = reason_code
        self.permanent = reason_code in _PERMANENT
        words = f" The broker says: {detail!r}." if detail else ""
        advice = _CONNECT_ADVICE.get(reason_code, "Read the broker's log for the cause.")
        super().__init__(f"The broker refused the connection (reason 0x{reason_code:02X}): {advice}{words}")


class SubscriptionRefused(ConsumerError):
    """The broker refused one or more topic filters, so messages would be missed in silence.

    Args:
        refused: topic filter → the broker's reason (MQTT 5, table 3.9.3), or the QoS it granted where that is below 1.
    """

    def __init__(self, refused: dict[str, int]) -> None:
        self.refused = refused
        reasons = "; ".join(f"{topic_filter!r}: {_subscribe_advice(code)}" for topic_filter, code in refused.items())
        super().__init__(f"The broker refused the subscription: {reasons}")


SESSION_TAKEN_OVER = 0x8E

_CONNECT_ADVICE = {
    0x81: "it found the CONNECT packet malformed. Check that the port speaks MQTT, not another protocol.",
    0x84: "it does not speak MQTT 5. Use a broker that does (Mosquitto 2, EMQX).",
    0x85: "it does not accept this client id. Choose another client id, or allow this one in the broker's settings.",
    0x86: "wrong user name or password. Compare ingest's credentials with the broker's password file.",
    0x87: "not authorised: wrong user name or password, or no right to connect. Compare ingest's credentials with the "
    "broker's password file.",
    0x88: "it is unavailable at the moment. It is tried again by itself.",
    0x89: "it is busy. It is tried again by itself.",
    0x8A: "this client is banned. Lift the ban in the broker's settings.",
    0x95: "the CONNECT packet is too large for it. Raise the broker's maximum packet size.",
    0x97: "a quota is used up. Raise the broker's limit of connections or sessions.",
    0x9C: "another server is to be used for the moment. Change the host in ingest's settings.",
    0x9D: "the server has moved. Change the host in ingest's settings.",
    0x9F: "too many connections per second. It is tried again by itself.",
}
_PERMANENT = frozenset({0x81, 0x84, 0x85, 0x86, 0x87, 0x8A, 0x8C, 0x9D})

_SUBSCRIBE_ADVICE = {
    0x00: "it grants only QoS 0, which loses messages; allow QoS 1 at the broker",
    0x87: "not authorised; give ingest's user the right to read this filter in the broker's access list",
    0x8F: "the filter is not valid; check its wildcards ('#' only last, '+' alone between slashes)",
    0x97: "a quota is used up; raise the broker's limit of subscriptions",
    0x9E: "shared subscriptions are not supported",
    0xA2: "wildcards are not supported by this broker",
}


def _subscribe_advice(reason_code: int) -> str:
    advice = _SUBSCRIBE_ADVICE.get(reason_code, "read the broker's log for the cause")
    return f"reason 0x{reason_code:02X}, {advice}"
