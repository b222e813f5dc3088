"""The price list: what a model's rent is, was and will be; what has begun is never rewritten."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Final

from diagnostics.administration.problems import need_whole_installation, refused
from diagnostics.queries import fetch_all, fetch_one, room
from diagnostics.work import Work
from fleet.clock import local_day

_SQL: Final = room(__file__)
_MOST: Final = Decimal(100_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """SEK a month from a day on."""

    valid_from: date
    rent_sek: float


@dataclass(slots=True, kw_only=True)
class ModelPrices:
    """A model with its prices, the newest first.

    Attributes:
        applies: the one that applies today, or None where none has begun.
    """

    model_key: str
    device_class: str
    title: str
    applies: Price | None = None
    prices: list[Price] = field(default_factory=list)


async def list_prices(work: Work) -> list[ModelPrices]:
    """Every model's prices."""
    found: dict[str, ModelPrices] = {}
    today = local_day(work.now)
    for row in await fetch_all(work.connection, _SQL["prices"]):
        model = found.setdefault(
            row["model_key"],
            ModelPrices(
                model_key=row["model_key"],
                device_class=row["device_class"],
                title=f"{row['maker']} {row['name']}".strip(),
            ),
        )
        if row["valid_from"] is None:
            continue
        price = Price(valid_from=row["valid_from"], rent_sek=row["rent_sek"])
        model.prices.append(price)
        if model.applies is None and price.valid_from <= today:
            model.applies = price
    await work.record("prices.read")
    return list(found.values())


async def set_price(work: Work, model_key: str, begins: date, rent: Decimal) -> None:
    """Sets a rent from a day on.

    Args:
        work: the caller's.
        model_key: the model.
        begins: today or later, by the Swedish calendar.
        rent: SEK a month.

    Raises:
        Problem: the model is unknown, the day has passed, the rent is none, or the caller does not see the whole
            installation.
    """
    need_whole_installation(work)
    if not rent.is_finite() or not 0 <= rent <= _MOST:
        raise refused(
            "bad_rent", "Hyran är ett belopp från 0 till 100 000 kr.", "A rent is an amount from 0 to 100,000 SEK."
        )
    values = {"model": model_key, "begins": begins, "rent": rent}
    row = await fetch_one(work.connection, _SQL["set_price"], values)
    if not (row or {}).get("was_set"):
        raise refused(
            "price_refused",
            "Ett pris börjar gälla i dag eller senare, för en modell som finns; det som har debiterats ändras inte.",
            "A price begins today or later, for a model that exists; what has been charged is not changed.",
        )
    await work.record("price.set", model=model_key, begins=begins, rent=str(rent))
