"""A rule over stored history: reads what the caller may see of it, has it replayed, and sums up."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

from psycopg.sql import SQL, Identifier

from diagnostics.alarms.replay import Heard, Replayed, replay
from diagnostics.alarms.schemas import Backtest, BacktestExample, BacktestQuery
from diagnostics.class_settings.reading import registry_at
from diagnostics.problems import Problem, not_found, took_too_long
from diagnostics.queries import Row, fetch_all, room
from diagnostics.schemas import BilingualText
from diagnostics.work import Work
from fleet.errors import ProfileError
from fleet.plumbing.store.tables import reading_view
from fleet.profile import DeviceProfile
from fleet.registry import Registry
from fleet.rules import DoseUnknown, OtherSchedule, RollUnverified, Rule
from fleet.text import Text

_SQL: Final = room(__file__)
LONGEST: Final = timedelta(days=92)
REPLAY_SECONDS: Final = 10.0
"""The transaction waits meanwhile, and the server ends one that waits for half a minute."""
_EXAMPLES: Final = 20
_BY_SCHEDULE: Final = (DoseUnknown, OtherSchedule, RollUnverified)
_READINGS: Final = SQL(
    "SELECT v.device_no, v.ts, v.received_at, {columns} FROM unnest(%(devices)s::integer[]) AS d (device_no)"
    " JOIN LATERAL (SELECT r.* FROM {view} r WHERE r.device_no = d.device_no AND r.ts >= %(start)s AND r.ts < %(end)s)"
    " v ON true"
)


async def run(work: Work, query: BacktestQuery) -> Backtest:
    """What a rule would have done.

    Raises:
        Problem: no such class, rule or device; a setting its bounds refuse; a period that is empty or too long;
            it takes longer than REPLAY_SECONDS.
    """
    profile, rule = _rule(await registry_at(work.connection, work.registry, work.now), work, query)
    if not timedelta() < query.end - query.start <= LONGEST:
        raise _bad_period()
    parameters = {"class": profile.name, "device_id": query.device_id, "most": query.most}
    devices = await fetch_all(work.connection, _SQL["backtest_devices"], parameters)
    if query.device_id is not None and not devices:
        raise not_found(Text("Hjälpmedlet", "The device"))
    history = await _history(work, profile, rule, [row["device_no"] for row in devices], query)
    results = await asyncio.to_thread(_replayed, rule, devices, history, query)
    await work.record("alarms.backtest", devices=sorted(results), rule=rule.name, start=query.start, end=query.end)
    silent = sum(not history.get(number) for number in results)
    return _summed(profile, rule, devices, results, silent)


def _rule(registry: Registry, work: Work, query: BacktestQuery) -> tuple[DeviceProfile, Rule]:
    profile = registry.by_name.get(query.device_class)
    rule = next((rule for rule in profile.rules if rule.name == query.rule), None) if profile else None
    if profile is None or rule is None or rule.audience not in work.caller.audiences:
        raise not_found(Text("Larmregeln", "The alarm rule"))
    if isinstance(rule, _BY_SCHEDULE):
        raise _by_schedule()
    if query.setting is None:
        return profile, rule
    name, value = query.setting.split("=")
    try:
        return profile, rule.adjusted({name: float(value)})
    except ProfileError as error:
        raise _refused(str(error)) from None


def _replayed(
    rule: Rule, devices: Sequence[Row], history: Mapping[int, list[Heard]], query: BacktestQuery
) -> dict[int, Replayed]:
    deadline, found = time.monotonic() + REPLAY_SECONDS, dict[int, Replayed]()
    for row in devices:
        if time.monotonic() > deadline:
            raise took_too_long()
        history_of_it = history.get(row["device_no"], [])
        found[row["device_no"]] = replay(rule, history_of_it, query.start, query.end, row["loan_started_at"])
    return found


async def _history(
    work: Work, profile: DeviceProfile, rule: Rule, devices: Sequence[int], query: BacktestQuery
) -> dict[int, list[Heard]]:
    """Everything the rule looks at, from far enough back to set the scene."""
    needs = rule.needs()
    back = max([*needs.readings.values(), *needs.events.values(), 7 * 86_400])
    days = max([*needs.days.values(), 0])
    parameters: dict[str, Any] = {
        "devices": list(devices),
        "start": query.start - max(timedelta(seconds=back), timedelta(days=days)),
        "end": query.end,
        "events": sorted(rule.event_names()),
        "faults": sorted(rule.fault_codes()),
    }
    found: dict[int, list[Heard]] = defaultdict(list)
    keys = sorted(key for key in rule.metrics() if profile.metrics_by_key[key].audience in work.caller.audiences)
    for row in await _readings(work, profile, keys, parameters):
        values = tuple((key, row[key]) for key in keys if row[key] is not None)
        found[row["device_no"]].append(Heard(row["ts"], row["received_at"], values=values))
    for row in await fetch_all(work.connection, _SQL["backtest_events"], parameters):
        found[row["device_no"]].append(Heard(row["ts"], row["received_at"], event=row["event"]))
    for row in await fetch_all(work.connection, _SQL["backtest_faults"], parameters):
        found[row["device_no"]].append(Heard(row["raised_at"], row["known_at"], fault=row["fault_code"]))
        if row["cleared_at"] is not None:
            known = max(row["cleared_at"], row["known_at"])
            found[row["device_no"]].append(Heard(row["cleared_at"], known, fault=row["fault_code"], cleared=True))
    if not keys and not rule.event_names() and not rule.fault_codes():  # silence: whatever was heard counts
        for row in await _heard(work, profile, parameters):
            found[row["device_no"]].append(Heard(row["received_at"], row["received_at"]))
    return found


async def _readings(
    work: Work, profile: DeviceProfile, keys: Sequence[str], parameters: Mapping[str, Any]
) -> list[Row]:
    rows: list[Row] = []
    for audience in sorted({profile.metrics_by_key[key].audience for key in keys}):
        mine = [key for key in keys if profile.metrics_by_key[key].audience is audience]
        columns = SQL(", ").join(
            SQL("v.{} AS {}").format(Identifier(profile.metrics_by_key[key].column), Identifier(key)) for key in mine
        )
        statement = _READINGS.format(columns=columns, view=Identifier(reading_view(profile.name, audience)))
        rows.extend(dict.fromkeys(keys) | row for row in await fetch_all(work.connection, statement, parameters))
    return rows


async def _heard(work: Work, profile: DeviceProfile, parameters: Mapping[str, Any]) -> list[Row]:
    rows: list[Row] = []
    for audience in sorted(work.caller.audiences):
        statement = _READINGS.format(columns=SQL("1 AS one"), view=Identifier(reading_view(profile.name, audience)))
        rows.extend(await fetch_all(work.connection, statement, parameters))
    return rows


def _summed(
    profile: DeviceProfile, rule: Rule, devices: Sequence[Row], results: Mapping[int, Replayed], silent: int
) -> Backtest:
    names = {row["device_no"]: row["device_id"] for row in devices}
    rings = [(number, ring) for number, result in results.items() for ring in result.rings]
    rings.sort(key=lambda entry: (entry[1].raised_at, entry[0]))
    return Backtest(
        rule=rule.name,
        device_class=profile.name,
        devices=len(devices),
        silent_devices=silent,
        alarms=len(rings),
        still_open=sum(ring.ended_at is None for _, ring in rings),
        noted_late=sum(result.noted for result in results.values()),
        alarming_devices=len({number for number, _ in rings}),
        examples=[
            BacktestExample(
                device_id=names[number],
                happened_at=ring.happened_at,
                raised_at=ring.raised_at,
                ended_at=ring.ended_at,
                late=ring.late,
                reason=BilingualText.of(ring.reason),
            )
            for number, ring in rings[:_EXAMPLES]
        ],
    )


def _bad_period() -> Problem:
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "bad_period",
        Text("Perioden går inte att pröva", "The period cannot be tried"),
        Text(
            f"Ange `from` före `to`, högst {LONGEST.days} dygn isär.",
            f"Give `from` before `to`, at most {LONGEST.days} days apart.",
        ),
    )


def _by_schedule() -> Problem:
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "rule_needs_schedule",
        Text("Regeln följer ett schema", "The rule follows a schedule"),
        Text(
            "Den kan inte prövas på historik; varje dos utfall finns under hjälpmedlets doser.",
            "It cannot be tried on history; what became of each dose stands under the device's doses.",
        ),
    )


def _refused(sentence: str) -> Problem:
    del sentence
    return Problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "setting_refused",
        Text("Inställningen ligger utanför sina gränser", "The setting lies outside its bounds"),
        Text(
            "Regeln säger vilka värden som får ställas och hur långt; se `fjarrkoll alarms settings`.",
            "The rule says what may be set and how far; see `fjarrkoll alarms settings`.",
        ),
    )
