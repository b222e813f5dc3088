"""What is asked and answered about buffer stores."""

from datetime import date
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from diagnostics.schemas import Answer, BilingualText, Held, Word, shown
from fleet.store_use import StoreUse

_STORE: Final[dict[str, Any]] = {"code": "avd-3", "title": "Avdelning 3", "depot": "norr", "devices": 24}
_USE: Final[dict[str, Any]] = {
    "today": "2026-11-28",
    "since": "2026-08-30",
    "devices": 24,
    "known": 19,
    "under_used": 4,
    "over_used": 1,
    "meaning": {
        "sv": "4 av 19 kända är underutnyttjade och 1 överutnyttjade; om 5 av 24 vet vi inget.",
        "en": "4 of 19 known are under-used and 1 over-used; of 5 of the 24 nothing is known.",
    },
    "items": [
        {
            "device_id": "d-k7x2m4qpza",
            "individual_number": "1234567",
            "held": False,
            "device_class": "wheelchair",
            "maker": "Permobil",
            "model": "M3 Corpus",
            "store": "avd-3",
            "placed_on": "2026-05-04",
            "use": "under",
            "use_words": {"sv": "underutnyttjad", "en": "under-used"},
            "used_share": 0.022,
            "reason": {
                "sv": "Använd 2 av 90 dagar med data (90 dagar i förrådet).",
                "en": "Used on 2 of 90 days with data (90 days in the store).",
            },
        }
    ],
    "moves": [{"individual_number": "1234567", "from_store": "avd-3", "to_store": "avd-7"}],
}


class NewStore(BaseModel):
    """A buffer store as it is to be called."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"title": "Avdelning 3", "depot": "norr"}]}
    )

    title: Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$")]
    depot: Annotated[Word | None, Field(description="Code of the depot that fills it up")] = None


class Placing(BaseModel):
    """A device that is put into a buffer store."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"store": "avd-3"}]})

    store: Annotated[Word, Field(description="Code of the buffer store")]


class UseQuery(BaseModel):
    """Filters of the use of buffer stores."""

    model_config = ConfigDict(extra="forbid")

    store: Annotated[Word | None, Field(description="Code of one store")] = None
    device_class: Annotated[Word | None, Field(alias="class", description="Device class")] = None


class StoreItem(Answer):
    """A buffer store and how many devices lie in it, as far as the caller sees them."""

    model_config = shown(_STORE)

    code: str
    title: str
    depot: str | None
    devices: int


class Stores(Answer):
    """Every buffer store."""

    model_config = shown({"items": [_STORE]})

    items: list[StoreItem]


class Placement(Answer):
    """Where a device lies."""

    model_config = shown({"device_id": "d-k7x2m4qpza", "held": False, "store": "avd-3", "placed_on": "2026-05-04"})

    device_id: str
    held: Held
    store: Annotated[str | None, Field(description="Null: in no buffer store")]
    placed_on: date | None


class UsedDevice(Answer):
    """One device in a buffer store."""

    device_id: str
    individual_number: str
    held: Held
    device_class: str
    maker: str
    model: str
    store: str
    placed_on: date
    use: StoreUse
    use_words: BilingualText
    used_share: Annotated[float | None, Field(description="Of its days with data; null where too few are known")]
    reason: BilingualText


class MoveItem(Answer):
    """A proposal: an under-used device towards a store that wears out its model; never of a held one."""

    individual_number: str
    from_store: str
    to_store: str


class StoreUses(Answer):
    """How devices in buffer stores are used, with the denominators; unknown is never counted as under-used."""

    model_config = shown(_USE)

    today: date
    since: Annotated[date, Field(description="First day looked at")]
    devices: int
    known: int
    under_used: int
    over_used: int
    meaning: BilingualText
    items: list[UsedDevice]
    moves: list[MoveItem]
