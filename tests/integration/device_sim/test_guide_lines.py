"""The lines of docs/contract/README.md, copied into a shell, reach the broker as what they say."""

import asyncio
import json
import re
from collections.abc import Mapping
from pathlib import Path

from fjarrkoll.services import Binaries, Mosquitto
from fleet.topics import Verb
from tests.integration.device_sim.stand_in import account, entries

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "contract" / "README.md"


def filled(line: str, words: Mapping[str, str]) -> str:
    return re.sub("|".join(words), lambda found: words[found[0]], line)


async def test_every_line_to_copy_is_heard_as_it_stands(
    binaries: Binaries, broker: Mosquitto, broker_credentials: Mapping[str, str]
) -> None:
    (device,) = entries(broker, ("wheelchair", "permobil-m3"))
    passwords = {**broker_credentials, "DEVICE_ID": device.password}
    lines = re.findall(r"```sh\n(mosquitto_pub .*?)\n```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    said: list[str] = []
    heard: list[str] = []
    async with account(broker, "observer", broker_credentials["observer"]) as client:
        await client.subscribe(f"fk/v1/{device.device_id}/#", qos=1)
        for line in lines:
            user = re.findall(r" -u (\S+)", line)[0]
            places = {"HOST": broker.host, "PORT": str(broker.port), "PASSWORD": passwords[user]}
            command = filled(
                line, {**places, "DEVICE_ID": device.device_id, "mosquitto_pub": str(binaries.mosquitto_pub)}
            )
            process = await asyncio.create_subprocess_shell(command)
            assert await process.wait() == 0
            said.append(re.findall(r"-m '(.*)'", line)[0])
        async with asyncio.timeout(10):
            async for message in client.messages:
                heard.append(bytes(message.payload).decode())
                if len(heard) == len(said):
                    break
    assert heard == said
    assert {line.split("/DEVICE_ID/")[1].split()[0] for line in lines} == set(Verb)
    assert all(json.loads(payload) for payload in said)
