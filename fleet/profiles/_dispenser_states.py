"""The states a dispenser works in, and the events that tell of them."""

from typing import Final

from fleet.doing import StateTold

IDLE: Final = "idle"
DOSING: Final = "dosing"
REFILLING: Final = "refilling"
ON_BATTERY: Final = "on_battery"
STATES: Final = (IDLE, DOSING, REFILLING, ON_BATTERY)
STATES_TOLD: Final = (
    StateTold(state=DOSING, begins=("dose_presented",), ends=("dose_taken", "dose_missed", "dose_locked_away")),
    StateTold(state=REFILLING, begins=("refill_started",), ends=("refill_completed",)),
    StateTold(state=ON_BATTERY, begins=("mains_lost",), ends=("mains_restored",)),
)
