from datetime import timedelta

import pytest

from fleet.messages import Reply
from ingest.replies import CommandRow, Effect, effect
from tests.unit.ingest.support import NOW

COMMAND = CommandRow("id", 1, "read_faults", "sent", NOW + timedelta(seconds=10))


def reply(status: str) -> Reply:
    return Reply(ts=0, boot=1, seq=1, command_id="id", status=status)  # type: ignore[arg-type]  # one of the words


@pytest.mark.parametrize(
    ("state", "status", "after"),
    [
        ("queued", "delivered", "delivered"),
        ("sent", "delivered", "delivered"),
        ("sent", "succeeded", "succeeded"),
        ("delivered", "running", "running"),
        ("running", "delivered", None),
        ("running", "running", None),
        ("running", "failed", "failed"),
        ("sent", "refused", "refused"),
        ("sent", "expired", "expired"),
        ("succeeded", "failed", None),
        ("cancelled", "succeeded", None),
        ("expired", "succeeded", None),
    ],
)
def test_an_answer_moves_a_command_forward_only(state: str, status: str, after: str | None) -> None:
    assert effect(COMMAND, state, reply(status), NOW) == Effect(late=False, state=after)


def test_an_answer_after_the_expiry_is_late_and_changes_nothing_else() -> None:
    assert effect(COMMAND, "sent", reply("succeeded"), NOW + timedelta(seconds=10)) == Effect(
        late=False, state="succeeded"
    )
    assert effect(COMMAND, "sent", reply("succeeded"), NOW + timedelta(seconds=10.001)) == Effect(late=True, state=None)
