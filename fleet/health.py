"""What can go wrong between device and database, in the words that dashboards and the console share. Pure.

The judgement itself is the view `pipeline_health` (migration 0002): per ingest shard and concern a state, since when,
how much.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from fleet.text import Text


class Concern(StrEnum):
    """What is looked after; stable words."""

    SILENT = "silent"
    LATE = "late"
    DROPPED = "dropped"
    FORGOTTEN = "forgotten"
    REFUSED = "refused"
    HELD = "held"
    CUT_OFF = "cut_off"
    PILED_UP = "piled_up"


class Condition(StrEnum):
    """How it stands with a concern; stable words. `WELL`: nothing of it in seven days."""

    NOW = "now"
    OVER = "over"
    WELL = "well"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """A concern in words.

    Attributes:
        title: what is wrong when it is.
        advice: what that means and what to do.
        unit: of the amount.
        loses: whether something may be lost for good, should a device keep no outbox.
    """

    title: Text
    advice: Text
    unit: Text
    loses: bool = False


_TIMES: Final = Text("gånger", "times")
_SECONDS: Final = Text("s", "s")
_MESSAGES: Final = Text("meddelanden", "messages")

MEANINGS: Final[Mapping[Concern, Meaning]] = {
    Concern.SILENT: Meaning(
        title=Text("Inhämtningen hörs inte", "Ingest is not heard"),
        advice=Text(
            "Ingen vet om något lagras. Enheterna sparar sina data. Se att inhämtningen och databasen kör.",
            "Nobody knows whether anything is stored. Devices keep their data. See that ingest and database run.",
        ),
        unit=_SECONDS,
    ),
    Concern.LATE: Meaning(
        title=Text("Inhämtningen ligger efter", "Ingest is behind"),
        advice=Text(
            "Mer än tio sekunder gammalt. Inget är förlorat; det väntar hos brokern eller i enheterna.",
            "More than ten seconds old. Nothing is lost; it waits at the broker or in the devices.",
        ),
        unit=_SECONDS,
    ),
    Concern.DROPPED: Meaning(
        title=Text("Brokern har kastat meddelanden", "The broker threw messages away"),
        advice=Text(
            "Enheter med utkorg sänder om dem. Höj max_queued_messages, eller se varför inhämtningen stod still.",
            "Devices with an outbox send them again. Raise max_queued_messages, or find out why ingest stood still.",
        ),
        unit=_MESSAGES,
        loses=True,
    ),
    Concern.FORGOTTEN: Meaning(
        title=Text("Brokern har glömt vår session", "The broker forgot our session"),
        advice=Text(
            "Det som väntade hos brokern är borta och kommer ur enheternas utkorgar. Brokern dog före sin sparning.",
            "What waited at the broker is gone and comes from the devices' outboxes. The broker died before saving.",
        ),
        unit=_TIMES,
        loses=True,
    ),
    Concern.REFUSED: Meaning(
        title=Text("Meddelanden avvisas", "Messages are refused"),
        advice=Text(
            "De är sparade i karantän med orsak; panelen Karantän efter orsak säger vad man gör.",
            "They are kept in quarantine with a reason; the panel about quarantine says what to do.",
        ),
        unit=_MESSAGES,
    ),
    Concern.HELD: Meaning(
        title=Text("Databasen låter vänta", "The database makes ingest wait"),
        advice=Text(
            "Inhämtningen fick försöka igen. Se databasens logg och disk; det som väntar är inte kvitterat.",
            "Ingest had to try again. See the database's log and disk; what waits is not acknowledged.",
        ),
        unit=_TIMES,
    ),
    Concern.CUT_OFF: Meaning(
        title=Text("Förbindelsen till brokern bröts", "The line to the broker broke"),
        advice=Text(
            "Den kom tillbaka av sig själv; upprepas det, se nätet och brokerns logg.",
            "It came back by itself; if it happens again, see the network and the broker's log.",
        ),
        unit=_TIMES,
    ),
    Concern.PILED_UP: Meaning(
        title=Text("Enheter har mycket på hög", "Devices have much stored up"),
        advice=Text(
            "En enhet behöll mer än 1 000 lagrade meddelanden: den har varit borta, eller hör inte kvitton.",
            "A device still kept more than 1,000 stored messages: it was away, or hears no receipts.",
        ),
        unit=_MESSAGES,
    ),
}
