"""A diagnosis reads restarts as far back as any sign looks."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from diagnostics.diagnosis.repository import RESTARTS_BACK
from fleet.diagnosis.signs import Either, Observation, Restarted
from fleet.dictionary import knowledge_of
from fleet.registry import load_registry


def restarted(observation: Observation) -> Iterator[Restarted]:
    if isinstance(observation, Restarted):
        yield observation
    for part in observation.of if isinstance(observation, Either) else ():
        yield from restarted(part)


LOOKS = [
    (profile.name, sign.key, found.days)
    for profile in load_registry()
    for sign in knowledge_of(profile).signs
    for found in restarted(sign.observation)
]


@pytest.mark.parametrize(("device_class", "sign", "days"), LOOKS)
def test_no_sign_looks_further_back_for_restarts_than_is_read(device_class: str, sign: str, days: int) -> None:
    # A day more: the first start of what is read is taken to have been there before.
    assert timedelta(days=days + 1) <= RESTARTS_BACK, (device_class, sign)


def test_some_sign_looks_for_restarts() -> None:
    assert LOOKS
