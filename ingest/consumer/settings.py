"""What a consumer needs to know, checked when it is written down rather than when it is used."""

import ssl
from dataclasses import dataclass, field

from fleet.errors import ConfigurationError

DAY_SECONDS = 86_400
MAXIMUM_KEEPALIVE_SECONDS = 30  # reliability.md D21: a half-open line must be seen within 45 s


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumerSettings:
    """One durable consumer. The client id is fixed: the broker keeps the session under it.

    Attributes:
        host, port: the broker's listener.
        client_id: fixed per shard; two processes with the same id throw each other out.
        username, password: never part of `repr`.
        tls: a context made by the caller, or None for a plain line.
        clean_start: throw the session away at connect. Only for tools and tests; ingest keeps it False.
        session_expiry_seconds: how long the broker keeps session and queue while ingest is away.
        keepalive_seconds: at most 30; a silent line is given up within 1.5 times this.
        receive_maximum: messages in hand and not acknowledged. Keep the broker's `max_inflight_messages` at or above
            it, else the broker's lower number rules and every batch waits out its linger.
        buffer_bytes: payload bytes in hand and not acknowledged at which reading from the line pauses.
        batch_bytes: payload bytes from which on a batch takes no further message; 0: as many as are in hand. Much less
            than `buffer_bytes`, else nothing more arrives while a batch is being stored.
        maximum_packet_size: bytes announced to the broker. Keep it at or above the broker's own `max_packet_size`: the
            broker silently drops what is larger than the consumer takes (MQTT 5, 3.1.2.11.4).
        tcp_nodelay: off costs 40-88 ms per round trip (measured, ecosystem.md 0.2).
        connect_timeout_seconds: from the first SYN to CONNACK.
        read_rest_seconds: under dense traffic the line is left alone this long between two reads, so that one read
            brings many messages; asyncio rounds it up to whole milliseconds; 0 reads at once.
        urgent: ending of topics whose messages end a batch's linger, because somebody waits for them; empty: none.
    """

    host: str
    port: int
    client_id: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: ssl.SSLContext | None = None
    clean_start: bool = False
    session_expiry_seconds: int = 14 * DAY_SECONDS
    keepalive_seconds: int = MAXIMUM_KEEPALIVE_SECONDS
    receive_maximum: int = 2000
    buffer_bytes: int = 32 * 1024 * 1024
    batch_bytes: int = 0
    maximum_packet_size: int = 16 * 1024 * 1024
    tcp_nodelay: bool = True
    connect_timeout_seconds: float = 10.0
    read_rest_seconds: float = 0.0005
    urgent: str = ""

    def __post_init__(self) -> None:
        """Refuse what cannot work or would lose data.

        Raises:
            ConfigurationError: names the setting.
        """
        if not self.client_id:
            raise ConfigurationError(
                "client_id is empty: the broker keeps the session under it, so give a fixed one per shard."
            )
        if not self.clean_start and self.session_expiry_seconds <= 0:
            raise ConfigurationError(
                "session_expiry_seconds is 0: the broker would forget the queue with the line. Set it to days."
            )
        self._check_range("port", self.port, 1, 65_535)
        self._check_range("session_expiry_seconds", self.session_expiry_seconds, 0, 0xFFFF_FFFF)
        self._check_range("keepalive_seconds", self.keepalive_seconds, 1, MAXIMUM_KEEPALIVE_SECONDS)
        self._check_range("receive_maximum", self.receive_maximum, 1, 65_535)
        self._check_range("buffer_bytes", self.buffer_bytes, 65_536, 1 << 40)
        self._check_range("batch_bytes", self.batch_bytes, 0, self.buffer_bytes)
        self._check_range("maximum_packet_size", self.maximum_packet_size, 1024, 268_435_460)  # MQTT 5, 2.1.4
        self._check_range("connect_timeout_seconds", self.connect_timeout_seconds, 0.01, 600)
        self._check_range("read_rest_seconds", self.read_rest_seconds, 0, 0.1)

    @staticmethod
    def _check_range(name: str, value: float, low: float, high: float) -> None:
        if not low <= value <= high:
            raise ConfigurationError(f"{name} is {value}: choose a value from {low} to {high}.")
