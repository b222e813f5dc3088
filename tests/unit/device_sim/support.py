"""Factories and independent reckoning for the tests of the simulator."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import msgspec

from device_sim.device import Identity, Outgoing, SimulatedDevice
from device_sim.persona import Habit, Persona
from fleet import codec
from fleet.clock import from_milliseconds, local_day, to_milliseconds
from fleet.messages import CommandMessage, Occurrence, Reading, Reply
from fleet.models import DeviceModel
from fleet.normalise import Normaliser
from fleet.profile import DeviceProfile
from fleet.registry import load_registry
from fleet.topics import Verb
from fleet.usage import Gather, Measure

REGISTRY: Final = load_registry()
EVERY_MODEL: Final = [(profile, model) for profile, model in REGISTRY.models()]
MODEL_NAMES: Final = [
    f"{model.key}-{model.firmware_from}-{model.firmware_below}".rstrip("-") for _, model in EVERY_MODEL
]
NOW: Final = datetime(2026, 6, 10, 9, 30, tzinfo=UTC)
# Forty-five days around each change of the clocks.
DAYS: Final = [date(2026, 3, 7) + timedelta(days=n) for n in range(45)] + [
    date(2026, 10, 3) + timedelta(days=n) for n in range(45)
]
HABITS: Final = {
    Habit.REGULAR: Persona(Habit.REGULAR, share_of_days=0.95, intensity=1.0, fades_after=1.0),
    Habit.IRREGULAR: Persona(Habit.IRREGULAR, share_of_days=0.6, intensity=2.5, fades_after=1.0),
    Habit.FADING: Persona(Habit.FADING, share_of_days=0.9, intensity=0.3, fades_after=0.3),
    Habit.NEVER_STARTED: Persona(Habit.NEVER_STARTED, share_of_days=0.0, intensity=1.0, fades_after=0.2),
}


def firmware_of(model: DeviceModel) -> str:
    """A version that the description covers."""
    return next(version for version in ("1.0.0", "2.0.0") if model.covers(version))


def device(
    profile: DeviceProfile = REGISTRY["scale"],
    model: DeviceModel | None = None,
    *,
    habit: Habit = Habit.REGULAR,
    **changes: Any,
) -> SimulatedDevice:
    chosen = model or profile.models[0]
    fields: dict[str, Any] = {"device_id": "sim-0001", "seed": "1/0"} | changes
    identity = Identity(device_id=fields.pop("device_id"), profile=profile, model=chosen, firmware=firmware_of(chosen))
    return SimulatedDevice(identity, HABITS[habit], **fields)


def command(name: str = "read_faults", counter: int = 1, **changes: Any) -> bytes:
    """A command issued now, valid for a minute."""
    issued = to_milliseconds(NOW)
    fields: dict[str, Any] = {"command_id": f"c-{counter}", "issued_at": issued, "not_after": issued + 60_000}
    return codec.encode(CommandMessage(name=name, counter=counter, **(fields | changes)))


def reply_to(target: SimulatedDevice, payload: bytes, now: datetime = NOW) -> Reply | None:
    """What a device answers at once, or None."""
    replies = [message for message in target.receive(Verb.COMMAND, payload, now) if message.verb is Verb.REPLY]
    return codec.decode(replies[0].payload, Reply) if replies else None


def parts(messages: Iterable[Outgoing]) -> Iterator[Reading | Occurrence]:
    """Readings and events in the messages, decoded as the platform decodes them."""
    for message in messages:
        if message.verb is Verb.TELEMETRY:
            yield from codec.decode_telemetry(message.payload)[0]
        elif message.verb is Verb.EVENT:
            yield codec.decode(message.payload, Occurrence)


def without_numbers(messages: Iterable[Outgoing]) -> list[tuple[Any, ...]]:
    """What the messages say, apart from boot and seq."""
    said: list[tuple[Any, ...]] = []
    for part in parts(messages):
        fields = msgspec.structs.asdict(part)
        said.append(tuple(fields[name] for name in fields if name not in {"boot", "seq", "outbox_from"}))
    return said


def used_days(profile: DeviceProfile, model: DeviceModel, messages: Sequence[Outgoing]) -> set[date]:
    """Local days that count as used by the profile's definition, reckoned from the wire alone."""
    normaliser = Normaliser(profile, model)
    amounts: dict[date, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for part in parts(messages):
        day = local_day(from_milliseconds(part.ts), profile.usage.day_starts_at_hour)
        values = normaliser.normalise(part.values, {}).values if isinstance(part, Reading) else {}
        event = part.event if isinstance(part, Occurrence) else None
        for measure in profile.usage.measures:
            _gather(amounts[day], measure, values, event)
    return {day for day, gathered in amounts.items() if profile.usage.is_used(gathered)}


def _gather(amounts: dict[str, float], measure: Measure, values: dict[str, float | bool], event: str | None) -> None:
    if measure.event is not None:
        amounts[measure.name] += measure.event == event
    elif measure.metric in values:
        value = float(values[measure.metric])
        before = amounts[measure.name]
        amounts[measure.name] = {
            Gather.SUM: before + value,
            Gather.MAXIMUM: max(before, value),
            Gather.COUNT: before + 1,
        }[measure.gather]
