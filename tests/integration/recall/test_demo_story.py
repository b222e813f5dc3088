"""The demo's analyst over a real server: from a proposal to the depot, with the list sent back in between."""

import pytest

from fjarrkoll.demo.analyst import walk_a_case
from fjarrkoll.demo.client import DemoClient, DemoTokens
from tests.integration.diagnostics.test_cli import api_url
from tests.integration.recall.conftest import MakeToken, Prove, Store, Town

__all__ = ["api_url"]


@pytest.fixture
def client(api_url: str, make_token: MakeToken) -> DemoClient:
    return DemoClient(api_url, DemoTokens(technician="", carer="", analyst=make_token("analyst")))


async def test_the_analyst_walks_one_case_to_the_depot_and_leaves_the_others(
    client: DemoClient, town: Town, prove: Prove, store: Store
) -> None:
    assert (await walk_a_case(client))["recalls_proposed"] == 0, "control: nothing is proven, nothing is proposed"
    for device in (town.chair, town.dispenser):
        prove(device.device_no)
    walked = await walk_a_case(client)
    assert (walked["recalls_proposed"], walked["answers_taken"], walked["recall_state"]) == (2, 1, "in_stock")
    assert walked["passport_advice"] == "unknown", "neither ever told its distance or hours"
    assert sorted(row[0] for row in store.all("SELECT state FROM recall_case")) == ["in_stock", "proposed"]
