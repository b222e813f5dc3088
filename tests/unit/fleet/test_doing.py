"""What a device was last heard to be doing: from events, never for ever, and only where a beginning has no end."""

from datetime import UTC, datetime, timedelta

import pytest

from fleet.doing import Doing, StateTold, doing
from fleet.registry import load_registry

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
TOLD = (
    StateTold(state="driving", begins=("drive_started",), ends=("drive_ended", "power_off")),
    StateTold(state="charging", begins=("charge_started",), ends=("charge_ended",), longest=timedelta(hours=24)),
)


def ago(**hours: float) -> dict[str, datetime]:
    return {event: NOW - timedelta(hours=number) for event, number in hours.items()}


@pytest.mark.parametrize(
    ("latest", "states"),
    [
        ({}, []),
        (ago(drive_ended=1), []),
        (ago(drive_started=1), ["driving"]),
        (ago(drive_started=1, drive_ended=2), ["driving"]),
        (ago(drive_started=2, drive_ended=1), []),
        (ago(drive_started=2, power_off=1), []),
        (ago(drive_started=1, drive_ended=1), []),
        (ago(drive_started=13), []),
        (ago(charge_started=13), ["charging"]),
        (ago(charge_started=25), []),
        (ago(drive_started=1, charge_started=2), ["driving", "charging"]),
    ],
)
def test_a_beginning_without_an_end_says_so_for_a_while(latest: dict[str, datetime], states: list[str]) -> None:
    assert [found.state for found in doing(TOLD, latest, NOW)] == states


def test_it_names_the_event_and_when() -> None:
    latest = ago(drive_started=1)
    assert doing(TOLD, latest, NOW) == (Doing("driving", "drive_started", latest["drive_started"]),)


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        doing(TOLD, {}, NOW.replace(tzinfo=None))


# Short, or known from nothing that is sent: the device says no, and nobody can say so before.
UNHEARD = {
    "apap": {"mask_off_running"},
    "scale": {"measuring"},
    "wheelchair": {"seat_moving"},
}


def test_every_state_in_which_something_is_refused_is_heard_of_or_known_not_to_be() -> None:
    for profile in load_registry():
        refusing = {state for command in profile.all_commands for state in command.refused_while}
        assert refusing - {told.state for told in profile.states_told} == UNHEARD.get(profile.name, set()), profile.name
