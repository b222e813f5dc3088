"""What a regional run did, as a value that can be written as JSON."""

import msgspec


class RegionalReport(msgspec.Struct, frozen=True, kw_only=True):
    """One run.

    Attributes:
        live: messages sent at their moment; of 100 of them 99 left within `late_ms` after it.
        stored_up: messages sent later than at their moment, repeated ones included.
        repeated: readings sent again.
        acknowledged: messages acknowledged by the broker; refused: those it would not take.
        receipts: heard.
        readings: produced by all devices, what returning ones brought included.
        unconfirmed: readings whose receipt had not come at the end.
        given_up: readings lost for want of memory in their device.
        lines: connections, each of a gateway; lines_made and lines_lost count them over the whole run.
        longest_outage_seconds: from losing the first line to having all of them again.
        caught_up_seconds: until returning devices had confirmed what they brought; -1 where none did.
        cpu_seconds, peak_mebibytes: of the swarm's process.
        state_mebibytes: of these, what the devices themselves take.
    """

    live: int
    late_ms: float
    stored_up: int
    repeated: int
    acknowledged: int
    refused: int
    receipts: int
    readings: int
    unconfirmed: int
    given_up: int
    lines: int
    lines_made: int
    lines_lost: int
    longest_outage_seconds: float
    caught_up_seconds: float
    seconds: float
    cpu_seconds: float
    peak_mebibytes: float
    state_mebibytes: float
