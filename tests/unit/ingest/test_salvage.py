import json

from hypothesis import given
from hypothesis import strategies as st

from ingest.salvage import elements, identities


@given(st.lists(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5)))
def test_elements_are_the_bytes_of_each_element(values: list[object]) -> None:
    assert [json.loads(element) for element in elements(json.dumps(values).encode())] == values


def test_what_is_no_array_has_no_elements() -> None:
    for payload in (b"", b"{}", b"[1", b"\xff", b"[" * 2000, b"[" + b" " * 70_000 + b"]"):
        assert elements(payload) == []


def test_identities_are_found_in_rubble() -> None:
    assert identities(b'[{"boot":1,"seq":5,"values":{"a":NaN}},{"seq":6,"boot":1},{"boot":1,"seq":5}]') == [
        (1, 5),
        (1, 6),
    ]
    assert identities(b"\xff") == []


@given(st.binary(max_size=200))
def test_rubble_of_any_kind_is_looked_through(payload: bytes) -> None:
    assert isinstance(identities(payload), list)
    assert isinstance(elements(payload), list)
