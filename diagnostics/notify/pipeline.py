"""What happens to one notification, step by step; each step has the same form, and the order is read in one place."""

import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from diagnostics.notify.channel import Accepted, Channel
from diagnostics.notify.message import Message, Receiver, Subject, compose
from diagnostics.notify.retry import Again, Failure, GiveUp, next_attempt


@dataclass(frozen=True, slots=True)
class Sent:
    """The receiver has taken it."""


Outcome = Sent | Again | GiveUp


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One notification on its way through the steps.

    Attributes:
        call_no: which call of the alarm's ladder it belongs to, from 0.
        attempts, age: how often it was tried, this time included, and since when it waits.
        message: set by the step that composes it.
        accepted: the provider's name for it, where it gave one.
        failure: why the channel could not send it.
        outcome: what is to be recorded; set by the last step.
    """

    notification_id: int
    kind: str
    channel: str
    attempts: int
    age: timedelta
    subject: Subject
    call_no: int = 0
    receiver: Receiver = field(default_factory=Receiver)
    message: Message | None = None
    accepted: Accepted | None = None
    failure: Failure | None = None
    outcome: Outcome | None = None


Step = Callable[[Delivery], Awaitable[Delivery]]


def steps(channels: Mapping[str, Channel], api_url: str) -> Sequence[Step]:
    """The steps in order: say it without naming anyone, send it, decide what follows."""

    async def composing(delivery: Delivery) -> Delivery:
        message = compose(delivery.subject, delivery.kind, api_url, delivery.call_no, delivery.receiver)
        return replace(delivery, message=message)

    async def sending(delivery: Delivery) -> Delivery:
        channel = channels.get(delivery.channel)
        if channel is None or delivery.message is None:
            return replace(delivery, failure=Failure(reason=f"no channel {delivery.channel} is set up"))
        said = await channel.send(delivery.message)
        if isinstance(said, Failure):
            return replace(delivery, failure=said)
        return replace(delivery, accepted=said)

    return (composing, sending, deciding)


async def deciding(delivery: Delivery) -> Delivery:
    """What follows from the attempt."""
    if delivery.failure is None:
        return replace(delivery, outcome=Sent())
    outcome = next_attempt(
        delivery.failure,
        delivery.attempts,
        delivery.age,
        must_arrive=delivery.subject.safety,
        jitter=random.random(),
    )
    return replace(delivery, outcome=outcome)


async def deliver(delivery: Delivery, through: Sequence[Step]) -> Delivery:
    """One attempt: the delivery with its outcome."""
    for step in through:
        delivery = await step(delivery)
    return delivery
