"""What looks far back says from hourly values what it says from readings, of this loan only, and tells that it did."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest

from fleet.plumbing.store.keeping.roll_up import roll_up
from fleet.plumbing.store.register import Enrolled
from fleet.registry import load_registry
from tests.fixtures.database import MakeDevice, lend_device, return_device
from tests.integration.diagnostics.conftest import NOW, Api, MakeToken, Store, Town

HOUR = timedelta(hours=1)
TOP = NOW.replace(minute=0, second=0)
METRICS = ("battery.soc", "battery.voltage", "battery.charging")
LATE = ("hourly_until", "counted_at")


def put_together(store: Store) -> None:
    """As `fjarrkoll keep run` does, with everything stored up to now."""
    store.execute("INSERT INTO ingest_watermark (shard, at) VALUES ('test', now())")
    with psycopg.connect(store.database.owner, autocommit=True) as connection:
        roll_up(connection, load_registry()["wheelchair"])


def driven(store: Store, chair: Enrolled, days: int) -> None:
    """Two readings every sixth hour."""
    for number in range(days * 4):
        at = TOP - number * 6 * HOUR
        for minute, value in ((7, number % 90), (41, 90 - number % 90)):
            values = {"battery_soc": value, "battery_voltage": 24 + value / 50, "battery_charging": number % 3 == 0}
            store.reading(chair.device_no, "wheelchair", at - timedelta(minutes=minute), values)


async def told(api: Api, token: str, chair: Enrolled, metric: str) -> dict[str, Any]:
    period = {"from": (NOW - timedelta(days=60)).isoformat(), "to": NOW.isoformat()}
    answer = await api.get(f"devices/{chair.device_id}/readings", token, metric=metric, points=40, **period)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    assert body["downsampled"]
    return body


def drawn(body: dict[str, Any]) -> list[Any]:
    """The buckets, with means to five digits: sums are added in another order."""
    return [{**bucket, "average": float(f"{bucket['average']:.5g}")} for bucket in body["buckets"]]


@pytest.fixture
def chair(make_device: MakeDevice, town: Town, store: Store) -> Enrolled:
    made = make_device("wheelchair", loan=(town.payer, "HSL", NOW - timedelta(days=45, minutes=23)))
    store.heard(made.device_no, at=NOW)
    driven(store, made, 55)
    return made


@pytest.mark.parametrize("scope", ["everything", "one payer"])
async def test_a_chart_of_months_is_the_same_from_hourly_values(  # noqa: PLR0917 - fixtures, and a scope
    api: Api, make_token: MakeToken, town: Town, store: Store, chair: Enrolled, scope: str
) -> None:
    token = make_token("technician") if scope == "everything" else make_token("technician", payers=[town.payer])
    before = {metric: await told(api, token, chair, metric) for metric in METRICS}
    put_together(store)
    for metric, raw in before.items():
        rolled = await told(api, token, chair, metric)
        assert drawn(rolled) == drawn(raw)
        assert [raw[name] for name in LATE] == [None, None]
        assert rolled["hourly_until"] < rolled["to"]
        assert rolled["counted_at"] is not None
    store.execute("UPDATE hourly_wheelchair SET battery_soc__max = 99 WHERE device_no = %s", chair.device_no)
    assert drawn(await told(api, token, chair, "battery.soc")) != drawn(before["battery.soc"]), "control: they are read"


async def test_roll_ups_that_stand_still_are_not_used(
    api: Api, make_token: MakeToken, store: Store, chair: Enrolled
) -> None:
    """What comes late while they stand still is only in the readings; it must not be missing from a chart."""
    token = make_token("technician")
    put_together(store)
    assert (await told(api, token, chair, "battery.soc"))["counted_at"] is not None, "control: they are used"
    store.reading(chair.device_no, "wheelchair", TOP - timedelta(days=30, minutes=19), {"battery_soc": 97})
    missing = await told(api, token, chair, "battery.soc")
    assert max(bucket["maximum"] for bucket in missing["buckets"]) < 97, "control: it is in no hourly value"
    store.execute("UPDATE roll_up_progress SET received_until = now() - interval '4 hours'")
    still = await told(api, token, chair, "battery.soc")
    assert [still[name] for name in LATE] == [None, None]
    assert max(bucket["maximum"] for bucket in still["buckets"]) == 97
    diagnosis = (await api.get(f"devices/{chair.device_id}/diagnosis", token)).json()
    assert [diagnosis[name] for name in LATE] == [None, None]


async def test_a_diagnosis_is_the_same_from_hourly_values_and_says_so(
    api: Api, make_token: MakeToken, store: Store, chair: Enrolled
) -> None:
    token, address = make_token("technician"), f"devices/{chair.device_id}/diagnosis"
    raw = (await api.get(address, token)).json()
    put_together(store)
    rolled = (await api.get(address, token)).json()
    assert rolled["hourly_until"] is not None
    different = {name for name in raw if raw[name] != rolled[name]}
    assert different <= {"at", *LATE}


async def test_an_earlier_loan_is_not_in_the_hourly_values_of_this_one(
    api: Api, make_token: MakeToken, make_device: MakeDevice, town: Town, store: Store
) -> None:
    chair = make_device("wheelchair", loan=(town.other, "HSL", NOW - timedelta(days=90)))
    driven(store, chair, 55)
    began = TOP - timedelta(days=20, minutes=23)
    return_device(store.database, chair.device_no, began)
    lend_device(store.database, chair.device_no, town.payer, "HSL", began)
    put_together(store)
    body = await told(api, make_token("technician", payers=[town.payer]), chair, "battery.soc")
    assert body["hourly_until"] is not None
    assert sum(bucket["readings"] for bucket in body["buckets"]) == 2 * 20 * 4 + 1, (
        "the last is of the loan's own first hour"
    )
    assert min(bucket["at"] for bucket in body["buckets"]) >= (began - timedelta(days=2)).isoformat()
