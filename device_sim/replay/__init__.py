"""Real therapy cards for replay: `read_card` opens a ResMed card folder, its nights in the card's own units."""

from device_sim.replay.card import Card, read_card
from device_sim.replay.detail import DetailSample
from device_sim.replay.edf import CardError
from device_sim.replay.night import Night, Reading

__all__ = ["Card", "CardError", "DetailSample", "Night", "Reading", "read_card"]
