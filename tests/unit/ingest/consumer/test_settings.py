import pytest

from fleet.errors import ConfigurationError
from ingest.consumer import ConsumerSettings

GOOD: dict[str, object] = {"host": "broker", "port": 1883, "client_id": "ingest-0"}


def settings(**overrides: object) -> ConsumerSettings:
    return ConsumerSettings(**{**GOOD, **overrides})  # type: ignore[arg-type]  # wrong values are the point


def test_the_defaults_keep_a_session_for_two_weeks_and_notice_a_dead_line_in_45_seconds() -> None:
    good = settings()
    assert (good.clean_start, good.session_expiry_seconds) == (False, 14 * 86_400)
    assert good.keepalive_seconds * 1.5 <= 45


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("client_id", ""),
        ("session_expiry_seconds", 0),  # the queue would go with the line
        ("session_expiry_seconds", 2**32),
        ("keepalive_seconds", 0),  # off: a half-open line would never be noticed
        ("keepalive_seconds", 60),
        ("receive_maximum", 0),
        ("receive_maximum", 65_536),
        ("buffer_bytes", 100),
        ("maximum_packet_size", 10),
        ("port", 0),
        ("connect_timeout_seconds", 0),
        ("read_rest_seconds", 1),
    ],
)
def test_a_setting_that_would_lose_data_or_cannot_work_is_named(name: str, value: object) -> None:
    with pytest.raises(ConfigurationError, match=name):
        settings(**{name: value})


def test_tools_may_ask_for_a_clean_start_without_a_session() -> None:
    assert settings(clean_start=True, session_expiry_seconds=0).clean_start


def test_the_password_is_not_shown() -> None:
    assert "hunter2" not in repr(settings(username="ingest", password="hunter2"))
