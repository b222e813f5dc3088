"""Requirements on commands: answered once, never late, never twice, never unknown."""

from typing import Final

import msgspec

from device_sim.conformance.evidence import Evidence
from device_sim.conformance.transcript import Asked, Purpose
from device_sim.conformance.verdict import Verdict, failed, not_seen, passed
from fleet.messages import FaultReport, Reply

_FINAL: Final = frozenset({"succeeded", "refused", "failed", "expired"})
_LISTEN_ONLY: Final = "commands were not sent: give --counter, and the diagnostics account"


def read_faults(evidence: Evidence) -> Verdict:
    """It answers read_faults in time, with fault reports."""
    asked = _asked(evidence, Purpose.READ_FAULTS)
    if asked is None:
        return _not_asked(evidence)
    final = _final(evidence, asked)
    if not final:
        counter = asked.command.counter
        return failed(
            f"no answer to counter {counter}: subscribe to command; after earlier ones give a higher --counter"
        )
    if final[0].status != "succeeded":
        return failed(f"read_faults was {final[0].status} ({final[0].reason}): reading is never refused")
    try:
        faults = msgspec.convert(final[0].result.get("faults"), list[FaultReport])
    except msgspec.ValidationError as error:
        return failed(f"result.faults is no list of fault reports: {error}")
    return passed(f"answered with {len(faults)} active faults")


def refuses_expired(evidence: Evidence) -> Verdict:
    """After not_after it answers expired and does nothing."""
    asked = _asked(evidence, Purpose.EXPIRED)
    if asked is None:
        return _not_asked(evidence)
    final = _final(evidence, asked)
    if any(reply.status == "succeeded" for reply in final):
        return failed("it executed a command a minute after its not_after: compare with the clock before executing")
    if not final:
        return failed("no answer to an expired command: answer expired, so that the platform knows")
    return passed(f"answered {final[0].status}")


def refuses_replayed(evidence: Evidence) -> Verdict:
    """A counter that was seen is not executed again, whatever else the message says."""
    asked = _asked(evidence, Purpose.REPLAYED)
    if asked is None:
        return _not_asked(evidence)
    if any(reply.status == "succeeded" for reply in _final(evidence, asked)):
        return failed(f"it executed counter {asked.command.counter} a second time: keep the highest counter seen")
    first = _asked(evidence, Purpose.READ_FAULTS)
    answers = {(reply.boot, reply.seq) for reply in _final(evidence, first)} if first else set()
    if not answers:
        return not_seen("the first of the two was not answered either")
    if len(answers) > 1:
        return failed("the same command was answered under two numbers: it was executed twice")
    return passed("the counter was executed once")


def refuses_unknown(evidence: Evidence) -> Verdict:
    """A command it does not know is refused."""
    asked = _asked(evidence, Purpose.UNKNOWN)
    if asked is None:
        return _not_asked(evidence)
    final = _final(evidence, asked)
    if not final:
        return failed("no answer to a command that does not exist: answer refused")
    if final[0].status != "refused":
        return failed(f"a command that does not exist was answered {final[0].status}: answer refused")
    return passed("answered refused")


def refuses_unsafe(evidence: Evidence) -> Verdict:
    """In a state in which the class forbids it, a command is refused by the device itself."""
    asked = _asked(evidence, Purpose.UNSAFE)
    if asked is None:
        if not evidence.transcript.commanding:
            return not_seen(_LISTEN_ONLY)
        return not_seen("keep the device driving, in therapy or dosing, and say so with --unsafe")
    final = _final(evidence, asked)
    if not final:
        return failed("no answer to a self-test in an unsafe state: answer refused, with the state as the reason")
    if final[0].status != "refused":
        return failed(f"a self-test in an unsafe state was {final[0].status}: the device must refuse it itself")
    return passed(f"answered refused ({final[0].reason})")


def remembers(evidence: Evidence) -> Verdict:
    """What was executed before a restart is not executed again after it: the journal outlives the power."""
    asked = _asked(evidence, Purpose.AFTER_RESTART)
    if asked is None:
        if not evidence.transcript.commanding:
            return not_seen(_LISTEN_ONLY)
        return not_seen("the device was not restarted, or did not come back: give --restart and more seconds")
    if any(reply.status == "succeeded" for reply in _final(evidence, asked)):
        counter = asked.command.counter
        return failed(f"after its restart it executed counter {counter} again: keep counters where power cannot reach")
    return passed("the counter of before the restart was not executed again")


def _asked(evidence: Evidence, purpose: Purpose) -> Asked | None:
    return next((asked for asked in evidence.transcript.asked if asked.purpose is purpose), None)


def _final(evidence: Evidence, asked: Asked) -> list[Reply]:
    return [reply for reply in evidence.replies_to(asked.command.command_id) if reply.status in _FINAL]


def _not_asked(evidence: Evidence) -> Verdict:
    if not evidence.transcript.commanding:
        return not_seen(_LISTEN_ONLY)
    return not_seen("the session ended before it was asked: give more seconds")
