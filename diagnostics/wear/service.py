"""Puts life, repairs and use of models together; what nobody knows stays null."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus
from typing import Any, Final

from diagnostics.problems import Problem, not_found
from diagnostics.queries import Row, fetch_all, room
from diagnostics.schemas import BilingualText
from diagnostics.wear.counting import Counted, counted
from diagnostics.wear.schemas import Counter, CurvePoint, ModelCurve, ModelWear, Summed, WearAnswer, WearQuery
from diagnostics.work import Work
from fleet.clock import local_day
from fleet.passport import ANY_LIFE, LIVES
from fleet.plumbing.store.register import LEGAL_FRAMES
from fleet.text import Text
from fleet.wear import FEWEST_AT_RISK, Life, Point, mean_life, median_interval, median_life, rate, survival

_SQL: Final = room(__file__)
_MONTHS: Final = 12


@dataclass(frozen=True, slots=True)
class _Found:
    """What the database says, by model."""

    counted: Counted
    models: list[Row]
    lives: Mapping[str, list[Row]]
    repairs: Mapping[str, Row]
    watched: Mapping[str, float]
    counters: Mapping[str, list[Row]]
    prices: Mapping[str, Decimal]


async def list_models(work: Work, query: WearQuery) -> WearAnswer:
    """Every model of which there is or was a device.

    Raises:
        Problem: the caller does not see the whole fleet.
    """
    found = await _read(work)
    await work.record("wear.read", asked=query.model_dump(exclude_none=True))
    wanted = [row for row in found.models if query.device_class in {None, row["device_class"]}]
    items = [_model(work, row, found)[0] for row in wanted]
    told = found.counted
    return WearAnswer(today=told.on, counted_at=told.at, repairs_since=told.since, items=items)


async def show_model(work: Work, model_key: str) -> ModelCurve:
    """One model with its curve.

    Raises:
        Problem: the caller does not see the whole fleet, or there is no device of the model.
    """
    found = await _read(work)
    row = next((row for row in found.models if row["model_key"] == model_key), None)
    if row is None:
        raise not_found(Text("Modellen", "The model"))
    wear, points = _model(work, row, found)
    await work.record("wear.curve", model=model_key)
    curve = [
        CurvePoint(
            years=round(point.years, 2),
            lasting=round(point.lasting, 4),
            low=None if point.low is None else round(point.low, 4),
            high=None if point.high is None else round(point.high, 4),
            at_risk=point.at_risk,
            ended=point.ended,
        )
        for point in points
    ]
    return ModelCurve(**wear.model_dump(), curve=curve)


async def _read(work: Work) -> _Found:
    scope = work.caller.scope
    if scope.payers is not None or not scope.frames >= frozenset(LEGAL_FRAMES):
        raise _whole_fleet_only()
    told = await counted(work.connection, work.now)
    prices = await fetch_all(work.connection, _SQL["prices"], {"today": local_day(work.now)})
    sums = told.sums
    return _Found(
        counted=told,
        models=sums["models"],
        lives=_grouped(sums["lives"]),
        repairs={row["model_key"]: row for row in sums["repairs"]},
        watched={row["model_key"]: float(row["years"]) for row in sums["watched"]},
        counters=_grouped(sums["counters"]),
        prices={row["model_key"]: row["rent_sek"] for row in prices},
    )


def _model(work: Work, row: Row, found: _Found) -> tuple[ModelWear, list[Point]]:
    lives, contradictory = _lives(found.lives.get(row["model_key"], []))
    points = survival(lives, FEWEST_AT_RISK)
    horizon = _horizon(lives)
    ended = sum(life.devices for life in lives if life.ended)
    low, high = median_interval(points)
    wear = ModelWear(
        **{name: row[name] for name in ("model_key", "device_class", "maker", "devices", "dated", "ended")},
        model=row["model_name"],
        rent_sek_per_month=found.prices.get(row["model_key"]),
        contradictory=contradictory,
        ended_dated=ended,
        expected_years=LIVES.get(row["device_class"], ANY_LIFE).years,
        begins_years=_begins(lives),
        median_years=_rounded(median_life(points)),
        median_low=_rounded(low),
        median_high=_rounded(high),
        mean_years=None if horizon is None else _rounded(mean_life(points, horizon)),
        horizon_years=_rounded(horizon),
        use=_counters(work, row, found.counters.get(row["model_key"], [])),
        meaning=BilingualText.of(_meaning(points, ended, row["dated"] - contradictory)),
        **_repairs(found, row["model_key"]),
    )
    return wear, points


def _lives(rows: Iterable[Row]) -> tuple[list[Life], int]:
    """Lives in years, and of how many devices the dates cannot be: ended, or registered as alive, before they began."""
    lives, contradictory = list[Life](), 0
    for row in rows:
        if 0 <= row["entered"] < row["months"]:
            years = row["months"] / _MONTHS
            lives.append(Life(years, row["ended"], row["entered"] / _MONTHS, row["devices"]))
        else:
            contradictory += row["devices"]
    return lives, contradictory


def _horizon(lives: list[Life]) -> float | None:
    """The oldest age that enough devices have reached."""
    reached = 0
    for life in sorted(lives, key=lambda life: -life.years):
        reached += life.devices
        if reached >= FEWEST_AT_RISK:
            return life.years
    return None


def _begins(lives: list[Life]) -> float | None:
    """The age from which enough devices are watched."""
    for age in sorted({life.entered for life in lives}):
        if sum(life.devices for life in lives if life.entered <= age < life.years) >= FEWEST_AT_RISK:
            return _rounded(age)
    return None


def _repairs(found: _Found, model: str) -> dict[str, Any]:
    """Repairs of a model; every figure null where none was ever written down."""
    names = ("watched_years", "repairs", "repairs_a_year", "repairs_low", "repairs_high")
    if found.counted.since is None:
        return dict.fromkeys((*names, "repair_minutes", "repair_cost_sek"))
    none = {"repairs": 0, "timed": 0, "minutes": 0, "priced": 0, "cost_sek": 0}
    row, years = found.repairs.get(model, none), found.watched.get(model, 0.0)
    found_rate = rate(row["repairs"], years)
    rates = (None,) * 3 if found_rate is None else (found_rate.a_year, found_rate.low, found_rate.high)
    return {
        "watched_years": round(years, 1),
        "repairs": row["repairs"],
        **dict(zip(names[2:], (None if value is None else round(value, 3) for value in rates), strict=True)),
        "repair_minutes": Summed(sum=str(row["minutes"]), known=row["timed"]) if row["timed"] else None,
        "repair_cost_sek": Summed(sum=str(row["cost_sek"]), known=row["priced"]) if row["priced"] else None,
    }


def _counters(work: Work, row: Row, counted: Iterable[Row]) -> list[Counter]:
    if row["device_class"] not in work.registry:
        return []
    metrics = {
        metric.key: metric
        for metric in work.registry[row["device_class"]].metrics
        if metric.audience in work.caller.audiences
    }
    return [
        Counter(
            key=entry["key"],
            title=BilingualText.of(metrics[entry["key"]].title),
            unit=metrics[entry["key"]].unit,
            devices=entry["devices"],
            **{name: round(entry[name], 1) for name in ("low", "middle", "high")},
        )
        for entry in counted
        if entry["key"] in metrics
    ]


def _meaning(points: list[Point], ended: int, dated: int) -> Text:
    said = Text(
        f"{ended} av {dated} hjälpmedel med känd anskaffning har tagits ur bruk",
        f"{ended} of {dated} devices whose acquisition is known have left service",
    )
    half = median_life(points)
    if not points:
        return Text(f"{said.sv}; för få för en livslängd.", f"{said.en}; too few for a length of life.")
    if half is None:
        return Text(f"{said.sv}; mer än hälften varar än.", f"{said.en}; more than half of them still last.")
    years = f"{half:.1f}"
    return Text(
        f"{said.sv}; hälften varar {years.replace('.', ',')} år.", f"{said.en}; half of them last {years} years."
    )


def _grouped(rows: Iterable[Row]) -> dict[str, list[Row]]:
    grouped: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row["model_key"]].append(row)
    return grouped


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _whole_fleet_only() -> Problem:
    return Problem(
        HTTPStatus.FORBIDDEN,
        "whole_fleet_only",
        Text("Livslängder gäller hela flottan", "Lengths of life are of the whole fleet"),
        Text(
            "Din nyckel ser bara vissa betalare eller lagrum; skrotade hjälpmedel hör inte till någon av dem, så"
            " siffran skulle bli fel.",
            "Your token sees some payers or legal frames only; what was scrapped belongs to none of them, so the"
            " figure would be wrong.",
        ),
    )
