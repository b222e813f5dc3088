"""The binary form of columns is the one PostgreSQL itself understands."""

from datetime import UTC, date, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.write import arrays
from ingest.write.connection import connect
from tests.integration.ingest.support import Site


def nullable(values: st.SearchStrategy[object]) -> st.SearchStrategy[list[object]]:
    return st.lists(values, max_size=5) | st.lists(st.none() | values, max_size=5)


columns = st.fixed_dictionaries(
    {
        "integers": nullable(st.integers(-(2**31), 2**31 - 1)),
        "bigints": nullable(st.integers(-(2**63), 2**63 - 1)),
        "reals": nullable(st.floats(width=32, allow_nan=False)),
        "doubles": nullable(st.floats(allow_nan=False)),
        "booleans": nullable(st.booleans()),
        "texts": nullable(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)),
        "byteas": nullable(st.binary(max_size=20)),
    }
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sent=columns)
async def test_what_is_sent_is_what_arrives(site: Site, sent: dict[str, list[object]]) -> None:
    async with await connect(site.ingest_url, "test") as connection:
        for name, values in sent.items():
            column = getattr(arrays, name)(values)
            cursor = await connection.execute("SELECT %b", [column], binary=True)
            assert await cursor.fetchone() == (values,), name


async def test_moments_days_and_json(site: Site) -> None:
    async with await connect(site.ingest_url, "test") as connection:
        sent = [
            arrays.times([0, None, 1_795_348_800_123]),
            arrays.dates([0, None, 9822]),
            arrays.jsonbs([b'{"a":1}', None, b"[]"]),
        ]
        cursor = await connection.execute("SELECT %b, %b, %b", sent)
        assert await cursor.fetchone() == (
            [datetime(1970, 1, 1, tzinfo=UTC), None, datetime(2026, 11, 22, 12, 0, 0, 123000, tzinfo=UTC)],
            [date(2000, 1, 1), None, date(2026, 11, 22)],
            [{"a": 1}, None, []],
        )


async def test_an_empty_column_is_filled_up_with_nulls(site: Site) -> None:
    async with await connect(site.ingest_url, "test") as connection:
        cursor = await connection.execute("SELECT * FROM unnest(%b, %b)", [arrays.integers([1, 2]), arrays.reals([])])
        assert await cursor.fetchall() == [(1, None), (2, None)]
