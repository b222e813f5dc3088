"""One device's settings of alarm rules: bounded by the profile, with a reason, audited."""

from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from diagnostics.adjusting import Reason, adjustable
from diagnostics.class_settings.reading import registry_at
from diagnostics.problems import not_found
from diagnostics.queries import Row, execute, fetch_all, fetch_one, room
from diagnostics.schemas import Answer, BilingualText, Held, Moment, shown
from diagnostics.work import Work
from fleet.rules import Rule
from fleet.text import Text

_SQL: Final = room(__file__)
_EXAMPLE: Final[dict[str, Any]] = {
    "device_id": "d-k7x2m4qpza",
    "held": False,
    "items": [
        {
            "rule": "battery_low",
            "title": {"sv": "Lågt batteri", "en": "Battery low"},
            "setting": "below",
            "default": 20.0,
            "low": 10.0,
            "high": 30.0,
            "value": 25.0,
            "reason": "bor långt bort",
            "set_by": "tekniker-07",
            "set_at": "2026-11-21T08:00:00Z",
        }
    ],
}


class NewSetting(BaseModel):
    """A value for one device, or none, which gives the rule's own back."""

    model_config = ConfigDict(extra="forbid")

    value: Annotated[float | None, Field(allow_inf_nan=False)] = None
    reason: Reason


class SettingItem(Answer):
    """One number of a rule that may be set for one device."""

    rule: str
    title: BilingualText
    setting: str
    default: Annotated[float, Field(description="What holds for the class: as set there, else the profile's own")]
    low: float
    high: float
    value: Annotated[float | None, Field(description="Null: the rule's own holds")]
    reason: str | None
    set_by: str | None
    set_at: Moment | None


class DeviceSettings(Answer):
    """Everything that may be set for a device."""

    model_config = shown(_EXAMPLE)

    device_id: str
    held: Held
    items: list[SettingItem]


async def show(work: Work, device_id: str) -> DeviceSettings:
    """What may be set and what has been.

    Raises:
        Problem: no such device in the caller's scope.
    """
    device = await _device(work, device_id)
    shown_settings = await _shown(work, device)
    await work.record("alarm_settings.read", device["device_no"])
    return shown_settings


async def change(work: Work, device_id: str, rule: str, setting: str, new: NewSetting) -> DeviceSettings:
    """Sets a number of a rule for one device, or gives the rule's own back.

    Raises:
        Problem: no such device or rule in the caller's scope, or a value its bounds refuse.
    """
    device = await _device(work, device_id)
    rules = await _rules(work, device)
    adjustable(rules, rule, setting, new.value)
    values = {"device_no": device["device_no"], "rule": rule, "setting": setting, "by": work.caller.name}
    await execute(work.connection, _SQL["end_override"], values)
    if new.value is not None:
        entry = {**values, "value": new.value, "reason": new.reason}
        await execute(work.connection, _SQL["add_override"], entry)
    await work.record(
        "alarm_settings.set", device["device_no"], rule=rule, setting=setting, value=new.value, reason=new.reason
    )
    return await _shown(work, device)


async def _device(work: Work, device_id: str) -> Row:
    row = await fetch_one(work.connection, _SQL["setting_device"], {"device_id": device_id})
    if row is None:
        raise not_found(Text("Hjälpmedlet", "The device"))
    return row


async def _rules(work: Work, device: Row) -> list[Rule]:
    """As they are set for the class."""
    registry = await registry_at(work.connection, work.registry, work.now)
    profile = registry.by_name.get(device["device_class"])
    rules = profile.rules if profile else ()
    return [rule for rule in rules if rule.audience in work.caller.audiences]


async def _shown(work: Work, device: Row) -> DeviceSettings:
    rows = await fetch_all(work.connection, _SQL["overrides"], {"device_no": device["device_no"]})
    held = {(row["rule"], row["setting"]): row for row in rows}
    items = [
        _item(rule, setting, held.get((rule.name, setting)))
        for rule in await _rules(work, device)
        for setting in sorted(rule.adjust)
    ]
    return DeviceSettings(device_id=device["device_id"], held=device["held"], items=items)


def _item(rule: Rule, setting: str, held: Row | None) -> SettingItem:
    low, high = rule.adjust[setting]
    return SettingItem(
        rule=rule.name,
        title=BilingualText.of(rule.title),
        setting=setting,
        default=getattr(rule, setting),
        low=low,
        high=high,
        value=held["value"] if held else None,
        reason=held["reason"] if held else None,
        set_by=held["set_by"] if held else None,
        set_at=held["set_at"] if held else None,
    )
