"""Decides what is shown of the fleet's faults: groups with their rates, codes nobody knows, and the dictionary."""

from collections import defaultdict
from datetime import timedelta
from typing import Any, Final

from diagnostics.faults import repository
from diagnostics.faults.fleet_schemas import (
    Dictionary,
    Entry,
    EntryCause,
    EntryQuery,
    FirmwareItem,
    GroupItem,
    GroupQuery,
    Groups,
    RateItem,
    UnknownCodes,
    UnknownItem,
    UnknownQuery,
)
from diagnostics.faults.service import meaning
from diagnostics.problems import not_found
from diagnostics.queries import Row
from diagnostics.schemas import BilingualText
from diagnostics.work import Work
from fleet.diagnosis.groups import Exposure, Judged, Occurrences, OnFirmware, Rate, judge
from fleet.diagnosis.knowledge import Cause, DictionaryEntry, Knowledge
from fleet.dictionary import knowledge_of
from fleet.text import Text

_Key = tuple[str, str, str, str, str, str]
_THE_ENTRY: Final = Text("Felkoden", "The fault code")


async def groups(work: Work, query: GroupQuery) -> Groups:
    """The fleet's faults of a period: the same fault, model and module is one group, the most devices first."""
    asked = {"days": int(query.days), "device_class": query.class_, "model": query.model}
    rows: dict[_Key, list[Row]] = defaultdict(list)
    for row in await repository.groups(work, asked):
        rows[
            row["device_class"], row["model_key"], row["fault_code"], row["system"], row["code"], row["module"]
        ].append(row)
    exposures = await _exposures(work, asked)
    ranked = sorted(rows.items(), key=_most_devices_first)
    judged = ((key, found, _judged(found, exposures.get(key[:2], {}))) for key, found in ranked[: _first(query)])
    shown = [entry for entry in judged if not query.new_only or any(on.new for on in entry[2].firmwares)]
    counted_at = await repository.counted_at(work)
    await work.record("fault_groups.read", device_class=query.class_, model=query.model, days=int(query.days))
    end = counted_at or work.now
    return Groups(
        start=end - timedelta(days=query.days),
        end=end,
        counted_at=counted_at,
        total=len(shown) if query.new_only else len(ranked),
        items=[_group(work, *entry) for entry in shown[: query.limit]],
    )


async def unknown(work: Work, query: UnknownQuery) -> UnknownCodes:
    """Codes that no profile knows; one that the catalogue has learned since is no longer among them."""
    rows = await repository.unknown(work, query.class_, query.limit)
    await work.record("fault_groups.unknown", device_class=query.class_)
    return UnknownCodes(items=[_unknown(row) for row in rows if not _learned(work, row)])


async def dictionary(work: Work, query: EntryQuery) -> Dictionary:
    """Entries of a class, or the one that a native or normalised code means.

    Raises:
        Problem: no such class or code.
    """
    if query.class_ not in work.registry:
        raise not_found(Text("Hjälpmedelstypen", "The device class"))
    knowledge = knowledge_of(work.registry[query.class_])
    entries = [_entry(knowledge, fault.code) for fault in knowledge.profile.faults]
    if query.code is not None:
        spelled = f"{query.system}/{query.code}" if query.system is not None else query.code
        entries = [entry for entry in entries if spelled in {*entry.native, entry.meaning.code}]
    if not entries:
        raise not_found(_THE_ENTRY)
    await work.record("dictionary.read", device_class=query.class_, system=query.system, code=query.code)
    return Dictionary(items=entries)


async def _exposures(work: Work, asked: dict[str, Any]) -> dict[tuple[str, str], dict[str, Exposure]]:
    found: dict[tuple[str, str], dict[str, Exposure]] = defaultdict(dict)
    for row in await repository.exposure(work, asked):
        found[row["device_class"], row["model_key"]][row["firmware"]] = Exposure(
            row["days"], row["late_days"], row["devices"]
        )
    return found


def _most_devices_first(entry: tuple[_Key, list[Row]]) -> tuple[int, int, _Key]:
    key, rows = entry
    return -sum(row["devices"] for row in rows), -sum(row["times"] for row in rows), key


def _first(query: GroupQuery) -> int | None:
    """How many groups need to be judged: those that are shown, or every one where the judgement decides."""
    return None if query.new_only else query.limit


def _judged(rows: list[Row], exposures: dict[str, Exposure]) -> Judged:
    return judge([Occurrences(r["firmware"], r["times"], r["devices"], r["late"]) for r in rows], exposures)


def _group(work: Work, key: _Key, rows: list[Row], judged: Judged) -> GroupItem:
    device_class, model, fault_code, system, code, module = key
    known = work.registry[device_class].faults_by_code.get(fault_code) if device_class in work.registry else None
    return GroupItem(
        device_class=device_class,
        model=model,
        system=system or None,
        code=(code or None) if known is not None or not fault_code else fault_code,
        module=module,
        meaning=None if known is None else meaning(known),
        devices=sum(row["devices"] for row in rows),
        times=sum(row["times"] for row in rows),
        active=sum(row["active"] for row in rows),
        first_raised_at=min(row["first_raised_at"] for row in rows),
        last_raised_at=max(row["last_raised_at"] for row in rows),
        trend=judged.trend,
        rate=_rate(judged.rate),
        device_days=round(judged.exposure.days, 1),
        devices_observed=judged.exposure.devices,
        firmwares=_firmwares(judged),
    )


def _firmwares(judged: Judged) -> list[FirmwareItem]:
    return [_firmware(entry) for entry in judged.firmwares]


def _firmware(entry: OnFirmware) -> FirmwareItem:
    return FirmwareItem(
        firmware=entry.occurrences.firmware,
        times=entry.occurrences.times,
        devices=entry.occurrences.devices,
        device_days=round(entry.exposure.days, 1),
        rate=_rate(entry.rate),
        new_since_firmware=entry.new,
    )


def _rate(found: Rate) -> RateItem:
    shown = [None if value is None else float(f"{value:.4g}") for value in (found.value, found.low, found.high)]
    return RateItem(per_1000_device_days=shown[0], low=shown[1], high=shown[2])


def _learned(work: Work, row: Row) -> bool:
    profile = work.registry.by_name.get(row["device_class"])
    known = {(native.system, native.code) for native in profile.faults_by_native} if profile else set()
    return (row["system"], row["code"]) in known


def _unknown(row: Row) -> UnknownItem:
    shown = {name: row[name] for name in UnknownItem.model_fields if name in row}
    spelled = f"{row['system']} {row['code']}"
    return UnknownItem(**shown, line_to_add=f"native({spelled!r})")


def _entry(knowledge: Knowledge, code: str) -> Entry:
    entry: DictionaryEntry = knowledge.entry(code)
    return Entry(
        device_class=knowledge.profile.name,
        native=[f"{native.system}/{native.code}" for native in entry.fault.native],
        meaning=meaning(entry.fault),
        priority=entry.priority,
        causes=[_cause(knowledge, cause, share) for cause, share in entry.causes],
    )


def _cause(knowledge: Knowledge, cause: Cause, share: float) -> EntryCause:
    return EntryCause(
        cause=cause.key,
        title=BilingualText.of(cause.title),
        share=round(share, 3),
        advice=cause.advice,
        script=None if cause.script is None else BilingualText.of(cause.script),
        check=BilingualText.of(knowledge.checks_by_key[cause.check].title),
        parts=[BilingualText.of(knowledge.parts_by_key[part].title) for part in cause.parts],
    )
