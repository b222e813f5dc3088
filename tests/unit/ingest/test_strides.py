"""A batch is decided on in parts: few enough messages and bytes that nothing else is kept waiting for long."""

from hypothesis import given
from hypothesis import strategies as st

from ingest.write.writer import STRIDE, STRIDE_BYTES, strides
from tests.unit.ingest.support import CHAIR, delivery


@given(st.lists(st.integers(0, 40), max_size=50), st.integers(1, 60))
def test_every_message_is_in_one_part_and_in_order(kibibytes: list[int], times: int) -> None:
    batch = [delivery(CHAIR, b"x" * 1024 * size) for size in kibibytes] * times
    parts = list(strides(batch))
    assert [message for part in parts for message in part] == batch
    assert all(0 < len(part) <= STRIDE for part in parts)


def test_arrays_of_stored_up_readings_make_smaller_parts() -> None:
    batch = [delivery(CHAIR, b"x" * 16 * 1024)] * 1000
    assert max(sum(len(message.payload) for message in part) for part in strides(batch)) <= STRIDE_BYTES
