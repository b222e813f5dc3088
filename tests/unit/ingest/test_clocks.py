from fleet.errors import RejectionReason
from ingest.accepted import Doubtful, Identity
from ingest.clocks import Correction, Told, settle
from tests.unit.ingest.support import DISPENSER, NOW_MS, SCALE, accepted, delivery, event, reading, register

ME = Identity(1, 1, 1)


def doubtful(ts: int, *, seq: int = 1, boot: int = 1) -> Doubtful:
    message = delivery(SCALE, reading(seq, {"body.weight": 80}, ts=ts, boot=boot))
    (entry,) = accepted(message, known=register(clock_corrected=True)).doubtful
    return entry


def test_a_wrong_time_is_corrected_once_and_remembered() -> None:
    settled = settle([doubtful(0), doubtful(0)], {}, set())
    assert [record.at for record in settled.readings] == [NOW_MS]
    assert settled.corrections == {ME: Correction(0, NOW_MS)}
    assert settled.repeated == 1


def test_a_repetition_of_a_corrected_message_is_recognised_whether_it_is_believed_now_or_not() -> None:
    for told in (0, NOW_MS - 5):
        settled = settle([doubtful(told)], {ME: Correction(told, NOW_MS - 900)}, set())
        assert (settled.readings, settled.repeated) == ([], 1)


def test_a_message_that_was_believed_once_and_is_not_now_is_recognised() -> None:
    settled = settle([doubtful(77)], {}, {Told(ME, 77)})
    assert (settled.readings, settled.corrections, settled.repeated) == ([], {}, 1)


def test_a_believed_message_of_such_a_device_is_stored_as_usual() -> None:
    settled = settle([doubtful(NOW_MS - 5)], {}, set())
    assert [(record.at, record.corrected) for record in settled.readings] == [(NOW_MS - 5, False)]
    assert settled.corrections == {}


def test_another_message_under_a_corrected_identity_is_not_lost() -> None:
    known = {ME: Correction(5, NOW_MS - 900)}
    settled = settle([doubtful(NOW_MS - 5)], known, set())
    assert len(settled.readings) == 1
    settled = settle([doubtful(6)], known, set())
    (refused,) = settled.rejected
    assert (refused.reason, refused.identity) == (RejectionReason.CONFLICT, (1, 1))
    assert "let boot survive" in refused.advice


def test_events_are_settled_alike() -> None:
    message = delivery(DISPENSER, event(9, "dose_taken", ts=1), "event")
    settled = settle(accepted(message).doubtful, {}, set())
    assert [(record.at, record.corrected) for record in settled.events] == [(NOW_MS, True)]
    assert settled.corrections == {Identity(3, 1, 9): Correction(1, NOW_MS)}
