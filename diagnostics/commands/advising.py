"""What is said to whoever asks for a command while the device is, as far as is heard, in a state that refuses it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from diagnostics.schemas import BilingualText
from fleet.clock import STOCKHOLM, from_milliseconds
from fleet.commands import Command
from fleet.doing import doing
from fleet.profile import DeviceProfile
from fleet.text import Text


def advice(
    profile: DeviceProfile | None, command: Command | None, latest_events: Mapping[str, Any] | None, now: datetime
) -> BilingualText | None:
    """That the device will probably refuse, and why; None where nothing is heard that says so.

    Nothing hangs on it: the command is sent, and the device judges its own state at the moment of execution.

    Args:
        profile: of the device's class; None where it is not known here.
        command: what was asked; None where it is not known here.
        latest_events: event to milliseconds, as far as the asker may see events.
        now: by the server's clock.
    """
    if profile is None or command is None or not latest_events:
        return None
    latest = {name: from_milliseconds(int(moment)) for name, moment in latest_events.items()}
    found = [one for one in doing(profile.states_told, latest, now) if one.state in command.refused_while]
    if not found:
        return None
    newest = max(found, key=lambda one: one.since)
    title = next(event.title for event in profile.all_events if event.name == newest.event)
    at = f"{newest.since.astimezone(STOCKHOLM):%H:%M}"
    return BilingualText.of(
        Text(
            f"Enligt senaste händelsen ({title.sv}, {at}) säger hjälpmedlet troligen nej just nu; det avgör själv.",
            f"By its latest event ({title.en}, {at}) the device probably refuses right now; it decides itself.",
        )
    )
