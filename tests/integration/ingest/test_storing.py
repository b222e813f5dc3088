"""What devices send ends where it belongs, once."""

from tests.integration.ingest.conftest import AddDevice
from tests.integration.ingest.support import PLAIN_SCALE, Site, publish, reading, running


async def test_a_reading_is_stored_with_both_times_and_becomes_the_present(site: Site, add_device: AddDevice) -> None:
    device = add_device("scale", PLAIN_SCALE)
    async with running(site.service()):
        message = reading(1, {"body.weight": 81.4})
        await publish(site, device.device_id, [message])
        await site.until("SELECT count(*) FROM reading_scale", equals=1)
    row = site.ask(
        "SELECT device_no, (extract(epoch FROM ts) * 1000)::bigint, boot, seq, body_weight, received_at >= ts, "
        "clock_corrected, unknown FROM reading_scale"
    )
    assert row == [(device.device_no, message["ts"], 1, 1, 81.4, True, None, None)]
    assert site.one("SELECT metric_values FROM device_state") == {"body.weight": [81.4, message["ts"]]}
