"""How a maker's feed or a gateway is, pure: works, stands still, is known to stand still, or nobody can say."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from fleet.text import Text


class Health(StrEnum):
    """How a source is; `unknown` is never taken for "works"."""

    WORKS = "works"
    OUTAGE = "outage"
    LOST = "lost"
    QUIET = "quiet"
    UNKNOWN = "unknown"


HEALTH_WORDS: Final = {
    Health.WORKS: Text("data kommer", "data comes"),
    Health.OUTAGE: Text("känt avbrott", "known outage"),
    Health.LOST: Text("källan har tystnat", "the source fell silent"),
    Health.QUIET: Text("ingen hörd på ett dygn", "none heard for a day"),
    Health.UNKNOWN: Text("okänt", "unknown"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFacts:
    """What is known of a source's devices on loan.

    Attributes:
        devices: whose data comes by it.
        can_report: of those.
        heard: of those, in the last 24 hours.
        ever_heard: of those, at any time.
        lost: of those, judged `source_lost` by the latest run of verdicts.
        outage_since: first day of a registered outage that is not over.
    """

    devices: int
    can_report: int
    heard: int
    ever_heard: int
    lost: int
    outage_since: date | None = None


def health_of(facts: SourceFacts) -> tuple[Health, Text]:
    """How the source is, and why in words. A registered outage is said first: somebody knows of it already."""
    share = Text(
        f"{facts.heard} av {facts.can_report} hördes det senaste dygnet.",
        f"{facts.heard} of {facts.can_report} were heard in the last day.",
    )
    if facts.outage_since is not None:
        day = facts.outage_since.isoformat()
        return Health.OUTAGE, _after(f"Avbrott registrerat från {day}.", f"An outage is registered from {day}.", share)
    if facts.lost:
        swedish = f"{facts.lost} hjälpmedel tystnade samtidigt; om deras användning vet vi inget."
        english = f"{facts.lost} devices fell silent at once; nothing is known about their use."
        return Health.LOST, _after(swedish, english, share)
    if not facts.ever_heard:
        return Health.UNKNOWN, Text(
            f"Inget av {facts.can_report} hjälpmedel som kan rapportera har hörts genom källan.",
            f"None of {facts.can_report} devices that can report has been heard by it.",
        )
    return (Health.WORKS if facts.heard else Health.QUIET), share


def _after(swedish: str, english: str, share: Text) -> Text:
    return Text(f"{swedish} {share.sv}", f"{english} {share.en}")
